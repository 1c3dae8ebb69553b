package compat

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
)

// TestFollowRedis has Kring follow redis-server while generated sequences write there: a full copy of
// what the first ones have left, then the stream. It has to have what another redis-server has that
// follows the same primary: that is not always what the primary has.
func TestFollowRedis(t *testing.T) {
	seed := uint64(envNumber(t, "COMPAT_SEED", time.Now().UnixNano()%1_000_000_000))
	t.Logf("seed %d", seed)
	primary := launchWith(t, harness.OracleBin(t), t.TempDir(), append(serverArgs(), "--repl-diskless-sync-delay", "0")...)
	for round, load := range []string{"disabled", "swapdb"} {
		writeSequences(primary, seed+uint64(round)*1000)
		args := append(serverArgs(), "--repl-diskless-load", load, "--replicaof", "127.0.0.1", strconv.Itoa(primary.Server.Port))
		model := launchWith(t, harness.OracleBin(t), t.TempDir(), args...)
		replica := launchWith(t, harness.SubjectBin(t), t.TempDir(), args...)
		writeSequences(primary, seed+uint64(round)*1000+500)
		awaitOffsets(t, primary, model)
		awaitOffsets(t, primary, replica)
		want, got := dumpOf(t, model), dumpOf(t, replica)
		compareDumps(t, "followed", want, got)
		if n := numberOf(t, replica, "unexpected_error_replies"); n != 0 {
			t.Errorf("%d calls of the stream have failed:\n%s", n, replica.Server.Output())
		}
		endSide(t, replica)
		endSide(t, model)
	}
	endSide(t, primary)
}

// numberOf is a field of INFO.
func numberOf(t *testing.T, s *Side, field string) int64 {
	t.Helper()
	if err := s.connect(); err != nil {
		t.Fatalf("%v\n%s", err, s.Server.Output())
	}
	text, err := harness.Info(s.ctl, field)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatalf("%s is %q", field, text)
	}
	return n
}

// awaitOffsets waits until the replica has all that the primary has sent.
func awaitOffsets(t *testing.T, primary, replica *Side) {
	t.Helper()
	state := ""
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		want := numberOf(t, primary, "master_repl_offset")
		if err := replica.connect(); err != nil {
			t.Fatalf("%v\n%s", err, replica.Server.Output())
		}
		if up, _ := harness.Info(replica.ctl, "master_link_status"); up != "up" {
			state = "the link is " + up
			continue
		}
		got := numberOf(t, replica, "slave_repl_offset")
		if got == want {
			return
		}
		state = fmt.Sprintf("the replica has %d of %d bytes", got, want)
	}
	t.Fatalf("%s\n%s", state, replica.Server.Output())
}
