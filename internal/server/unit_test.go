package server

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
)

// TestAOFTransactions: a transaction is one record, also over databases; what it woke
// comes behind it; one change alone needs no MULTI.
func TestAOFTransactions(t *testing.T) {
	dir := t.TempDir()
	s, end := runAOF(t, dir)
	c, b := dial(t, s), dial(t, s)
	queue := func(cmds ...[]string) {
		t.Helper()
		c.want("OK", "MULTI")
		for _, cmd := range cmds {
			c.want("QUEUED", cmd...)
		}
		c.do("EXEC")
	}
	queue([]string{"SET", "a", "1"}, []string{"GET", "a"}, []string{"SELECT", "2"}, []string{"INCR", "b"}, []string{"LPUSH", "b", "wrong type"}, []string{"SELECT", "0"})
	queue([]string{"GET", "a"}, []string{"DBSIZE"})
	queue([]string{"GET", "a"}, []string{"DEL", "a"})
	b.block(s, 1, "BLMOVE", "q", "done", "LEFT", "LEFT", "0")
	queue([]string{"RPUSH", "q", "x"}, []string{"DBSIZE"}, []string{"RPUSH", "q", "y"})
	b.gets("x")
	c.want("2", "RPUSH", "q", "z")
	queue([]string{"SET", "c", "1"}, []string{"INFO", "server"}, []string{"SET", "c", "2"})            // INFO lets nobody in
	queue([]string{"SET", "e", "1"}, []string{"CONFIG", "SET", "hz", "12"}, []string{"SET", "e", "2"}) // CONFIG SET lets others in
	queue([]string{"FLUSHALL"}, []string{"SET", "d", "1"})
	end()
	sel := func(db string) string { return encode("SELECT", db) }
	multi, exec := encode("MULTI"), encode("EXEC")
	want := sel("0") + multi + encode("SET", "a", "1") + sel("2") + encode("INCR", "b") + exec +
		sel("0") + encode("DEL", "a") +
		multi + encode("RPUSH", "q", "x") + encode("RPUSH", "q", "y") + exec + encode("LMOVE", "q", "done", "LEFT", "LEFT") +
		encode("RPUSH", "q", "z") +
		multi + encode("SET", "c", "1") + encode("SET", "c", "2") + exec +
		encode("SET", "e", "1") + encode("SET", "e", "2") +
		multi + encode("FLUSHALL") + encode("SET", "d", "1") + exec
	if got := increments(t, dir); got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
}

// TestAOFOrderWithBlocked: pushes, blocked pops and moves, and transactions of several
// clients; replaying what was recorded gives the same lists.
func TestAOFOrderWithBlocked(t *testing.T) {
	dir := t.TempDir()
	s, end := runAOF(t, dir, "reactors", "3")
	lists := strings.Fields("l0 l1 l2 l3")
	list := func() string { return lists[rand.IntN(len(lists))] }
	var wg sync.WaitGroup
	for i := range 6 {
		c := dial(t, s)
		wg.Add(1)
		go func() {
			defer wg.Done()
			for n := range 250 {
				v := fmt.Sprint(i, ".", n)
				switch i {
				case 0, 1:
					c.do("RPUSH", list(), v)
				case 2:
					c.send(encode("MULTI") + encode("LPUSH", list(), v) + encode("LMOVE", list(), list(), "LEFT", "RIGHT") + encode("EXEC"))
					for range 4 {
						c.reply()
					}
				case 3:
					c.do("BLMOVE", list(), list(), "RIGHT", "LEFT", "0.005")
				case 4:
					c.do("BLPOP", list(), list(), "0.005")
				case 5:
					c.send(encode("MULTI") + encode("RPUSH", list(), v) + encode("DBSIZE") + encode("RPUSH", list(), v) + encode("EXEC"))
					for range 5 {
						c.reply()
					}
				}
			}
		}()
	}
	wg.Wait()
	dump := func(s *Server) string {
		c, all := dial(t, s), ""
		for _, l := range lists {
			all += c.do("LRANGE", l, "0", "-1") + "\n"
		}
		return all
	}
	want := dump(s)
	end()
	s, _ = runAOF(t, dir)
	if got := dump(s); got != want {
		t.Errorf("after a restart:\n%s\nbefore:\n%s", got, want)
	}
}
