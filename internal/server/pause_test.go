package server

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/server/exec"
)

func TestPauseWrite(t *testing.T) {
	s := startServer(t)
	admin, w, m, other := dial(t, s), dial(t, s), dial(t, s), dial(t, s)
	m.want("OK", "MULTI")
	m.want("QUEUED", "SET", "m", "1")
	admin.want("OK", "CLIENT", "PAUSE", "60000", "WRITE")
	w.send(encode("GET", "a") + encode("SET", "a", "1") + encode("GET", "a"))
	w.gets("nil")
	m.send(encode("EXEC"))
	waitBlocked(t, s, 2)
	other.want("nil", "GET", "a")
	other.want("ERR wrong number of arguments for 'set' command", "SET", "a")
	other.want("nil", "GET", "m")
	if got := admin.do("CLIENT", "LIST"); strings.Count(got, " flags=b ") != 1 || strings.Count(got, " flags=xb ") != 1 || !strings.Contains(got, "cmd=exec") {
		t.Error(got)
	}
	other.send(encode("PFCOUNT", "h"))
	waitBlocked(t, s, 3)
	other.Close()
	waitBlocked(t, s, 2)
	w.send(encode("INCR", "a")) // its input waits as well
	admin.want("OK", "CLIENT", "UNPAUSE")
	w.gets("OK")
	w.gets("1")
	w.gets("2")
	m.gets("[OK]")
	waitBlocked(t, s, 0)
	w.send(encode("CLIENT", "REPLY", "SKIP") + encode("GET", "a") + encode("PING"))
	w.gets("PONG")
}

// TestScriptsInAPause: a script may write, whatever its command says, unless that is one of those that only read; so
// it waits for the end of a pause of writes, also in a transaction.
func TestScriptsInAPause(t *testing.T) {
	s := startServer(t)
	admin, tx, other := dial(t, s), dial(t, s), dial(t, s)
	tx.want("OK", "MULTI")
	tx.want("QUEUED", "EVAL", "return redis.call('incr','a')", "0")
	sha := admin.do("SCRIPT", "LOAD", "return redis.call('incr',KEYS[1])")
	admin.want("l", "FUNCTION", "LOAD", "#!lua name=l\nredis.register_function{function_name='reads', callback=function() return redis.call('get','a') end, flags={'no-writes'}}")
	admin.want("OK", "CLIENT", "PAUSE", "60000", "WRITE")
	waits := []*testClient{tx}
	tx.send(encode("EXEC"))
	for _, args := range [][]string{{"EVAL", "return redis.call('incr','a')", "0"}, {"EVALSHA", sha, "1", "a"}, {"FCALL", "none", "0"},
		{"EVAL", "#!lua\nreturn 1", "0"}, {"EVAL_RO", "#!lua\nreturn 1", "0"}} {
		c := dial(t, s)
		c.send(encode(args...))
		waits = append(waits, c)
	}
	waitBlocked(t, s, int64(len(waits)))
	other.want("nil", "EVAL_RO", "return redis.call('get','a')", "0")
	other.want("nil", "EVALSHA_RO", admin.do("SCRIPT", "LOAD", "return redis.call('get','a')"), "0")
	const reads = "#!lua flags=no-writes\nreturn redis.call('get','a')" // as it declares
	other.want("nil", "EVAL", reads, "0")
	other.want("nil", "EVALSHA", admin.do("SCRIPT", "LOAD", reads), "0")
	other.want("OK", "MULTI")
	other.want("QUEUED", "EVAL", reads, "0")
	other.want("[nil]", "EXEC")
	other.want("nil", "FCALL", "reads", "0")
	admin.want("OK", "CLIENT", "UNPAUSE")
	for _, c := range waits {
		if got := c.reply(); got == "" {
			t.Error("no reply")
		}
	}
	other.want("3", "GET", "a")
}

