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

// osGiveBack drops the physical memory; the range stays readable.
func osGiveBack(p unsafe.Pointer, size uintptr) error {
	return unix.Madvise(unsafe.Slice((*byte)(p), size), unix.MADV_DONTNEED)
}

// osHugePages allows or forbids transparent huge pages in a range. A kernel
// without them answers EINVAL, which is as good as off.
func osHugePages(p unsafe.Pointer, size uintptr, on bool) error {
	advice := unix.MADV_NOHUGEPAGE
	if on {
		advice = unix.MADV_HUGEPAGE
	}
	return unix.Madvise(unsafe.Slice((*byte)(p), size), advice)
}
