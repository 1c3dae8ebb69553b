package tlsport

import (
	"context"
	"crypto/tls"
	"sync/atomic"
)

// Port is what all encrypted listeners of a server share: the configuration, the gate and
// the counts. Make one with New. Its methods may be called from any goroutine.
type Port struct {
	// Room tells whether one more connection may begin a handshake; nil: always.
	Room func() bool

	ctx     context.Context //nolint:containedctx // ends with Close
	cancel  context.CancelFunc
	config  atomic.Pointer[tls.Config]
	gate    gate
	pending pending
	counts  struct{ done, resumed, failed, late, shed atomic.Int64 }
}

// New makes a port without a configuration.
func New() *Port {
	p := &Port{}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// Close ends the handshakes that wait for their turn, and all later ones. It does not
// close connections.
func (p *Port) Close() { p.cancel() }

// Counts are the handshakes since the start.
type Counts struct {
	Done    int64 // completed, of which
	Resumed int64 // went on with an earlier session
	Failed  int64 // ended by an error, of which
	Late    int64 // did not end in time
	Shed    int64 // connections closed because too many were pending, or connected
	Pending int64 // in progress now
}

// Use makes c the configuration of connections that are accepted from now on. It must
// have been called before the first Handshake.
func (p *Port) Use(c *tls.Config) { p.config.Store(c) }

// Counts returns the counts.
func (p *Port) Counts() Counts {
	c := &p.counts
	return Counts{
		Done: c.done.Load(), Resumed: c.resumed.Load(), Failed: c.failed.Load(), Late: c.late.Load(), Shed: c.shed.Load(),
		Pending: p.pending.count(),
	}
}
