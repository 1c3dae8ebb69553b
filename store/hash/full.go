package hash

import (
	"unsafe"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/packed"
	"github.com/kringdb/kring/store/slotted"
	"github.com/kringdb/kring/store/value"
)

// The payload of a full hash, drawn in doc.go.
const (
	nearestAt = slotted.RootBytes
	indexAt   = nearestAt + 8
	fullBytes = indexAt + 8
)

// toFull makes a packed hash a full one.
func toFull(ar *arena.Arena, e entry.Entry) entry.Entry {
	var root [fullBytes]byte
	t := slotted.At(root[:])
	t.Init(slotted.Values)
	p, s := e.Payload(), shapeOf(e)
	for off := s.head; off < len(p); {
		var f, v []byte
		var d int64
		f, v, d, off = s.group(p, off)
		t.Set(ar, f, v, d)
		if d != 0 {
			note(ar, root[:], f, d)
		}
	}
	e = e.Resize(ar, entry.Hashtable, fullBytes, e.Deadline())
	copy(e.Payload(), root[:])
	return e
}

// setFull is Set for a full hash.
func setFull(ar *arena.Arena, e entry.Entry, field, val []byte, deadline int64) (created bool) {
	p := e.Payload()
	t := slotted.At(p)
	if deadline == KeepTTL {
		deadline = 0
		if t.Timed() > 0 {
			if r := t.Find(field); r != 0 {
				deadline = r.Deadline()
			}
		}
	}
	created = t.Set(ar, field, val, deadline)
	if deadline != 0 {
		note(ar, p, field, deadline)
	}
	return created
}

// Ops are a full hash's functions for the keyspace.
var Ops = value.Ops{
	Detach: detach, FreeStep: freeStep, Bytes: garbageBytes, Outside: outside, Copy: copyValue, Compact: compact,
}

// The words of a full hash's Garbage, behind the table.
const (
	gIndex    = slotted.RootWords
	gProgress = gIndex + 1
)

func garbageTable(g *value.Garbage) *slotted.Table {
	return slotted.At(unsafe.Slice((*byte)(unsafe.Pointer(&g.Root)), slotted.RootBytes))
}

func detach(e entry.Entry, g *value.Garbage) {
	p := e.Payload()
	*garbageTable(g) = *slotted.At(p)
	g.Root[gIndex], g.Root[gProgress] = uint64(indexOf(p)), 0
}

func freeStep(ar *arena.Arena, g *value.Garbage, max int) bool {
	if ix := index(g.Root[gIndex]); ix != 0 {
		ar.Free(ix.addr(), ix.bytes())
		g.Root[gIndex] = 0
	}
	return garbageTable(g).FreeStep(ar, &g.Root[gProgress], max)
}

func garbageBytes(g *value.Garbage) int64 {
	return garbageTable(g).Bytes() + index(g.Root[gIndex]).size()
}

func outside(e entry.Entry) int64 {
	p := e.Payload()
	return slotted.At(p).Bytes() + indexOf(p).size()
}

func copyValue(ar *arena.Arena, to, _ entry.Entry) {
	p := to.Payload()
	slotted.At(p).Clone(ar)
	if ix := indexOf(p); ix != 0 {
		store(p, indexAt, int64(ix.clone(ar)))
	}
}

func compact(ar *arena.Arena, e entry.Entry, sparse func(block arena.Addr) bool, max int) int {
	p := e.Payload()
	moved := 0
	if ix := indexOf(p); ix != 0 && sparse(ix.addr()) {
		store(p, indexAt, int64(ix.clone(ar)))
		ar.Free(ix.addr(), ix.bytes())
		moved++
	}
	return moved + slotted.At(p).Compact(ar, sparse, max-moved)
}

// Random returns some field that has not expired with its value; r is a random number.
// Every field is about as likely. ok is false when there is none.
func Random(e entry.Entry, r uint64, now int64) (field, val []byte, ok bool) {
	if e.Encoding() == entry.Hashtable {
		t := slotted.At(e.Payload())
		for try := uint64(0); try < 64; try++ {
			ref := t.Random(r + try)
			if ref != 0 && !gone(ref.Deadline(), now) {
				field, val = ref.KeyValue()
				return field, val, true
			}
		}
	}
	if n := uint64(Visible(e, now)); n > 0 {
		field, val = nth(e, int(r>>1%n), now)
		return field, val, true
	}
	return nil, nil, false
}

// nth returns the i-th field that has not expired.
func nth(e entry.Entry, i int, now int64) (field, val []byte) {
	if e.Encoding() == entry.Listpack {
		p := e.Payload()
		field, off := packed.Next(p, packed.At(p, countBytes, i, 2, 0))
		val, _ = packed.Next(p, off)
		return field, val
	}
	Each(e, now, func(f, v []byte, _ int64) bool {
		field, val = f, v
		i--
		return i >= 0
	})
	return field, val
}
