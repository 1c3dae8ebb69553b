package netio

import (
	"net/netip"

	"github.com/kringdb/kring/internal/invariants"
)

// Conn is one connection. All methods belong to its reactor's goroutine (whoever holds the
// mutex of its stripe, in the goroutine model), except ID,
// Reactor, RemoteAddr, IsUnix, IsPrepared and IsLoopback, which any goroutine may call, and the
// rings as Ring describes. After Close they do nothing.
type Conn struct {
	in, out Ring
	session Session
	r       *Reactor
	from    *listener
	id      uint64
	created int64
	direct  *direct // nil: SetDirect was never asked for; never nil in the goroutine model
	remote  peer    // zero for a unix socket
	fd      int32
	slot    uint32 // in Reactor.slots
	gen     uint32

	interest Interest // what the poller waits for
	closed   bool     // doomed or destroyed
	closing  bool     // CloseAfterFlush
	eof      bool     // the peer has shut down its side
	paused   bool
	queued   bool // in Reactor.queued or due; a cleared flag voids the entry
	blocked  bool // the kernel takes no more for now: output waits for write interest
	corked   bool // nothing is sent for now, see Cork
}

// peer is an address in less than half of a netip.AddrPort: there are very many idle
// connections. It keeps no zone, which Redis does not show either.
type peer struct {
	ip    [16]byte // IPv4 in IPv6 form
	port  uint16
	known bool
}

func peerOf(at netip.AddrPort) peer {
	if !at.IsValid() {
		return peer{}
	}
	return peer{at.Addr().As16(), at.Port(), true}
}

// addr is the zero Addr when the peer is not known.
func (p *peer) addr() netip.Addr {
	if !p.known {
		return netip.Addr{}
	}
	return netip.AddrFrom16(p.ip).Unmap()
}

// direct is a destination outside the in-ring, see SetDirect.
type direct struct {
	buf []byte // where input goes while the in-ring is empty
	n   int    // bytes in it that TakeDirect has not reported

	taken bool // somebody else sends, see TakeOutput

	stream *stream // of the goroutine model: here, because it costs other connections nothing
}

// stream is what the connection has in the goroutine model, nil in the reactor's.
func (c *Conn) stream() *stream {
	if c.fd != streamFD {
		return nil
	}
	return c.direct.stream
}

// streamFD is Conn.fd of the goroutine model, where the netpoller has the descriptor.
const streamFD = -2

// In is the ring of what was received.
func (c *Conn) In() *Ring { return &c.in }

// Out is the ring of what is to be sent; Flush sends it.
func (c *Conn) Out() *Ring { return &c.out }

// Session is what Handler.Accept returned.
func (c *Conn) Session() Session { return c.session }

// Reactor is the connection's own.
func (c *Conn) Reactor() *Reactor { return c.r }

// ID is unique within the group, and never 0.
func (c *Conn) ID() uint64 { return c.id }

// Created is when the connection was accepted, in milliseconds since 1970.
func (c *Conn) Created() int64 { return c.created }

// FD is the descriptor, -1 when it is closed or there is none. In the goroutine model it is
// the netpoller's, and good for nothing but to be shown.
func (c *Conn) FD() int {
	if s := c.stream(); s != nil {
		return s.shownFD()
	}
	return int(c.fd)
}

// OutBytes is how much output the kernel has not taken yet.
func (c *Conn) OutBytes() int { return c.out.Len() }

// InRoom is how many more bytes of input fit into the buffers that the connection holds; 0
// while it is paused, or read by a goroutine.
func (c *Conn) InRoom() int {
	if c.paused || c.fd == streamFD {
		return 0
	}
	return c.in.room()
}

// OutNodes is how many nodes hold the output that waits.
func (c *Conn) OutNodes() int {
	if c.paused || c.fd == streamFD {
		return (c.out.Len() + NodeBytes - 1) / NodeBytes // another goroutine may be using them
	}
	return c.out.nodes()
}

// PeerDone tells whether the peer has shut down its side: nothing more will come from it.
// Whether it still reads is not known.
func (c *Conn) PeerDone() bool { return c.eof }

// Closed tells whether Close was called.
func (c *Conn) Closed() bool { return c.closed }

// IsUnix tells whether this is a unix socket.
func (c *Conn) IsUnix() bool { return c.from.unix }

// IsPrepared tells whether the connection is what ListenOptions.Prepare has made.
func (c *Conn) IsPrepared() bool { return c.from.prepared }

