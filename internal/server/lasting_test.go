package server

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/store"
)

// lastingScript runs a script of some keys that does not end, and returns its client when it has them alone.
func lastingScript(t *testing.T, s *Server, text string, keys ...string) *testClient {
	t.Helper()
	c := dial(t, s)
	c.send(encode(append([]string{"EVAL", text, fmt.Sprint(len(keys))}, keys...)...))
	shard := s.Store.MakeKey([]byte(keys[0])).Shard
	until(t, "the script lasts", func() bool {
		if s.Store.TryLock(shard) {
			s.Store.Unlock(shard)
			return false
		}
		return s.Store.Barred()
	})
	return c
}

// keysApart returns names of keys in different shards.
func keysApart(s *Server, n int) (names []string) {
	var used store.ShardSet
	for i := 0; len(names) < n; i++ {
		name := fmt.Sprint("key:", i)
		if shard := s.Store.MakeKey([]byte(name)).Shard; !used.Has(shard) {
			used.Add(shard)
			names = append(names, name)
		}
	}
	return names
}

const busyText = "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."

// TestScriptBarsItsKeys: a script without end bars its keys, and who needs all of them, and nobody else.
func TestScriptBarsItsKeys(t *testing.T) {
	s := startServer(t, "busy-reply-threshold", "300")
	c := dial(t, s)
	k := keysApart(s, 2)
	a, b := k[0], k[1]
	c.want("OK", "MSET", a, "1", b, "2")
	script := lastingScript(t, s, endless, a)
	var waits []*testClient
	for _, args := range [][]string{{"GET", a}, {"MGET", b, a}, {"FLUSHALL"}, {"KEYS", "*"}, {"SCAN", "0"},
		{"EVAL", "return redis.call('get', '" + b + "')", "0"}, {"EVAL", endless, "2", b, a}, {"EVAL", "return redis.call('get', KEYS[1])", "1", a}} {
		w := dial(t, s)
		w.send(encode(args...) + encode("PING"))
		waits = append(waits, w)
	}
	tx := dial(t, s)
	tx.want("OK", "MULTI")
	tx.want("QUEUED", "INCR", a)
	tx.send(encode("EXEC"))
	began := time.Now()
	for range 50 {
		c.want("2", "GET", b)
		c.want("OK", "SET", b, "2")
		c.want("2", "DBSIZE")
		c.want("2", "EVAL", "return redis.call('get', KEYS[1])", "1", b)
	}
	t.Logf("200 calls beside the script: %v", time.Since(began))
	if got := c.do("INFO", "keyspace"); !strings.Contains(got, "db0:keys=2") {
		t.Errorf("INFO: %q", got)
	}
	c.want("OK", "CONFIG", "SET", "maxmemory-samples", "6")
	for i, w := range waits {
		if got := w.reply(); got != busyText {
			t.Errorf("%d: %q", i, got)
		}
		w.gets("PONG")
	}
	tx.gets("EXECABORT Transaction discarded because of: " + busyText)
	c.want(busyText, "SET", a, "2")
	c.want("OK", "SET", b, "3")
	c.want("OK", "SCRIPT", "KILL")
	if got := script.reply(); !strings.HasPrefix(got, "ERR Script killed by user with SCRIPT KILL... script: ") {
		t.Errorf("the script: %q", got)
	}
	c.want("1", "GET", a)
	until(t, "no script runs", func() bool { return !s.Store.Barred() })
	c.want("NOTBUSY No scripts in execution right now.", "SCRIPT", "KILL")
	script.want("3", "EVAL", "return redis.call('get', KEYS[1])", "1", b)
	tx.want("1", "GET", a)
}

// TestScriptsLastTogether: several last at once, what waits goes on when they end, and one SCRIPT KILL ends all that may be.
func TestScriptsLastTogether(t *testing.T) {
	s := startServer(t, "busy-reply-threshold", "0")
	c := dial(t, s)
	k := keysApart(s, 5)
	c.want("OK", "MSET", k[0], "1", k[1], "2", k[2], "3", k[3], "4")
	scripts := []*testClient{lastingScript(t, s, endless, k[0]), lastingScript(t, s, endless, k[1]), lastingScript(t, s, endless, k[2])}
	var waits []*testClient
	for _, args := range [][]string{{"INCR", k[0]}, {"INCR", k[1]}, {"MGET", k[0], k[1], k[2]}, {"DBSIZE"}, {"KEYS", "nothing"}, {"SWAPDB", "1", "2"}, {"BLMPOP", "0", "2", k[4], "none", "LEFT"}} {
		w := dial(t, s)
		w.send(encode(args...))
		waits = append(waits, w)
	}
	c.want("4", "GET", k[3])
	waits[3].gets("4")
	c.want("1", "RPUSH", k[4], "x")
	c.want("OK", "SCRIPT", "KILL")
	for _, w := range scripts {
		if got := w.reply(); !strings.HasPrefix(got, "ERR Script killed") {
			t.Errorf("a script: %q", got)
		}
	}
	for i, w := range waits {
		if i == 3 {
			continue
		}
		if got := w.reply(); strings.HasPrefix(got, "BUSY") {
			t.Errorf("%d: %q", i, got)
		}
	}
}

// TestLastingWrites: what a script has written that lasts nobody sees before it ends; it cannot be killed, but does end with the server.
func TestLastingWrites(t *testing.T) {
	dir := t.TempDir()
	s, end := runServer(t, "dir", dir, "appendonly", "yes", "busy-reply-threshold", "100")
	c := dial(t, s)
	k := keysApart(s, 2)
	a, b := k[0], k[1]
	c.want("OK", "MSET", a, "1", b, "2")
	lastingScript(t, s, "redis.call('incr', KEYS[1]) while true do pcall(function() while true do redis.call('incr', KEYS[1]) end end) end", a)
	c.want(busyText, "GET", a) // by now it has written
	if got := c.do("SCRIPT", "KILL"); !strings.HasPrefix(got, "UNKILLABLE ") {
		t.Errorf("got %q", got)
	}
	c.want("3", "INCR", b)
	end()
	s = startServer(t, "dir", dir, "appendonly", "yes")
	dial(t, s).want("[1 3]", "MGET", a, b)
}

// TestLastingReaches: a script that reaches, after long, beyond its keys is undone, and begins again with all gates.
func TestLastingReaches(t *testing.T) {
	s := startServer(t, "notify-keyspace-events", "KEA")
	c, other := dial(t, s), dial(t, s)
	c.want("OK", "MSET", "a", "1", "b", "2")
	text := "redis.call('incr', KEYS[1]) local n = 0 for i = 1, 3e6 do n = n + i end return redis.call('incr', 'b')"
	c.send(encode("EVAL", text, "1", "a"))
	other.send(encode("GET", "a"))
	if got := other.reply(); got != "1" && got != "2" {
		t.Errorf("got %q", got)
	}
	c.gets("3")
	c.want("[2 3]", "MGET", "a", "b")
	stats := c.do("INFO", "commandstats")
	if !strings.Contains(stats, "cmdstat_incr:calls=2,") {
		t.Errorf("INFO: %q", stats)
	}
}
