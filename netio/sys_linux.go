package netio

import (
	"fmt"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls of the hot path are raw: they never block, so the Go scheduler need not
// hear of them. Whatever may block goes through unix's ordinary calls.

// again tells whether a raw call was interrupted and is to be repeated.
func again(e unix.Errno) bool { return e == unix.EINTR }

func sysRead(fd int, b []byte) (int, error) {
	for {
		n, _, e := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
		if e == 0 {
			return int(n), nil
		}
		if !again(e) {
			return 0, e
		}
	}
}

func sysWrite(fd int, b []byte) (int, error) {
	for {
		n, _, e := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
		if e == 0 {
			return int(n), nil
		}
		if !again(e) {
			return 0, e
		}
	}
}

// sysReceive and sysSend are sysRead and sysWrite for what is a socket nearly always: the kernel goes to it at
// once, and not by what it does for files of any kind.
func sysReceive(fd int, b []byte) (int, error) {
	for {
		n, _, e := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), 0, 0, 0)
		switch {
		case e == 0:
			return int(n), nil
		case e == unix.ENOTSOCK:
			return sysRead(fd, b)
		case !again(e):
			return 0, e
		}
	}
}

func sysSend(fd int, b []byte) (int, error) {
	for {
		n, _, e := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.MSG_NOSIGNAL, 0, 0)
		switch {
		case e == 0:
			return int(n), nil
		case e == unix.ENOTSOCK:
			return sysWrite(fd, b)
		case !again(e):
			return 0, e
		}
	}
}

func sysReadv(fd int, bufs [][]byte) (int, error) {
	var vec [2 + readVecNodes]unix.Iovec
	return rawVec(unix.SYS_READV, fd, vec[:], bufs)
}

func sysWritev(fd int, bufs [][]byte) (int, error) {
	var vec [writeVecNodes]unix.Iovec
	return rawVec(unix.SYS_WRITEV, fd, vec[:], bufs)
}

// rawVec runs readv or writev; no buf is empty, and vec has room for all.
func rawVec(trap uintptr, fd int, vec []unix.Iovec, bufs [][]byte) (int, error) {
	for i, b := range bufs {
		vec[i].Base = unsafe.SliceData(b)
		vec[i].SetLen(len(b))
	}
	for {
		n, _, e := unix.RawSyscall(trap, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(vec))), uintptr(len(bufs)))
		if e == 0 {
			return int(n), nil
		}
		if !again(e) {
			return 0, e
		}
	}
}

// sysEpollNow polls without blocking. epoll_pwait exists on every architecture.
func sysEpollNow(fd int, events []unix.EpollEvent) (int, error) {
	n, _, e := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), 0, 0, 0)
	if e != 0 {
		return 0, e
	}
	return int(n), nil
}

// sysTimer has a timer go off after so many nanoseconds, 0: not at all.
func sysTimer(fd int, nanos int64) error {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(nanos)}
	_, _, e := unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, uintptr(fd), 0, uintptr(unsafe.Pointer(&spec)), 0, 0, 0)
	if e != 0 {
		return fmt.Errorf("timerfd_settime: %w", e)
	}
	return nil
}

func sysSocket(domain int) (int, error) {
	return unix.Socket(domain, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
}

// sysAccept is raw too: a listener does not block, and the ordinary call leaves 150 bytes
// of garbage.
func sysAccept(fd int) (int, netip.AddrPort, error) {
	for {
		var sa unix.RawSockaddrAny
		size := uint32(unix.SizeofSockaddrAny)
		conn, _, e := unix.RawSyscall6(unix.SYS_ACCEPT4, uintptr(fd), uintptr(unsafe.Pointer(&sa)), uintptr(unsafe.Pointer(&size)),
			unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
		if e == 0 {
			return int(conn), rawAddrPort(&sa), nil
		}
		if !again(e) {
			return -1, netip.AddrPort{}, e
		}
	}
}

// rawAddrPort is addrPort without the garbage.
func rawAddrPort(sa *unix.RawSockaddrAny) netip.AddrPort {
	switch sa.Addr.Family {
	case unix.AF_INET:
		in := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		return netip.AddrPortFrom(netip.AddrFrom4(in.Addr), swapped(&in.Port))
	case unix.AF_INET6:
		in := (*unix.RawSockaddrInet6)(unsafe.Pointer(sa))
		return netip.AddrPortFrom(netip.AddrFrom16(in.Addr).Unmap(), swapped(&in.Port))
	}
	return netip.AddrPort{}
}

// swapped reads a number in network order.
func swapped(n *uint16) uint16 {
	b := (*[2]byte)(unsafe.Pointer(n))
	return uint16(b[0])<<8 | uint16(b[1])
}

// sysKeepAlive lets the kernel probe a connection after idle and end it after
// keepAliveProbes more failures, a third of idle apart.
func sysKeepAlive(fd int, idle time.Duration) error {
	secs := max(int(idle/time.Second), 1)
	for _, o := range [4]struct{ level, opt, value int }{
		{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, secs},
		{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, max(secs/keepAliveProbes, 1)},
		{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, keepAliveProbes},
	} {
		if err := unix.SetsockoptInt(fd, o.level, o.opt, o.value); err != nil {
			return err
		}
	}
	return nil
}

// yieldsAtOnce says that Yield does.
const yieldsAtOnce = true

// Yield lets another thread that is ready run first. It does not sleep.
func Yield() { unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }
