package server

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// infoOf returns the fields of INFO's sections.
func (c *testClient) infoOf(sections ...string) map[string]string {
	out := map[string]string{}
	for line := range strings.SplitSeq(c.do(append([]string{"INFO"}, sections...)...), "\r\n") {
		if name, val, ok := strings.Cut(line, ":"); ok {
			out[name] = val
		}
	}
	return out
}

func number(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Error(err)
	}
	return n
}

func TestInfoCommandStats(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	for _, l := range []string{"MULTI", "SET a x", "INCR a", "DEBUG SLEEP 0.02", "EXEC", "EXEC", "MULTI", "GET", "EXEC", "INCR a", "INCR", "NOSUCH",
		"ACL SETUSER u on nopass +auth +info ~k* &c", "AUTH u p", "GET k", "AUTH u p"} {
		c.do(strings.Fields(l)...)
	}
	d := dial(t, s)
	f := d.infoOf("commandstats", "stats")
	for name, want := range map[string]string{
		"cmdstat_set": "calls=1,.*rejected_calls=0,failed_calls=0", "cmdstat_incr": "calls=2,rejected_calls=1,failed_calls=2",
		"cmdstat_exec": "calls=3,rejected_calls=0,failed_calls=2", "cmdstat_get": "calls=0,rejected_calls=2,failed_calls=0",
		"cmdstat_multi": "calls=2,rejected_calls=0,failed_calls=0",
	} {
		for part := range strings.SplitSeq(want, ",") {
			if part != ".*rejected_calls=0" && !strings.Contains(","+f[name]+",", ","+part+",") {
				t.Errorf("%s is %s, want %s", name, f[name], want)
			}
		}
	}
	usec := strings.TrimPrefix(strings.Split(f["cmdstat_exec"], ",")[1], "usec=")
	if number(t, usec) < 20_000 {
		t.Errorf("EXEC took %s µs, less than its calls", usec)
	}
	if f["acl_access_denied_cmd"] != "1" {
		t.Errorf("acl_access_denied_cmd is %s", f["acl_access_denied_cmd"])
	}
	d.want("OK", "CONFIG", "RESETSTAT")
	f = d.infoOf("commandstats", "stats")
	if f["cmdstat_exec"] != "" || f["acl_access_denied_cmd"] != "0" || number(t, f["total_reads_processed"]) > 2 {
		t.Error(f)
	}
}

func TestInfoFields(t *testing.T) {
	s := startServer(t)
	c, w, b, p := dial(t, s), dial(t, s), dial(t, s), dial(t, s)
	w.want("OK", "WATCH", "a", "b")
	b.block(s, 1, "BLPOP", "l", "m", "0")
	p.send(encode("SUBSCRIBE", "ch"))
	p.reply()
	f := c.infoOf()
	for name, want := range map[string]string{
		"watching_clients": "1", "total_watched_keys": "2", "total_blocking_keys": "2", "total_blocking_keys_on_nokey": "0",
		"pubsub_clients": "1", "connected_clients": "4", "pubsub_channels": "1", "role": "master", "blocked_clients": "1",
		"listener0": fmt.Sprintf("name=tcp,bind=127.0.0.1,port=%d", s.Port()), "repl_backlog_size": "1048576",
	} {
		if f[name] != want {
			t.Errorf("%s is %q, want %q", name, f[name], want)
		}
	}
	if len(f["master_replid"]) != 40 || f["master_replid"] == f["master_replid2"] {
		t.Errorf("ids %q, %q", f["master_replid"], f["master_replid2"])
	}
	for _, name := range []string{"eventloop_duration_sum", "eventloop_duration_cmd_sum", "instantaneous_eventloop_cycles_per_sec",
		"instantaneous_eventloop_duration_usec", "active_defrag_key_hits", "active_defrag_key_misses", "total_active_defrag_time", "current_active_defrag_time"} {
		number(t, f[name])
	}
	for _, name := range []string{"total_reads_processed", "total_writes_processed", "eventloop_cycles"} {
		until(t, name+" counts", func() bool { return c.infoInt(name) >= 2 }) // at the end of a turn, which may be behind its reply
	}
	big := strings.Repeat("x", 1<<20)
	for end := time.Now().Add(patience); ; {
		c.want("OK", "SET", "a", big)
		if f = c.infoOf("stats"); f["instantaneous_input_kbps"] != "0.00" {
			break
		}
		if time.Now().After(end) {
			t.Fatal("no input is measured")
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// Hashes with deadlines of fields are counted, wherever they go.
func TestInfoSubexpiry(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	for _, step := range []struct{ call, db0, db1 string }{
		{"HSET h a 1 b 2", "0", ""},
		{"HEXPIRE h 1000 FIELDS 1 a", "1", ""},
		{"HEXPIRE h 1000 FIELDS 1 b", "1", ""},
		{"HSETEX i EX 1000 FIELDS 1 a 1", "2", ""},
		{"HGETEX j EX 1000 FIELDS 1 a", "2", ""},
		{"COPY h k", "3", ""},
		{"COPY k k DB 1", "3", "1"},
		{"RENAME h i", "2", "1"},
		{"MOVE i 1", "1", "2"},
		{"SET k v", "0", "2"},
		{"SWAPDB 0 1", "2", "0"},
		{"DEL i", "1", "0"},
		{"HPEXPIRE k 20 FIELDS 2 a b", "", "0"},
	} {
		c.do(strings.Fields(step.call)...)
		f := map[string]string{}
		for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
			f = c.infoOf("keyspace")
			if step.db0 != "" || f["db0"] == "" || time.Now().After(end) {
				break
			}
		}
		for db, want := range map[string]string{"db0": step.db0, "db1": step.db1} {
			if _, got, _ := strings.Cut(f[db], "subexpiry="); got != want {
				t.Errorf("after %s: %s says %q, want %q", step.call, db, f[db], want)
			}
		}
	}
	c.want("OK", "FLUSHALL")
	if f := c.infoOf("keyspace"); f["db0"] != "" {
		t.Error(f)
	}
}

// TestInfoWaitsForNobody: INFO is made while another reactor is busy for long, and shows
// what that one has counted before.
func TestInfoWaitsForNobody(t *testing.T) {
	s := startServer(t, "io-model", "reactor")
	on := onEachReactor(t, s)
	on[1].want("nil", "GET", "none")
	release := make(chan struct{})
	defer close(release)
	s.Group.Reactors()[1].Post(func() { <-release })
	for _, section := range []string{"replication", "server", "stats", "persistence", "cpu", "keyspace", "errorstats"} {
		f := on[0].infoOf(section)
		if section == "stats" && f["keyspace_misses"] != "1" {
			t.Errorf("keyspace_misses is %s", f["keyspace_misses"])
		}
	}
}

// TestInfoWithinABatch: what stands before INFO in the same pipeline counts.
func TestInfoWithinABatch(t *testing.T) {
	c := dial(t, startServer(t))
	c.send(encode("SET", "a", "x") + encode("GET", "a") + encode("GET", "b") + encode("INCR", "a") + encode("INFO", "stats"))
	for range 4 {
		c.reply()
	}
	got := c.reply()
	for _, want := range []string{"keyspace_hits:1\r", "keyspace_misses:1\r", "total_error_replies:1\r"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
}
