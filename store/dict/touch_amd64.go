package dict

import "unsafe"

// touchSlot returns the slot of b that has the tag in the low 16 bits of tag, nil if there
// is none, and asks for the first two lines of its entry, if they end at limit or before.
// base is where address 0 lies. In assembly, because the comparison of eight tags takes a
// third of the instructions there, and the call is one that prefetching needs anyway.
//
//go:noescape
func touchSlot(b *bucket, tag uint64, base unsafe.Pointer, limit uint64) (slot *uint64)
