//go:build linux

package netio

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// PollerName names the mechanism, as in INFO's multiplexing_api.
const PollerName = "epoll"

// epoll is the Poller of Linux. A Break is a write to an eventfd.
type epoll struct {
	fd, eventFD int
	door        door
	pace        pace
	yields      yields
	raw         [pollEvents]unix.EpollEvent
}

// breakToken is the eventfd's; the reactor never makes it.
const breakToken = ^Token(0)

func newPoller() Poller { return &epoll{fd: -1, eventFD: -1, door: door{fd: -1, timerFD: -1}} }

func (p *epoll) Init() error {
	var err error
	if p.fd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("epoll_create1: %w", err)
	}
	if p.eventFD, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		p.Close()
		return fmt.Errorf("eventfd: %w", err)
	}
	if err = p.Open(p.eventFD, breakToken, 0, Readable); err == nil {
		err = p.door.init(p.fd)
	}
	if err != nil {
		p.Close()
	}
	return err
}

func (p *epoll) Open(fd int, token Token, was, want Interest) error {
	op := unix.EPOLL_CTL_MOD
	switch {
	case was == 0:
		op = unix.EPOLL_CTL_ADD
	case want == 0:
		// MOD to no events would go on reporting hang-ups.
		op = unix.EPOLL_CTL_DEL
	}
	ev := unix.EpollEvent{Fd: int32(uint32(token)), Pad: int32(uint32(token >> 32))}
	if want&Readable != 0 {
		ev.Events |= unix.EPOLLIN
	}
	if want&Writable != 0 {
		ev.Events |= unix.EPOLLOUT
	}
	if err := unix.EpollCtl(p.fd, op, fd, &ev); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	return nil
}

func (p *epoll) Poll(now, delta int64, events []Event) (int, error) {
	raw := p.raw[:min(len(events), len(p.raw))]
	n, err := p.wait(now, delta, raw)
	if err != nil {
		if errors.Is(err, unix.EINTR) {
			err = nil
		}
		return 0, err
	}
	count := 0
	for i := range raw[:n] {
		ev := &raw[i]
		token := Token(uint32(ev.Fd)) | Token(uint32(ev.Pad))<<32
		if token == breakToken {
			var counter [8]byte
			_, _ = sysRead(p.eventFD, counter[:]) // only resets the counter
			continue
		}
		ready := Interest(0)
		if ev.Events&(unix.EPOLLIN|unix.EPOLLERR|unix.EPOLLHUP) != 0 {
			ready |= Readable
		}
		if ev.Events&(unix.EPOLLOUT|unix.EPOLLERR|unix.EPOLLHUP) != 0 {
			ready |= Writable
		}
		events[count] = Event{Token: token, Ready: ready}
		count++
	}
	return count, nil
}

// wait is Poll for the kernel's events. How it blocks depends on how often it is asked, see
// pace.
func (p *epoll) wait(now, delta int64, raw []unix.EpollEvent) (int, error) {
	if delta == 0 {
		return sysEpollNow(p.fd, raw)
	}
	if !p.pace.often(now) {
		return p.door.wait(delta, raw)
	}
	if err := p.door.set(false); err != nil {
		return 0, err
	}
	if p.yields.pay() {
		if n, err := p.yield(raw); n != 0 || err != nil {
			return n, err
		}
	}
	ms := oftenMs
	if delta > 0 {
		ms = int(min((delta+999_999)/1_000_000, oftenMs))
	}
	n, err := unix.EpollWait(p.fd, raw, ms)
	if n == 0 && err == nil && ms == oftenMs {
		p.pace.slow()
	}
	return n, err
}

// yield looks, gives the CPU away once and looks again before the reactor blocks: when clients and
// reactors share the CPUs, the next requests are often there after the clients ran, and a
// reactor that went to sleep would have to be woken for them (docs/adr/0008).
func (p *epoll) yield(raw []unix.EpollEvent) (int, error) {
	n, err := sysEpollNow(p.fd, raw)
	if n != 0 || err != nil {
		return n, err
	}
	Yield()
	n, err = sysEpollNow(p.fd, raw)
	p.yields.tell(n != 0)
	return n, err
}

func (p *epoll) Break() {
	one := [8]byte{7: 1} // any non-zero counter does, whatever the byte order
	_, _ = sysWrite(p.eventFD, one[:])
}

func (p *epoll) IsPollDescriptor(fd int) bool {
	return fd == p.fd || fd == p.eventFD || fd == p.door.fd || fd == p.door.timerFD
}

func (p *epoll) Close() {
	p.door.close()
	for _, fd := range []*int{&p.fd, &p.eventFD} {
		if *fd >= 0 {
			sysClose(*fd)
			*fd = -1
		}
	}
}
