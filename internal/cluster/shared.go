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

// ErrNoLeases: a coordinator without a process of its own cannot end a lease.
var ErrNoLeases = errors.New("this coordinator has no leases")

// Shared is the coordinator of nodes on one machine, which share a file of the form that File
// has. Whoever changes it locks another one beside it meanwhile. There are no leases, so nobody
// knows whether a node runs.
type Shared struct {
	memory *Memory
	path   string
	stop   chan struct{}
	wait   sync.WaitGroup

	mu struct { // held while the file is read or written; Memory.mu is taken within
		sync.Mutex
		found  fs.FileInfo // the file as this process read or wrote it last; nil: none
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
			s.mu.Unlock()
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
	if old := s.mu.found; old != nil && os.SameFile(old, now) && old.ModTime().Equal(now.ModTime()) {
		return nil
	}
	d, err := readDocument(s.path)
	if err != nil {
		return err
	}
	s.mu.found = now
	return s.memory.adopt(d)
}

// write makes what the memory has durable. s.mu and the file's lock are held.
func (s *Shared) write(revision int64, pairs map[string]kept) error {
	d := document{revision, map[string]json.RawMessage{}}
	for key, p := range pairs {
		d.Pairs[key] = p.value
	}
	found, err := d.write(s.path)
	if err == nil {
		s.mu.found = found
	}
	return err
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
	for _, p := range txn.Put {
		if p.Lease != nil {
			return 0, ErrNoLeases
		}
	}
	err = s.locked(func() error {
		revision, err = s.memory.Commit(ctx, txn)
		return err
	})
	return revision, err
}

// Grant implements Coordinator.
func (s *Shared) Grant(context.Context, time.Duration) (Lease, error) { return nil, ErrNoLeases }

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
		old, there := m.mu.pairs[key]
		if !there || !bytes.Equal(old.value, value) {
			old = kept{value: value, revision: d.Revision}
			events = append(events, Event{Pair{key, value, d.Revision}, false})
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
