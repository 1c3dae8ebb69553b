package follow

import (
	"net"
	"time"
)

// Peer is the connection to the primary, while its stream is followed.
type Peer struct {
	ID              int64 // by which the server knows it
	Addr, LocalAddr string
	Since, Heard    time.Time
	Unread, Buffer  int // bytes that have come and are not executed, lately, and that fit
}

// met notes what is known of the connection whose stream will be followed. It is for the link's goroutine.
func (l *link) met(conn net.Conn) {
	l.peer.Store(&Peer{ID: l.f.House.NewID(), Addr: conn.RemoteAddr().String(), LocalAddr: conn.LocalAddr().String(), Since: time.Now()})
}

// current is the link there is.
func (f *Follower) current() *link {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.mu.link
}

// Peer returns the connection; ok is false if no stream is followed. Any goroutine may call it.
func (f *Follower) Peer() (p Peer, ok bool) {
	l := f.current()
	if l == nil || l.getState() != Connected {
		return p, false
	}
	known := l.peer.Load()
	if known == nil {
		return p, false
	}
	p = *known
	p.Heard = time.Unix(0, l.lastIO.Load())
	p.Unread, p.Buffer = int(l.unread.Load()), int(l.buffer.Load())
	return p, true
}

// HangUp closes the connection, if it is still the one with this id: the link then begins another one. Any goroutine may
// call it.
func (f *Follower) HangUp(id int64) bool {
	l := f.current()
	if l == nil {
		return false
	}
	p := l.peer.Load()
	if p == nil || p.ID != id || l.getState() != Connected {
		return false
	}
	l.hangUp()
	return true
}
