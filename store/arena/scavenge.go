package arena

import (
	"os"
	"runtime"
	"unsafe"
)

// Giving memory back costs a system call and shoots down the other processors'
// translations, so it is not done by whoever frees: a goroutine does it, which
// is started when free memory exceeds the cache and ends when it does not. It
// takes a piece out of the pool, advises the system without any lock, and puts
// the piece back clean.

// wakeScavengerLocked starts the scavenger if there is something for it to do.
func (p *unitPool) wakeScavengerLocked() {
	if p.mu.scavenging || p.mu.freeDirty<<unitShift <= p.cacheBytes() {
		return
	}
	if _, _, ok := p.pickLocked(); !ok {
		return
	}
	p.mu.scavenging = true
	go scavenge()
}

// cacheBytes returns how much free memory may stay resident.
func (p *unitPool) cacheBytes() int64 {
	return max(cacheMinBytes, (p.inUse.Load()<<unitShift)/cacheShare)
}

// scavenge gives memory back until three quarters of the cache are left.
func scavenge() {
	p := &pool
	p.mu.Lock()
	for p.mu.freeDirty<<unitShift > p.cacheBytes()/4*3 {
		u, cnt, ok := p.pickLocked()
		if !ok {
			break
		}
		p.giveBackLocked(u, cnt)
		p.mu.Unlock()
		runtime.Gosched()
		p.mu.Lock()
	}
	p.mu.scavenging = false
	p.mu.Unlock()
}

// pickLocked chooses the run to give back next: the highest free one, granules
// or, with huge pages, chunks.
func (p *unitPool) pickLocked() (u, cnt uint32, ok bool) {
	m := &p.mu
	if !hugePages.Load() {
		return pickRun(&m.granules, granuleOrder)
	}
	if u, cnt, ok = pickRun(&m.chunks, chunkOrder); ok {
		return u, cnt, true
	}
	if m.freeDirty<<unitShift > p.cacheBytes()+(p.inUse.Load()<<unitShift)/sparseShare {
		return pickRun(&m.granules, granuleOrder)
	}
	return 0, 0, false
}

// pickRun returns the highest run of set bits, as units, of at least one piece
// and otherwise at most giveBackStepBytes.
func pickRun(x *index, order int) (u, cnt uint32, ok bool) {
	if x.count == 0 {
		return 0, 0, false
	}
	hi := x.last()
	lo := hi
	for lo > 0 && (hi-lo+2)<<order <= giveBackStepBytes>>unitShift && x.test(lo-1) {
		lo--
	}
	return lo << order, (hi - lo + 1) << order, true
}

// giveBackLocked gives a run of free units back to the system. It lets go of the
// lock for the system call; nobody else can see the units meanwhile. It returns
// the bytes that were dirty.
func (p *unitPool) giveBackLocked(u, cnt uint32) int64 {
	m := &p.mu
	p.takeLocked(u, cnt)
	n := p.markCleanLocked(u, cnt)
	m.freeDirty -= n
	m.givenBack += n
	p.breakLocked(u, cnt)
	m.Unlock()
	err := osGiveBack(unsafe.Add(base, uintptr(u)<<unitShift), uintptr(cnt)<<unitShift)
	m.Lock()
	if err != nil {
		// Still resident, which only costs memory. Not counting it as free and
		// dirty keeps the scavenger from trying the same piece for ever.
		m.givenBack -= n
	}
	p.insertLocked(u, cnt)
	p.mendEmptyLocked(u, cnt)
	return n << unitShift
}

// Purge gives all free memory of the pool back to the system, without regard to
// the cache, and returns the bytes. Pieces smaller than the system's own page
// stay. Any goroutine may call it, without holding a shard lock if it can help
// it: a gigabyte takes about 50 ms. (MEMORY PURGE)
func Purge() int64 {
	TrimCommons()
	return pool.purge(0)
}

// Trim is Purge, except that it leaves a small share of what is in use. Other than the
// scavenger it also gives back pieces smaller than granules and chunks, which breaks
// huge pages apart: it is for memory that has been free for a while.
func Trim() int64 { return pool.purge((pool.inUse.Load() << unitShift) / trimShare) }

// Idle returns the bytes of free memory that are resident.
func Idle() int64 {
	pool.mu.Lock()
	defer pool.mu.Unlock()
	return pool.mu.freeDirty << unitShift
}

// purge gives free memory back until no more than keep bytes of it are resident.
func (p *unitPool) purge(keep int64) int64 {
	total := int64(0)
	p.mu.Lock()
	for p.mu.freeDirty<<unitShift > keep {
		u, cnt, ok := pickRun(&p.mu.granules, granuleOrder)
		if !ok {
			break
		}
		total += p.giveBackLocked(u, cnt)
	}
	for o := granuleOrder - 1; o >= 0 && unitBytes<<o >= os.Getpagesize(); o-- {
		total += p.purgeOrderLocked(o, keep)
	}
	p.mu.Unlock()
	return total
}

// purgeOrderLocked gives back the dirty free blocks of one small order.
func (p *unitPool) purgeOrderLocked(o int, keep int64) int64 {
	if p.mu.units == 0 {
		return 0
	}
	total := int64(0)
	x := &p.mu.free[o]
	for i, ok := x.next(0); ok && p.mu.freeDirty<<unitShift > keep; i, ok = x.next(i + 1) {
		if p.anyDirtyLocked(i<<o, 1<<o) {
			total += p.giveBackLocked(i<<o, 1<<o)
		}
	}
	return total
}
