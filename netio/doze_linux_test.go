package netio

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// quicken makes p wait as one does that blocks often, until it has waited in vain.
func (p *epoll) quicken() { p.pace.fast = true }

// TestPace: whoever blocks a thousand times a second is told to block as a system call, from the next
// window on, and not any more when he does so less often, or when nothing comes.
func TestPace(t *testing.T) {
	var p pace
	now := int64(0)
	window := func(blocks int, length int64) (fast bool) {
		for range blocks {
			now += length / int64(blocks)
			fast = p.often(now)
		}
		return fast
	}
	for _, c := range []struct {
		what   string
		blocks int
		length int64
		want   bool
	}{
		{"often", paceBlocks, paceNanos, true},
		{"often again", 10 * paceBlocks, paceNanos, true},
		{"less often", paceBlocks / 2, paceNanos, false},
		{"as many in a longer time", paceBlocks, 8 * paceNanos, false},
		{"often at last", paceBlocks, paceNanos, true},
	} {
		if got := window(c.blocks, c.length); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}
	if p.slow(); p.often(now) {
		t.Error("nothing came, and it blocks as a system call")
	}
}

// TestPaceGivesWay: whoever blocks often lets what waits for its processor run, once in a window.
func TestPaceGivesWay(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var ran atomic.Bool
	go ran.Store(true)
	for range 100 { // one may run what others have left
		if p := (pace{fast: true, blocks: paceBlocks}); !p.often(paceNanos) {
			t.Fatal("not fast any more")
		}
		if ran.Load() {
			return
		}
	}
	t.Error("another goroutine has not run")
}

// TestYields: a reactor yields as long as one time in three brings events; else it tries now and then.
func TestYields(t *testing.T) {
	var y yields
	tries := func() (n int) {
		for range 10 * yieldProbe {
			if y.pay() {
				n++
				y.tell(false)
			}
		}
		return n
	}
	if n := tries(); n != 10 {
		t.Errorf("%d of %d blocks were tries", n, 10*yieldProbe)
	}
	y.tell(true)
	y.tell(true)
	for i := range 100 * (yieldGain + 1) {
		if !y.pay() {
			t.Fatal("it gives up although yielding pays")
		}
		y.tell(i%(yieldGain+1) == yieldGain)
	}
	for range yieldCredit {
		y.tell(true)
	}
	if n := tries(); n < yieldCredit || n > yieldCredit+10 {
		t.Errorf("%d yields in vain before it gives up", n)
	}
}

// TestDoorTimes: a wait in the runtime's poller lasts as long as it is to, whatever the one before was to last: as long as
// no time at all, as nearly the same, as less or more of it, or as for ever.
func TestDoorTimes(t *testing.T) {
	p := newPoller().(*epoll)
	must(t, p.Init())
	defer p.Close()
	var events [4]Event
	wait := func(delta time.Duration) {
		t.Helper()
		for begin := time.Now(); time.Since(begin) < delta; { // it may end sooner, and is asked again then
			n, err := p.Poll(0, int64(delta-time.Since(begin)), events[:])
			if must(t, err); n != 0 {
				t.Fatalf("%d events", n)
			}
		}
	}
	for range 200 {
		wait(1) // over before anybody waits for it, or just then
	}
	for i := range 50 {
		wait(time.Millisecond + time.Duration(i%7)*sameDue/4)
	}
	p.Break()
	if _, err := p.Poll(0, int64(time.Hour), events[:]); err != nil { // ended by the Break
		t.Fatal(err)
	}
	wait(2 * time.Millisecond) // not an hour
	p.Break()
	if _, err := p.Poll(0, int64(5*time.Millisecond), events[:]); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { // for ever, not for what is left of the 5 ms
		_, err := p.Poll(0, -1, events[:])
		ended <- err
	}()
	select {
	case err := <-ended:
		t.Fatal("a wait for ever has ended by itself", err)
	case <-time.After(50 * time.Millisecond):
	}
	p.Break()
	must(t, <-ended)
}

// TestDoorKeepsTheTimer: a wait that is to end when the one before was sets no timer.
func TestDoorKeepsTheTimer(t *testing.T) {
	d := newPoller().(*epoll)
	must(t, d.Init())
	defer d.Close()
	must(t, d.door.date(int64(time.Hour)))
	due := d.door.due
	kept := false
	for tries := 0; !kept && tries < 100; tries++ { // the goroutine may have no processor in between
		must(t, d.door.date(int64(time.Until(due))))
		kept = d.door.due.Equal(due)
		due = d.door.due
	}
	if !kept {
		t.Error("the timer was set anew each time")
	}
	if must(t, d.door.date(int64(time.Minute))); !d.door.due.Before(due) {
		t.Error("a wait that is to end sooner has not set it")
	}
	if must(t, d.door.date(-1)); !d.door.due.IsZero() {
		t.Error("a wait for ever has a timer")
	}
}
