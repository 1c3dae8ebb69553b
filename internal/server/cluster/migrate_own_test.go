package cluster

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/options"
)

// target is the server of a node to which slots come.
type target struct {
	house
	mu     sync.Mutex
	has    map[string]bool // who has acknowledged what has come
	looked chan string     // gets who was looked at
}

func (h *target) HoldWrites(atCut func() bool) { atCut() }
func (h *target) ReleaseWrites()               {}

func (h *target) Reached(node string, _ int64) bool {
	select {
	case h.looked <- node:
	default:
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.has[node]
}

// interrupted is a coordinator that does something else right before the first transaction that gives a shard slots.
type interrupted struct {
	*cluster.Memory
	key string // the shard's
	do  func()
}

func (c *interrupted) Commit(ctx context.Context, txn cluster.Txn) (int64, error) {
	if do := c.do; do != nil && slices.ContainsFunc(txn.Put, func(p cluster.Put) bool { return p.Key == c.key }) {
		c.do = nil
		do()
	}
	return c.Memory.Commit(ctx, txn)
}

// taking is a move of the slots 0 to 9 that is about to end: the target leads, and of its two replicas one has all keys.
func taking(t *testing.T) (in *intake, h *target, c *interrupted, replicas []string, source string) {
	t.Helper()
	h = &target{has: map[string]bool{}, looked: make(chan string, 1)}
	c = &interrupted{Memory: cluster.NewMemory()}
	o := options.New()
	if err := o.Assign("dir", t.TempDir()); err != nil {
		t.Fatal(err)
	}
	n, err := Open(Config{House: h, Options: o, Log: slog.New(slog.DiscardHandler), Coordinator: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	if err := n.Begin(); err != nil {
		t.Fatal(err)
	}
	mine := n.topology().Node(n.ID()).Shard
	source, replicas = cluster.NewID(), []string{cluster.NewID(), cluster.NewID()}
	from := cluster.NewID()
	next, err := n.directory.Change(t.Context(), func(d *cluster.Draft) error {
		d.Join(cluster.Node{ID: source, Port: 1}, from)
		for _, id := range replicas {
			d.Join(cluster.Node{ID: id, Port: 1}, cluster.NewID())
		}
		return errors.Join(d.Replicate(replicas[0], mine), d.Replicate(replicas[1], mine), d.AddSlots(from, cluster.Ranges{{First: 0, Last: 9}}))
	})
	if err != nil {
		t.Fatal(err)
	}
	lease, err := c.Grant(t.Context(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	n.lead(lease, replicas)
	h.has[replicas[0]] = true
	c.key = "shard/" + mine
	j := newJob("move", []cluster.Slot{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, source, n.ID())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	j.term = n.leading()
	in = &intake{m: &n.moves, j: j, ctx: ctx}
	if next.Shard(from).Epoch == 0 || !in.inherited(7) {
		t.Fatal("it is not ready")
	}
	return in, h, c, replicas, from
}

// owner is the shard that has the slots.
func (in *intake) owner(t *testing.T) string {
	t.Helper()
	if err := in.m.n.directory.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return in.m.n.topology().Owner(5).ID
}

// leaves has a replica of the target go to another shard.
func (in *intake) leaves(t *testing.T, c *interrupted, node, to string) {
	t.Helper()
	d, err := cluster.OpenDirectory(t.Context(), c.Memory, func(*cluster.Topology) {}, func() {})
	if err == nil {
		_, err = d.Change(t.Context(), func(d *cluster.Draft) error { return d.Replicate(node, to) })
	}
	if err != nil {
		t.Error(err)
	}
}

// TestSecondLookAtHeirs: when the only replica that has the keys goes to another shard at the moment at which the slots are to be the
// target's, they are not, until another one has them.
func TestSecondLookAtHeirs(t *testing.T) {
	t.Parallel()
	in, h, c, replicas, from := taking(t)
	c.do = func() { in.leaves(t, c, replicas[0], from) }
	epoch := in.m.n.topology().Shard(from).Epoch
	ended := make(chan error, 1)
	go func() { ended <- in.own(epoch, 7) }()
	for looks := 0; looks < 3; { // the other one, after the first has gone
		select {
		case node := <-h.looked:
			if node == replicas[1] && in.m.n.topology().Node(replicas[0]).Shard == from {
				looks++
			}
		case err := <-ended:
			t.Fatal("the move has ended without a replica that has the keys: ", err)
		}
	}
	if in.owner(t) != from {
		t.Error("the target has the slots, and no replica of it the keys")
	}
	h.mu.Lock()
	h.has[replicas[1]] = true
	h.mu.Unlock()
	if err := <-ended; err != nil || in.owner(t) == from {
		t.Error("the target does not get the slots: ", err)
	}
}

// TestSecondLookAtSource: a source that has kept its slots, as it has waited for long enough, keeps them, whenever the target is ready.
func TestSecondLookAtSource(t *testing.T) {
	t.Parallel()
	in, _, c, _, from := taking(t)
	epoch := in.m.n.topology().Shard(from).Epoch
	c.do = func() {
		d, err := cluster.OpenDirectory(t.Context(), c.Memory, func(*cluster.Topology) {}, func() {})
		if err == nil {
			_, err = d.Change(t.Context(), func(d *cluster.Draft) error { return d.Bump(from) })
		}
		if err != nil {
			t.Error(err)
		}
	}
	var no refusal
	if err := in.own(epoch, 7); !errors.As(err, &no) || in.owner(t) != from {
		t.Error("the target has taken slots that the source has kept: ", err)
	}
}

// TestComingIsForWhoLeads: the keys of a slot that comes key by key are taken by a node that leads: where they come from they are
// deleted, and another one may have its place already.
func TestComingIsForWhoLeads(t *testing.T) {
	t.Parallel()
	in, _, _, _, from := taking(t)
	n := in.m.n
	if _, err := n.directory.Change(t.Context(), func(d *cluster.Draft) error { return d.Import(5, n.mine(d).ID, from) }); err != nil {
		t.Fatal(err)
	}
	if s := n.slots(n.topology()); s.Places[5] != admit.Coming || s.Term == nil || s.Without == nil || !s.Without.Down {
		t.Error("without a term: ", s.Places[5], s.Term)
	}
	if n.abdicate(); !n.slots(n.topology()).Down {
		t.Error("it takes keys although it does not lead")
	}
}

// TestMoveWithinOneReign: a move ends when another node has led meanwhile, at either end, although the node leads again: the other one
// deletes what has come of slots that are not its shard's, and what it has changed may have come as a copy of everything.
func TestMoveWithinOneReign(t *testing.T) {
	t.Parallel()
	in, _, c, replicas, from := taking(t)
	n := in.m.n
	x := &export{m: in.m, j: in.j}
	if _, held := x.hold(); !held {
		t.Error("the source does not let go of its slots")
	}
	lease, err := c.Grant(t.Context(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	n.abdicate()
	n.lead(lease, replicas)
	var no refusal
	if err := in.own(n.topology().Shard(from).Epoch, 7); !errors.As(err, &no) || in.owner(t) != from {
		t.Error("the target takes the slots: ", err)
	}
	x = &export{m: in.m, j: in.j}
	if _, held := x.hold(); held {
		t.Error("the source lets go of its slots")
	}
}
