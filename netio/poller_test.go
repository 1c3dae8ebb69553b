//go:build unix

package netio

import (
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// eachWay runs a test with a poller for each way in which it may wait.
func eachWay(t *testing.T, test func(t *testing.T, p Poller)) {
	t.Helper()
	run := func(t *testing.T, p Poller) {
		must(t, p.Init())
		defer p.Close()
		test(t, p)
	}
	t.Run("seldom", func(t *testing.T) { run(t, newPoller()) })
	t.Run("often", func(t *testing.T) {
		p := newPoller()
		q, ok := p.(interface{ quicken() })
		if !ok {
			t.Skip("it has one way")
		}
		q.quicken()
		run(t, p)
	})
}

func TestPoller(t *testing.T) { eachWay(t, testPoller) }

func testPoller(t *testing.T, p Poller) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	must(t, err)
	defer sysClose(fds[1])
	var events [4]Event
	poll := func(delta int64, want ...Event) {
		t.Helper()
		n, err := p.Poll(0, delta, events[:])
		must(t, err)
		got := map[Token]Interest{}
		for _, ev := range events[:n] {
			got[ev.Token] |= ev.Ready
		}
		if len(got) != len(want) {
			t.Fatalf("Poll gave %v, want %v", events[:n], want)
		}
		for _, w := range want {
			if got[w.Token] != w.Ready {
				t.Fatalf("Poll gave %v, want %v", events[:n], want)
			}
		}
	}
	const token = Token(7<<32 | 9)
	must(t, p.Open(fds[0], token, 0, Readable))
	poll(0)
	start := time.Now()
	poll(int64(3 * time.Millisecond))
	if d := time.Since(start); d < 3*time.Millisecond {
		t.Errorf("a poll of 3 ms took %s", d)
	}
	must(t, p.Open(fds[0], token, Readable, Readable|Writable))
	poll(-1, Event{token, Writable})
	_, err = sysWrite(fds[1], []byte("x"))
	must(t, err)
	poll(-1, Event{token, Readable | Writable})
	poll(0, Event{token, Readable | Writable}) // level-triggered
	must(t, p.Open(fds[0], token, Readable|Writable, 0))
	poll(0)
	must(t, p.Open(fds[0], token, 0, Readable))
	poll(-1, Event{token, Readable})
	_, err = sysRead(fds[0], make([]byte, 10))
	must(t, err)
	poll(0)
	must(t, unix.Shutdown(fds[1], unix.SHUT_WR))
	poll(-1, Event{token, Readable})
	sysClose(fds[0]) // forgets it
	poll(0)
	if p.IsPollDescriptor(fds[1]) {
		t.Error("a foreign descriptor passes for the poller's")
	}
	own := 0
	for fd := range 100 {
		if p.IsPollDescriptor(fd) {
			own++
		}
	}
	if own < 2 {
		t.Errorf("the poller knows %d of its descriptors", own)
	}
	if err = p.Open(fds[0], token, 0, Readable); err == nil {
		t.Error("a closed descriptor was opened")
	}
}

func TestPollerBreak(t *testing.T) { eachWay(t, testPollerBreak) }

func testPollerBreak(t *testing.T, p Poller) {
	var events [4]Event
	p.Break() // nobody blocks: the next one returns
	p.Break()
	if n, err := p.Poll(0, -1, events[:]); n != 0 || err != nil {
		t.Fatalf("Poll = %d, %v", n, err)
	}
	if n, err := p.Poll(0, 0, events[:]); n != 0 || err != nil {
		t.Fatalf("Poll = %d, %v", n, err)
	}
	var wg sync.WaitGroup
	for range 50 {
		wg.Add(1)
		go func() { defer wg.Done(); p.Break() }()
		if n, err := p.Poll(0, -1, events[:]); n != 0 || err != nil {
			t.Fatalf("Poll = %d, %v", n, err)
		}
		wg.Wait()
	}
}
