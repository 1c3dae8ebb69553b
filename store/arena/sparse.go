package arena

// Memory that is freed at random leaves pages with few live blocks each. To give it back,
// the owner of the blocks moves them: CloseSparse takes such pages out of use for Alloc,
// the owner moves every block of his for which Closed tells so to a fresh one, and a page
// whose last block is freed goes back to the pool at once. Reopen ends it: pages that are
// still closed serve Alloc again.
//
// A closed page's descriptor says that it is full, by a bump that no page reaches. Its
// free list and true bump wait in Arena.closed.

// bumpClosed is the bump of a closed page.
const bumpClosed = 0xFFFF

// closedPage is what the descriptor of a closed page does not say meanwhile.
type closedPage struct{ free, bump uint16 }

// Closed tells whether the block at addr stands in a closed page: it is to be moved.
func Closed(addr Addr) bool {
	u := uint32(addr >> unitShift)
	s := *stateOf(u)
	o := s - 1
	if o > topOrder { // a span has its units for itself; or the page is of a commons
		return s&stateClosed != 0
	}
	return descOf(u&^(1<<o-1)).bump == bumpClosed
}

// CloseSparse closes the sparse pages of every size class of which more than percent of
// the pages' bytes hold no block, if fewer pages would do, and returns how many bytes of
// pages it closed. The caller holds the shard's lock; it may free, but not look through,
// closed pages (Blocks).
func (a *Arena) CloseSparse(percent int) (bytes int64) {
	for c := range smallClasses {
		if k := &a.classes[c]; k.head != 0 && a.worthClosing(c, percent) {
			bytes += a.closeClass(c, percent)
		}
	}
	return bytes
}

// worthClosing tells whether the class would do with clearly fewer pages.
func (a *Arena) worthClosing(c, percent int) bool {
	live, held := int64(0), int64(a.classes[c].units)<<unitShift
	a.eachOf(c, func(_ uint32, d *desc) { live += int64(d.used) * int64(classBytes[c]) })
	need := live + live/growShare + unitBytes<<minOrder[c]
	return (held-live)*100 > held*int64(percent) && held-need > held/8
}

// closeClass closes the pages of a class that are emptier than percent/2.
func (a *Arena) closeClass(c, percent int) (bytes int64) {
	size := int64(classBytes[c])
	var found []uint32
	a.eachOf(c, func(u uint32, d *desc) {
		held := int64(d.units()) << unitShift
		if d.used > 0 && d.bump != bumpClosed && (held-int64(d.used)*size)*200 > held*int64(percent) {
			found = append(found, u)
			bytes += held
		}
	})
	if a.closed == nil && len(found) > 0 {
		a.closed = map[uint32]closedPage{}
	}
	k := &a.classes[c]
	for _, u := range found {
		d := descOf(u)
		a.closed[u] = closedPage{d.free, d.bump}
		d.free, d.bump = 0, bumpClosed
		k.unlink(u, d)
		k.linkBack(u, d)
	}
	return bytes
}

// eachOf calls fn for the pages of a class; fn must not change the ring.
func (a *Arena) eachOf(c int, fn func(u uint32, d *desc)) { eachIn(&a.classes[c], fn) }

// eachIn calls fn for the pages of a ring; fn must not change it.
func eachIn(k *class, fn func(u uint32, d *desc)) {
	for u := k.head; u != 0; {
		d := descOf(u)
		fn(u, d)
		if u = d.next; u == k.head {
			return
		}
	}
}

// linkBack makes u the last of the ring.
func (k *class) linkBack(u uint32, d *desc) {
	head := k.head
	k.linkFront(u, d)
	if head != 0 {
		k.head = head
	}
}

// closedFreed follows up a Free in the closed page u: the block goes to the free list
// that waits, and an empty page to the pool.
func (a *Arena) closedFreed(c int, u uint32, d *desc) {
	if d.used == 0 {
		delete(a.closed, u)
		d.free, d.bump = 0, 0
		a.givePage(&a.classes[c], u, d)
		if a.used == 0 {
			a.Trim()
		}
		return
	}
	p := a.closed[u]
	SetU16(Addr(u)<<unitShift+Addr(d.free-1)<<3, p.free)
	p.free = d.free
	a.closed[u] = p
	d.free = 0
}

// Reopen ends what CloseSparse began and returns how many pages were not emptied.
func (a *Arena) Reopen() (left int) {
	left = len(a.closed)
	for u := range a.closed {
		d := descOf(u)
		a.restore(u, d)
		k := &a.classes[d.class]
		k.unlink(u, d)
		if d.full(classBytes[d.class]) {
			k.linkBack(u, d)
		} else {
			k.linkFront(u, d)
		}
	}
	a.closed = nil
	return left
}

// restore writes the truth back into the descriptor of a closed page.
func (a *Arena) restore(u uint32, d *desc) {
	p := a.closed[u]
	d.free, d.bump = p.free, p.bump
}

// leavingUnits returns by how many units a class will shrink when all of its closed pages
// are empty: they are no measure for the size of a new page, what stands in them is.
func (a *Arena) leavingUnits(c int) uint32 {
	units, live := uint32(0), uint32(0)
	for u := range a.closed {
		if d := descOf(u); int(d.class) == c {
			units += d.units()
			live += uint32(d.used) * classBytes[c]
		}
	}
	return units - min(live>>unitShift, units)
}
