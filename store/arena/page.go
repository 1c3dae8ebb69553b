package arena

import (
	"math/bits"

	"github.com/kringdb/kring/internal/invariants"
)

// linkFront makes u the head of the ring.
func (k *class) linkFront(u uint32, d *desc) {
	if k.head == 0 {
		d.next, d.prev = u, u
	} else {
		h := descOf(k.head)
		d.next, d.prev = k.head, h.prev
		descOf(h.prev).next = u
		h.prev = u
	}
	k.head = u
}

func (k *class) unlink(u uint32, d *desc) {
	if d.next == u {
		k.head = 0
		return
	}
	descOf(d.prev).next = d.next
	descOf(d.next).prev = d.prev
	if k.head == u {
		k.head = d.next
	}
}

// settle makes a head that has become full the last of the ring, so that pages
// with room come first without exception.
func (k *class) settle(size uint32) {
	if h := descOf(k.head); k.head != 0 && h.full(size) {
		k.head = h.next
	}
}

// takePage gives the class a new page, at the head of its ring. Pages grow with
// what the class holds: a shard with few blocks of a size does not pay for a
// large page, one with many does not take the pool's lock often.
func (a *Arena) takePage(c int) {
	k := &a.classes[c]
	share := uint32(growShare)
	if classBytes[c] <= fineGrowBytes {
		share = fineGrowShare
	}
	held := k.units
	if a.closed != nil {
		held -= a.leavingUnits(c)
	}
	want := max(bits.Len32(held/share)-1, 0)
	o := fittingOrder(c, pageOrder[c][min(want, topOrder)], held)
	cnt := uint32(pageUnits[c][o])
	u := pool.alloc(cnt, int(o))
	d := descOf(u)
	*d = desc{class: uint8(c), order: o}
	setStates(u, cnt, o+1)
	a.hold(k, u, cnt)
	k.linkFront(u, d)
}

// fittingOrder returns a larger order than o if its pages leave so much less unused at
// their ends, over the units that the class holds, that it makes up for the room which a
// last page has on average: 1536-byte blocks leave a quarter of 4 KB, and nothing of 12.
func fittingOrder(c int, o uint8, held uint32) uint8 {
	cost := func(o int) int { return tailShare(c, o)*int(held)/1024 + int(pageUnits[c][o])/2 }
	best := cost(int(o))
	for larger := int(o) + 1; larger <= topOrder; larger++ {
		if n := cost(larger); n < best {
			o, best = uint8(larger), n
		}
	}
	return o
}

// hold and drop keep the accounts of units; drop also makes the units' states
// forget the page or span, of which only the first has one.
func (a *Arena) hold(k *class, u, cnt uint32) {
	k.units += cnt
	a.pages += int64(cnt) << unitShift
	if invariants.Enabled {
		setOwner(u, cnt, a.id)
	}
}

func (a *Arena) drop(k *class, u, cnt uint32) {
	if descOf(u).class == classSpan {
		*stateOf(u) = stateNone
	} else {
		setStates(u, cnt, stateNone)
	}
	k.units -= cnt
	a.pages -= int64(cnt) << unitShift
	if invariants.Enabled {
		setOwner(u, cnt, 0)
	}
}

// pageChanged follows up a Free that gave a full page its first free block, or
// took the last live block of a page.
func (a *Arena) pageChanged(c int, u uint32, d *desc, wasFull bool) {
	if d.bump == bumpClosed {
		a.closedFreed(c, u, d)
		return
	}
	k := &a.classes[c]
	k.settle(classBytes[c])
	if wasFull && k.head != u {
		k.unlink(u, d)
		k.linkFront(u, d)
	}
	if invariants.Enabled {
		checkPage(u, d)
	}
	if d.used == 0 {
		a.pageEmptied(c, u, d)
	}
}

