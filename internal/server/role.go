package server

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/feed"
	"github.com/kringdb/kring/internal/server/follow"
	"github.com/kringdb/kring/internal/server/replication"
)

// This file is the server's role in replication: how it becomes a replica, and ceases to be one.
// While it is one, exec.GuardReplica is set, keys that have expired stay until the primary deletes them,
// and nothing is evicted unless options say so.

// role is what the server keeps of it.
type role struct {
	srv      *Server
	history  *replication.History
	backlog  replication.Backlog
	feed     *feed.Feed
	over     failover
	leaving  leaving
	link     *follow.Follower
	stream   *exec.Replayer
	changes  sync.Mutex // one change of the role at a time
	up       atomic.Bool
	frozen   atomic.Bool // the link was ended, and the primary is still that of the history
	synced   syncedOffset
	restored bool   // the history goes on from a file, and this server has been its primary since
	counted  uint64 // the journal's position when the backlog's offset was that of the data; guarded by the journal's lock
}

// syncedOffset finds out up to which offset the AOF has the data: that at a moment in the past, once the
// AOF has what had been recorded by then.
type syncedOffset struct {
	mu struct { // innermost
		sync.Mutex
		pos    uint64 // of the journal, when the offset was next
		next   int64
		offset int64
	}
}

// init makes the role of a server that does not run yet. ex belongs to it.
func (r *role) init(s *Server, ex *exec.Executor) {
	r.srv = s
	r.history = replication.NewHistory()
	r.feed = newFeed(s)
	r.stream = exec.NewReplayer(ex, r.passOn)
	r.link = follow.New(follow.Config{House: followHouse{r}, Options: s.Opts, Log: s.Log, FS: s.disk.FileSystem()})
	again := func() error {
		r.guard()
		return s.limitMemory()
	}
	for _, name := range []string{"replica-serve-stale-data", "replica-ignore-maxmemory"} {
		s.Opts.OnChange(name, again)
	}
	if p, ok := primaryOf(s.Opts.ReplicaOf.Load()); ok {
		r.history.SetPrimary(&p)
	}
	_ = again() // cannot fail
}

// resetStats is CONFIG RESETSTAT.
func (r *role) resetStats() {
	r.feed.Reset()
	r.link.Received.Store(0)
	r.stream.Errors.Store(0)
}

// primaryOf reads the option replicaof.
func primaryOf(text string) (p replication.Primary, ok bool) {
	host, port, ok := strings.Cut(text, " ")
	if !ok {
		return p, false
	}
	n, err := strconv.Atoi(port)
	return replication.Primary{Host: host, Port: n}, err == nil
}

// begin connects to the primary that the options name, when the data are loaded. A client, who is served by then, may have
// named one already, and two links at once would load two copies into each other.
func (r *role) begin() {
	r.changes.Lock()
	defer r.changes.Unlock()
	_, follows := r.link.Status()
	if p := r.history.Primary(); p != nil && !follows {
		r.link.Follow(follow.Target{Host: p.Host, Port: p.Port})
	}
}

// guard brings what calls look at in line with the role.
func (r *role) guard() {
	s := r.srv
	replica := r.history.Primary() != nil
	s.SetGuard(exec.GuardReplica, replica)
	s.SetGuard(exec.GuardStale, replica && !r.up.Load() && !s.Opts.ServeStaleData.Load())
	s.clients.Pauses.Hide()
}

// promote makes the server a primary, if it is none. The caller holds no lock.
func (r *role) promote() {
	_ = r.srv.Opts.Assign("replicaof", "no", "one") // they are valid
	r.replicate(nil)
}

// replicate makes the server a replica of p, or with nil a primary. The caller holds no lock.
func (r *role) replicate(p *replication.Primary) { r.turn(p, func() bool { return true }, nil) }

