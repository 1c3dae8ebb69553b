package compat

import (
	"strconv"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
)

// TestFollowChain has Kring follow a primary, redis-server or Kring, and pass the stream on to another Kring and
// to a redis-server, under generated sequences. Then the primary dies and the one in the middle takes its
// place: those who follow it go on without a full copy.
func TestFollowChain(t *testing.T) {
	seed := uint64(envNumber(t, "COMPAT_SEED", time.Now().UnixNano()%1_000_000_000))
	for name, bin := range map[string]string{"redis": harness.OracleBin(t), "kring": harness.SubjectBin(t)} {
		t.Run(name, func(t *testing.T) {
			t.Logf("seed %d", seed)
			args := append(serverArgs(), "--repl-diskless-sync-delay", "0")
			follow := func(bin string, s *Side, more ...string) *Side {
				return launchWith(t, bin, t.TempDir(), append(append(args, "--replicaof", "127.0.0.1", strconv.Itoa(s.Server.Port)), more...)...)
			}
			primary := launchWith(t, bin, t.TempDir(), args...)
			writeSequences(primary, seed)
			middle := follow(harness.SubjectBin(t), primary, "--appendonly", "yes")
			awaitOffsets(t, primary, middle)
			kring, redis := follow(harness.SubjectBin(t), middle), follow(harness.OracleBin(t), middle)
			writeSequences(primary, seed+1000)
			for _, s := range []*Side{middle, kring, redis} {
				awaitOffsets(t, primary, s)
			}
			want := dumpOf(t, redis)
			compareDumps(t, "in the middle", want, dumpOf(t, middle))
			compareDumps(t, "at the end", want, dumpOf(t, kring))
			if err := primary.Server.Kill(); err != nil {
				t.Fatal(err)
			}
			full := numberOf(t, middle, "sync_full")
			if v, err := middle.ctl.Do("REPLICAOF", "NO", "ONE"); err != nil || v.IsError() {
				t.Fatal(v, err)
			}
			writeSequences(middle, seed+2000)
			for _, s := range []*Side{kring, redis} {
				awaitOffsets(t, middle, s)
			}
			want = dumpOf(t, redis)
			compareDumps(t, "the new primary", want, dumpOf(t, middle))
			compareDumps(t, "who follows it", want, dumpOf(t, kring))
			if n := numberOf(t, middle, "sync_full"); n != full {
				t.Errorf("%d full copies were made, before the promotion %d", n, full)
			}
			// What the one in the middle has followed and done stands in its AOF.
			dir := middle.Server.Dir
			endSide(t, middle)
			middle = launchWith(t, harness.SubjectBin(t), dir, append(args, "--appendonly", "yes")...)
			got := dumpOf(t, middle)
			forgetPending(got)
			forgetPending(want)
			compareDumps(t, "after a restart", want, got)
			for _, s := range []*Side{middle, kring, redis} {
				endSide(t, s)
			}
		})
	}
}
