package arena

import (
	"sync/atomic"
	"unsafe"

	"github.com/kringdb/kring/internal/invariants"
)

// checkPool walks the page pool and panics at the first inconsistency. It does
// nothing without the invariants tag. It holds the pool's lock meanwhile.
func checkPool() {
	if !invariants.Enabled {
		return
	}
	m := &pool.mu
	m.Lock()
	defer m.Unlock()
	high := uint32(HighWater() >> unitShift)
	seen := make([]bool, high) // units of free blocks below the high water
	dirty, total := int64(0), int64(0)
	for o := range m.orders {
		x := &m.free[o]
		n := 0
		for i, ok := x.next(0); ok; i, ok = x.next(i + 1) {
			n++
			u := i << o
			total += 1 << o
			assert(o == m.orders-1 || !x.test(i^1), "arena: free buddies of order %d at %d", o, u)
			for j := u; j < min(u+1<<o, high); j++ {
				if seen[j] || *stateOf(j) != stateNone || ownerOf(j) != 0 {
					assert(false, "arena: free unit %d has an owner, or is free twice", j)
				}
				seen[j] = true
			}
			dirty += pool.countDirtyLocked(u, min(1<<o, max(high, u+1)-u))
		}
		assert(n == x.count, "arena: order %d has %d blocks, the account says %d", o, n, x.count)
		assert((n > 0) == (m.nonEmpty&(1<<o) != 0), "arena: the mask of order %d", o)
	}
	assert(dirty == m.freeDirty, "arena: %d free units are dirty, the account says %d", dirty, m.freeDirty)
	if !m.scavenging {
		assert(total+pool.inUse.Load() <= int64(m.units)-1, "arena: %d units free, %d in use", total, pool.inUse.Load())
	}
	checkPieces(&m.granules, granuleOrder, high, seen)
	checkPieces(&m.chunks, chunkOrder, high, seen)
}

// checkPieces verifies that exactly the free, dirty pieces of an order are noted.
func checkPieces(x *index, o int, high uint32, seen []bool) {
	n := 0
	for u := uint32(0); u < high; u += 1 << o {
		free := u != 0
		for j := u; free && j < min(u+1<<o, high); j++ {
			free = seen[j]
		}
		want := free && pool.anyDirtyLocked(u, 1<<o)
		if x.test(u>>o) != want {
			assert(false, "arena: piece of order %d at %d: noted: %v", o, u, !want)
		}
		if want {
			n++
		}
	}
	assert(n == x.count, "arena: %d pieces of order %d, the account says %d", n, o, x.count)
}

// loadU64 loads the word at a (a multiple of 8) atomically: for readers without
// a lock.
func loadU64(a Addr) uint64 {
	return atomic.LoadUint64((*uint64)(unsafe.Add(base, uintptr(a))))
}

// eachPage calls fn for every page (not for spans) until fn returns false. fn
// must not allocate from or free to the arena.
func (a *Arena) eachPage(fn func(p Page) bool) {
	for c := range smallClasses {
		head := a.classes[c].head
		for u := head; u != 0; {
			d := descOf(u)
			if !fn(pageOf(u, d)) {
				return
			}
			if u = d.next; u == head {
				break
			}
		}
	}
}
