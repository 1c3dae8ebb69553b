package session

import (
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/store"
)

// queue is what a session has of MULTI and WATCH; EXEC and the watches themselves are the
// executor's (package exec).
type queue struct {
	tx       *exec.Transaction // MULTI is open
	watching *exec.WatchSet    // nil: it never watched a key
}

// end drops what is queued, and the watches.
func (q *queue) end(e *exec.Env) {
	q.tx = nil
	q.unwatch(e)
}

// watch begins to watch a key, whose shard is locked.
func (q *queue) watch(e *exec.Env, db int, k store.Key, there bool) {
	if q.watching == nil {
		q.watching = &exec.WatchSet{}
	}
	q.watching.Add(e, db, k, there)
}

// unwatch ends all watches. It needs no lock.
func (q *queue) unwatch(e *exec.Env) {
	if q.watching != nil {
		q.watching.Forget(e)
	}
}

// argBytes is how long the arguments of the queued calls are: they count as input.
func (q *queue) argBytes() int64 {
	if q.tx == nil {
		return 0
	}
	return q.tx.ArgBytes()
}