// pageEmptied returns an empty page to the pool, unless it is the only one of
// its class with room: that one is kept, lest a block that comes and goes takes
// the pool's lock each time. But a class is not left with nothing but a large
// empty page, and an arena without live blocks keeps none at all.
func (a *Arena) pageEmptied(c int, u uint32, d *desc) {
	k := &a.classes[c]
	size := classBytes[c]
	other := k.head
	if other == u {
		other = d.next
	}
	if other != u && !descOf(other).full(size) {
		a.givePage(k, u, d)
		u, d = other, descOf(other)
	}
	if d.used == 0 && d.next == u && d.order > minOrder[c] {
		a.givePage(k, u, d)
	}
	if a.used == 0 {
		a.Trim()
	}
}

func (a *Arena) givePage(k *class, u uint32, d *desc) {
	cnt := d.units()
	k.unlink(u, d)
	a.drop(k, u, cnt)
	pool.release(u, cnt)
}

// Trim returns the empty pages that were kept to the pool, at most one for each
// class, and the places that were kept in shared ones. It looks at every page with
// room, so it is for the cron, not for a command.
func (a *Arena) Trim() {
	a.GiveSpares()
	if a.used == 0 {
		a.resign()
	}
	for c := range smallClasses {
		k := &a.classes[c]
		u := k.head
		if u == 0 {
			continue
		}
		for {
			d := descOf(u)
			if d.used == 0 {
				a.givePage(k, u, d)
				break
			}
			if u = d.next; u == k.head || descOf(u).full(classBytes[c]) {
				break
			}
		}
	}
}

// allocSpan serves a block above MaxSmallBytes with whole units.
func (a *Arena) allocSpan(n int) Addr {
	if n < 0 || n > MaxAllocBytes {
		panic("arena: Alloc: size out of range")
	}
	cnt := uint32((n + unitBytes - 1) >> unitShift)
	u := pool.alloc(cnt, bits.Len32(cnt-1))
	d := descOf(u)
	*d = desc{class: classSpan}
	d.setSpanUnits(cnt)
	*stateOf(u) = stateSpan
	k := &a.classes[classSpan]
	a.hold(k, u, cnt)
	k.linkFront(u, d)
	a.used += int64(cnt) << unitShift
	addr := Addr(u) << unitShift
	if invariants.Enabled {
		checkHandedOut(addr, int(cnt)<<unitShift, classSpan, a.id)
	}
	return addr
}

func (a *Arena) freeSpan(addr Addr, n int) {
	if n < 0 || n > MaxAllocBytes {
		panic("arena: Free: size out of range")
	}
	cnt := uint32((n + unitBytes - 1) >> unitShift)
	u := uint32(addr >> unitShift)
	d := descOf(u)
	if addr&(unitBytes-1) != 0 || *stateOf(u) != stateSpan || d.units() != cnt {
		badFree(addr, n)
	}
	if invariants.Enabled {
		checkTakenBack(addr, int(cnt)<<unitShift, u, classSpan, a.id)
	}
	a.used -= int64(cnt) << unitShift
	a.givePage(&a.classes[classSpan], u, d)
	if a.used == 0 {
		a.Trim()
	}
}

// Release returns everything to the pool at once; all blocks are gone. The arena
// stays usable. It takes time in proportion to the pages, not to the blocks.
func (a *Arena) Release() {
	a.Reopen()
	a.leaveAll()
	for c := range a.classes {
		for a.classes[c].head != 0 {
			a.releaseBatch(&a.classes[c])
		}
	}
	a.used = 0
}

// releaseBatch returns some pages of a class under one hold of the pool's lock.
func (a *Arena) releaseBatch(k *class) {
	pool.mu.Lock()
	for i := 0; i < releaseBatchPages && k.head != 0; i++ {
		u := k.head
		d := descOf(u)
		cnt := d.units()
		if invariants.Enabled {
			forgetBlocks(u, cnt)
		}
		k.unlink(u, d)
		a.drop(k, u, cnt)
		pool.releaseLocked(u, cnt)
	}
	pool.mu.Unlock()
}
