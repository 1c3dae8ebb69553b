package cluster

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/internal/server/options"
)

// troupe is the nodes of one shard, whose coordinator is a Memory, with a clock of their own: whole nodes, whose servers are no more
// than an offset in a history.
type troupe struct {
	t      *testing.T
	m      *cluster.Memory
	shard  string
	actors []*actor
}

// actor is a node that can be killed, and started again with what it has kept.
type actor struct {
	*troupe
	port int
	dir  string
	n    *Node // nil: it does not run
	wire *severed
	kept data
	scene
}

// scene is the server of an actor's process, in the place of which a new one comes when it is started again.
type scene struct{ *stage }

// data are what a server has: a history, what it was called before, up to an offset, and how far it is.
type data struct {
	history, before string
	until, offset   int64
}

// stage is a server as its node sees it.
type stage struct {
	house
	mu     sync.Mutex
	port   int
	of     int // the port of its primary, 0: it has none
	fed    bool
	frozen bool
	now    data
}

func (s *stage) Ports() (plain, encrypted int) { return s.port, 0 }

func (s *stage) Follow(_ string, port int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of != port || s.frozen {
		s.of, s.fed, s.frozen = port, false, false
	}
}

func (s *stage) Lead() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of != 0 {
		s.now.before, s.now.until, s.now.history = s.now.history, s.now.offset, cluster.NewID()
		s.of, s.fed, s.frozen = 0, false, false
	}
}

func (s *stage) Following() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of != 0
}

func (s *stage) Freeze() (offset int64, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen, s.fed = true, false
	return s.now.offset, s.of != 0 && s.now.history != ""
}

func (s *stage) History() (id, before string, until int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now.history, s.now.before, s.now.until
}

func (s *stage) Fed(_ string, port int) (id string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now.history, s.fed && s.of == port
}

func (s *stage) Offset() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now.offset
}

func (s *stage) Empty() bool { return s.Offset() == 0 }

// severed is the coordinator as one process sees it, which can be killed.
type severed struct {
	*cluster.Memory
	mu   sync.Mutex
	gone bool
	mute string // who writes a key that begins so gets no reply, once
}

func (s *severed) is() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone
}

func (s *severed) Read(ctx context.Context) (cluster.State, error) {
	if s.is() {
		return cluster.State{}, cluster.ErrUnreachable
	}
	return s.Memory.Read(ctx)
}

func (s *severed) Commit(ctx context.Context, txn cluster.Txn) (int64, error) {
	if s.is() {
		return 0, cluster.ErrUnreachable
	}
	for i, p := range txn.Put {
		if l, ok := p.Lease.(severedLease); ok {
			txn.Put[i].Lease = l.Lease
		}
	}
	revision, err := s.Memory.Commit(ctx, txn)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && s.mute != "" && slices.ContainsFunc(txn.Put, func(p cluster.Put) bool { return strings.HasPrefix(p.Key, s.mute) }) {
		s.mute = ""
		return 0, cluster.ErrUnreachable
	}
	return revision, err
}

func (s *severed) Grant(ctx context.Context, ttl time.Duration) (cluster.Lease, error) {
	if s.is() {
		return nil, cluster.ErrUnreachable
	}
	l, err := s.Memory.Grant(ctx, ttl)
	return severedLease{l, s}, err
}

func (s *severed) Close() error { return nil } // others use it

// severedLease ends by itself only, when its process has been killed.
type severedLease struct {
	cluster.Lease
	s *severed
}

func (l severedLease) Renew(ctx context.Context) error {
	if l.s.is() {
		return cluster.ErrUnreachable
	}
	return l.Lease.Renew(ctx)
}

func (l severedLease) Revoke(ctx context.Context) error {
	if l.s.is() {
		return cluster.ErrUnreachable
	}
	return l.Lease.Revoke(ctx)
}

// onStage runs a test with a shard of a primary, the first, which leads and has data up to offset 10, and its replicas, which have
// them up to 7, 6..., and are its heirs.
func onStage(t *testing.T, nodes int, test func(tr *troupe)) {
	t.Helper()
	dirs := make([]string, nodes)
	for i := range dirs {
		dirs[i] = t.TempDir()
	}
	synctest.Test(t, func(t *testing.T) {
		tr := &troupe{t: t, m: cluster.NewMemory()}
		defer func() {
			for _, a := range tr.actors {
				a.kill()
			}
		}()
		for i, dir := range dirs {
			a := &actor{troupe: tr, port: 7000 + i, dir: dir}
			tr.actors = append(tr.actors, a)
			a.start()
		}
		first := tr.actors[0]
		tr.shard = first.topology().Node(first.n.ID()).Shard
		for i, a := range tr.actors[1:] {
			if _, err := a.n.directory.Change(t.Context(), func(d *cluster.Draft) error { return d.Replicate(a.n.ID(), tr.shard) }); err != nil {
				t.Fatal(err)
			}
			tr.pass(time.Second)
			a.feed(first, int64(7-i))
		}
		first.mu.Lock()
		first.now.offset = 10
		first.mu.Unlock()
		tr.pass(time.Second)
		if !first.leads() || len(first.n.directory.Presence().Heirs(tr.shard).Nodes) != nodes-1 {
			t.Fatal("the first does not lead, or has no heirs")
		}
		test(tr)
	})
}

