package set

import (
	"fmt"
	"unsafe"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/packed"
	"github.com/kringdb/kring/store/slotted"
	"github.com/kringdb/kring/store/value"
)

// TableOps are the table's functions for the keyspace.
var TableOps = value.Ops{Detach: detach, FreeStep: freeStep, Bytes: garbageBytes, Outside: Outside, Copy: copyTable, Compact: compact}

// The words of a table's Garbage: its root, then the progress of freeing it.
const gProgress = slotted.RootWords

func detach(e entry.Entry, g *value.Garbage) {
	*garbageTable(g) = *slotted.At(e.Payload())
	g.Root[gProgress] = 0
}

func garbageTable(g *value.Garbage) *slotted.Table {
	return slotted.At(unsafe.Slice((*byte)(unsafe.Pointer(&g.Root[0])), slotted.RootBytes))
}

func freeStep(ar *arena.Arena, g *value.Garbage, max int) bool {
	return garbageTable(g).FreeStep(ar, &g.Root[gProgress], max)
}

func garbageBytes(g *value.Garbage) int64 { return garbageTable(g).Bytes() }

// Outside returns the bytes that e holds outside its block.
func Outside(e entry.Entry) int64 {
	if e.Encoding() != entry.Hashtable {
		return 0
	}
	return slotted.At(e.Payload()).Bytes()
}

func copyTable(ar *arena.Arena, to, _ entry.Entry) { slotted.At(to.Payload()).Clone(ar) }

func compact(ar *arena.Arena, e entry.Entry, sparse func(block arena.Addr) bool, max int) int {
	return slotted.At(e.Payload()).Compact(ar, sparse, max)
}

// Free frees what e holds outside its block at once.
func Free(ar *arena.Arena, e entry.Entry) {
	if e.Encoding() == entry.Hashtable {
		slotted.At(e.Payload()).Drop(ar)
	}
}

// Check verifies the invariants of one set (see doc.go) and returns what is broken.
func Check(e entry.Entry) error {
	p := e.Payload()
	switch e.Encoding() {
	case entry.Intset:
		return checkInts(p)
	case entry.Listpack:
		return checkPacked(p)
	case entry.Hashtable:
		t := slotted.At(p)
		if len(p) != slotted.RootBytes || t.Mode() != slotted.Keys {
			return fmt.Errorf("set: root of %d bytes, mode %d", len(p), t.Mode())
		}
		return slotted.Check(t)
	}
	return fmt.Errorf("set: encoding %d", e.Encoding())
}

func checkInts(p ints) error {
	w := p.width()
	if w != 2 && w != 4 && w != 8 || (len(p)-widthBytes)%w != 0 {
		return fmt.Errorf("set: %d bytes of integers of width %d", len(p)-widthBytes, w)
	}
	for i := 1; i < p.count(); i++ {
		if p.at(i-1) >= p.at(i) {
			return fmt.Errorf("set: integers %d and %d at %d", p.at(i-1), p.at(i), i)
		}
	}
	return nil
}

func checkPacked(p []byte) error {
	n, err := packed.Check(p, countBytes, 1, 0)
	if err == nil && n != count(p) {
		err = fmt.Errorf("set: %d elements, the count says %d", n, count(p))
	}
	if err != nil {
		return err
	}
	for off := countBytes; off < len(p); {
		m, next := packed.Next(p, off)
		if packed.Find(p, next, m, 1, 0) >= 0 {
			return fmt.Errorf("set: member %q is there twice", m)
		}
		off = next
	}
	return nil
}
