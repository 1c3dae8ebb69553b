package session

import (
	"errors"
	"sync/atomic"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/netio"
	"github.com/kringdb/kring/persistence"
	"github.com/kringdb/kring/resp"
)

// This file holds replies back until what they promise is written to the AOF, or under
// appendfsync always durable, and connections while there is too much to write, or to deliver to those who listen. Whoever has
// recorded something writes it at the end of his turn, and syncs it if syncs are quick, with what others
// have recorded meanwhile; nobody waits on a disk that is slow or being synced: then the sessions concerned
// are paused, and their reactor goes on with others.
//
//	batch ─ promised ─▶ corked, listed ─ EndTurn ─▶ AOF.Write ─▶ release: replies leave
//	                                                  └ not now ─▶ paused; Owner.Written, Owner.Durable ─▶ release

// errNotDurable closes a connection whose writes were lost with the AOF: a reply, of any
// kind, would be a lie.
var errNotDurable = errors.New("its writes could not be made durable")

// errOverdue closes a connection whose calls ran when another node may have had their slots: what they have
// read may be old, and what they have written may be lost.
var errOverdue = errors.New("its calls ran when this node did not lead its shard any more")

// stalled is a reactor's list of sessions whose replies wait for the journal.
type stalled struct {
	list    []*Session
	syncing []*exec.Waiter // blocked clients that wait for a sync or for replicas (WAIT, WAITAOF), or have until lately
	wake    func()         // posted to the reactor when there may be something to do
	some    atomic.Bool    // some wait beyond the end of a turn
}

// promised makes the session wait for what its last calls depend on, unless that has been
// done already. It runs on the session's reactor before anything is flushed.
func (s *Session) promised(wait, wrote uint64) {
	cs := s.ex.clients
	a := cs.Journal.AOF.Load()
	s.written = max(s.written, wrote)
	if wait == exec.Overdue {
		s.Conn.Close(errOverdue)
		s.closing = true
		return
	}
	if a == nil || wait == 0 && wrote == 0 {
		return
	}
	switch a.State() {
	case persistence.Starting: // not complete yet, whatever is written
		return
	case persistence.Broken:
		if wait > 0 && wrote > a.Durable() && cs.Always() {
			s.Conn.Close(errNotDurable)
			s.closing = true
		}
		return
	}
	if wait <= cs.mayLeave(a) {
		return
	}
	s.waitFor = max(s.waitFor, wait)
	s.Conn.Cork()
	s.stall()
}

// mayLeave is the position up to which replies may leave.
func (cs *Clients) mayLeave(a *persistence.AOF) uint64 {
	if cs.Always() {
		return a.Durable()
	}
	return a.Wrote()
}

// stall puts the session on its reactor's list.
func (s *Session) stall() {
	if !s.stalled {
		s.stalled = true
		s.ex.stalled.list = append(s.ex.stalled.list, s)
		s.ex.Rec.AskWrite()
	}
}

// pauseForSync stops the session's turn while it waits for a sync that another goroutine does: that takes
// longer than the turn.
func (s *Session) pauseForSync() {
	if s.stalled && !s.closed && s.ex.clients.Always() {
		if a := s.ex.clients.Journal.AOF.Load(); a == nil || !syncs(s.Conn.Reactor(), a) {
			s.Conn.Pause()
		}
	}
}

// Crowded are the flags, as MayTell has them, of the commands that must wait, because so much waits to be written, or to be delivered to
// those who listen or cache.
func (cs *Clients) Crowded() (flags command.Flag) {
	if a := cs.Journal.AOF.Load(); a != nil && a.Pending() > persistence.MaxPendingBytes {
		flags = command.Write | command.Script // of one that does not say so it is not known whether it writes
	}
	if cs.Channels.Full() {
		flags |= command.Script | command.MayReplicate
		if cs.Opts.NotifyKeyspaceEvents.Load() != 0 {
			flags |= command.Write
		}
	}
	if cs.Tracking.Full() {
		flags |= command.Write | command.Script
	}
	return flags
}

// Unheard tells whether so much waits to be delivered, of messages or of invalidations, that some calls must wait.
func (cs *Clients) Unheard() bool { return cs.Channels.Full() || cs.Tracking.Full() }

// throttle keeps b, from index from on, while the journal has too much to write, or listeners too much to hear; it tells
// whether it did. Calls that add nothing to it pass.
func (s *Session) throttle(b *resp.Batch, from int) bool {
	ex := s.ex
	crowded := ex.clients.Crowded()
	if crowded == 0 {
		return false
	}
	adds := false // what EXEC runs and its batch queues is looked at itself
	for i := from; i < b.N; i++ {
		call := command.Call{Spec: ex.Calls[i].Spec, Args: b.Cmds[i].Args}
		if call.Spec != nil && ex.clients.MayTell(&call, s.queue.tx)&crowded != 0 {
			adds = true
		}
	}
	if !adds {
		return false
	}
	s.held, s.heldAt = b, uint8(from)
	if b == ex.Batch {
		ex.Batch = resp.GetBatch()
	}
	s.throttled = true
	s.stall()
	s.Conn.Pause()
	return true
}

