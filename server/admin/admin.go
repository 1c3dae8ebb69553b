package admin

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Source is the running server. Any goroutine may call it.
type Source interface {
	// State gathers what there is to show.
	State() State
	// Allows tells whether somebody may look: user and password as HTTP brought them.
	Allows(user, password string) bool
	// Ready tells whether commands are served: not while loading.
	Ready() bool
}

// State is what the server says of itself at one moment.
type State struct {
	UnixMs   int64             `json:"unix_ms"`
	Info     map[string]string `json:"info"`     // the fields of INFO
	Keyspace []Database        `json:"keyspace"` // those with keys
	Commands []Command         `json:"commands"` // those that were called
	Slow     []SlowCall        `json:"slow"`     // the newest first
	Errors   map[string]int64  `json:"errors"`   // error replies by their first word
}

// Database is what a database holds.
type Database struct {
	DB      int   `json:"db"`
	Keys    int64 `json:"keys"`
	Expires int64 `json:"expires"`
}

// Command is what was counted of a command; times are in microseconds.
type Command struct {
	Name     string  `json:"name"`
	Calls    int64   `json:"calls"`
	Micros   float64 `json:"usec"`
	Rejected int64   `json:"rejected"`
	Failed   int64   `json:"failed"`
	P50      float64 `json:"p50"`
	P99      float64 `json:"p99"`
	P999     float64 `json:"p999"`
	Steps    []Step  `json:"-"`
}

// Step says how many calls took up to Micros.
type Step struct {
	Micros float64
	Calls  uint64
}

// SlowCall is an entry of the slow log.
type SlowCall struct {
	Unix   int64    `json:"unix"` // seconds
	Micros int64    `json:"usec"`
	Args   []string `json:"args"`
	Addr   string   `json:"addr"`
}

//go:embed window.html
var window []byte

// Admin is the HTTP server.
type Admin struct {
	srv  *http.Server
	addr net.Addr
	done chan struct{}
}

// Start serves on addr (host:port; without a host the loopback interface).
func Start(addr string, src Source, log *slog.Logger) (*Admin, error) {
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
	a := &Admin{srv: &http.Server{Handler: guard(src, handler(src)), ReadHeaderTimeout: headerTimeout}, addr: l.Addr(), done: make(chan struct{})}
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

// guard asks for the password, if there is one; a health check needs none.
func guard(src Source, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if r.URL.Path != "/healthz" && !src.Allows(user, password) {
			w.Header().Set("WWW-Authenticate", `Basic realm="Kring", charset="UTF-8"`)
			http.Error(w, "a user of the server and their password, please", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func handler(src Source) http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collector{src})
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
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
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'")
		_, _ = w.Write(window) // the client may be gone
	})
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}
