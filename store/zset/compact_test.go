package zset

import (
	"testing"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// TestCompactBytes: whatever the thresholds say, what stands packed in an entry's block is bounded.
func TestCompactBytes(t *testing.T) {
	ar := arena.New()
	defer ar.Release()
	b := NewBuild(ar, []byte("k"), entry.Spec{}, 2, 0, Limits{Entries: 128, ValueBytes: 2 * entry.MaxPackedBytes})
	long := make([]byte, entry.MaxPackedBytes-1000)
	b.Add(long, 1)
	if e := b.Entry(); e.Encoding() != entry.Listpack {
		t.Errorf("one long member: %v", e.Encoding())
	}
	b.Add(long[:1000], 2)
	if e := b.Entry(); e.Encoding() != entry.Skiplist {
		t.Errorf("two long members: %v of %d bytes", e.Encoding(), e.PayloadLen())
	}
}
