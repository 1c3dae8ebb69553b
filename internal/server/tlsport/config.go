package tlsport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Settings are the options that a configuration is made from; paths are complete.
type Settings struct {
	CertFile, KeyFile string
	KeyPass           string
	CAFile, CADir     string
	Auth              tls.ClientAuthType
	Protocols         string // names, separated by a space; empty: TLSv1.2 and TLSv1.3
	Ciphers           string // OpenSSL's cipher list, up to TLS 1.2; empty: Go's choice
	CipherSuites      string // names of TLS 1.3 suites, separated by colons; empty: all
	Tickets           bool   // sessions may be resumed
	TicketLife        time.Duration
}

// Config reads the files and makes the configuration; warnings are for the log. The
// errors are Redis's log lines as far as it has them.
func (s *Settings) Config(now time.Time) (c *tls.Config, warnings []string, err error) {
	c = &tls.Config{ClientAuth: s.Auth, SessionTicketsDisabled: !s.Tickets}
	if err := s.loadCertificate(c); err != nil {
		return nil, nil, err
	}
	if w := validity(c.Certificates[0].Leaf, now); w != "" {
		warnings = append(warnings, s.CertFile+": "+w)
	}
	if err := s.loadAuthorities(c); err != nil {
		return nil, nil, err
	}
	if c.MinVersion, c.MaxVersion, err = protocols(s.Protocols); err != nil {
		return nil, nil, err
	}
	if c.CipherSuites, err = cipherList(s.Ciphers); err != nil {
		return nil, nil, err
	}
	if err := restrictSuites(c, s.CipherSuites); err != nil {
		return nil, nil, err
	}
	if s.Tickets {
		limitTickets(c, s.TicketLife)
	}
	return c, warnings, nil
}

func (s *Settings) loadCertificate(c *tls.Config) error {
	switch {
	case s.CertFile == "":
		return errors.New("No tls-cert-file configured!")
	case s.KeyFile == "":
		return errors.New("No tls-key-file configured!")
	}
	chain, err := readFile(s.CertFile)
	if err == nil {
		_, err = parseCertificates(chain)
	}
	if err != nil {
		return fmt.Errorf("Failed to load certificate: %s: %w", s.CertFile, err)
	}
	key, err := readFile(s.KeyFile)
	if err == nil {
		key, err = decryptKey(key, s.KeyPass)
	}
	var pair tls.Certificate
	if err == nil {
		pair, err = tls.X509KeyPair(chain, key)
	}
	if err != nil {
		return fmt.Errorf("Failed to load private key: %s: %w", s.KeyFile, err)
	}
	c.Certificates = []tls.Certificate{pair}
	return nil
}

// loadAuthorities reads who may sign client certificates.
func (s *Settings) loadAuthorities(c *tls.Config) error {
	if s.CAFile == "" && s.CADir == "" {
		if s.Auth == tls.NoClientCert {
			return nil
		}
		return errors.New("Either tls-ca-cert-file or tls-ca-cert-dir must be specified when tls-auth-clients is enabled!")
	}
	c.ClientCAs = x509.NewCertPool()
	count := 0
	if s.CAFile != "" {
		n, err := addAuthorities(c.ClientCAs, s.CAFile)
		if err != nil {
			return fmt.Errorf("Failed to configure CA certificate(s) file/directory: %s: %w", s.CAFile, err)
		}
		count += n
	}
	if s.CADir != "" {
		n, err := addDirectory(c.ClientCAs, s.CADir)
		if err != nil {
			return fmt.Errorf("Failed to configure CA certificate(s) file/directory: %w", err)
		}
		count += n
	}
	if count == 0 {
		return fmt.Errorf("Failed to configure CA certificate(s) file/directory: no certificate in %s", s.CADir)
	}
	return nil
}

func addAuthorities(pool *x509.CertPool, path string) (int, error) {
	text, err := readFile(path)
	if err != nil {
		return 0, err
	}
	certs, err := parseCertificates(text)
	for _, c := range certs {
		pool.AddCert(c)
	}
	return len(certs), err
}

// addDirectory adds what the files of a directory hold; those without certificates do
// not matter. The names need not be hashes as OpenSSL wants them.
func addDirectory(pool *x509.CertPool, dir string) (count int, err error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			continue
		}
		if n, err := addAuthorities(pool, path); err == nil {
			count += n
		}
	}
	return count, nil
}

// readFile is os.ReadFile for a file of a sensible size.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.Unwrap(err) // the path stands before it already
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err == nil && len(text) > maxFileBytes {
		err = errors.New("the file is too large")
	}
	return text, err
}

// validity tells when the certificate is not valid, or "".
func validity(leaf *x509.Certificate, now time.Time) string {
	switch {
	case now.Before(leaf.NotBefore):
		return "the certificate is not valid before " + leaf.NotBefore.UTC().Format(time.RFC3339)
	case now.After(leaf.NotAfter):
		return "the certificate has expired at " + leaf.NotAfter.UTC().Format(time.RFC3339)
	}
	return ""
}

// Client is Config for who connects: it shows the certificate if it is asked to, and wants one from
// the other end that the authorities have signed. Names are not compared, as Redis does not.
func (s *Settings) Client(now time.Time) (*tls.Config, error) {
	c, _, err := s.Config(now)
	if err != nil {
		return nil, err
	}
	c.RootCAs = c.ClientCAs
	c.InsecureSkipVerify = true // the name; the chain is verified below
	c.VerifyConnection = func(cs tls.ConnectionState) error {
		chain := x509.VerifyOptions{Roots: c.RootCAs, Intermediates: x509.NewCertPool()}
		for _, cert := range cs.PeerCertificates[1:] {
			chain.Intermediates.AddCert(cert)
		}
		_, err := cs.PeerCertificates[0].Verify(chain)
		return err
	}
	return c, nil
}
