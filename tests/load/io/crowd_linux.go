package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

// crowd is very many connections to one server, held as bare descriptors: what the load
// program itself spends on a connection must not limit their number. They come from as
// many addresses of the loopback interface as the ports of one do not suffice for.
type crowd struct {
	at  unix.SockaddrInet4
	fds []int
}

func newCrowd(port int) *crowd {
	return &crowd{at: unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}}
}

// raiseFiles allows at least want open files to this process and those it starts, as far
// as the system lets us, and returns how many are allowed then.
func raiseFiles(want int) (int, error) {
	var now unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &now); err != nil {
		return 0, err
	}
	if now.Cur >= uint64(want) {
		return int(now.Cur), nil
	}
	next := unix.Rlimit{Cur: uint64(want), Max: max(now.Max, uint64(want))}
	if unix.Setrlimit(unix.RLIMIT_NOFILE, &next) != nil {
		next = unix.Rlimit{Cur: now.Max, Max: now.Max}
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &next); err != nil {
			return int(now.Cur), nil
		}
	}
	return int(next.Cur), nil
}

var (
	ping = []byte("*1\r\n$4\r\nPING\r\n")
	pong = []byte("+PONG\r\n")
)

// grow opens connections until there are n. Each sends a PING and gets its answer, so it
// is an idle client that has worked, not one that the server has not looked at yet.
func (c *crowd) grow(n int) error {
	for len(c.fds) < n {
		begin := len(c.fds)
		for range min(openTogether, n-begin) {
			fd, err := c.open(len(c.fds))
			if errors.Is(err, unix.EINTR) { // what became of it is hard to tell: another one
				fd, err = c.open(len(c.fds))
			}
			if err != nil {
				return fmt.Errorf("connection %d: %w", len(c.fds)+1, err)
			}
			c.fds = append(c.fds, fd)
			if _, err := patient(unix.Write, fd, ping); err != nil {
				return fmt.Errorf("connection %d: %w", len(c.fds), err)
			}
		}
		var reply [32]byte
		for i, fd := range c.fds[begin:] {
			got, err := patient(unix.Read, fd, reply[:])
			if err == nil && string(reply[:max(got, 0)]) != string(pong) {
				err = fmt.Errorf("reply %q", reply[:got])
			}
			if err != nil {
				return fmt.Errorf("connection %d: %w", begin+i+1, err)
			}
		}
	}
	return nil
}

// patient repeats a call that a signal of the Go scheduler has interrupted.
func patient(call func(int, []byte) (int, error), fd int, b []byte) (int, error) {
	for {
		if n, err := call(fd, b); !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

// open makes connection number i.
func (c *crowd) open(i int) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	from := unix.SockaddrInet4{Addr: [4]byte{127, 0, 1, byte(1 + i/connectionsPerAddress)}}
	limit := unix.Timeval{Sec: int64(replyTimeout / time.Second)}
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1),
		unix.SetsockoptInt(fd, unix.SOL_TCP, unix.TCP_NODELAY, 1),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit),
		unix.Bind(fd, &from))
	if err == nil {
		err = unix.Connect(fd, &c.at)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// send writes the same to every connection.
func (c *crowd) send(b []byte) error {
	for _, fd := range c.fds {
		if _, err := patient(unix.Write, fd, b); err != nil {
			return err
		}
	}
	return nil
}

// shrink closes connections until n are left, and waits until the server knows.
func (c *crowd) shrink(n int, srv *harness.Server) error {
	for _, fd := range c.fds[n:] {
		_ = unix.Close(fd)
	}
	c.fds = c.fds[:n]
	for end := time.Now().Add(closeTimeout); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if has, ok := kit.Number(srv, "connected_clients"); ok && int(has) <= n+8 { // and who looks
			return nil
		}
	}
	return errors.New("the server still has connections that are closed")
}

func (c *crowd) close() {
	for _, fd := range c.fds {
		_ = unix.Close(fd)
	}
	c.fds = nil
}

// work lets active of the connections, evenly spread, send a request each, wait for its
// reply of replyBytes, and send the next, for the given time.
func (c *crowd) work(active int, d time.Duration, request []byte, replyBytes int) (kit.Samples, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	defer unix.Close(ep)
	sent := make([]time.Time, active)
	left := make([]int, active)
	fds := make([]int, active)
	for i := range active {
		fds[i] = c.fds[i*len(c.fds)/active]
		ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}
		if err := unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, fds[i], &ev); err != nil {
			return nil, err
		}
	}
	ask := func(i int) error {
		sent[i], left[i] = time.Now(), replyBytes
		_, err := patient(unix.Write, fds[i], request)
		return err
	}
	for i := range active {
		if err := ask(i); err != nil {
			return nil, err
		}
	}
	samples := make(kit.Samples, 0, 1<<20)
	events := make([]unix.EpollEvent, 256)
	buf := make([]byte, 64<<10)
	end := time.Now().Add(d)
	for waiting := active; waiting > 0; {
		n, err := unix.EpollWait(ep, events, int(replyTimeout/time.Millisecond))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n == 0 {
			return nil, errors.Join(err, fmt.Errorf("%d of %d requests are not answered", waiting, active))
		}
		for _, ev := range events[:n] {
			i := int(ev.Fd)
			got, err := patient(unix.Read, fds[i], buf)
			if err != nil || got == 0 {
				return nil, errors.Join(err, io.ErrUnexpectedEOF)
			}
			if left[i] -= got; left[i] > 0 {
				continue
			}
			if left[i] < 0 {
				return nil, fmt.Errorf("reply is %d bytes too long: %q", -left[i], buf[:min(got, 100)])
			}
			now := time.Now()
			samples = append(samples, now.Sub(sent[i]))
			if now.After(end) {
				waiting--
			} else if err := ask(i); err != nil {
				return nil, err
			}
		}
	}
	samples.Sort()
	return samples, nil
}
