package dict

import (
	"sync/atomic"
	"unsafe"

	"github.com/kringdb/kring/internal/prefetch"
	"github.com/kringdb/kring/store/arena"
)

// The look-ahead: its calls may run at any time, on any goroutine, without the
// table's lock. They only bring lines into the cache. What they read may be
// rubbish (freed, reused, half-written); every address is checked before it is
// followed, and an address that was below the high water stays so.

// entryLines is how many lines of an entry TouchEntry asks for.
const entryLines = 2

// touchSegment returns what the directory dir, which is not 0, has for h. The directory, current or
// freed meanwhile, lies below the high water: dir was read in one piece. Only what it holds is not to be
// trusted.
func touchSegment(dir, h uint64) SegmentRef {
	return SegmentRef(atomic.LoadUint64(dirWord(dir, dirIndex(dir, h))))
}

// touchHome returns the address of h's home bucket in the directory dir, see touchSegment, whose text
// stands here once more: by its name this one would be too long to be inlined.
func touchHome(dir, h uint64) arena.Addr {
	e := SegmentRef(atomic.LoadUint64(dirWord(dir, dirIndex(dir, h))))
	return e.addr() + headerBytes + arena.Addr(e.home(h)*bucketBytes)
}

// Home is stage 1: it returns the address of h's home bucket, for TouchEntry, once the
// caller has asked for that line, and the stamp for which it is good; 0 when there is none.
func (t *directory) Home(h uint64) (home arena.Addr, stamp uint32) {
	stamp = atomic.LoadUint32(&t.stamp) // first, see Stamp
	dir := atomic.LoadUint64(&t.dir)
	if dir == 0 {
		return 0, 0
	}
	if b := touchHome(dir, h); b+bucketBytes <= arena.HighWater() {
		return b, stamp
	}
	return 0, 0
}

// Header returns the address of what a segment knows of itself, of the one that h is in:
// for who will insert h, which counts there, and asks for the line ahead. It is 0 when there
// is none.
func (t *directory) Header(h uint64) arena.Addr {
	dir := atomic.LoadUint64(&t.dir)
	if dir == 0 {
		return 0
	}
	if a := touchSegment(dir, h).addr(); a+headerBytes <= arena.HighWater() {
		return a
	}
	return 0
}

// TouchEntry is stage 2, when the bucket at home has come: it asks for the first two
// lines of the entry that h's tag points to there, or, when no tag matches and entries
// went on to the next bucket, for that bucket. It returns the address of the entry's slot,
// 0 when no tag matches.
func TouchEntry(home arena.Addr, h uint64) (slot arena.Addr) {
	if home == 0 {
		return 0
	}
	b, limit := (*bucket)(home.Ptr()), arena.HighWater()
	s := touchSlot(b, h, arena.Addr(0).Ptr(), uint64(limit))
	if s == nil {
		if b[0]&metaMask != 0 && home+2*bucketBytes <= limit {
			prefetch.Line((home + bucketBytes).Ptr())
		}
		return 0
	}
	return arena.AddrOf(unsafe.Pointer(s))
}

// touchSlotGo is touchSlot for processors without an own one, and for its test.
func touchSlotGo(b *bucket, tag, limit uint64) (slot *uint64) {
	tags := tag & tagMask * lanes
	m := matchLow(b, tags) | matchHigh(b, tags)
	if m == 0 {
		return nil
	}
	// Read once more, but bounded after that: the slot may have changed since.
	s := slotOfMatch(b, m)
	if a := wordAddr(atomic.LoadUint64(s)); uint64(a)+entryLines*64 <= limit {
		prefetch.Lines2(a.Ptr())
	}
	return s
}

// SlotAt is the slot at an address that TouchEntry returned.
func SlotAt(a arena.Addr) Slot { return (Slot)(a.Ptr()) }

// Peek returns the address of an entry that h's tag points to in its home bucket, 0 when
// there is none: like everything here, it means nothing, but the address and the size
// bytes behind it can be read.
func (t *directory) Peek(h uint64, size int) arena.Addr {
	dir := atomic.LoadUint64(&t.dir)
	if dir == 0 {
		return 0
	}
	home, limit := touchHome(dir, h), arena.HighWater()
	if home+bucketBytes > limit {
		return 0
	}
	b := (*bucket)(home.Ptr())
	tags := h & tagMask * lanes
	m := matchLow(b, tags) | matchHigh(b, tags)
	if m == 0 {
		return 0
	}
	if a := wordAddr(atomic.LoadUint64(slotOfMatch(b, m))); a != 0 && a+arena.Addr(size) <= limit {
		return a
	}
	return 0
}

// AddrOf is the address of a slot, see SlotAt.
func AddrOf(s Slot) arena.Addr { return arena.AddrOf(unsafe.Pointer(s)) }
