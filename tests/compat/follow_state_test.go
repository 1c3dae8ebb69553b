package compat

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
)

// followers are a redis-server, and another one and Kring that follow it.
type followers struct {
	t                       *testing.T
	primary, model, subject *Side
	port                    string
}

func newFollowers(t *testing.T) *followers {
	f := &followers{t: t}
	f.primary = launchWith(t, harness.OracleBin(t), t.TempDir(), append(serverArgs(), "--repl-diskless-sync-delay", "0")...)
	f.port = strconv.Itoa(f.primary.Server.Port)
	f.model = launchWith(t, harness.OracleBin(t), t.TempDir(), append(serverArgs(), "--replicaof", "127.0.0.1", f.port)...)
	f.subject = launchWith(t, harness.SubjectBin(t), t.TempDir(), append(serverArgs(), "--replicaof", "127.0.0.1", f.port)...)
	f.level()
	return f
}

// level waits until both have what the primary has.
func (f *followers) level() {
	f.t.Helper()
	awaitOffsets(f.t, f.primary, f.model)
	awaitOffsets(f.t, f.primary, f.subject)
}

// do calls the primary, and waits for the followers.
func (f *followers) do(lines ...string) {
	f.t.Helper()
	for _, line := range lines {
		if err := f.primary.connect(); err != nil {
			f.t.Fatal(err)
		}
		if v, err := f.primary.ctl.DoLine(line); err != nil || v.IsError() {
			f.t.Fatalf("%s: %v, %v", line, v, err)
		}
	}
	f.level()
}

// both calls both followers, whose replies have to be the same.
func (f *followers) both(lines ...string) {
	f.t.Helper()
	for _, line := range lines {
		var got [2]rawclient.Value
		for i, s := range []*Side{f.model, f.subject} {
			if err := s.connect(); err != nil {
				f.t.Fatal(err)
			}
			v, err := s.ctl.DoLine(line)
			if err != nil {
				f.t.Fatalf("%s: %v\n%s", line, err, s.Server.Output())
			}
			got[i] = v
		}
		if got[0].String() != got[1].String() {
			f.t.Errorf("%s:\n%s (redis-server)\n%s (Kring)", line, got[0], got[1])
		}
	}
}

// TestFollowState: what clients of a replica see is what they see of redis-server as a replica.
func TestFollowState(t *testing.T) {
	f := newFollowers(t)
	f.clients()
	f.do("SET a 1", "HSET h f v", "RPUSH l x y", "SELECT 3", "SET c 3", "SELECT 0", "DEBUG SET-ACTIVE-EXPIRE 0")
	f.both("GET a", "HGETALL h", "SET a 2", "DEL a", "INCR a", "MULTI", "SET a 3", "EXEC", "EVAL \"return redis.call('SET', 'a', '1')\" 0",
		"EVAL \"return redis.call('GET', 'a')\" 1 a", "EVAL_RO \"return redis.call('GET', 'a')\" 1 a", "BLPOP none 0.01", "BLPOP l 0", "FLUSHALL", "SWAPDB 0 1", "PFADD p x", "PFCOUNT p", "SORT l ALPHA",
		"SORT l ALPHA STORE m", "WAIT 0 1", "PUBLISH ch x", "CONFIG GET replicaof", "CONFIG GET replica-read-only", "XREADGROUP GROUP g c STREAMS s >",
		"REPLICAOF a b", "REPLICAOF 127.0.0.1 "+f.port, "FUNCTION LIST", "SCRIPT LOAD \"return 1\"", "CONFIG SET replicaof \"a 1\"")

	// What has expired is hidden, until the primary deletes it.
	f.do("SET e v PX 1", "HSET e2 f v", "PEXPIRE e2 1", "DEBUG SLEEP 0.01")
	time.Sleep(10 * time.Millisecond)
	f.both("GET e", "EXISTS e e2", "TTL e", "TYPE e", "HGET e2 f", "DBSIZE", "OBJECT ENCODING e", "EVAL_RO \"return redis.call('GET', 'e')\" 1 e")
	f.do("GET e")
	f.both("DBSIZE")
	f.do("APPEND e2x 1", "DEL e2")
	f.both("DBSIZE")

	// Writable replicas.
	f.both("CONFIG SET replica-read-only no", "SET own 1", "GET own", "SET own2 v PX 1")
	time.Sleep(10 * time.Millisecond)
	f.both("GET own2", "SET own2 v", "GET own2", "DEL own own2", "CONFIG SET replica-read-only yes", "SET own 1")

	// Functions and scripts of the primary.
	f.do("FUNCTION LOAD \"#!lua name=lib\\nredis.register_function('set', function(k, a) return redis.call('SET', k[1], a[1]) end)\"", "FCALL set 1 fk fv",
		"EVAL \"redis.call('INCR', KEYS[1]) redis.call('INCR', KEYS[1])\" 1 n", "MULTI", "INCR n", "SELECT 2", "SET in2 x", "SELECT 0", "INCR n", "EXEC", "SPOP h2", "XADD s 1-1 a b",
		"SADD set a b c", "SPOP set", "XGROUP CREATE s g 0", "XREADGROUP GROUP g c STREAMS s >", "SWAPDB 0 5", "SELECT 5", "SET five 5")
	f.both("FUNCTION LIST", "GET n", "DBSIZE", "SELECT 5", "GET n", "GET five", "SCARD set", "XLEN s", "XPENDING s g", "FCALL set 1 fk fv", "FCALL_RO set 1 fk fv", "SELECT 0")
	f.do("FLUSHALL", "SELECT 0", "SET last 1")
	f.both("DBSIZE", "SELECT 5", "DBSIZE", "SELECT 0", "GET last")
	f.roles("connected")
	f.channels()
	f.fields()

	// The primary is gone.
	if err := f.primary.Server.Kill(); err != nil {
		t.Fatal(err)
	}
	f.awaitDown()
	f.both("GET last", "SET last 2", "CONFIG SET replica-serve-stale-data no", "GET last", "SET last 2", "PING", "ECHO x", "SUBSCRIBE x", "UNSUBSCRIBE x", "EVAL \"return 1\" 0",
		"EVAL \"return redis.call('GET', 'last')\" 1 last", "MULTI", "GET last", "EXEC", "CONFIG SET replica-serve-stale-data yes", "GET last")
	f.both("REPLICAOF NO ONE", "SET last 2", "GET last", "INCR last", "REPLICAOF NO ONE", "ROLE")
	endSide(t, f.model)
	endSide(t, f.subject)
}

