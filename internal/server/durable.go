package server

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/netio"
	"github.com/kringdb/kring/persistence"
	"github.com/kringdb/kring/resp"
)

// This file holds replies back until what they promise is durable (appendfsync always),
// and connections while the journal has too much to write. Nobody waits on the disk: the
// session is corked and paused, and its reactor goes on with others.

// errNotDurable closes a connection whose writes were lost with the AOF: a reply, of any
// kind, would be a lie.
var errNotDurable = errors.New("its writes could not be made durable")

// stalled is a reactor's list of sessions that wait for the journal.
type stalled struct {
	list      []*session
	wake      func() // posted to the reactor when there may be something to do
	some      atomic.Bool
	throttled atomic.Bool // some wait for room, see throttle
}

// promised makes the session wait for what its last calls depend on, unless that is
// durable already. It runs on the session's reactor before anything is flushed.
func (s *session) promised(wait, wrote uint64) {
	j := s.ex.srv.journal.to.Load()
	if j == nil || wait == 0 && wrote == 0 {
		return
	}
	switch j.State() {
	case persistence.Starting: // not complete yet, whatever is synced
		return
	case persistence.Broken:
		if wait > 0 && wrote > j.Durable() {
			s.conn.Close(errNotDurable)
			s.closing = true
		}
		return
	}
	if wait <= j.Durable() {
		return
	}
	s.waitFor, s.wrote = max(s.waitFor, wait), max(s.wrote, wrote)
	s.conn.Cork()
	s.stall()
}

// stall puts the session on its reactor's list.
func (s *session) stall() {
	if !s.stalled {
		s.stalled = true
		s.ex.stalled.list = append(s.ex.stalled.list, s)
		s.ex.stalled.some.Store(true)
		s.ex.rec.kick = true
	}
}

// park stops the session's turn while it waits.
func (s *session) park() {
	if s.stalled && !s.closed {
		s.conn.Pause()
	}
}

// crowded tells whether so much waits to be written that those who write must wait.
func (s *Server) crowded() bool {
	j := s.journal.to.Load()
	return j != nil && j.Pending() > persistence.MaxPendingBytes || s.aof.crowded(sourceCrowdedBytes)
}

// throttle keeps b, from index from on, while the journal, or a rewrite, has too much to
// write; it tells whether it did. Calls that change nothing pass.
func (s *session) throttle(b *resp.Batch, from int) bool {
	ex := s.ex
	if !ex.srv.crowded() {
		return false
	}
	writes := false
	for i := from; i < b.N; i++ {
		if spec := ex.calls[i].spec; spec != nil && spec.Flags&(command.Write|command.Exec) != 0 {
			writes = true
		}
	}
	if !writes {
		return false
	}
	s.held, s.heldAt = b, uint8(from)
	if b == ex.batch {
		ex.batch = resp.GetBatch()
	}
	s.throttled = true
	ex.stalled.throttled.Store(true)
	s.stall()
	s.conn.Pause()
	return true
}

// EndTurn implements netio.Handler: the writer is told once per turn, and whoever is
// durable already goes on.
func (s *Server) EndTurn(r *netio.Reactor) {
	ex := r.Local.(*executor)
	if now := r.Now(); now >= s.keeper.dueAt.Load() {
		s.helpExpire(ex, now)
	}
	ex.endTurn()
	ex.kick()
	if len(ex.stalled.list) > 0 {
		ex.release()
	}
}

// kick tells the writer of records that somebody waits for.
func (ex *executor) kick() {
	if !ex.rec.kick {
		return
	}
	ex.rec.kick = false
	if j := ex.srv.journal.to.Load(); j != nil && ex.srv.opts.AppendFsync.Load() == options.FsyncAlways {
		j.Kick()
	}
}

// release lets those sessions go on that need not wait any more. It runs on the reactor.
func (ex *executor) release() {
	j := ex.srv.journal.to.Load()
	on, broken, durable := false, false, uint64(0)
	room := !ex.srv.aof.crowded(sourceRoomBytes)
	if j != nil {
		on = j.State() == persistence.On && ex.srv.opts.AppendFsync.Load() == options.FsyncAlways
		broken = j.State() == persistence.Broken
		durable = j.Durable()
		room = room && j.Pending() < persistence.ResumePendingBytes
	}
	kept, throttled := ex.stalled.list[:0], false
	for _, s := range ex.stalled.list {
		switch {
		case s.closed:
		case s.throttled && !room, on && s.waitFor > durable:
			kept = append(kept, s)
			throttled = throttled || s.throttled
			continue
		case broken && s.waitFor > 0 && s.wrote > durable:
			s.conn.Close(errNotDurable)
		}
		s.stalled, s.throttled, s.waitFor, s.wrote = false, false, 0, 0
		s.conn.Uncork()
		if !s.busy {
			s.conn.Resume()
		}
	}
	clear(ex.stalled.list[len(kept):])
	ex.stalled.list = kept
	if len(kept) == 0 {
		ex.stalled.some.Store(false)
	}
	if !throttled {
		ex.stalled.throttled.Store(false)
	}
}

// wakeStalled makes the reactors look at their lists; any goroutine may call it.
func (s *Server) wakeStalled() {
	for i, r := range s.group.Reactors() {
		if st := &s.execs[i].stalled; st.some.Load() {
			r.Post(st.wake)
		}
	}
}

// wakeThrottled is wakeStalled for those that wait for room.
func (s *Server) wakeThrottled() {
	for i, r := range s.group.Reactors() {
		if st := &s.execs[i].stalled; st.throttled.Load() {
			r.Post(st.wake)
		}
	}
}

// awaitRoom is throttle for a worker, which may sleep. It holds no gate. It returns false
// when the call is not to run any more.
func (s *Server) awaitRoom(flags command.Flag, halt *atomic.Bool) bool {
	for flags&command.Write != 0 && s.crowded() && !halt.Load() {
		time.Sleep(time.Millisecond)
	}
	return !halt.Load()
}
