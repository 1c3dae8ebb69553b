package cluster

import (
	"context"
	"maps"
	"slices"
	"sync/atomic"
	"time"
)

// This file is the leases of Shared. The file counts how often a lease has been renewed; each
// process that has seen the same count for as long as the lease lives, by its own clock, ends it. So
// clocks need not agree, and a lease never ends before its holder thinks so.

// sharedLease is a lease as the file has it.
type sharedLease struct {
	TTL     int64 `json:"ttl"` // milliseconds
	Renewed int64 `json:"renewed"`
}

// sight is a count of a lease's renewals, and since when this process has seen it.
type sight struct {
	renewed int64
	since   time.Time
}

// look notes what has changed about the leases. s.mu is held.
func (s *Shared) look() {
	seen := map[string]sight{}
	for id, l := range s.mu.leases {
		if old, ok := s.mu.seen[id]; ok && old.renewed == l.Renewed {
			seen[id] = old
		} else {
			seen[id] = sight{l.Renewed, time.Now()}
		}
	}
	s.mu.seen = seen
}

// late is the leases that have not been renewed in time. s.mu is held.
func (s *Shared) late() (ids []string) {
	for id, l := range s.mu.leases {
		if time.Since(s.mu.seen[id].since) > time.Duration(l.TTL)*time.Millisecond {
			ids = append(ids, id)
		}
	}
	return ids
}

// reap ends leases that are still late. s.mu and the file's lock are held.
func (s *Shared) reap(ids []string) error {
	late := s.late()
	for _, id := range ids {
		if slices.Contains(late, id) {
			if err := s.end(id); err != nil {
				return err
			}
		}
	}
	return nil
}

// end ends a lease, and deletes what was written with it. s.mu and the file's lock are held.
func (s *Shared) end(id string) error {
	var txn Txn
	for _, key := range slices.Sorted(maps.Keys(s.mu.leased)) {
		if s.mu.leased[key] == id {
			txn.Delete = append(txn.Delete, key)
		}
	}
	return s.withLeases(func() error {
		delete(s.mu.leases, id)
		if len(txn.Delete) == 0 {
			return s.rewrite()
		}
		for _, key := range txn.Delete {
			delete(s.mu.leased, key)
		}
		_, err := s.memory.Commit(context.Background(), txn)
		return err
	})
}

// withLeases runs f, which may change copies of the leases, and puts those back that were if f fails.
// s.mu is held.
func (s *Shared) withLeases(f func() error) error {
	leases, leased := s.mu.leases, s.mu.leased
	s.mu.leases, s.mu.leased = maps.Clone(leases), maps.Clone(leased)
	if s.mu.leases == nil {
		s.mu.leases = map[string]sharedLease{}
	}
	if s.mu.leased == nil {
		s.mu.leased = map[string]string{}
	}
	err := f()
	if err != nil {
		s.mu.leases, s.mu.leased = leases, leased
	}
	s.look()
	return err
}

// rewrite makes a change of leases durable. s.mu and the file's lock are held.
func (s *Shared) rewrite() error {
	m := s.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.mu.revision == 0 { // there is no file yet
		m.mu.revision = 1
		m.mu.log = append(m.mu.log, Change{Revision: 1})
	}
	return s.write(m.mu.revision, m.mu.pairs)
}

// commit is Commit under the file's lock.
func (s *Shared) commit(ctx context.Context, txn Txn) (revision int64, err error) {
	txn.Put = slices.Clone(txn.Put)
	err = s.withLeases(func() error {
		for i := range txn.Put {
			p := &txn.Put[i]
			delete(s.mu.leased, p.Key)
			if p.Lease == nil {
				continue
			}
			id := p.Lease.(*heldLease).id
			if _, there := s.mu.leases[id]; !there {
				return ErrLeaseEnded
			}
			s.mu.leased[p.Key], p.Lease = id, nil
		}
		for _, key := range txn.Delete {
			delete(s.mu.leased, key)
		}
		revision, err = s.memory.Commit(ctx, txn)
		return err
	})
	return revision, err
}

// heldLease is a lease of Shared that this process holds.
type heldLease struct {
	s     *Shared
	id    string
	ttl   time.Duration
	until atomic.Pointer[time.Time]
}

// Grant implements Coordinator.
func (s *Shared) Grant(ctx context.Context, ttl time.Duration) (Lease, error) {
	l := &heldLease{s: s, id: NewID(), ttl: ttl}
	err := l.change(ctx, func() error {
		s.mu.leases[l.id] = sharedLease{TTL: ttl.Milliseconds(), Renewed: 1}
		return s.rewrite()
	})
	return l, err
}

// change runs f, which begins the lease's time to live again.
func (l *heldLease) change(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	until := time.Now().Add(l.ttl)
	err := l.s.locked(func() error { return l.s.withLeases(f) })
	if err == nil {
		l.until.Store(&until)
	}
	return err
}

// Until implements Lease.
func (l *heldLease) Until() time.Time { return *l.until.Load() }

// Renew implements Lease.
func (l *heldLease) Renew(ctx context.Context) error {
	return l.change(ctx, func() error {
		kept, there := l.s.mu.leases[l.id]
		if !there {
			return ErrLeaseEnded
		}
		kept.Renewed++
		l.s.mu.leases[l.id] = kept
		return l.s.rewrite()
	})
}

// Revoke implements Lease.
func (l *heldLease) Revoke(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.s.locked(func() error { return l.s.end(l.id) })
}
