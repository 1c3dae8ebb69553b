package compat

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
)

// TestReplay runs generated sequences on a server with an AOF, restarts it, and compares
// every key: Kring's own file, Kring's file after a rewrite, Kring's directory opened by
// redis-server, and redis-server's directory opened by Kring. COMPAT_REPLAYS says how
// many rounds of replaySequences each.
func TestReplay(t *testing.T) {
	seed := envNumber(t, "COMPAT_SEED", time.Now().UnixNano()%1_000_000_000)
	for round := range envNumber(t, "COMPAT_REPLAYS", 3) {
		first := uint64(seed + round*1_000_003)
		t.Logf("round %d: seed %d", round, first)
		t.Run("kring", func(t *testing.T) { replayKring(t, first) })
		t.Run("redis", func(t *testing.T) { replayRedis(t, first) })
		if t.Failed() {
			return
		}
	}
}

// replaySequences is how many sequences write before a restart.
const replaySequences = 60

// aofDir is where both keep the append only file.
const aofDir = "appendonlydir"

// aofArgs switches an AOF on that both servers can read.
func aofArgs() []string {
	return append(serverArgs(), "--appendonly", "yes", "--aof-use-rdb-preamble", "no", "--auto-aof-rewrite-percentage", "0")
}

func replayKring(t *testing.T, seed uint64) {
	dir := t.TempDir()
	bin := harness.SubjectBin(t)
	s := launchIn(t, bin, dir)
	writeSequences(s, seed)
	want := dumpOf(t, s)
	forgetPending(want)
	endSide(t, s)
	openByOracle(t, dir, want, "the records, opened by redis-server")

	s = launchIn(t, bin, dir)
	got := dumpOf(t, s)
	forgetPending(got)
	compareDumps(t, "after a restart", want, got)
	copyTo := t.TempDir()
	rewriteAOF(t, s)
	if err := s.Server.Kill(); err != nil {
		t.Fatal(err)
	}
	s.dropAll()

	copyDir(t, filepath.Join(dir, aofDir), filepath.Join(copyTo, aofDir))
	s = launchIn(t, bin, dir)
	got = dumpOf(t, s)
	forgetPending(got)
	compareDumps(t, "after a rewrite and a kill", want, got)
	endSide(t, s)

	// Commands fill the nodes of a stream anew, of which it had more if entries were deleted in between.
	openByOracle(t, copyTo, want, "rewritten, opened by redis-server", "radix-tree-keys", "radix-tree-nodes")
}

// openByOracle has redis-server load a copy of what the subject left in dir, and compares all but some fields of the
// streams' descriptions.
func openByOracle(t *testing.T, dir string, want keyspace, when string, but ...string) {
	t.Helper()
	copyTo := t.TempDir()
	copyDir(t, filepath.Join(dir, aofDir), filepath.Join(copyTo, aofDir))
	s := launchIn(t, harness.OracleBin(t), copyTo)
	got := dumpOf(t, s)
	forgetPending(got)
	forgetOfStreams(got, but...)
	forgetOfStreams(want, but...)
	compareDumps(t, when+": first it, then what was there", got, want) // the oracle's side comes first, as everywhere
	endSide(t, s)
}

func replayRedis(t *testing.T, seed uint64) {
	dir := t.TempDir()
	s := launchIn(t, harness.OracleBin(t), dir)
	writeSequences(s, seed)
	endSide(t, s)
	s = launchIn(t, harness.OracleBin(t), dir) // its own replay is not always what it had
	want := dumpOf(t, s)
	endSide(t, s)
	s = launchIn(t, harness.SubjectBin(t), dir)
	got := dumpOf(t, s)
	compareDumps(t, "redis-server's directory opened by Kring", want, got)
	endSide(t, s)
}

func launchIn(t *testing.T, bin, dir string) *Side {
	t.Helper()
	return launchWith(t, bin, dir, aofArgs()...)
}

func endSide(t *testing.T, s *Side) {
	t.Helper()
	s.dropAll()
	if err := s.Server.Stop(); err != nil {
		t.Fatalf("%v\n%s", err, s.Server.Output())
	}
}

