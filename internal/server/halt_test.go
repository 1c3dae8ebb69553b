package server

import (
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kringdb/kring/command"
)

// until waits for a condition that must come about.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	pause := time.Millisecond
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(pause) {
		if time.Now().After(end) {
			t.Fatal("not within a minute: ", what)
		}
		pause = min(pause*5/4, 20*time.Millisecond) // asking costs what is waited for its time
	}
}

// TestReplyEndsAtTheOutputLimit: a reply that exceeds the client's hard limit is not made any
// further, on workers and on reactors, and the connection is closed; what a transaction has besides
// such a reply is done.
func TestReplyEndsAtTheOutputLimit(t *testing.T) {
	s := startServer(t, "client-output-buffer-limit", "normal 100000 0 0")
	c := dial(t, s)
	c.want("1", "SADD", "s", "member")
	c.want("1", "ZADD", "z", "1", "member")
	for range 150 {
		c.do("RPUSH", "l", strings.Repeat("x", 1000))
	}
	for _, call := range [][]string{{"SRANDMEMBER", "s", "-10000000"}, {"ZRANDMEMBER", "z", "-999999999"}, {"LRANGE", "l", "0", "-1"}} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d := dial(t, s)
		d.send(encode(call...))
		d.closed()
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 16<<20 {
			t.Errorf("%v: %d bytes for a reply that may have 100,000", call, grown)
		}
	}
	until(t, "the calls end", func() bool { return s.Slow.Running() == 0 })
	if n := s.clients.Counts.OutputLimitCloses.Load(); n != 3 {
		t.Errorf("%d connections closed because of the limit, want 3", n)
	}
	d := dial(t, s)
	d.want("OK", "MULTI")
	for _, call := range [][]string{{"SET", "a", "1"}, {"LRANGE", "l", "0", "-1"}, {"SUNIONSTORE", "s2", "s"}} {
		d.want("QUEUED", call...)
	}
	d.send(encode("EXEC"))
	d.closed()
	c.want("1", "GET", "a")
	c.want("1", "SCARD", "s2")
}

// TestSoftLimitWhileNothingIsSent: output above the soft limit for too long ends the connection
// without anything more being sent to it, whatever the client is.
func TestSoftLimitWhileNothingIsSent(t *testing.T) {
	t.Parallel() // it waits most of the time
	s := startServer(t, "client-output-buffer-limit", "pubsub 0 100000 1", "client-output-buffer-limit", "normal 0 100000 1")
	c := dial(t, s)
	big := strings.Repeat("x", 1<<20)
	c.want("OK", "SET", "big", big)
	closes := func(n int64) {
		t.Helper()
		until(t, "the connection is closed", func() bool { return s.clients.Counts.OutputLimitCloses.Load() == n })
	}
	sub := dial(t, s)
	sub.want("[subscribe ch 1]", "SUBSCRIBE", "ch")
	for range 16 {
		if got := c.do("PUBLISH", "ch", big); got == "0" {
			closes(1) // all this took longer than the limit's second
			break
		} else if got != "1" {
			t.Fatal(got)
		}
	}
	closes(1)
	dial(t, s).send(strings.Repeat(encode("GET", "big"), 16))
	closes(2)
	watcher := dial(t, s)
	watcher.want("OK", "MONITOR")
	for range 16 {
		c.want(big, "ECHO", big)
	}
	closes(3)
	c.want("PONG", "PING")
}

// TestNobodyWaitsForTheReply: a command on a worker ends when its client has gone or is killed.
func TestNobodyWaitsForTheReply(t *testing.T) {
	t.Parallel() // it waits most of the time
	s := startServer(t)
	c := dial(t, s)
	c.want("1", "ZADD", "z", "1", "member")
	for _, call := range [][]string{{"ZRANDMEMBER", "z", "-999999999"}, {"DEBUG", "SLEEP", "3000"}} {
		d := dial(t, s)
		d.send(encode(call...))
		until(t, "the call runs", func() bool { return s.Slow.Running() == 1 })
		_ = d.Close()
		until(t, "the call of a client that is gone ends", func() bool { return s.Slow.Running() == 0 })
		d = dial(t, s)
		id := d.do("CLIENT", "ID")
		d.send(encode(call...))
		until(t, "the call runs", func() bool { return s.Slow.Running() == 1 })
		c.want("1", "CLIENT", "KILL", "ID", id)
		d.closed()
		until(t, "the call of a killed client ends", func() bool { return s.Slow.Running() == 0 })
	}
	c.want("PONG", "PING")
}

// TestEndWhileACommandRuns: the server ends, whatever its commands do.
func TestEndWhileACommandRuns(t *testing.T) {
	t.Parallel() // it waits most of the time
	for _, call := range [][]string{{"ZRANDMEMBER", "z", "-999999999"}, {"DEBUG", "SLEEP", "3000"}, {"KEYS", "deaf"}} {
		t.Run(call[0], func(t *testing.T) {
			forever := make(chan struct{})
			s, end := launch(t, func(s *Server) {
				hastyEnd(s)
				keys := s.Table.Original([]byte("keys")).Handler
				s.Table.Original([]byte("keys")).Handler = func(c *command.Ctx) {
					if string(c.Args[1]) == "deaf" {
						<-forever
						return
					}
					keys(c)
				}
			})
			s.awaitReady(t)
			c := dial(t, s)
			c.want("1", "ZADD", "z", "1", "member")
			c.send(encode(call...))
			until(t, "the call runs", func() bool { return s.Slow.Running() == 1 })
			end() // fails the test if it takes long
			close(forever)
		})
	}
}

