package server

import (
	"sync"

	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/internal/memnet"
	"github.com/kringdb/kring/internal/server/admin"
	"github.com/kringdb/kring/internal/server/clock"
)

// Embedding is what a server has that runs within another program (package kring).
type Embedding struct {
	Clock  *clock.Clock     // nil: the real time
	Memory *memnet.Listener // connections in memory arrive there; nil: there are none
	Deaf   bool             // it listens on no TCP address
	Fresh  bool             // a snapshot that lies in its directory is not meant for it

	Coordinator cluster.Coordinator // of its cluster, nil: the one that the options name
	// Remote opens one over the network, which the options may name; nil: this program cannot.
	Remote func(cluster.Remote) (cluster.Coordinator, error)
}

// embeddedStripes is how many stripes there are at least for connections in memory.
const embeddedStripes = 2

// Password returns requirepass, "" if there is none. Any goroutine may ask.
func (s *Server) Password() string { return s.Opts.RequirePass.Load() }

// lookers are those who look at the server from outside of it, by Source: a program that
// scrapes an embedded server does not know when it ends.
type lookers struct {
	mu   sync.RWMutex // held for reading while one looks, for writing to end
	over bool         // the server has ended, or is about to
}

// end waits for those who look and lets nobody look any more.
func (l *lookers) end() {
	l.mu.Lock()
	l.over = true
	l.mu.Unlock()
}

// source is the window for whoever may ask it at any time.
type source struct {
	*window
	lookers *lookers
}

// State implements admin.Source; of a server that has ended there is nothing to say.
func (s source) State() admin.State {
	s.lookers.mu.RLock()
	defer s.lookers.mu.RUnlock()
	if s.lookers.over {
		return admin.State{}
	}
	return s.window.State()
}

// Source is the server as metrics see it. Any goroutine may ask it, also when the server
// has ended.
func (s *Server) Source() admin.Source { return source{(*window)(s), &s.lookers} }
