package server

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/server/durable"
	"github.com/kringdb/kring/internal/server/snapshot"
	"github.com/kringdb/kring/persistence/journal"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// follower is a subscriber that keeps what it is given, in its own framing.
type follower struct {
	base []byte // what was there before
	text []byte
	db   int
	end  uint64
	bad  string
}

// Record implements journal.Subscriber.
func (f *follower) Record(r journal.Record) {
	if r.End != f.end+uint64(len(r.Body)) || len(r.Body) == 0 {
		f.bad = fmt.Sprintf("a record of %d bytes ends at %d, behind %d", len(r.Body), r.End, f.end)
	}
	f.end = r.End
	if r.First != f.db {
		f.text = append(f.text, encode("SELECT", strconv.Itoa(r.First))...)
	}
	if r.Unit {
		f.text = append(f.text, encode("MULTI")...)
	}
	f.text = append(f.text, r.Body...)
	if r.Unit {
		f.text = append(f.text, encode("EXEC")...)
	}
	f.db = r.Last
}

// rebuild runs what a follower was given on a new server, and returns what is there then.
func (f *follower) rebuild(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "appendonlydir")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"appendonly.aof.1.incr.aof": slices.Concat(f.base, f.text), "appendonly.aof.manifest": []byte("file appendonly.aof.1.incr.aof seq 1 type i\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, end := runAOF(t, filepath.Dir(dir))
	defer end()
	return dial(t, s).dump()
}

// TestSubscribersFollowTheStore changes the store in every way, from many clients, with keys and
// fields that die and keys that are evicted, and lets two subscribers rebuild it: one from the
// start on; the other from a cut, on top of the snapshot that was taken there.
func TestSubscribersFollowTheStore(t *testing.T) {
	for _, aof := range []string{"no", "yes"} {
		t.Run("appendonly "+aof, func(t *testing.T) { testFollowers(t, aof) })
	}
}

func testFollowers(t *testing.T, aof string) {
	s, _ := runServer(t, "appendonly", aof, "dir", t.TempDir(), "maxmemory-policy", "allkeys-random")
	log := &s.Journal.Log
	first, second := &follower{db: -1}, &follower{db: -1}
	log.At(func(uint64) { log.SubscribeLocked(first) })
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			c := dial(t, s)
			rng := rand.New(rand.NewPCG(uint64(i), 3))
			deadlineScript(c, rng, 150)
			for n := range 200 {
				c.do("SETRANGE", fmt.Sprint("large", i, ".", n), "20000", "x")
			}
			deadlineScript(c, rng, 150)
		}()
	}
	c := dial(t, s)
	time.Sleep(20 * time.Millisecond) // somewhere in between
	base := snapshot.NewCopy(s.Store, snapshot.Commands)
	err := base.Begin(func(sink store.SnapshotSink) (*store.Snapshot, error) {
		return s.disk.Cut(sink, func(pos uint64) {
			second.end = pos
			log.SubscribeLocked(second)
		})
	})
	for done := false; !done && err == nil; {
		second.base, done, err = base.Next(second.base)
	}
	if err != nil {
		t.Fatal(err)
	}
	base.End()
	c.want("OK", "CONFIG", "SET", "maxmemory", "12mb") // some of the large ones have to go
	wg.Wait()
	until(t, "something is evicted", func() bool { return c.infoOf("stats")["evicted_keys"] != "0" }) // by the keeper, if all were there
	c.want("OK", "CONFIG", "SET", "maxmemory", "0")
	want := c.settled()
	log.At(func(pos uint64) {
		log.UnsubscribeLocked(first)
		log.UnsubscribeLocked(second)
		if first.end != pos || second.end != pos {
			t.Errorf("the journal ends at %d, its subscribers at %d and %d", pos, first.end, second.end)
		}
	})
	for i, f := range []*follower{first, second} {
		if f.bad != "" {
			t.Errorf("subscriber %d: %s", i, f.bad)
		}
		if got := f.rebuild(t); got != want {
			t.Errorf("subscriber %d rebuilds\n%.2000s\nwant\n%.2000s", i, got, want)
		}
	}
}

// TestLoaderRefusesReaders: what no server writes is refused, and does not end the process.
func TestLoaderRefusesReaders(t *testing.T) {
	s := startServer(t)
	ap := durable.NewApplier(s.disk, context.Background())
	var fill []resp.Args
	for i := range 1500 {
		fill = append(fill, resp.Args{[]byte("SET"), fmt.Append(nil, "k", i), []byte("v")})
	}
	if n, err := ap.Apply(fill); n != len(fill) || err != nil {
		t.Fatal(n, err)
	}
	for _, text := range []string{"KEYS *", "GET k1", "SCAN 0", "DBSIZE", "EVAL return 0", "PUBLISH c m", "PING", "CONFIG GET save", "MULTI", "DEBUG SLEEP 0", "WATCH k1", "RANDOMKEY"} {
		var rec resp.Args
		for _, word := range strings.Fields(text) {
			rec = append(rec, []byte(word))
		}
		if n, err := ap.Apply([]resp.Args{rec}); n != 0 || err == nil {
			t.Errorf("%s: %d, %v", text, n, err)
		}
	}
	for _, text := range []string{"PFADD h a", "PFCOUNT h", "SELECT 1", "SELECT 0", "DELPATTERN k*", "FLUSHALL", "SWAPDB 0 1"} {
		var rec resp.Args
		for _, word := range strings.Fields(text) {
			rec = append(rec, []byte(word))
		}
		if n, err := ap.Apply([]resp.Args{rec}); n != 1 || err != nil {
			t.Errorf("%s: %d, %v", text, n, err)
		}
	}
}

