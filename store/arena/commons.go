package arena

import (
	"sync"
	"unsafe"

	"github.com/kringdb/kring/internal/invariants"
)

// A commons is a set of pages whose blocks belong to several arenas. Behind the places of such
// a page stands a table that says whose each is, so that an arena can give back all of its
// blocks without knowing them. Whoever changes the pages of a commons holds its lock.
//
// An arena is a guest in two of them: with the first blocks of a class, up to guestAllBytes of
// them, in the commons of all arenas, with the next in that of its group, up to what fills a
// page of its own.

// commons is one set of shared pages, a ring for each class; those with room come first.
type commons struct {
	mu struct {
		sync.Mutex
		rings   [smallClasses]class
		closing class                // pages out of which blocks are to be moved, see CloseCommons
		kept    [smallClasses]uint32 // the class's empty page, see keepsLocked; 0 if there is none
		emptied [smallClasses]uint8  // how often its only page was given back, up to keepTurns
		held    [smallClasses]uint32 // units of a class's pages that are not closed
		units   int64                // of all rings
		used    int64                // bytes of live blocks, and of places that arenas keep
	}
}

// commonsAt holds the commons of all arenas, and then those of the groups.
var commonsAt [1 + commonsGroups]commons

// guestAll and guestMax are how many blocks of a class an arena may have in the commons of all,
// and in both together. commonsOrder is the order of a class's first page there, commonsPlaces how
// many blocks a page of each order holds.
var (
	guestAll      [smallClasses]uint16
	guestMax      [smallClasses]uint16
	commonsOrder  [smallClasses]uint8
	commonsPlaces [smallClasses][commonsTopOrder + 1]uint16
)

// initGuests decides how far a class is a guest: not at all if it is large.
func initGuests(c int, size uint32) {
	if size > guestMaxBytes {
		return
	}
	guestMax[c] = uint16(unitBytes << minOrder[c] / size)
	guestAll[c] = uint16(guestAllBytes / size)
	if size > guestPageBytes {
		guestMax[c] *= guestPages
	}
	if size > guestGroupBytes {
		guestAll[c] = guestMax[c]
	}
	for o := range commonsPlaces[c] {
		commonsPlaces[c][o] = uint16(unitBytes << o / (size + whoseBytes))
	}
	o := uint8(0)
	for o < commonsTopOrder && uint32(commonsPlaces[c][o])*(size+whoseBytes)*16 < unitBytes<<o*15 {
		o++
	}
	commonsOrder[c] = o
}

// commonsOrderFor returns the order of the next page of a class of which a commons holds so many units. The
// larger a page is, the less of it stands unused behind the last place, but half of the last one is unused as well.
func commonsOrderFor(c int, held uint32) uint8 {
	best := commonsOrder[c]
	cost := func(o uint8) int64 { // in bytes
		bytes := int64(unitBytes) << o
		return (bytes-int64(commonsPlaces[c][o])*int64(classBytes[c]))>>o*int64(held) + bytes/2
	}
	least := cost(best)
	for o := best + 1; o <= commonsTopOrder; o++ {
		if n := cost(o); n < least {
			best, least = o, n
		}
	}
	return best
}

// whoseBytes is the length of an entry of a page's table: 2 * the guest's number, and 1 if the
// page is of its group. 0 is nobody.
const whoseBytes = 2

// whoseAt returns the place of a block's entry in the table of its page, which d describes.
func whoseAt(page Addr, d *desc, i int) Addr {
	end := page + unitBytes<<d.order
	return end - Addr(commonsPlaces[d.class][d.order])*whoseBytes + Addr(i)*whoseBytes
}

// guests hands out the numbers of arenas that are guests somewhere.
var guests struct {
	mu   sync.Mutex
	last uint16   // the highest that was ever handed out
	free []uint16 // those that came back
}

// enrol gives the arena a number, and tells whether there is one left.
func (a *Arena) enrol() bool {
	g := &guests
	g.mu.Lock()
	defer g.mu.Unlock()
	switch n := len(g.free); {
	case n > 0:
		a.guest = g.free[n-1]
		g.free = g.free[:n-1]
	case g.last < 1<<15-1:
		g.last++
		a.guest = g.last
	default:
		return false
	}
	return true
}

