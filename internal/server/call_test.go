package server

import (
	"strings"
	"testing"
	"time"
)

// This file tests what may refuse, delay or count a call, beyond the table of package admit.

// fillUp puts a server above its maxmemory, with nothing that may be evicted.
func fillUp(c *testClient) {
	c.t.Helper()
	for _, call := range []string{"CONFIG SET maxmemory 0", "SET k v", "SETBIT big 8000000 1", "CONFIG SET maxmemory 1048577"} {
		if got := c.do(strings.Fields(call)...); got != "OK" && got != "0" && got != "1" {
			c.t.Fatal(call, got)
		}
	}
	if got := c.do("SET", "a", "b"); !strings.HasPrefix(got, "OOM") {
		c.t.Fatal(got)
	}
}

// TestTransactionsAboveMaxMemory holds that reads and deletions are queued and run.
func TestTransactionsAboveMaxMemory(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	fillUp(c)
	for _, cr := range [][2]string{
		{"MULTI", "OK"}, {"GET k", "QUEUED"}, {"STRLEN k", "QUEUED"}, {"EXEC", "[v 1]"},
		{"MULTI", "OK"}, {"DEL big", "QUEUED"}, {"EXEC", "[1]"},
	} {
		c.want(cr[1], strings.Fields(cr[0])...)
	}
	fillUp(c)
	c.want("OK", "MULTI")
	if got := c.do("SET", "k", "w"); !strings.HasPrefix(got, "OOM") {
		t.Error(got)
	}
	c.want("EXECABORT Transaction discarded because of previous errors.", "EXEC")
}

// TestBlockedAboveMaxMemory holds that a blocked call that needs room is refused when it is
// woken, and that the element stays.
func TestBlockedAboveMaxMemory(t *testing.T) {
	s := startServer(t)
	p, c := dial(t, s), dial(t, s)
	c.block(s, 1, "BLMOVE", "from", "to", "LEFT", "LEFT", "0")
	p.want("2", "RPUSH", "here", "a", "b")
	fillUp(p)
	p.want("OK", "RENAME", "here", "from")
	c.gets("OOM command not allowed when used memory > 'maxmemory'.")
	p.want("2", "LLEN", "from")
	noObservers(t, s)
}

// TestBlockedLosesItsRight holds that a blocked client whose user may not make the call any more
// is refused, that ACL LOG says so, and that the element stays.
func TestBlockedLosesItsRight(t *testing.T) {
	s := startServer(t)
	p := dial(t, s)
	for _, rule := range []string{"-blpop", "resetkeys"} {
		p.want("OK", "ACL", "SETUSER", "u", "reset", "on", "nopass", "~*", "+@all")
		p.want("OK", "ACL", "LOG", "RESET")
		p.want("OK", "CONFIG", "RESETSTAT")
		c, other := dial(t, s), dial(t, s)
		c.want("OK", "AUTH", "u", "x")
		c.block(s, 1, "BLPOP", "k", "0")
		other.block(s, 2, "BLPOP", "k", "0")
		p.want("OK", "ACL", "SETUSER", "u", rule)
		p.want("1", "RPUSH", "k", "a")
		if got := c.reply(); !strings.HasPrefix(got, "NOPERM") {
			t.Errorf("%s: %s", rule, got)
		}
		other.gets("[k a]") // who stood behind it
		if got := p.do("ACL", "LOG"); !strings.Contains(got, "username u") || !strings.Contains(got, "context toplevel") {
			t.Errorf("%s: ACL LOG: %s", rule, got)
		}
		if got := p.do("INFO", "commandstats"); !strings.Contains(got, "cmdstat_blpop:calls=1,") || !strings.Contains(got, "rejected_calls=1,") {
			t.Errorf("%s: %s", rule, got)
		}
	}
	noObservers(t, s)
}

