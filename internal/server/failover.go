package server

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/feed"
	"github.com/kringdb/kring/internal/server/replication"
)

// This file is FAILOVER: writes pause until a replica has everything; then the server follows that
// replica, and asks it to become the primary.

// failover is the one that is under way.
type failover struct {
	mu struct { // innermost
		sync.Mutex
		state failoverState
		abort chan struct{} // closed to end it
	}
}

// failoverState is how far it is.
type failoverState uint8

const (
	noFailover failoverState = iota
	waitingForSync
	takingOver
)

// String is the state as INFO shows it.
func (s failoverState) String() string {
	return [...]string{"no-failover", "waiting-for-sync", "failover-in-progress"}[s]
}

// now is how far it is.
func (fo *failover) now() failoverState {
	fo.mu.Lock()
	defer fo.mu.Unlock()
	return fo.mu.state
}

func (fo *failover) set(state failoverState) {
	fo.mu.Lock()
	defer fo.mu.Unlock()
	fo.mu.state = state
}

// begin begins one, unless one is under way.
func (fo *failover) begin() (abort <-chan struct{}, ok bool) {
	fo.mu.Lock()
	defer fo.mu.Unlock()
	if fo.mu.state != noFailover {
		return nil, false
	}
	fo.mu.state, fo.mu.abort = waitingForSync, make(chan struct{})
	return fo.mu.abort, true
}

// Failover implements command.ReplicasHost.
func (h replicasHost) Failover(c *command.Ctx, o command.FailoverOptions) (errText string) {
	r := &h.srv.role
	list := r.feed.Numbers().Replicas
	switch {
	case r.over.now() != noFailover:
		return "ERR FAILOVER already in progress."
	case h.IsReplica():
		return "ERR FAILOVER is not valid when server is a replica."
	case len(list) == 0:
		return "ERR FAILOVER requires connected replicas."
	case o.Force && (o.TimeoutMs == 0 || !o.To):
		return "ERR FAILOVER with force option requires both a timeout and target HOST and IP."
	}
	if o.To {
		switch p := peered(list, o); {
		case p == nil:
			return "ERR FAILOVER target HOST and PORT is not a replica."
		case p.State != feed.Online:
			return "ERR FAILOVER target replica is not online."
		}
	}
	abort, ok := r.over.begin()
	if !ok {
		return "ERR FAILOVER already in progress."
	}
	exec.Of(c).WithoutGates(func() { r.pauseWrites() })
	go r.failover(o, abort)
	return ""
}

// AbortFailover implements command.ReplicasHost.
func (h replicasHost) AbortFailover() (errText string) {
	fo := &h.srv.role.over
	fo.mu.Lock()
	defer fo.mu.Unlock()
	if fo.mu.state == noFailover {
		return "ERR No failover in progress."
	}
	if fo.mu.abort != nil {
		close(fo.mu.abort)
		fo.mu.abort = nil
	}
	return ""
}

// peered finds the replica that FAILOVER names, nil: there is none.
func peered(list []feed.Peered, o command.FailoverOptions) *feed.Peered {
	for i := range list {
		if names(o, &list[i]) {
			return &list[i]
		}
	}
	return nil
}

// names tells whether FAILOVER names the replica.
func names(o command.FailoverOptions, p *feed.Peered) bool {
	return strings.EqualFold(p.IP, o.Host) && int64(p.Port) == o.Port
}

// pauseWrites lets what may write wait, and the stream end where it is.
func (r *role) pauseWrites() {
	r.feed.Quiet(true)
	r.srv.Gates.LockAll()
	r.srv.clients.Pauses.Begin(failoverPauseMs, false)
	r.srv.Gates.UnlockAll()
}

// failover waits for the replica that has everything, and lets it take over.
func (r *role) failover(o command.FailoverOptions, abort <-chan struct{}) {
	s := r.srv
	defer func() {
		r.feed.Quiet(false)
		s.clients.Pauses.Cancel()
		r.over.set(noFailover)
	}()
	end := time.Now().Add(time.Duration(o.TimeoutMs) * time.Millisecond)
	s.Log.Info("FAILOVER: waiting for a replica to have everything")
	r.feed.AskAcks()
	r.feed.Flush()
	t := time.NewTicker(failoverTick)
	defer t.Stop()
	for {
		late := o.TimeoutMs > 0 && time.Now().After(end)
		if late && !o.Force {
			s.Log.Warn("FAILOVER: no replica has got everything in time, the server goes on as the primary")
			return
		}
		p := r.caughtUp(o)
		if late && p == nil {
			p = &replication.Primary{Host: o.Host, Port: int(o.Port)}
		}
		if p != nil && r.handOver(p, late, abort) {
			return
		}
		select {
		case <-abort:
			s.Log.Info("FAILOVER: aborted")
			return
		case <-s.stop:
			return
		case <-t.C:
		}
	}
}

