package server

import (
	"testing"
)

// TestExpiredStayWhilePaused: while clients are paused, a key whose deadline has come is
// absent for whoever looks, but nothing deletes it; afterwards it goes.
func TestExpiredStayWhilePaused(t *testing.T) {
	s := startServer(t)
	c, admin := dial(t, s), dial(t, s)
	admin.want("OK", "SET", "k", "v", "PX", "1500")
	admin.want("1", "RPUSH", "l", "a")
	admin.want("1", "PEXPIRE", "l", "1500")
	admin.want("OK", "CLIENT", "PAUSE", "600000", "WRITE")
	until(t, "the deadlines pass", func() bool { return c.do("EXISTS", "k", "l") == "0" })
	for range 3 {
		c.want("2", "DBSIZE")
		c.want("nil", "GET", "k")
		c.want("none", "TYPE", "l")
		c.want("-2", "TTL", "k")
		c.want("nil", "RANDOMKEY")
		c.want("[]", "KEYS", "*")
		c.want("0", "LLEN", "l")
	}
	admin.want("OK", "CLIENT", "UNPAUSE")
	until(t, "the keys go", func() bool { return c.do("DBSIZE") == "0" })
}

// TestExpiredBySwapBreaksNoWatch: a watched key that is missing stays so when an exchange of
// databases brings one in its place whose deadline has passed.
func TestExpiredBySwapBreaksNoWatch(t *testing.T) {
	s := startServer(t, "enable-debug-command", "yes")
	c, other := dial(t, s), dial(t, s)
	other.want("OK", "DEBUG", "SET-ACTIVE-EXPIRE", "0")
	exec := func(want string) {
		t.Helper()
		c.want("OK", "MULTI")
		c.want("QUEUED", "PING")
		c.want(want, "EXEC")
	}
	expired := func() {
		other.want("OK", "SELECT", "1")
		other.want("OK", "SET", "k", "v", "PXAT", "1700000000000")
		other.want("OK", "SELECT", "0")
	}
	expired()
	c.want("OK", "WATCH", "k")
	other.want("OK", "SWAPDB", "0", "1")
	exec("[PONG]")
	c.want("OK", "WATCH", "k") // it goes now
	exec("[PONG]")

	other.want("OK", "FLUSHALL")
	expired()
	c.want("OK", "WATCH", "k")
	other.want("OK", "SWAPDB", "0", "1")
	other.want("0", "EXISTS", "k") // deletes it, which changes nothing
	exec("[PONG]")

	other.want("OK", "FLUSHALL")
	expired()
	c.want("OK", "WATCH", "k")
	other.want("OK", "SWAPDB", "0", "1")
	other.want("OK", "SET", "k", "new")
	exec("nil")
}

// TestExpiredWithinExecServesNobody: what a transaction filled, and what expired before it
// ended, is not there for a client that waits.
func TestExpiredWithinExecServesNobody(t *testing.T) {
	s := startServer(t, "enable-debug-command", "yes")
	c, waiter := dial(t, s), dial(t, s)
	waiter.block(s, 1, "BLPOP", "k", "other", "0")
	c.want("OK", "MULTI")
	for _, call := range [][]string{{"RPUSH", "k", "a"}, {"PEXPIRE", "k", "5"}, {"DEBUG", "SLEEP", "0.05"}} {
		c.want("QUEUED", call...)
	}
	c.want("[1 1 OK]", "EXEC")
	c.want("1", "RPUSH", "other", "b")
	waiter.gets("[other b]")
}