// IsLoopback tells whether the peer has an address of the loopback interface.
func (c *Conn) IsLoopback() bool { return c.remote.addr().IsLoopback() }

// RemoteAddr is the peer's address as ip:port, [ip]:port for IPv6, and path:0 for a
// unix socket, as Redis writes it.
func (c *Conn) RemoteAddr() string {
	if c.from.unix {
		return c.from.path + ":0"
	}
	return netip.AddrPortFrom(c.remote.addr(), c.remote.port).String()
}

// LocalAddr is the address of this end, in the same form; "" once the connection is
// destroyed.
func (c *Conn) LocalAddr() string {
	if c.from.unix {
		return c.from.path + ":0"
	}
	if s := c.stream(); s != nil {
		if s.gone {
			return ""
		}
		return addrPortOf(s.nc.LocalAddr()).String()
	}
	if c.fd < 0 {
		return ""
	}
	at := sysLocalAddr(int(c.fd))
	if !at.IsValid() {
		return ""
	}
	return at.String()
}

func (c *Conn) token() Token { return Token(c.gen)<<32 | Token(c.slot) }

// SetDirect lets the next input go straight into buf, as long as the in-ring is empty
// and the connection is not paused; what exceeds buf goes to the in-ring. It holds
// until the next TakeDirect. nil switches it off.
func (c *Conn) SetDirect(buf []byte) {
	if invariants.Enabled {
		invariants.Assert(c.direct == nil || c.direct.n == 0, "SetDirect with bytes not taken")
	}
	if c.direct == nil {
		if buf == nil {
			return
		}
		c.direct = &direct{}
	}
	c.direct.buf = buf
}

// TakeDirect returns how many bytes were put into SetDirect's buffer, and ends it.
// They come before anything in the in-ring.
func (c *Conn) TakeDirect() int {
	if c.direct == nil {
		return 0
	}
	n := c.direct.n
	c.direct.buf, c.direct.n = nil, 0
	return n
}

// Requeue asks for another call of Data in the next turn, after other connections had
// theirs. Meanwhile no more than about Config.TurnReadBytes of input is buffered.
func (c *Conn) Requeue() {
	if !c.closed && !c.queued {
		c.queued = true
		c.r.queued = append(c.r.queued, c)
	}
}

// Pause stops calls of Data until Resume: another goroutine may consume the in-ring
// and produce into the out-ring, while the reactor goes on filling the one, up to
// PausedInputBytes, and may flush the other. A peer that shuts down its side is not
// taken for gone before Resume.
func (c *Conn) Pause() { c.paused = true }

// Resume ends Pause and calls Data in this turn or the next. If the connection was
// closed meanwhile, it gives back the rings.
func (c *Conn) Resume() {
	if !c.paused {
		return
	}
	c.paused = false
	if c.closed {
		if s := c.stream(); s != nil {
			s.letGo()
		} else if c.fd == -1 {
			c.releaseRings()
		}
		return
	}
	c.watch()
	c.Requeue()
}

// Cork keeps all output in the out-ring, also what waits for the kernel already, until
// Uncork. CloseAfterFlush waits for that too; Close does not.
func (c *Conn) Cork() {
	if !c.corked {
		c.corked = true
		c.watch()
	}
}

// Uncork ends Cork and sends what has gathered.
func (c *Conn) Uncork() {
	if !c.corked {
		return
	}
	c.corked = false
	if c.closed {
		return
	}
	c.watch()
	c.Flush()
	c.settle()
}

// Close closes the connection at once, dropping what was not sent. The descriptor,
// the rings and views of them live to the end of the turn; then Closed is called with
// err. It may be called from any callback; only the first call counts.
func (c *Conn) Close(err error) {
	if c.closed {
		return
	}
	c.closed = true
	if s := c.stream(); s != nil {
		s.close(err)
		return
	}
	c.r.doomed = append(c.r.doomed, doom{c, err})
}

// CloseAfterFlush stops reading, and closes when the out-ring has been sent.
func (c *Conn) CloseAfterFlush() {
	if c.closed || c.closing {
		return
	}
	c.closing = true
	c.Flush()
	c.settle()
	c.watch()
}

// releaseRings gives all nodes back. Nobody else uses the rings any more.
func (c *Conn) releaseRings() {
	c.in.release()
	c.out.release()
}
