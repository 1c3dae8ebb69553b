package migrate

import (
	"net"
	"testing"
	"time"
)

// TestRenew: a link that was made before Renew is not used again, be it idle then or in use.
func TestRenew(t *testing.T) {
	dialed := 0
	ls := &Links{Dial: func(string, time.Duration) (net.Conn, error) {
		dialed++
		conn, other := net.Pipe()
		t.Cleanup(func() { other.Close() })
		return conn, nil
	}}
	defer ls.Close()
	take := func(want bool) *link {
		t.Helper()
		l, kept, err := ls.take("there", time.Minute)
		if err != nil || kept != want {
			t.Fatalf("kept %v, want %v; %v", kept, want, err)
		}
		return l
	}
	a, b := take(false), take(false)
	ls.give(a)
	ls.Renew()
	if _, err := a.conn.Write([]byte("x")); err == nil {
		t.Error("the idle link is open")
	}
	ls.give(b)
	if _, err := b.conn.Write([]byte("x")); err == nil {
		t.Error("the link that was in use is open")
	}
	ls.give(take(false))
	take(true).conn.Close()
	if dialed != 3 {
		t.Errorf("%d links were made", dialed)
	}
}
