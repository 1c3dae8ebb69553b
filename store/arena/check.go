package arena

import (
	"unsafe"

	"github.com/kringdb/kring/internal/invariants"
)

// mangleSpanBytes bounds how much of each end of a span is mangled.
const mangleSpanBytes = 64 << 10

// mangled is the byte that invariants.Mangle writes.
var mangled = func() byte {
	var b [1]byte
	invariants.Mangle(b[:])
	return b[0]
}()

func assert(ok bool, format string, args ...any) { invariants.Assert(ok, format, args...) }

func setOwner(u, cnt, id uint32) {
	s := unsafe.Slice((*uint32)(unsafe.Add(owners, uintptr(u)*ownerBytesPerUnit)), cnt)
	for i := range s {
		s[i] = id
	}
}

func ownerOf(u uint32) uint32 {
	return *(*uint32)(unsafe.Add(owners, uintptr(u)*ownerBytesPerUnit))
}

// liveOf returns the place of 1 + the class of the live block at addr; 0 is none.
func liveOf(addr Addr) *uint8 { return (*uint8)(unsafe.Add(lives, uintptr(addr)>>3)) }

// checkReused verifies that nobody wrote to a block between Free and Alloc. Its
// first two bytes are the link of the free list.
func checkReused(addr Addr, size int) {
	for i, b := range Bytes(addr, size) {
		if b != mangled && i >= 2 {
			assert(false, "arena: block %#x of %d bytes was written at offset %d after it was freed", uint64(addr), size, i)
		}
	}
}

// checkHandedOut notes a block as live and fills all but the link with rubbish.
func checkHandedOut(addr Addr, size, class int, owner uint32) {
	live := liveOf(addr)
	if ownerOf(uint32(addr>>unitShift)) != owner || *live != 0 {
		assert(false, "arena: block %#x handed out is live or another arena's", uint64(addr))
	}
	*live = uint8(class) + 1
	mangle(addr+2, size-2)
}

// checkTakenBack verifies that a block may be freed and overwrites it.
func checkTakenBack(addr Addr, size int, page uint32, class int, owner uint32) {
	checkGone(addr, size, page, class, owner, 0)
}

// checkNoSpare notes a spare place of a class as a live block, in one step: whoever checks the page may look at any time.
func checkNoSpare(addr Addr, class int) {
	if *liveOf(addr) != liveSpare {
		assert(false, "arena: spare %#x is not one", uint64(addr))
	}
	*liveOf(addr) = uint8(class) + 1
}

// checkGone verifies that a block may be freed, notes what its place is then, and overwrites it.
func checkGone(addr Addr, size int, page uint32, class int, owner uint32, then uint8) {
	if ownerOf(uint32(addr>>unitShift)) != owner {
		assert(false, "arena: Free(%#x) through another arena", uint64(addr))
	}
	if off := int(addr - Addr(page)<<unitShift); off%size != 0 {
		assert(false, "arena: Free(%#x): inside a block", uint64(addr))
	}
	live := liveOf(addr)
	if *live != uint8(class)+1 {
		assert(false, "arena: Free(%#x) as class %d: it is live as %d (-1: freed before)", uint64(addr), class, int(*live)-1)
	}
	*live = then
	mangle(addr, size)
}

// mangle overwrites a block; of a long span only the ends, lest a check makes a
// gigabyte resident.
func mangle(addr Addr, size int) {
	if size <= 2*mangleSpanBytes {
		invariants.Mangle(Bytes(addr, size))
		return
	}
	invariants.Mangle(Bytes(addr, mangleSpanBytes))
	invariants.Mangle(Bytes(addr+Addr(size)-mangleSpanBytes, mangleSpanBytes))
}

// forgetBlocks makes all blocks of a page or span dead, for Release.
func forgetBlocks(u, cnt uint32) {
	addr := Addr(u) << unitShift
	d := descOf(u)
	if d.class == classSpan {
		*liveOf(addr) = 0
		mangle(addr, int(cnt)<<unitShift)
		return
	}
	clear(unsafe.Slice(liveOf(addr), uintptr(cnt)*liveBytesPerUnit))
	mangle(addr, int(d.bump)<<3)
}

// CheckInvariants walks the whole arena and panics at the first inconsistency.
// It does nothing without the invariants tag. The caller holds the shard's lock.
func (a *Arena) CheckInvariants() {
	if !invariants.Enabled {
		return
	}
	used, pages := int64(0), int64(0)
	for c := range a.classes {
		u, units := a.checkClass(c)
		used += u
		pages += units << unitShift
	}
	lodged := a.checkGuests()
	used += lodged
	pages += lodged
	assert(used == a.used, "arena: blocks sum up to %d, the account says %d", used, a.used)
	assert(pages == a.pages, "arena: pages sum up to %d, the account says %d", pages, a.pages)
	assert(used != 0 || pages == 0, "arena: empty, but holds %d bytes of pages", pages)
}

// liveSpare stands in liveOf for a place that an arena keeps, see spare.go.
const liveSpare = 0xFF

// ownerCommons owns the units of all commons.
const ownerCommons = 1<<32 - 1

