//go:build freebsd || dragonfly || netbsd || openbsd

package arena

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// osReserve maps size bytes of private anonymous memory that costs nothing until
// it is touched; these systems need no MAP_NORESERVE for that.
func osReserve(size uintptr) (unsafe.Pointer, error) {
	return unix.MmapPtr(-1, 0, nil, size, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_ANON|unix.MAP_PRIVATE)
}

// osUnmap undoes osReserve, or a part of it, while nobody has seen it yet.
func osUnmap(p unsafe.Pointer, size uintptr) { _ = unix.MunmapPtr(p, size) }

// osGiveBack lets the system take the physical memory; the range stays readable.
func osGiveBack(p unsafe.Pointer, size uintptr) error {
	return unix.Madvise(unsafe.Slice((*byte)(p), size), unix.MADV_FREE)
}

// osHugePages does nothing: the system promotes superpages by itself.
func osHugePages(unsafe.Pointer, uintptr, bool) error { return nil }
