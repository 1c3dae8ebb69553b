//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package netio

import "net"

// canReadRaw: see stream_unix.go.
const canReadRaw = false

func (s *stream) tryRead(uintptr) bool { return true }

func (s *stream) tryWrite(uintptr) bool { return true }

// openStream opens a listening socket. The system decides about the backlog.
func openStream(network, addr string, _ ListenOptions) (net.Listener, *listener, error) {
	ln, err := net.Listen(network, addr)
	if err != nil {
		return nil, nil, err
	}
	l := &listener{fd: -1, at: ln.Addr()}
	if network == "unix" {
		l.unix, l.path = true, addr
	}
	return ln, l, nil
}

func (l *listener) remove() {}
