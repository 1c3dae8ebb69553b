package arena

import (
	"cmp"
	"slices"
)

// Shared pages have some free places each: a class takes a page when none is left, and gives one back only when it
// runs empty, which in a cache is rare. Gathering closes the emptiest pages of a class, no more than the places in
// its other pages can take. Their table says whose each block is, so that who moves them need not look for them.

// Lodger is a block in a shared page that was closed, and the number of the arena whose it is.
type Lodger struct {
	Addr    Addr
	page    uint32
	Guest   uint16
	commons uint8
}

// Gathering goes round through the classes of all commons. One goroutine uses it.
type Gathering struct {
	at     int // the class and the commons to look at next
	room   []sparsePage
	closed []sharedPage // by the last Close
}

// sharedPage is a page, and the commons whose it is.
type sharedPage struct {
	u       uint32
	commons uint8
}

// sparsePage is a page with room.
type sparsePage struct {
	u    uint32
	used uint16
	load uint32 // live blocks for each unit, times 256
}

// Close closes pages until about so many blocks stand in them, or all classes have been looked at,
// and appends these blocks to dst. Any goroutine may call it; whoever does, moves them, as far as he knows
// them, and then calls Open.
func (g *Gathering) Close(most int, dst []Lodger) []Lodger {
	g.closed = g.closed[:0]
	rings := len(commonsAt) * smallClasses
	for n := 0; n < rings && len(dst) < most; n++ {
		i, c := g.at/smallClasses, g.at%smallClasses
		g.at = (g.at + 1) % rings
		if guestMax[c] == 0 || i == 0 && classBytes[c] <= guestGroupBytes {
			continue // what is moved out of there would go to a group's commons
		}
		dst = g.closeClass(i, c, most, dst)
	}
	return dst
}

// Open ends what Close began: it opens the pages that were not emptied, and returns how many of both there were. What
// else is closed, by another store's sweep for one, stays so.
func (g *Gathering) Open() (emptied, left int) {
	for _, p := range g.closed {
		k := &commonsAt[p.commons]
		k.mu.Lock()
		if k.closingLocked(p.u) {
			k.openPageLocked(p.u)
			left++
		} else { // emptied; or such a sweep has ended and opened it, which is rare
			emptied++
		}
		k.mu.Unlock()
	}
	return emptied, left
}

// closeClass closes pages of one class of a commons.
func (g *Gathering) closeClass(commons, c, most int, dst []Lodger) []Lodger {
	k := &commonsAt[commons]
	k.mu.Lock()
	defer k.mu.Unlock()
	holes := 0
	g.room = g.room[:0]
	for u := k.mu.rings[c].head; u != 0; {
		d := descOf(u)
		if commonsFull(d) || len(g.room) == gatherLook {
			break // if it is full, all others are
		}
		if d.used > 0 {
			holes += int(commonsPlaces[c][d.order] - d.used)
			g.room = append(g.room, sparsePage{u, d.used, uint32(d.used) << 8 >> d.order})
		}
		if u = d.next; u == k.mu.rings[c].head {
			break
		}
	}
	slices.SortFunc(g.room, func(a, b sparsePage) int { return cmp.Compare(a.load, b.load) })
	for _, p := range g.room {
		d := descOf(p.u)
		places := int(commonsPlaces[c][d.order])
		// A few stay free: otherwise the next block would take a page.
		if holes -= places; holes < places/gatherSlackShare || len(dst) >= most {
			break
		}
		dst = appendLodgers(dst, commons, p.u, d)
		k.closePageLocked(p.u, d)
		g.closed = append(g.closed, sharedPage{p.u, uint8(commons)})
	}
	return dst
}

// appendLodgers appends the live blocks of a shared page.
func appendLodgers(dst []Lodger, commons int, u uint32, d *desc) []Lodger {
	page, size := Addr(u)<<unitShift, Addr(classBytes[d.class])
	for i, n := 0, int(d.bump)<<3/int(size); i < n; i++ {
		if whose := U16(whoseAt(page, d, i)); whose != 0 {
			dst = append(dst, Lodger{page + Addr(i)*size, u, whose >> 1, uint8(commons)})
		}
	}
	return dst
}

// closingLocked tells whether u is one of the closed pages.
func (k *commons) closingLocked(u uint32) bool {
	head := k.mu.closing.head
	for at := head; at != 0; {
		if at == u {
			return true
		}
		if at = descOf(at).next; at == head {
			break
		}
	}
	return false
}
