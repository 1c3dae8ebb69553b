package admin

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
)

// Source is the running server. Any goroutine may call it.
type Source interface {
	// State gathers what there is to show; Info is nil when the server has ended.
	State() State
	// Admit tells how far somebody may look.
	Admit(v Visitor) Access
	// Ready tells whether commands are served: not while loading.
	Ready() bool
}

// Visitor is who sends a request.
type Visitor struct {
	User, Password string // as HTTP brought them
	Named          bool   // HTTP brought them; else the visitor says nothing of who it is
	Local          bool   // from this machine, which was also asked by a name or address of its own
	Addr           string // host:port that the request came from
}

// Access is how far a visitor may look.
type Access uint8

const (
	Unknown   Access = iota // user or password are wrong or missing
	Forbidden               // known, but may not look
	Metrics                 // may look at the numbers
	All                     // also at keys, calls and profiles
)

//go:embed window.html
var window []byte

// Admin is the HTTP server.
type Admin struct {
	srv  *http.Server
	addr net.Addr
	done chan struct{}
}

// Pages are what the program around the server adds; what is nil is not there. They come
// from outside because of what they import: Prometheus's client library, and
// net/http/pprof, which whoever imports it gets on http.DefaultServeMux too.
type Pages struct {
	Metrics  func(Source) http.Handler // makes what serves /metrics
	Profiles http.Handler              // serves what is below /debug/pprof/
}

// Start serves on addr (host:port; without a host the loopback interface).
func Start(addr string, src Source, pages Pages, log *slog.Logger) (*Admin, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if host == "" {
		host = "127.0.0.1"
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, err
	}
	conns := newConnections()
	a := &Admin{srv: &http.Server{
		Handler:           bounded(conns, letIn(src, handler(src, pages))),
		ReadHeaderTimeout: headerTimeout, ReadTimeout: requestTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ConnState: conns.note, ConnContext: withConn, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}, addr: l.Addr(), done: make(chan struct{})}
	go func() {
		defer close(a.done)
		if err := a.srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the admin HTTP server has ended", "error", err)
		}
	}()
	return a, nil
}

// Addr returns the address that it listens on.
func (a *Admin) Addr() net.Addr { return a.addr }

// Close ends it, and waits a moment for requests under way.
func (a *Admin) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if a.srv.Shutdown(ctx) != nil {
		_ = a.srv.Close() // what is left is cut off
	}
	<-a.done
}

func handler(src Source, pages Pages) http.Handler {
	mux := http.NewServeMux()
	if pages.Metrics != nil {
		mux.Handle("GET /metrics", pages.Metrics(src))
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if !src.Ready() {
			http.Error(w, "loading", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ok\n")) // the client may be gone
	})
	mux.HandleFunc("GET /api/state", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(src.State()) // the client may be gone
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(window) // the client may be gone
	})
	if pages.Profiles != nil {
		mux.Handle("GET "+profilesPath, pages.Profiles)
	}
	return mux
}