// caughtUp is a replica that has everything, of those that will do; nil: there is none yet.
func (r *role) caughtUp(o command.FailoverOptions) *replication.Primary {
	all := r.backlog.Offset()
	for _, p := range r.feed.Numbers().Replicas {
		if p.State == feed.Online && p.Offset == all && (!o.To || names(o, &p)) {
			return &replication.Primary{Host: p.IP, Port: p.Port}
		}
	}
	return nil
}

// handOver makes the server a replica of p, which is asked to become the primary. It returns false if p has not
// everything any more. If p does not take over, the server is a primary again.
func (r *role) handOver(p *replication.Primary, force bool, abort <-chan struct{}) bool {
	s := r.srv
	took := make(chan bool, 1)
	may := func() bool {
		return force || r.caughtUp(command.FailoverOptions{To: true, Host: p.Host, Port: int64(p.Port)}) != nil
	}
	if !r.turn(p, may, func(taken bool) { took <- taken }) {
		return false
	}
	r.over.set(takingOver)
	taken := false
	select {
	case taken = <-took:
	case <-abort:
	case <-s.stop:
	case <-time.After(time.Duration(s.Opts.ReplTimeout.Load()) * time.Second):
	}
	if !taken {
		s.Log.Warn("FAILOVER: the replica does not take over, the server is the primary again", "replica", p)
		r.replicate(nil)
		return true
	}
	_ = s.Opts.Assign("replicaof", p.Host, strconv.Itoa(p.Port)) // they are valid
	return true
}

// leaving is whether somebody waits for replicas because a client has asked for the server's end.
type leaving struct {
	mu struct { // innermost
		sync.Mutex
		waiting int
		off     chan struct{} // closed by SHUTDOWN ABORT
	}
}

// enter is called by who is going to wait: off is closed when he is to stop. leave ends it.
func (l *leaving) enter() (off <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.waiting == 0 {
		l.mu.off = make(chan struct{})
	}
	l.mu.waiting++
	return l.mu.off
}

func (l *leaving) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.waiting--
}

// callOff stops all who wait, and tells whether anybody does.
func (l *leaving) callOff() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.waiting == 0 {
		return false
	}
	select {
	case <-l.mu.off: // they are about to leave
	default:
		close(l.mu.off)
	}
	return true
}

// awaitReplicas lets replicas that are online get everything before the server ends, for at most shutdown-timeout, or until off
// is closed. Writes are held from now on, until resume is called because the server does not end.
func (r *role) awaitReplicas(off <-chan struct{}) (resume func(), calledOff bool) {
	s := r.srv
	limit := time.Duration(s.Opts.ShutdownTimeout.Load()) * time.Second
	online := r.feed.Acked(0, false)
	if limit <= 0 || online == 0 || r.history.Primary() != nil {
		return func() {}, false
	}
	r.feed.Quiet(true)
	defer r.feed.Quiet(false)
	late := time.After(limit)
	held := make(chan struct{})
	go func() { // a command that does not end must not keep the server from ending
		s.Gates.LockAll()
		s.clients.Pauses.Hold()
		s.Gates.UnlockAll()
		close(held)
	}()
	resume = func() {
		go func() {
			<-held
			s.clients.Pauses.Release()
		}()
	}
	select {
	case <-held:
	case <-off:
		return resume, true
	case <-late:
		return resume, false
	}
	offset := r.backlog.Offset()
	r.feed.AskAcks()
	r.feed.Flush()
	for r.feed.Acked(offset, false) < min(online, r.feed.Acked(0, false)) {
		select {
		case <-off:
			return resume, true
		case <-late:
			s.Log.Warn("the server ends although replicas have not got everything", "offset", offset)
			return resume, false
		case <-time.After(failoverTick):
		}
	}
	return resume, false
}

const (
	// failoverTick is how often FAILOVER looks whether a replica has everything.
	failoverTick = 10 * time.Millisecond
	// failoverPauseMs is for how long writes pause at most.
	failoverPauseMs = 1 << 40
)