// TestPauseMeetsATransactionOnItsWay: what a transaction writes waits for the end of a pause that has begun after a worker was given the
// transaction, and before it runs: whoever pauses, to save at the server's end for one, relies on it.
func TestPauseMeetsATransactionOnItsWay(t *testing.T) {
	s := startServer(t)
	tx, other := dial(t, s), dial(t, s)
	tx.want("OK", "MULTI")
	tx.want("QUEUED", "INCR", "n")
	tx.want("QUEUED", "KEYS", "none") // workers run it
	workers := s.Gates[exec.LastingScripts : exec.LastingScripts+workerCount]
	workers.LockAll()
	tx.send(encode("EXEC"))
	until(t, "a worker has the transaction", func() bool { return s.Slow.Running() == 1 })
	s.clients.Pauses.Begin(1<<40, false)
	workers.UnlockAll()
	workers.LockAll() // behind the one who waits for his
	workers.UnlockAll()
	other.want("nil", "GET", "n")
	s.clients.Pauses.Cancel()
	tx.gets("[1 []]")
}

func TestPauseEndsByItself(t *testing.T) {
	s := startServer(t, "reactors", "3")
	admin := dial(t, s)
	pause := 300 * time.Millisecond
	for !pauseEnds(t, s, admin, pause) {
		if pause *= 2; pause > patience {
			t.Fatal("clients are never blocked before a pause ends")
		}
		admin.want("OK", "DEL", "n")
	}
	admin.want("5", "GET", "n")
	c := dial(t, s)
	c.send(encode("CLIENT", "PAUSE", "100", "WRITE") + encode("CLIENT", "REPLY", "SKIP") + encode("INCR", "n") + encode("INCR", "n"))
	c.gets("OK")
	c.gets("7")
}

// pauseEnds has a pause block six clients, one of which goes, and end by itself. It returns false if the machine was so busy that
// the pause was over before all of them were blocked.
func pauseEnds(t *testing.T, s *Server, admin *testClient, pause time.Duration) bool {
	t.Helper()
	var cs []*testClient
	for range 6 {
		cs = append(cs, dial(t, s))
	}
	start := time.Now()
	admin.want("OK", "CLIENT", "PAUSE", strconv.FormatInt(pause.Milliseconds(), 10), "WRITE")
	admin.want("OK", "CLIENT", "PAUSE", "50") // the longer time and the stricter way count
	for _, c := range cs {
		c.send(encode("CLIENT", "REPLY", "SKIP") + encode("PING") + encode("INCR", "n") + encode("ECHO", "x"))
	}
	for blocked := int64(0); blocked != 6; blocked = s.Waiting.Blocked.Load() {
		if time.Since(start) >= pause {
			for _, c := range cs {
				c.reply()
				c.gets("x")
				c.Close()
			}
			return false
		}
		time.Sleep(100 * time.Microsecond)
	}
	cs[5].Close()
	until(t, "the one that goes is blocked no more", func() bool { return s.Waiting.Blocked.Load() < 6 })
	for i, c := range cs[:5] {
		c.reply()
		// The pause counts whole milliseconds of the clock.
		if d := time.Since(start); d < pause-time.Millisecond || d > 2*patience {
			t.Errorf("%d waited for %v", i, d)
		}
		c.gets("x")
	}
	return s.Waiting.Blocked.Load() == 0 && admin.do("GET", "n") == "5"
}

func TestPauseErrorsAndKeysThatExpire(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	for _, x := range [][2]string{
		{"CLIENT PAUSE x", "ERR timeout is not an integer or out of range"},
		{"CLIENT PAUSE -1", "ERR timeout is negative"},
		{"CLIENT PAUSE 1 foo", "ERR CLIENT PAUSE mode must be WRITE or ALL"},
		{"CLIENT PAUSE 1 ALL x", "ERR unknown subcommand or wrong number of arguments for 'PAUSE'. Try CLIENT HELP."},
		{"CLIENT TRACKINGINFO", "[flags [off] redirect -1 prefixes []]"},
		{"CLIENT GETREDIR", "-1"},
		{"CLIENT TRACKING OFF", "OK"},
		{"CLIENT KILL USER nobody", "ERR No such user 'nobody'"},
		{"SET a 1 PX 20", "OK"},
		{"CLIENT PAUSE 4611686018427387904 WRITE", "OK"},
	} {
		c.want(x[1], strings.Fields(x[0])...)
	}
	time.Sleep(60 * time.Millisecond)
	c.want("nil", "GET", "a")
	c.want("OK", "CLIENT", "UNPAUSE")
	for end := time.Now().Add(patience); c.do("DBSIZE") != "0"; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the key never goes")
		}
	}
}
