package dict

import (
	"encoding/binary"
	"testing"

	"github.com/kringdb/kring/internal/invariants"
	"github.com/kringdb/kring/store/arena"
)

// A test entry is two words: the hash and the key. Storing the hash lets a test
// place keys where it likes.
const entryBytes = 16

var testOps = Ops{
	Equal: func(a arena.Addr, key []byte) bool {
		return arena.U64(a+8) == binary.LittleEndian.Uint64(key)
	},
	Hash: func(a arena.Addr) uint64 { return arena.U64(a) },
}

// rig is a table with its arenas: one for the table, so that its memory can be
// told from that of the entries.
type rig struct {
	Table
	ar, entries *arena.Arena
	hash        func(key uint64) uint64
}

// touch is the look-ahead for h; it returns where it came to.
func (r *rig) touch(h uint64) uint64 {
	home, _ := r.Home(h)
	homes := [1]arena.Addr{home}
	arena.Prefetch(homes[:])
	sum := uint64(TouchEntry(home, h))
	if a := r.Header(h); a != 0 { // all that it tells of can be read: a prefetch would not show that
		sum += arena.U64(a) + arena.U64(a+headerBytes-8)
	}
	return sum
}

func newRig(tb testing.TB, stagger int) *rig {
	tb.Helper()
	r := &rig{ar: arena.New(), entries: arena.New(), hash: mix}
	r.Init(stagger)
	ar := r.ar
	tb.Cleanup(func() {
		r.Drop(r.ar)
		if used := ar.Used(); used != 0 {
			tb.Errorf("%d bytes of the table's arena are in use after Drop", used)
		}
		ar.Release()
		r.entries.Release()
	})
	return r
}

func keyBytes(buf *[8]byte, key uint64) []byte {
	binary.LittleEndian.PutUint64(buf[:], key)
	return buf[:]
}

func (r *rig) find(key uint64) Slot {
	var buf [8]byte
	return r.Find(r.hash(key), keyBytes(&buf, key), &testOps)
}

// put inserts key, which is absent.
func (r *rig) put(key uint64) arena.Addr {
	h := r.hash(key)
	a := r.entries.Alloc(entryBytes)
	s := r.Insert(r.ar, h, a, &testOps)
	// Filled in only now: Insert must not read its own entry.
	arena.SetU64(a, h)
	arena.SetU64(a+8, key)
	if SlotAddr(s) != a {
		panic("Insert returned a slot of another entry")
	}
	return a
}

// remove deletes key, which is present.
func (r *rig) remove(key uint64) {
	s := r.find(key)
	a := SlotAddr(s)
	r.Delete(r.ar, r.hash(key), s, &testOps)
	r.entries.Free(a, entryBytes)
}

func (r *rig) check(tb testing.TB) {
	tb.Helper()
	if err := r.Check(&testOps); err != nil {
		tb.Fatal(err)
	}
}

func keyOf(a arena.Addr) uint64 { return arena.U64(a + 8) }

// checkEvery returns how often a loop of many changes can afford a full check.
func checkEvery(n int) int {
	if invariants.Enabled {
		return n
	}
	return 4 * n
}
