package store

import (
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/kringdb/kring/internal/invariants"
	"github.com/kringdb/kring/store/arena"
)

var fullMemory = flag.Bool("store.memory", false, "run the memory test with its full number of keys")

const (
	memoryKeys     = 250_000
	memoryKeysFull = 2_000_000

	// What a key may cost beyond its name and its value, and with a deadline.
	maxOverheadBytes         = 28
	maxOverheadDeadlineBytes = 40
)

// residentBytes returns the process's resident set, 0 where the system does not tell.
func residentBytes() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, resident int64
	fmt.Sscan(string(b), &size, &resident)
	return resident * int64(os.Getpagesize())
}

func TestMemoryPerKey(t *testing.T) {
	if invariants.Enabled {
		t.Skip("the invariants keep shadow memory")
	}
	// The small size has as many keys in a shard, and so the same share of what every
	// shard holds anyway.
	n, shards := memoryKeys, DefaultShards/8
	if *fullMemory {
		n, shards = memoryKeysFull, DefaultShards
	}
	for _, c := range []struct {
		valueBytes int
		deadline   int64
	}{{8, 0}, {64, 0}, {8, 1}, {64, 1}} {
		debug.FreeOSMemory()
		arena.Purge()
		before := residentBytes()
		s := open(t, Options{Shards: shards})
		name, val := make([]byte, 0, 16), []byte(strings.Repeat("v", c.valueBytes))
		for i := range n {
			name = binary.LittleEndian.AppendUint64(append(name[:0], "key:mem:"...), uint64(i))
			s.SetString(0, s.MakeKey(name), val, c.deadline*int64(i+1))
		}
		st := s.Stats()
		payload := int64(n) * int64(16+c.valueBytes)
		used := float64(st.UsedBytes-payload) / float64(n)
		pages := float64(st.PageBytes-payload) / float64(n)
		resident := float64(residentBytes()-before-payload) / float64(n)
		t.Logf("%d keys of 16 bytes, values of %d, deadline %t: beyond these %.1f bytes used, %.1f in pages, %.1f resident",
			n, c.valueBytes, c.deadline != 0, used, pages, resident)
		limit := float64(maxOverheadBytes)
		if c.deadline != 0 {
			limit = maxOverheadDeadlineBytes
		}
		if used > limit || pages > limit*5/4 {
			t.Errorf("more than %.0f bytes used, or more than %.0f in pages", limit, limit*5/4)
		}
		// At the small size, what the process itself maps blurs the picture; pages are
		// more than what is resident because their ends are not touched yet.
		if *fullMemory && resident > limit {
			t.Errorf("resident: more than %.0f bytes", limit)
		}
		s.FlushAll()
		s.Reap()
	}
}
