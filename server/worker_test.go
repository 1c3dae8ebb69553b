package server

import (
	"fmt"
	"testing"

	"github.com/kringdb/kring/command"
)

// TestEveryWorkerRunsLongCalls: calls that their cost sends to the slow lane are answered by
// whichever worker takes them.
func TestEveryWorkerRunsLongCalls(t *testing.T) {
	c := dial(t, startServer(t))
	args := []string{"ZADD", "z"}
	for i := range command.SlowCost + 1 {
		args = append(args, fmt.Sprint(i), fmt.Sprint(i))
	}
	c.want(fmt.Sprint(command.SlowCost+1), args...)
	for range 3 * workerCount {
		c.want(fmt.Sprint(command.SlowCost+1), "ZINTERCARD", "1", "z")
		c.want("PONG", "PING")
	}
	c.want("0", "ZREMRANGEBYRANK", "z", "100000", "100001")
}

// TestLongCommand: while a worker runs a long command, other clients are served; those
// that need the same shard wait elsewhere; the order of replies holds.
func TestLongCommand(t *testing.T) {
	s := startServer(t)
	c, other := dial(t, s), dial(t, s)
	const n = 200_000
	for i := 0; i < n; i += 20_000 {
		args := []string{"SADD", "big"}
		for j := range 20_000 {
			args = append(args, fmt.Sprint("member-", i+j))
		}
		c.want("20000", args...)
	}
	slow := func() int64 {
		var sum int64
		for _, ex := range s.extra {
			ex.pub.mu.Lock()
			sum += ex.pub.mu.sum.slow
			ex.pub.mu.Unlock()
		}
		return sum
	}
	before := slow()
	card := fmt.Sprint(n)
	same := dial(t, s)
	for round := range 3 {
		c.send(encode("SET", "k", "1") + encode("SUNIONSTORE", "copy", "big", "big") + encode("INCR", "k") + encode("SCARD", "copy"))
		same.send(encode("SCARD", "big") + encode("SADD", "big", "member-1") + encode("PING"))
		for i := range 200 {
			other.want("OK", "SET", fmt.Sprint("free", i), "v")
		}
		for _, want := range []string{"OK", card, "2", card} {
			c.gets(want)
		}
		for _, want := range []string{card, "0", "PONG"} {
			same.gets(want)
		}
		if slow()-before < int64(round)+1 {
			t.Errorf("%d calls on workers after round %d", slow()-before, round)
		}
	}
	at := slow()
	c.send(encode("MULTI") + encode("SUNIONSTORE", "copy", "big") + encode("SCARD", "copy") + encode("EXEC") + encode("GET", "k"))
	for _, want := range []string{"OK", "QUEUED", "QUEUED", "[" + card + " " + card + "]", "2"} {
		c.gets(want)
	}
	if got := slow(); got != at {
		t.Errorf("a long command of a transaction ran on a worker")
	}
	// EXEC itself goes there when a long command holds one of its shards.
	same.send(encode("SUNIONSTORE", "copy", "big", "big"))
	c.send(encode("MULTI") + encode("SCARD", "big") + encode("SET", "k", "5") + encode("EXEC") + encode("GET", "k"))
	for _, want := range []string{"OK", "QUEUED", "QUEUED", "[" + card + " OK]", "5"} {
		c.gets(want)
	}
	same.gets(card)
}
