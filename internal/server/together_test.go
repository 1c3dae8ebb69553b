package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// These tests have several reactors sync for each other under always, while syncs are brief.

// together runs a server with two reactors and clients that write until they are told to end by over, or get no good reply. wait
// waits for that, and returns how often each has been acknowledged to have incremented its key, and how often it has asked to.
func together(t *testing.T, f *faultFS, dir string) (s *Server, end func(), over *atomic.Bool, wait func() (acked, sent []int)) {
	s, end = runFault(t, dir, f, true, "appendfsync", "always", "reactors", "2", "auto-aof-rewrite-percentage", "0")
	const clients = 12
	acked, sent := make([]int, clients), make([]int, clients)
	var wg sync.WaitGroup
	over = new(atomic.Bool)
	for i := range clients {
		c := dial(t, s)
		wg.Add(1)
		go func() {
			defer wg.Done()
			for !over.Load() {
				for range 2 { // the second may come while the first is waited for
					sent[i]++
					c.send(encode("INCR", fmt.Sprint("k", i)))
				}
				for range 2 {
					_ = c.SetReadDeadline(time.Now().Add(patience))
					if _, err := c.r.Peek(1); err != nil {
						if errors.Is(err, os.ErrDeadlineExceeded) {
							t.Errorf("client %d waits for its reply after %d", i, acked[i])
						}
						return
					}
					if got := c.reply(); got != fmt.Sprint(acked[i]+1) {
						return
					}
					acked[i]++
				}
			}
		}()
	}
	return s, end, over, func() ([]int, []int) {
		wg.Wait()
		return acked, sent
	}
}

// holds fails the test if a server with the data of dir lacks what was acknowledged, or has more than was sent.
func holds(t *testing.T, dir string, acked, sent []int) {
	t.Helper()
	s, _ := runAOF(t, dir)
	c := dial(t, s)
	for i := range acked {
		n := 0
		if _, err := fmt.Sscan(c.do("GET", fmt.Sprint("k", i)), &n); err != nil && acked[i] > 0 || n < acked[i] || n > sent[i] {
			t.Errorf("client %d: %d, want %d to %d, %v", i, n, acked[i], sent[i], err)
		}
	}
}

// TestTogetherWhileAllChanges changes the file and the policy while several reactors write and sync for each other: all replies
// come, and what was acknowledged is loaded.
func TestTogetherWhileAllChanges(t *testing.T) {
	dir := t.TempDir()
	s, end, over, wait := together(t, &faultFS{}, dir)
	c := dial(t, s)
	for round := range 6 {
		for c.do("BGREWRITEAOF") != "Background append only file rewriting started" {
			time.Sleep(time.Millisecond)
		}
		for _, policy := range []string{"everysec", "always", "no", "always"} {
			c.want("OK", "CONFIG", "SET", "appendfsync", policy)
			for i := range 20 {
				c.want("OK", "SET", "between", fmt.Sprint(round, i))
			}
		}
		until(t, "the AOF is rewritten", func() bool { return strings.Contains(c.do("INFO", "persistence"), "aof_rewrite_in_progress:0") })
	}
	over.Store(true)
	acked, sent := wait()
	for i := range acked {
		if acked[i] != sent[i] || acked[i] == 0 {
			t.Errorf("client %d has %d replies to %d writes", i, acked[i], sent[i])
		}
	}
	end()
	holds(t, dir, acked, sent)
}

// TestTogetherFails lets a sync fail for which several reactors wait: the connections of all who waited are closed, and what was
// acknowledged before, or after the rewrite that heals it, is loaded.
func TestTogetherFails(t *testing.T) {
	dir, f := t.TempDir(), &faultFS{}
	s, end, _, wait := together(t, f, dir)
	c := dial(t, s)
	for range 100 {
		c.want("OK", "SET", "warm", "x")
	}
	f.set(func(op string) error {
		if op == "sync" {
			return &fs.PathError{Op: op, Err: syscall.EIO}
		}
		return nil
	})
	acked, sent := wait()
	for i := range acked {
		if acked[i] == sent[i] {
			t.Errorf("client %d got a reply", i)
		}
	}
	f.set(nil)
	until(t, "it is whole again", func() bool { return c.do("SET", "warm", "y") == "OK" })
	end()
	holds(t, dir, acked, sent)
}
