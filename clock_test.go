package kring

import (
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// atClock starts a server whose time stands at one moment.
func atClock(t *testing.T, config string) (*Clock, *Server) {
	t.Helper()
	old := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		if err := goleak.Find(old); err != nil {
			t.Error(err)
		}
	})
	c := NewClock(time.Date(2020, 5, 17, 10, 0, 0, 123e6, time.UTC))
	return c, StartT(t, Options{Clock: c, Config: config})
}

func TestClockStandsStill(t *testing.T) {
	c, e := atClock(t, "")
	e.want(t, "OK", "SET", "k", "v", "PX", 1)
	e.want(t, "OK", "SET", "later", "v", "EX", 100)
	time.Sleep(10 * time.Millisecond)
	e.want(t, "1", "PTTL", "k")
	e.want(t, "[1589709600 123000]", "TIME")
	e.want(t, "1589709700", "EXPIRETIME", "later")
	e.want(t, "1589709600123-0", "XADD", "s", "*", "f", "v")
	e.want(t, "1589709600123-1", "XADD", "s", "*", "f", "v")
	c.Advance(time.Millisecond)
	e.want(t, "<nil>", "GET", "k")
	e.want(t, "2", "DBSIZE")
	e.want(t, "99999", "PTTL", "later")
	e.want(t, "1589709600124-0", "XADD", "s", "*", "f", "v")
	c.Advance(60 * time.Second)
	e.want(t, "39999", "PTTL", "later")
	e.want(t, "60", "OBJECT", "IDLETIME", "s")
	c.Set(c.Now().Add(-time.Minute)) // back
	e.want(t, "100", "TTL", "later")
	c.Set(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	e.want(t, "[s]", "KEYS", "*")
	e.want(t, "[1893456000 0]", "TIME")
	if now := c.Now(); now.Year() != 2030 && now.Year() != 2029 {
		t.Error(now)
	}
}

// TestClockExpires: when Advance returns, all has happened, however much it is.
func TestClockExpires(t *testing.T) {
	c, e := atClock(t, "notify-keyspace-events Exh")
	sub := dial(t, e)
	sub.want("[subscribe __keyevent@0__:expired 1]", "SUBSCRIBE", "__keyevent@0__:expired")
	w := dial(t, e)
	const n = 20000
	go func() {
		for i := range n {
			w.send("SET", fmt.Sprint("k", i), "v", "EX", 1+i%2*3600)
		}
	}()
	for range n {
		if got := w.reply(); got != "OK" {
			t.Fatal(got)
		}
	}
	e.want(t, "2", "HSET", "h", "a", 1, "b", 2)
	e.want(t, "[1]", "HEXPIRE", "h", 30, "FIELDS", 1, "a")
	c.Advance(999 * time.Millisecond)
	e.want(t, fmt.Sprint(n+1), "DBSIZE")
	c.Advance(time.Millisecond)
	e.want(t, fmt.Sprint(n/2+1), "DBSIZE")
	for range n / 2 {
		if got := sub.reply(); got[:10] != "[message _" {
			t.Fatal(got)
		}
	}
	e.want(t, "2", "HLEN", "h")
	c.Advance(30 * time.Second)
	e.want(t, "1", "HLEN", "h")
	c.Advance(2 * time.Hour)
	e.want(t, "1", "DBSIZE")
}

func TestClockEndsWaiting(t *testing.T) {
	c, e := atClock(t, "")
	a, b, d := dial(t, e), dial(t, e), dial(t, e)
	a.send("BLPOP", "l", 3600)
	b.send("XREAD", "BLOCK", 60000, "STREAMS", "s", "$")
	d.want("<nil>", "BLPOP", "l", 0.05) // by the real time
	awaitInfo(t, e, "clients", "blocked_clients", "2")
	c.Advance(59 * time.Second)
	if n := infoField(t, e, "clients", "blocked_clients"); n != "2" {
		t.Error("blocked:", n)
	}
	c.Advance(time.Second)
	if n := infoField(t, e, "clients", "blocked_clients"); n != "1" {
		t.Error("blocked:", n)
	}
	if got := b.reply(); got != "<nil>" {
		t.Error(got)
	}
	c.Advance(time.Hour)
	if got := a.reply(); got != "<nil>" {
		t.Error(got)
	}
	a.want("PONG", "PING")
}

// TestClockOfSeveral: servers may share a clock, come and go.
func TestClockOfSeveral(t *testing.T) {
	c, one := atClock(t, "")
	two := StartT(t, Options{Clock: c})
	for _, e := range []*Server{one, two} {
		e.want(t, "OK", "SET", "k", "v", "EX", 10)
	}
	c.Advance(10 * time.Second)
	for _, e := range []*Server{one, two} {
		e.want(t, "0", "DBSIZE")
	}
	go one.Close()
	for range 100 {
		c.Advance(time.Second)
	}
	<-one.Done()
	c.Advance(time.Second)
	two.want(t, "OK", "SET", "k", "v", "EX", 10)
	c.Advance(10 * time.Second)
	two.want(t, "0", "DBSIZE")
}

// TestClockAndAOF: what has expired while nobody ran is gone after the start.
func TestClockAndAOF(t *testing.T) {
	config := "appendonly yes\ndir " + t.TempDir()
	c, e := atClock(t, config)
	e.want(t, "OK", "SET", "soon", "v", "EX", 10)
	e.want(t, "OK", "SET", "late", "v", "EX", 100)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	c.Advance(50 * time.Second)
	e = StartT(t, Options{Clock: c, Config: config})
	e.want(t, "<nil>", "GET", "soon")
	e.want(t, "50", "TTL", "late")
}

// TestClockAtItsEnds: times that no deadline can express are held within what can, and
// neither hang nor harm the server.
func TestClockAtItsEnds(t *testing.T) {
	for _, at := range []time.Time{
		time.UnixMilli(1<<63 - 1), time.Unix(1<<62, 0), time.Unix(1<<50, 0), time.Unix(-1<<62, 0), time.UnixMilli(-1 << 63), time.UnixMilli(-1),
		time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		c, e := atClock(t, "")
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.Set(at)
			e.want(t, "OK", "SET", "k", "v", "EX", 10)
			e.want(t, "10", "TTL", "k")
			e.want(t, fmt.Sprintf("%d-0", c.Now().UnixMilli()), "XADD", "s", "*", "f", "v")
			c.Advance(1<<63 - 1)
			c.Advance(-1 << 63)
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		}()
		select {
		case <-done:
		case <-time.After(deadline):
			t.Fatalf("at %v the server hangs", at)
		}
	}
}
