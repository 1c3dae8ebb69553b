package tlsport

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
)

var (
	errNoPass  = errors.New("the key is encrypted, and tls-key-file-pass gives no passphrase")
	errBadPass = errors.New("the passphrase of tls-key-file-pass does not fit")
)

// parseCertificates reads all certificates of a PEM text; there must be one.
func parseCertificates(text []byte) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	for {
		var b *pem.Block
		if b, text = pem.Decode(text); b == nil {
			break
		}
		if b.Type != "CERTIFICATE" && b.Type != "TRUSTED CERTIFICATE" && b.Type != "X509 CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return nil, err
		}
		certs = append(certs, c)
	}
	if certs == nil {
		return nil, errors.New("no certificate in PEM form found")
	}
	return certs, nil
}

// decryptKey returns the PEM text of a private key without encryption. A key that is not
// encrypted is returned as it is.
func decryptKey(text []byte, pass string) ([]byte, error) {
	for rest := text; ; {
		var b *pem.Block
		if b, rest = pem.Decode(rest); b == nil {
			return nil, errors.New("no private key in PEM form found")
		}
		switch {
		case b.Type == "ENCRYPTED PRIVATE KEY":
			if pass == "" {
				return nil, errNoPass
			}
			der, err := decryptPKCS8(b.Bytes, pass)
			if err != nil {
				return nil, err
			}
			return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
		case !strings.HasSuffix(b.Type, "PRIVATE KEY"):
			continue
		case x509.IsEncryptedPEMBlock(b): //nolint:staticcheck // weak, but what operators have
			if pass == "" {
				return nil, errNoPass
			}
			der, err := x509.DecryptPEMBlock(b, []byte(pass)) //nolint:staticcheck // as above
			if err != nil {
				return nil, errBadPass
			}
			return pem.EncodeToMemory(&pem.Block{Type: b.Type, Bytes: der}), nil
		}
		return pem.EncodeToMemory(b), nil
	}
}