// checkGuests verifies that the commons know of all blocks that the arena has there, and
// returns their bytes.
func (a *Arena) checkGuests() (bytes int64) {
	lodged := uint32(0)
	for c, n := range a.guests {
		lodged += uint32(n)
		spares := 0
		for _, class := range a.spares.class[:a.spares.n] {
			if int(class) == c {
				spares++
			}
		}
		if int(n)+spares == 0 {
			continue
		}
		assert(a.guest != 0, "arena: blocks in commons without a number")
		found, kept := commonsOf(a.guest<<1).checkRing(c, a.guest)
		more, moreKept := commonsOf(a.guest<<1|1).checkRing(c, a.guest)
		found, kept = found+more, kept+moreKept
		assert(found == int(n), "arena: class %d has %d blocks in commons, the account says %d", c, found, n)
		assert(kept == spares, "arena: class %d has %d spares in commons, the arena keeps %d", c, kept, spares)
		bytes += int64(n) * int64(classBytes[c])
	}
	assert(lodged == a.lodged, "arena: %d blocks in commons, the account says %d", lodged, a.lodged)
	return bytes
}

// checkRing verifies a ring of a commons and returns how many blocks in it are the guest's, and how many
// places it keeps there.
func (k *commons) checkRing(c int, guest uint16) (found, kept int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	size, full := int(classBytes[c]), false
	held := uint32(0)
	for _, u := range k.pagesLocked(c) {
		d, page := descOf(u), Addr(u)<<unitShift
		closed := *stateOf(u) & stateClosed
		if closed == 0 {
			held += 1 << d.order
		}
		assert(descOf(d.next).prev == u && descOf(d.prev).next == u, "arena: shared ring %d is broken at %d", c, u)
		assert(*stateOf(u) == stateCommons|closed|(d.order+1), "arena: shared page %d", u)
		assert(!full || commonsFull(d) || closed != 0, "arena: shared page %d with room comes after full ones", u)
		full = commonsFull(d)
		used := 0
		for i := range int(d.bump) << 3 / size {
			whose := U16(whoseAt(page, d, i))
			if whose != 0 {
				used++
				assert(commonsOf(whose) == k, "arena: shared page %d is of another commons", u)
			}
			live := *liveOf(page + Addr(i*size))
			if whose>>1 == guest && live == liveSpare {
				kept++
			} else if whose>>1 == guest {
				found++
			}
			assert((live == uint8(c)+1 || live == liveSpare) == (whose != 0), "arena: block %d of shared page %d", i, u)
		}
		assert(used == int(d.used), "arena: shared page %d has %d blocks, its account says %d", u, used, d.used)
		assert(used > 0 || k.mu.kept[c] == u, "arena: shared page %d is empty, and %d is kept", u, k.mu.kept[c])
	}
	assert(held == k.mu.held[c], "arena: class %d has %d units of shared pages, the account says %d", c, held, k.mu.held[c])
	return found, kept
}

// checkClass verifies one ring and returns its live bytes and its units.
func (a *Arena) checkClass(c int) (used, units int64) {
	k := &a.classes[c]
	empties, fulls := 0, 0
	for u := k.head; u != 0; {
		d := descOf(u)
		assert(int(d.class) == c, "arena: page %d of class %d in ring %d", u, d.class, c)
		assert(descOf(d.next).prev == u && descOf(d.prev).next == u, "arena: ring %d is broken at %d", c, u)
		cnt := d.units()
		units += int64(cnt)
		for i := range cnt {
			if ownerOf(u+i) != a.id {
				assert(false, "arena: unit %d is not the arena's", u+i)
			}
		}
		if c == classSpan {
			assert(*stateOf(u) == stateSpan, "arena: state of span %d", u)
			used += int64(cnt) << unitShift
		} else {
			if d.bump == bumpClosed {
				_, ok := a.closed[u]
				assert(ok && d.used > 0, "arena: page %d is closed with %d blocks, noted: %v", u, d.used, ok)
				open := *d
				a.restore(u, &open)
				used += checkPage(u, &open)
			} else {
				used += checkPage(u, d)
			}
			if d.used == 0 {
				empties++
			}
			if d.full(classBytes[c]) {
				fulls++
			} else {
				assert(fulls == 0 || fulls == 1 && descOf(k.head).full(classBytes[c]),
					"arena: in ring %d page %d with room comes after full ones", c, u)
			}
		}
		if u = d.next; u == k.head {
			break
		}
	}
	assert(units == int64(k.units), "arena: ring %d has %d units, the account says %d", c, units, k.units)
	assert(empties <= 1, "arena: ring %d has %d empty pages", c, empties)
	return used, units
}

// checkPage verifies a page against the live bitmap and returns its live bytes.
func checkPage(u uint32, d *desc) int64 {
	page := Addr(u) << unitShift
	size := int(classBytes[d.class])
	for i := range d.units() {
		if *stateOf(u + i) != d.order+1 {
			assert(false, "arena: state of unit %d", u+i)
		}
	}
	assert(u&(1<<d.order-1) == 0, "arena: page %d of order %d is not aligned", u, d.order)
	assert(int(d.bump)<<3 <= unitBytes<<d.order && int(d.bump)<<3%size == 0, "arena: bump of page %d", u)
	handed := int(d.bump) << 3 / size
	var dead [maxPageBlocks / 64]uint64
	for f, n := d.free, 0; f != 0; n++ {
		off := int(f-1) << 3
		if n >= handed || off%size != 0 || off/size >= handed {
			assert(false, "arena: the free list of page %d is broken", u)
		}
		f = U16(page + Addr(off))
	}
	free := markFree(page, d, &dead)
	assert(free+int(d.used) == handed, "arena: page %d: %d free, %d used, %d handed out", u, free, d.used, handed)
	for i := range handed {
		c := int(*liveOf(page + Addr(i*size))) - 1
		isDead := dead[i>>6]&(1<<(i&63)) != 0
		if c < 0 != isDead || c >= 0 && c != int(d.class) {
			assert(false, "arena: page %d of class %d: block %d: in the free list: %v, live as %d", u, d.class, i, isDead, c)
		}
	}
	return int64(d.used) * int64(size)
}
