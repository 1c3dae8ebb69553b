package cluster

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/internal/server/options"
)

// orphan is a replica in a shard whose primary, which has led with the term that is returned, has given back its lease. The
// replica has a lease, and data of history "h".
func orphan(t *testing.T) (n *Node, h *house, shard string, term int64) {
	t.Helper()
	return orphanAt(t, cluster.NewMemory())
}

// orphanAt is orphan with a coordinator.
func orphanAt(t *testing.T, m cluster.Coordinator) (n *Node, h *house, shard string, term int64) {
	t.Helper()
	return orphanNamed(t, m, true)
}

// orphanNamed is orphanAt for a node that the leader has named as one who may lead, or has not.
func orphanNamed(t *testing.T, m cluster.Coordinator, named bool) (n *Node, h *house, shard string, term int64) {
	t.Helper()
	h = &house{following: true, history: "h"}
	o := options.New()
	if err := o.Assign("dir", t.TempDir()); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	n, err := Open(Config{House: h, Options: o, Log: slog.New(slog.DiscardHandler), Coordinator: m})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	if err := n.Begin(); err != nil {
		t.Fatal(err)
	}
	if err := n.renewed(ctx); err != nil {
		t.Fatal(err)
	}
	primary := cluster.NewID()
	shard = cluster.NewID()
	replicate := func(d *cluster.Draft) error { return d.Replicate(n.ID(), shard) }
	if _, err := n.directory.Change(ctx, func(d *cluster.Draft) error {
		d.Join(cluster.Node{ID: primary, Port: 1}, shard)
		if !named {
			return nil // it comes later
		}
		return replicate(d)
	}); err != nil {
		t.Fatal(err)
	}
	lease, err := m.Grant(ctx, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.directory.Lead(ctx, cluster.Claim{Node: primary, Token: "x", Lease: lease}); err != nil {
		t.Fatal(err)
	}
	lead, _ := n.directory.Presence().Lead(shard)
	if err := n.directory.Heirs(ctx, shard, primary); err != nil { // of a later revision
		t.Fatal(err)
	}
	if !named {
		if _, err := n.directory.Change(ctx, replicate); err != nil {
			t.Fatal(err)
		}
	}
	if err := lease.Revoke(ctx); err != nil {
		t.Fatal(err)
	}
	if err := n.directory.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	return n, h, shard, lead.Revision
}

// leads tells whether the node leads a shard after a look.
func (n *Node) leads(shard string) (is bool, again time.Duration) {
	again = n.reign()
	lead, led := n.directory.Presence().Lead(shard)
	return led && lead.Node == n.ID(), again
}

// TestLaterTermFirst: a replica that has data of the last term leads at once when nobody else runs; one that has older ones waits for
// others, for those that do not run, too, but not for ever.
func TestLaterTermFirst(t *testing.T) {
	n, _, shard, term := orphan(t)
	n.origins.note(cluster.Origin{History: "h", Shard: shard, Term: term})
	if is, _ := n.leads(shard); !is {
		t.Error("the only node with all data does not lead")
	}
	n, _, shard, term = orphan(t)
	n.origins.note(cluster.Origin{History: "h", Shard: shard, Term: term - 1})
	if is, again := n.leads(shard); is || again < n.ttl() {
		t.Error("a node with data of before leads, or looks again after", again)
	}
	n.stands.since = time.Now().Add(-2 * n.ttl())
	if is, _ := n.leads(shard); !is {
		t.Error("nobody leads although nobody else comes")
	}
}

// TestStaleReplica: a replica that has not heard of its primary for longer than cluster-replica-validity-factor allows does not lead, says so to
// others and in the log; without a bound it leads.
func TestStaleReplica(t *testing.T) {
	for _, c := range []struct {
		factor string
		beyond time.Duration
		leads  bool
	}{{"10", time.Second, false}, {"10", -time.Second, true}, {"0", time.Hour, true}} {
		n, h, shard, term := orphan(t)
		var log strings.Builder
		n.Log = slog.New(slog.NewTextHandler(&log, nil))
		n.origins.note(cluster.Origin{History: "h", Shard: shard, Term: term})
		if err := n.Options.Assign("cluster-replica-validity-factor", c.factor); err != nil {
			t.Fatal(err)
		}
		h.silent = 10*n.ttl() + time.Duration(n.Options.ReplPingPeriod.Load())*time.Second + c.beyond
		if is, _ := n.leads(shard); is != c.leads {
			t.Errorf("%+v: it leads: %v", c, is)
		}
		if err := n.directory.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if said, _ := n.directory.Presence().Live(n.ID()); !c.leads && !said.Never {
			t.Errorf("%+v: it says %+v", c, said)
		}
		if told := strings.Contains(log.String(), "cluster-replica-validity-factor"); told == c.leads {
			t.Errorf("%+v: the log says %q", c, &log)
		}
	}
}

// TestUnnamedReplica: a replica that the last leader has not named does not lead, and says in the log, once, what it waits for.
func TestUnnamedReplica(t *testing.T) {
	n, _, shard, term := orphanNamed(t, cluster.NewMemory(), false)
	var log strings.Builder
	n.Log = slog.New(slog.NewTextHandler(&log, nil))
	n.origins.note(cluster.Origin{History: "h", Shard: shard, Term: term})
	for range 2 {
		if is, _ := n.leads(shard); is {
			t.Error("a replica leads that nobody has named")
		}
	}
	if told := strings.Count(log.String(), "has not named this node"); told != 1 {
		t.Errorf("the log says %d times what it waits for: %s", told, &log)
	}
}

// TestChosenWithoutData: a replica that was made the primary, and has not got the shard's data, as a copy has begun to come meanwhile, does
// not lead.
func TestChosenWithoutData(t *testing.T) {
	n, h, shard, term := orphan(t)
	n.origins.note(cluster.Origin{History: "h", Shard: shard, Term: term})
	h.history = "of a copy that comes"
	if _, err := n.directory.Change(t.Context(), func(d *cluster.Draft) error { return d.Promote(n.ID()) }); err != nil {
		t.Fatal(err)
	}
	if is, _ := n.leads(shard); is {
		t.Error("it leads without data")
	}
	h.history, n.stands = "h", candidacy{}
	if is, _ := n.leads(shard); !is {
		t.Error("it does not lead with data")
	}
}

// TestPromiseBeforeLateClaim: a node whose claim has had success long after it was given up, and that has promised not to lead
// meanwhile, does not serve before that time is over.
func TestPromiseBeforeLateClaim(t *testing.T) {
	n, h, shard, term := orphan(t)
	n.origins.note(cluster.Origin{History: "h", Shard: shard, Term: term})
	lease, token := n.held()
	round := n.directory.Presence().Heirs(shard).Revision
	if err := n.directory.Lead(t.Context(), cluster.Claim{Node: n.ID(), Token: token, Lease: lease, Round: round}); err != nil {
		t.Fatal(err)
	}
	n.tenure.mu.idle = time.Now().Add(time.Hour)
	if n.reign(); n.leading() != nil {
		t.Error("it leads in spite of its promise")
	}
	n.tenure.mu.idle, h.following = time.Now(), false
	if n.reign(); n.leading() == nil {
		t.Error("it does not lead after its time")
	}
}

// TestForcedElsewhere: a node that is to take its primary's place, and has gone to another shard meanwhile, does not take the place of the
// primary there.
func TestForcedElsewhere(t *testing.T) {
	n, _, shard, _ := orphan(t)
	other, primary := cluster.NewID(), cluster.NewID()
	if _, err := n.directory.Change(t.Context(), func(d *cluster.Draft) error {
		d.Join(cluster.Node{ID: primary, Port: 1}, other)
		return d.Replicate(n.ID(), other)
	}); err != nil {
		t.Fatal(err)
	}
	var no refusal
	if _, err := n.directory.Change(t.Context(), func(d *cluster.Draft) error { return n.promote(d, shard) }); !errors.As(err, &no) {
		t.Error(err)
	}
	if n.topology().Shard(other).Primary != primary {
		t.Error("it has taken the place of another shard's primary")
	}
}

// TestOldTermEndsFirst: what has gone on under a term of before another node led ends before the topology says again that this node leads:
// a move of slots would take that for its own reign.
func TestOldTermEndsFirst(t *testing.T) {
	s := &slow{Memory: cluster.NewMemory()}
	n, _, shard, term := orphanAt(t, s)
	n.origins.note(cluster.Origin{History: "h", Shard: shard, Term: term})
	lease, _ := n.held()
	n.lead(lease, nil)
	claimed := false
	s.late = func(txn cluster.Txn) bool {
		if slices.ContainsFunc(txn.Put, func(p cluster.Put) bool { return p.Key == "lead/"+shard }) {
			claimed = true
			if n.leading() != nil {
				t.Error("the term goes on while it claims to lead")
			}
		}
		return false
	}
	if is, _ := n.leads(shard); !is || !claimed {
		t.Error("it does not lead")
	}
}

// cutOff is a coordinator that cannot be reached any more when somebody tries to lead, if it is armed.
type cutOff struct {
	*cluster.Memory
	armed, off atomic.Bool
}

func (c *cutOff) Read(ctx context.Context) (cluster.State, error) {
	if c.off.Load() {
		return cluster.State{}, cluster.ErrUnreachable
	}
	return c.Memory.Read(ctx)
}

func (c *cutOff) Commit(ctx context.Context, txn cluster.Txn) (int64, error) {
	if c.armed.Load() && slices.ContainsFunc(txn.Put, func(p cluster.Put) bool { return strings.HasPrefix(p.Key, "lead/") }) {
		c.off.Store(true)
	}
	if c.off.Load() {
		return 0, cluster.ErrUnreachable
	}
	return c.Memory.Commit(ctx, txn)
}

// TestPromiseAfterClaim: a replica that has claimed to lead, and never heard what came of it, promises again not to lead when another node
// has led since: of its claim nothing can come then.
func TestPromiseAfterClaim(t *testing.T) {
	c := &cutOff{Memory: cluster.NewMemory()}
	n, _, shard, term := orphanAt(t, c)
	n.origins.note(cluster.Origin{History: "h", Shard: shard, Term: term})
	primary := n.topology().Shard(shard).Primary
	c.armed.Store(true)
	if is, _ := n.leads(shard); is || !c.off.Load() {
		t.Fatal("it has not claimed to lead, or does")
	}
	promises := func() bool {
		n.tenure.mu.idle = time.Time{}
		n.answer(1)
		return time.Now().Before(n.tenure.mu.idle)
	}
	if promises() {
		t.Error("it promises not to lead although it may do so any moment")
	}
	lease, err := c.Memory.Grant(t.Context(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	other, err := cluster.OpenDirectory(t.Context(), c.Memory, func(*cluster.Topology) {}, func() {})
	if err == nil {
		err = other.Lead(t.Context(), cluster.Claim{Node: primary, Token: "y", Lease: lease, Round: other.Presence().Heirs(shard).Revision})
	}
	c.off.Store(false)
	if err == nil {
		err = n.directory.Refresh(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	n.reign()
	c.off.Store(true)
	if !promises() {
		t.Error("it does not promise any more")
	}
}

// TestNoFailoverIsSaid: a replica with cluster-replica-no-failover says so while its shard is led, does not lead by itself, and does when
// the option is changed.
func TestNoFailoverIsSaid(t *testing.T) {
	n, _, shard, term := orphan(t)
	n.origins.note(cluster.Origin{History: "h", Shard: shard, Term: term})
	if err := n.Options.Assign("cluster-replica-no-failover", "yes"); err != nil {
		t.Fatal(err)
	}
	if is, _ := n.leads(shard); is {
		t.Error("it leads")
	}
	if err := n.directory.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if l, _ := n.directory.Presence().Live(n.ID()); !l.NoFailover {
		t.Error("others do not know it")
	}
	if err := n.Options.Assign("cluster-replica-no-failover", "no"); err != nil {
		t.Fatal(err)
	}
	if is, _ := n.leads(shard); !is {
		t.Error("it does not lead")
	}
}

// deaf is a coordinator that those who watch hear nothing of.
type deaf struct{ *cluster.Memory }

func (deaf) Watch(ctx context.Context, _ int64, _ func(cluster.Change) error) error {
	<-ctx.Done()
	return ctx.Err()
}

// TestOthersAreRead: a node that has not heard from another one for as long as it waits reads what there is before it leads: the other one
// may have more.
func TestOthersAreRead(t *testing.T) {
	m := deaf{cluster.NewMemory()}
	n, _, shard, term := orphanAt(t, m)
	n.origins.note(cluster.Origin{History: "h", Shard: shard, Term: term})
	primary := n.directory.Topology().Shard(shard).Primary
	lease, err := m.Grant(t.Context(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	says := func(l cluster.Live) {
		if err := n.directory.Says(t.Context(), primary, l, lease); err != nil {
			t.Fatal(err)
		}
	}
	says(cluster.Live{})
	if err := n.directory.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if is, _ := n.leads(shard); is {
		t.Fatal("it does not wait for a node that runs")
	}
	says(cluster.Live{Round: n.directory.Presence().Heirs(shard).Revision, Term: term, Offset: 5})
	n.stands.since = time.Now().Add(-n.ttl())
	if is, _ := n.leads(shard); is {
		t.Error("it leads although the primary has more")
	}
}

// wanders is a replica whose shard has another one, which is to go to a shard that has lost its replica.
func wanders(t *testing.T) (n *Node, h *house, to string) {
	t.Helper()
	m, ctx := cluster.NewMemory(), t.Context()
	n, h, shard, _ := orphanAt(t, m)
	to = cluster.NewID()
	second, primary, lost := strings.Repeat("f", 40), cluster.NewID(), cluster.NewID()
	first := n.directory.Topology().Shard(shard).Primary
	if _, err := n.directory.Change(ctx, func(d *cluster.Draft) error {
		d.Join(cluster.Node{ID: primary, Port: 1}, to)
		d.Join(cluster.Node{ID: lost, Port: 1}, cluster.NewID())
		d.Join(cluster.Node{ID: second, Port: 1}, cluster.NewID())
		return errors.Join(d.Replicate(lost, to), d.Replicate(second, shard), d.AddSlots(to, cluster.Ranges{{First: 0, Last: 9}}))
	}); err != nil {
		t.Fatal(err)
	}
	lease, err := m.Grant(ctx, time.Hour)
	if err == nil {
		err = n.directory.Says(ctx, second, cluster.Live{}, lease)
	}
	for _, id := range []string{first, primary} {
		if err == nil {
			err = n.directory.Says(ctx, id, cluster.Live{}, lease)
		}
		if s := n.directory.Topology().Node(id).Shard; err == nil {
			err = n.directory.Lead(ctx, cluster.Claim{Node: id, Token: "x", Lease: lease, Round: n.directory.Presence().Heirs(s).Revision})
		}
	}
	if err == nil {
		err = n.directory.Refresh(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	return n, h, to
}

// TestWandersWhileItsPrimaryLives: a replica goes to a shard that has lost its replicas when it has heard of its own primary since, and not
// before, as that may have died with them.
func TestWandersWhileItsPrimaryLives(t *testing.T) {
	n, h, to := wanders(t)
	goes := func() bool {
		t.Helper()
		n.reign()
		n.orphan.since = time.Now().Add(-time.Hour)
		n.reign()
		return n.directory.Topology().Node(n.ID()).Shard == to
	}
	h.fed, h.silent = true, 2*time.Hour
	if goes() {
		t.Error("it goes although its primary has not been heard")
	}
	h.fed, h.silent = false, time.Minute
	if goes() {
		t.Error("it goes although it does not follow its primary")
	}
	if h.fed = true; !goes() {
		t.Error("it does not go")
	}
}

// slow is a coordinator that does one transaction late, and does not say so.
type slow struct {
	*cluster.Memory
	late func(cluster.Txn) bool
	txn  *cluster.Txn
}

func (s *slow) Commit(ctx context.Context, txn cluster.Txn) (int64, error) {
	if s.txn == nil && s.late != nil && s.late(txn) {
		s.txn = &txn
		return 0, cluster.ErrUnreachable
	}
	return s.Memory.Commit(ctx, txn)
}

// TestLateHandOver: a primary that goes on since no reply has come when it was to hand over is the only one: nothing comes of that any more.
func TestLateHandOver(t *testing.T) {
	s := &slow{Memory: cluster.NewMemory()}
	n, h, shard, term := orphanAt(t, s)
	n.origins.note(cluster.Origin{History: "h", Shard: shard, Term: term})
	n.crownedHere = true // else it would wait for who led last, which has more
	ctx, replica := t.Context(), n.directory.Topology().Shard(shard).Primary
	if _, err := n.directory.Change(ctx, func(d *cluster.Draft) error { return d.Promote(n.ID()) }); err != nil {
		t.Fatal(err)
	}
	h.following = false
	for range 5 {
		n.reign() // it leads, and names its heir
	}
	if n.leading() == nil {
		t.Fatal("it does not lead")
	}
	lease, err := s.Grant(ctx, time.Hour)
	if err == nil {
		err = n.directory.Ask(ctx, shard, replica, lease)
	}
	if err == nil {
		err = n.directory.Refresh(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.late = func(txn cluster.Txn) bool { return slices.Contains(txn.Delete, "lead/"+shard) }
	n.reign()
	if s.txn == nil {
		t.Fatal("it does not hand over")
	}
	if n.leading() == nil {
		t.Error("it does not go on")
	}
	if _, err := s.Memory.Commit(ctx, *s.txn); !errors.Is(err, cluster.ErrConflict) {
		t.Error("the replica is the primary as well: ", err)
	}
}
