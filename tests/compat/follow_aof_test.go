package compat

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
)

// TestFollowRestarts has Kring with an AOF follow redis-server, and be killed or ended while generated sequences write
// there. It goes on from what its AOF tells, and in the end has what another redis-server has that was never away;
// so has a redis-server that opens the AOF.
func TestFollowRestarts(t *testing.T) {
	seed := uint64(envNumber(t, "COMPAT_SEED", time.Now().UnixNano()%1_000_000_000))
	t.Logf("seed %d", seed)
	primary := launchWith(t, harness.OracleBin(t), t.TempDir(), append(serverArgs(), "--repl-diskless-sync-delay", "0", "--repl-backlog-size", "50mb")...)
	follow := []string{"--replicaof", "127.0.0.1", strconv.Itoa(primary.Server.Port)}
	model := launchWith(t, harness.OracleBin(t), t.TempDir(), append(serverArgs(), follow...)...)
	dir := t.TempDir()
	run := func() *Side {
		return launchWith(t, harness.SubjectBin(t), dir, append(append(serverArgs(), follow...), "--appendonly", "yes", "--auto-aof-rewrite-percentage", "0", "--rdb-version", "10")...)
	}
	replica := run()
	awaitOffsets(t, primary, replica)
	awaitRewritten(t, replica)
	for n := range uint64(restartsOfReplica) {
		written := make(chan struct{})
		go func() {
			defer close(written)
			writeSequences(primary, seed+1000*n)
		}()
		time.Sleep(time.Duration(20+37*n) * time.Millisecond) // somewhere within them; where does not matter
		if n%2 == 0 {
			replica.dropAll()
			if err := replica.Server.Kill(); err != nil {
				t.Error(err)
			}
		} else {
			endSide(t, replica)
		}
		<-written
		replica = run()
		awaitOffsets(t, primary, replica)
		awaitRewritten(t, replica)
	}
	awaitOffsets(t, primary, model)
	partial, full := numberOf(t, primary, "sync_partial_ok"), numberOf(t, primary, "sync_full")
	t.Logf("%d went on, %d full copies", partial, full)
	if partial != restartsOfReplica || full != 2 { // one for each replica at its first start
		t.Errorf("after %d starts %d went on, %d full copies were sent", restartsOfReplica, partial, full)
	}
	want, got := dumpOf(t, model), dumpOf(t, replica)
	forgetOfStreams(want, "pending", "pel-count", "entries-read", "lag") // see TestFollowCut
	forgetOfStreams(got, "pending", "pel-count", "entries-read", "lag")
	compareDumps(t, "followed with restarts", want, got)
	if n := numberOf(t, replica, "unexpected_error_replies"); n != 0 {
		t.Errorf("%d calls of the stream have failed:\n%s", n, replica.Server.Output())
	}
	endSide(t, replica)
	checkMarkedAOF(t, dir, want)
	endSide(t, model)
	endSide(t, primary)
}

// restartsOfReplica is how often the replica is away.
const restartsOfReplica = 6

// awaitRewritten waits until no rewrite of the AOF runs: until then a new one is of no use to a start.
func awaitRewritten(t *testing.T, s *Side) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); numberOf(t, s, "aof_rewrite_in_progress") != 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the rewrite does not end:\n%s", s.Server.Output())
		}
	}
}

// checkMarkedAOF has redis-check-aof and redis-server read an AOF with marks.
func checkMarkedAOF(t *testing.T, dir string, want keyspace) {
	t.Helper()
	manifests, err := filepath.Glob(filepath.Join(dir, aofDir, "*.manifest"))
	if err != nil || len(manifests) != 1 {
		t.Fatal(manifests, err)
	}
	if out, err := exec.Command(filepath.Join(filepath.Dir(harness.OracleBin(t)), "redis-check-aof"), manifests[0]).CombinedOutput(); err != nil {
		t.Errorf("redis-check-aof: %v\n%s", err, out)
	}
	copied := t.TempDir()
	if err := os.CopyFS(filepath.Join(copied, aofDir), os.DirFS(filepath.Join(dir, aofDir))); err != nil {
		t.Fatal(err)
	}
	s := launchWith(t, harness.OracleBin(t), copied, append(serverArgs(), "--appendonly", "yes")...)
	got := dumpOf(t, s)
	forgetOfStreams(got, "pending", "pel-count", "entries-read", "lag")
	compareDumps(t, "opened by redis-server", want, got)
	endSide(t, s)
}
