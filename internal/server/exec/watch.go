package exec

import (
	"slices"
	"sync/atomic"

	"github.com/kringdb/kring/store"
)

// WatchSet is what one client watches. Whoever runs the client's command uses it: its
// reactor, or a worker while the session is busy; broken is set by others.
type WatchSet struct {
	broken atomic.Bool  // a watched key has changed
	n      atomic.Int32 // how many keys, for CLIENT LIST
	bytes  atomic.Int64 // about what they take
	keys   []watchedKey
	shards store.ShardSet
}

// watchedKey is a key as it was when it was watched: if it was there and is gone now
// without a change having been reported, it has expired.
type watchedKey struct {
	db    int
	key   store.Key // its name is a copy
	there bool
}

// watchRef is a WatchSet as the key that it watches sees it.
type watchRef struct {
	set   *WatchSet
	there bool // the key existed when it was watched
}

// Add watches a key, whose shard is locked.
func (ws *WatchSet) Add(e *Env, db int, k store.Key, there bool) {
	for i := range ws.keys {
		if w := &ws.keys[i]; w.db == db && string(w.key.Name) == string(k.Name) {
			return
		}
	}
	name := string(k.Name)
	k.Name = []byte(name)
	ws.keys = append(ws.keys, watchedKey{db, k, there})
	ws.shards.Add(k.Shard)
	ws.n.Store(int32(len(ws.keys)))
	ws.bytes.Add(watchBytes + 2*int64(len(name)))
	o := e.Observe(k.Shard)
	o.mu.Lock()
	if o.mu.watches == nil {
		o.mu.watches = map[keyName][]watchRef{}
	}
	at := keyName{db, name}
	sets := o.mu.watches[at]
	if len(sets) == 0 {
		o.n.watched.Add(1)
	}
	o.mu.watches[at] = append(sets, watchRef{ws, there})
	o.mu.Unlock()
}

// Forget ends all watches. It needs no lock.
func (ws *WatchSet) Forget(e *Env) {
	for i := range ws.keys {
		w := &ws.keys[i]
		o := &e.Observers[w.key.Shard]
		at := keyName{w.db, string(w.key.Name)}
		o.mu.Lock()
		sets := o.mu.watches[at]
		j := slices.IndexFunc(sets, func(r watchRef) bool { return r.set == ws })
		sets = slices.Delete(sets, j, j+1)
		if len(sets) == 0 {
			delete(o.mu.watches, at)
			o.n.watched.Add(-1)
		} else {
			o.mu.watches[at] = sets
		}
		o.mu.Unlock()
	}
	clear(ws.keys)
	ws.keys = ws.keys[:0]
	ws.shards.Clear()
	ws.n.Store(0)
	ws.bytes.Store(0)
	ws.broken.Store(false) // nobody reaches it any more
}

// Len is how many keys are watched; any goroutine may ask. ws may be nil.
func (ws *WatchSet) Len() int {
	if ws == nil {
		return 0
	}
	return int(ws.n.Load())
}

// Bytes is about what the watches take; any goroutine may ask. ws may be nil.
func (ws *WatchSet) Bytes() int64 {
	if ws == nil {
		return 0
	}
	return ws.bytes.Load()
}

// Broken tells whether a watched key has changed; any goroutine may ask. ws may be nil.
func (ws *WatchSet) Broken() bool { return ws != nil && ws.broken.Load() }

// holds tells whether nothing that is watched has changed. The locks of all its shards are held, or all
// gates (whole). ex is who runs the client's EXEC; ws may be nil.
func (ws *WatchSet) holds(ex *Executor, whole bool) bool {
	st := ex.Env.Store
	if ws == nil || len(ws.keys) == 0 {
		return true
	}
	if whole {
		st.LockSet(&ws.shards)
		defer st.UnlockSet(&ws.shards)
	}
	for i := range ws.keys {
		w := &ws.keys[i]
		if w.there && st.Find(w.db, w.key, ex.Ctx.Now).A == 0 {
			return false
		}
	}
	return !ws.broken.Load()
}
