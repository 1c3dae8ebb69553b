package server

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

func (s *Server) tlsSettings() *tlsport.Settings {
	o := s.opts
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
func (s *Server) loadTLS() error {
	c, warnings, err := s.tlsSettings().Config(time.Now())
	for _, w := range warnings {
		s.log.Warn(w)
	}
	if err != nil {
		s.log.Warn(err.Error())
		return errTLS
	}
	s.tls.Use(c)
	return nil
}

func (s *Server) tlsEndpoints() []endpoint {
	if port := s.opts.TLSPort.Load(); port != 0 {
		return s.endpoints(port)
	}
	return nil
}

func (s *Server) tlsListenOptions() netio.ListenOptions {
	opt := s.listenOptions()
	opt.Goroutines, opt.Prepare, opt.Pace = true, s.handshake, s.tls.Pace
	return opt
}

// handshake makes an accepted connection a TLS connection, before it is a client.
func (s *Server) handshake(c net.Conn) (net.Conn, error) {
	t, err := s.tls.Handshake(c)
	if err != nil && !errors.Is(err, tlsport.ErrClosed) {
		s.log.LogAttrs(context.Background(), options.LevelVerbose, "Error accepting a client connection",
			slog.Any("error", err), slog.Any("client", c.RemoteAddr()))
	}
	return t, err
}

// tlsRoom tells whether one more client would be let in.
func (s *Server) tlsRoom() bool { return s.counts.clients.Load() < s.opts.MaxClients.Load() }

// watchTLS applies the options when CONFIG SET changes them, or names a file again. What
// is in force without a TLS port does not matter: opening one loads everything.
func (s *Server) watchTLS() {
	for _, name := range tlsOptions {
		s.opts.OnChange(name, func() error {
			if s.opts.TLSPort.Load() == 0 {
				return nil
			}
			return s.loadTLS()
		})
	}
	s.opts.OnChange("tls-port", func() error {
		l := &s.listeners
		l.mu.Lock()
		defer l.mu.Unlock()
		if s.opts.TLSPort.Load() != 0 && len(l.mu.tls.addrs) == 0 {
			if err := s.loadTLS(); err != nil {
				return err
			}
		}
		if s.move(&l.mu.tls, s.tlsEndpoints(), s.tlsListenOptions()) != nil {
			return errPort
		}
		return nil
	})
}

// tlsStripes is how many stripes serve TLS beside reactors. Without a TLS port at the
// start there is one, which sleeps, for a port that CONFIG SET may open.
func (s *Server) tlsStripes() int {
	if s.opts.TLSPort.Load() == 0 {
		return 1
	}
	return netio.DefaultStripes()
}

// infoTLS tells of the handshakes, since the start, once there has been one.
func (s *Server) infoTLS(w *infoWriter) {
	n := s.tls.Counts()
	if n == (tlsport.Counts{}) {
		return
	}
	w.num("tls_handshakes_done", n.Done)
	w.num("tls_handshakes_resumed", n.Resumed)
	w.num("tls_handshakes_failed", n.Failed)
	w.num("tls_handshakes_late", n.Late)
	w.num("tls_handshakes_refused", n.Shed)
	w.num("tls_handshakes_pending", n.Pending)
}
