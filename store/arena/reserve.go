package arena

import (
	"fmt"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/kringdb/kring/internal/invariants"
)

var (
	reserveOnce sync.Once
	reserveErr  error // of Reserve

	// descs and states are the side arrays of descriptors (16 B per unit) and
	// states (1 B per unit). An entry belongs to whoever holds the unit.
	descs  unsafe.Pointer
	states unsafe.Pointer

	// owners (4 B per unit) and lives (1 B per 8 bytes of the reservation: 1 + the
	// class of the live block that starts there) exist under the invariants tag
	// only.
	owners unsafe.Pointer
	lives  unsafe.Pointer

	hugePages atomic.Bool
)

const (
	descBytes         = 16
	liveBytesPerUnit  = unitBytes / 8
	ownerBytesPerUnit = 4
)

// Reserve makes the reservation and the side arrays, once per process; the error is that
// of the system, which refuses even the smallest. It is there to learn of that before the
// first arena is made, which would panic.
func Reserve() error {
	reserveOnce.Do(func() {
		size := uint64(reserveMaxBytes)
		// What is not reserved is left to the rest of the process: its stacks and heap.
		for limit := osAddressLimit(); size > limit/2 && size > reserveMinBytes; {
			size /= 2
		}
		for ; size >= reserveMinBytes; size /= 2 {
			if uint64(uintptr(size)) != size {
				continue // a 32-bit system
			}
			if reserveErr = tryReserve(size); reserveErr == nil {
				return
			}
		}
		reserveErr = fmt.Errorf("arena: cannot reserve %d MB of address space: %w", reserveMinBytes>>20, reserveErr)
	})
	return reserveErr
}

// reserve is Reserve for who cannot go on without.
func reserve() {
	if err := Reserve(); err != nil {
		panic(err)
	}
}

// tryReserve maps size bytes, aligned to a chunk, and the side arrays for them.
func tryReserve(size uint64) error {
	units := size >> unitShift
	words := poolWords(units)
	side := units*(descBytes+1) + words*8
	if invariants.Enabled {
		side += units * (ownerBytesPerUnit + liveBytesPerUnit)
	}
	p, err := osReserve(uintptr(size) + chunkBytes)
	if err != nil {
		return err
	}
	s, err := osReserve(uintptr(side))
	if err != nil {
		osUnmap(p, uintptr(size)+chunkBytes)
		return err
	}
	skip := -uintptr(p) & (chunkBytes - 1)
	base = unsafe.Add(p, skip)
	descs = s
	s = unsafe.Add(s, units*descBytes)
	pool.init(units, unsafe.Slice((*uint64)(s), words))
	s = unsafe.Add(s, words*8)
	if invariants.Enabled {
		lives = s
		owners = unsafe.Add(s, units*liveBytesPerUnit)
		s = unsafe.Add(owners, units*ownerBytesPerUnit)
	}
	states = s
	sentinel := descOf(0)
	sentinel.bump = 1<<16 - 1
	sentinel.class = classSpan
	if !hugePages.Load() {
		_ = osHugePages(base, uintptr(size), false)
	}
	return nil
}

// SetHugePages chooses whether the reservation asks the system for transparent
// huge pages (2 MB) as it fills up; the default is off, and then it refuses
// them, whatever the system's own default is. It is meant to be called before
// the first Alloc; later calls hold for memory touched from then on. It does
// nothing where the system has no such switch.
//
// With huge pages on, memory is given back in free chunks of 2 MB as long as
// that suffices, see doc.go.
func SetHugePages(on bool) {
	hugePages.Store(on)
	pool.mu.Lock()
	defer pool.mu.Unlock()
	if pool.mu.units == 0 {
		return // reserve will look at the switch
	}
	pool.mu.advised = 0
	pool.forgetPlainLocked()
	if on {
		pool.adviseLocked(uint32(uint64(HighWater()) >> unitShift))
		pool.sortChunksLocked()
		return
	}
	_ = osHugePages(base, uintptr(pool.mu.units)<<unitShift, false)
}
