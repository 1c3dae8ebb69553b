package testcert

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	validity    = 24 * time.Hour
	rsaKeyBits  = 2048
	serialBits  = 120
	fileMode    = 0o600
	typeCert    = "CERTIFICATE"
	typeKey     = "PRIVATE KEY"
	clockOffset = time.Hour // certificates begin before now
)

// Spec says what a certificate is to be; its zero value is a valid one for 127.0.0.1,
// ::1 and localhost, as a server and as a client, with a key on P-256.
type Spec struct {
	Name    string // common name
	Expired bool   // it ended an hour ago
	RSA     bool   // an RSA key of 2048 bits
}

// Pair is a certificate and its key, in PEM.
type Pair struct {
	Cert, Key []byte
	signer    crypto.Signer
}

// CA is an authority.
type CA struct {
	Pair
	cert *x509.Certificate
}

// NewCA makes an authority.
func NewCA(name string) (*CA, error) {
	tmpl, err := template(Spec{Name: name})
	if err != nil {
		return nil, err
	}
	tmpl.IsCA, tmpl.BasicConstraintsValid = true, true
	tmpl.KeyUsage |= x509.KeyUsageCertSign
	tmpl.ExtKeyUsage, tmpl.DNSNames, tmpl.IPAddresses = nil, nil, nil
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	pair, err := sign(tmpl, tmpl, key, key)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(pair.Cert)
	cert, err := x509.ParseCertificate(block.Bytes)
	return &CA{pair, cert}, err
}

// Issue signs a new certificate.
func (ca *CA) Issue(s Spec) (Pair, error) {
	tmpl, err := template(s)
	if err != nil {
		return Pair{}, err
	}
	var key crypto.Signer
	if s.RSA {
		key, err = rsa.GenerateKey(rand.Reader, rsaKeyBits)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		return Pair{}, err
	}
	return sign(tmpl, ca.cert, key, ca.signer)
}

// Pool is the authority alone, for tls.Config.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	return pool
}

// TLS is the pair for tls.Config.
func (p Pair) TLS() (tls.Certificate, error) { return tls.X509KeyPair(p.Cert, p.Key) }

// Write writes name.crt and name.key into dir and returns their paths.
func (p Pair) Write(dir, name string) (cert, key string, err error) {
	cert, key = filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")
	if err = os.WriteFile(cert, p.Cert, fileMode); err != nil {
		return "", "", err
	}
	return cert, key, os.WriteFile(key, p.Key, fileMode)
}

func template(s Spec) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialBits))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	c := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: s.Name},
		NotBefore:    now.Add(-clockOffset),
		NotAfter:     now.Add(validity),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if s.Expired {
		c.NotBefore, c.NotAfter = now.Add(-validity), now.Add(-clockOffset)
	}
	return c, nil
}

func sign(tmpl, parent *x509.Certificate, key, parentKey crypto.Signer) (Pair, error) {
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), parentKey)
	if err != nil {
		return Pair{}, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, err
	}
	return Pair{
		Cert:   pem.EncodeToMemory(&pem.Block{Type: typeCert, Bytes: der}),
		Key:    pem.EncodeToMemory(&pem.Block{Type: typeKey, Bytes: secret}),
		signer: key,
	}, nil
}
