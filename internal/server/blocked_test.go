package server

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// block sends a command and waits until n clients are blocked.
func (c *testClient) block(s *Server, n int64, args ...string) {
	c.t.Helper()
	c.send(encode(args...))
	waitBlocked(c.t, s, n)
}

func waitBlocked(t testing.TB, s *Server, n int64) {
	t.Helper()
	for end := time.Now().Add(patience); s.Waiting.Blocked.Load() != n; {
		if time.Now().After(end) {
			t.Fatalf("%d clients are blocked, want %d", s.Waiting.Blocked.Load(), n)
		}
		time.Sleep(100 * time.Microsecond)
	}
}

func (c *testClient) gets(want string) {
	c.t.Helper()
	if got := c.reply(); got != want {
		c.t.Errorf("got %q, want %q", got, want)
	}
}

// noObservers checks that nothing is left in the tables.
func noObservers(t *testing.T, s *Server) {
	t.Helper()
	if n := s.Observers.Count(); n.Blocking+n.Watched > 0 {
		t.Errorf("%d queues, %d watched keys left", n.Blocking, n.Watched)
	}
	if n, timed := s.Waiting.Blocked.Load(), s.Waiting.Timed.Load(); n != 0 || timed != 0 {
		t.Errorf("%d blocked clients counted, %d with a timeout", n, timed)
	}
}

func TestBlockedFirstComeFirstServed(t *testing.T) {
	s := startServer(t)
	p := dial(t, s)
	var cs []*testClient
	for i := range 6 {
		c := dial(t, s)
		c.block(s, int64(i+1), "BLPOP", "other", "bag", "0")
		cs = append(cs, c)
	}
	cs[2].Close()
	waitBlocked(t, s, 5)
	p.want("2", "RPUSH", "bag", "x", "x")
	p.want("0", "LLEN", "bag") // both were taken before the pusher's next command
	cs[0].gets("[bag x]")
	cs[1].gets("[bag x]")
	waitBlocked(t, s, 3)
	p.want("4", "RPUSH", "bag", "x", "x", "x", "x")
	for _, i := range []int{3, 4, 5} {
		cs[i].gets("[bag x]")
	}
	p.want("1", "LLEN", "bag")
	p.want("PONG", "PING")
	cs[0].want("[bag x]", "BLPOP", "bag", "0")
	noObservers(t, s)
}

func TestBlockedKeepsPipeline(t *testing.T) {
	s := startServer(t)
	c, p := dial(t, s), dial(t, s)
	c.send(encode("SET", "a", "1") + encode("BLPOP", "bag", "0") + encode("INCR", "a") + encode("BLPOP", "bag", "0") + encode("INCR", "a"))
	waitBlocked(t, s, 1)
	c.gets("OK")
	c.send(encode("INCR", "a"))
	p.want("1", "GET", "a")
	p.want("1", "RPUSH", "bag", "x")
	c.gets("[bag x]")
	c.gets("2")
	waitBlocked(t, s, 1)
	p.want("2", "GET", "a")
	p.want("1", "RPUSH", "bag", "x")
	for _, want := range []string{"[bag x]", "3", "4"} {
		c.gets(want)
	}
	c.want("PONG", "PING")
	c.send(encode("CLIENT", "REPLY", "SKIP") + encode("BLPOP", "bag", "0") + encode("PING"))
	waitBlocked(t, s, 1)
	p.want("1", "RPUSH", "bag", "x")
	c.gets("PONG")
	noObservers(t, s)
}

func TestBlockedTimeout(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	until(t, "a timeout that is not late", func() bool { // a busy machine may be
		start := time.Now()
		c.want("nil", "BLPOP", "bag", "0.025")
		d := time.Since(start)
		if d < 25*time.Millisecond {
			t.Fatalf("only %v", d)
		}
		return d <= 35*time.Millisecond
	})
	c.send(encode("BLPOP", "bag", "0.01") + encode("PING"))
	c.gets("nil")
	c.gets("PONG")
	c.send(encode("BLMOVE", "bag", "b", "LEFT", "RIGHT", "0.01"))
	if b, err := c.r.Peek(5); err != nil || string(b) != "*-1\r\n" {
		t.Errorf("%q %v", b, err)
	}
	c.gets("nil")
	var cs []*testClient
	for i, timeout := range []string{"0.3", "0.1", "0", "0.2"} {
		o := dial(t, s)
		o.block(s, int64(i+1), "BLPOP", "bag", timeout)
		cs = append(cs, o)
	}
	p := dial(t, s)
	p.want("1", "RPUSH", "bag", "x") // the first, whose timer is in the middle
	cs[0].gets("[bag x]")
	cs[1].gets("nil")
	cs[3].gets("nil")
	waitBlocked(t, s, 1)
	p.want("1", "RPUSH", "bag", "x")
	cs[2].gets("[bag x]")
	noObservers(t, s)
}

// TestBlockedChain: what a served client does wakes the next one, over shards.
func TestBlockedChain(t *testing.T) {
	s := startServer(t)
	p := dial(t, s)
	var cs []*testClient
	const n = 12
	for i := range n {
		c := dial(t, s)
		c.block(s, int64(i+1), "BLMOVE", fmt.Sprint("k", i), fmt.Sprint("k", i+1), "LEFT", "RIGHT", "0")
		cs = append(cs, c)
	}
	p.want("1", "RPUSH", "k0", "x")
	p.want("1", "LLEN", fmt.Sprint("k", n))
	for _, c := range cs {
		c.gets("x")
	}
	ring, tail := dial(t, s), dial(t, s)
	ring.block(s, 1, "BLMOVE", "k", "k", "LEFT", "RIGHT", "0")
	tail.block(s, 2, "BLPOP", "k", "0")
	p.want("1", "RPUSH", "k", "x")
	ring.gets("x")
	tail.gets("[k x]")
	p.want("0", "EXISTS", "k")
	noObservers(t, s)
}