// TestExecLogsWhatItDenies holds that a queued call which is denied by EXEC, or when it is queued, stands in
// ACL LOG as one of a transaction.
func TestExecLogsWhatItDenies(t *testing.T) {
	s := startServer(t)
	p, c := dial(t, s), dial(t, s)
	p.want("OK", "ACL", "SETUSER", "u", "on", "nopass", "~*", "+@all", "-incr")
	c.want("OK", "AUTH", "u", "x")
	c.want("OK", "MULTI")
	c.want("QUEUED", "GET", "k")
	p.want("OK", "ACL", "SETUSER", "u", "-get")
	if got := c.do("EXEC"); !strings.Contains(got, "NOPERM ACL rules changed") {
		t.Error(got)
	}
	c.want("OK", "MULTI")
	if got := c.do("INCR", "k"); !strings.HasPrefix(got, "NOPERM") {
		t.Error(got)
	}
	c.want("OK", "DISCARD")
	log := p.do("ACL", "LOG")
	if strings.Count(log, "context multi") != 2 || !strings.Contains(log, "object get") || !strings.Contains(log, "object incr") {
		t.Error(log)
	}
}

// TestBlockedCallsAreCounted holds that a blocking command counts once, however its waiting
// ends, and that it can stand in the slow log.
func TestBlockedCallsAreCounted(t *testing.T) {
	s := startServer(t, "slowlog-log-slower-than", "0")
	p, c := dial(t, s), dial(t, s)
	id := c.do("CLIENT", "ID")
	c.want("nil", "BLPOP", "k", "0.001")
	c.block(s, 1, "BLPOP", "k", "0")
	p.want("1", "CLIENT", "UNBLOCK", id)
	c.gets("nil")
	c.block(s, 1, "BLPOP", "k", "0")
	p.want("1", "CLIENT", "UNBLOCK", id, "ERROR")
	c.gets("UNBLOCKED client unblocked via CLIENT UNBLOCK")
	c.block(s, 1, "BLPOP", "k", "0")
	p.want("1", "RPUSH", "k", "a")
	c.gets("[k a]")
	got := p.do("INFO", "commandstats")
	if i := strings.Index(got, "cmdstat_blpop:"); i < 0 || !strings.HasPrefix(got[i:], "cmdstat_blpop:calls=4,") ||
		!strings.Contains(got[i:i+200], "failed_calls=1") {
		t.Error(got)
	}
	if got := p.do("SLOWLOG", "GET", "-1"); strings.Count(strings.ToLower(got), "[blpop k") != 4 {
		t.Error(got)
	}
}

// TestPauseTimeouts holds the errors of timeouts that no clock can reach.
func TestPauseTimeouts(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	for _, cr := range [][2]string{
		{"CLIENT PAUSE 9223372036854775807", "ERR timeout is out of range"},
		{"CLIENT PAUSE 9223372036854775000 WRITE", "ERR timeout is out of range"},
		{"CLIENT PAUSE 9223372036854775808", "ERR timeout is not an integer or out of range"},
		{"CLIENT PAUSE -1", "ERR timeout is negative"},
		{"XREAD BLOCK 9223372036854775807 STREAMS s 0", "ERR timeout is out of range"},
		{"XREAD BLOCK -1 STREAMS s 0", "ERR timeout is negative"},
		{"PING", "PONG"},
	} {
		c.want(cr[1], strings.Fields(cr[0])...)
	}
}

// TestPauseKeepsWakes holds that a key which became ready before a pause, and could not be served
// at once, is served when the pause is over.
func TestPauseKeepsWakes(t *testing.T) {
	s := startServer(t)
	p, c := dial(t, s), dial(t, s)
	c.block(s, 1, "BLPOP", "k", "0")
	p.want("OK", "MULTI") // whose waiters are served behind its last call
	p.want("QUEUED", "RPUSH", "k", "a")
	p.want("QUEUED", "CLIENT", "PAUSE", "100000", "WRITE")
	p.want("[1 OK]", "EXEC")
	p.want("1", "LLEN", "k")
	p.want("OK", "CLIENT", "UNPAUSE")
	c.gets("[k a]")
	p.want("0", "LLEN", "k")
}

