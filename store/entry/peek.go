package entry

import (
	"unsafe"

	"github.com/kringdb/kring/store/arena"
)

// PeekBytes is how many readable bytes Peek needs at its address.
const PeekBytes = headerBytes

// Peek guesses, without a lock and with no promise, what kind of entry may be at a and
// where its payload begins; ok is false for an entry with wide lengths. The payload's
// address has not been checked.
func Peek(a arena.Addr) (kind uint8, payload arena.Addr, ok bool) {
	h := *(*uint64)(unsafe.Pointer(a.Ptr()))
	n := arena.Addr(extra(h)) + arena.Addr(uint8(h>>keyLenShift))
	return uint8(h), a + headerBytes + n, h&wideBit == 0
}
