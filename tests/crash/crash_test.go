package crash

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
)

func TestMain(m *testing.M) {
	code := m.Run()
	harness.Cleanup()
	os.Exit(code)
}

func envNumber(t *testing.T, name string, otherwise int64) int64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatalf("%s=%q: %v", name, text, err)
	}
	return n
}

// writer is one client. Its numbers grow from round to round: seq is written to one of
// its own keys, appended to its own list, and within a transaction to two keys at once.
type writer struct {
	id    int
	first int64                // the last number that was sent before this round
	sent  int64                // the last number that was sent
	acked []int64              // of this round, and the last one before it
	found [keysPerWriter]int64 // what its own keys held at the begin of this round
}

// write writes until the server is gone.
func (w *writer) write(srv *harness.Server) {
	c, err := srv.Dial()
	if err != nil {
		return
	}
	defer c.Close()
	for {
		seq := w.sent + 1
		w.sent = seq
		n := strconv.FormatInt(seq, 10)
		c.Queue("SET", w.key(seq%keysPerWriter), n)
		c.Queue("MSET", w.key(-1), n, w.key(-2), n)
		c.Queue("APPEND", w.log(), n+" ")
		c.Queue("INCR", "shared")
		c.Queue("MULTI")
		c.Queue("SET", w.key(-3), n)
		c.Queue("SET", w.key(-4), n)
		c.Queue("EXEC")
		replies, err := c.Exchange(8)
		if err != nil {
			return
		}
		for _, v := range replies {
			if v.IsError() {
				return // MISCONF, LOADING: not acknowledged
			}
		}
		w.acked = append(w.acked, seq)
	}
}

func (w *writer) key(i int64) string { return fmt.Sprintf("w%d:%d", w.id, i) }
func (w *writer) log() string        { return fmt.Sprintf("w%d:log", w.id) }

func TestKillAlways(t *testing.T)   { testKill(t, "always") }
func TestKillEverySec(t *testing.T) { testKill(t, "everysec") }
func TestKillNo(t *testing.T)       { testKill(t, "no") }

