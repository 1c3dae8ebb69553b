package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/kringdb/kring/internal/files"
)

// lookEvery is how often who shares a file looks whether others have changed it.
const lookEvery = 100 * time.Millisecond

// Shared is the coordinator of nodes on one machine, which share a file of the form that File
// has. Whoever changes it locks another one beside it meanwhile. Each of them sees to it that leases
// end (sharedlease.go).
type Shared struct {
	memory *Memory
	path   string
	stop   chan struct{}
	wait   sync.WaitGroup

	mu struct { // held while the file is read or written; Memory.mu is taken within
		sync.Mutex
		found  fs.FileInfo // the file as this process read or wrote it last; nil: none
		file   *os.File    // the same, open: no file that takes its place can have its number then
		leases map[string]sharedLease
		leased map[string]string // key: the lease that it was written with
		seen   map[string]sight  // leases as this process sees them
		closed bool
	}
}

// OpenShared reads a file. If there is none, it is made by the first transaction.
func OpenShared(path string) (*Shared, error) {
	s := &Shared{memory: NewMemory(), path: path, stop: make(chan struct{})}
	if err := s.locked(func() error { return nil }); err != nil {
		return nil, err
	}
	s.memory.persist = s.write
	s.wait.Go(s.follow)
	return s, nil
}

// follow reads what others have written.
func (s *Shared) follow() {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
			s.mu.Lock()
			_ = s.read() // who wants to know reads it himself
			late := s.late()
			s.mu.Unlock()
			if len(late) > 0 {
				_ = s.locked(func() error { return s.reap(late) }) // or another time
			}
		}
	}
}

// locked runs f when the file is locked and what is in it has been read.
func (s *Shared) locked(f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.closed {
		return ErrClosed
	}
	unlock, err := files.Lock(s.path + ".lock")
	if err != nil {
		return err
	}
	defer unlock()
	if err := s.read(); err != nil {
		return err
	}
	return f()
}

// read takes what is in the file, if somebody else has changed it. s.mu is held. The file is replaced
// in one step, so it is whole.
func (s *Shared) read() error {
	now, err := os.Stat(s.path)
	if errors.Is(err, fs.ErrNotExist) && s.mu.found == nil {
		return nil
	}
	if err != nil {
		return err
	}
	old := s.mu.found
	if old != nil && os.SameFile(old, now) && old.ModTime().Equal(now.ModTime()) {
		return nil
	}
	s.hold() // before it is read: a later one is read once more
	d, err := readDocument(s.path)
	if err != nil {
		s.release()
		s.mu.found = old
		return err
	}
	s.mu.leases, s.mu.leased = d.Leases, d.Leased
	s.look()
	return s.memory.adopt(d)
}

// write makes what the memory has durable. s.mu and the file's lock are held.
func (s *Shared) write(revision int64, pairs map[string]kept) error {
	d := document{Revision: revision, Pairs: map[string]json.RawMessage{}, Written: map[string]int64{}, Leases: s.mu.leases, Leased: s.mu.leased}
	for key, p := range pairs {
		d.Pairs[key], d.Written[key] = p.value, p.revision
	}
	_, err := d.write(s.path)
	if err == nil {
		s.hold()
	}
	return err
}

// hold notes that the file as it is now is the one that this process knows. s.mu is held.
func (s *Shared) hold() {
	s.release()
	f, err := os.Open(s.path)
	if err != nil {
		return // what is found is another one then, which is read
	}
	found, err := f.Stat()
	if err != nil {
		f.Close()
		return
	}
	s.mu.file, s.mu.found = f, found
}

// release closes the file that this process knows. s.mu is held.
func (s *Shared) release() {
	if s.mu.file != nil {
		_ = s.mu.file.Close() // nothing was written to it
		s.mu.file = nil
	}
}

// Read implements Coordinator.
func (s *Shared) Read(ctx context.Context) (state State, err error) {
	err = s.locked(func() error {
		state, err = s.memory.Read(ctx)
		return err
	})
	return state, err
}

// Watch implements Coordinator.
func (s *Shared) Watch(ctx context.Context, after int64, f func(Change) error) error {
	return s.memory.Watch(ctx, after, f)
}

// Commit implements Coordinator.
func (s *Shared) Commit(ctx context.Context, txn Txn) (revision int64, err error) {
	err = s.locked(func() error {
		revision, err = s.commit(ctx, txn)
		return err
	})
	return revision, err
}

// Close implements Coordinator.
func (s *Shared) Close() error {
	s.mu.Lock()
	closed := s.mu.closed
	s.mu.closed = true
	s.mu.Unlock()
	if !closed {
		close(s.stop)
	}
	s.wait.Wait()
	s.mu.Lock()
	s.release()
	s.mu.Unlock()
	return s.memory.Close()
}

// adopt makes the memory have what a file has, if that is of a later revision.
func (m *Memory) adopt(d document) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case d.Revision < m.mu.revision:
		return fmt.Errorf("the file has revision %d, and had %d before", d.Revision, m.mu.revision)
	case d.Revision == m.mu.revision:
		return nil
	}
	pairs := map[string]kept{}
	var events []Event
	for key, value := range d.Pairs {
		written, known := d.Written[key]
		if !known {
			written = d.Revision
		}
		old, there := m.mu.pairs[key]
		if !there || !bytes.Equal(old.value, value) || known && old.revision != written {
			old = kept{value: value, revision: written}
			events = append(events, Event{Pair{key, value, written}, false})
		}
		pairs[key] = old
	}
	for key := range m.mu.pairs {
		if _, there := pairs[key]; !there {
			events = append(events, Event{Pair{key, nil, d.Revision}, true})
		}
	}
	for r := max(m.mu.revision+1, d.Revision-keptChanges); r < d.Revision; r++ {
		m.mu.log = append(m.mu.log, Change{Revision: r}) // what it was of these is not known
	}
	m.mu.log = append(m.mu.log, Change{d.Revision, events})
	if n := len(m.mu.log) - keptChanges; n > 0 {
		m.mu.log = m.mu.log[n:]
	}
	m.mu.pairs, m.mu.revision = pairs, d.Revision
	m.tell()
	return nil
}