// start starts the process with what it has kept.
func (a *actor) start() {
	a.t.Helper()
	o := options.New()
	for name, value := range map[string]string{"dir": a.dir, "cluster-announce-ip": "10.0.0.1"} {
		if err := o.Assign(name, value); err != nil {
			a.t.Fatal(err)
		}
	}
	if a.kept.history == "" {
		a.kept = data{history: cluster.NewID(), until: -1}
	}
	a.stage = &stage{port: a.port, now: a.kept}
	a.wire = &severed{Memory: a.m}
	n, err := Open(Config{House: a.stage, Options: o, Log: slog.New(slog.DiscardHandler), Coordinator: a.wire})
	if err == nil {
		err = n.Begin()
	}
	if err != nil {
		a.t.Fatal(err)
	}
	a.n = n
	n.Attend()
	a.pass(time.Second)
}

// kill ends the process at once; its lease goes on. It keeps its data.
func (a *actor) kill() {
	if a.n == nil {
		return
	}
	a.wire.mu.Lock()
	a.wire.gone = true
	a.wire.mu.Unlock()
	a.n.Close()
	a.n = nil
	a.mu.Lock()
	a.kept = a.now
	a.mu.Unlock()
}

// feed gives a replica its primary's data up to an offset.
func (a *actor) feed(from *actor, offset int64) {
	a.t.Helper()
	from.mu.Lock()
	history := from.now.history
	from.mu.Unlock()
	a.mu.Lock()
	if a.of != from.port {
		a.mu.Unlock()
		a.t.Fatal("it does not follow")
	}
	a.now, a.fed = data{history: history, until: -1, offset: offset}, true
	a.mu.Unlock()
	a.n.Fed()
}

// force is CLUSTER FAILOVER FORCE to a node.
func (a *actor) force() {
	a.t.Helper()
	if _, err := a.n.directory.Change(a.t.Context(), func(d *cluster.Draft) error { return d.Promote(a.n.ID()) }); err != nil {
		a.t.Fatal(err)
	}
}

// topology is the shard's, from any node that runs.
func (a *actor) topology() *cluster.Topology { return a.n.directory.Topology() }

// leads tells whether the node runs, and leads the shard.
func (a *actor) leads() bool {
	if a.n == nil || a.n.topology().Node(a.n.ID()).Shard != a.shard {
		return false
	}
	term := a.n.leading()
	return term != nil && !term.Lapsed()
}

// pass lets time pass, in which two never lead.
func (tr *troupe) pass(d time.Duration) {
	tr.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		tr.leader()
	}
}

// leader is who leads, nil if nobody does.
func (tr *troupe) leader() (who *actor) {
	tr.t.Helper()
	synctest.Wait()
	for _, a := range tr.actors {
		if a.leads() && who != nil {
			tr.t.Fatalf("%d and %d lead at once", who.port, a.port)
		} else if a.leads() {
			who = a
		}
	}
	return who
}

// wants waits, for a limited time, until a node leads.
func (tr *troupe) wants(a *actor, within time.Duration) {
	tr.t.Helper()
	for end := time.Now().Add(within); tr.leader() == nil && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
	}
	if got := tr.leader(); got != a {
		if got == nil {
			tr.t.Fatalf("nobody leads, not %d", a.port)
		}
		tr.t.Fatalf("%d leads, not %d", got.port, a.port)
	}
}

// ttl is for how long leases last.
const ttl = 15 * time.Second

// forcedThenGone is CLUSTER FAILOVER FORCE to the second node, as the first one has been killed, and the end of the second one before it
// could lead: the first one's lease has lasted until then.
func (tr *troupe) forcedThenGone() (p, x *actor) {
	tr.t.Helper()
	p, x = tr.actors[0], tr.actors[1]
	p.kill()
	x.force()
	tr.pass(time.Second)
	x.kill()
	tr.pass(2 * ttl)
	if s := tr.actors[0]; s.leads() || x.leads() {
		tr.t.Fatal("one that does not run leads")
	}
	return p, x
}

// TestFormerLeaderReturns: who led last leads again although the topology has another one as the primary, if that one never led: nobody has
// more.
func TestFormerLeaderReturns(t *testing.T) {
	onStage(t, 2, func(tr *troupe) {
		p, x := tr.forcedThenGone()
		p.start()
		tr.wants(p, 3*ttl)
		if p.Offset() != 10 {
			t.Error("its data are gone: ", p.Offset())
		}
		x.start()
		tr.pass(3 * ttl)
		tr.wants(p, 0)
		if !x.Following() {
			t.Error("the other one does not follow")
		}
	})
}

