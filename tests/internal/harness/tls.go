package harness

import (
	"crypto/tls"
	"net"
	"strconv"

	"github.com/kringdb/kring/internal/testcert"
	"github.com/kringdb/kring/tests/internal/rawclient"
)

// TLS is an authority, and a server's certificate that it has signed, in files.
type TLS struct {
	CA                        *testcert.CA
	Dir                       string
	CAFile, CertFile, KeyFile string
	Port                      int
	Addr                      string // 127.0.0.1 and the port
}

// NewTLS makes the files in dir and picks a free port.
func NewTLS(dir string) (*TLS, error) {
	ca, err := testcert.NewCA("Kring's tests")
	if err != nil {
		return nil, err
	}
	t := &TLS{CA: ca, Dir: dir}
	if t.CAFile, _, err = ca.Write(dir, "ca"); err != nil {
		return nil, err
	}
	if t.CertFile, t.KeyFile, err = t.Issue("server", testcert.Spec{Name: "server"}); err != nil {
		return nil, err
	}
	if t.Port, err = FreePort(); err != nil {
		return nil, err
	}
	t.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(t.Port))
	return t, nil
}

// Issue signs a certificate and writes it and its key.
func (t *TLS) Issue(name string, s testcert.Spec) (cert, key string, err error) {
	p, err := t.CA.Issue(s)
	if err != nil {
		return "", "", err
	}
	return p.Write(t.Dir, name)
}

// Args are the server's arguments.
func (t *TLS) Args(more ...string) []string {
	return append([]string{
		"--tls-port", strconv.Itoa(t.Port), "--tls-cert-file", t.CertFile, "--tls-key-file", t.KeyFile, "--tls-ca-cert-file", t.CAFile,
	}, more...)
}

// Config is a client's configuration that trusts the authority, with the given
// certificate or, for an empty name, none.
func (t *TLS) Config(cert, key string) (*tls.Config, error) {
	c := &tls.Config{RootCAs: t.CA.Pool(), MinVersion: tls.VersionTLS12}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, err
		}
		// Shown whatever authorities the server asks for.
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	return c, nil
}

// Dial opens a connection.
func (t *TLS) Dial(c *tls.Config) (*rawclient.Client, error) {
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: rawclient.DefaultTimeout}, "tcp", t.Addr, c)
	if err != nil {
		return nil, err
	}
	return rawclient.New(conn), nil
}
