package server

import (
	"net/http"
	"os"

	"github.com/kringdb/kring/internal/server/admin"
	"github.com/kringdb/kring/internal/server/process"
	"github.com/kringdb/kring/store/arena"
)

// OwnProcess tells the server that it has the process to itself, before Serve: then
// oom-score-adj is obeyed, MEMORY PURGE and the keeper also give back what the Go heap has
// free, and the window shows profiles, if a handler for /debug/pprof/ is given. Without it
// a server leaves the process as it is, for it may be a part of something larger; see
// docs/EMBEDDING.md for what it shares nevertheless.
func (s *Server) OwnProcess(profiles http.Handler) {
	s.ownsProcess, s.pages.Profiles = true, profiles
	process.WatchOOMScore(s.Opts, s.Log)
}

// ShowMetrics gives the window its page /metrics, before Serve: metrics.Handler, which the
// server does not import by itself, for it brings Prometheus's client library.
func (s *Server) ShowMetrics(handler func(admin.Source) http.Handler) { s.pages.Metrics = handler }

// Crash implements command.ProcessHost. To whoever looks on it is what a fault in the server is: connections break, and what
// was not written to a file is lost.
func (h processHost) Crash(word string) string {
	if !h.srv.ownsProcess {
		return "ERR the server is a part of a program, which it does not end"
	}
	h.srv.Log.Error("the server crashes, as a client has asked", "by", "DEBUG "+word)
	os.Exit(crashStatus)
	return ""
}

// crashStatus is what Go's runtime ends a process with that has crashed.
const crashStatus = 2

// Purge implements command.MemoryHost.
func (h memoryHost) Purge() {
	arena.Purge()
	if h.srv.ownsProcess {
		process.FreeHeap()
	}
}
