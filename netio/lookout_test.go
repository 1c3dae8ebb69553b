//go:build linux

package netio

import (
	"net"
	"runtime"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// blockingPeer connects with a socket that the runtime's netpoller knows nothing of: whoever
// waits in it waits in the kernel, and does not look after the sockets of the server.
func blockingPeer(t *testing.T, at net.Addr) int {
	t.Helper()
	f, err := dial(t, at).(*net.TCPConn).File()
	must(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return int(f.Fd()) // which makes it blocking
}

// TestLookout: a connection whose goroutine has been woken and then never waits does not keep others
// from being served while all other threads sleep. Had they to wait until the runtime's monitor
// looks, which it does every 10 ms, some 200 turns would pass in between.
func TestLookout(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4)) // with none to spare the runtime would take the test's away
	const rounds, bound, turnTime = 40, 60, 20 * time.Microsecond
	var turns atomic.Int64
	var busy atomic.Bool
	_, at := serveStreams(t, Config{Stripes: 2}, ListenOptions{}, &hooks{accept: func(_ *Reactor, c *Conn) Session {
		works := false // the worker's: every connection has a first turn, without data
		return &script{data: func() {
			b := c.In().Peek()
			works = works || len(b) > 0 && b[0] == 'b'
			if len(b) > 0 && b[0] == 'p' {
				_, _ = c.Out().Write(b[:1])
			}
			c.In().Discard(len(b))
			if !works || !busy.Load() {
				return
			}
			for begin := time.Now(); time.Since(begin) < turnTime; {
			}
			turns.Add(1)
			c.Requeue()
		}}
	}})
	worker, peer := blockingPeer(t, at), blockingPeer(t, at)
	pause := func() { // in the kernel, too
		ts := syscall.NsecToTimespec(int64(time.Millisecond))
		_ = syscall.Nanosleep(&ts, nil) // cut short it does no harm
	}
	var waited []int64
	for range rounds {
		busy.Store(true)
		_, err := syscall.Write(worker, []byte("b"))
		must(t, err)
		for begin := turns.Load(); turns.Load() == begin; {
			pause()
		}
		begin := turns.Load()
		_, err = syscall.Write(peer, []byte("p"))
		must(t, err)
		_, err = syscall.Read(peer, make([]byte, 1))
		must(t, err)
		waited = append(waited, turns.Load()-begin)
		busy.Store(false)
		pause()
	}
	slices.Sort(waited)
	if median := waited[rounds/2]; median > bound {
		t.Errorf("a client waited for %d turns of another one, the median of %d; bound %d: %v", median, rounds, bound, waited)
	}
}

// TestGiveWay: stripes that have work without end do not keep others from being served. Called while
// two of them have all processors, the scheduler finds who is ready among them only, and looks for
// sockets every 10 ms, some 50 of their turns.
func TestGiveWay(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	const rounds, bound, late, turnTime = 150, 25, 8, 200 * time.Microsecond
	g, at := serveStreams(t, Config{Stripes: 3}, ListenOptions{}, echoHooks(nil))
	peer := blockingPeer(t, at) // on the first stripe
	var turns atomic.Int64
	var ended atomic.Bool
	for _, r := range g.Reactors()[1:] {
		var work func()
		work = func() {
			for begin := time.Now(); time.Since(begin) < turnTime; {
			}
			if turns.Add(1); !ended.Load() {
				r.Post(work)
			}
		}
		r.Post(work)
	}
	defer ended.Store(true)
	var waited []int64
	for range rounds {
		begin := turns.Load()
		_, err := syscall.Write(peer, []byte("p"))
		must(t, err)
		_, err = syscall.Read(peer, make([]byte, 1))
		must(t, err)
		waited = append(waited, (turns.Load()-begin)/2)
	}
	slices.Sort(waited)
	if waited[rounds-late-1] > bound {
		t.Errorf("clients waited for this many turns of each busy stripe: %v; all but %d should for no more than %d", waited, late, bound)
	}
}
