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

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/resp"
)

// The commands below treat a number as a bag of as many things: TPUSH key n puts n in,
// TPOP key... timeout takes one out and tells from where, TMOVE from to timeout moves one.
func init() {
	testSpecs = append(testSpecs,
		&command.Spec{
			Name: "tpush", Arity: 3, Flags: command.Write, Group: command.GroupString, Since: "7.0.0", Complexity: "O(1)", Summary: "Test.", Syntax: "key n:integer",
			Keys: []command.KeySpec{command.KeyAt(1, command.KeyRW)}, Handler: func(c *command.Ctx) {
				n, _ := resp.ParseInt(c.Args[2])
				c.W.Int(bagAdd(c, 0, n))
			},
		},
		&command.Spec{
			Name: "tpop", Arity: -3, Flags: command.Write | command.Blocking, Group: command.GroupString, Since: "7.0.0", Complexity: "O(1)", Summary: "Test.",
			Syntax: "key... timeout:double", Keys: []command.KeySpec{command.KeyRange(1, -2, 1, command.KeyRW)}, Handler: tpop,
		},
		&command.Spec{
			Name: "tmove", Arity: 4, Flags: command.Write | command.Blocking, Group: command.GroupString, Since: "7.0.0", Complexity: "O(1)", Summary: "Test.",
			Syntax: "from to timeout:double", Keys: []command.KeySpec{command.KeyAt(1, command.KeyRW), command.KeyAt(2, command.KeyRW)}, Handler: tmove,
		})
}

func bagAdd(c *command.Ctx, key int, by int64) int64 {
	k := c.Keys[key]
	e := c.Find(k)
	n := by
	if e.A != 0 {
		old, _ := c.Store.StringInt(e)
		n += old
	}
	if n == 0 {
		c.Store.Delete(c.DB, k)
	} else {
		c.Store.SetInt(c.DB, k, e, n)
	}
	c.Changed(k, command.EventIncrBy, 1)
	return n
}

func tpop(c *command.Ctx) {
	ms, ok := c.Timeout(len(c.Args) - 1)
	if !ok {
		return
	}
	for i := range c.Keys {
		if c.Find(c.Keys[i]).A != 0 {
			bagAdd(c, i, -1)
			c.W.Bulk(c.Keys[i].Name)
			return
		}
	}
	if !c.Wait(c.Keys, ms) {
		c.W.NullArray()
	}
}

func tmove(c *command.Ctx) {
	ms, ok := c.Timeout(3)
	if !ok {
		return
	}
	if c.Find(c.Keys[0]).A != 0 {
		bagAdd(c, 0, -1)
		c.W.Int(bagAdd(c, 1, 1))
		return
	}
	if !c.Wait(c.Keys[:1], ms) {
		c.W.Null()
		return
	}
	c.Waiting.Null = true
}

// block sends a command and waits until n clients are blocked.
func (c *testClient) block(s *Server, n int64, args ...string) {
	c.t.Helper()
	c.send(encode(args...))
	waitBlocked(c.t, s, n)
}

