package set

import (
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/packed"
	"github.com/kringdb/kring/store/slotted"
	"github.com/kringdb/kring/store/str"
)

// toTable makes a compact set a table.
func toTable(ar *arena.Arena, e entry.Entry) entry.Entry {
	var t slotted.Table
	t.Init(slotted.Keys)
	var it Iter
	for m, ok := it.Next(e); ok; m, ok = it.Next(e) {
		t.Add(ar, m)
	}
	e = e.Resize(ar, entry.Hashtable, slotted.RootBytes, e.Deadline())
	*slotted.At(e.Payload()) = t
	return e
}

// toPacked makes an intset a packed set.
func toPacked(ar *arena.Arena, e entry.Entry) entry.Entry {
	n, size := 0, countBytes
	var it Iter
	for m, ok := it.Next(e); ok; m, ok = it.Next(e) {
		size += packed.Size(len(m))
		n++
	}
	to := ar.Alloc(size)
	b := arena.Bytes(to, size)
	setCount(b, n)
	off := countBytes
	it = Iter{}
	for m, ok := it.Next(e); ok; m, ok = it.Next(e) {
		off = packed.Put(b, off, m)
	}
	e = e.Resize(ar, entry.Listpack, size, e.Deadline())
	copy(e.Payload(), b)
	ar.Free(to, size)
	return e
}

// ToInts makes e an intset if all its members are integers and few enough: what Redis
// does with the result of an intersection.
func ToInts(ar *arena.Arena, e entry.Entry, lim *Limits) entry.Entry {
	n := Len(e)
	if e.Encoding() == entry.Intset || n > lim.IntEntries {
		return e
	}
	width := 2
	var it Iter
	for m, ok := it.Next(e); ok; m, ok = it.Next(e) {
		v, isInt := str.ParseInt(m)
		if !isInt {
			return e
		}
		width = max(width, widthOf(v))
	}
	size := widthBytes + n*width
	to := ar.Alloc(size)
	b := ints(arena.Bytes(to, size))
	b[0] = byte(width)
	i := 0
	it = Iter{}
	for m, ok := it.Next(e); ok; m, ok = it.Next(e) {
		v, _ := str.ParseInt(m)
		at, _ := b[:widthBytes+i*width].find(v)
		copy(b[widthBytes+(at+1)*width:], b[widthBytes+at*width:widthBytes+i*width])
		b.store(at, width, v)
		i++
	}
	if e.Encoding() == entry.Hashtable {
		slotted.At(e.Payload()).Drop(ar)
	}
	e = e.Resize(ar, entry.Intset, size, e.Deadline())
	copy(e.Payload(), b)
	ar.Free(to, size)
	return e
}
