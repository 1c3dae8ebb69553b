package cluster

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"
)

func id(n int) string { return fmt.Sprintf("%040x", n) }

func open(t *testing.T, c Coordinator, installed func(*Topology)) *Directory {
	t.Helper()
	d, err := OpenDirectory(t.Context(), c, installed, func() {})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func ignore(*Topology) {}

func change(t *testing.T, d *Directory, edit func(*Draft) error) *Topology {
	t.Helper()
	top, err := d.Change(t.Context(), edit)
	if err != nil {
		t.Fatal(err)
	}
	return top
}

// join makes node n known, in shard 100+n.
func join(n int) func(*Draft) error {
	return func(d *Draft) error {
		d.Join(Node{ID: id(n), IP: "127.0.0.1", Port: 7000 + n}, id(100+n))
		return nil
	}
}

// TestChanges goes through the edits, on a file that is then read again.
func TestChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nodes.conf")
	f, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d := open(t, f, ignore)
	one, two := id(101), id(102)
	for _, step := range []struct {
		edit func(*Draft) error
		want error
	}{
		{join(1), nil},
		{join(2), nil},
		{join(3), nil},
		{func(d *Draft) error { return d.AddSlots(one, Ranges{{0, 99}, {200, 200}}) }, nil},
		{func(d *Draft) error { return d.AddSlots(two, Ranges{{150, 200}}) }, &SlotError{200, true}},
		{func(d *Draft) error { return d.AddSlots(two, Ranges{{150, 199}}) }, nil},
		{func(d *Draft) error { return d.RemoveSlots(two, Ranges{{150, 200}}) }, &SlotError{200, false}},
		{func(d *Draft) error { return d.RemoveSlots(one, Ranges{{200, 200}}) }, nil},
		{func(d *Draft) error { return d.Replicate(id(1), two) }, ErrNotEmpty},
		{func(d *Draft) error { return d.Replicate(id(3), two) }, nil},
		{func(d *Draft) error { return d.Replicate(id(2), two) }, ErrIsPrimary},
		{func(d *Draft) error { return d.Forget(id(2)) }, ErrIsPrimary},
		{func(d *Draft) error { return d.Meet(id(1), id(9)) }, ErrNoNode},
		{func(d *Draft) error { return d.Meet(id(1), id(2)) }, nil},
		{func(d *Draft) error { return d.Migrate(7, one, two) }, nil},
		{func(d *Draft) error { return d.Import(7, two, one) }, nil},
		{func(d *Draft) error { return d.Migrate(8, two, one) }, &SlotError{8, false}},
		{func(d *Draft) error { return d.Give(two, Ranges{{7, 7}}) }, nil},
		{func(d *Draft) error { return d.Migrate(9, one, two) }, nil},
		{func(d *Draft) error { return d.Settle(9, one) }, nil},
		{func(d *Draft) error { return d.Migrate(10, one, two) }, nil},
		{func(d *Draft) error { return d.Promote(id(3)) }, nil},
		{func(d *Draft) error { return d.Forget(id(2)) }, nil},
		{join(1), nil},
	} {
		before := d.Topology()
		_, err := d.Change(t.Context(), step.edit)
		if !reflect.DeepEqual(err, step.want) {
			t.Fatalf("%v, not %v", err, step.want)
		}
		if err != nil && d.Topology() != before || err == nil && d.Topology().Epoch() != before.Epoch()+1 {
			t.Fatalf("epoch %d after %d, %v", d.Topology().Epoch(), before.Epoch(), err)
		}
	}

	f, err = OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, top := range []*Topology{d.Topology(), open(t, f, ignore).Topology()} {
		if n := top.Node(id(1)); !n.Met || n.Shard != one || n.Port != 7001 {
			t.Errorf("node 1: %+v", n)
		}
		a, b := top.Shard(one), top.Shard(two)
		if fmt.Sprint(a.Slots) != "[0-6 8-99]" || len(a.Migrating) != 1 || a.Migrating[10] != two {
			t.Errorf("shard 1: %+v", a)
		}
		if fmt.Sprint(b.Slots) != "[7 150-199]" || len(b.Importing) != 0 || b.Primary != id(3) {
			t.Errorf("shard 2: %+v", b)
		}
		if top.Owner(7) != b || top.Owner(200) != nil || top.assigned != 150 || len(top.Nodes()) != 2 || len(top.Shards()) != 2 {
			t.Errorf("%d slots of %d shards, %d nodes", top.assigned, len(top.Shards()), len(top.Nodes()))
		}
	}
}

// TestDirectoriesAgree has three nodes change the topology at random and at once: each sees
// every epoch once and in order, the same as the others.
func TestDirectoriesAgree(t *testing.T) {
	const nodes, changes = 3, 30
	m := NewMemory()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var followers, editors sync.WaitGroup
	var mu sync.Mutex
	seen := map[uint64]string{}
	wait := make([]chan struct{}, nodes)
	directories := make([]*Directory, nodes)
	for i := range nodes {
		wait[i] = make(chan struct{})
		last := uint64(0)
		directories[i] = open(t, m, func(top *Topology) {
			if top.epoch <= last {
				t.Errorf("node %d: epoch %d after %d", i, top.epoch, last)
			}
			last = top.epoch
			mu.Lock()
			defer mu.Unlock()
			text := describe(top)
			if old, ok := seen[top.epoch]; ok && old != text {
				t.Errorf("epoch %d is\n%s\nand\n%s", top.epoch, old, text)
			}
			seen[top.epoch] = text
			if top.epoch == nodes+nodes*changes {
				close(wait[i])
			}
		})
		followers.Go(func() {
			directories[i].Follow(ctx, func(err error) { t.Error(err) })
		})
	}
	for i, d := range directories {
		editors.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(i), 1))
			if _, err := d.Change(ctx, join(i)); err != nil {
				t.Error(err)
				cancel()
				return
			}
			for n := 0; n < changes; {
				if _, err := d.Change(ctx, randomEdit(rnd, id(100+i))); err == nil {
					n++
				} else if se := (*SlotError)(nil); !errors.As(err, &se) {
					t.Error(err)
					cancel()
					return
				}
			}
		})
	}
	editors.Wait()
	for _, w := range wait {
		select {
		case <-w:
		case <-ctx.Done():
		}
	}
	cancel()
	followers.Wait()
	if len(seen) != nodes+nodes*changes {
		t.Errorf("%d epochs", len(seen))
	}
}

