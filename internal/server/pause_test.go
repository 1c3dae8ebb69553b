package server

import (
	"strings"
	"testing"
	"time"
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

func TestPauseEndsByItself(t *testing.T) {
	s := startServer(t, "reactors", "3")
	var cs []*testClient
	admin := dial(t, s)
	start := time.Now()
	admin.want("OK", "CLIENT", "PAUSE", "300", "WRITE")
	admin.want("OK", "CLIENT", "PAUSE", "50") // the longer time and the stricter way count
	for range 6 {
		c := dial(t, s)
		c.send(encode("CLIENT", "REPLY", "SKIP") + encode("PING") + encode("INCR", "n") + encode("ECHO", "x"))
		cs = append(cs, c)
	}
	waitBlocked(t, s, 6)
	cs[5].Close()
	waitBlocked(t, s, 5)
	for i, c := range cs[:5] {
		c.reply()
		// The pause counts whole milliseconds of the clock.
		if d := time.Since(start); d <= 299*time.Millisecond || d > patience {
			t.Errorf("%d waited for %v", i, d)
		}
		c.gets("x")
	}
	admin.want("5", "GET", "n")
	c := dial(t, s)
	c.send(encode("CLIENT", "PAUSE", "100", "WRITE") + encode("CLIENT", "REPLY", "SKIP") + encode("INCR", "n") + encode("INCR", "n"))
	c.gets("OK")
	c.gets("7")
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
