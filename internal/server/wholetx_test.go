package server

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestWholeTransactions sends the same random transactions to two servers: to one each in a
// single write, so that it runs without a queue, to the other command by command. Replies,
// counters and what the journals hold are the same.
func TestWholeTransactions(t *testing.T) {
	both := newTwins(t)
	rng := rand.New(rand.NewPCG(9, 10))
	rounds := 2000
	if testing.Short() {
		rounds = 600
	}
	for range rounds {
		calls := [][]string{{"MULTI"}}
		for range rng.IntN(5) {
			key := fmt.Sprint("k", rng.IntN(20))
			calls = append(calls, [][]string{
				{"SET", key, fmt.Sprint(rng.IntN(9))}, {"INCR", key}, {"GET", key}, {"LPUSH", key, "a", "b"}, {"HSET", key, "f", "v", "g", "w"},
				{"GETDEL", key}, {"SADD", key, "m"}, {"SISMEMBER", key, "m"}, {"TYPE", key}, {"ZADD", key, "1", "m"}, {"DEL", key}, {"PING"},
			}[rng.IntN(12)])
		}
		if calls = append(calls, []string{"EXEC"}); rng.IntN(50) == 0 {
			calls = append(calls, []string{"EXEC"}, []string{"MULTI"}, []string{"DISCARD"})
		}
		both.call(t, calls)
	}
	both.end(t, "exec", "MULTI", "multi", "exec", "incr", "lpush")
}

// TestWholeTransactionsInARow sends so many transactions at once that batches end within them: what is replied, counted
// and taken for input is as if each command had come alone.
func TestWholeTransactionsInARow(t *testing.T) {
	var clients [2]*testClient
	var servers [2]*Server
	for i := range clients {
		servers[i] = startServer(t, "reactors", "1")
		clients[i] = dial(t, servers[i])
	}
	rng := rand.New(rand.NewPCG(11, 12))
	for range 40 {
		var calls [][]string
		for range 30 {
			for range rng.IntN(3) {
				calls = append(calls, []string{"INCR", "alone"})
			}
			calls = append(calls, []string{"MULTI"})
			for n := rng.IntN(6) + 34*(rng.IntN(20)/19); n > 0; n-- {
				key := fmt.Sprint("k", rng.IntN(20))
				calls = append(calls, [][]string{{"INCR", key}, {"GET", key}, {"LPUSH", key + "l", "a"}, {"PING"}, {"MULTI"}, {"INCR"}}[min(rng.IntN(40)/8+rng.IntN(40)/39, 5)])
			}
			calls = append(calls, []string{"EXEC"})
		}
		text := ""
		for _, call := range calls {
			text += encode(call...)
		}
		clients[0].send(text)
		for i, call := range calls {
			if row, single := clients[0].reply(), clients[1].do(call...); row != single {
				t.Fatalf("%q, call %d: %q in a row, %q alone", call, i, row, single)
			}
		}
	}
	var counts [2]string
	for i, c := range clients {
		stats := c.infoOf("stats")
		counts[i] = fmt.Sprintln(stats["total_commands_processed"], stats["total_net_input_bytes"])
		for _, name := range []string{"multi", "exec", "incr", "lpush", "get"} {
			calls, _, _ := strings.Cut(c.infoOf("commandstats")["cmdstat_"+name], ",")
			counts[i] += fmt.Sprintln(name, calls)
		}
	}
	if counts[0] != counts[1] {
		t.Errorf("in a row: %s\nalone: %s", counts[0], counts[1])
	}
}

// TestWholeTransactionServesBlocked wakes a client by a transaction in one write, after its
// end.
func TestWholeTransactionServesBlocked(t *testing.T) {
	s := startServer(t)
	waiting, c := dial(t, s), dial(t, s)
	waiting.block(s, 1, "BLPOP", "list", "0")
	c.send(encode("MULTI") + encode("LPUSH", "list", "a") + encode("LPUSH", "list", "b") + encode("LLEN", "list") + encode("EXEC") + encode("LLEN", "list"))
	for _, want := range []string{"OK", "QUEUED", "QUEUED", "QUEUED", "[1 2 2]", "1"} {
		c.gets(want)
	}
	waiting.gets("[list b]")
	noObservers(t, s)
}

func sortedLines(text string) []string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	slices.Sort(lines)
	return lines
}