func waitBlocked(t testing.TB, s *Server, n int64) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); s.counts.blocked.Load() != n; {
		if time.Now().After(end) {
			t.Fatalf("%d clients are blocked, want %d", s.counts.blocked.Load(), n)
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
	for i := range s.observers {
		o := &s.observers[i]
		o.mu.Lock()
		if len(o.mu.queues)+len(o.mu.watches) > 0 {
			t.Errorf("shard %d: %d queues, %d watched keys left", i, len(o.mu.queues), len(o.mu.watches))
		}
		o.mu.Unlock()
	}
	if n := s.counts.blocked.Load(); n != 0 {
		t.Errorf("%d blocked clients counted", n)
	}
}

func TestBlockedFirstComeFirstServed(t *testing.T) {
	s := startServer(t)
	p := dial(t, s)
	var cs []*testClient
	for i := range 6 {
		c := dial(t, s)
		c.block(s, int64(i+1), "TPOP", "other", "bag", "0")
		cs = append(cs, c)
	}
	cs[2].Close()
	waitBlocked(t, s, 5)
	p.want("2", "TPUSH", "bag", "2")
	p.want("nil", "GET", "bag") // both were taken before the pusher's next command
	cs[0].gets("bag")
	cs[1].gets("bag")
	waitBlocked(t, s, 3)
	p.want("4", "TPUSH", "bag", "4")
	for _, i := range []int{3, 4, 5} {
		cs[i].gets("bag")
	}
	p.want("1", "GET", "bag")
	p.want("PONG", "PING")
	cs[0].want("bag", "TPOP", "bag", "0")
	noObservers(t, s)
}

func TestBlockedKeepsPipeline(t *testing.T) {
	s := startServer(t)
	c, p := dial(t, s), dial(t, s)
	c.send(encode("SET", "a", "1") + encode("TPOP", "bag", "0") + encode("INCR", "a") + encode("TPOP", "bag", "0") + encode("INCR", "a"))
	waitBlocked(t, s, 1)
	c.gets("OK")
	c.send(encode("INCR", "a"))
	p.want("1", "GET", "a")
	p.want("1", "TPUSH", "bag", "1")
	c.gets("bag")
	c.gets("2")
	waitBlocked(t, s, 1)
	p.want("2", "GET", "a")
	p.want("1", "TPUSH", "bag", "1")
	for _, want := range []string{"bag", "3", "4"} {
		c.gets(want)
	}
	c.want("PONG", "PING")
	c.send(encode("CLIENT", "REPLY", "SKIP") + encode("TPOP", "bag", "0") + encode("PING"))
	waitBlocked(t, s, 1)
	p.want("1", "TPUSH", "bag", "1")
	c.gets("PONG")
	noObservers(t, s)
}

func TestBlockedTimeout(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	best := time.Hour
	for range 5 {
		start := time.Now()
		c.want("nil", "TPOP", "bag", "0.025")
		d := time.Since(start)
		if d < 25*time.Millisecond {
			t.Fatalf("only %v", d)
		}
		best = min(best, d)
	}
	if best > 35*time.Millisecond {
		t.Errorf("never faster than %v", best)
	}
	c.send(encode("TPOP", "bag", "0.01") + encode("PING"))
	c.gets("nil")
	c.gets("PONG")
	c.send(encode("TMOVE", "bag", "b", "0.01"))
	if b, err := c.r.Peek(5); err != nil || string(b) != "$-1\r\n" {
		t.Errorf("%q %v", b, err)
	}
	c.gets("nil")
	var cs []*testClient
	for i, timeout := range []string{"0.3", "0.1", "0", "0.2"} {
		o := dial(t, s)
		o.block(s, int64(i+1), "TPOP", "bag", timeout)
		cs = append(cs, o)
	}
	p := dial(t, s)
	p.want("1", "TPUSH", "bag", "1") // the first, whose timer is in the middle
	cs[0].gets("bag")
	cs[1].gets("nil")
	cs[3].gets("nil")
	waitBlocked(t, s, 1)
	p.want("1", "TPUSH", "bag", "1")
	cs[2].gets("bag")
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
		c.block(s, int64(i+1), "TMOVE", fmt.Sprint("k", i), fmt.Sprint("k", i+1), "0")
		cs = append(cs, c)
	}
	p.want("1", "TPUSH", "k0", "1")
	p.want("1", "GET", fmt.Sprint("k", n))
	for _, c := range cs {
		c.gets("1")
	}
	ring, tail := dial(t, s), dial(t, s)
	ring.block(s, 1, "TMOVE", "k", "k", "0")
	tail.block(s, 2, "TPOP", "k", "0")
	p.want("1", "TPUSH", "k", "1")
	ring.gets("1")
	tail.gets("k")
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
		c.block(s, 1, "TPOP", "none", "bag", "0")
		if got := p.do(cmd...); strings.HasPrefix(got, "ERR") {
			t.Errorf("%v: %s", cmd, got)
		}
		p.want("0", "EXISTS", "bag")
		c.gets("bag")
	}
	one := []string{"SET", "x", "1"}
	wake([][]string{one}, "RENAME", "x", "bag")
	wake([][]string{one}, "COPY", "x", "bag")
	wake([][]string{{"SELECT", "1"}, {"SET", "bag", "1"}}, "MOVE", "bag", "0")
	p.want("OK", "SELECT", "0")
	wake([][]string{one}, "COPY", "x", "bag", "DB", "0")
	c := dial(t, s)
	c.want("OK", "SELECT", "3")
	c.block(s, 1, "TPOP", "bag", "0")
	p.want("OK", "SET", "bag", "1")
	p.want("OK", "SWAPDB", "1", "2")
	waitBlocked(t, s, 1)
	p.want("OK", "SWAPDB", "0", "3")
	c.gets("bag")
	p.want("OK", "FLUSHALL")
	noObservers(t, s)
}

func TestClientUnblockAndKill(t *testing.T) {
	s := startServer(t)
	c, p := dial(t, s), dial(t, s)
	id := c.do("CLIENT", "ID")
	p.want("0", "CLIENT", "UNBLOCK", id)
	p.want("ERR value is not an integer or out of range", "CLIENT", "UNBLOCK", "x")
	p.want("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR", "CLIENT", "UNBLOCK", id, "x")
	for _, reason := range [][2]string{{"", "nil"}, {"TIMEOUT", "nil"}, {"error", errUnblocked}} {
		c.block(s, 1, "TPOP", "bag", "0")
		if got := p.do("CLIENT", "LIST", "ID", id); !strings.Contains(got, " flags=b ") || !strings.Contains(got, "cmd=tpop") {
			t.Error(got)
		}
		if got := p.do("INFO", "clients"); !strings.Contains(got, "blocked_clients:1\r\n") {
			t.Error(got)
		}
		p.want("1", strings.Fields("CLIENT UNBLOCK "+id+" "+reason[0])...)
		c.gets(reason[1])
	}
	p.want("OK", "CONFIG", "SET", "timeout", "1")
	c.block(s, 1, "TPOP", "bag", "2.5")
	for range 5 {
		time.Sleep(500 * time.Millisecond)
		p.want("PONG", "PING")
	}
	c.gets("nil") // not closed as idle
	c.block(s, 1, "TPOP", "bag", "0")
	p.want("1", "CLIENT", "KILL", "ID", id)
	waitBlocked(t, s, 0)
	p.want("1", "TPUSH", "bag", "1")
	p.want("1", "GET", "bag")
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
					c.send(encode("TMOVE", source(), fmt.Sprint("dst", rand.IntN(5)), "0.05"))
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
				if c.do("TPOP", source(), source(), "0.01") != "nil" {
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
				c.do("TPUSH", source(), "1")
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
		n, _ := strconv.ParseInt(c.do("GET", k), 10, 64)
		sum += n
	}
	if sum != producers*perProducer {
		t.Errorf("%d of %d are left (%d popped)", sum, producers*perProducer, popped.Load())
	}
	noObservers(t, s)
}