// writeOut writes what was recorded, or sees to it that somebody does. It returns false when that
// took so long that another goroutine has become the reactor; again says that others are awaited, who write with it.
func (ex *Station) writeOut(r *netio.Reactor) (mine, again bool) {
	s := ex.clients
	a := s.Journal.AOF.Load()
	ex.Rec.ForgetWrite()
	s.House.Recorded()
	if a == nil {
		return true, false
	}
	if s.Always() && !syncs(r, a) {
		a.Kick()
		return true, false
	}
	done := false
	if done, again, mine = writeAs(r, a); done || !mine {
		return mine, false
	}
	ex.Rec.AskWrite() // next time, unless somebody does so before
	if ex.stalled.any() && !again {
		// Others are at it. Whoever it is looks at some when he is done, so once more: he
		// may have been done before.
		ex.stalled.some.Store(true)
		_, again, mine = writeAs(r, a)
	}
	return mine, again
}

// syncs tells whether the reactor syncs by itself, under always.
func syncs(r *netio.Reactor, a *persistence.AOF) bool {
	return a.Quick() || r.CanLook() && a.Brief()
}

// Blocked implements netio.Overseer: the AOF's writer sees to what waits behind a write that does
// not come back.
func (cs *Clients) Blocked() {
	if a := cs.Journal.AOF.Load(); a != nil {
		a.Kick()
	}
}

// writeAs is AOF.Write by a reactor, which may be relieved meanwhile.
func writeAs(r *netio.Reactor, a *persistence.AOF) (done, again, mine bool) {
	pass := r.BeginBlocking()
	if r.CanLook() {
		done, again = a.WriteBy(r.Index())
	} else {
		done = a.Write()
	}
	mine = r.EndBlocking(pass)
	if again && !mine {
		a.Kick() // who is the reactor now does not know
	}
	return done, again, mine
}

// release lets those sessions go on that need not wait any more, and stops those that wait on.
// It runs on the reactor, outside of its batches.
func (ex *Station) release() {
	ex.releaseSome()
	if ex.stalled.any() && !ex.stalled.some.Load() {
		ex.stalled.some.Store(true)
		ex.releaseSome() // what happened before nobody has told
	}
}

// any tells whether there is somebody to look at.
func (st *stalled) any() bool { return len(st.list)+len(st.syncing) > 0 }

// wakeSynced ends the waiting of those who waited for a sync of the AOF, or for replicas, and need not any
// more.
func (ex *Station) wakeSynced() {
	st := &ex.stalled
	due := st.syncing
	st.syncing = nil
	for _, w := range due {
		s := sessionOfWaiter(w)
		switch {
		case s.blocked != w: // it has ended otherwise
		case !w.Done():
			st.syncing = append(st.syncing, w)
		default:
			s.wakeWith(w, "")
		}
	}
}

// releaseSome is release but for what happens beside it. What a session has written it waits
// for in any case; for what it has read as long as the disk takes it at once: a disk that is
// slow, or being synced, holds up nobody who only reads, unless replies promise more (always).
func (ex *Station) releaseSome() {
	a := ex.clients.Journal.AOF.Load()
	on, broken, slow, kept := false, false, false, uint64(0)
	room := !ex.clients.Unheard()
	if a != nil {
		state := a.State()
		kept = ex.clients.mayLeave(a)
		on = state == persistence.On
		always := ex.clients.Always()
		broken = state == persistence.Broken && always
		slow = !always && a.Slow()
		room = room && a.Pending() < persistence.ResumePendingBytes
	}
	list := ex.stalled.list[:0]
	for _, s := range ex.stalled.list {
		switch {
		case s.closed:
		case s.throttled && !room, on && s.written > kept, on && s.waitFor > kept && !slow:
			list = append(list, s)
			s.Conn.Pause()
			continue
		case broken && s.waitFor > 0 && s.written > kept:
			s.Conn.Close(errNotDurable)
		}
		s.stalled, s.throttled, s.waitFor = false, false, 0
		s.Conn.Uncork()
		if !s.busy {
			s.Conn.Resume()
		}
	}
	clear(ex.stalled.list[len(list):])
	ex.stalled.list = list
	if len(ex.stalled.syncing) > 0 {
		ex.wakeSynced()
	}
	if !ex.stalled.any() && ex.stalled.some.Load() {
		ex.stalled.some.Store(false)
	}
}

// WakeStalled makes the reactors look at their lists; any goroutine may call it.
func (cs *Clients) WakeStalled() {
	for i, r := range cs.Group.Reactors() {
		if st := &cs.Stations[i].stalled; st.some.Load() {
			r.Post(st.wake)
		}
	}
}

// Written is the position behind the last record that the client who calls has ever made, but for those
// of the call that runs.
func Written(c command.Client) uint64 {
	switch c := c.(type) {
	case client:
		return c.written
	case *workerClient:
		return c.sc.Written
	}
	return 0
}
