package server

import (
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/persistence/rdb"
)

// await waits for a condition.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for begin := time.Now(); !is(); time.Sleep(time.Millisecond) {
		if time.Since(begin) > patience {
			t.Fatal("in vain: ", what)
		}
	}
}

// saved waits for the end of the snapshot that runs, and returns its status.
func (c *testClient) saved(t *testing.T) string {
	t.Helper()
	await(t, "the end of a snapshot", func() bool { return c.infoOf("persistence")["rdb_bgsave_in_progress"] == "0" })
	return c.infoOf("persistence")["rdb_last_bgsave_status"]
}

func fill(c *testClient) {
	for i := range 300 {
		n := strconv.Itoa(i)
		c.do("SET", "s"+n, strings.Repeat("v", i))
		c.do("HSET", "h"+n, "f", n, "g", strings.Repeat("x", i))
		c.do("RPUSH", "l", n, strings.Repeat("y", i))
		c.do("ZADD", "z", n, "m"+n)
		c.do("SADD", "set", n)
		c.do("XADD", "x", n+"-1", "f", n)
	}
	c.do("PEXPIREAT", "s1", "99999999999999")
	c.do("XGROUP", "CREATE", "x", "g", "0")
	c.do("XREADGROUP", "GROUP", "g", "c", "COUNT", "5", "STREAMS", "x", ">")
	c.do("HPEXPIREAT", "h5", "60000000000000", "FIELDS", "1", "f")
}

// TestSnapshotSurvivesRestart: what a snapshot has is there after a restart, deadlines of keys
// and fields included; keys that have expired meanwhile are not.
func TestSnapshotSurvivesRestart(t *testing.T) {
	dir := t.TempDir()
	s, end := runServer(t, "dir", dir, "save", "3600 1", "rdb-version", "10")
	c := dial(t, s)
	fill(c)
	c.want("OK", "SET", "gone", "x", "PX", "20")
	if got := c.infoOf("persistence")["rdb_changes_since_last_save"]; got == "0" {
		t.Error("no changes are counted")
	}
	c.want("OK", "SAVE")
	if got := c.infoOf("persistence"); got["rdb_changes_since_last_save"] != "0" || got["rdb_saves"] != "1" {
		t.Error(got)
	}
	in, err := os.Open(filepath.Join(dir, "dump.rdb"))
	if err != nil {
		t.Fatal(err)
	}
	report, err := rdb.Check(in)
	in.Close()
	if err != nil || report.Version != rdb.DeadlineVersion || report.Fields != 1 {
		t.Errorf("version %d, %d fields with deadlines: %v", report.Version, report.Fields, err)
	}
	await(t, "a key expires", func() bool { return c.do("EXISTS", "gone") == "0" })
	want := c.do("DEBUG", "DIGEST")
	c.want("OK", "DEBUG", "RELOAD", "NOSAVE")
	c.want(want, "DEBUG", "DIGEST")
	c.want("OK", "DEBUG", "RELOAD")
	c.want(want, "DEBUG", "DIGEST")
	c.want("OK", "SET", "late", "1") // the end saves it
	want = c.do("DEBUG", "DIGEST")
	end()
	s, end = runServer(t, "dir", dir)
	c = dial(t, s)
	c.want(want, "DEBUG", "DIGEST")
	c.want("1", "EXISTS", "late")
	c.want("[60000000000000]", "HPEXPIRETIME", "h5", "FIELDS", "1", "f")
	c.want("99999999999999", "PEXPIRETIME", "s1")
	c.want("ERR Error trying to load the RDB dump, check server logs.", "DEBUG", "RELOAD", "NOSAVE", "NOFLUSH")
	end()
}

