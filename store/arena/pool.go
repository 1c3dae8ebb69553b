package arena

import (
	"fmt"
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/kringdb/kring/internal/invariants"
)

// maxOrders is the number of orders of the largest reservation: 4 KB << 28.
const maxOrders = 29

// unitPool is the page pool. Its mutex is the innermost lock of the process; it
// is held for some hundred nanoseconds, never during a system call (but for one
// madvise per adviseStepBytes of growth, and one when a chunk is broken or filled,
// while huge pages are on).
type unitPool struct {
	inUse atomic.Int64 // units handed out; read without the lock

	mu struct {
		sync.Mutex
		units    uint32           // of the reservation, a power of two
		orders   int              // free[:orders] exist
		nonEmpty uint32           // bit o: free[o] is not empty
		free     [maxOrders]index // free blocks by order
		dirty    []uint64         // a bit per unit
		granules index            // wholly free, with a dirty unit
		chunks   index            // the same for 2 MB
		plain    index            // chunks that are not to become huge pages, see huge.go

		freeDirty  int64  // dirty units among the free ones
		givenBack  int64  // units given back since the start
		advised    uint32 // units below it were advised for huge pages
		scavenging bool   // a scavenger goroutine runs
	}
}

var pool unitPool

// poolWords returns the 64-bit words of bitmaps for a reservation.
func poolWords(units uint64) uint64 {
	words := (units + 63) / 64
	for n := units; n > 0; n >>= 1 {
		words += indexWords(n)
	}
	return words + indexWords(units>>granuleOrder) + 2*indexWords(units>>chunkOrder)
}

// init builds the pool over zeroed words; unit 0 is never handed out, because
// address 0 means none.
func (p *unitPool) init(units uint64, words []uint64) {
	m := &p.mu
	m.Lock()
	defer m.Unlock()
	m.units = uint32(units)
	m.orders = bits.Len64(units)
	n := (units + 63) / 64
	m.dirty, words = words[:n:n], words[n:]
	for o := range m.orders {
		words = m.free[o].init(units>>o, words)
	}
	words = m.granules.init(units>>granuleOrder, words)
	words = m.chunks.init(units>>chunkOrder, words)
	m.plain.init(units>>chunkOrder, words)
	p.insertLocked(1, uint32(units)-1)
}

// alloc hands out cnt units, at most 1<<want, as one run aligned to 1<<want. The
// lowest block of the smallest order that has one is taken, and its
// unused end stays in the pool. It panics when the reservation is used up.
func (p *unitPool) alloc(cnt uint32, want int) uint32 {
	m := &p.mu
	m.Lock()
	fit := m.nonEmpty >> want
	if fit == 0 {
		m.Unlock()
		panic(fmt.Sprintf("arena: out of address space: no %d KB left of %d MB",
			cnt<<2, m.units>>8))
	}
	o := want + bits.TrailingZeros32(fit)
	u := m.free[o].first() << o
	p.removeLocked(u, o)
	end := u + cnt
	if hugePages.Load() {
		end = p.faultLocked(u, cnt, 1<<o)
	}
	if uint64(end)<<unitShift > highWater.v.Load() {
		highWater.v.Store(uint64(end) << unitShift)
	}
	p.insertLocked(u+cnt, 1<<o-cnt)
	m.freeDirty -= p.markDirtyLocked(u, cnt)
	p.forgetLocked(u, cnt)
	if m.plain.count > 0 {
		p.mendFilledLocked(u, cnt)
	}
	m.Unlock()
	p.inUse.Add(int64(cnt))
	return u
}

// release takes a run of units back.
func (p *unitPool) release(u, cnt uint32) {
	p.mu.Lock()
	p.releaseLocked(u, cnt)
	p.mu.Unlock()
}

func (p *unitPool) releaseLocked(u, cnt uint32) {
	if invariants.Enabled {
		invariants.Assert(p.countDirtyLocked(u, cnt) == int64(cnt), "arena: a clean unit came back at %d", u)
	}
	p.mu.freeDirty += int64(cnt)
	p.insertLocked(u, cnt)
	p.inUse.Add(-int64(cnt))
	p.wakeScavengerLocked()
}

// removeLocked takes the free block u of order o out of the bitmaps.
func (p *unitPool) removeLocked(u uint32, o int) {
	x := &p.mu.free[o]
	x.clear(u >> o)
	if x.count == 0 {
		p.mu.nonEmpty &^= 1 << o
	}
}

// insertLocked makes a run free: it is cut into aligned blocks, which merge with
// their buddies, and what is now free as a whole and dirty becomes known to the
// scavenger.
func (p *unitPool) insertLocked(u, cnt uint32) {
	m := &p.mu
	for cnt > 0 {
		o := bits.Len32(cnt) - 1
		if u != 0 {
			o = min(o, bits.TrailingZeros32(u))
		}
		size := uint32(1) << o
		b, bo := u, o
		for bo < m.orders-1 && m.free[bo].test((b>>bo)^1) {
			p.removeLocked(b^1<<bo, bo)
			b &^= 1 << bo
			bo++
		}
		m.free[bo].set(b >> bo)
		m.nonEmpty |= 1 << bo
		if bo >= granuleOrder {
			p.noteFreeLocked(&m.granules, granuleOrder, u, size)
		}
		if bo >= chunkOrder {
			p.noteFreeLocked(&m.chunks, chunkOrder, u, size)
		}
		u += size
		cnt -= size
	}
}

