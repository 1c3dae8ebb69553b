//go:build unix

package persistence

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// lockDir locks the directory itself, so that nothing is left behind. The lock belongs to the
// open file: a second server of the same process does not get it either, and it ends with the
// process, however that ends.
func lockDir(dir string) (io.Closer, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(d.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err == nil {
		return d, nil
	}
	_ = d.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errLocked
	}
	return nil, &os.PathError{Op: "flock", Path: dir, Err: err}
}
