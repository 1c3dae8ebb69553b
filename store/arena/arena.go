package arena

import (
	"fmt"
	"sync/atomic"

	"github.com/kringdb/kring/internal/invariants"
)

// class is an arena's share in a size class: a ring of pages (spans in the last
// class) by their first units. head 0 is the empty ring.
type class struct {
	head  uint32
	units uint32
}

// Arena allocates the blocks of one shard. It takes no lock of its own, except
// the pool's when it takes or returns a page: the caller holds the shard's lock
// in every method. It holds no pointers, is about 700 bytes and must not be
// copied after Init.
type Arena struct {
	used    int64 // bytes of live blocks
	pages   int64 // bytes held
	id      uint32
	classes [numClasses]class
}

var lastID atomic.Uint32

// New returns an empty arena. It holds no memory before the first Alloc. The
// first arena of the process makes the reservation and panics if the system
// refuses it.
func New() *Arena {
	a := new(Arena)
	a.Init()
	return a
}

// Init makes a zero Arena ready, for those who embed one.
func (a *Arena) Init() {
	reserve()
	a.id = lastID.Add(1)
}

// Alloc returns a block of at least n bytes, 0 <= n <= MaxAllocBytes, whose
// contents are undefined. It is 8-byte aligned, and 64-byte aligned if SizeOf(n)
// is a multiple of 64. It panics if the reservation is used up.
func (a *Arena) Alloc(n int) Addr {
	if uint(n) > MaxSmallBytes {
		return a.allocSpan(n)
	}
	c := classOf(n)
	k := &a.classes[c]
	u := k.head
	d := descOf(u)
	f := d.free
	if f == 0 {
		return a.allocFresh(c)
	}
	addr := Addr(u)<<unitShift + Addr(f-1)<<3
	d.free = U16(addr)
	d.used++
	a.used += int64(classBytes[c])
	if invariants.Enabled {
		a.checkHandedOut(addr, int(classBytes[c]), true)
	}
	return addr
}

// allocFresh serves a class whose first page has no freed block: from the page's
// untouched end, from the next page in the ring, or from a new one.
func (a *Arena) allocFresh(c int) Addr {
	k := &a.classes[c]
	size := classBytes[c]
	d := descOf(k.head)
	if d.full(size) {
		k.settle(size)
		d = descOf(k.head)
		if d.full(size) {
			d = a.takePage(c)
		}
		if d.free != 0 {
			return a.Alloc(int(size))
		}
	}
	addr := Addr(k.head)<<unitShift + Addr(d.bump)<<3
	d.bump += uint16(size >> 3)
	d.used++
	a.used += int64(size)
	if invariants.Enabled {
		a.checkHandedOut(addr, int(size), false)
	}
	return addr
}

// Free takes back the block at addr, which this arena returned from Alloc(m)
// with SizeOf(m) == SizeOf(n). It panics if addr is in no page of that class.
func (a *Arena) Free(addr Addr, n int) {
	if uint(n) > MaxSmallBytes {
		a.freeSpan(addr, n)
		return
	}
	c := classOf(n)
	u := uint32(addr >> unitShift)
	s := *stateOf(u)
	u &^= 1<<((s-1)&7) - 1
	d := descOf(u)
	if uint8(s-1) > topOrder || int(d.class) != c {
		badFree(addr, n)
	}
	size := classBytes[c]
	if invariants.Enabled {
		a.checkTakenBack(addr, int(size), u)
	}
	a.used -= int64(size)
	f := d.free
	wasFull := f == 0 && d.full(size)
	SetU16(addr, f)
	d.free = uint16((addr-Addr(u)<<unitShift)>>3) + 1
	d.used--
	if wasFull || d.used == 0 {
		a.pageChanged(c, u, d, wasFull)
	}
}

// badFree reports a block that cannot have come from Alloc(n).
func badFree(addr Addr, n int) {
	panic(fmt.Sprintf("arena: Free(%#x, %d): no such block: freed before, or of another size", uint64(addr), n))
}

// Used returns the exact bytes of live blocks, each rounded up as by SizeOf.
func (a *Arena) Used() int64 { return a.used }

// Pages returns the exact bytes of the pages and spans that the arena holds.
func (a *Arena) Pages() int64 { return a.pages }
