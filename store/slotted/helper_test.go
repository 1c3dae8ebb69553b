package slotted

import (
	"encoding/binary"
	"testing"

	"github.com/kringdb/kring/store/arena"
)

// rig is a table in an arena of its own.
type rig struct {
	*Table
	ar   *arena.Arena
	root [RootBytes + 3]byte
}

func newRig(tb testing.TB, mode Mode) *rig {
	tb.Helper()
	r := &rig{ar: arena.New()}
	r.Table = At(r.root[3:]) // not aligned, as in an entry
	r.Init(mode)
	tb.Cleanup(func() {
		r.drop(r.ar)
		if used := r.ar.Used(); used != 0 {
			tb.Errorf("%d bytes in use after Drop", used)
		}
		r.ar.Release()
	})
	return r
}

// check verifies the table and that its account is that of its arena.
func (r *rig) check(tb testing.TB) {
	tb.Helper()
	if err := Check(r.Table); err != nil {
		tb.Fatal(err)
	}
	if used := r.ar.Used(); used != r.Bytes() {
		tb.Fatalf("Bytes %d, the arena says %d", r.Bytes(), used)
	}
}

// key16 is a key of 16 bytes.
func key16(buf *[16]byte, k uint64) []byte {
	binary.BigEndian.PutUint64(buf[:], 0x6d656d6265723a00)
	binary.BigEndian.PutUint64(buf[8:], k)
	return buf[:]
}

// weaken replaces the hash by one that keeps only the bits of mask, for one test.
func weaken(tb testing.TB, mask uint64) {
	tb.Helper()
	hashMask = mask
	tb.Cleanup(func() { hashMask = ^uint64(0) })
}
