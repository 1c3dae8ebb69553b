//go:build unix

package repl

import (
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
)

// TestFailover: FAILOVER makes a replica the primary under writes, of which none is lost that was acknowledged, and the primary
// its replica, without a copy; whether they are Kring or redis-server.
func TestFailover(t *testing.T) {
	kring, redis := harness.SubjectBin(t), harness.OracleBin(t)
	for _, pair := range []struct{ name, primary, replica string }{
		{"Kring to Kring", kring, kring}, {"Kring to redis-server", kring, redis}, {"redis-server to Kring", redis, kring},
	} {
		t.Run(pair.name, func(t *testing.T) {
			t.Parallel()
			f := newFailed(t, pair.primary, pair.replica)
			c := f.primary.Connect(t)
			acknowledged, done := 0, make(chan struct{})
			go func() {
				defer close(done)
				for {
					if v, err := c.Do("INCR", "n"); err != nil || v.IsError() {
						return // READONLY
					}
					acknowledged++
				}
			}()
			await(t, func() string {
				if n := f.do(f.replica, "GET", "n"); len(n) < 3 {
					return "n is " + n
				}
				return ""
			})
			f.do(f.primary, "FAILOVER")
			f.await(f.replica, "role:master")
			f.await(f.primary, "role:slave", "master_link_status:up", "master_failover_state:no-failover")
			<-done
			if n, _ := strconv.Atoi(f.do(f.replica, "GET", "n")); n < acknowledged {
				t.Errorf("the counter is %d, %d calls were acknowledged", n, acknowledged)
			}
			f.do(f.replica, "SET", "after", "1")
			await(t, func() string {
				if got := f.do(f.primary, "GET", "after"); got != "1" {
					return "the old primary has " + got
				}
				return ""
			})
			if full, partial := field(t, f.replica, "sync_full"), field(t, f.replica, "sync_partial_ok"); full != "0" || partial != "1" {
				t.Errorf("%s copies were made, %s times the stream went on", full, partial)
			}
		})
	}
}

// TestFailoverGivenUp: while FAILOVER waits for a replica that stands still, writes wait; they go on at the same primary when its time
// is over, or it is aborted, also if the replica was to be asked without having everything.
func TestFailoverGivenUp(t *testing.T) {
	f := newFailed(t, harness.SubjectBin(t), harness.SubjectBin(t))
	_ = f.replica.Signal(syscall.SIGSTOP)
	f.do(f.primary, "SET", "key", "1")
	to := []string{"FAILOVER", "TO", "127.0.0.1", strconv.Itoa(f.replica.Port)}
	for _, c := range []struct {
		args  []string
		state string
		abort bool
	}{
		{[]string{"FAILOVER"}, "waiting-for-sync", true},
		{append(to, "TIMEOUT", "3000"), "waiting-for-sync", false},
		{append(to, "TIMEOUT", "50", "FORCE"), "failover-in-progress", true},
	} {
		f.do(f.primary, c.args...)
		w := f.primary.Connect(t)
		written := make(chan rawclient.Value, 1)
		go func() {
			v, _ := w.Do("SET", "key", "2")
			written <- v
		}()
		f.await(f.primary, "master_failover_state:"+c.state)
		if v, err := ask(f.primary, "FAILOVER"); err != nil || v.Str != "ERR FAILOVER already in progress." {
			t.Errorf("%v: a second one: %v, %v", c.args, v, err)
		}
		if c.abort {
			if got := f.do(f.primary, "GET", "key"); got != "1" { // reads go on, writes wait
				t.Errorf("%v: the key is %s", c.args, got)
			}
			f.do(f.primary, "FAILOVER", "ABORT")
		}
		f.await(f.primary, "role:master", "master_failover_state:no-failover")
		if v := <-written; v.Str != "OK" {
			t.Errorf("%v: a write that has waited: %v", c.args, v)
		}
		f.do(f.primary, "SET", "key", "1")
	}
	if v, err := ask(f.primary, "FAILOVER", "ABORT"); err != nil || v.Str != "ERR No failover in progress." {
		t.Errorf("%v, %v", v, err)
	}
	_ = f.replica.Signal(syscall.SIGCONT)
	f.await(f.replica, "role:slave", "master_link_status:up")
	f.await(f.primary, "role:master", "state=online")
}

// failed is a primary and its replica.
type failed struct {
	t                *testing.T
	primary, replica *harness.Server
}

func newFailed(t *testing.T, primary, replica string) *failed {
	t.Helper()
	quick := []string{"--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "3600"}
	f := &failed{t: t, primary: harness.Start(t, primary, quick...)}
	f.replica = harness.Start(t, replica, append(quick, "--replicaof", "127.0.0.1", strconv.Itoa(f.primary.Port))...)
	t.Cleanup(func() { _ = f.replica.Signal(syscall.SIGCONT) })
	f.await(f.primary, "state=online")
	f.await(f.replica, "master_link_status:up")
	return f
}

func (f *failed) do(s *harness.Server, args ...string) string {
	f.t.Helper()
	v, err := ask(s, args...)
	if err != nil || v.IsError() {
		f.t.Fatalf("%s %v: %v, %v", s.Name, args, v, err)
	}
	return v.Str
}

// await waits until INFO replication has all these.
func (f *failed) await(s *harness.Server, want ...string) {
	f.t.Helper()
	await(f.t, func() string {
		text := f.do(s, "INFO", "replication")
		for _, w := range want {
			if !strings.Contains(text, w) {
				return "no " + w + " in\n" + text
			}
		}
		return ""
	})
}