// resign gives the number back; the arena has no blocks in any commons.
func (a *Arena) resign() {
	if a.guest == 0 {
		return
	}
	guests.mu.Lock()
	guests.free = append(guests.free, a.guest)
	guests.mu.Unlock()
	a.guest = 0
}

// commonsOf returns the commons in which a block with this entry stands.
func commonsOf(whose uint16) *commons {
	if whose&1 == 0 {
		return &commonsAt[0]
	}
	return &commonsAt[1+whose>>1%commonsGroups]
}

// lodge places a block of class c in a commons; 0 if the arena is no guest.
func (a *Arena) lodge(c int) Addr {
	if a.alone || a.guest == 0 && !a.enrol() {
		return 0
	}
	whose := a.guest << 1
	if a.guests[c] >= guestAll[c] {
		whose |= 1
	}
	addr := commonsOf(whose).take(c, whose)
	a.joined(c)
	return addr
}

// joined keeps the accounts of a block that came.
func (a *Arena) joined(c int) {
	a.guests[c]++
	a.lodged++
	a.used += int64(classBytes[c])
	a.pages += int64(classBytes[c])
}

// leave takes back a block of class c that is in no page of its class that the arena has for itself:
// it is a guest in the commons' page u. state is the unit's.
func (a *Arena) leave(state uint8, u uint32, addr Addr, c, n int) {
	page := Addr(u) << unitShift
	off, size := uint32(addr-page), classBytes[c]
	d, i := descOf(u), off/size
	if state&^(stateClosed|7) != stateCommons || int(d.class) != c || i*size != off {
		badFree(addr, n)
	}
	whose := U16(whoseAt(page, d, int(i)))
	if a.guest == 0 || whose>>1 != a.guest || a.guests[c] == 0 || a.spares.has(addr) {
		badFree(addr, n)
	}
	if !a.spares.busy(a.lodged) || state&stateClosed != 0 || !a.spares.keep(u, addr, c) {
		k := commonsOf(whose)
		k.mu.Lock()
		k.putLocked(u, int(i))
		k.mu.Unlock()
	}
	a.guests[c]--
	a.lodged--
	a.used -= int64(size)
	a.pages -= int64(size)
	if a.used == 0 {
		a.Trim()
	}
}

// Guest returns the arena's number as a guest, 0 if it has none.
func (a *Arena) Guest() uint16 { return a.guest }

// Lodges returns the size of the block l, if it is one of the arena's and stands in a closed page; otherwise 0:
// he may have gone since Close, and the page with him.
func (a *Arena) Lodges(l Lodger) int {
	k := &commonsAt[l.commons]
	k.mu.Lock()
	defer k.mu.Unlock()
	u := l.page
	if !k.closingLocked(u) {
		return 0
	}
	d, page := descOf(u), Addr(u)<<unitShift
	size := Addr(classBytes[d.class])
	// The page may have become one of another class.
	if (l.Addr-page)%size != 0 || l.Addr >= page+Addr(d.bump)<<3 || U16(whoseAt(page, d, int((l.Addr-page)/size)))>>1 != a.guest {
		return 0
	}
	return int(size)
}

// GiveSpares gives the places that the arena keeps in shared pages back to them. Whoever empties
// these pages calls it.
func (a *Arena) GiveSpares() {
	for a.spares.n > 0 {
		a.spares.give(0)
	}
}

// Guests returns how many blocks of the arena stand in shared pages.
func (a *Arena) Guests() int { return int(a.lodged) }

// take returns a place for a block of class c and notes whose it is.
func (k *commons) take(c int, whose uint16) Addr {
	k.mu.Lock()
	defer k.mu.Unlock()
	r := &k.mu.rings[c]
	size := classBytes[c]
	if r.head == 0 || commonsFull(descOf(r.head)) {
		k.takePageLocked(c)
	}
	u := r.head
	d, page := descOf(u), Addr(u)<<unitShift
	if d.used == 0 {
		k.mu.kept[c] = 0 // it may have been this one
	}
	d.used++
	k.mu.used += int64(size)
	var addr Addr
	if f := d.free; f != 0 {
		addr = page + Addr(f-1)<<3
		if invariants.Enabled {
			checkReused(addr, int(size))
		}
		d.free = U16(addr)
	} else {
		addr = page + Addr(d.bump)<<3
		d.bump += uint16(size >> 3)
	}
	SetU16(whoseAt(page, d, int(uint32(addr-page)/size)), whose)
	if commonsFull(d) {
		r.head = d.next // the last of the ring
	}
	if invariants.Enabled {
		checkHandedOut(addr, int(size), c, ownerCommons)
	}
	return addr
}

