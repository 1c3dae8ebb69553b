package zset

import (
	"math"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/slotted"
	"github.com/kringdb/kring/store/value"
)

// Offsets of the payload of a full set.
const (
	rootOff   = 0
	bytesOff  = 8
	indexOff  = 16
	fullBytes = indexOff + slotted.RootBytes
)

// IndexOffset is where in the payload of a full set its index, a slotted.Table, begins.
const IndexOffset = indexOff

// index returns the index of a full set.
func index(e entry.Entry) *slotted.Table { return slotted.At(e.Payload()[indexOff:]) }

func initFull(e entry.Entry) {
	e.PutU64(rootOff, 0)
	e.PutU64(bytesOff, 0)
	index(e).Init(slotted.Words)
}

// loadTree reads the tree of a full set; ar is needed for changes only.
func loadTree(ar *arena.Arena, e entry.Entry) tree {
	p := e.Payload()
	_ = p[fullBytes-1]
	return tree{ar: ar, root: arena.Addr(e.U64(rootOff)), n: uint64(index(e).Len()), bytes: int64(e.U64(bytesOff))}
}

// store writes the tree back after changes.
func (t *tree) store(e entry.Entry) {
	e.PutU64(rootOff, uint64(t.root))
	e.PutU64(bytesOff, uint64(t.bytes))
}

func addFull(ar *arena.Arena, e entry.Entry, member []byte, score float64, flags Flags) (float64, Outcome) {
	x := index(e)
	r := x.Find(member)
	t := loadTree(ar, e)
	if r == 0 {
		if flags&XX != 0 {
			return 0, Nothing
		}
		x.InsertWord(ar, member, math.Float64bits(score))
		t.insert(score, member)
		t.store(e)
		return score, Added
	}
	now := math.Float64frombits(r.Word())
	score, out := decide(now, score, flags)
	if out == Updated {
		r.SetWord(math.Float64bits(score))
		t.update(now, score, member)
		t.store(e)
	}
	return score, out
}

func removeFull(ar *arena.Arena, e entry.Entry, member []byte) bool {
	x := index(e)
	r := x.Find(member)
	if r == 0 {
		return false
	}
	t := loadTree(ar, e)
	var p path
	t.seek(&p, &bound{key: keyOf(math.Float64frombits(r.Word())), member: member}, 0)
	t.remove(&p)
	t.store(e)
	x.Delete(ar, member)
	return true
}

func removeRangeFull(ar *arena.Arena, e entry.Entry, from, to uint64) {
	x := index(e)
	t := loadTree(ar, e)
	for n := to - from; n > 0; n-- {
		var p path
		t.choose(&p, from)
		s := &p.at[p.depth-1]
		x.Delete(ar, at(s.a).member(s.i))
		t.remove(&p)
	}
	t.store(e)
}

// IsCheaperToKeep tells whether RemoveRange of [from, to) would take longer than Keep,
// because it removes most of a full set.
func IsCheaperToKeep(e entry.Entry, from, to uint64) bool {
	gone := to - from
	return !isCompact(e) && gone >= keepMinGone && gone/keepShare > Len(e)-gone
}

// Keep removes the entries of the ranks [from, to) of a full set by building it anew
// from the others, of which there are some. The old tree and index go into g, to be freed
// step by step.
func Keep(ar *arena.Arena, e entry.Entry, from, to uint64, g *value.Garbage) {
	old := loadTree(ar, e)
	g.Kind = e.Kind()
	detach(e, g)
	initFull(e)
	t, x := loadTree(ar, e), index(e)
	for _, part := range [2][2]uint64{{0, from}, {to, old.n}} {
		if part[0] == part[1] {
			continue
		}
		var it Iter
		it.seekTree(&old, part[0], part[1]-part[0], false)
		for it.Next() {
			score, member := it.Score(), it.Member()
			x.InsertWord(ar, member, math.Float64bits(score))
			t.insert(score, member)
		}
	}
	t.store(e)
}

// toFull turns a compact set into a full one.
func toFull(ar *arena.Arena, e entry.Entry) entry.Entry {
	old := append([]byte(nil), e.Payload()...)
	e = e.Resize(ar, entry.Skiplist, fullBytes, e.Deadline())
	initFull(e)
	if len(old) == 0 {
		return e
	}
	b := blockOf(old)
	t := loadTree(ar, e)
	x := index(e)
	for i := range b.len() {
		t.insert(b.score(i), b.member(i))
		x.InsertWord(ar, b.member(i), math.Float64bits(b.score(i)))
	}
	t.store(e)
	return e
}

func walkFull(e entry.Entry, cursor uint64, want int, fn func(member []byte, score float64)) uint64 {
	next, done := index(e).Walk(cursor, want, func(r slotted.Ref) {
		fn(r.Key(), math.Float64frombits(r.Word()))
	})
	if done {
		return 0
	}
	return next
}