// testKill runs rounds of: start, load, kill -9; the data stays from round to round. The machine
// goes on, so what the server has given to the kernel is there: nothing that was acknowledged
// may be lost, whatever the policy says about syncs.
func testKill(t *testing.T, policy string) {
	seed := uint64(envNumber(t, "CRASH_SEED", time.Now().UnixNano()%1_000_000_000))
	t.Logf("CRASH_SEED=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	dir := t.TempDir()
	var writers []*writer
	for i := range writersCount {
		writers = append(writers, &writer{id: i, acked: []int64{0}})
	}
	writes, shared := int64(0), int64(0)
	for round := range envNumber(t, "CRASH_ROUNDS", defaultRounds) {
		srv, err := harness.Launch(harness.Config{Bin: harness.SubjectBin(t), Dir: dir, Args: []string{
			"--appendonly", "yes", "--appendfsync", policy, "--auto-aof-rewrite-percentage", "0"}})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if round > 0 {
			check(t, srv, writers, &shared)
		}
		var wg sync.WaitGroup
		for _, w := range writers {
			wg.Add(1)
			go func() {
				defer wg.Done()
				w.write(srv)
			}()
		}
		life := lifeMin + time.Duration(rng.Int64N(int64(lifeMax-lifeMin)))
		if round%rewriteEvery == 1 {
			time.Sleep(life / 2)
			go rewrite(srv)
			life /= 2
		}
		time.Sleep(life)
		err = srv.Kill()
		wg.Wait()
		if err != nil || t.Failed() {
			t.Fatalf("round %d: %v\n%s", round, err, srv.Output())
		}
		harness.CheckOutput(t, srv)
		for _, w := range writers {
			writes += int64(len(w.acked)) - 1
		}
	}
	if writes == 0 {
		t.Fatal("nothing was written")
	}
	t.Logf("%d acknowledged writes of 7 keys each", writes)
}

// rewrite asks for a rewrite; the server may be gone before the answer.
func rewrite(srv *harness.Server) {
	if c, err := srv.Dial(); err == nil {
		_, _ = c.Do("BGREWRITEAOF")
		_ = c.Close()
	}
}

// check looks at what a restarted server has: no less than what was acknowledged,
// nothing that was never sent, nothing out of order. shared is the counter
// that all writers increment, as it was found the last time.
func check(t *testing.T, srv *harness.Server, writers []*writer, shared *int64) {
	t.Helper()
	c, err := srv.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	least, most := *shared, *shared
	for _, w := range writers {
		have := checkWriter(t, c, w, w.acked[len(w.acked)-1])
		least += int64(len(w.acked)) - 1
		most += w.sent - w.first
		// What is there now is what the next round builds on.
		w.first = w.sent
		w.acked = append(w.acked[:0], have)
	}
	n := number(t, c, "GET", "shared")
	if n < least || n > most {
		t.Errorf("the shared counter is %d, want %d to %d", n, least, most)
	}
	*shared = n
}

// checkWriter returns the last number of the writer that is complete.
func checkWriter(t *testing.T, c *rawclient.Client, w *writer, acked int64) (complete int64) {
	t.Helper()
	checkPair := func(what string, x, y int64) int64 {
		a, b := number(t, c, "GET", w.key(x)), number(t, c, "GET", w.key(y))
		if a != b {
			t.Errorf("writer %d: %s of two keys is there by half: %d and %d", w.id, what, a, b)
		}
		if a < acked || a > w.sent {
			t.Errorf("writer %d: %s %d is there, want %d to %d", w.id, what, a, acked, w.sent)
		}
		return a
	}
	a := checkPair("MSET", -1, -2)
	checkPair("EXEC", -3, -4)
	for i := range int64(keysPerWriter) {
		n := number(t, c, "GET", w.key(i))
		last := w.found[i] // then the last acknowledged one of this key
		for _, seq := range w.acked[1:] {
			if seq%keysPerWriter == i {
				last = seq
			}
		}
		w.found[i] = n
		if n < last || n > w.sent || n != 0 && n%keysPerWriter != i {
			t.Errorf("writer %d, key %d: %d is there, want %d to %d", w.id, i, n, last, w.sent)
		}
	}
	v, err := c.Do("GET", w.log())
	if err != nil {
		t.Fatal(err)
	}
	complete = int64(0)
	for word := range strings.FieldsSeq(v.Str) {
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil || n <= complete {
			t.Fatalf("writer %d: %q follows %d in its log", w.id, word, complete)
		}
		complete = n
	}
	if complete < acked || complete > a {
		t.Errorf("writer %d: its log ends with %d, want %d to %d", w.id, complete, acked, a)
	}
	return complete
}

func number(t *testing.T, c *rawclient.Client, args ...string) int64 {
	t.Helper()
	v, err := c.Do(args...)
	if err != nil {
		t.Fatal(err)
	}
	if v.IsNull() {
		return 0
	}
	n, err := strconv.ParseInt(v.Text(), 10, 64)
	if err != nil {
		t.Fatalf("%q: %s", args, v)
	}
	return n
}

// TestOneKey lets 8 clients change one key in ways whose order matters, and compares
// what memory holds with what a replay makes.
func TestOneKey(t *testing.T) {
	dir := t.TempDir()
	for round := range oneKeyRounds {
		srv, err := harness.Launch(harness.Config{Bin: harness.SubjectBin(t), Dir: dir, Args: []string{"--appendonly", "yes"}})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for i := range writersCount {
			wg.Add(1)
			go func() {
				defer wg.Done()
				mixOneKey(t, srv, i, round)
			}()
		}
		wg.Wait()
		want := state(t, srv)
		if err := srv.Stop(); err != nil {
			t.Fatal(err)
		}
		if srv, err = harness.Launch(harness.Config{Bin: harness.SubjectBin(t), Dir: dir, Args: []string{"--appendonly", "yes"}}); err != nil {
			t.Fatal(err)
		}
		if got := state(t, srv); got != want {
			t.Errorf("memory and replay differ:\n%.3000s\n%.3000s", want, got)
		}
		if err := srv.Stop(); err != nil {
			t.Fatal(err)
		}
	}
}

func mixOneKey(t *testing.T, srv *harness.Server, id, round int) {
	c, err := srv.Dial()
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	rng := rand.New(rand.NewPCG(uint64(id), uint64(round)))
	for i := range 100 {
		for j := range 20 {
			n := fmt.Sprint(id, ".", i, ".", j, " ")
			switch rng.IntN(40) {
			case 0:
				c.Queue("SET", "key", n)
			case 1:
				c.Queue("DEL", "key")
			case 2:
				c.Queue("GETSET", "key", n)
			case 3:
				c.Queue("RENAME", "key", "other")
			case 4:
				c.Queue("COPY", "other", "key", "REPLACE")
			case 5:
				c.Queue("SETRANGE", "key", "3", n)
			case 6:
				c.Queue("MSET", "key", n, "other", n)
			case 7:
				c.Queue("SET", "key", n, "NX", "PX", "100000000")
			default:
				c.Queue("APPEND", "key", n)
			}
		}
		if _, err := c.Exchange(20); err != nil {
			t.Error(err)
			return
		}
	}
}

func state(t *testing.T, srv *harness.Server) string {
	t.Helper()
	c, err := srv.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	text := ""
	for _, cmd := range []string{"GET key", "GET other", "PEXPIRETIME key", "PEXPIRETIME other", "DBSIZE"} {
		v, err := c.DoLine(cmd)
		if err != nil {
			t.Fatal(err)
		}
		text += v.String() + "\n"
	}
	return text
}

// TestKillWhileSaving kills a server that saves snapshots all the time while clients change
// everything: what it finds afterwards is a whole snapshot, one that was complete, in which what
// changed together is the same, and nothing unfinished. CRASH_SAVES says how many rounds.
func TestKillWhileSaving(t *testing.T) {
	dir := t.TempDir()
	seed := envNumber(t, "CRASH_SEED", time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(uint64(seed), 1))
	t.Logf("CRASH_SEED=%d", seed)
	saved := int64(0) // the least that the last complete snapshot has
	for round := range envNumber(t, "CRASH_SAVES", 8) {
		srv, err := harness.Launch(harness.Config{Bin: harness.SubjectBin(t), Dir: dir, Args: []string{"--dir", dir, "--rdb-version", "10"}})
		if err != nil {
			t.Fatal(err)
		}
		if left, err := filepath.Glob(filepath.Join(dir, "temp-*")); err != nil || len(left) > 0 {
			t.Fatalf("round %d: unfinished snapshots stay: %v %v", round, left, err)
		}
		c, err := srv.Dial()
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Do("MGET", "a", "b")
		if err != nil {
			t.Fatal(err)
		}
		texts := got.Texts()
		n := int64(0)
		if len(texts) == 2 && texts[0] != "" {
			n, _ = strconv.ParseInt(texts[0], 10, 64)
		}
		if len(texts) == 2 && texts[0] != texts[1] || n < saved {
			t.Fatalf("round %d: found %q, the last snapshot had %d", round, texts, saved)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			w, err := srv.Dial()
			for i := n + 1; err == nil; i++ {
				w.Queue("MSET", "a", fmt.Sprint(i), "b", fmt.Sprint(i))
				w.Queue("SETRANGE", fmt.Sprint("large", i%2000), "2000", fmt.Sprint(i))
				_, err = w.Exchange(2)
			}
		})
		kill := time.AfterFunc(time.Duration(100+rng.IntN(500))*time.Millisecond, func() { _ = srv.Kill() })
		for {
			before, err := c.Do("GET", "a")
			if err != nil {
				break
			}
			v, err := c.Do("SAVE")
			if err != nil {
				break
			}
			if v.Str == "OK" && before.Str != "" {
				saved, _ = strconv.ParseInt(before.Str, 10, 64)
			}
		}
		wg.Wait()
		kill.Stop()
		_ = srv.Kill()
	}
}
