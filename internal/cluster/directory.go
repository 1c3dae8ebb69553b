package cluster

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// rest is how long a directory waits before it reads again what it could not follow.
const rest = 200 * time.Millisecond

// ErrWentBack: the coordinator has forgotten changes that it had made, as after an old backup of
// it was restored. Nothing is done then until its epoch is above what is known here.
var ErrWentBack = errors.New("the coordinator has an older topology than this node")

// Directory is the topology as one node sees it.
type Directory struct {
	coordinator Coordinator
	current     atomic.Pointer[Topology]
	presence    atomic.Pointer[Presence]
	installed   func(*Topology)
	noticed     func()

	// mu is held while a topology is installed, so that they come in their order.
	mu struct {
		sync.Mutex
		revision int64 // of the presence
	}
}

// OpenDirectory reads the topology. installed is called with each one that follows, in their
// order, by the goroutine that runs Follow or a Change, under the directory's lock; noticed when who runs or
// leads has changed. With ErrUnreachable there is a directory as well, which knows nothing before Follow has read it.
func OpenDirectory(ctx context.Context, c Coordinator, installed func(*Topology), noticed func()) (*Directory, error) {
	d := &Directory{coordinator: c, installed: installed, noticed: noticed}
	d.current.Store(&Topology{})
	d.presence.Store(newPresence())
	s, t, err := d.read(ctx)
	if errors.Is(err, ErrUnreachable) {
		return d, err
	}
	if err != nil {
		return nil, err
	}
	d.current.Store(t)
	d.presence.Store(newTable(s).presence)
	return d, nil
}

// read returns the coordinator's state and its topology, which is not below what is known.
func (d *Directory) read(ctx context.Context) (State, *Topology, error) {
	known := d.Topology()
	s, err := d.coordinator.Read(ctx)
	if err != nil {
		return State{}, nil, err
	}
	t, err := newTable(s).topology()
	if err == nil && t.epoch < known.epoch {
		err = ErrWentBack
	}
	return s, t, err
}

// Topology is the present one. For anybody.
func (d *Directory) Topology() *Topology { return d.current.Load() }

// Presence is who runs and leads now. For anybody.
func (d *Directory) Presence() *Presence { return d.presence.Load() }

// notice goes on to what a state or a change of this revision says of who runs and leads, unless a later one is
// known.
func (d *Directory) notice(p *Presence, revision int64) {
	d.mu.Lock()
	if revision < d.mu.revision {
		d.mu.Unlock()
		return
	}
	d.mu.revision = revision
	changed := p != d.presence.Load()
	d.presence.Store(p)
	d.mu.Unlock()
	if changed {
		d.noticed()
	}
}

// Refresh reads the topology, and installs it if it is a later one, and who runs and leads.
func (d *Directory) Refresh(ctx context.Context) error {
	s, t, err := d.read(ctx)
	if err == nil {
		d.install(t)
		d.notice(newTable(s).presence, s.Revision)
	}
	return err
}

// Again calls f with the present topology as if it had just been installed.
func (d *Directory) Again(f func(*Topology)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f(d.Topology())
}

// install goes on to t, unless a later one is known.
func (d *Directory) install(t *Topology) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t.epoch > d.Topology().epoch {
		d.current.Store(t)
		d.installed(t)
	}
}

// Follow installs each topology until ctx ends. It calls trouble when the coordinator cannot be
// followed, or has what is no topology, and goes on: what was known is what counts until then.
func (d *Directory) Follow(ctx context.Context, trouble func(error)) {
	for ctx.Err() == nil {
		if err := d.follow(ctx, trouble); ctx.Err() == nil && !errors.Is(err, ErrCompacted) {
			trouble(err)
			select {
			case <-ctx.Done():
			case <-time.After(rest):
			}
		}
	}
}

func (d *Directory) follow(ctx context.Context, trouble func(error)) error {
	s, t, err := d.read(ctx)
	if err != nil {
		return err
	}
	d.install(t)
	table := newTable(s)
	d.notice(table.presence, s.Revision)
	return d.coordinator.Watch(ctx, s.Revision, func(c Change) error {
		if table.apply(c) {
			if t, err := table.topology(); err != nil {
				trouble(err)
			} else {
				d.install(t)
			}
		}
		d.notice(table.presence, c.Revision)
		return nil
	})
}

// Change changes the topology: edit is called with a draft of what is known, and again with a
// newer one if somebody else was first. Its error ends the change. The result is installed here
// when Change returns, and elsewhere soon after.
func (d *Directory) Change(ctx context.Context, edit func(*Draft) error) (*Topology, error) {
	for from := d.Topology(); ; {
		next, err := d.try(ctx, from, edit)
		if err == nil {
			d.install(next)
			return next, nil
		}
		if !errors.Is(err, ErrConflict) {
			return nil, err
		}
		if _, from, err = d.read(ctx); err != nil {
			return nil, err
		}
		d.install(from)
	}
}

func (d *Directory) try(ctx context.Context, from *Topology, edit func(*Draft) error) (*Topology, error) {
	next, txn, err := from.edited(edit)
	if err != nil {
		return nil, err
	}
	next.revision, err = d.coordinator.Commit(ctx, txn)
	return next, err
}

// edited is what an edit makes of t, and the transaction that leads there, as long as t is the present one.
func (t *Topology) edited(edit func(*Draft) error) (next *Topology, txn Txn, err error) {
	draft := t.draft()
	if err := edit(draft); err != nil {
		return nil, txn, err
	}
	if next, err = draft.topology(); err != nil {
		return nil, txn, err
	}
	return next, difference(t, next), nil
}
