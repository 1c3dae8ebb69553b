package slotted

import (
	"unsafe"

	"github.com/kringdb/kring/store/arena"
)

// page refers to a page: it is its directory word.
type page uint64

func makePage(a arena.Addr, capacity int, depth uint) page {
	return page(uint64(capacity/unitBytes)<<capShift | uint64(depth)<<depthShift | uint64(a)>>unitBits)
}

func (p page) addr() arena.Addr { return arena.Addr(p&unitMask) << unitBits }
func (p page) depth() uint      { return uint(p>>depthShift) & depthMask }

// capacity returns the bytes of the block.
func (p page) capacity() int { return int(p >> capShift << unitBits) }

// end returns where the block ends; offsets count back from there.
func (p page) end() arena.Addr { return p.addr() + arena.Addr(p>>capShift<<unitBits) }

// hint returns about the number of records. It is in the directory word so that a
// lookup need not wait for the header before it knows where to look.
func (p page) hint() uint32 { return uint32(p>>hintShift) & hintMax }

// hinted returns p with another hint.
func (p page) hinted(count uint32) page {
	return p&^(hintMax<<hintShift) | page(min(count, hintMax))<<hintShift
}

// is tells whether p and q are the same page, whatever their hints.
func (p page) is(q page) bool { return (p^q)&^(hintMax<<hintShift) == 0 }

// header is the first 8 bytes of a page.
type header struct {
	count uint16 // records
	heap  uint16 // bytes of records, dead ones too
	dead  uint16 // bytes of dead records among them
	_     uint16
}

const (
	headerBytes = 8
	slotBytes   = 4
	offsetMask  = 1<<16 - 1
)

func (p page) header() *header { return (*header)(p.addr().Ptr()) }

// slots is the array behind the header: tag<<16 | offset back from the end of the
// page, in rising order of tags. It is as long as the header says.
type slots = [maxPageBytes / slotBytes]uint32

func (p page) slots() *slots { return (*slots)((p.addr() + headerBytes).Ptr()) }

// used returns the bytes of header, slots and heap.
func (hd *header) used() int { return headerBytes + int(hd.count)*slotBytes + int(hd.heap) }

// live returns the bytes that the content would take in a fresh page.
func (hd *header) live() int { return hd.used() - int(hd.dead) }

// tagOf returns the 16 bits of h that follow the first depth.
func tagOf(h uint64, depth uint) uint32 { return uint32(h << depth >> (64 - tagBits)) }

// lowerBound returns the index of the first of n slots whose tag is at least tag.
// Hashes are spread evenly, so it is near the place that the tag itself tells, given
// about the count.
func lowerBound(s *slots, n, hint, tag uint32) uint32 {
	want := tag << tagBits
	guess := tag * hint >> tagBits
	if n > windowSlots && guess < n {
		from := max(guess, windowSlots/2) - windowSlots/2
		from = min(from, n-windowSlots)
		w := (*[windowSlots]uint32)(unsafe.Pointer(&s[from]))
		below := uint32(0)
		for _, x := range w {
			below += uint32((uint64(x) - uint64(want)) >> 63)
		}
		if (below > 0 || from == 0) && (below < windowSlots || from+windowSlots == n) {
			return from + below
		}
		guess = from + below
	}
	return scanFrom(s, n, min(guess, n), want)
}

// scanFrom is lowerBound by looking at the slots one by one, from i on.
func scanFrom(s *slots, n, i, want uint32) uint32 {
	for ; i < n && s[i] < want; i++ {
	}
	for i > 0 && s[i-1] >= want {
		i--
	}
	return i
}

// capacityFor returns the block size for a page that holds live bytes.
func capacityFor(live int) int {
	return arena.SizeOf((min(live+live/slackShare, maxPageBytes) + unitBytes - 1) &^ (unitBytes - 1))
}

// carve takes n bytes of the heap and returns where they begin. There is room.
func (p page) carve(hd *header, n int) (rec arena.Addr, offset uint32) {
	hd.heap += uint16(n)
	return p.end() - arena.Addr(hd.heap), uint32(hd.heap)
}

// insertSlot puts a slot at index i.
func (p page) insertSlot(hd *header, i uint32, slot uint32) {
	n := uint32(hd.count)
	s := p.slots()
	copy(s[i+1:n+1], s[i:n])
	s[i] = slot
	hd.count++
}

// removeSlot takes out the slot at index i; its record becomes dead.
func (p page) removeSlot(hd *header, i uint32, recBytes int) {
	n := uint32(hd.count)
	s := p.slots()
	p.bury(hd, s[i], recBytes)
	copy(s[i:n-1], s[i+1:n])
	hd.count--
}

// bury makes a record dead, or gives its bytes back at once if it is the last one.
func (p page) bury(hd *header, slot uint32, recBytes int) {
	if slot&offsetMask == uint32(hd.heap) {
		hd.heap -= uint16(recBytes)
	} else {
		hd.dead += uint16(recBytes)
	}
}

// rec returns where the record of a slot begins.
func (p page) rec(slot uint32) arena.Addr { return p.end() - arena.Addr(slot&offsetMask) }

// take adds a byte copy of the record rec, of n bytes, with the given tag; records
// come nearly in the order of their tags.
func (p page) take(rec arena.Addr, n int, tag uint32) {
	hd := p.header()
	to, off := p.carve(hd, n)
	copy(arena.Bytes(to, n), arena.Bytes(rec, n))
	s, i := p.slots(), uint32(hd.count)
	for ; i > 0 && s[i-1]>>tagBits > tag; i-- {
		s[i] = s[i-1]
	}
	s[i] = tag<<tagBits | off
	hd.count++
}

// content views the used part of the block at its front, header and slots.
func (p page) front() []byte {
	return unsafe.Slice((*byte)(p.addr().Ptr()), headerBytes+int(p.header().count)*slotBytes)
}

// heap views the records, from the last one on.
func (p page) heap() []byte {
	n := int(p.header().heap)
	return arena.Bytes(p.end()-arena.Addr(n), n)
}