// TestOneServerPerDirectory: a second server on the directory of an AOF does not start, and none
// switches one on or rewrites there; when the first has ended, all of that works.
func TestOneServerPerDirectory(t *testing.T) {
	dir := t.TempDir()
	first, endFirst := runAOF(t, dir)
	c := dial(t, first)
	c.want("OK", "SET", "a", "1")
	second, endSecond := runServer(t, "dir", dir, "appendonly", "no")
	d := dial(t, second)
	const unable = "ERR CONFIG SET failed (possibly related to argument 'appendonly') - Unable to turn on AOF. Check server logs."
	const failed = "ERR Can't execute an AOF background rewriting. Please check the server logs for more information."
	d.want(unable, "CONFIG", "SET", "appendonly", "yes")
	d.want(failed, "BGREWRITEAOF")
	d.want("ERR Error trying to load the AOF files, check server logs.", "DEBUG", "LOADAOF")
	third, err := New(optionsOf(t, "port", "0", "bind", "127.0.0.1", "dir", dir, "appendonly", "yes"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := third.Serve(context.Background()); err == nil || !strings.Contains(err.Error(), "another server has it open") {
		t.Errorf("the third ends with %v", err)
	}
	c.want("OK", "SET", "a", "2")
	endFirst()
	d.want("OK", "DEBUG", "LOADAOF")
	d.want("2", "GET", "a")
	d.rewrites()
	d.want("OK", "CONFIG", "SET", "appendonly", "yes")
	d.want("OK", "CONFIG", "SET", "appendonly", "no")
	d.rewrites()
	d.want("OK", "CONFIG", "SET", "appendonly", "yes")
	d.rewritten() // until then nothing is promised
	d.want("OK", "SET", "a", "3")
	endSecond()
	first, _ = runAOF(t, dir)
	dial(t, first).want("3", "GET", "a")
}

// TestLoadAOFOfDamage: DEBUG LOADAOF of a base that is cut or damaged leaves the data as they are, with the AOF on and off.
func TestLoadAOFOfDamage(t *testing.T) {
	for _, on := range []string{"no", "yes"} {
		for _, preamble := range []string{"no", "yes"} {
			t.Run(on+" "+preamble, func(t *testing.T) {
				dir := t.TempDir()
				s, _ := runAOF(t, dir, "aof-use-rdb-preamble", preamble, "auto-aof-rewrite-percentage", "0")
				c := dial(t, s)
				fill(c)
				c.rewrites()
				c.want("OK", "SET", "late", "1")
				c.want("OK", "CONFIG", "SET", "appendonly", on)
				c.want("OK", "SET", "later", "1")
				want := c.do("DEBUG", "DIGEST")
				names, err := filepath.Glob(filepath.Join(dir, "appendonlydir", "*.base.*"))
				if err != nil || len(names) != 1 {
					t.Fatal(names, err)
				}
				whole, err := os.ReadFile(names[0])
				if err != nil {
					t.Fatal(err)
				}
				damaged := slices.Clone(whole)
				at := len(damaged) / 2
				at += max(0, bytes.Index(damaged[at:], []byte("\r\n*"))) + 2 // where a record begins, if it has records
				damaged[at] ^= 1
				cut := whole[:at+1] // within a record: one cut between two records is a whole file
				for _, bad := range [][]byte{cut, damaged, append(slices.Clone(whole), "*1\r\n$4\r\nNONE\r\n"...)} {
					if err := os.WriteFile(names[0], bad, 0o600); err != nil {
						t.Fatal(err)
					}
					c.want("ERR Error trying to load the AOF files, check server logs.", "DEBUG", "LOADAOF")
					c.want(want, "DEBUG", "DIGEST")
				}
				if err := os.WriteFile(names[0], whole, 0o600); err != nil {
					t.Fatal(err)
				}
				c.want("OK", "DEBUG", "LOADAOF")
				c.want("1", "GET", "late")
			})
		}
	}
}

// TestLoadAOFWhileOff: DEBUG LOADAOF loads what is there; with nothing there the data stays.
func TestLoadAOFWhileOff(t *testing.T) {
	s, _ := runServer(t, "dir", t.TempDir(), "appendonly", "no", "aof-use-rdb-preamble", "no")
	c := dial(t, s)
	c.want("OK", "SET", "a", "1")
	c.want("ERR Error trying to load the AOF files, check server logs.", "DEBUG", "LOADAOF")
	c.want("1", "GET", "a")
	c.rewrites()
	c.want("OK", "SET", "a", "2")
	c.want("OK", "DEBUG", "LOADAOF")
	c.want("1", "GET", "a")
	c.want("OK", "SET", "a", "3")
}
