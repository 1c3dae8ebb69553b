//go:build !amd64

package dict

import "unsafe"

// touchSlot returns the slot of b that has the tag in the low 16 bits of tag, nil if there
// is none, and asks for the first two lines of its entry, if they end at limit or before.
func touchSlot(b *bucket, tag uint64, _ unsafe.Pointer, limit uint64) (slot *uint64) {
	return touchSlotGo(b, tag, limit)
}
