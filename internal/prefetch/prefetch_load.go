//go:build !amd64 && !arm64

package prefetch

import "unsafe"

// Line loads the line at p.
//
//go:noinline
func Line(p unsafe.Pointer) uint8 { return *(*uint8)(p) }

// Lines2 loads the line at p and the next one.
//
//go:noinline
func Lines2(p unsafe.Pointer) uint8 { return *(*uint8)(p) + *(*uint8)(unsafe.Add(p, 64)) }

// Two loads the lines at p and at q.
//
//go:noinline
func Two(p, q unsafe.Pointer) uint8 { return *(*uint8)(p) + *(*uint8)(q) }

// Lines does nothing: its callers do not know how much of what they ask for is readable.
func Lines(p unsafe.Pointer, n int) {}

// Each loads the lines at base plus each of n offsets, except those of offset 0.
//
//go:noinline
func Each(base unsafe.Pointer, offsets *uint64, n int) (sum uint8) {
	for _, o := range unsafe.Slice(offsets, n) {
		if o != 0 {
			sum += *(*uint8)(unsafe.Add(base, uintptr(o)))
		}
	}
	return sum
}
