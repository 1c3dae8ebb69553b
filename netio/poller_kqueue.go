//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package netio

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// PollerName names the mechanism, as in INFO's multiplexing_api.
const PollerName = "kqueue"

// kqueue is the Poller of macOS and the BSDs. A Break is a write to a pipe.
type kqueue struct {
	fd     int
	pipe   [2]int
	tokens []Token // by descriptor: what an event carries differs between the systems
	raw    [pollEvents]unix.Kevent_t
}

func newPoller() Poller { return &kqueue{fd: -1, pipe: [2]int{-1, -1}} }

func (p *kqueue) Init() error {
	var err error
	if p.fd, err = unix.Kqueue(); err != nil {
		return fmt.Errorf("kqueue: %w", err)
	}
	unix.CloseOnExec(p.fd)
	fds := make([]int, 2)
	if err = unix.Pipe(fds); err != nil {
		p.Close()
		return fmt.Errorf("pipe: %w", err)
	}
	p.pipe = [2]int{fds[0], fds[1]}
	for _, fd := range fds {
		unix.CloseOnExec(fd)
		if err = unix.SetNonblock(fd, true); err != nil {
			p.Close()
			return fmt.Errorf("pipe: %w", err)
		}
	}
	if err = p.Open(p.pipe[0], 0, 0, Readable); err != nil {
		p.Close()
	}
	return err
}

func (p *kqueue) Open(fd int, token Token, was, want Interest) error {
	for fd >= len(p.tokens) {
		p.tokens = append(p.tokens, 0)
	}
	p.tokens[fd] = token
	var changes [2]unix.Kevent_t
	n := 0
	for _, f := range [2]struct {
		member Interest
		filter int
	}{{Readable, unix.EVFILT_READ}, {Writable, unix.EVFILT_WRITE}} {
		if (was^want)&f.member == 0 {
			continue
		}
		flags := unix.EV_ADD
		if want&f.member == 0 {
			flags = unix.EV_DELETE
		}
		unix.SetKevent(&changes[n], fd, f.filter, flags)
		n++
	}
	if n == 0 {
		return nil
	}
	if _, err := unix.Kevent(p.fd, changes[:n], nil, nil); err != nil {
		return fmt.Errorf("kevent: %w", err)
	}
	return nil
}

func (p *kqueue) Poll(_, delta int64, events []Event) (int, error) {
	raw := p.raw[:min(len(events), len(p.raw))]
	var wait *unix.Timespec
	if delta >= 0 {
		ts := unix.NsecToTimespec(delta)
		wait = &ts
	}
	n, err := unix.Kevent(p.fd, nil, raw, wait)
	if err != nil {
		if errors.Is(err, unix.EINTR) {
			err = nil
		}
		return 0, err
	}
	count := 0
	for i := range raw[:n] {
		fd := int(raw[i].Ident)
		if fd == p.pipe[0] {
			var dump [64]byte
			_, _ = sysRead(fd, dump[:])
			continue
		}
		ready := Readable
		if int(raw[i].Filter) == unix.EVFILT_WRITE {
			ready = Writable
		}
		events[count] = Event{Token: p.tokens[fd], Ready: ready}
		count++
	}
	return count, nil
}

func (p *kqueue) Break() {
	_, _ = sysWrite(p.pipe[1], []byte{1}) // a full pipe wakes just as well
}

func (p *kqueue) IsPollDescriptor(fd int) bool {
	return fd == p.fd || fd == p.pipe[0] || fd == p.pipe[1]
}

func (p *kqueue) Close() {
	for _, fd := range []*int{&p.fd, &p.pipe[0], &p.pipe[1]} {
		if *fd >= 0 {
			sysClose(*fd)
			*fd = -1
		}
	}
}
