package persistence

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// FS is the part of a file system that persistence needs; OS is the real one. Tests put
// faults and power loss behind it.
type FS interface {
	// Create makes a new file, or empties an existing one, for writing.
	Create(path string) (File, error)
	// Append opens a file for writing at its end; it makes one if there is none.
	Append(path string) (File, error)
	// Open opens a file for reading; a missing one is fs.ErrNotExist.
	Open(path string) (io.ReadCloser, error)
	// Size returns a file's size in bytes; a missing one is fs.ErrNotExist.
	Size(path string) (int64, error)
	Rename(from, to string) error
	Remove(path string) error
	Truncate(path string, size int64) error
	MkdirAll(dir string) error
	// SyncDir makes the names in a directory durable.
	SyncDir(dir string) error
	// Lock keeps everybody else who locks the directory out, in this process too, until the
	// lock is closed or the process ends. It does not wait: it fails if somebody has it.
	Lock(dir string) (io.Closer, error)
}

// errLocked is why a directory cannot be locked: somebody has it.
var errLocked = errors.New("another server has it open, in this process or in another one")

// File is a file that is being written, always at its end.
type File interface {
	io.Writer
	Sync() error               // returns when all that was written is durable
	Truncate(size int64) error // cuts the file; what is written next goes to its end
	Close() error
}

// OS is the operating system's file system.
type OS struct{}

type osFile struct{ *os.File }

// Sync is fdatasync where there is one: size and content are all that matters.
func (f osFile) Sync() error { return syncData(f.File) }

// Create implements FS.
func (OS) Create(path string) (File, error) {
	return openFile(path, os.O_TRUNC)
}

// Append implements FS.
func (OS) Append(path string) (File, error) {
	return openFile(path, 0)
}

func openFile(path string, flag int) (File, error) {
	f, err := os.OpenFile(path, flag|os.O_WRONLY|os.O_CREATE|os.O_APPEND, fileMode)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// Open implements FS.
func (OS) Open(path string) (io.ReadCloser, error) { return os.Open(path) }

// Size implements FS.
func (OS) Size(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Rename implements FS.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Remove implements FS.
func (OS) Remove(path string) error { return os.Remove(path) }

// Truncate implements FS.
func (OS) Truncate(path string, size int64) error { return os.Truncate(path, size) }

// MkdirAll implements FS.
func (OS) MkdirAll(dir string) error { return os.MkdirAll(dir, dirMode) }

// SyncDir implements FS. Windows has no such thing.
func (OS) SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Lock implements FS.
func (OS) Lock(dir string) (io.Closer, error) { return lockDir(dir) }

// exists tells whether there is such a file.
func exists(f FS, path string) (bool, error) {
	_, err := f.Size(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Reason is the operating system's own words for an error, as strerror has them.
func Reason(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		s := number.Error()
		return strings.ToUpper(s[:1]) + s[1:]
	}
	return err.Error()
}
