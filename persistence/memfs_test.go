package persistence

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
)

// memFS is a file system in memory that knows what would survive a loss of power: of a
// file what was synced, of a directory the names that were there at its last sync. It
// fails on demand.
type memFS struct {
	mu      sync.Mutex
	names   map[string]*memNode // what programs see
	durable map[string]*memNode // what a loss of power leaves
	ops     int                 // operations so far that could change something
	deadAt  int                 // from this operation on everything fails; 0: never
	room    int                 // bytes that still fit; negative: no bound
	fail    func(op, path string) error
	before  atomic.Pointer[func(op, path string)] // called before writes and syncs; it may wait
}

type memNode struct{ data, synced []byte }

var errDead = errors.New("the machine is off")

func newMemFS() *memFS {
	return &memFS{names: map[string]*memNode{}, durable: map[string]*memNode{}, room: -1}
}

// step counts an operation and tells whether it fails. mu is held.
func (m *memFS) step(op, path string) error {
	m.ops++
	if m.deadAt > 0 && m.ops >= m.deadAt {
		return errDead
	}
	if m.fail != nil {
		return m.fail(op, path)
	}
	return nil
}

// powerLoss leaves what was durable.
func (m *memFS) powerLoss() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.names = maps.Clone(m.durable)
	for _, n := range m.names {
		n.data = bytes.Clone(n.synced)
	}
	m.deadAt, m.fail, m.room = 0, nil, -1
}

// ask calls before.
func (m *memFS) ask(op, path string) {
	if f := m.before.Load(); f != nil {
		(*f)(op, path)
	}
}

// killed returns what a process finds that is started after this one was killed.
func (m *memFS) killed() *memFS {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := newMemFS()
	for path, n := range m.names {
		c.write(path, bytes.Clone(n.data))
	}
	return c
}

// content is what programs see of a file.
func (m *memFS) content(path string) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := m.names[path]; n != nil {
		return bytes.Clone(n.data)
	}
	return nil
}

func (m *memFS) setFail(f func(op, path string) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = f
}

func (m *memFS) open(op, path string, empty bool) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.step(op, path); err != nil {
		return nil, err
	}
	n := m.names[path]
	if n == nil {
		n = &memNode{}
		m.names[path] = n
	} else if empty {
		n.data = nil
	}
	return &memFile{m, n, path}, nil
}

func (m *memFS) Create(path string) (File, error) { return m.open("create", path, true) }
func (m *memFS) Append(path string) (File, error) { return m.open("append", path, false) }

func (m *memFS) Open(path string) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.names[path]
	if n == nil {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(bytes.Clone(n.data))), nil
}

func (m *memFS) Size(path string) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.names[path]
	if n == nil {
		return 0, fs.ErrNotExist
	}
	return int64(len(n.data)), nil
}

func (m *memFS) Rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.step("rename", to); err != nil {
		return err
	}
	n := m.names[from]
	if n == nil {
		return fs.ErrNotExist
	}
	delete(m.names, from)
	m.names[to] = n
	return nil
}

func (m *memFS) Remove(path string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.step("remove", path); err != nil {
		return err
	}
	if m.names[path] == nil {
		return fs.ErrNotExist
	}
	if m.room >= 0 {
		m.room += len(m.names[path].data)
	}
	delete(m.names, path)
	return nil
}

func (m *memFS) Truncate(path string, size int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.step("truncate", path); err != nil {
		return err
	}
	m.names[path].data = m.names[path].data[:size]
	return nil
}

func (m *memFS) MkdirAll(string) error { return nil }

func (m *memFS) SyncDir(dir string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.step("syncdir", dir); err != nil {
		return err
	}
	for p := range m.durable {
		if filepath.Dir(p) == dir && m.names[p] == nil {
			delete(m.durable, p)
		}
	}
	for p, n := range m.names {
		if filepath.Dir(p) == dir {
			m.durable[p] = n
		}
	}
	return nil
}

// Lock does nothing: a test that lets a machine die has nobody who gives it back.
func (m *memFS) Lock(string) (io.Closer, error) { return io.NopCloser(nil), nil }

func (m *memFS) write(path string, data []byte) {
	n := &memNode{data: data, synced: data}
	m.names[path], m.durable[path] = n, n
}

type memFile struct {
	m    *memFS
	n    *memNode
	path string
}

func (f *memFile) Write(b []byte) (int, error) {
	f.m.ask("write", f.path)
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.m.step("write", f.path); err != nil {
		return 0, err
	}
	n, err := len(b), error(nil)
	if f.m.room >= 0 && n > f.m.room {
		n, err = f.m.room, &fs.PathError{Op: "write", Path: f.path, Err: syscall.ENOSPC}
	}
	if f.m.room >= 0 {
		f.m.room -= n
	}
	f.n.data = append(f.n.data, b[:n]...)
	return n, err
}

func (f *memFile) Sync() error {
	f.m.ask("sync", f.path)
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.m.step("sync", f.path); err != nil {
		return err
	}
	f.n.synced = bytes.Clone(f.n.data)
	return nil
}

func (f *memFile) Truncate(size int64) error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.m.step("truncate", f.path); err != nil {
		return err
	}
	f.n.data = f.n.data[:size]
	return nil
}

func (f *memFile) Close() error { return nil }