// commonsFull tells whether no place is left in a page of a commons.
func commonsFull(d *desc) bool {
	return d.free == 0 && d.used >= commonsPlaces[d.class][d.order]
}

// takePageLocked puts a new page at the head of a ring.
func (k *commons) takePageLocked(c int) {
	o := commonsOrderFor(c, k.mu.held[c])
	u := pool.alloc(1<<o, int(o))
	d := descOf(u)
	*d = desc{class: uint8(c), order: o}
	setStates(u, 1<<o, stateCommons|(o+1))
	if invariants.Enabled {
		setOwner(u, 1<<o, ownerCommons)
	}
	k.mu.units += 1 << o
	k.mu.held[c] += 1 << o
	k.mu.rings[c].linkFront(u, d)
}

// keepsLocked tells whether the commons keeps an empty page, the only one of its class with room: that of all
// does, since a block that comes and goes there would take a page each time. A larger one it
// keeps only after this has happened, lest data that grows leave one behind in each class that it went through.
func (k *commons) keepsLocked(d *desc) bool {
	switch {
	case k != &commonsAt[0]:
		return false
	case d.order <= keepOrder:
		return true
	case d.order > commonsOrder[d.class]:
		return false
	}
	n := &k.mu.emptied[d.class]
	*n = min(*n+1, keepTurns)
	return *n == keepTurns
}

// putLocked frees the place i of the page u. A page that runs empty goes back to the pool, unless it is kept.
func (k *commons) putLocked(u uint32, i int) {
	d, page := descOf(u), Addr(u)<<unitShift
	c := int(d.class)
	r := &k.mu.rings[c]
	wasFull := commonsFull(d)
	closed := *stateOf(u)&stateClosed != 0
	if closed {
		r = &k.mu.closing
	}
	off := Addr(i) * Addr(classBytes[c])
	if invariants.Enabled {
		checkTakenBack(page+off, int(classBytes[c]), u, c, ownerCommons)
	}
	SetU16(whoseAt(page, d, i), 0)
	SetU16(page+off, d.free)
	d.free = uint16(off>>3) + 1
	d.used--
	k.mu.used -= int64(classBytes[c])
	if wasFull && !closed && r.head != u {
		r.unlink(u, d)
		r.linkFront(u, d)
	}
	only := !closed && r.head == u && (d.next == u || commonsFull(descOf(d.next)))
	if d.used > 0 {
		return
	}
	if only && k.keepsLocked(d) {
		k.mu.kept[c] = u
		return
	}
	k.givePageLocked(r, u, d)
}

// givePageLocked returns a page of the ring r to the pool.
func (k *commons) givePageLocked(r *class, u uint32, d *desc) {
	cnt := uint32(1) << d.order
	r.unlink(u, d)
	setStates(u, cnt, stateNone)
	if invariants.Enabled {
		setOwner(u, cnt, 0)
	}
	k.mu.units -= int64(cnt)
	if r != &k.mu.closing {
		k.mu.held[d.class] -= cnt
	}
	pool.release(u, cnt)
}

// TrimCommons returns the empty pages that are kept to the pool, at most one for each class.
// Any goroutine may call it; whoever is through with his arenas does.
func TrimCommons() {
	k := &commonsAt[0]
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.mu.emptied[:])
	for c, u := range k.mu.kept {
		if u != 0 {
			k.mu.kept[c] = 0
			k.givePageLocked(&k.mu.rings[c], u, descOf(u))
		}
	}
}

// leaveAll gives back all blocks that the arena has in commons.
func (a *Arena) leaveAll() {
	a.GiveSpares()
	for c, n := range a.guests {
		if n == 0 {
			continue
		}
		gone := commonsOf(a.guest<<1).expel(c, a.guest<<1)
		gone += commonsOf(a.guest<<1|1).expel(c, a.guest<<1|1)
		if gone != int(n) {
			panic("arena: blocks of a guest are missing")
		}
		bytes := int64(n) * int64(classBytes[c])
		a.used -= bytes
		a.pages -= bytes
	}
	clear(a.guests[:])
	a.lodged, a.spares.gone = 0, 0
	a.resign()
}

