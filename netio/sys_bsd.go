//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package netio

import (
	"errors"
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func sysRead(fd int, b []byte) (int, error)  { return retry(unix.Read, fd, b) }
func sysWrite(fd int, b []byte) (int, error) { return retry(unix.Write, fd, b) }

// sysReceive and sysSend are for sockets.
func sysReceive(fd int, b []byte) (int, error) { return sysRead(fd, b) }
func sysSend(fd int, b []byte) (int, error)    { return sysWrite(fd, b) }

func retry(call func(int, []byte) (int, error), fd int, b []byte) (int, error) {
	for {
		n, err := call(fd, b)
		if err == nil {
			return n, nil
		}
		if !errors.Is(err, unix.EINTR) {
			return 0, err
		}
	}
}

// sysReadv and sysWritev are loops: not all of these systems have the vectored calls
// in x/sys.
func sysReadv(fd int, bufs [][]byte) (int, error)  { return vec(sysRead, fd, bufs) }
func sysWritev(fd int, bufs [][]byte) (int, error) { return vec(sysWrite, fd, bufs) }

func vec(call func(int, []byte) (int, error), fd int, bufs [][]byte) (total int, err error) {
	for _, b := range bufs {
		n, err := call(fd, b)
		total += n
		if err != nil && total == 0 {
			return 0, err
		}
		if n < len(b) {
			break
		}
	}
	return total, nil
}

// adopted prepares a new descriptor. The caller holds syscall.ForkLock for reading.
func adopted(fd int) (int, error) {
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		sysClose(fd)
		return -1, err
	}
	return fd, nil
}

func sysSocket(domain int) (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := unix.Socket(domain, unix.SOCK_STREAM, 0)
	if err != nil {
		return -1, err
	}
	return adopted(fd)
}

func sysAccept(fd int) (int, netip.AddrPort, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	conn, sa, err := unix.Accept(fd)
	if err != nil {
		return -1, netip.AddrPort{}, err
	}
	if conn, err = adopted(conn); err != nil {
		return -1, netip.AddrPort{}, err
	}
	return conn, addrPort(sa), nil
}

// sysKeepAlive switches the system's keep-alive probes on; their timing is the
// system's own.
func sysKeepAlive(fd int, _ time.Duration) error {
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
}

// yieldsAtOnce says that Yield does.
const yieldsAtOnce = false

// Yield would let another thread that is ready run first, but what says so here does not do it at once.
func Yield() {}
