package cluster

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// pairOf is two directories of one coordinator that know nodes a, a primary, and b, its replica.
func pairOf(t *testing.T) (m *Memory, a, b *Directory, shard string) {
	t.Helper()
	m, shard = NewMemory(), NewID()
	open := func() *Directory {
		d, err := OpenDirectory(t.Context(), m, func(*Topology) {}, func() {})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	a = open()
	if _, err := a.Change(t.Context(), func(d *Draft) error {
		d.Join(Node{ID: idA, Port: 1}, shard)
		d.Join(Node{ID: idB, Port: 2}, NewID())
		return d.Replicate(idB, shard)
	}); err != nil {
		t.Fatal(err)
	}
	return m, a, open(), shard
}

var idA, idB = NewID(), NewID()

// TestLead: one node of a shard leads at most, whoever tries; what it was found out from must not have changed.
func TestLead(t *testing.T) {
	m, a, b, shard := pairOf(t)
	lease := func() Lease {
		l, err := m.Grant(t.Context(), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	leaseA, leaseB := lease(), lease()
	claim := func(d *Directory, node string, l Lease) error {
		return d.Lead(t.Context(), Claim{Node: node, Token: "x", Lease: l, Round: d.Presence().Heirs(shard).Revision})
	}
	if err := claim(a, idA, leaseA); err != nil {
		t.Fatal(err)
	}
	if lead, led := a.Presence().Lead(shard); !led || lead.Node != idA || !slices.Equal(a.Presence().Heirs(shard).Nodes, []string{idB}) {
		t.Error(lead, led, a.Presence().Heirs(shard))
	}
	if err := claim(b, idB, leaseB); !errors.Is(err, ErrConflict) { // of an older round
		t.Error(err)
	}
	if err := claim(b, idB, leaseB); !errors.Is(err, ErrConflict) || b.Topology().Shard(shard).Primary != idA {
		t.Error("two lead", err)
	}
	if err := b.HandOver(t.Context(), shard, idB, idB); !errors.Is(err, ErrConflict) {
		t.Error("a node that does not lead has handed over", err)
	}
	if err := leaseA.Revoke(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	epoch := b.Topology().Epoch()
	if err := claim(b, idB, leaseB); err != nil {
		t.Fatal(err)
	}
	if s := b.Topology().Shard(shard); s.Primary != idB || s.Epoch != epoch+1 || !slices.Equal(b.Presence().Heirs(shard).Nodes, []string{idA}) {
		t.Error(s, b.Presence().Heirs(shard))
	}
	if err := claim(a, idA, lease()); !errors.Is(err, ErrConflict) {
		t.Error("a primary that was replaced leads", err)
	}
}

// TestHandOver: who hands over does not lead from then on, and the other may.
func TestHandOver(t *testing.T) {
	m, a, b, shard := pairOf(t)
	lease, err := m.Grant(t.Context(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	claim := func(d *Directory, node string) error {
		return d.Lead(t.Context(), Claim{Node: node, Token: "x", Lease: lease, Round: d.Presence().Heirs(shard).Revision})
	}
	if err := claim(a, idA); err != nil {
		t.Fatal(err)
	}
	if err := a.Ask(t.Context(), shard, idB, lease); err != nil || a.Refresh(t.Context()) != nil || a.Presence().Asked(shard) != idB {
		t.Error(err, a.Presence().Asked(shard))
	}
	if err := a.HandOver(t.Context(), shard, idA, idB); err != nil {
		t.Fatal(err)
	}
	if _, led := a.Presence().Lead(shard); led || a.Topology().Shard(shard).Primary != idB || a.Presence().Asked(shard) != "" {
		t.Error("it leads on", a.Topology().Shard(shard))
	}
	if err := b.Refresh(t.Context()); err != nil || !slices.Contains(b.Presence().Heirs(shard).Nodes, idB) {
		t.Error(err, b.Presence().Heirs(shard))
	}
	if err := claim(b, idB); err != nil {
		t.Error(err)
	}
	if err := b.Resign(t.Context(), shard, idB); err != nil {
		t.Error(err)
	}
	if _, led := b.Presence().Lead(shard); led {
		t.Error("it leads on")
	}
}

// TestHandOverToWhoHasGone: a replica that has gone to another shard is not made the primary there by who leads the one that it has left.
func TestHandOverToWhoHasGone(t *testing.T) {
	m, a, _, shard := pairOf(t)
	lease, err := m.Grant(t.Context(), time.Hour)
	if err == nil {
		err = a.Lead(t.Context(), Claim{Node: idA, Token: "x", Lease: lease})
	}
	if err != nil {
		t.Fatal(err)
	}
	other, primary := NewID(), NewID()
	if _, err := a.Change(t.Context(), func(d *Draft) error {
		d.Join(Node{ID: primary, Port: 3}, other)
		return d.Replicate(idB, other)
	}); err != nil {
		t.Fatal(err)
	}
	if err := a.HandOver(t.Context(), shard, idA, idB); !errors.Is(err, ErrConflict) {
		t.Error(err)
	}
	if got := a.Topology().Shard(other).Primary; got != primary {
		t.Error("the other shard has another primary")
	}
	if _, led := a.Presence().Lead(shard); !led {
		t.Error("nobody leads the shard any more")
	}
}

// TestHeirsOfBefore: the nodes of heirs/ as they were written before they had a term are read; of which term they are is not known.
func TestHeirsOfBefore(t *testing.T) {
	p := newPresence()
	p.put(Pair{heirsPrefix + "s", []byte(`["a","b"]`), 7})
	if h := p.Heirs("s"); !slices.Equal(h.Nodes, []string{"a", "b"}) || h.Term != 0 || h.Revision != 7 {
		t.Error(h)
	}
	p.put(Pair{heirsPrefix + "s", []byte(`{"nodes":["a"]}`), 8})
	if h := p.Heirs("s"); !slices.Equal(h.Nodes, []string{"a"}) || h.Term != 8 {
		t.Error(h)
	}
}