// TestConfirmationsAreNoReplies holds that CLIENT REPLY does not concern the confirmations of
// subscribing, wherever it runs.
func TestConfirmationsAreNoReplies(t *testing.T) {
	s := startServer(t)
	for _, proto := range []string{"2", "3"} {
		c := dial(t, s)
		c.do("HELLO", proto)
		c.send(encode("CLIENT", "REPLY", "OFF"))
		c.send(encode("SUBSCRIBE", "a", "b"))
		c.gets("[subscribe a 1]")
		c.gets("[subscribe b 2]")
		c.send(encode("UNSUBSCRIBE", "a") + encode("PING") + encode("SET", "k", "v") + encode("PSUBSCRIBE", "p*"))
		c.gets("[unsubscribe a 1]")
		c.gets("[psubscribe p* 2]")
		c.send(encode("PUNSUBSCRIBE") + encode("UNSUBSCRIBE") + encode("SSUBSCRIBE", "s") + encode("SUNSUBSCRIBE"))
		c.gets("[punsubscribe p* 1]")
		c.gets("[unsubscribe b 0]")
		c.gets("[ssubscribe s 1]")
		c.gets("[sunsubscribe s 0]")
		c.send(encode("SUBSCRIBE")) // an error is a reply
		c.want("OK", "CLIENT", "REPLY", "ON")
		c.send(encode("CLIENT", "REPLY", "SKIP") + encode("SUBSCRIBE", "a"))
		c.gets("[subscribe a 1]")
		c.send(encode("UNSUBSCRIBE"))
		c.gets("[unsubscribe a 0]")
		// A transaction on a worker.
		c.send(encode("CLIENT", "REPLY", "OFF") + encode("MULTI") + encode("KEYS", "*") + encode("SUBSCRIBE", "w") + encode("EXEC"))
		c.gets("[subscribe w 1]")
		c.send(encode("UNSUBSCRIBE"))
		c.gets("[unsubscribe w 0]")
		c.want("OK", "CLIENT", "REPLY", "ON")
	}
}

// TestDeadKeyServesNobody holds that a client is not served with a key that was filled and has
// expired within one EXEC.
func TestDeadKeyServesNobody(t *testing.T) {
	s := startServer(t)
	p, c := dial(t, s), dial(t, s)
	c.block(s, 1, "BLPOP", "k", "0")
	for _, call := range []string{"MULTI", "RPUSH k old", "PEXPIRE k 5", "DEBUG SLEEP 0.05", "EXEC"} {
		p.do(strings.Fields(call)...)
	}
	p.want("1", "RPUSH", "k", "new")
	c.gets("[k new]")
	noObservers(t, s)
}

// TestReadsLeaveExpiredKeysWhilePaused holds that nothing is deleted during a pause, and that nobody
// sees what has expired.
func TestReadsLeaveExpiredKeysWhilePaused(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	c.want("OK", "DEBUG", "SET-ACTIVE-EXPIRE", "0")
	c.want("OK", "SET", "k", "v", "PX", "1")
	c.want("OK", "CLIENT", "PAUSE", "100000", "WRITE")
	time.Sleep(5 * time.Millisecond)
	for _, cr := range [][2]string{
		{"GET k", "nil"}, {"EXISTS k", "0"}, {"TYPE k", "none"}, {"RANDOMKEY", "nil"}, {"KEYS *", "[]"}, {"DBSIZE", "1"},
		{"CLIENT UNPAUSE", "OK"}, {"GET k", "nil"}, {"DBSIZE", "0"}, {"SET k w", "OK"}, {"GET k", "w"},
	} {
		c.want(cr[1], strings.Fields(cr[0])...)
	}
}

// TestSwapOfExpiredKeysBreaksNoWatch holds that a missing key which SWAPDB replaces by one that has
// expired has not changed.
func TestSwapOfExpiredKeysBreaksNoWatch(t *testing.T) {
	s := startServer(t)
	p, c := dial(t, s), dial(t, s)
	p.want("OK", "DEBUG", "SET-ACTIVE-EXPIRE", "0")
	p.want("OK", "SELECT", "1")
	p.want("OK", "SET", "k", "v", "PX", "1")
	c.want("OK", "WATCH", "k")
	time.Sleep(5 * time.Millisecond)
	p.want("OK", "SWAPDB", "0", "1")
	c.want("OK", "MULTI")
	c.want("QUEUED", "PING")
	c.want("[PONG]", "EXEC")
	// But one that is there now has.
	c.want("OK", "WATCH", "other")
	p.want("OK", "SELECT", "1")
	p.want("OK", "SET", "other", "v")
	p.want("OK", "SWAPDB", "0", "1")
	c.want("OK", "MULTI")
	c.want("nil", "EXEC")
}