// clients: the primary is a client of its replicas.
func (f *followers) clients() {
	f.t.Helper()
	if want, got := numberOf(f.t, f.model, "connected_clients"), numberOf(f.t, f.subject, "connected_clients"); got != want {
		f.t.Errorf("%d clients, as redis-server counts them %d", got, want)
	}
	for _, s := range []*Side{f.model, f.subject} {
		v, err := s.ctl.Do("CLIENT", "LIST", "TYPE", "master")
		if err != nil || strings.Count(v.Str, "\n") != 1 || !strings.Contains(v.Str, " addr=127.0.0.1:"+f.port+" ") || !strings.Contains(v.Str, " flags=M ") ||
			!strings.Contains(v.Str, " user=(superuser) ") {
			f.t.Errorf("CLIENT LIST TYPE master of %s: %v, %v", s.Server.Name, v, err)
		}
	}
}

// roles compares ROLE, but for the offset.
func (f *followers) roles(state string) {
	f.t.Helper()
	for _, s := range []*Side{f.model, f.subject} {
		v, err := s.ctl.Do("ROLE")
		if err != nil || len(v.Elems) != 5 || v.Elems[0].Str != "slave" || v.Elems[1].Str != "127.0.0.1" || strconv.FormatInt(v.Elems[2].Int, 10) != f.port ||
			v.Elems[3].Str != state || v.Elems[4].Int <= 0 {
			f.t.Errorf("ROLE of %s: %v, %v", s.Server.Name, v, err)
		}
	}
}

// channels: what is published at the primary is heard at the replica.
func (f *followers) channels() {
	f.t.Helper()
	c, err := f.subject.Server.Dial()
	if err != nil {
		f.t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Do("SUBSCRIBE", "news"); err != nil {
		f.t.Fatal(err)
	}
	f.do("PUBLISH news hello")
	if v, err := c.Receive(); err != nil || len(v.Elems) != 3 || v.Elems[2].Str != "hello" {
		f.t.Errorf("%v, %v", v, err)
	}
}

// fields: INFO replication has all fields that redis-server's has.
func (f *followers) fields() {
	f.t.Helper()
	var names [2]map[string]bool
	for i, s := range []*Side{f.model, f.subject} {
		v, err := s.ctl.Do("INFO", "replication")
		if err != nil {
			f.t.Fatal(err)
		}
		names[i] = map[string]bool{}
		for line := range strings.Lines(v.Str) {
			name, _, _ := strings.Cut(line, ":")
			names[i][name] = true
		}
	}
	for name := range names[0] {
		if !names[1][name] {
			f.t.Errorf("INFO replication has no %s", name)
		}
	}
}

// awaitDown waits until both have seen that the primary is gone.
func (f *followers) awaitDown() {
	f.t.Helper()
	for _, s := range []*Side{f.model, f.subject} {
		for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
			if err := s.connect(); err != nil {
				f.t.Fatal(err)
			}
			if up, _ := harness.Info(s.ctl, "master_link_status"); up == "down" {
				break
			}
			if time.Now().After(end) {
				f.t.Fatal("the link of " + s.Server.Name + " is not down")
			}
		}
	}
}
