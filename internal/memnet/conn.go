package memnet

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// Conn is one side of a connection; it implements net.Conn.
type Conn struct {
	in, out *direction
	addr    Addr
}

// Pipe makes a connection and returns its sides.
func Pipe(name string) (a, b *Conn) {
	there, back := newDirection(), newDirection()
	return &Conn{in: back, out: there, addr: Addr(name)}, &Conn{in: there, out: back, addr: Addr(name)}
}

// Read implements net.Conn.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.in.read(p)
	return n, c.wrap("read", err)
}

// Write implements net.Conn.
func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.out.write(p)
	return n, c.wrap("write", err)
}

// Close implements net.Conn. The other side reads what was written, and io.EOF.
func (c *Conn) Close() error {
	c.out.close(true)
	c.in.close(false)
	return nil
}

// CloseWrite lets the other side read io.EOF after what was written.
func (c *Conn) CloseWrite() error {
	c.out.close(true)
	return nil
}

// LocalAddr implements net.Conn.
func (c *Conn) LocalAddr() net.Addr { return c.addr }

// RemoteAddr implements net.Conn.
func (c *Conn) RemoteAddr() net.Addr { return c.addr }

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error {
	_ = c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.mu.reader, t)
	return nil
}

// SetWriteDeadline implements net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.out.setDeadline(&c.out.mu.writer, t)
	return nil
}

func (c *Conn) wrap(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: c.addr.Network(), Source: c.addr, Addr: c.addr, Err: err}
}

// direction is what flows one way.
type direction struct {
	change sync.Cond // of mu
	mu     struct {
		sync.Mutex
		buf            []byte // buf[off:] has yet to be read
		off            int
		reader, writer end
	}
}

// end is what concerns one of the two who use a direction.
type end struct {
	closed   bool
	deadline time.Time // zero: none
	timer    *time.Timer
}

func newDirection() *direction {
	d := new(direction)
	d.change.L = &d.mu.Mutex
	return d
}

// late tells whether the deadline has passed.
func (e *end) late() bool { return !e.deadline.IsZero() && !time.Now().Before(e.deadline) }

func (d *direction) read(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		switch {
		case d.mu.reader.closed:
			return 0, net.ErrClosed
		case d.mu.reader.late():
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			return 0, nil
		case d.mu.off < len(d.mu.buf):
			n := copy(p, d.mu.buf[d.mu.off:])
			if d.mu.off += n; d.mu.off == len(d.mu.buf) {
				d.emptyLocked()
			}
			d.change.Broadcast() // there is space
			return n, nil
		case d.mu.writer.closed:
			return 0, io.EOF
		}
		d.change.Wait()
	}
}

func (d *direction) write(p []byte) (n int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		switch {
		case d.mu.writer.closed:
			return n, net.ErrClosed
		case d.mu.reader.closed:
			return n, syscall.EPIPE
		case d.mu.writer.late():
			return n, os.ErrDeadlineExceeded
		case n == len(p):
			return n, nil
		}
		if space := maxBuffered - (len(d.mu.buf) - d.mu.off); space > 0 {
			if d.mu.off > 0 && len(d.mu.buf) == cap(d.mu.buf) { // rather than grow
				d.mu.buf = d.mu.buf[:copy(d.mu.buf, d.mu.buf[d.mu.off:])]
				d.mu.off = 0
			}
			some := min(space, len(p)-n)
			d.mu.buf = append(d.mu.buf, p[n:n+some]...)
			n += some
			d.change.Broadcast() // there is something to read
			continue
		}
		d.change.Wait()
	}
}

func (d *direction) emptyLocked() {
	d.mu.off = 0
	if d.mu.buf = d.mu.buf[:0]; cap(d.mu.buf) > keepBytes {
		d.mu.buf = nil
	}
}

// close ends one end's use of the direction, for the writer or the reader.
func (d *direction) close(writer bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := &d.mu.reader
	if writer {
		e = &d.mu.writer
	} else {
		d.mu.buf, d.mu.off = nil, 0 // nobody reads it
	}
	e.closed = true
	if e.timer != nil {
		e.timer.Stop()
		e.timer = nil
	}
	d.change.Broadcast()
}

func (d *direction) setDeadline(e *end, t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e.deadline = t
	if e.timer != nil {
		e.timer.Stop()
		e.timer = nil
	}
	if !t.IsZero() && !e.closed {
		// Late is who looks; the timer only makes whoever waits look.
		e.timer = time.AfterFunc(time.Until(t), func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.change.Broadcast()
		})
	}
	d.change.Broadcast()
}