func TestBlockedWokenByOtherCommands(t *testing.T) {
	s := startServer(t)
	p := dial(t, s)
	wake := func(pre [][]string, cmd ...string) {
		t.Helper()
		for _, args := range pre {
			p.do(args...)
		}
		c := dial(t, s)
		c.block(s, 1, "BLPOP", "none", "bag", "0")
		if got := p.do(cmd...); strings.HasPrefix(got, "ERR") {
			t.Errorf("%v: %s", cmd, got)
		}
		p.want("0", "EXISTS", "bag")
		c.gets("[bag x]")
	}
	one := []string{"RPUSH", "x", "x"}
	wake([][]string{one}, "RENAME", "x", "bag")
	wake([][]string{{"DEL", "x"}, one}, "COPY", "x", "bag")
	wake([][]string{{"SELECT", "1"}, {"RPUSH", "bag", "x"}}, "MOVE", "bag", "0")
	p.want("OK", "SELECT", "0")
	wake([][]string{{"DEL", "x"}, one}, "COPY", "x", "bag", "DB", "0")
	c := dial(t, s)
	c.want("OK", "SELECT", "3")
	c.block(s, 1, "BLPOP", "bag", "0")
	p.want("1", "RPUSH", "bag", "x")
	p.want("OK", "SWAPDB", "1", "2")
	waitBlocked(t, s, 1)
	p.want("OK", "SWAPDB", "0", "3")
	c.gets("[bag x]")
	p.want("OK", "FLUSHALL")
	noObservers(t, s)
}

func TestClientUnblockAndKill(t *testing.T) {
	t.Parallel() // it waits most of the time
	s := startServer(t)
	c, p := dial(t, s), dial(t, s)
	id := c.do("CLIENT", "ID")
	p.want("0", "CLIENT", "UNBLOCK", id)
	p.want("ERR value is not an integer or out of range", "CLIENT", "UNBLOCK", "x")
	p.want("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR", "CLIENT", "UNBLOCK", id, "x")
	for _, reason := range [][2]string{{"", "nil"}, {"TIMEOUT", "nil"}, {"error", "UNBLOCKED client unblocked via CLIENT UNBLOCK"}} {
		c.block(s, 1, "BLPOP", "bag", "0")
		if got := p.do("CLIENT", "LIST", "ID", id); !strings.Contains(got, " flags=b ") || !strings.Contains(got, "cmd=blpop") {
			t.Error(got)
		}
		if got := p.do("INFO", "clients"); !strings.Contains(got, "blocked_clients:1\r\n") {
			t.Error(got)
		}
		p.want("1", strings.Fields("CLIENT UNBLOCK "+id+" "+reason[0])...)
		c.gets(reason[1])
	}
	p.want("OK", "CONFIG", "SET", "timeout", "1")
	c.block(s, 1, "BLPOP", "bag", "2.5")
	p.closed()    // it is idle
	c.gets("nil") // a blocked client is not
	p = dial(t, s)
	p.want("OK", "CONFIG", "SET", "timeout", "0")
	c.block(s, 1, "BLPOP", "bag", "0")
	p.want("1", "CLIENT", "KILL", "ID", id)
	waitBlocked(t, s, 0)
	p.want("1", "RPUSH", "bag", "x")
	p.want("1", "LLEN", "bag")
	c.closed()
	noObservers(t, s)
}

// TestBlockedHammer: producers, movers that die at random, and poppers that are unblocked
// at random. Whatever was put in is somewhere in the end.
func TestBlockedHammer(t *testing.T) {
	s := startServer(t, "reactors", "3")
	const producers, perProducer, movers, poppers, sources = 4, 400, 8, 4, 3
	var wg, work sync.WaitGroup
	var popped atomic.Int64
	stop := make(chan struct{})
	stopped := func() bool {
		select {
		case <-stop:
			return true
		default:
			return false
		}
	}
	source := func() string { return fmt.Sprint("src", rand.IntN(sources)) }
	for range movers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for !stopped() {
				c := dial(t, s)
				for n := rand.IntN(5); n >= 0 && !stopped(); n-- {
					c.send(encode("BLMOVE", source(), fmt.Sprint("dst", rand.IntN(5)), "LEFT", "RIGHT", "0.05"))
					if n > 0 {
						c.reply()
					}
				}
				time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond)
				c.Close() // in the middle of the last
			}
		}()
	}
	for range poppers {
		wg.Add(1)
		c := dial(t, s)
		go func() {
			defer wg.Done()
			for !stopped() {
				if c.do("BLPOP", source(), source(), "0.01") != "nil" {
					popped.Add(1)
				}
			}
		}()
	}
	for range producers {
		work.Add(1)
		c := dial(t, s)
		go func() {
			defer work.Done()
			for range perProducer {
				c.do("RPUSH", source(), "x")
				if rand.IntN(20) == 0 {
					time.Sleep(time.Millisecond)
				}
			}
		}()
	}
	work.Wait()
	close(stop)
	wg.Wait()
	waitBlocked(t, s, 0)
	c := dial(t, s)
	sum := popped.Load()
	for _, k := range strings.Fields("src0 src1 src2 dst0 dst1 dst2 dst3 dst4") {
		n, _ := strconv.ParseInt(c.do("LLEN", k), 10, 64)
		sum += n
	}
	if sum != producers*perProducer {
		t.Errorf("%d of %d are left (%d popped)", sum, producers*perProducer, popped.Load())
	}
	noObservers(t, s)
}
