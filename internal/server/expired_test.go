package server

import (
	"io"
	"testing"
)

// TestExpiredStayWhilePaused: while clients are paused, a key whose deadline has come is
// absent for whoever looks, but nothing deletes it; afterwards it goes.
func TestExpiredStayWhilePaused(t *testing.T) {
	s := startServer(t)
	c, admin := dial(t, s), dial(t, s)
	until(t, "clients are paused before the deadlines", func() bool { // a busy machine may be late
		admin.want("OK", "CLIENT", "UNPAUSE")
		admin.want("OK", "SET", "k", "v", "PX", "1500")
		admin.do("RPUSH", "l", "a")
		admin.do("PEXPIRE", "l", "1500")
		admin.want("OK", "CLIENT", "PAUSE", "600000", "WRITE")
		return c.do("DBSIZE") == "2"
	})
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

// TestExpiredBySwapHitsNobody: the deletion of an expired key that a SWAPDB brings comes after
// the exchange in the records, so that it hits that key and not the one which was there before.
func TestExpiredBySwapHitsNobody(t *testing.T) {
	s, _ := runAOF(t, t.TempDir(), "enable-debug-command", "yes")
	c, other := dial(t, s), dial(t, s)
	other.want("OK", "DEBUG", "SET-ACTIVE-EXPIRE", "0")
	other.want("OK", "SELECT", "1")
	other.want("OK", "SET", "k", "v", "PXAT", "1700000000000")
	other.want("OK", "SELECT", "0")
	other.want("OK", "SET", "k", "live")
	c.want("OK", "WATCH", "k")
	other.want("OK", "SWAPDB", "0", "1")
	other.want("0", "EXISTS", "k") // deletes it
	other.want("OK", "DEBUG", "LOADAOF")
	other.want("0", "EXISTS", "k")
	other.want("OK", "SELECT", "1")
	other.want("live", "GET", "k")
}

// TestFlushTellsFirst: a client that caches keys and flushes in sync hears of it before the
// reply, as from Redis 7.4; with ASYNC and within EXEC behind it.
func TestFlushTellsFirst(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	c.do("HELLO", "3")
	c.want("OK", "CLIENT", "TRACKING", "ON")
	const told = ">2\r\n$10\r\ninvalidate\r\n_\r\n"
	for _, f := range []struct{ send, want string }{
		{encode("FLUSHALL"), told + "+OK\r\n"},
		{encode("FLUSHDB", "SYNC"), told + "+OK\r\n"},
		{encode("PING") + encode("FLUSHALL") + encode("PING"), "+PONG\r\n" + told + "+OK\r\n+PONG\r\n"},
		{encode("FLUSHALL", "ASYNC"), "+OK\r\n" + told},
		{encode("MULTI") + encode("FLUSHALL") + encode("EXEC"), "+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n" + told},
	} {
		c.send(f.send)
		got := make([]byte, len(f.want))
		if _, err := io.ReadFull(c.r, got); err != nil || string(got) != f.want {
			t.Errorf("%q: got %q, want %q (%v)", f.send, got, f.want, err)
		}
	}
}
