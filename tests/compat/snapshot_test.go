package compat

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
)

// TestSnapshotBothWays hands generated data over by files, from Kring to redis-server and from
// redis-server to Kring: the snapshot's file and an append only file that begins with one. Each
// file is loaded by both; what they have then must be the same, encodings included, and be what
// was saved. redis-check-rdb reads every file of Kring's. COMPAT_SNAPSHOTS says how many rounds.
func TestSnapshotBothWays(t *testing.T) {
	seed := envNumber(t, "COMPAT_SEED", time.Now().UnixNano()%1_000_000_000)
	for round := range envNumber(t, "COMPAT_SNAPSHOTS", 2) {
		first := uint64(seed + round*1_000_003)
		for _, fromOracle := range []bool{false, true} {
			for _, aof := range []string{"no", "yes"} {
				t.Run(map[bool]string{false: "kring", true: "redis"}[fromOracle]+" aof "+aof, func(t *testing.T) {
					t.Logf("seed %d", first)
					handFilesOver(t, first, fromOracle, aof)
				})
			}
		}
	}
}

// snapshotSide starts one of the servers on dir.
func snapshotSide(t *testing.T, oracle bool, dir, aof string) *Side {
	args := append(serverArgs(), "--appendonly", aof, "--auto-aof-rewrite-percentage", "0", "--dir", dir)
	if oracle {
		return launchWith(t, harness.OracleBin(t), dir, args...)
	}
	return launchWith(t, harness.SubjectBin(t), dir, append(args, "--rdb-version", "10")...)
}

func handFilesOver(t *testing.T, seed uint64, fromOracle bool, aof string) {
	dir := t.TempDir()
	from := snapshotSide(t, fromOracle, dir, aof)
	writeSequences(from, seed)
	if err := from.connect(); err != nil {
		t.Fatal(err)
	}
	if aof == "yes" {
		rewriteAOF(t, from)
		for _, line := range []string{"SELECT 0", "SET behind the-base", "SELECT 3", "RPUSH behind a b"} {
			if v, err := from.ctl.DoLine(line); err != nil || v.IsError() {
				t.Fatal(line, v, err)
			}
		}
	} else if v, err := from.ctl.DoLine("SAVE"); err != nil || v.Str != "OK" {
		t.Fatal(v, err)
	}
	want := dumpOf(t, from)
	endSide(t, from)
	if !fromOracle && aof == "no" {
		if out, err := exec.Command("redis-check-rdb", filepath.Join(dir, "dump.rdb")).CombinedOutput(); err != nil {
			t.Fatalf("redis-check-rdb: %v\n%s", err, out)
		}
	}
	var got [2]keyspace
	for i, oracle := range []bool{true, false} {
		own := t.TempDir()
		copyDir(t, dir, own)
		side := snapshotSide(t, oracle, own, aof)
		d, err := side.Dump()
		if err != nil {
			t.Fatal(err)
		}
		got[i] = d
		endSide(t, side)
	}
	compareDumps(t, "loaded by redis-server and by Kring", got[0], got[1])
	for _, d := range got {
		forgetUnwritten(d)
	}
	compareDumps(t, "on redis-server: first it, then what was saved", got[0], want)
	compareDumps(t, "on Kring: what was saved, then it", want, got[1])
}

// TestOldAOFWithPreamble: the single file of a server before 7.0 that begins with a snapshot is
// taken over, as redis-server does.
func TestOldAOFWithPreamble(t *testing.T) {
	dir := t.TempDir()
	from := snapshotSide(t, true, dir, "yes")
	writeSequences(from, 5)
	if err := from.connect(); err != nil {
		t.Fatal(err)
	}
	rewriteAOF(t, from)
	for _, line := range []string{"SELECT 0", "SET behind the-base", "SELECT 3", "RPUSH behind a b"} {
		if v, err := from.ctl.DoLine(line); err != nil || v.IsError() {
			t.Fatal(line, v, err)
		}
	}
	want := dumpOf(t, from)
	endSide(t, from)
	var file []byte
	for _, pattern := range []string{"*.base.rdb", "*.incr.aof"} {
		names, err := filepath.Glob(filepath.Join(dir, aofDir, pattern))
		if err != nil || len(names) != 1 {
			t.Fatal(names, err)
		}
		part, err := os.ReadFile(names[0])
		if err != nil {
			t.Fatal(err)
		}
		file = append(file, part...)
	}
	old := t.TempDir()
	if err := os.WriteFile(filepath.Join(old, "appendonly.aof"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	s := snapshotSide(t, false, old, "yes")
	compareDumps(t, "what was there, then what Kring makes of the file", want, dumpOf(t, s))
	rewriteAOF(t, s)
	endSide(t, s)
	s = snapshotSide(t, true, old, "yes")
	compareDumps(t, "rewritten by Kring, on redis-server", dumpOf(t, s), want)
	endSide(t, s)
}
