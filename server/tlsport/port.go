package tlsport

import (
	"crypto/tls"
	"net"
	"sync/atomic"
)

// Port is what all encrypted listeners of a server share: the configuration, the gate and
// the counts. Its methods may be called from any goroutine.
type Port struct {
	// Room tells whether one more connection may begin a handshake; nil: always.
	Room func() bool
	// Failed hears why a handshake came to nothing; it is called from many goroutines.
	Failed func(remote net.Addr, err error)

	config  atomic.Pointer[tls.Config]
	gate    gate
	pending atomic.Int64
	counts  struct{ done, resumed, failed, late, shed atomic.Int64 }
}

// Counts are the handshakes since the start.
type Counts struct {
	Done    int64 // completed, of which
	Resumed int64 // went on with an earlier session
	Failed  int64 // ended by an error, of which
	Late    int64 // did not end in time
	Shed    int64 // connections closed at once, for too many were pending
	Pending int64 // in progress now
}

// Use makes c the configuration of connections that are accepted from now on.
func (p *Port) Use(c *tls.Config) { p.config.Store(c) }

// Configured tells whether Use has been called.
func (p *Port) Configured() bool { return p.config.Load() != nil }

// Counts returns the counts.
func (p *Port) Counts() Counts {
	c := &p.counts
	return Counts{
		Done: c.done.Load(), Resumed: c.resumed.Load(), Failed: c.failed.Load(), Late: c.late.Load(), Shed: c.shed.Load(),
		Pending: p.pending.Load(),
	}
}
