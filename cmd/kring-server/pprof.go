package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"

	"github.com/kringdb/kring/internal/server/options"
)

// profiles answers /debug/pprof/.
func profiles() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

// openProfiles serves Go's profiles on pprof-address, if it is set.
func openProfiles(opts *options.Options, log *slog.Logger) (closeProfiles func(), err error) {
	addr := opts.PprofAddress.Load()
	if addr == "" {
		return func() {}, nil
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("pprof-address: %w", err)
	}
	srv := &http.Server{
		Handler: profiles(), ReadHeaderTimeout: pprofHeaderTimeout, ReadTimeout: pprofHeaderTimeout, IdleTimeout: pprofHeaderTimeout,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	go func() {
		// Returns when closeProfiles closes it; profiles are not worth ending the server for.
		_ = srv.Serve(l)
	}()
	if a, ok := l.Addr().(*net.TCPAddr); ok && !a.IP.IsLoopback() {
		log.Warn("profiles are open to other machines, without a password", "address", l.Addr())
	}
	log.Info("serving profiles", "address", l.Addr())
	return func() { _ = srv.Close() }, nil
}
