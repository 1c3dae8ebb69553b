package netio

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// stream is what a connection has of its own in the goroutine model: the net.Conn, and the
// goroutine that reads it.
//
//	goroutine:   wait and read ─▶ in-ring ─▶ turn (stripe's mutex): Session.Data ─▶ write out-ring ─┐
//	                 ▲                                                                              │
//	                 └──────────────────────────────────────────────────────────────────────────────┘
//
// What other goroutines have for the client (messages, the reply of a blocked command)
// is written by a goroutine that lives as long as there is output, see stream_write.go.
type stream struct {
	c     *Conn
	nc    net.Conn
	moved sync.Cond // the stripe's mutex; what the reader waits for may have changed
	dest  direct    // the Conn's
	fd    int32     // for show

	// The reader's, outside of the mutex.
	raw    syscall.RawConn // of a socket on a system where it can be waited for without a buffer
	try    func(uintptr) bool
	small  []byte // else what it waits with
	filled bool   // the last read took all the space it had: more may have come
	got    int    // what try read
	gotErr error
	waited bool  // in the netpoller, since the last turn
	since  int64 // the stripe's clock: since then the goroutine has run, for all it knows
	until  int64 // and the end of its last turn

	// Of who consumes the out-ring, see stream_write.go.
	give    func(uintptr) bool // tryWrite, where raw is set
	left    int                // how much of the parcel is to be written
	patient bool               // else it is written as far as it goes at once
	giveErr error              // what tryWrite met

	// Under the stripe's mutex.
	own     bool   // the connection's goroutine is in its turn: it writes afterwards
	direct  []byte // the reader is reading into this
	doomed  bool   // closed while it did: buried when it is back
	why     error  // of Close
	gone    bool   // destroyed
	ended   bool   // and its goroutine has ended: the rings may go
	parting bool   // the stripe ends once the output is out
	listed  bool   // in stripe.writers
	looks   int64  // writes when stripe.writers was last looked through
	writes  int64  // by the connection's own goroutine

	sending atomic.Int32 // who consumes the out-ring: sendIdle...
}

// newStream makes a connection of nc; it is admitted, and served, afterwards.
func newStream(r *Reactor, l *listener, nc net.Conn) *stream {
	c := &Conn{r: r, from: l, fd: streamFD, id: r.group.nextID.Add(1), remote: peerOf(addrPortOf(nc.RemoteAddr()))}
	s := &stream{c: c, nc: nc, fd: descriptorOf(nc)}
	s.moved.L = &r.stripe.mu
	s.dest.stream = s
	c.direct = &s.dest
	if sc, ok := nc.(syscall.Conn); ok && canReadRaw {
		if raw, err := sc.SyscallConn(); err == nil {
			s.raw, s.try, s.give = raw, s.tryRead, s.tryWrite
			return s
		}
	}
	s.small = make([]byte, smallReadBytes)
	return s
}

// descriptorOf is the descriptor of the socket beneath, -1 if there is none.
func descriptorOf(nc net.Conn) int32 {
	for {
		over, ok := nc.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		nc = over.NetConn()
	}
	fd := int32(-1)
	if sc, ok := nc.(syscall.Conn); ok && canReadRaw {
		if raw, err := sc.SyscallConn(); err == nil {
			_ = raw.Control(func(d uintptr) { fd = int32(d) }) // fails once it is closed
		}
	}
	return fd
}

func (s *stream) shownFD() int {
	if s.gone {
		return -1
	}
	return int(s.fd)
}

// addrPortOf converts; the zero AddrPort stands for anything but TCP. An IPv4 address in
// IPv6 form becomes plain IPv4.
func addrPortOf(a net.Addr) netip.AddrPort {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	at := t.AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}

// serve is the connection's goroutine. It ends with the connection, or when it has been
// made a mere writer because its client does not read.
func (s *stream) serve() {
	defer s.c.r.group.wg.Done()
	n, err := 0, error(nil)
	for s.turn(n, err) {
		n, err = s.read()
	}
}

// turn serves what was read, in the stripe, and writes what came of it. It returns when
// there may be read again; false when never again by this goroutine.
func (s *stream) turn(n int, err error) (more bool) {
	c, r := s.c, s.c.r
	for {
		r.enter()
		s.own = true
		begin := r.clock
		s.arrived(n, err)
		end := r.ownTurn(c, n > 0)
		s.own = false
		finish := c.closing || c.eof || s.parting
		out := s.take(sendOwn)
		r.leave(c)
		if !s.send(out, finish) {
			return false
		}
		s.lookOut(begin, end)
		n, err = 0, nil
		if more, again := s.next(); !again {
			return more
		}
	}
}

// arrived takes over what the reader brought. The stripe's mutex is held.
func (s *stream) arrived(n int, err error) {
	c := s.c
	if s.direct != nil {
		s.dest.n += min(n, len(s.direct))
		s.direct = nil
		if s.doomed {
			c.r.doomed = append(c.r.doomed, doom{c, s.why})
		}
	}
	if n > 0 {
		c.r.counts.Reads++
	}
	switch {
	case err == nil || c.closed:
	case errors.Is(err, io.EOF):
		c.eof = true
	default:
		c.Close(err)
	}
}

