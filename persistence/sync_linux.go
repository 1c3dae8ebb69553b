package persistence

import (
	"os"
	"syscall"
)

func syncData(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		for {
			if failed = syscall.Fdatasync(int(fd)); failed != syscall.EINTR {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	if failed != nil {
		return &os.PathError{Op: "fdatasync", Path: f.Name(), Err: failed}
	}
	return nil
}

// napThread lets other threads run for some 20 to 80 microseconds. A sleep by the Go
// runtime would take several times as long: it goes through its timers and another thread.
func napThread() {
	nap := syscall.Timespec{Nsec: 20_000}
	_ = syscall.Nanosleep(&nap, nil) // cut short by a signal it is as good
}