// TestEndKeepsWritesOut: while the server saves at its end nothing is written, whatever CLIENT UNPAUSE says: what was
// acknowledged is there afterwards.
func TestEndKeepsWritesOut(t *testing.T) {
	dir := t.TempDir()
	s, end := runServer(t, "dir", dir, "save", "3600 1000000")
	c, asker := dial(t, s), dial(t, s)
	c.want("OK", "DEBUG", "POPULATE", "200000")
	c.want("OK", "SET", "n", "0")
	asker.send(encode("SHUTDOWN"))
	eventually(t, "it saves", func() bool { return s.Guard.Load()&exec.GuardPaused != 0 })
	acked := 0
	for { // until the connection ends
		c.send(encode("CLIENT", "UNPAUSE") + encode("SET", "n", strconv.Itoa(acked+1)))
		_, _ = c.r.ReadString('\n')
		if _, err := c.r.ReadString('\n'); err != nil {
			break
		}
		acked++
	}
	end()
	dial(t, startServer(t, "dir", dir)).want(strconv.Itoa(acked), "GET", "n")
}

// TestReloadMerges holds the modifiers of DEBUG RELOAD.
func TestReloadMerges(t *testing.T) {
	s := startServer(t, "dir", t.TempDir())
	c := dial(t, s)
	c.want("OK", "MSET", "a", "1", "b", "2")
	c.want("OK", "SAVE")
	c.want("OK", "MSET", "a", "3", "c", "4")
	c.want("OK", "DEBUG", "RELOAD", "NOSAVE", "NOFLUSH", "MERGE")
	c.want("[1 2 4]", "MGET", "a", "b", "c")
	c.want("OK", "DEBUG", "RELOAD", "NOSAVE")
	c.want("2", "DBSIZE")
	c.want("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.", "DEBUG", "RELOAD", "X")
}