// turn is replicate if may, which is called at a cut, allows it; it returns what that says. With takeOver
// the primary is asked to become one, see follow.Target.
func (r *role) turn(p *replication.Primary, may func() bool, takeOver func(bool)) bool {
	s := r.srv
	r.changes.Lock()
	defer r.changes.Unlock()
	if s.stopping.Load() {
		return false
	}
	r.link.Stop()
	r.frozen.Store(false)
	s.Gates.LockAll()
	s.Store.LockAll()
	if !may() {
		s.Store.UnlockAll()
		s.Gates.UnlockAll()
		return false
	}
	promoted := p == nil && r.history.Primary() != nil
	if p != nil {
		r.unbranch()
	}
	r.history.SetPrimary(p)
	r.guard()
	s.Journal.Log.At(func(pos uint64) {
		b := &r.backlog
		switch {
		case promoted && b.Active():
			r.history.Branch(replication.NewID(), b.Offset())
			b.FenceLocked()
			b.SetDBLocked(-1)
			s.Journal.Log.SubscribeLocked(b)
		case p != nil:
			if s.Journal.Log.SubscribedLocked(b) {
				s.Journal.Log.UnsubscribeLocked(b)
				r.counted = pos
			}
		}
	})
	s.Store.UnlockAll()
	s.Gates.UnlockAll()
	_ = s.limitMemory() // cannot fail
	if promoted || p != nil {
		r.feed.DropAll(errNewRole) // they may go on, where the histories are the same
	}
	if promoted {
		r.link.Forget()
		s.Log.Info("the server is a primary now", "history", r.history.IDs().ID, "offset", r.backlog.Offset())
		s.keeper.Ring()
	}
	if p != nil {
		s.clients.EndBlocked(errRoleChanged) // as in Redis: what they wait for could write
		s.Log.Info("the server follows a primary", "host", p.Host, "port", p.Port)
		r.link.Follow(follow.Target{Host: p.Host, Port: p.Port, TakeOver: takeOver})
	}
	return true
}

// unbranch takes back, of a primary that becomes a replica, the name that its history has got when it was
// loaded, if the data are still those of then: the one before is what its new primary knows. All gates
// are held.
func (r *role) unbranch() {
	ids := r.history.IDs()
	if r.restored && r.history.Primary() == nil && r.backlog.Active() && ids.Until == r.backlog.Offset() {
		r.history.Adopt(ids.Second)
	}
	r.restored = false
}

var (
	errNewRole  = errors.New("the role of the server has changed")
	errReplaced = errors.New("the data have been replaced by those of a file")
)

const errRoleChanged = "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)"

// end ends the link at the end of the server.
func (r *role) end() { r.link.Stop() }

// passOn gives bytes of the stream, which have been executed, to those who follow this server. The
// gate under which they were is held.
func (r *role) passOn(raw []byte, db int) {
	s := r.srv
	s.Journal.Log.Lock()
	r.backlog.AppendLocked(raw)
	r.backlog.SetDBLocked(db)
	r.counted = s.Journal.Log.End()
	if a := s.Journal.AOF.Load(); a != nil {
		a.NoteLocked(&r.counted)
	}
	s.Journal.Log.Unlock()
}

// replicaHost is the role as handlers see it.
type replicaHost struct{ srv *Server }

// Follow implements command.ReplicaHost.
func (h replicaHost) Follow(c *command.Ctx, host string, port int) (same bool) {
	p := replication.Primary{Host: host, Port: port}
	if now := h.srv.role.history.Primary(); now != nil && *now == p {
		return true
	}
	exec.Of(c).WithoutGates(func() {
		_ = h.srv.Opts.Assign("replicaof", host, strconv.Itoa(port)) // they are valid
		h.srv.role.replicate(&p)
	})
	return false
}

// Unfollow implements command.ReplicaHost.
func (h replicaHost) Unfollow(c *command.Ctx) {
	if h.srv.role.history.Primary() == nil {
		return
	}
	exec.Of(c).WithoutGates(h.srv.role.promote)
}

// replacing runs f, which replaces the data by what a file has. Keys that have expired are gone then, and with
// DEBUG RELOAD NOSAVE much more; a copy for a replica that was cut meanwhile has a part of the data. So they are of
// no history afterwards: who follows gets a copy, and a server that follows another one asks for one. The
// caller holds no lock.
func (r *role) replacing(f func() error) error {
	s := r.srv
	r.changes.Lock()
	defer r.changes.Unlock()
	r.link.Stop() // what the primary sends meanwhile would be lost
	err := f()
	p := r.history.Primary()
	if p != nil {
		r.became(replication.NewID(), 0, false)
	} else {
		r.forget()
	}
	r.feed.DropAll(errReplaced)
	if p != nil && !s.stopping.Load() {
		r.link.Follow(follow.Target{Host: p.Host, Port: p.Port})
	}
	return err
}

// forget ends the history of a primary, if there is one that anybody could go on from.
func (r *role) forget() {
	s := r.srv
	s.Gates.LockAll()
	defer s.Gates.UnlockAll()
	s.Journal.Log.At(func(uint64) {
		if r.backlog.Active() {
			s.Journal.Log.UnsubscribeLocked(&r.backlog)
			r.backlog.EndLocked()
			r.history.Renew()
		}
	})
}
