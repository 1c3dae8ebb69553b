package dict

import (
	"sync/atomic"

	"github.com/kringdb/kring/store/arena"
)

// The look-ahead: both calls may run at any time, on any goroutine, without the
// table's lock. They only bring lines into the cache. What they read may be
// rubbish (freed, reused, half-written); every address is checked before it is
// followed. Use the result (add it up) so that the loads are not optimised away;
// it means nothing.

// touchLines is how many lines of an entry TouchEntry loads.
const touchLines = 2

// touchHome returns the address of h's home bucket, 0 if there is none. It loads
// the directory word.
func (t *Table) touchHome(h uint64) arena.Addr {
	dir := atomic.LoadUint64(&t.dir)
	if dir == 0 {
		return 0
	}
	// The directory, current or freed meanwhile, lies below the high water: dir
	// was read in one piece. Only what it holds is not to be trusted.
	e := SegmentRef(atomic.LoadUint64(dirWord(dir, dirIndex(dir, h))))
	return e.addr() + headerBytes + arena.Addr(e.home(h)*bucketBytes)
}

// TouchBucket is stage 1: it loads the directory word and the bucket of h.
func (t *Table) TouchBucket(h uint64) (sum uint64) {
	b := t.touchHome(h)
	if b+bucketBytes > arena.HighWater() {
		return 0
	}
	return arena.U64(b)
}

// TouchEntry is stage 2, when the bucket has arrived: it loads the first two lines
// of the entry that h's tag points to in its home bucket, or, when no tag matches
// and entries went on to the next bucket, that bucket.
func (t *Table) TouchEntry(h uint64) (sum uint64) {
	home, limit := t.touchHome(h), arena.HighWater()
	if home == 0 || home+bucketBytes > limit {
		return 0
	}
	b := (*bucket)(home.Ptr())
	m := tagMask(b, h<<tagShift)
	if m == 0 {
		if b[0]&metaMask != 0 && home+2*bucketBytes <= limit {
			return arena.U64(home + bucketBytes)
		}
		return 0
	}
	a := wordAddr(atomic.LoadUint64(slotAt(b, m)))
	if a+touchLines*64 > limit {
		return 0
	}
	return arena.U64(a) + arena.U64(a+64)
}
