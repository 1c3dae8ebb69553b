package server

import (
	"fmt"
	"strings"
	"testing"
)

// TestCompactionOfAllTypes thins out large and small values of every type, lets their
// memory be compacted, and compares what is left with what was there.
func TestCompactionOfAllTypes(t *testing.T) {
	s := startServer(t, "shards", "4", "activedefrag", "yes", "active-defrag-ignore-bytes", "100kb", "active-defrag-cycle-min", "50",
		"active-defrag-cycle-max", "50")
	c := dial(t, s)
	var b strings.Builder
	sent := 0
	send := func(args ...string) {
		b.WriteString(encode(args...))
		if sent++; b.Len() > 1<<16 {
			c.flush(&b, &sent)
		}
	}
	elements, small := 20_000, 3000
	if testing.Short() { // with the race detector: still some thousands of blocks move
		elements, small = 8000, 1500
	}
	for i := range elements {
		field := fmt.Sprint("field:", i)
		send("HSET", "hash", field, strings.Repeat("v", i%150))
		send("SADD", "set", field)
		send("ZADD", "zset", fmt.Sprint(i%1000), field)
		send("RPUSH", "list", strings.Repeat(field, 1+i%10))
		send("XADD", "stream", fmt.Sprintf("%d-1", i+1), "field", field)
		if i < small {
			for _, typ := range []string{"HSET h%d a b", "SADD s%d a b c", "ZADD z%d 1 a", "RPUSH l%d a b c"} {
				send(strings.Fields(fmt.Sprintf(typ, i))...)
			}
		}
	}
	for i := range elements {
		if i%10 != 3 {
			field := fmt.Sprint("field:", i)
			send("HDEL", "hash", field)
			send("SREM", "set", field)
			send("ZREM", "zset", field)
			send("XDEL", "stream", fmt.Sprintf("%d-1", i+1))
			if i < small {
				send("DEL", fmt.Sprint("h", i), fmt.Sprint("s", i), fmt.Sprint("z", i), fmt.Sprint("l", i))
			}
		}
	}
	send("LTRIM", "list", "0", "1999")
	c.flush(&b, &sent)
	state := func() string {
		var all strings.Builder
		for _, q := range [][]string{
			{"ZRANGE", "zset", "0", "-1", "WITHSCORES"}, {"LRANGE", "list", "0", "-1"}, {"XRANGE", "stream", "-", "+"},
			{"HLEN", "hash"}, {"SCARD", "set"}, {"HMGET", "hash", "field:3", "field:4", "field:7993"}, {"SMISMEMBER", "set", "field:3", "field:4"},
			{"HGETALL", "h13"}, {"SMEMBERS", "s13"}, {"ZRANGE", "z13", "0", "-1"}, {"LRANGE", "l13", "0", "-1"}, {"DBSIZE"},
		} {
			all.WriteString(c.do(q...))
		}
		return all.String()
	}
	want := state()
	eventually(t, "blocks are moved", func() bool { return c.infoInt("active_defrag_hits") > 100 && c.infoInt("active_defrag_running") == 0 })
	if state() != want {
		t.Error("something changed")
	}
	if err := s.Store.CheckInvariants(); err != nil {
		t.Error(err)
	}
	st := s.Store.Stats()
	t.Logf("%d bytes used, %d of pages, %d moved", st.UsedBytes, st.PageBytes, c.infoInt("active_defrag_hits"))
	for _, key := range []string{"hash", "set", "zset", "list", "stream"} {
		c.want("1", "DEL", key)
	}
	if err := s.Store.CheckInvariants(); err != nil {
		t.Error(err)
	}
}

// flush sends what was collected and takes the replies.
func (c *testClient) flush(b *strings.Builder, n *int) {
	c.t.Helper()
	c.send(b.String())
	for range *n {
		if got := c.reply(); strings.HasPrefix(got, "ERR") || strings.HasPrefix(got, "WRONGTYPE") {
			c.t.Fatal(got)
		}
	}
	b.Reset()
	*n = 0
}