// TestFormerLeaderOfANewHistory: who led last leads again also if it was started meanwhile, as the primary, which begins a history, and
// ended before it led.
func TestFormerLeaderOfANewHistory(t *testing.T) {
	onStage(t, 2, func(tr *troupe) {
		p, _ := tr.forcedThenGone()
		p.kept.history, p.kept.before, p.kept.until = cluster.NewID(), "", -1
		p.start()
		tr.wants(p, 3*ttl)
		if p.Offset() != 10 {
			t.Error("its data are gone: ", p.Offset())
		}
	})
}

// TestFormerLeaderWithout: who led last and has lost its data does not lead; who has them does.
func TestFormerLeaderWithout(t *testing.T) {
	onStage(t, 2, func(tr *troupe) {
		p, x := tr.forcedThenGone()
		p.kept = data{}
		p.start()
		tr.pass(5 * ttl)
		if tr.leader() != nil {
			t.Fatal("a node without data leads")
		}
		x.start()
		tr.wants(x, 3*ttl)
		if x.Offset() != 7 {
			t.Error("its data are gone: ", x.Offset())
		}
	})
}

// TestFormerLeaderAmongHeirs: who led last has more than an heir of its term, and leads when both are there; without it the heir does.
func TestFormerLeaderAmongHeirs(t *testing.T) {
	onStage(t, 3, func(tr *troupe) {
		y := tr.actors[2]
		y.kill()
		p, x := tr.forcedThenGone()
		p.start()
		tr.wants(p, 3*ttl)
		p.kill()
		y.start()
		tr.wants(y, 3*ttl) // it was an heir, and has not been told that it is behind
		x.start()
		tr.pass(ttl)
		tr.wants(y, 0)
	})
}

// TestLaterTermIsWaitedFor: when the one that was forced has led, and written, who led before waits for it longer than it takes to start,
// and not for ever.
func TestLaterTermIsWaitedFor(t *testing.T) {
	for _, back := range []bool{true, false} {
		onStage(t, 2, func(tr *troupe) {
			p, x := tr.actors[0], tr.actors[1]
			p.kill()
			x.force()
			tr.wants(x, 3*ttl)
			x.mu.Lock()
			x.now.offset = 9 // fewer than p has, of a later term
			x.mu.Unlock()
			x.n.Fed()
			tr.pass(time.Second)
			x.kill()
			tr.pass(2 * ttl)
			p.start()
			tr.pass(ttl)
			if tr.leader() != nil {
				t.Fatal("a node with data of before does not wait for those who have later ones")
			}
			if back {
				x.start()
				tr.wants(x, 3*ttl)
				return
			}
			tr.wants(p, 3*ttl)
		})
	}
}

// TestLeadsWithoutReply: a node whose lease has ended, and that gets no reply to its claim to lead again, leads by the lease that it has
// now, for as long as that is renewed.
func TestLeadsWithoutReply(t *testing.T) {
	onStage(t, 1, func(tr *troupe) {
		p := tr.actors[0]
		lease, _ := p.n.held()
		p.wire.mu.Lock()
		p.wire.mute = "lead/"
		p.wire.mu.Unlock()
		if err := lease.Revoke(t.Context()); err != nil {
			t.Fatal(err)
		}
		tr.pass(ttl)
		p.wire.mu.Lock()
		left := p.wire.mute
		p.wire.mu.Unlock()
		if left != "" {
			t.Fatal("it has not claimed to lead")
		}
		for range 8 {
			tr.pass(ttl / 2)
			tr.wants(p, 0)
		}
	})
}

// TestForgottenFormerLeader: a node that is forgotten, and whose first shard was the one in which another node leads now, is in a shard of
// its own again, and that one leads on.
func TestForgottenFormerLeader(t *testing.T) {
	onStage(t, 2, func(tr *troupe) {
		p, x := tr.actors[0], tr.actors[1]
		x.force()
		tr.pass(time.Second)
		tr.wants(x, 0)
		p.feed(x, 10)
		if _, err := x.n.directory.Change(t.Context(), func(d *cluster.Draft) error { return d.Forget(p.n.ID()) }); err != nil {
			t.Fatal(err)
		}
		tr.pass(3 * ttl)
		tr.wants(x, 0)
		top := x.topology()
		if s := top.Shard(tr.shard); s.Primary != x.n.ID() || len(top.Members(s)) != 1 {
			t.Error("the shard has another primary, or more nodes")
		}
		if me := top.Node(p.n.ID()); me == nil || top.Shard(me.Shard).Primary != p.n.ID() {
			t.Error("the node that was forgotten is in no shard of its own")
		}
	})
}

// TestForcedWhileItLives: a primary that lives gives way to a replica that is forced, which leads with what it has, and is followed.
func TestForcedWhileItLives(t *testing.T) {
	onStage(t, 2, func(tr *troupe) {
		p, x := tr.actors[0], tr.actors[1]
		x.force()
		tr.pass(time.Second)
		tr.wants(x, 0)
		if h := x.n.directory.Presence().Heirs(tr.shard); h.Led != x.n.ID() || strings.Join(h.Nodes, " ") != p.n.ID() {
			t.Error(h)
		}
		x.kill()
		tr.wants(p, 5*ttl)
	})
}