// next decides, after a turn and its output, how the goroutine goes on: with another turn
// (again), with a read (more), or not at all. It waits while there may be nothing of the
// three.
func (s *stream) next() (more, again bool) {
	c := s.c
	s.moved.L.Lock()
	if s.parting || c.closing { // perhaps only since the last of the output began to be sent
		c.settle()
		c.r.bury()
	}
	for !c.closed && (c.closing || c.eof || c.paused && c.in.Len() >= PausedInputBytes) && !c.queued {
		s.moved.Wait()
	}
	switch {
	case s.gone:
		graceful := s.why == nil
		s.moved.L.Unlock()
		s.end(graceful)
		return false, false
	case c.queued && !c.closed:
		s.moved.L.Unlock()
		return false, true
	case !c.closed && !c.paused && c.in.Len() == 0 && s.dest.n < len(s.dest.buf):
		s.direct = s.dest.buf[s.dest.n:]
	}
	s.moved.L.Unlock()
	return true, false
}

// read waits for input and reads it, into the in-ring or into Conn.SetDirect's buffer.
func (s *stream) read() (n int, err error) {
	in := &s.c.in
	switch {
	case s.raw != nil:
		if err = s.raw.Read(s.try); err == nil {
			err = s.gotErr
		}
		if n = s.got; n == 0 && err == nil {
			err = io.EOF
		}
		s.got = 0
		return n, err
	case s.direct != nil:
		return s.nc.Read(s.direct)
	case s.filled:
		// More than the small buffer holds has come: it is worth a node, which the
		// connection keeps while it waits.
		w := in.Window(0, minReadWindowBytes)
		n, err = s.nc.Read(w)
		in.Window(n, 0)
		s.filled = n == len(w)
	default:
		n, err = s.nc.Read(s.small)
		_, _ = in.Write(s.small[:n]) // a ring takes everything
		s.filled = n == len(s.small)
	}
	return n, err
}

// end closes the socket. A last reply may be on its way still: then the other side is told
// that there is no more, and what it has sent meanwhile is thrown away; closing a socket
// with input unread would send a reset, which may overtake the reply.
func (s *stream) end(graceful bool) {
	if !keepStream(s) {
		s.hangUp(graceful)
	}
	s.moved.L.Lock()
	s.ended = true
	s.letGo()
	s.moved.L.Unlock()
}

// letGo gives the rings back, once the stream has ended and nobody else uses them. The stripe's mutex is held.
func (s *stream) letGo() {
	c := s.c
	if !s.ended || c.paused { // nobody knows who may be using them
		return
	}
	c.in.release()
	if c.taken() || s.sending.CompareAndSwap(sendIdle, sendNone) { // else who sends comes by
		c.out.release()
	}
}

// hangUp closes the socket, of a stream whose goroutine does nothing else any more.
func (s *stream) hangUp(graceful bool) {
	_ = s.nc.SetDeadline(time.Time{}) // it only bounds what follows
	if hc, ok := s.nc.(interface{ CloseWrite() error }); ok && graceful {
		_ = s.nc.SetReadDeadline(time.Now().Add(lingerMs * time.Millisecond)) // it only bounds what follows
		if hc.CloseWrite() == nil {
			_, _ = io.CopyN(io.Discard, s.nc, lingerBytes) // whatever ends it ends the connection
		}
	}
	if under, ok := s.nc.(interface{ NetConn() net.Conn }); ok && !graceful {
		s.farewell(under.NetConn())
	}
	_ = s.nc.Close() // the connection is over either way
}

// farewell closes a socket under TLS, and before it tells the other side that this is the
// end and no attack that cuts the connection off. A client that does not read, or a writer
// that still waits for it, delays that by partingMs at most.
func (s *stream) farewell(socket net.Conn) {
	if hc, ok := s.nc.(interface{ CloseWrite() error }); ok {
		late := time.AfterFunc(partingMs*time.Millisecond, func() { _ = socket.Close() })
		_ = hc.CloseWrite() // it fails where nothing can be told
		late.Stop()
	}
	_ = socket.Close()
}

// settle is Conn.settle. The stripe's mutex is held.
func (s *stream) settle() {
	c := s.c
	switch {
	case c.closing:
		if c.out.Len() == 0 {
			c.Close(nil)
		}
	case c.eof && !c.paused && !c.queued:
		if c.Flush(); c.out.Len() == 0 {
			c.Close(io.EOF)
		}
	case s.parting && c.out.Len() == 0:
		c.Close(ErrGroupClosed)
	}
	if !c.closed && !c.paused {
		c.in.trim()
	}
}

// drained tells the session that the out-ring is empty.
func (c *Conn) drained() {
	if c.session != nil && !c.closed && !c.closing {
		c.session.Drained()
	}
}

// close is Conn.Close. What is read into has to stay where it is until the reader is back.
func (s *stream) close(err error) {
	if s.direct == nil {
		s.c.r.doomed = append(s.c.r.doomed, doom{s.c, err})
		return
	}
	s.doomed, s.why = true, err
	s.interrupt()
}

// interrupt makes reads and writes return that are under way. It does not block, which
// Close might.
func (s *stream) interrupt() { _ = s.nc.SetDeadline(longAgo) }

var longAgo = time.Unix(1, 0)

// ownTurn is a turn of a connection's goroutine, for its connection and for what else is
// due. It returns the stripe's clock at its end. The stripe's mutex is held.
func (r *Reactor) ownTurn(c *Conn, data bool) (end int64) {
	r.counts.Turns++
	r.box.runAwake(r)
	r.due, r.queued = r.queued, r.due[:0]
	if c.out.Len() == 0 {
		c.drained() // its own writes end outside of the mutex: now is the time to say so
	}
	if data && !c.queued {
		c.deliver()
	} else {
		c.settle()
	}
	r.serveDue()
	r.handler.EndTurn(r)
	end = int64(time.Since(r.started))
	r.counts.BusyNanos += end - r.clock
	return end
}