// expel frees all blocks of class c that belong to a guest, and returns their number.
func (k *commons) expel(c int, whose uint16) (n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	pages := k.pagesLocked(c)
	size := int(classBytes[c])
	for _, u := range pages {
		page := Addr(u) << unitShift
		d := descOf(u)
		table := unsafe.Slice((*uint16)(whoseAt(page, d, 0).Ptr()), commonsPlaces[c][d.order])
		for i := range int(d.bump) << 3 / size {
			if table[i] != whose {
				continue
			}
			n++
			k.putLocked(u, i)
			if *stateOf(u) == stateNone {
				break // that was the last, and the page is gone
			}
		}
	}
	return n
}

// pagesLocked returns the pages of a class, closed ones among them.
func (k *commons) pagesLocked(c int) (pages []uint32) {
	for _, r := range [...]*class{&k.mu.rings[c], &k.mu.closing} {
		for u := r.head; u != 0; {
			d := descOf(u)
			if int(d.class) == c {
				pages = append(pages, u)
			}
			if u = d.next; u == r.head {
				break
			}
		}
	}
	return pages
}

// CloseCommons closes the sparse pages of commons, as Arena.CloseSparse does with an arena's: of
// classes of which more than percent of the pages' bytes hold no block, if fewer pages would do.
// It returns how many bytes of pages it closed. Any goroutine may call it; whoever does, moves
// the blocks of all arenas that he knows out of them, and then calls OpenCommons.
func CloseCommons(percent int) (bytes int64) {
	for i := range commonsAt {
		k := &commonsAt[i]
		for c := range smallClasses {
			k.mu.Lock()
			bytes += k.closeLocked(c, percent)
			k.mu.Unlock()
		}
	}
	return bytes
}

// closeLocked closes the sparse pages of one class.
func (k *commons) closeLocked(c, percent int) (bytes int64) {
	r := &k.mu.rings[c]
	places, used := int64(0), int64(0)
	eachIn(r, func(_ uint32, d *desc) { places, used = places+int64(commonsPlaces[c][d.order]), used+int64(d.used) })
	o := commonsOrderFor(c, uint32(used*int64(classBytes[c])>>unitShift))
	need := (used/int64(commonsPlaces[c][o]) + 1) << o // units
	if (places-used)*100 <= places*int64(percent) || need >= int64(k.mu.held[c]) {
		return 0
	}
	var found []uint32
	eachIn(r, func(u uint32, d *desc) {
		n := int64(commonsPlaces[c][d.order])
		if d.used > 0 && (n-int64(d.used))*200 > n*int64(percent) {
			found = append(found, u)
		}
	})
	for _, u := range found {
		d := descOf(u)
		k.closePageLocked(u, d)
		bytes += unitBytes << d.order
	}
	return bytes
}

// closePageLocked closes a page.
func (k *commons) closePageLocked(u uint32, d *desc) {
	k.mu.rings[d.class].unlink(u, d)
	k.mu.closing.linkFront(u, d)
	setStates(u, 1<<d.order, stateCommons|stateClosed|(d.order+1))
	k.mu.held[d.class] -= 1 << d.order
}

// OpenCommons ends what CloseCommons began: it opens all pages that are closed.
func OpenCommons() {
	for i := range commonsAt {
		k := &commonsAt[i]
		k.mu.Lock()
		for k.mu.closing.head != 0 {
			k.openPageLocked(k.mu.closing.head)
		}
		k.mu.Unlock()
	}
}

// openPageLocked opens a page that is closed.
func (k *commons) openPageLocked(u uint32) {
	d := descOf(u)
	k.mu.closing.unlink(u, d)
	setStates(u, 1<<d.order, stateCommons|(d.order+1))
	k.mu.held[d.class] += 1 << d.order
	if r := &k.mu.rings[d.class]; commonsFull(d) {
		r.linkBack(u, d)
	} else {
		r.linkFront(u, d)
	}
}

// Commons returns the bytes of the pages that arenas share, and of the live blocks in them, which
// count in the arenas' Used and Pages, with the places that arenas keep, which do not.
func Commons() (pages, used int64) {
	for i := range commonsAt {
		k := &commonsAt[i]
		k.mu.Lock()
		pages += k.mu.units << unitShift
		used += k.mu.used
		k.mu.Unlock()
	}
	return pages, used
}
