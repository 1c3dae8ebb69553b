package persistence

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// lockDir opens a file in the directory that nobody else may open meanwhile, and that goes
// when it is closed, however the process ends.
func lockDir(dir string) (io.Closer, error) {
	const deleteOnClose, sharingViolation = 0x04000000, syscall.Errno(32)
	path := filepath.Join(dir, ".lock")
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_WRITE, 0, nil, syscall.OPEN_ALWAYS, deleteOnClose, 0)
	switch {
	case err == nil:
		return os.NewFile(uintptr(h), path), nil
	case errors.Is(err, sharingViolation):
		return nil, errLocked
	}
	return nil, &os.PathError{Op: "lock", Path: path, Err: err}
}
