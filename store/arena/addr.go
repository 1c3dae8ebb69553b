package arena

import (
	"sync/atomic"
	"unsafe"

	"github.com/kringdb/kring/internal/prefetch"
)

// Addr is a byte offset in the reservation. 0 is none; every other value that
// Alloc returns is a multiple of 8 and below 1<<43. The accessors below check
// nothing; the caller holds the lock of the shard that owns the block.
type Addr uint64

// base is the start of the reservation. It is set once, before the first Addr
// exists, and memory behind it is unknown to the Go heap, so no garbage
// collection ever looks at it.
var base unsafe.Pointer

// highWater is padded because every look-ahead reads it.
var highWater struct {
	_ [64]byte
	v atomic.Uint64
	_ [56]byte
}

// HighWater returns the end of the highest memory ever handed out. Everything
// below it may be read at any time, by anyone, without a lock; what is read may
// be rubbish. It only grows. It is 0 before the first Alloc.
func HighWater() Addr { return Addr(highWater.v.Load()) }

// Ptr returns the address in the process. It must not be kept beyond the lock
// under which a was found.
func (a Addr) Ptr() unsafe.Pointer { return unsafe.Add(base, uintptr(a)) }

// Prefetch asks for the cache lines at addrs, which are below the high water or 0.
func Prefetch(addrs []Addr) {
	if len(addrs) > 0 {
		prefetch.Each(base, (*uint64)(&addrs[0]), len(addrs))
	}
}

// AddrOf is the inverse of Ptr.
func AddrOf(p unsafe.Pointer) Addr { return Addr(uintptr(p) - uintptr(base)) }

// Bytes returns n bytes at a as a view, capacity n.
func Bytes(a Addr, n int) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(base, uintptr(a))), n)
}

// Words returns n 64-bit words at a (a multiple of 8) as a view, capacity n.
func Words(a Addr, n int) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Add(base, uintptr(a))), n)
}

// U64 loads the word at a; the other loads and stores go by the same rule: the
// width is in the name, the byte order is the machine's.
func U64(a Addr) uint64 { return *(*uint64)(unsafe.Add(base, uintptr(a))) }

// SetU64 stores the word at a.
func SetU64(a Addr, v uint64) { *(*uint64)(unsafe.Add(base, uintptr(a))) = v }

// U32 loads 32 bits at a.
func U32(a Addr) uint32 { return *(*uint32)(unsafe.Add(base, uintptr(a))) }

// SetU32 stores 32 bits at a.
func SetU32(a Addr, v uint32) { *(*uint32)(unsafe.Add(base, uintptr(a))) = v }

// U16 loads 16 bits at a.
func U16(a Addr) uint16 { return *(*uint16)(unsafe.Add(base, uintptr(a))) }

// SetU16 stores 16 bits at a.
func SetU16(a Addr, v uint16) { *(*uint16)(unsafe.Add(base, uintptr(a))) = v }

// U8 loads the byte at a.
func U8(a Addr) uint8 { return *(*uint8)(unsafe.Add(base, uintptr(a))) }

// SetU8 stores the byte at a.
func SetU8(a Addr, v uint8) { *(*uint8)(unsafe.Add(base, uintptr(a))) = v }

// StoreU64 stores the word at a (a multiple of 8) atomically: it publishes what
// was written before to readers without a lock.
func StoreU64(a Addr, v uint64) {
	atomic.StoreUint64((*uint64)(unsafe.Add(base, uintptr(a))), v)
}
