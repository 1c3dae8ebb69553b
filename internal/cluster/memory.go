package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// keptChanges is how many transactions who watches may be behind.
const keptChanges = 1024

// Memory is a coordinator of the nodes of one process, for tests and under File.
type Memory struct {
	// persist, if there is one, makes the pairs without a lease durable before they are seen.
	persist func(revision int64, pairs map[string]kept) error

	mu struct {
		sync.Mutex
		closed   bool
		revision int64
		pairs    map[string]kept
		log      []Change // one for each transaction, the last keptChanges of them
		changed  chan struct{}
	}
}

// kept is what a key has.
type kept struct {
	value    []byte
	revision int64
	lease    *memoryLease
}

// NewMemory makes an empty one.
func NewMemory() *Memory {
	m := &Memory{}
	m.mu.pairs, m.mu.changed = map[string]kept{}, make(chan struct{})
	return m
}

// Read implements Coordinator.
func (m *Memory) Read(ctx context.Context) (State, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.usable(ctx); err != nil {
		return State{}, err
	}
	s := State{Revision: m.mu.revision}
	for _, key := range slices.Sorted(maps.Keys(m.mu.pairs)) {
		p := m.mu.pairs[key]
		s.Pairs = append(s.Pairs, Pair{key, bytes.Clone(p.value), p.revision})
	}
	return s, nil
}

// usable tells why nothing can be done. m.mu is held.
func (m *Memory) usable(ctx context.Context) error {
	if m.mu.closed {
		return ErrClosed
	}
	return ctx.Err()
}

// Watch implements Coordinator.
func (m *Memory) Watch(ctx context.Context, after int64, f func(Change) error) error {
	for {
		changes, changed, err := m.since(ctx, after)
		if err != nil {
			return err
		}
		for _, c := range changes {
			if err := f(c); err != nil {
				return err
			}
			after = c.Revision
		}
		if len(changes) > 0 {
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// since returns the changes after a revision, and what is closed at the next one.
func (m *Memory) since(ctx context.Context, after int64) ([]Change, <-chan struct{}, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.usable(ctx); err != nil {
		return nil, nil, err
	}
	n := m.mu.revision - after
	if n > int64(len(m.mu.log)) {
		return nil, nil, ErrCompacted
	}
	changes := slices.Clone(m.mu.log[len(m.mu.log)-int(max(n, 0)):])
	for i := range changes {
		changes[i].Events = slices.Clone(changes[i].Events)
		for j := range changes[i].Events {
			e := &changes[i].Events[j]
			e.Value = bytes.Clone(e.Value)
		}
	}
	return changes, m.mu.changed, nil
}

// Commit implements Coordinator.
func (m *Memory) Commit(ctx context.Context, txn Txn) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.usable(ctx); err != nil {
		return 0, err
	}
	for _, c := range txn.If {
		if m.mu.pairs[c.Key].revision != c.Revision {
			return 0, ErrConflict
		}
	}
	return m.apply(txn)
}

// apply does a transaction whose conditions hold. m.mu is held.
func (m *Memory) apply(txn Txn) (int64, error) {
	pairs, revision := maps.Clone(m.mu.pairs), m.mu.revision+1
	var events []Event
	for _, p := range txn.Put {
		if !json.Valid(p.Value) {
			return 0, fmt.Errorf("what is written to %s is not JSON", p.Key)
		}
		k := kept{value: bytes.Clone(p.Value), revision: revision}
		if p.Lease != nil {
			k.lease = p.Lease.(*memoryLease)
			if k.lease.ended {
				return 0, ErrLeaseEnded
			}
		}
		pairs[p.Key] = k
		events = append(events, Event{Pair{p.Key, k.value, revision}, false})
	}
	for _, key := range txn.Delete {
		if _, ok := pairs[key]; ok {
			delete(pairs, key)
			events = append(events, Event{Pair{key, nil, revision}, true})
		}
	}
	if len(events) == 0 {
		return m.mu.revision, nil
	}
	if m.persist != nil {
		if err := m.persist(revision, pairs); err != nil {
			return 0, err
		}
	}
	m.mu.pairs, m.mu.revision = pairs, revision
	m.mu.log = append(m.mu.log, Change{revision, events})
	if n := len(m.mu.log) - keptChanges; n > 0 {
		m.mu.log = m.mu.log[n:]
	}
	m.tell()
	return revision, nil
}

// tell wakes who watches. m.mu is held.
func (m *Memory) tell() {
	close(m.mu.changed)
	m.mu.changed = make(chan struct{})
}

// Close implements Coordinator.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.mu.closed {
		m.mu.closed = true
		m.tell()
	}
	return nil
}

// memoryLease is a lease of Memory, whose lock guards it.
type memoryLease struct {
	m     *Memory
	ttl   time.Duration
	until time.Time
	timer *time.Timer
	ended bool
}

// Grant implements Coordinator.
func (m *Memory) Grant(ctx context.Context, ttl time.Duration) (Lease, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.usable(ctx); err != nil {
		return nil, err
	}
	l := &memoryLease{m: m, ttl: ttl, until: time.Now().Add(ttl)}
	l.timer = time.AfterFunc(ttl, l.expire)
	return l, nil
}

// Until implements Lease.
func (l *memoryLease) Until() time.Time {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	return l.until
}

// Renew implements Lease.
func (l *memoryLease) Renew(ctx context.Context) error {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	if err := l.m.usable(ctx); err != nil {
		return err
	}
	if l.ended {
		return ErrLeaseEnded
	}
	l.until = time.Now().Add(l.ttl)
	l.timer.Reset(l.ttl)
	return nil
}

// Revoke implements Lease.
func (l *memoryLease) Revoke(ctx context.Context) error {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	if err := l.m.usable(ctx); err != nil {
		return err
	}
	return l.end()
}

// expire ends the lease, unless it has been renewed meanwhile.
func (l *memoryLease) expire() {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	if !l.m.mu.closed && time.Until(l.until) <= 0 {
		_ = l.end() // pairs with a lease are not persisted, so nothing can fail
	}
}

// end deletes what was written with the lease. m.mu is held.
func (l *memoryLease) end() error {
	l.timer.Stop()
	l.ended = true
	var txn Txn
	for key, p := range l.m.mu.pairs {
		if p.lease == l {
			txn.Delete = append(txn.Delete, key)
		}
	}
	slices.Sort(txn.Delete)
	_, err := l.m.apply(txn)
	return err
}
