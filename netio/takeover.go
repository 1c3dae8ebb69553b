package netio

import (
	"errors"
	"net"

	"github.com/kringdb/kring/internal/invariants"
)

// ErrSending is what TakeOutput returns while another goroutine is sending output.
var ErrSending = errors.New("netio: output is being sent")

// TakeOutput gives the sending side of the connection away: from now on somebody writes to
// nc, on a goroutine of his own, and what is put into the out-ring is thrown away. rest is what
// the out-ring held, which is to be sent first. Input goes on as before. Closing nc does not
// close the connection; when Session.Closed is called, writes to nc that are under way are to be
// ended, by a deadline in the past, and nc closed.
func (c *Conn) TakeOutput() (nc net.Conn, rest []byte, err error) {
	if invariants.Enabled {
		invariants.Assert(!c.taken(), "the output is taken twice")
	}
	if s := c.stream(); s != nil {
		if !s.sending.CompareAndSwap(sendIdle, sendNone) {
			return nil, nil, ErrSending
		}
		nc = lentConn{s.nc}
	} else if nc, err = sysShare(int(c.fd)); err != nil {
		return nil, nil, err
	}
	rest = make([]byte, c.out.Len())
	n, _ := c.out.Read(rest) // it has as much
	if c.direct == nil {
		c.direct = &direct{}
	}
	c.direct.taken, c.blocked = true, false
	c.watch()
	return nc, rest[:n], nil
}

// taken tells whether somebody else sends.
func (c *Conn) taken() bool { return c.direct != nil && c.direct.taken }

// lentConn is a net.Conn that somebody else closes.
type lentConn struct{ net.Conn }

// Close implements net.Conn.
func (lentConn) Close() error { return nil }

// NetConn is the connection beneath, as tls.Conn has it.
func (c lentConn) NetConn() net.Conn { return c.Conn }