func randomEdit(rnd *rand.Rand, shard string) func(*Draft) error {
	first := Slot(rnd.IntN(64))
	slots := Ranges{{first, first + Slot(rnd.IntN(4))}}
	switch rnd.IntN(3) {
	case 0:
		return func(d *Draft) error { return d.RemoveSlots(shard, slots) }
	case 1:
		return func(d *Draft) error { return d.Give(shard, slots) }
	default:
		return func(d *Draft) error { return d.AddSlots(shard, slots) }
	}
}

func describe(top *Topology) string {
	text := ""
	for _, n := range top.Nodes() {
		text += fmt.Sprintf("%+v\n", *n)
	}
	for _, s := range top.Shards() {
		text += fmt.Sprintf("%+v\n", documentOf(s))
	}
	return text
}

// TestNoTopology: what breaks an invariant, by whatever hand, is reported, and what was known stays.
func TestNoTopology(t *testing.T) {
	good := []Put{
		{Key: "epoch", Value: []byte("3")},
		{Key: "node/" + id(1), Value: []byte(`{"shard":"` + id(101) + `"}`)},
		{Key: "node/" + id(2), Value: []byte(`{"shard":"` + id(102) + `"}`)},
		{Key: "shard/" + id(101), Value: []byte(`{"primary":"` + id(1) + `","epoch":3,"slots":["0-5"]}`)},
		{Key: "shard/" + id(102), Value: []byte(`{"primary":"` + id(2) + `","epoch":2,"slots":["6-16383"]}`)},
	}
	read := func(t *testing.T, bad ...Put) (*Directory, error) {
		m := NewMemory()
		for _, p := range slices.Concat(good, bad) {
			if _, err := m.Commit(t.Context(), Txn{Put: []Put{p}}); err != nil {
				t.Fatal(err)
			}
		}
		return OpenDirectory(t.Context(), m, ignore, func() {})
	}
	if d, err := read(t); err != nil || d.Topology().assigned != Slots {
		t.Fatal(err)
	}
	for name, bad := range map[string]Put{
		"two owners":      {Key: "shard/" + id(101), Value: []byte(`{"primary":"` + id(1) + `","epoch":3,"slots":["0-6"]}`)},
		"slot twice":      {Key: "shard/" + id(101), Value: []byte(`{"primary":"` + id(1) + `","epoch":3,"slots":["0-4","3"]}`)},
		"no such slot":    {Key: "shard/" + id(102), Value: []byte(`{"primary":"` + id(2) + `","epoch":3,"slots":["6-16384"]}`)},
		"range reversed":  {Key: "shard/" + id(102), Value: []byte(`{"primary":"` + id(2) + `","epoch":3,"slots":["9-6"]}`)},
		"epoch above":     {Key: "shard/" + id(101), Value: []byte(`{"primary":"` + id(1) + `","epoch":4}`)},
		"no primary":      {Key: "shard/" + id(101), Value: []byte(`{"epoch":3}`)},
		"other's node":    {Key: "shard/" + id(101), Value: []byte(`{"primary":"` + id(2) + `","epoch":3}`)},
		"no shard":        {Key: "node/" + id(3), Value: []byte(`{"shard":"` + id(103) + `"}`)},
		"no id":           {Key: "node/x", Value: []byte(`{"shard":"` + id(101) + `"}`)},
		"not its slot":    {Key: "shard/" + id(101), Value: []byte(`{"primary":"` + id(1) + `","epoch":3,"slots":["0-5"],"migrating":{"6":"` + id(102) + `"}}`)},
		"no target":       {Key: "shard/" + id(101), Value: []byte(`{"primary":"` + id(1) + `","epoch":3,"slots":["0-5"],"migrating":{"5":"x"}}`)},
		"epoch no number": {Key: "epoch", Value: []byte(`"x"`)},
	} {
		if _, err := read(t, bad); err == nil {
			t.Errorf("%s: taken for a topology", name)
		}
	}
}

// TestWentBack: a coordinator that has forgotten changes is not followed, nor written to.
func TestWentBack(t *testing.T) {
	m := NewMemory()
	d := open(t, m, ignore)
	change(t, d, join(1))
	known := change(t, d, join(2))
	if _, err := m.Commit(t.Context(), Txn{Put: []Put{{Key: "epoch", Value: []byte("1")}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Change(t.Context(), join(3)); !errors.Is(err, ErrWentBack) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	d.Follow(ctx, func(err error) {
		if !errors.Is(err, ErrWentBack) {
			t.Error(err)
		}
		cancel()
	})
	if d.Topology() != known {
		t.Error("it followed")
	}
}
