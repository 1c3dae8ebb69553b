package stream

import (
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/kringdb/kring/store/arena"
)

// treeRig is a tree beside a sorted slice.
type treeRig struct {
	t     *testing.T
	ar    *arena.Arena
	words [2]uint64
	tree  tree
	ids   []ID
}

func newTreeRig(t *testing.T) *treeRig {
	r := &treeRig{t: t, ar: arena.New()}
	r.tree = tree{unsafe.Pointer(&r.words), indexWidth}
	return r
}

func compareIDs(a, b ID) int {
	switch {
	case a.Less(b):
		return -1
	case b.Less(a):
		return 1
	}
	return 0
}

func (r *treeRig) add(id ID) {
	if i, ok := slices.BinarySearchFunc(r.ids, id, compareIDs); !ok {
		r.ids = slices.Insert(r.ids, i, id)
		*(*uint64)(r.tree.insert(r.ar, id)) = id.Ms*31 + id.Seq
	}
}

func (r *treeRig) remove(i int) {
	var c cursor
	if !c.find(r.tree, r.ids[i]) {
		r.t.Fatalf("%v is not found", r.ids[i])
	}
	r.tree.remove(r.ar, &c)
	r.ids = slices.Delete(r.ids, i, i+1)
}

func (r *treeRig) verify() {
	r.t.Helper()
	if err := r.tree.check(); err != nil {
		r.t.Fatal(err)
	}
	if used := blocksBytes(r.tree.root()); used != r.ar.Used() {
		r.t.Fatalf("accounts: %d, arena %d", used, r.ar.Used())
	}
	var c cursor
	i := 0
	for more := c.seekGE(r.tree, ID{}); more; more = c.next() {
		if c.id() != r.ids[i] || *c.word(0) != c.id().Ms*31+c.id().Seq {
			r.t.Fatalf("record %d is %v", i, c.id())
		}
		i++
	}
	for more := c.seekLE(r.tree, MaxID); more; more = c.prev() {
		if i--; c.id() != r.ids[i] {
			r.t.Fatalf("backwards, record %d is %v", i, c.id())
		}
	}
	if i != 0 || r.tree.count() != int64(len(r.ids)) {
		r.t.Fatalf("%d records, %d of them not met", r.tree.count(), i)
	}
}

// probe compares the seeks for an id with the slice.
func (r *treeRig) probe(id ID) {
	r.t.Helper()
	i, found := slices.BinarySearchFunc(r.ids, id, compareIDs)
	var c cursor
	if ok := c.seekGE(r.tree, id); ok != (i < len(r.ids)) || ok && c.id() != r.ids[i] {
		r.t.Fatalf("seekGE(%v)", id)
	}
	if !found {
		i--
	}
	if ok := c.seekLE(r.tree, id); ok != (i >= 0) || ok && c.id() != r.ids[i] {
		r.t.Fatalf("seekLE(%v)", id)
	}
}

func TestTreeAtRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 3 {
		r := newTreeRig(t)
		random := func() ID { return ID{rng.Uint64N(3000), rng.Uint64N(10)} }
		for phase := range 8 {
			for range 3000 {
				if rng.IntN(8) < []int{7, 1}[phase&1] {
					r.add(random())
				} else if len(r.ids) > 0 {
					r.remove(rng.IntN(len(r.ids)))
				}
				r.probe(random())
			}
			r.verify()
		}
		for len(r.ids) > 0 {
			r.remove(rng.IntN(len(r.ids)))
		}
		r.verify()
		r.ar.Release()
	}
}

// TestTreeAsQueue fills at the right and drains at the left: blocks must be full.
func TestTreeAsQueue(t *testing.T) {
	r := newTreeRig(t)
	defer r.ar.Release()
	const n = 50_000
	for i := range uint64(n) {
		r.add(ID{i, 0})
	}
	r.verify()
	if per := float64(r.ar.Used()) / n; per > indexWidth*wordBytes+1 {
		t.Errorf("%.1f bytes a record", per)
	}
	for len(r.ids) > 100 {
		r.remove(0)
	}
	r.verify()
	if r.ar.Used() > 100*indexWidth*wordBytes*4 {
		t.Errorf("%d bytes for 100 records", r.ar.Used())
	}
	for i := range uint64(1000) {
		r.add(ID{2*n - i, i})
	}
	r.verify()
}
