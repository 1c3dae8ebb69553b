package arena

import (
	"fmt"
	"sync/atomic"

	"github.com/kringdb/kring/internal/invariants"
	"github.com/kringdb/kring/internal/prefetch"
)

// class is an arena's share in a size class: a ring of pages (spans in the last
// class) by their first units. head 0 is the empty ring.
type class struct {
	head  uint32
	units uint32
}

// Arena allocates the blocks of one shard. It takes no lock of its own, except
// the pool's when it takes or returns a page: the caller holds the shard's lock
// in every method. It is less than 900 bytes and must not be
// copied after Init.
type Arena struct {
	used    int64 // bytes of live blocks
	pages   int64 // bytes held
	id      uint32
	classes [numClasses]class
	guests  [smallClasses]uint16  // blocks of a class that live in commons
	guest   uint16                // its number there; 0 if it has no such blocks
	alone   bool                  // it is no guest, see NewAlone
	lodged  uint32                // the sum of guests
	spares  spares                // places there that are free, see spare.go
	closed  map[uint32]closedPage // by first unit; nil unless blocks are being moved
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

// NewAlone is New for an arena of a short life, whose Release is not to search the commons:
// it takes whole pages from its first block on.
func NewAlone() *Arena {
	a := New()
	a.alone = true
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
		return a.allocSlow(c)
	}
	addr := Addr(u)<<unitShift + Addr(f-1)<<3
	if invariants.Enabled {
		checkReused(addr, int(classBytes[c]))
		checkHandedOut(addr, int(classBytes[c]), c, a.id)
	}
	d.free = U16(addr)
	d.used++
	a.used += int64(classBytes[c])
	return addr
}

// allocSlow serves a class whose first page has no freed block. Before a class
// takes a page its blocks stand in pages that it shares with other arenas: otherwise
// each shard with a few blocks of a size would hold a page, almost empty, for them.
func (a *Arena) allocSlow(c int) Addr {
	if a.spares.n > 0 {
		if addr := a.spares.take(c); addr != 0 {
			a.joined(c)
			return addr
		}
	}
	if a.guests[c] < guestMax[c] && !a.hasRoom(c) {
		if addr := a.lodge(c); addr != 0 {
			return addr
		}
	}
	addr := a.take(c)
	a.used += int64(classBytes[c])
	if invariants.Enabled {
		checkHandedOut(addr, int(classBytes[c]), c, a.id)
	}
	return addr
}

// hasRoom tells whether a page of class c has a free place.
func (a *Arena) hasRoom(c int) bool {
	k := &a.classes[c]
	k.settle(classBytes[c])
	return !descOf(k.head).full(classBytes[c])
}

// take returns a block from the pages of class c, without any account: from the
// free list or the untouched end of the first page with room, or of a new page.
func (a *Arena) take(c int) Addr {
	k := &a.classes[c]
	size := classBytes[c]
	if !a.hasRoom(c) {
		a.takePage(c)
	}
	d := descOf(k.head)
	page := Addr(k.head) << unitShift
	d.used++
	if f := d.free; f != 0 {
		addr := page + Addr(f-1)<<3
		if invariants.Enabled {
			checkReused(addr, int(size))
		}
		d.free = U16(addr)
		return addr
	}
	addr := page + Addr(d.bump)<<3
	d.bump += uint16(size >> 3)
	// Who fills the next block of the page, hundreds of blocks of other arenas later, would wait for its lines: nothing
	// else knows where it will be.
	prefetch.Lines((addr + Addr(size)).Ptr(), 2)
	return addr
}

// Free takes back the block at addr, which this arena returned from Alloc(m)
// with SizeOf(m) == SizeOf(n). It panics if addr is in no page where such a block
// may be.
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
		a.leave(s, u, addr, c, n)
		return
	}
	if invariants.Enabled {
		checkTakenBack(addr, int(classBytes[c]), u, c, a.id)
	}
	a.used -= int64(classBytes[c])
	f := d.free
	wasFull := f == 0 && d.full(classBytes[c])
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
