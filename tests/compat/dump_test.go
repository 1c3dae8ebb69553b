package compat

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
)

// TestDumpBothWays hands every key of generated data over by DUMP and RESTORE, from Kring to
// redis-server and to Kring, and from redis-server to both, and compares values, types and
// deadlines with what was there, and between the two the encodings, too. COMPAT_DUMPS says how
// many rounds.
func TestDumpBothWays(t *testing.T) {
	seed := envNumber(t, "COMPAT_SEED", time.Now().UnixNano()%1_000_000_000)
	launch := func(t *testing.T, oracle bool) *Side {
		if oracle {
			return launchWith(t, harness.OracleBin(t), t.TempDir(), serverArgs()...)
		}
		return launchWith(t, harness.SubjectBin(t), t.TempDir(), append(serverArgs(), "--rdb-version", "10")...)
	}
	for round := range envNumber(t, "COMPAT_DUMPS", 2) {
		first := uint64(seed + round*1_000_003)
		for _, fromOracle := range []bool{false, true} {
			name := map[bool]string{false: "from kring", true: "from redis"}[fromOracle]
			t.Run(name, func(t *testing.T) {
				t.Logf("seed %d", first)
				from, oracle, subject := launch(t, fromOracle), launch(t, true), launch(t, false)
				writeSequences(from, first)
				o, s := handOver(t, from, oracle), handOver(t, from, subject)
				compareDumps(t, "restored by redis-server and by Kring", o, s)
				want := dumpOf(t, from)
				for _, d := range []keyspace{o, s} {
					forgetUnwritten(d)
				}
				compareDumps(t, name+", on redis-server: first it, then what was there", o, want) // the oracle's side comes first
				compareDumps(t, name+", on Kring", want, s)
				for _, side := range []*Side{from, oracle, subject} {
					endSide(t, side)
				}
			})
		}
	}
}

// handOver restores every key of one side on the other, and returns what there is.
func handOver(t *testing.T, from, to *Side) keyspace {
	t.Helper()
	want, err := from.Dump()
	if err != nil {
		t.Fatal(err)
	}
	if err := to.connect(); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		db, key, _ := strings.Cut(name, "/")
		from.ctl.Queue("SELECT", db)
		from.ctl.Queue("DUMP", key)
		from.ctl.Queue("PEXPIRETIME", key)
		got, err := from.ctl.Exchange(3)
		if err != nil || got[1].IsNull() || got[1].IsError() {
			t.Fatalf("%s: %v %v", name, got, err)
		}
		to.ctl.Queue("SELECT", db)
		at := "0"
		if got[2].Int > 0 {
			at = strconv.FormatInt(got[2].Int, 10)
		}
		to.ctl.Queue("RESTORE", key, at, got[1].Str, "ABSTTL")
		done, err := to.ctl.Exchange(2)
		if err != nil || done[1].Str != "OK" {
			t.Fatalf("RESTORE of %s, a %s: %v %v\npayload %q", name, want[name].typ, done, err, got[1].Str)
		}
	}
	got, err := to.Dump()
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// launchWith starts a server with these options alone.
func launchWith(t *testing.T, bin, dir string, args ...string) *Side {
	t.Helper()
	srv, err := harness.Launch(harness.Config{Bin: bin, Args: args, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = srv.Kill()
		harness.CheckOutput(t, srv)
	})
	return &Side{Server: srv}
}