// noteFreeLocked sets the bits of the pieces of order o that the free run
// touches and that hold a dirty unit. Beyond the high water nothing is dirty.
func (p *unitPool) noteFreeLocked(x *index, o int, u, cnt uint32) {
	end := min(u+cnt, uint32(highWater.v.Load()>>unitShift))
	if u >= end {
		return
	}
	for i := u >> o; i <= (end-1)>>o; i++ {
		if p.anyDirtyLocked(i<<o, 1<<o) {
			x.set(i)
		}
	}
}

// forgetLocked clears the granule and chunk bits of a run that is free no more.
func (p *unitPool) forgetLocked(u, cnt uint32) {
	p.mu.granules.clearRange(u>>granuleOrder, (u+cnt-1)>>granuleOrder)
	p.mu.chunks.clearRange(u>>chunkOrder, (u+cnt-1)>>chunkOrder)
}

// takeLocked takes the run out of the free blocks that hold it; all of it is
// free.
func (p *unitPool) takeLocked(u, cnt uint32) {
	m := &p.mu
	p.forgetLocked(u, cnt)
	for end := u + cnt; u < end; {
		o := 0
		for !m.free[o].test(u >> o) {
			o++
		}
		b := u &^ (1<<o - 1)
		bEnd := b + 1<<o
		stop := min(bEnd, end)
		p.removeLocked(b, o)
		p.insertLocked(b, u-b)
		p.insertLocked(stop, bEnd-stop)
		u = stop
	}
}

// dirtyMask selects the bits of word w of the dirty bitmap that belong to u..end-1.
func dirtyMask(w, u, end uint32) uint64 {
	mask := ^uint64(0)
	if w == u>>6 {
		mask <<= u & 63
	}
	if w == (end-1)>>6 {
		mask &= ^uint64(0) >> (63 - (end-1)&63)
	}
	return mask
}

// countDirtyLocked returns how many units of the run are dirty.
func (p *unitPool) countDirtyLocked(u, cnt uint32) int64 {
	n, end := 0, u+cnt
	for w := u >> 6; w <= (end-1)>>6; w++ {
		n += bits.OnesCount64(p.mu.dirty[w] & dirtyMask(w, u, end))
	}
	return int64(n)
}

// markDirtyLocked makes the run dirty and returns how many units were before.
func (p *unitPool) markDirtyLocked(u, cnt uint32) int64 {
	n, end := 0, u+cnt
	for w := u >> 6; w <= (end-1)>>6; w++ {
		mask := dirtyMask(w, u, end)
		n += bits.OnesCount64(p.mu.dirty[w] & mask)
		p.mu.dirty[w] |= mask
	}
	return int64(n)
}

// markCleanLocked makes the run clean and returns how many units were dirty.
func (p *unitPool) markCleanLocked(u, cnt uint32) int64 {
	n, end := 0, u+cnt
	for w := u >> 6; w <= (end-1)>>6; w++ {
		mask := dirtyMask(w, u, end)
		n += bits.OnesCount64(p.mu.dirty[w] & mask)
		p.mu.dirty[w] &^= mask
	}
	return int64(n)
}

func (p *unitPool) anyDirtyLocked(u, cnt uint32) bool {
	end := u + cnt
	for w := u >> 6; w <= (end-1)>>6; w++ {
		if p.mu.dirty[w]&dirtyMask(w, u, end) != 0 {
			return true
		}
	}
	return false
}

// Stats describes the page pool of the process; all values in bytes.
type Stats struct {
	Reserved     int64 // address space
	HighWater    int64 // end of what was ever handed out
	InUse        int64 // pages and spans held by arenas
	FreeResident int64 // free in the pool, but not given back to the system
	GivenBack    int64 // given back since the start, a running total
	HugePages    bool  // huge pages are asked for
}

// PoolStats returns the state of the page pool; any goroutine may call it.
func PoolStats() Stats {
	m := &pool.mu
	m.Lock()
	defer m.Unlock()
	return Stats{
		Reserved:     int64(m.units) << unitShift,
		HighWater:    int64(HighWater()),
		InUse:        pool.inUse.Load() << unitShift,
		FreeResident: m.freeDirty << unitShift,
		GivenBack:    m.givenBack << unitShift,
		HugePages:    hugePages.Load(),
	}
}

// InUse returns the bytes of pages and spans that all arenas hold together: the
// sum of their Pages. It is one atomic load.
func InUse() int64 { return pool.inUse.Load() << unitShift }
