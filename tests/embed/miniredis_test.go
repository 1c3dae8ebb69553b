package embed

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kringdb/kring"
)

// TestSession is the example of docs/MINIREDIS.md.
func TestSession(t *testing.T) {
	clock := kring.NewClock(time.Now())
	srv := kring.StartT(t, kring.Options{Clock: clock})
	rdb := redis.NewClient(&redis.Options{Addr: srv.Addr()})
	defer rdb.Close()

	if err := rdb.Set(t.Context(), "session", "ada", time.Hour).Err(); err != nil {
		t.Fatal(err)
	}
	if got, err := srv.Do(t.Context(), "GET", "session"); err != nil || got != "ada" {
		t.Errorf("session is %v, %v", got, err)
	}
	clock.Advance(time.Hour)
	if n := rdb.Exists(t.Context(), "session").Val(); n != 0 {
		t.Error("the session has not ended")
	}
}

// TestCallsOfMiniredis tries what the table and the list of docs/MINIREDIS.md offer.
func TestCallsOfMiniredis(t *testing.T) {
	clock := kring.NewClock(time.Time{})
	dir := t.TempDir()
	srv, err := kring.Start(t.Context(), kring.Options{
		Clock: clock, Config: "user ada on >secret ~* &* +@all\nrename-command INCR \"\"\nappendonly yes\ndir " + dir,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want string
		args []any
	}{
		{"OK", []any{"SET", "k", "v"}},
		{"2", []any{"HSET", "h", "a", 1, "b", 2}},
		{"[a 1 b 2]", []any{"HGETALL", "h"}},
		{"<nil>", []any{"GET", "none"}},
		{"string", []any{"TYPE", "k"}},
		{"1", []any{"PEXPIRE", "k", time.Hour.Milliseconds()}},
		{"3600000", []any{"PTTL", "k"}},
		{"ERR unknown command 'INCR', with args beginning with: 'k' ", []any{"INCR", "k"}},
		{"OK", []any{"AUTH", "ada", "secret"}},
		{"OK", []any{"SELECT", 1}},
		{"OK", []any{"SET", "other", "v"}},
		{"1", []any{"DBSIZE"}},
		{"OK", []any{"FLUSHDB"}},
		{"OK", []any{"SWAPDB", 0, 1}},
		{"2", []any{"DBSIZE"}},
		{"OK", []any{"CONFIG", "SET", "maxmemory", 1}},
		{"OOM command not allowed when used memory > 'maxmemory'.", []any{"SET", "k", "v"}},
		{"OK", []any{"CONFIG", "SET", "maxmemory", 0}},
		{"OK", []any{"ACL", "SETUSER", "ada", "-get"}},
		{"NOPERM User ada has no permissions to run the 'get' command", []any{"GET", "k"}},
	} {
		got, err := srv.Do(t.Context(), c.args...)
		if err != nil {
			got = err
		}
		if text := fmt.Sprint(got); text != c.want {
			t.Errorf("%q: got %q, want %q", c.args, text, c.want)
		}
	}
	if err := srv.Close(); err != nil {
		t.Fatal(err)
	}
	again := kring.StartT(t, kring.Options{Addr: srv.Addr(), Config: "appendonly yes\ndir " + dir})
	if again.Addr() != srv.Addr() {
		t.Error(again.Addr())
	}
	if _, err := again.Do(t.Context(), "SELECT", 1); err != nil {
		t.Error(err)
	}
	if got, err := again.Do(t.Context(), "EXISTS", "h"); err != nil || got != int64(1) {
		t.Error(got, err)
	}
}
