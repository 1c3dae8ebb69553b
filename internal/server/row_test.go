package server

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestRows sends the same random calls, mostly of the key of the call before, to two servers: to one each row in a single
// write, so that it runs under one lock, to the other call by call. Replies, statistics and what the journals hold are the same.
func TestRows(t *testing.T) {
	both := newTwins(t)
	rng := rand.New(rand.NewPCG(17, 4))
	for range 500 {
		var calls [][]string
		key := "k0"
		for range 1 + rng.IntN(70) {
			if rng.IntN(8) == 0 {
				key = fmt.Sprint("k", rng.IntN(6))
			}
			calls = append(calls, [][]string{
				{"LPUSH", key, "a"}, {"LPUSH", key, "b", "1"}, {"RPOP", key}, {"LLEN", key}, {"HSET", key, "f", "v"}, {"SADD", key, "m"}, {"INCR", key},
				{"PFADD", key, fmt.Sprint(rng.IntN(50))}, {"ZADD", key, "1", fmt.Sprint(rng.IntN(50))}, {"XADD", key, fmt.Sprint(rng.IntN(50), "-*"), "f", "v"},
				{"GET", key}, {"SET", key, "7"}, {"DEL", key}, {"GETDEL", key}, {"PEXPIRE", key, "-1"}, {"PING"}, {"INCR"},
			}[rng.IntN(17)])
		}
		both.call(t, calls)
	}
	both.end(t, "lpush", "LPUSH")
}

// TestRowServesBlocked pushes in a row to a list for which clients wait: each push serves one of them before the next runs,
// and the rest of the row finds what they have left.
func TestRowServesBlocked(t *testing.T) {
	s := startServer(t, "reactors", "2")
	p, a, b := dial(t, s), dial(t, s), dial(t, s)
	a.block(s, 1, "BLPOP", "bag", "0")
	b.block(s, 2, "BLPOP", "bag", "0")
	p.send(strings.Repeat(encode("RPUSH", "bag", "x"), 2) + encode("RPUSH", "bag", "y") + encode("RPUSH", "bag", "z") + encode("LPOP", "bag"))
	for _, want := range []string{"1", "1", "1", "2", "y"} {
		p.gets(want)
	}
	for _, c := range []*testClient{a, b} {
		if got := c.reply(); !strings.Contains(got, "x") {
			t.Errorf("who waited got %q", got)
		}
	}
	noObservers(t, s)
}
