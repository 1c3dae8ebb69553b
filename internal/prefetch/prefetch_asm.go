//go:build amd64 || arm64

package prefetch

import "unsafe"

// Line asks for the line at p.
//
//go:noescape
func Line(p unsafe.Pointer)

// Lines2 asks for the line at p and the one after it.
//
//go:noescape
func Lines2(p unsafe.Pointer)

// Two asks for the lines at p and at q.
//
//go:noescape
func Two(p, q unsafe.Pointer)

// Lines asks for n > 0 lines from the one at p on. The last ones may lie where nothing
// can be read.
//
//go:noescape
func Lines(p unsafe.Pointer, n int)

// Each asks for the lines at base plus each of n offsets; n is not 0. One call for many
// lines: these functions cannot be inlined.
//
//go:noescape
func Each(base unsafe.Pointer, offsets *uint64, n int)
