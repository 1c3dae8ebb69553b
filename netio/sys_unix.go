//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package netio

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

func isAgain(err error) bool { return errors.Is(err, unix.EAGAIN) }

// isShortage tells whether accept failed for want of descriptors or memory, which
// does not go away by trying again at once.
func isShortage(err error) bool {
	return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) || errors.Is(err, unix.ENOBUFS) || errors.Is(err, unix.ENOMEM)
}

// isFatalAccept tells whether the listening socket itself is unusable. All other
// errors of accept concern the one connection that was about to be accepted.
func isFatalAccept(err error) bool {
	return errors.Is(err, unix.EBADF) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSOCK) || errors.Is(err, unix.EOPNOTSUPP)
}

func sysClose(fd int) { _ = unix.Close(fd) } // nothing can be done about a failed close of a socket

// sysShare returns the socket as a net.Conn with a descriptor of its own.
func sysShare(fd int) (net.Conn, error) {
	dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(dup), "")
	defer f.Close() // FileConn has made one more
	return net.FileConn(f)
}

// sysSpare opens a descriptor that only holds a place; -1 when it cannot.
func sysSpare() int {
	fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	return fd
}

// sysTune sets the options of an accepted TCP connection: all that can be set, whatever
// fails.
func sysTune(fd int, keepAlive time.Duration) error {
	err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if keepAlive <= 0 {
		return err
	}
	if kerr := sysKeepAlive(fd, keepAlive); kerr != nil {
		err = kerr
	}
	return err
}

// sysLocalAddr asks for the address of a TCP connection's own end.
func sysLocalAddr(fd int) netip.AddrPort {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return netip.AddrPort{}
	}
	return addrPort(sa)
}

// addrPort converts; the zero AddrPort stands for anything but IPv4 and IPv6. An
// IPv4 address in IPv6 form becomes plain IPv4.
func addrPort(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		ip := netip.AddrFrom16(sa.Addr).Unmap()
		if sa.ZoneId != 0 {
			ip = ip.WithZone(strconv.FormatUint(uint64(sa.ZoneId), 10))
		}
		return netip.AddrPortFrom(ip, uint16(sa.Port))
	}
	return netip.AddrPort{}
}
