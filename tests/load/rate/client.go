//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

// client is a thread with many connections to one server.
type client struct {
	ep    int
	conns []connection
	free  []int // connections without a request
	rnd   *rand.Rand
	load  load
	buf   [4 << 10]byte
	out   []byte
}

type connection struct {
	fd   int
	due  time.Duration // of the request that is under way, since the run's begin
	left int           // bytes of its reply that are missing
}

// load is what the requests are.
type load struct {
	keys  int
	reads float64 // share of GET; the others are SET
	value []byte
}

func connect(srv *harness.Server, n int, seed uint64, l load) (*client, error) {
	c := &client{rnd: rand.New(rand.NewPCG(seed, 1)), load: l}
	var err error
	if c.ep, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, err
	}
	for i := range n {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			c.close()
			return nil, err
		}
		c.conns = append(c.conns, connection{fd: fd})
		c.free = append(c.free, i)
		at := unix.SockaddrInet4{Port: srv.Port, Addr: [4]byte(net.IPv4(127, 0, 0, 1).To4())}
		ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}
		err = errors.Join(unix.Connect(fd, &at),
			unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
			unix.EpollCtl(c.ep, unix.EPOLL_CTL_ADD, fd, &ev))
		if err != nil {
			c.close()
			return nil, err
		}
	}
	return c, nil
}

func (c *client) close() {
	for i := range c.conns {
		_ = unix.Close(c.conns[i].fd)
	}
	_ = unix.Close(c.ep)
}

// run sends requests at a rate for a time and returns how many, and the sorted latencies of those
// that were due after lead: at first the server finds out what load it has.
func (c *client) run(perSecond float64, d time.Duration) (n int, samples kit.Samples, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0); err != nil {
		return 0, nil, err
	}
	samples = make(kit.Samples, 0, int(perSecond*d.Seconds()*1.1)+len(c.conns))
	begin := time.Now()
	var waiting []time.Duration // due, but no connection was free
	gap := func() time.Duration { return time.Duration(c.rnd.ExpFloat64() / perSecond * float64(time.Second)) }
	events := make([]unix.EpollEvent, 64)
	for next := gap(); ; {
		now := time.Since(begin)
		for ; next <= min(now, d); next += gap() {
			waiting = append(waiting, next)
		}
		for len(waiting) > 0 && len(c.free) > 0 {
			if err := c.send(waiting[0]); err != nil {
				return n, nil, err
			}
			n++
			waiting = waiting[1:]
		}
		under := len(c.conns) - len(c.free)
		if next > d && under == 0 && len(waiting) == 0 {
			samples.Sort()
			return n, samples, nil
		}
		if now > d+replyTimeout {
			return n, nil, fmt.Errorf("%d requests are not answered", under+len(waiting))
		}
		wait := replyTimeout
		if next <= d {
			wait = max(next-time.Since(begin), 0)
		}
		ready, err := epollWait(c.ep, events, wait)
		if err != nil {
			return n, nil, err
		}
		for _, ev := range events[:ready] {
			if samples, err = c.receive(int(ev.Fd), begin, samples); err != nil {
				return n, nil, err
			}
		}
	}
}

// send sends a request on any free connection.
func (c *client) send(due time.Duration) error {
	at := c.rnd.IntN(len(c.free))
	i := c.free[at]
	last := len(c.free) - 1
	c.free[at] = c.free[last]
	c.free = c.free[:last]
	conn := &c.conns[i]
	key := kit.BenchKey(nil, c.rnd.IntN(c.load.keys))
	if c.rnd.Float64() < c.load.reads {
		c.out = kit.AppendCommand(c.out[:0], []byte("GET"), key)
		conn.left = len(fmt.Sprintf("$%d\r\n", len(c.load.value))) + len(c.load.value) + len("\r\n")
	} else {
		c.out = kit.AppendCommand(c.out[:0], []byte("SET"), key, c.load.value)
		conn.left = len("+OK\r\n")
	}
	conn.due = due
	n, err := unix.Write(conn.fd, c.out)
	if err == nil && n < len(c.out) {
		err = io.ErrShortWrite
	}
	return err
}

// receive reads what has come of a reply, and counts its latency when it is whole and was due after lead.
func (c *client) receive(i int, begin time.Time, samples kit.Samples) (kit.Samples, error) {
	conn := &c.conns[i]
	n, err := unix.Read(conn.fd, c.buf[:])
	if err != nil || n == 0 {
		return samples, errors.Join(err, io.ErrUnexpectedEOF)
	}
	if conn.left -= n; conn.left < 0 || c.buf[0] == '-' {
		return samples, fmt.Errorf("unexpected reply %q", c.buf[:n])
	}
	if conn.left == 0 {
		if conn.due >= lead {
			samples = append(samples, time.Since(begin)-conn.due)
		}
		c.free = append(c.free, i)
	}
	return samples, nil
}

// epollWait waits for at most a time that may be shorter than epoll_wait's milliseconds.
func epollWait(ep int, events []unix.EpollEvent, wait time.Duration) (int, error) {
	limit := unix.NsecToTimespec(int64(wait))
	for {
		n, _, e := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(ep), uintptr(unsafe.Pointer(unsafe.SliceData(events))),
			uintptr(len(events)), uintptr(unsafe.Pointer(&limit)), 0, 0)
		if e == 0 {
			return int(n), nil
		}
		if e != unix.EINTR {
			return 0, e
		}
	}
}