// hastyEnd has the server's end wait for what runs less long than users get: what is told apart is who holds it up, and
// for how long is not.
func hastyEnd(s *Server) { s.disk.Grace = 300 * time.Millisecond }

// slowAppends has each APPEND take 50 ms more, until over is closed, and tells of the first.
func slowAppends(runs, over chan struct{}) func(s *Server) {
	begun := sync.OnceFunc(func() { close(runs) })
	return func(s *Server) {
		appending := s.Table.Original([]byte("append")).Handler
		s.Table.Original([]byte("append")).Handler = func(c *command.Ctx) {
			appending(c)
			begun()
			select {
			case <-over:
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
}

// TestEndWhileATransactionWrites: nor does one that goes on and on writing. A transaction is in the snapshot with all its
// calls, however long that takes, or there is no new snapshot, which the end tells; with an AOF, which
// has what others have been told is done, nothing of the transaction is there afterwards.
func TestEndWhileATransactionWrites(t *testing.T) {
	const minute = 1200 // calls
	for _, c := range []struct {
		name, aof string
		calls     int
		patience  time.Duration
		saved     bool
		left      int
	}{
		{"it ends", "no", 30, patience, true, 30}, // after five times the grace
		{"it does not", "no", minute, time.Second, false, 0},
		{"with an AOF", "yes", minute, patience, true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir, runs, over := t.TempDir(), make(chan struct{}), make(chan struct{})
			slow := slowAppends(runs, over)
			s, end := serveUntil(t, optionsOf(t, forTests(t, []string{"dir", dir, "save", "3600 1000000", "appendonly", c.aof})...), func(s *Server) {
				slow(s)
				hastyEnd(s)
				s.disk.Patience = c.patience
			})
			s.awaitReady(t)
			writer, other := dial(t, s), dial(t, s)
			other.want("OK", "SET", "old", "1")
			other.want("OK", "SAVE")
			other.want("OK", "SET", "other", "1")
			writer.want("OK", "MULTI")
			for range c.calls {
				writer.want("QUEUED", "APPEND", "k", "x")
			}
			writer.send(encode("EXEC"))
			<-runs
			if err := end(); (err == nil) != c.saved {
				t.Errorf("the server's end told %v", err)
			}
			close(over)
			again, _ := launch(t, nil, "dir", dir, "appendonly", c.aof)
			again.awaitReady(t)
			other = dial(t, again)
			other.want("1", "GET", "old")
			if c.saved {
				other.want("1", "GET", "other")
			}
			other.want(strconv.Itoa(c.left), "STRLEN", "k")
		})
	}
}

// TestEndWhileATransactionRuns: a transaction that reads without end, on a reactor and on a worker, holds up
// the server's end no longer than it is given, with save points as well; what it has changed is
// whole.
func TestEndWhileATransactionRuns(t *testing.T) {
	for _, slow := range []string{"", "CLIENT LIST"} {
		t.Run(slow, func(t *testing.T) {
			t.Parallel()
			dir, runs := t.TempDir(), make(chan struct{}, 2)
			s, end := launch(t, func(s *Server) {
				hastyEnd(s)
				s.Table.Original([]byte("strlen")).Handler = func(c *command.Ctx) {
					runs <- struct{}{}
					for !c.Halted() {
						time.Sleep(time.Millisecond)
					}
				}
			}, "dir", dir, "save", "3600 1000000")
			s.awaitReady(t)
			c := dial(t, s)
			c.want("OK", "MULTI")
			c.want("QUEUED", "SET", "before", "1")
			if slow != "" {
				c.want("QUEUED", strings.Fields(slow)...)
			}
			c.want("QUEUED", "STRLEN", "before")
			c.want("QUEUED", "SET", "after", "1")
			c.want("QUEUED", "STRLEN", "before")
			c.send(encode("EXEC"))
			<-runs
			end() // fails the test if it takes long
			c.closed()
			again, _ := launch(t, nil, "dir", dir)
			again.awaitReady(t)
			dial(t, again).want("[1 1]", "MGET", "before", "after")
		})
	}
}

// TestConnectionsEndLast: who sees the connection end by which it called SHUTDOWN, or one of the others, can start the next server on
// the same files at once, however long the disk has taken.
func TestConnectionsEndLast(t *testing.T) {
	dir, f := t.TempDir(), &faultFS{}
	waits, let := make(chan struct{}, 100), make(chan struct{})
	s, end := launch(t, func(s *Server) { s.disk.FS, s.disk.Grace = f, patience }, "dir", dir, "appendonly", "yes")
	release := sync.OnceFunc(func() { close(let) })
	t.Cleanup(release)
	s.awaitReady(t)
	f.set(func(op string) error {
		if op == "sync" {
			waits <- struct{}{}
			<-let
		}
		return nil
	})
	asker, other := dial(t, s), dial(t, s)
	asker.want("OK", "SET", "k", "v")
	asker.send(encode("SHUTDOWN", "NOSAVE"))
	until(t, "the server ends", s.stopping.Load)
	select {
	case <-waits:
	case <-time.After(patience):
		t.Fatal("nothing is synced")
	}
	for _, c := range []*testClient{asker, other} {
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		if _, err := c.r.Peek(1); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("a connection ends before the server: ", err)
		}
		_ = c.SetReadDeadline(time.Now().Add(patience))
	}
	release()
	asker.closed()
	next, endNext := runAOF(t, dir)
	dial(t, next).want("v", "GET", "k")
	endNext()
	other.closed()
	end()
}
