package tlsport

import (
	"container/list"
	"net"
	"sync"
)

// pending are the connections within their handshake, the oldest first, at most maxPending.
type pending struct {
	mu struct {
		sync.Mutex
		conns list.List // of *handshaking
	}
}

// handshaking is one of them.
type handshaking struct {
	conn net.Conn
	shed bool // given up; under the lock of pending
}

// add adds the youngest connection, and closes the oldest if it is one too many.
func (p *pending) add(c net.Conn) *list.Element {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.conns.Len() >= maxPending {
		oldest := p.mu.conns.Front()
		h := oldest.Value.(*handshaking)
		h.shed = true
		p.mu.conns.Remove(oldest)
		_ = h.conn.Close() // which ends its handshake
	}
	return p.mu.conns.PushBack(&handshaking{conn: c})
}

// remove takes a connection out whose handshake has ended.
func (p *pending) remove(at *list.Element) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mu.conns.Remove(at) // nothing, if it was shed
}

// wasShed tells whether a connection was given up.
func (p *pending) wasShed(at *list.Element) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return at.Value.(*handshaking).shed
}

func (p *pending) count() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return int64(p.mu.conns.Len())
}
