package netio

import (
	"io"

	"github.com/kringdb/kring/internal/invariants"
)

// This file is the reactor's side of a connection: reading, writing, and the interest
// in either.

// readable is called when the socket has input, an end or an error.
func (c *Conn) readable() {
	switch has := c.in.Len(); {
	case c.queued && has >= c.r.group.cfg.TurnReadBytes:
		return // the session is behind; it is called in this turn anyway
	case c.paused && has >= PausedInputBytes:
		c.watch()
		return
	}
	got, err := c.fill()
	if err != nil {
		c.Close(err)
		return
	}
	if got > 0 && !c.queued {
		c.deliver()
	} else {
		c.settle()
	}
	if c.eof {
		c.watch() // an end that is not closed yet would be reported again and again
	}
}

// fill reads at most about TurnReadBytes. A read that was not filled is not followed
// by another one: the poller reports what comes later.
func (c *Conn) fill() (got int, err error) {
	budget := c.r.group.cfg.TurnReadBytes
	for {
		var direct []byte
		if d := c.direct; d != nil && d.n < len(d.buf) && !c.paused && c.in.Len() == 0 {
			direct = d.buf[d.n:]
		}
		c.r.counts.Reads++
		n, filled, err := c.in.readFD(int(c.fd), direct, budget-got, c.in.deep || got > 0)
		if err != nil {
			if isAgain(err) {
				return got, nil
			}
			return got, err
		}
		if n == 0 {
			c.eof = true
			return got, nil
		}
		if len(direct) > 0 {
			c.direct.n += min(n, len(direct))
		}
		got += n
		c.in.deep = got > NodeBytes
		if !filled || got >= budget {
			return got, nil
		}
	}
}

// deliver calls the session, if it may be called.
func (c *Conn) deliver() {
	if c.closed || c.closing || c.paused || c.session == nil {
		return
	}
	if s := c.stream(); s != nil && s.direct != nil {
		return // there is nothing to do before that has been read
	}
	c.session.Data()
	c.settle()
}

// settle draws the conclusions after a callback: a connection that is at its end is
// closed, an empty ring lets go of its nodes.
func (c *Conn) settle() {
	if c.closed {
		return
	}
	if s := c.stream(); s != nil {
		s.settle()
		return
	}
	if c.eof && !c.paused && !c.queued && !c.closing {
		// All input was served; what is left is to send the replies.
		c.Flush()
		if !c.closed && c.out.Len() == 0 {
			c.Close(io.EOF)
		}
	} else if c.closing && c.out.Len() == 0 {
		c.linger()
		c.Close(nil)
	}
	if c.closed {
		return
	}
	c.out.trim()
	if c.paused {
		return // another goroutine may be using the rings
	}
	c.in.trim()
	if invariants.Enabled {
		c.in.checkInvariants()
		c.out.checkInvariants()
	}
}

// linger throws away input that has arrived already, up to lingerBytes.
func (c *Conn) linger() {
	n := getNode(0)
	for left := lingerBytes; left > 0; left -= NodeBytes {
		if got, err := sysRead(int(c.fd), n.buf); err != nil || got < len(n.buf) {
			break
		}
	}
	putNode(n)
}

// writable is called when the kernel takes more output.
func (c *Conn) writable() {
	if c.corked {
		return
	}
	c.flush()
	if c.closed || c.blocked {
		return
	}
	c.watch()
	if c.session != nil && !c.closing {
		c.session.Drained()
	}
	c.settle()
}

// Flush writes what the kernel takes of the out-ring, up to a few MB; the rest follows
// when the poller says so. It sends nothing while output is waiting already. Of a
// paused connection it also resumes reading that had stopped at PausedInputBytes, if
// there is room again.
func (c *Conn) Flush() {
	taken := c.taken()
	if taken {
		c.out.Discard(c.out.Len())
	}
	if s := c.stream(); s != nil {
		s.flush()
		return
	}
	if c.paused {
		c.watch()
	}
	if c.closed || c.blocked || c.corked || taken || c.out.Len() == 0 {
		return
	}
	c.flush()
	if c.blocked && !c.closed {
		c.watch()
	}
}

// flush writes until the ring is empty, or the kernel is full, or it was enough for
// one turn; the latter two set blocked.
func (c *Conn) flush() {
	for left := turnWriteBytes; ; {
		first := c.out.Peek()
		if len(first) == 0 {
			c.blocked = false
			return
		}
		if left <= 0 {
			c.blocked = true
			return
		}
		c.r.counts.Writes++
		n, want, err := c.send(first)
		if err != nil && !isAgain(err) {
			c.Close(err)
			return
		}
		c.out.Discard(n)
		left -= n
		if n < want {
			c.blocked = true
			return
		}
	}
}

// send makes one write: of first if that is all there is, of several nodes otherwise.
// It returns how much was written and how much was offered.
func (c *Conn) send(first []byte) (n, offered int, err error) {
	if len(first) < c.out.Len() {
		return c.sendNodes()
	}
	if len(first) > callWriteBytes {
		first = first[:callWriteBytes]
	}
	n, err = sysSend(int(c.fd), first)
	return n, len(first), err
}

func (c *Conn) sendNodes() (n, offered int, err error) {
	var vec [writeVecNodes][]byte
	k, offered := c.out.views(vec[:], callWriteBytes)
	n, err = sysWritev(int(c.fd), vec[:k])
	return n, offered, err
}

// watch tells the poller what the connection waits for, if that has changed.
func (c *Conn) watch() {
	if c.closed {
		return
	}
	if s := c.stream(); s != nil {
		s.moved.Signal()
		return
	}
	want := Interest(0)
	if !c.eof && !c.closing && (!c.paused || c.in.Len() < PausedInputBytes) {
		want |= Readable
	}
	if c.blocked && !c.corked {
		want |= Writable
	}
	if want == c.interest {
		return
	}
	if err := c.r.poller.Open(int(c.fd), c.token(), c.interest, want); err != nil {
		c.Close(err)
		return
	}
	c.interest = want
}