// ofDatabase is a snapshot that has a key in a database.
func ofDatabase(t *testing.T, db int) []byte {
	t.Helper()
	dir := t.TempDir()
	s, end := runServer(t, "dir", dir, "databases", strconv.Itoa(db+1))
	c := dial(t, s)
	c.want("OK", "SET", "first", "1")
	c.want("OK", "SELECT", strconv.Itoa(db))
	c.want("OK", "SET", "k", "v")
	c.want("OK", "SAVE")
	end()
	b, err := os.ReadFile(filepath.Join(dir, "dump.rdb"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestReloadOfDamage: DEBUG RELOAD of a file that is cut or damaged, or has a database too many, or is not there, leaves the
// data as they are.
func TestReloadOfDamage(t *testing.T) {
	dir := t.TempDir()
	s := startServer(t, "dir", dir)
	c := dial(t, s)
	fill(c)
	c.want("OK", "SAVE")
	c.want("OK", "SET", "late", "1")
	want := c.do("DEBUG", "DIGEST")
	path := filepath.Join(dir, "dump.rdb")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := append([]byte(nil), whole...)
	damaged[len(damaged)/2] ^= 1
	for _, bad := range [][]byte{whole[:len(whole)/2], damaged, ofDatabase(t, 16), nil} {
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if bad == nil {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		for _, more := range [][]string{nil, {"NOFLUSH", "MERGE"}} {
			c.want("ERR Error trying to load the RDB dump, check server logs.", append([]string{"DEBUG", "RELOAD", "NOSAVE"}, more...)...)
			c.want(want, "DEBUG", "DIGEST")
		}
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	c.want("OK", "DEBUG", "RELOAD", "NOSAVE")
	c.want("0", "EXISTS", "late")
}

// TestFailedSaves: a snapshot that fails leaves the file before it, and no other. With save
// points writes are refused then, and SHUTDOWN too, until one succeeds or somebody insists.
func TestFailedSaves(t *testing.T) {
	const misconf = "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may " +
		"modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails " +
		"(stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error."
	for _, op := range []string{"create", "write", "sync"} {
		for _, why := range []syscall.Errno{syscall.EIO, syscall.ENOSPC} {
			t.Run(op+" "+why.Error(), func(t *testing.T) {
				f, dir := &faultFS{}, t.TempDir()
				s, _ := launch(t, func(s *Server) { s.disk.FS = f }, "dir", dir, "save", "3600 1")
				s.awaitReady(t)
				c := dial(t, s)
				c.want("OK", "SET", "a", "1")
				c.want("OK", "SAVE")
				before, err := os.ReadFile(filepath.Join(dir, "dump.rdb"))
				if err != nil {
					t.Fatal(err)
				}
				f.set(func(what string) error {
					if what == op {
						return &fs.PathError{Op: what, Err: why}
					}
					return nil
				})
				c.want("OK", "SET", "b", "2")
				c.want("Background saving started", "BGSAVE")
				if got := c.saved(t); got != "err" {
					t.Error("status", got)
				}
				c.want(misconf, "SET", "c", "3")
				c.want(misconf, "PING")
				c.want("2", "GET", "b")
				c.want("ERR Errors trying to SHUTDOWN. Check logs.", "SHUTDOWN")
				c.want("ERR", "SAVE")
				c.want("OK", "CONFIG", "SET", "stop-writes-on-bgsave-error", "no")
				c.want("OK", "SET", "c", "3")
				c.want("OK", "CONFIG", "SET", "stop-writes-on-bgsave-error", "yes")
				c.want(misconf, "SET", "c", "3")
				after, err := os.ReadFile(filepath.Join(dir, "dump.rdb"))
				if err != nil || string(after) != string(before) {
					t.Errorf("the file before has changed: %v", err)
				}
				if files, _ := os.ReadDir(dir); len(files) != 1 {
					t.Errorf("files are left: %v", files)
				}
				f.set(nil)
				c.want("OK", "SAVE")
				c.want("OK", "SET", "c", "4")
			})
		}
	}
}

// TestSavePoints: so many changes within so many seconds make a snapshot.
func TestSavePoints(t *testing.T) {
	t.Parallel() // it waits most of the time
	dir := t.TempDir()
	s := startServer(t, "dir", dir, "save", "1 3")
	c := dial(t, s)
	c.want("OK", "MSET", "a", "1", "b", "2", "c", "3") // counts as three
	await(t, "a snapshot by the save point", func() bool { return c.infoOf("persistence")["rdb_saves"] == "1" })
	if got := c.infoOf("persistence")["rdb_changes_since_last_save"]; got != "0" {
		t.Error(got, "changes")
	}
}

// TestSavePointsUntold: a change that no pulse follows, as one of a primary's stream, is saved as well.
func TestSavePointsUntold(t *testing.T) {
	t.Parallel() // it waits most of the time
	dir := t.TempDir()
	s, _ := launch(t, func(s *Server) { s.clients.Pulse = nil }, "dir", dir, "save", "1 1")
	s.awaitReady(t)
	time.Sleep(2500 * time.Millisecond) // who saves has seen that there is nothing to save
	dial(t, s).want("OK", "SET", "a", "1")
	until(t, "there is a snapshot", func() bool {
		_, err := os.Stat(filepath.Join(dir, "dump.rdb"))
		return err == nil
	})
}

// TestFlushIsSaved: what FLUSHALL has removed does not come back after a crash, if there are save
// points.
func TestFlushIsSaved(t *testing.T) {
	dir := t.TempDir()
	s := startServer(t, "dir", dir, "save", "3600 1")
	c := dial(t, s)
	c.want("OK", "SET", "a", "1")
	c.want("OK", "SAVE")
	c.want("OK", "FLUSHALL")
	await(t, "a snapshot of nothing", func() bool {
		in, err := os.Open(filepath.Join(dir, "dump.rdb"))
		if err != nil {
			return false
		}
		defer in.Close()
		report, err := rdb.Check(in)
		return err == nil && report.Keys() == 0
	})
}

// TestEndWhileLoadingSavesNothing: a server that ends before it has loaded its file leaves the
// file as it is, whatever SHUTDOWN says.
func TestEndWhileLoadingSavesNothing(t *testing.T) {
	dir := t.TempDir()
	s, end := runServer(t, "dir", dir, "save", "3600 1")
	fill(dial(t, s))
	end()
	before, err := os.ReadFile(filepath.Join(dir, "dump.rdb"))
	if err != nil {
		t.Fatal(err)
	}
	for _, how := range []string{"SAVE", "FORCE", ""} {
		f, let := &faultFS{}, make(chan struct{})
		f.set(func(op string) error {
			if op == "open" {
				<-let
			}
			return nil
		})
		s, end = launch(t, func(s *Server) { s.disk.FS = f }, "dir", dir, "save", "3600 1")
		c := dial(t, s)
		c.want("LOADING Redis is loading the dataset in memory", "SAVE")
		if how == "" {
			c.send(encode("SHUTDOWN"))
		} else {
			c.send(encode("SHUTDOWN", how))
		}
		until(t, "the loading is to end", s.disk.Asked)
		close(let)
		c.closed()
		end()
		after, err := os.ReadFile(filepath.Join(dir, "dump.rdb"))
		if err != nil || string(after) != string(before) {
			t.Errorf("SHUTDOWN %s: the file has changed: %v", how, err)
		}
	}
}

// TestOneSaveAtATime holds the replies to whoever asks while a snapshot is written.
func TestOneSaveAtATime(t *testing.T) {
	f, let := &faultFS{}, make(chan struct{})
	s, _ := launch(t, func(s *Server) { s.disk.FS = f }, "dir", t.TempDir())
	s.awaitReady(t)
	c := dial(t, s)
	c.want("OK", "SET", "a", "1")
	var stuck atomic.Bool
	f.set(func(op string) error {
		if op == "write" {
			stuck.Store(true)
			<-let
		}
		return nil
	})
	c.want("Background saving started", "BGSAVE")
	await(t, "the snapshot is being written", stuck.Load)
	c.want("ERR Background save already in progress", "BGSAVE")
	c.want("ERR Background save already in progress", "BGSAVE", "SCHEDULE")
	c.want("ERR Background save already in progress", "SAVE")
	c.want("Background append only file rewriting scheduled", "BGREWRITEAOF")
	c.want("ERR syntax error", "BGSAVE", "X")
	for i := range 1000 { // nobody waits for the disk
		c.want("OK", "SET", strconv.Itoa(i), "x")
	}
	f.set(nil)
	close(let)
	if got := c.saved(t); got != "ok" {
		t.Error(got)
	}
	await(t, "the rewrite that waited", func() bool { return c.infoOf("persistence")["aof_rewrites"] == "1" })
}

// TestDamagedSnapshotIsRefused: a server does not start with a file that is cut or damaged, and
// says where it breaks.
func TestDamagedSnapshotIsRefused(t *testing.T) {
	dir := t.TempDir()
	s, end := runServer(t, "dir", dir)
	c := dial(t, s)
	fill(c)
	c.want("OK", "SAVE")
	end()
	path := filepath.Join(dir, "dump.rdb")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 20 {
		bad := append([]byte(nil), whole...)
		if i%2 == 0 {
			bad = bad[:1+rng.IntN(len(bad)-1)]
		} else {
			bad[rng.IntN(len(bad)-8)] ^= byte(1 + rng.IntN(255))
		}
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := New(optionsOf(t, "port", "0", "bind", "127.0.0.1", "dir", dir, "save", "EMPTY"), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		err = s.Serve(t.Context())
		if err == nil || !strings.Contains(err.Error(), "offset") || !strings.Contains(err.Error(), path) {
			t.Errorf("damage %d: %v", i, err)
		}
		if after, _ := os.ReadFile(path); string(after) != string(bad) {
			t.Error("the file was changed")
		}
	}
}

// TestSnapshotBesideWrites takes snapshots while clients change everything: each must hold a
// state between two writes of every pair of keys that change together.
func TestSnapshotBesideWrites(t *testing.T) {
	dir := t.TempDir()
	s, end := runServer(t, "dir", dir)
	var stop atomic.Bool
	var wg sync.WaitGroup
	c := dial(t, s)
	for _, large := range []string{"large", "larger"} { // that a snapshot takes by portions
		for i := range 20 {
			words := []string{"HSET", large}
			for j := range 500 {
				words = append(words, fmt.Sprint("field", i*500+j), strings.Repeat("x", j%60))
			}
			c.want("500", words...)
		}
	}
	for w := range 4 {
		wg.Go(func() {
			c := dial(t, s)
			for i := 0; !stop.Load(); i++ {
				k := fmt.Sprint(w, ".", i%500)
				c.do("MSET", "a"+k, strconv.Itoa(i), "b"+k, strconv.Itoa(i))
				c.do("HSET", "h"+k, "f", strconv.Itoa(i), "g", strings.Repeat("x", i%300))
				switch i % 20 {
				case 5:
					c.do("HSET", "large", fmt.Sprint("field", i%10_000), "changed")
				case 15:
					c.want("OK", "MULTI")
					c.do("HINCRBY", "large", "n", "1")
					c.do("HINCRBY", "larger", "n", "1")
					c.do("EXEC")
				}
			}
		})
	}
	await(t, "some data", func() bool { n, _ := strconv.Atoi(c.do("DBSIZE")); return n > 500 })
	for range 3 {
		c.want("OK", "SAVE")
	}
	stop.Store(true)
	wg.Wait()
	end()
	s, _ = runServer(t, "dir", dir)
	c = dial(t, s)
	for w := range 4 {
		for i := range 500 {
			k := fmt.Sprint(w, ".", i)
			got := strings.Fields(strings.Trim(c.do("MGET", "a"+k, "b"+k), "[]"))
			if len(got) == 2 && got[0] != got[1] {
				t.Errorf("keys %s: %v", k, got)
			}
		}
	}
	if a, b := c.do("HGET", "large", "n"), c.do("HGET", "larger", "n"); a != b || a == "" {
		t.Errorf("%q and %q were counted together", a, b)
	}
	if a, b := c.do("HLEN", "large"), c.do("HLEN", "larger"); a != "10001" || b != a {
		t.Errorf("%s and %s fields", a, b)
	}
	if err := s.Store.CheckInvariants(); err != nil {
		t.Error(err)
	}
}

// TestEndSaveBesideScript ends a server with save points while a script runs that never ends by
// itself. One that has not written, or whose changes can be undone, is ended, and what there is without it is saved; else
// there is no new snapshot, which the end tells. An AOF has nothing of any of them.
func TestEndSaveBesideScript(t *testing.T) {
	t.Parallel() // it waits most of the time
	for _, c := range []struct {
		name, script string
		keys         []string
		aof          string
		saved        bool
	}{
		{"reads", "while true do end", []string{"k"}, "no", true},
		{"undone", "redis.call('SET', KEYS[1], '1') while true do end", []string{"k"}, "no", true},
		{"undone, with an AOF", "redis.call('SET', KEYS[1], '1') while true do end", []string{"k"}, "yes", true},
		{"all gates", "redis.call('SET', 'k', '1') while true do end", nil, "no", false},
		{"all gates, with an AOF", "redis.call('SET', 'k', '1') while true do end", nil, "yes", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s, end := serveUntil(t, optionsOf(t, forTests(t, []string{"dir", dir, "save", "3600 1000000", "appendonly", c.aof, "busy-reply-threshold", "20"})...),
				func(s *Server) {
					hastyEnd(s)
					if !c.saved {
						s.disk.Patience = time.Second
					}
				})
			s.awaitReady(t)
			client := dial(t, s)
			client.want("OK", "SET", "k", "old")
			client.want("OK", "SAVE")
			client.want("OK", "SET", "k", "v")
			client.send(encode(append([]string{"EVAL", c.script, strconv.Itoa(len(c.keys))}, c.keys...)...))
			other := dial(t, s)
			until(t, "the script runs", func() bool { return strings.HasPrefix(other.do("GET", "k"), "BUSY") })
			if err := end(); (err == nil) != c.saved {
				t.Errorf("the server's end told %v", err)
			}
			again := startServer(t, "dir", dir, "appendonly", c.aof)
			want := "v"
			if !c.saved {
				want = "old"
			}
			dial(t, again).want(want, "GET", "k")
		})
	}
}
