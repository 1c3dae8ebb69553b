package arena

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// osReserve maps size bytes of private anonymous memory that costs nothing until
// it is touched.
func osReserve(size uintptr) (unsafe.Pointer, error) {
	return unix.MmapPtr(-1, 0, nil, size, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_NORESERVE)
}

// osUnmap undoes osReserve, or a part of it, while nobody has seen it yet.
func osUnmap(p unsafe.Pointer, size uintptr) { _ = unix.MunmapPtr(p, size) }

// osGiveBack lets the system take the physical memory when it wants it; the
// range stays readable. MADV_FREE_REUSABLE would show in the resident size at
// once, but asks for a counterpart at reuse, which costs a call per page taken.
func osGiveBack(p unsafe.Pointer, size uintptr) error {
	return unix.Madvise(unsafe.Slice((*byte)(p), size), unix.MADV_FREE)
}

// osHugePages does nothing: the system decides.
func osHugePages(unsafe.Pointer, uintptr, bool) error { return nil }