// writeSequences runs sequences one after the other on the same data. What one sequence
// does to its connections must not mute the next.
func writeSequences(s *Side, seed uint64) {
	for n := range uint64(replaySequences) {
		var steps []Step
		for _, st := range NewG(seed + n).Sequence() {
			switch name, _, _ := strings.Cut(st.Name(), "|"); {
			case name == "config", name == "debug", name == "shutdown", name == "bgrewriteaof", name == "flushall", name == "client", name == "failover", name == "replicaof", name == "slaveof":
			default:
				steps = append(steps, st)
			}
		}
		if s.connect() == nil {
			s.Run(steps)
		}
		s.dropAll()
	}
}

// dumpOf reads all keys, but not their encodings: those depend on a value's history.
func dumpOf(t *testing.T, s *Side) keyspace {
	t.Helper()
	d, err := s.Dump()
	if err != nil {
		t.Fatalf("%v\n%s", err, s.Server.Output())
	}
	forgetUnwritten(d)
	return d
}

// forgetUnwritten blanks what no append only file says: encodings, which depend on a
// value's history, and when consumers were seen.
func forgetUnwritten(d keyspace) {
	for k, st := range d {
		st.encoding = ""
		if st.typ == "stream" {
			forgetTimes(&st.value)
		}
		d[k] = st
	}
	forgetNegativeZeros(d)
}

// forgetNegativeZeros: a packed sorted set holds none, in Redis neither.
func forgetNegativeZeros(d keyspace) {
	for k, st := range d {
		if st.typ != "zset" {
			continue
		}
		for i := range st.value.Elems {
			if i%2 == 1 && st.value.Elems[i].Str == "-0" {
				st.value.Elems[i].Str = "0"
			}
		}
		d[k] = st
	}
}

// forgetTimes blanks when consumers were seen: no AOF says it.
func forgetTimes(v *rawclient.Value) {
	for i := range v.Elems {
		if i > 0 && (v.Elems[i-1].Str == "seen-time" || v.Elems[i-1].Str == "active-time") {
			v.Elems[i] = rawclient.Value{Kind: rawclient.Int}
		}
		forgetTimes(&v.Elems[i])
	}
}

// forgetPending blanks what consumers have pending: a rewrite, Redis's too, drops pending
// entries that were deleted from the stream, and no AOF says that one was read again.
func forgetPending(d keyspace) { forgetOfStreams(d, "pending", "pel-count") }

// forgetOfStreams blanks fields of the streams' descriptions.
func forgetOfStreams(d keyspace, fields ...string) {
	var walk func(v *rawclient.Value)
	walk = func(v *rawclient.Value) {
		for i := range v.Elems {
			if i > 0 && slices.Contains(fields, v.Elems[i-1].Str) {
				v.Elems[i] = rawclient.Value{Kind: rawclient.Int}
				continue
			}
			walk(&v.Elems[i])
		}
	}
	for k, st := range d {
		if st.typ == "stream" {
			walk(&st.value)
			d[k] = st
		}
	}
}

func compareDumps(t *testing.T, what string, want, got keyspace) {
	t.Helper()
	if len(want) == 0 {
		t.Fatal("nothing was written")
	}
	if d := want.diff(got); d != "" {
		t.Errorf("%s (before, after): %s", what, d)
		for k, st := range want { // where long values part
			a, b := st.value.String(), got[k].value.String()
			if i := parting(a, b); a != b {
				t.Errorf("%s parts at %d:\n%.400s\n%.400s", k, i, a[max(i-200, 0):], b[max(min(i, len(b))-200, 0):])
			}
		}
		t.FailNow()
	}
}

// parting is where two texts begin to differ.
func parting(a, b string) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return i
}

func rewriteAOF(t *testing.T, s *Side) {
	t.Helper()
	if v, err := s.ctl.Do("BGREWRITEAOF"); err != nil || v.IsError() {
		t.Fatal(v, err)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		running, err := harness.Info(s.ctl, "aof_rewrite_in_progress")
		if err != nil || time.Now().After(end) {
			t.Fatal("the rewrite does not end", err)
		}
		if running == "0" {
			break
		}
	}
	if status, _ := harness.Info(s.ctl, "aof_last_bgrewrite_status"); status != "ok" {
		t.Fatal("the rewrite failed: " + s.Server.Output())
	}
}

func copyDir(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}
