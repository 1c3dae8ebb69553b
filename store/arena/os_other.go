//go:build !linux && !darwin && !freebsd && !dragonfly && !netbsd && !openbsd

package arena

import (
	"errors"
	"runtime"
	"unsafe"
)

var errUnsupported = errors.New("the arena has no memory mapping for " + runtime.GOOS)

// osReserve always fails, and the first New panics with its error.
func osReserve(uintptr) (unsafe.Pointer, error) { return nil, errUnsupported }

func osUnmap(unsafe.Pointer, uintptr) {}

func osGiveBack(unsafe.Pointer, uintptr) error { return errUnsupported }

func osHugePages(unsafe.Pointer, uintptr, bool) error { return errUnsupported }
