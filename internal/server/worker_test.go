package server

import (
	"fmt"
	"testing"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/observe"
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
	n := 200_000
	if testing.Short() { // with the race detector, which has a call take ten times as long
		n = 40_000
	}
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
			var c observe.Counters
			ex.Meter.Published.AddTo(&c)
			sum += c.Slow
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

// TestServingWaitsElsewhere: a client that waits for a move into a shard which a long
// command holds is served by a worker; the reactor of the pusher does not wait.
func TestServingWaitsElsewhere(t *testing.T) {
	s := startServer(t)
	long, p := dial(t, s), dial(t, s)
	args := []string{"SADD", "big"}
	members, rounds := 100_000, 30
	if testing.Short() { // with the race detector, which has a call take ten times as long
		members, rounds = 30_000, 5
	}
	for j := range members {
		args = append(args, fmt.Sprint("member-", j))
	}
	long.want(fmt.Sprint(members), args...)
	dst := ""
	for i := 0; dst == ""; i++ {
		if name := fmt.Sprint("dst", i); s.Store.MakeKey([]byte(name)).Shard == s.Store.MakeKey([]byte("big")).Shard {
			dst = name
		}
	}
	for i := range rounds {
		w := dial(t, s)
		w.block(s, 1, "BLMOVE", "src", dst, "LEFT", "RIGHT", "0")
		long.send(encode("SUNIONSTORE", "copy", "big", "big"))
		p.want("1", "RPUSH", "src", fmt.Sprint(i))
		w.gets(fmt.Sprint(i))
		long.gets(fmt.Sprint(members))
		w.Close()
	}
	p.want(fmt.Sprint(rounds), "LLEN", dst)
	p.want("0", "EXISTS", "src")
	noObservers(t, s)
}
