package listen

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/tlsport"
	"github.com/kringdb/kring/netio"
)

// tlsOptions are the options that a TLS configuration is made from: changing one makes a
// new one.
var tlsOptions = []string{
	"tls-cert-file", "tls-key-file", "tls-key-file-pass", "tls-ca-cert-file", "tls-ca-cert-dir", "tls-auth-clients", "tls-protocols",
	"tls-ciphers", "tls-ciphersuites", "tls-session-caching", "tls-session-cache-timeout",
}

// errTLS is the reply; the reason, which may name files, is for the log.
var errTLS = errors.New("Unable to update TLS configuration. Check server logs.") //nolint:staticcheck // Redis's text

func tlsSettings(o *options.Options) *tlsport.Settings {
	path := func(option string) string {
		if p := o.String(option); p != "" {
			return o.Path(p)
		}
		return ""
	}
	return &tlsport.Settings{
		CertFile: path("tls-cert-file"), KeyFile: path("tls-key-file"), KeyPass: o.String("tls-key-file-pass"),
		CAFile: path("tls-ca-cert-file"), CADir: path("tls-ca-cert-dir"),
		Auth: map[string]tls.ClientAuthType{
			"no": tls.NoClientCert, "optional": tls.VerifyClientCertIfGiven, "yes": tls.RequireAndVerifyClientCert,
		}[o.String("tls-auth-clients")],
		Protocols: o.String("tls-protocols"), Ciphers: o.String("tls-ciphers"), CipherSuites: o.String("tls-ciphersuites"),
		Tickets:    o.Bool("tls-session-caching"),
		TicketLife: time.Duration(o.Int("tls-session-cache-timeout")) * time.Second,
	}
}

// loadTLS reads the files that the options name and puts them in force, or leaves what is
// in force as it is.
func (l *Listeners) loadTLS() error {
	c, warnings, err := tlsSettings(l.Options).Config(time.Now())
	for _, w := range warnings {
		l.Log.Warn(w)
	}
	if err != nil {
		l.Log.Warn(err.Error())
		return errTLS
	}
	l.tls.Use(c)
	return nil
}

func (l *Listeners) tlsEndpoints() []endpoint {
	if port := l.Options.TLSPort.Load(); port != 0 {
		return l.endpoints(port)
	}
	return nil
}

func (l *Listeners) tlsListenOptions() netio.ListenOptions {
	opt := l.listenOptions()
	opt.Goroutines, opt.Prepare, opt.Pace = true, l.handshake, l.tls.Pace
	return opt
}

// handshake makes an accepted connection a TLS connection, before it is a client.
func (l *Listeners) handshake(c net.Conn) (net.Conn, error) {
	t, err := l.tls.Handshake(c)
	if err != nil && !errors.Is(err, tlsport.ErrClosed) {
		l.Log.LogAttrs(context.Background(), options.LevelVerbose, "Error accepting a client connection",
			slog.Any("error", err), slog.Any("client", c.RemoteAddr()))
	}
	return t, err
}

// watchTLS applies the options when CONFIG SET changes them, or names a file again. What
// is in force without a TLS port does not matter: opening one loads everything.
func (l *Listeners) watchTLS() {
	for _, name := range tlsOptions {
		l.Options.OnChange(name, func() error {
			if l.Options.TLSPort.Load() == 0 {
				return nil
			}
			return l.loadTLS()
		})
	}
	l.Options.OnChange("tls-port", func() error {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.Options.TLSPort.Load() != 0 && len(l.mu.tls.addrs) == 0 {
			if err := l.loadTLS(); err != nil {
				return err
			}
		}
		if l.move(&l.mu.tls, l.tlsEndpoints(), l.tlsListenOptions()) != nil {
			return errPort
		}
		return nil
	})
}

// TLSStripes is how many stripes serve TLS beside reactors. Without a TLS port at the
// start there is one, which sleeps, for a port that CONFIG SET may open.
func (l *Listeners) TLSStripes() int {
	if l.Options.TLSPort.Load() == 0 {
		return 1
	}
	return netio.DefaultStripes()
}

// Handshakes counts the TLS handshakes since the start.
func (l *Listeners) Handshakes() tlsport.Counts { return l.tls.Counts() }

// CloseTLS ends the handshakes in progress, and takes no more.
func (l *Listeners) CloseTLS() { l.tls.Close() }

// CheckTLS tells whether the options are a TLS configuration; it reads the files that they name.
func CheckTLS(o *options.Options) error {
	_, _, err := tlsSettings(o).Config(time.Now())
	return err
}

// ClientConfig is the configuration of connections to other servers, as the options say: the
// other end shows a certificate that the authorities have signed, for whatever name.
func (l *Listeners) ClientConfig() (*tls.Config, error) {
	o := l.Options
	s := tlsSettings(o)
	if cert := o.String("tls-client-cert-file"); cert != "" {
		s.CertFile, s.KeyFile, s.KeyPass = o.Path(cert), o.Path(o.String("tls-client-key-file")), o.String("tls-client-key-file-pass")
	}
	s.Auth = tls.RequireAndVerifyClientCert // so that there have to be authorities
	return s.Client(time.Now())
}
