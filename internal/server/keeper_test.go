package server

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// infoField reads one field of INFO.
func (c *testClient) infoField(name string) string {
	c.t.Helper()
	for line := range strings.SplitSeq(c.do("INFO", "everything"), "\r\n") {
		if v, ok := strings.CutPrefix(line, name+":"); ok {
			return v
		}
	}
	c.t.Fatalf("INFO has no %s", name)
	return ""
}

func (c *testClient) infoInt(name string) int64 {
	c.t.Helper()
	n, err := strconv.ParseInt(c.infoField(name), 10, 64)
	if err != nil {
		c.t.Fatal(name, err)
	}
	return n
}

// eventually waits until ok or fails.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	until(t, what, ok)
}

// TestKeysExpireByThemselves lets many keys fall due that nobody asks for.
func TestKeysExpireByThemselves(t *testing.T) {
	for try := 1; ; try++ { // a busy machine may be late, but not always
		late, worst := keysExpire(t)
		if late <= 500+10*worst {
			return
		}
		if try == 4 {
			t.Fatalf("the latest was %d ms late, while the machine's pauses were %d ms at most", late, worst)
		}
	}
}

// keysExpire returns by how many milliseconds the last key was late, and how long the machine's worst pause was.
func keysExpire(t *testing.T) (late, worst int64) {
	t.Helper()
	s := startServer(t)
	c := dial(t, s)
	const keys = 20_000
	stop, pauses := make(chan struct{}), make(chan time.Duration)
	go func() { pauses <- worstPause(stop) }()
	var b strings.Builder
	for i := range keys {
		b.WriteString(encode("SET", fmt.Sprint("key:", i), "v", "PX", strconv.Itoa(100+i%700)))
	}
	c.send(b.String())
	for range keys {
		c.reply()
	}
	c.want("OK", "SET", "stays", "v")
	c.want("OK", "SET", "lasts", "v", "EX", "100000")
	if ttl := c.infoField("db0"); strings.HasSuffix(ttl, "avg_ttl=0") {
		t.Errorf("keyspace: %s", ttl)
	}
	eventually(t, "the keys expire", func() bool { return s.Store.Len(0) == 2 })
	if n := c.infoInt("expired_keys"); n != keys {
		t.Errorf("%d keys counted as expired", n)
	}
	close(stop)
	worst = (<-pauses).Milliseconds()
	if err := s.Store.CheckInvariants(); err != nil {
		t.Error(err)
	}
	return c.infoInt("expire_late_max_milliseconds"), worst
}

// worstPause sleeps again and again until stop is closed, and returns by how much that took longer at worst
// than it should: so long has this machine nothing for a goroutine.
func worstPause(stop chan struct{}) (worst time.Duration) {
	const nap = 2 * time.Millisecond
	for {
		select {
		case <-stop:
			return worst
		default:
		}
		begin := time.Now()
		time.Sleep(nap)
		worst = max(worst, time.Since(begin)-nap)
	}
}

// TestSetActiveExpire switches the keeper's part off and on again.
func TestSetActiveExpire(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	c.want("OK", "DEBUG", "SET-ACTIVE-EXPIRE", "0")
	c.want("OK", "SET", "k", "v", "PX", "10")
	due := time.Now().UnixMilli() + 10
	until(t, "its time comes", func() bool { return time.Now().UnixMilli() > due })
	s.keeper.ExpireDue()
	if n := s.Store.Len(0); n != 1 {
		t.Fatalf("%d keys", n)
	}
	c.want("nil", "GET", "k") // a read meets the deadline all the same
	c.want("OK", "SET", "k", "v", "PX", "10")
	c.want("OK", "DEBUG", "SET-ACTIVE-EXPIRE", "1")
	eventually(t, "the key expires", func() bool { return s.Store.Len(0) == 0 })
}

// TestFieldsExpireByThemselves lets fields of hashes fall due that nobody asks for.
func TestFieldsExpireByThemselves(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	c.want("3", "HSET", "small", "a", "1", "b", "2", "c", "3")
	c.want("[1 1]", "HPEXPIRE", "small", "40", "FIELDS", "2", "a", "b")
	c.want("1", "HSET", "gone", "a", "1")
	c.want("[1]", "HPEXPIRE", "gone", "60", "FIELDS", "1", "a")
	args := []string{"HSET", "large"}
	for i := range 2000 {
		args = append(args, fmt.Sprint("field", i), "v")
	}
	c.want("2000", args...)
	args = []string{"HPEXPIRE", "large", "80", "FIELDS", "1500"}
	for i := range 1500 {
		args = append(args, fmt.Sprint("field", i))
	}
	c.do(args...)
	c.want("1", "PEXPIRE", "large", "100000")
	eventually(t, "the fields expire", func() bool {
		return s.Store.Len(0) == 2 && c.do("HLEN", "small") == "1" && c.do("HLEN", "large") == "500"
	})
	if n := c.infoInt("expired_keys"); n != 0 {
		t.Errorf("%d keys counted as expired", n)
	}
	if err := s.Store.CheckInvariants(); err != nil {
		t.Error(err)
	}
}
