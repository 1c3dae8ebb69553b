package netio

import (
	"fmt"
	"os"
	"syscall"
	"time"
	_ "unsafe" // for go:linkname

	"golang.org/x/sys/unix"
)

// This file is how a reactor of Linux waits. There are two ways, and each is dear where the other
// is cheap, because of sysmon, the monitor thread of Go's runtime:
//
//   - epoll_wait as a system call of the goroutine: one call per turn. The monitor looks after
//     whoever is in a system call: it wakes a hundred times a second at least, and once it has
//     slept, because all was quiet, the next call wakes it, and it looks around some sixty times
//     before it calms down. That is nothing beside thousands of turns a second, and many times
//     the cost of the work when there are ten.
//   - In the runtime's own poller, as a goroutine that waits for a socket: the reactor's epoll set
//     is a descriptor too, and readable when it has events. That wakes nobody else, but takes a
//     second call for what there is, and the scheduler's way. The time at which the wait ends is a
//     timer of the kernel's, another descriptor: for one of the runtime's the monitor wakes as well, and
//     so does the thread in the runtime's poller when it is set.

// pace tells whether a reactor blocks often enough for the first way. Its times are of the
// reactor's clock, in nanoseconds.
type pace struct {
	began  int64 // of the window that is counted
	blocks int   // in it
	fast   bool
}

// often counts that the reactor is about to block, and tells how.
func (p *pace) often(now int64) bool {
	p.blocks++
	if passed := now - p.began; passed >= paceNanos {
		fast := p.blocks >= paceBlocks && passed < 2*paceNanos
		if p.fast && fast {
			// A goroutine that has not been rescheduled for ten milliseconds is taken for one that
			// computes, and the monitor, which wants to have it off its processor, wakes fifty times
			// more often for a while. Gosched would rouse a thread to look for other work, each time.
			goyield()
		}
		p.began, p.blocks, p.fast = now, 0, fast
	}
	return p.fast
}

// goyield puts the goroutine behind those that its processor has to run, and wakes nobody for them. The
// runtime keeps it for others that name it like this.
//
//go:linkname goyield runtime.goyield
func goyield()

// slow says that nothing has happened for oftenMs.
func (p *pace) slow() { p.fast = false }

// yields knows whether giving the CPU away has paid lately.
type yields struct {
	credit int // of those that paid; at most yieldCredit
	passed int // how often it was not tried since the last time
}

// pay tells whether to yield now.
func (y *yields) pay() bool {
	if y.credit > 0 {
		return true
	}
	if y.passed++; y.passed < yieldProbe {
		return false
	}
	y.passed = 0
	return true
}

// tell says whether yielding has brought events.
func (y *yields) tell(paid bool) {
	if paid {
		y.credit = min(y.credit+yieldGain, yieldCredit)
	} else {
		y.credit = max(y.credit-1, 0)
	}
}

// door leads from a reactor's epoll set into the runtime's: an epoll set that is registered there,
// and holds the reactor's while it is open, and a timer. While it is shut the runtime hears nothing of the
// reactor's sockets.
type door struct {
	fd      int
	timerFD int
	file    *os.File
	raw     syscall.RawConn
	opened  bool
	due     time.Time // when the timer goes off; zero: it is not set
	look    func(uintptr) bool

	// Of the wait that is on.
	inner  int
	events []unix.EpollEvent
	found  int
	err    error
}

func (d *door) init(inner int) error {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return fmt.Errorf("epoll_create1: %w", err)
	}
	if err = unix.SetNonblock(fd, true); err != nil { // what tells package os that it can be waited for
		sysClose(fd)
		return fmt.Errorf("fcntl: %w", err)
	}
	d.file, d.fd, d.inner = os.NewFile(uintptr(fd), "epoll"), fd, inner
	if d.raw, err = d.file.SyscallConn(); err != nil {
		return err
	}
	d.look = func(uintptr) bool {
		d.found, d.err = sysEpollNow(d.inner, d.events)
		return d.found != 0 || d.err != nil || !d.due.IsZero() && !time.Now().Before(d.due)
	}
	if d.timerFD, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err != nil {
		return fmt.Errorf("timerfd_create: %w", err)
	}
	ev := unix.EpollEvent{Events: unix.EPOLLIN}
	if err = unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, d.timerFD, &ev); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	return nil
}

func (d *door) close() {
	if d.file != nil {
		_ = d.file.Close() // nothing is lost with it
		d.file = nil
	}
	if d.timerFD >= 0 {
		sysClose(d.timerFD)
		d.timerFD = -1
	}
}

// set opens or shuts the door.
func (d *door) set(open bool) error {
	if open == d.opened {
		return nil
	}
	op, ev := unix.EPOLL_CTL_DEL, unix.EpollEvent{Events: unix.EPOLLIN}
	if open {
		op = unix.EPOLL_CTL_ADD
	}
	if err := unix.EpollCtl(d.fd, op, d.inner, &ev); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	d.opened = open
	return nil
}

// wait blocks for at most delta nanoseconds, for ever if that is negative, until there are events. It
// may end sooner without any.
func (d *door) wait(delta int64, events []unix.EpollEvent) (int, error) {
	if err := d.set(true); err != nil {
		return 0, err
	}
	if err := d.date(delta); err != nil {
		return 0, err
	}
	d.events, d.found, d.err = events, 0, nil
	if err := d.raw.Read(d.look); err != nil {
		return 0, err
	}
	return d.found, d.err
}

// date sets the timer. One that goes off at about the same time is left as it is: most waits are for the same tick
// as the one before.
func (d *door) date(delta int64) error {
	if delta < 0 {
		if d.due.IsZero() {
			return nil
		}
		d.due = time.Time{}
		return sysTimer(d.timerFD, 0)
	}
	now := time.Now()
	delta = min(delta, maxDoze) // a 32-bit system's timer has no more
	due := now.Add(time.Duration(delta))
	if d.due.After(now) && due.Sub(d.due).Abs() < sameDue {
		return nil
	}
	d.due = due
	return sysTimer(d.timerFD, delta)
}
