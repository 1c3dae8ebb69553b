package server

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

// deadlineCall is a random call on one of a few keys, some of which have deadlines that have
// passed, or pass while the test runs.
func deadlineCall(rng *rand.Rand) []string {
	k, o := fmt.Sprint("k", rng.IntN(6)), fmt.Sprint("k", rng.IntN(6))
	past := fmt.Sprint(1 + rng.IntN(3))
	calls := [][]string{
		{"SET", k, "5", "PXAT", past}, {"SET", k, "v", "PXAT", past}, {"SET", k, "7", "PX", "1"}, {"SET", k, "5"}, {"SETNX", k, "3"},
		{"PEXPIRE", k, "1"}, {"PEXPIREAT", k, "33333333333333"}, {"PERSIST", k},
		{"LPUSH", k, "a"}, {"RPUSHX", k, "b"}, {"INCR", k}, {"APPEND", k, "x"}, {"GET", k}, {"GETDEL", k}, {"GETEX", k, "PX", "1"},
		{"RENAMENX", k, o}, {"RENAME", k, o}, {"COPY", k, o}, {"COPY", k, o, "REPLACE"}, {"MOVE", k, "1"}, {"MSETNX", k, "1", o, "2"}, {"MGET", k, o},
		{"SADD", k, "m"}, {"SPOP", k}, {"SMOVE", k, o, "m"}, {"ZADD", k, "1", "m"}, {"ZADD", k, "NX", "2", "m"}, {"LMOVE", k, o, "LEFT", "RIGHT"},
		{"HSET", k, "f", "1", "g", "2"}, {"HPEXPIRE", k, "1", "FIELDS", "1", "f"}, {"HSETNX", k, "f", "3"}, {"HINCRBY", k, "f", "1"},
		{"HINCRBY", k, "g", "1"}, {"HDEL", k, "g"}, {"HGETALL", k}, {"EXISTS", k, o}, {"TYPE", k}, {"SORT", o, "STORE", k}, {"DEL", o},
		{"SUNIONSTORE", k, o, "k0"}, {"ZUNIONSTORE", k, "2", o, "k1"}, {"BITOP", "NOT", k, o}, {"PFADD", k, "e"}, {"SETRANGE", k, "2", "z"},
	}
	return calls[rng.IntN(len(calls))]
}

// deadlineScript sends random calls: alone, in transactions sent whole or piece by piece, and
// in transactions that hold all gates.
func deadlineScript(c *testClient, rng *rand.Rand, rounds int) {
	for range rounds {
		var calls [][]string
		if rng.IntN(3) > 0 {
			calls = append(calls, []string{"MULTI"})
			for range 1 + rng.IntN(6) {
				calls = append(calls, deadlineCall(rng))
			}
			switch rng.IntN(12) {
			case 0:
				calls = append(calls, []string{"DBSIZE"}, deadlineCall(rng))
			case 1:
				calls = append(calls, []string{"SWAPDB", "0", "1"}, deadlineCall(rng))
			case 2:
				calls = append(calls, []string{"SELECT", "1"}, deadlineCall(rng), []string{"SELECT", "0"}, deadlineCall(rng))
			}
			calls = append(calls, []string{"EXEC"})
		} else {
			calls = append(calls, deadlineCall(rng))
		}
		if rng.IntN(2) == 0 {
			text := ""
			for _, call := range calls {
				text += encode(call...)
			}
			c.send(text)
			for range calls {
				c.reply()
			}
		} else {
			for _, call := range calls {
				c.do(call...)
			}
		}
		if rng.IntN(10) == 0 {
			time.Sleep(2 * time.Millisecond) // deadlines come true
		}
	}
}

// settled waits until no short deadline is left, and returns what there is.
func (c *testClient) settled() string {
	time.Sleep(5 * time.Millisecond) // longer than any deadline that comes true at all
	return c.dump()
}

// TestDeletionsAreRecordedInOrder runs random calls on keys that die at any moment, and loads
// what was recorded of it: as it came, and after a rewrite.
func TestDeletionsAreRecordedInOrder(t *testing.T) {
	seeds := uint64(20)
	if testing.Short() {
		seeds = 8
	}
	for _, active := range []string{"0", "1"} {
		t.Run("active expiry "+active, func(t *testing.T) {
			s, _ := runAOF(t, t.TempDir(), "auto-aof-rewrite-percentage", "0")
			c := dial(t, s)
			for seed := range seeds {
				c.want("OK", "FLUSHALL")
				c.want("OK", "DEBUG", "SET-ACTIVE-EXPIRE", active)
				deadlineScript(c, rand.New(rand.NewPCG(seed, 7)), 60)
				c.do("SELECT", "0")
				want := c.settled()
				c.reloads(want, fmt.Sprint("seed ", seed))
				if seed%5 == 0 {
					c.rewrites()
					c.reloads(want, fmt.Sprint("after a rewrite, seed ", seed))
				}
			}
		})
	}
}

// reloads loads the AOF and compares.
func (c *testClient) reloads(want, when string) {
	c.t.Helper()
	c.want("OK", "DEBUG", "LOADAOF")
	if got := c.dump(); got != want {
		c.t.Fatalf("%s: loaded\n%s\nwant\n%s", when, got, want)
	}
}

// rewritten waits until the AOF is not being rewritten.
func (c *testClient) rewritten() {
	c.t.Helper()
	until(c.t, "the AOF is rewritten", func() bool { return strings.Contains(c.do("INFO", "persistence"), "aof_rewrite_in_progress:0") })
}

// rewrites rewrites the AOF and waits for the end of it.
func (c *testClient) rewrites() {
	c.t.Helper()
	c.want("Background append only file rewriting started", "BGREWRITEAOF")
	c.rewritten()
}

// TestDeletionsAreRecordedByAll is the same with several clients at once, eviction and the
// keeper beside them.
func TestDeletionsAreRecordedByAll(t *testing.T) {
	s, _ := runAOF(t, t.TempDir(), "reactors", "2", "auto-aof-rewrite-percentage", "0")
	c := dial(t, s)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			deadlineScript(dial(t, s), rand.New(rand.NewPCG(uint64(i), 9)), 400)
		}()
	}
	wg.Wait()
	want := c.settled()
	c.reloads(want, "after many at once")
}

// TestKeyDiesWithinTransaction looks at the record itself.
func TestKeyDiesWithinTransaction(t *testing.T) {
	dir := t.TempDir()
	s, end := runAOF(t, dir)
	c := dial(t, s)
	for _, multi := range [][]string{{"MULTI"}, {"MULTI", "DBSIZE"}} { // with its keys' locks, and with all gates
		for _, name := range multi {
			c.do(name)
		}
		c.do("SET", "k", "5", "PXAT", "1")
		c.do("LPUSH", "k", "a")
		c.do("SELECT", "2")
		c.do("SET", "o", "v", "PXAT", "1")
		c.do("GET", "o")
		c.do("SELECT", "0")
		c.do("DEL", "k")
		c.do("EXEC")
	}
	end()
	unit := encode("MULTI") + encode("SET", "k", "5", "PXAT", "1") + encode("DEL", "k") + encode("LPUSH", "k", "a") +
		encode("SELECT", "2") + encode("SET", "o", "v", "PXAT", "1") + encode("DEL", "o") + encode("SELECT", "0") + encode("DEL", "k") + encode("EXEC")
	if got, want := increments(t, dir), encode("SELECT", "0")+unit+unit; got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
}
