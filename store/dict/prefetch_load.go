//go:build !amd64 && !arm64

package dict

import "unsafe"

// prefetch loads the line at p, which the caller has checked to be readable.
//
//go:noinline
func prefetch(p unsafe.Pointer) uint8 { return *(*uint8)(p) }

// prefetch2 loads the line at p and the next one.
//
//go:noinline
func prefetch2(p unsafe.Pointer) uint8 { return *(*uint8)(p) + *(*uint8)(unsafe.Add(p, 64)) }
