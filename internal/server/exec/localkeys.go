package exec

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
)

// LocalKeys are the keys to which clients of a replica that takes writes have given deadlines. On a
// replica keys that have expired stay until the primary deletes them, but of these it knows nothing: the
// keeper deletes them here, as Redis does.
type LocalKeys struct {
	some atomic.Bool // there are names
	mu   struct {
		sync.Mutex // innermost
		names      map[localKey]struct{}
	}
}

// localKey is one of LocalKeys.
type localKey struct {
	db   int
	name string
}

// Clear forgets them: the data are replaced by others.
func (l *LocalKeys) Clear() {
	l.mu.Lock()
	clear(l.mu.names)
	l.some.Store(false)
	l.mu.Unlock()
}

// note notes the keys of c's call that have deadlines, if it is a write of a replica's client. The
// shards of the keys are locked.
func (l *LocalKeys) note(ex *Executor, c *command.Ctx) {
	e := ex.Env
	if ex.originals || c.Spec.Flags&command.Write == 0 || e.Guard.Load()&(GuardReplica|GuardLoading) != GuardReplica {
		return // originals: who calls is the primary, or a file
	}
	for i := range c.Keys {
		if at := e.Store.FindRaw(c.DB, c.Keys[i]); at.A == 0 || !at.HasDeadline() {
			continue
		}
		l.mu.Lock()
		if l.mu.names == nil {
			l.mu.names = map[localKey]struct{}{}
		}
		l.mu.names[localKey{c.DB, string(c.Keys[i].Name)}] = struct{}{}
		l.some.Store(true)
		l.mu.Unlock()
	}
}

// ExpireLocal implements keeper.Hand: it deletes those of LocalKeys that are due at now, and forgets those that
// have no deadline any more. The caller holds nothing.
func (h *hand) ExpireLocal(now int64) {
	e := h.ex.Env
	switch l := &e.Local; {
	case !l.some.Load():
		return
	case !e.IsReplica():
		l.Clear() // keys expire by themselves
		return
	case !e.ActiveExpire.Load() || e.Guard.Load()&(GuardLoading|GuardPaused) != 0:
		return
	}
	for begun := time.Now(); h.expireLocalStep(now) && time.Since(begun) < localPass; runtime.Gosched() {
	}
}

// expireLocalStep is ExpireLocal for some of the keys. It tells whether many of them were due, and so others may be.
func (h *hand) expireLocalStep(now int64) (more bool) {
	ex, e := h.ex, h.ex.Env
	names, gone := e.Local.names(), 0
	ex.Gate.Lock()
	defer ex.Gate.Unlock()
	ex.setClock(now)
	for _, k := range names {
		key := e.Store.MakeKey([]byte(k.name))
		if !e.Store.LockUnlessLong(key.Shard) {
			continue
		}
		at := e.Store.FindRaw(k.db, key)
		due := at.A != 0 && at.Expired(now)
		if due {
			e.Store.Expire(k.db, key)
		}
		if due || at.A == 0 || !at.HasDeadline() {
			e.Local.forget(k)
			gone++
		}
		e.Store.Unlock(key.Shard)
	}
	return gone > len(names)/4
}

const (
	localStep = 1000                  // how many of LocalKeys are looked at, at most, under one hold of the keeper's gate
	localPass = 20 * time.Millisecond // how long ExpireLocal goes on, in each tick of the keeper
)

// names returns some of the names, which ones is chance.
func (l *LocalKeys) names() []localKey {
	l.mu.Lock()
	defer l.mu.Unlock()
	some := make([]localKey, 0, min(len(l.mu.names), localStep))
	for k := range l.mu.names {
		if len(some) == cap(some) {
			break
		}
		some = append(some, k)
	}
	return some
}

// forget takes a name out. Its shard is locked.
func (l *LocalKeys) forget(k localKey) {
	l.mu.Lock()
	delete(l.mu.names, k)
	l.some.Store(len(l.mu.names) > 0)
	l.mu.Unlock()
}
