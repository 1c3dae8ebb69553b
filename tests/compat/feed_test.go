package compat

import (
	"strconv"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
)

// TestFeedRedis has redis-servers and Kring follow Kring while generated sequences write there: a full
// copy of what the first ones have left, then the stream; in the end one more by a file.
func TestFeedRedis(t *testing.T) {
	seed := uint64(envNumber(t, "COMPAT_SEED", time.Now().UnixNano()%1_000_000_000))
	t.Logf("seed %d", seed)
	primary := launchWith(t, harness.SubjectBin(t), t.TempDir(), append(serverArgs(), "--repl-diskless-sync-delay", "0")...)
	writeSequences(primary, seed)
	args := append(serverArgs(), "--replicaof", "127.0.0.1", strconv.Itoa(primary.Server.Port))
	replicas := []*Side{
		launchWith(t, harness.OracleBin(t), t.TempDir(), args...),
		launchWith(t, harness.OracleBin(t), t.TempDir(), append(args, "--repl-diskless-load", "swapdb")...),
		launchWith(t, harness.SubjectBin(t), t.TempDir(), args...),
	}
	writeSequences(primary, seed+500)
	if err := primary.connect(); err != nil {
		t.Fatal(err)
	}
	if v, err := primary.ctl.Do("CONFIG", "SET", "repl-diskless-sync", "no"); err != nil || v.IsError() {
		t.Fatal(v, err)
	}
	replicas = append(replicas, launchWith(t, harness.OracleBin(t), t.TempDir(), args...))
	for _, r := range replicas {
		awaitOffsets(t, primary, r)
	}
	want := dumpOf(t, primary)
	for _, r := range replicas {
		compareDumps(t, "fed "+r.Server.Name, dumpOf(t, r), want) // what is redis-server's comes first
		if n := numberOf(t, r, "unexpected_error_replies"); n != 0 {
			t.Errorf("%d calls of the stream have failed:\n%s", n, r.Server.Output())
		}
		endSide(t, r)
	}
	endSide(t, primary)
}
