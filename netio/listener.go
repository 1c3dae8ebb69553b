package netio

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"
)

// listener is a listening socket. One reactor accepts for all.
type listener struct {
	fd       int
	at       net.Addr
	token    Token
	path     string // of a unix socket
	unix     bool
	prepared bool   // what is served is what ListenOptions.Prepare makes
	id       fileID // of a unix socket's file
	resting  bool   // not watched until retryAt: descriptors have run out
	retryAt  int64  // nanoseconds of the reactor's clock
}

func listen(network, addr string, opt ListenOptions) (*listener, net.Addr, error) {
	if network == "unix" {
		fd, at, id, err := sysListenUnix(addr, opt.UnixPerm, opt.Backlog)
		if err != nil {
			return nil, nil, err
		}
		return &listener{fd: fd, at: at, path: addr, unix: true, id: id}, at, nil
	}
	at, both, err := resolve(network, addr)
	if err != nil {
		return nil, nil, err
	}
	fd, bound, err := sysListenTCP(at, both, opt.Backlog)
	if err != nil && both {
		// No IPv6 on this machine.
		fd, bound, err = sysListenTCP(netip.AddrPortFrom(netip.IPv4Unspecified(), at.Port()), false, opt.Backlog)
	}
	if err != nil {
		return nil, nil, err
	}
	return &listener{fd: fd, at: bound}, bound, nil
}

// resolve turns host:port into an address; both tells that IPv4 is meant along with
// an IPv6 address.
func resolve(network, addr string) (at netip.AddrPort, both bool, err error) {
	if network != "tcp" && network != "tcp4" && network != "tcp6" {
		return at, false, net.UnknownNetworkError(network)
	}
	host, service, err := net.SplitHostPort(addr)
	if err != nil {
		return at, false, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return at, false, fmt.Errorf("%q is not a port", service)
	}
	if host == "" {
		ip := netip.IPv6Unspecified()
		if network == "tcp4" {
			ip = netip.IPv4Unspecified()
		}
		return netip.AddrPortFrom(ip, uint16(port)), network == "tcp", nil
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		family := "ip" + network[len("tcp"):]
		ips, err := net.DefaultResolver.LookupNetIP(context.Background(), family, host)
		if err != nil {
			return at, false, err
		}
		if len(ips) == 0 {
			return at, false, errors.New("the name has no address")
		}
		ip = ips[0]
	}
	ip = ip.Unmap()
	if network == "tcp4" && !ip.Is4() || network == "tcp6" && ip.Is4() {
		return at, false, fmt.Errorf("%s is no address of %s", ip, network)
	}
	return netip.AddrPortFrom(ip, uint16(port)), false, nil
}

// is tells whether the listener is the one at an address that Listen returned.
func (l *listener) is(at net.Addr) bool {
	return l.at.Network() == at.Network() && l.at.String() == at.String()
}

// close closes the socket and removes a unix socket's file.
func (l *listener) close() {
	if l.fd < 0 {
		return
	}
	sysClose(l.fd)
	l.fd = -1
	if l.unix {
		sysUnlink(l.path, l.id)
	}
}

// accept takes what waits, at most turnAccepts connections, and deals it out.
func (l *listener) accept(r *Reactor) {
	for range turnAccepts {
		fd, remote, err := sysAccept(l.fd)
		switch {
		case err == nil:
			r.group.deal(fd, remote, l)
		case isAgain(err):
			return
		case isShortage(err):
			r.logAccept("no descriptor for a new connection, it is dropped", err)
			if !l.shed(r) {
				return
			}
		case isFatalAccept(err):
			r.logAccept("a listener has failed and is closed", err)
			l.close()
			return
		}
	}
}

// shed gives up the spare descriptor to take one connection and close it: left in the
// queue it would keep the poller awake, and its client waiting. It returns false when
// nothing more can be done now.
func (l *listener) shed(r *Reactor) bool {
	if r.spareFD < 0 {
		r.spareFD = sysSpare()
	}
	if r.spareFD < 0 {
		l.rest(r)
		return false
	}
	sysClose(r.spareFD)
	fd, _, err := sysAccept(l.fd)
	if err == nil {
		sysClose(fd)
	}
	r.spareFD = sysSpare()
	switch {
	case err == nil:
		return true
	case !isAgain(err):
		// Another thread was faster to take the descriptor.
		l.rest(r)
	}
	return false
}

// rest stops watching the listener for acceptRetryMs.
func (l *listener) rest(r *Reactor) {
	if r.poller.Open(l.fd, l.token, Readable, 0) != nil {
		return
	}
	l.resting = true
	l.retryAt = r.clock + acceptRetryMs*int64(time.Millisecond)
	r.resting++
}

// wake watches the listener again.
func (l *listener) wake(r *Reactor) {
	if err := r.poller.Open(l.fd, l.token, 0, Readable); err != nil {
		l.retryAt = r.clock + acceptRetryMs*int64(time.Millisecond)
		return
	}
	l.resting = false
	r.resting--
}

// deal gives an accepted descriptor to the reactor whose turn it is.
func (g *Group) deal(fd int, remote netip.AddrPort, l *listener) {
	r := g.next()
	c := &Conn{r: r, fd: int32(fd), remote: peerOf(remote), from: l, id: g.nextID.Add(1)}
	if !r.box.post(letter{conn: c}, r.poller) {
		sysClose(fd)
	}
}
