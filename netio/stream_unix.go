//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package netio

import (
	"net"
	"os"
)

// canReadRaw: a socket can be read, in the netpoller's terms, without a buffer to wait
// with.
const canReadRaw = true

// tryRead reads what there is, straight into the in-ring (or into Conn.SetDirect's buffer
// and on); false when nothing is there yet. The descriptor is the netpoller's, which waits
// and calls again.
func (s *stream) tryRead(fd uintptr) bool {
	s.got, s.filled, s.gotErr = s.c.in.readFD(int(fd), s.direct, s.c.r.group.cfg.TurnReadBytes, s.filled)
	if isAgain(s.gotErr) {
		s.waited = true
		return false
	}
	return true
}

// tryWrite writes what is left of the parcel, as far as the kernel takes it, and lets go of that at
// once; false when it is full and the netpoller is to call again.
func (s *stream) tryWrite(fd uintptr) bool {
	out := &s.c.out
	for s.left > 0 {
		var (
			vec [writeVecNodes][]byte
			n   int
			err error
		)
		if first := out.Peek(); len(first) >= s.left {
			n, err = sysSend(int(fd), first[:s.left])
		} else {
			k, _ := out.views(vec[:], s.left)
			n, err = sysWritev(int(fd), vec[:k])
		}
		if err != nil && isAgain(err) {
			return !s.patient
		}
		if err != nil {
			s.giveErr = err
			return true
		}
		out.Discard(n)
		s.left -= n
	}
	return true
}

// openStream opens a listening socket as for a reactor (the same backlog, permissions and
// care for what lies in its place) and gives it to Go's netpoller.
func openStream(network, addr string, opt ListenOptions) (net.Listener, *listener, error) {
	if opt.Backlog == 0 {
		opt.Backlog = defaultBacklog
	}
	l, _, err := listen(network, addr, opt)
	if err != nil {
		return nil, nil, err
	}
	f := os.NewFile(uintptr(l.fd), addr)
	l.fd = -1
	ln, err := net.FileListener(f) // a duplicate
	_ = f.Close()
	if err != nil {
		l.remove()
		return nil, nil, err
	}
	return ln, l, nil
}

// remove removes a unix socket's file, if it is still the listener's.
func (l *listener) remove() {
	if l.unix {
		sysUnlink(l.path, l.id)
	}
}
