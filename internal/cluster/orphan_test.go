package cluster

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// TestOrphan: of the shards' replicas one goes to a shard whose replicas are gone, from the shard that has most.
func TestOrphan(t *testing.T) {
	ctx := t.Context()
	m := NewMemory()
	open := func() *Directory {
		d, err := OpenDirectory(ctx, m, func(*Topology) {}, func() {})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	d := open()
	shards := []string{NewID(), NewID(), NewID()}
	primaries := []string{NewID(), NewID(), NewID()}
	replicas := [][]string{{NewID()}, {NewID(), NewID()}, {NewID(), NewID()}}
	if _, err := d.Change(ctx, func(d *Draft) error {
		for i, s := range shards {
			d.Join(Node{ID: primaries[i], Port: 1}, s)
			if err := d.AddSlots(s, Ranges{{Slot(i), Slot(i)}}); err != nil {
				return err
			}
			for _, r := range replicas[i] {
				d.Join(Node{ID: r, Port: 1}, NewID())
				if err := d.Replicate(r, s); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	leases := map[string]Lease{}
	runs := func(id string) {
		l, err := m.Grant(ctx, time.Hour)
		if err == nil {
			leases[id] = l
			err = d.Says(ctx, id, Live{}, l)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, p := range primaries {
		runs(p)
		for _, r := range replicas[i] {
			runs(r)
		}
		if err := d.Lead(ctx, Claim{Node: p, Token: "x", Lease: leases[p]}); err != nil {
			t.Fatal(err)
		}
	}
	// who goes where, of all nodes
	goes := func(barrier int) (nodes []string, to string) {
		t.Helper()
		if err := d.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
		for _, n := range d.Topology().Nodes() {
			if s, found := d.Topology().Orphan(d.Presence(), n.ID, barrier); found {
				nodes, to = append(nodes, n.ID), s
			}
		}
		return nodes, to
	}
	ends := func(id string) {
		t.Helper()
		if err := leases[id].Revoke(ctx); err != nil {
			t.Fatal(err)
		}
	}
	none := func(what string, barrier int) {
		t.Helper()
		if got, to := goes(barrier); len(got) > 0 {
			t.Error(what, got, to)
		}
	}
	none("no shard is an orphan", 1)
	ends(replicas[0][0])
	none("the others have no more than the barrier", 2)
	spare := slices.Sorted(slices.Values(slices.Concat(replicas[1], replicas[2])))
	got, to := goes(1)
	if !slices.Equal(got, spare[:1]) || to != shards[0] {
		t.Fatalf("%v go to %s, not %s to %s", got, to, spare[0], shards[0])
	}
	from, other := d.Topology(), open()
	if err := other.Adopt(ctx, from, got[0], to); err != nil {
		t.Fatal(err)
	}
	if err := d.Adopt(ctx, from, spare[1], to); !errors.Is(err, ErrConflict) {
		t.Error("a second one goes", err)
	}
	none("it has one again", 1)
	if now := d.Topology().Node(got[0]).Shard; now != shards[0] {
		t.Error("it is in", now)
	}
	ends(got[0])
	rest, _ := goes(1)
	if len(rest) != 1 || d.Topology().Node(rest[0]).Shard == d.Topology().Node(got[0]).Shard {
		t.Error("of the shard that has most, not another: ", rest)
	}
	ends(primaries[0])
	none("who leads the orphan is gone, too", 1)
	for _, of := range replicas[1:] {
		if slices.Contains(of, got[0]) {
			of = slices.DeleteFunc(of, func(id string) bool { return id == got[0] })
			ends(of[0])
		}
	}
	if again, _ := goes(1); !slices.Equal(again, rest) {
		t.Error("of the only shard that has two: ", again, rest)
	}
	ends(rest[0])
	none("a shard would give its last one", 0)
}
