package stream

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/value"
)

// modelEntry is an entry, modelGroup a group, as plain Go values.
type modelEntry struct {
	id    ID
	items [][]byte
}

type modelDelivery struct {
	at, count int64
	consumer  string
}

type modelGroup struct {
	last      ID
	pending   map[ID]modelDelivery
	consumers map[string]bool
}

// model is a stream as plain Go values, beside the real one.
type model struct {
	t       testing.TB
	ar      *arena.Arena
	e       entry.Entry
	lim     Bounds
	entries []modelEntry
	last    ID
	deleted ID
	added   uint64
	groups  map[string]*modelGroup
}

func newModel(t testing.TB, lim Bounds) *model {
	ar := arena.New()
	e := entry.New(ar, []byte("the key"), &entry.Spec{Type: entry.Stream, Encoding: entry.StreamNodes, PayloadLen: PayloadBytes})
	Init(e)
	return &model{t: t, ar: ar, e: e, lim: lim, groups: map[string]*modelGroup{}}
}

func (m *model) append(id ID, items ...[]byte) {
	if !m.last.Less(id) {
		return
	}
	Append(m.ar, m.e, id, items, m.lim)
	kept := make([][]byte, len(items))
	for i := range items {
		kept[i] = bytes.Clone(items[i])
	}
	m.entries = append(m.entries, modelEntry{id, kept})
	m.last = id
	m.added++
}

func (m *model) remove(id ID) {
	i := slices.IndexFunc(m.entries, func(e modelEntry) bool { return e.id == id })
	if got := Delete(m.ar, m.e, id); got != (i >= 0) {
		m.t.Fatalf("Delete(%v): %t", id, got)
	}
	if i >= 0 {
		m.entries = slices.Delete(m.entries, i, i+1)
		if m.deleted.Less(id) {
			m.deleted = id
		}
	}
}

// trim checks an approximate trimming only for what it must not do.
func (m *model) trim(tr *Trimming) {
	keep := 0
	if tr.ByID {
		for keep < len(m.entries) && m.entries[keep].id.Less(tr.Min) {
			keep++
		}
	} else {
		keep = max(0, len(m.entries)-int(tr.Len))
	}
	n := int(Trim(m.ar, m.e, tr))
	if n > keep || !tr.Approx && n != keep {
		m.t.Fatalf("Trim(%+v) removed %d, want %d", *tr, n, keep)
	}
	if tr.Limit > 0 && int64(n) > tr.Limit {
		m.t.Fatalf("Trim(%+v) removed %d", *tr, n)
	}
	m.entries = slices.Delete(m.entries, 0, n)
}

func (m *model) group(name string) (*modelGroup, Group) {
	g := FindGroup(m.e, []byte(name))
	if (m.groups[name] == nil) != g.IsNone() {
		m.t.Fatalf("group %s: none %t", name, g.IsNone())
	}
	if g.IsNone() {
		g, _ = CreateGroup(m.ar, m.e, []byte(name), m.last, UnknownRead)
		m.groups[name] = &modelGroup{m.last, map[ID]modelDelivery{}, map[string]bool{}}
	}
	return m.groups[name], g
}

func (m *model) deliver(group, consumer string, id ID, at, count int64) {
	mg, g := m.group(group)
	c := g.FindConsumer([]byte(consumer))
	if c.IsNone() == mg.consumers[consumer] {
		m.t.Fatalf("consumer %s: none %t", consumer, c.IsNone())
	}
	if c.IsNone() {
		c, _ = g.CreateConsumer(m.ar, []byte(consumer), at)
		mg.consumers[consumer] = true
	}
	g.Deliver(m.ar, &Delivery{id, at, count, c})
	mg.pending[id] = modelDelivery{at, count, consumer}
}

func (m *model) ack(group string, id ID) {
	mg, g := m.group(group)
	_, want := mg.pending[id]
	if got := g.Ack(m.ar, id); got != want {
		m.t.Fatalf("Ack(%v): %t", id, got)
	}
	delete(mg.pending, id)
}

func (m *model) deleteConsumer(group, consumer string) {
	mg, g := m.group(group)
	want := int64(0)
	for id, d := range mg.pending {
		if d.consumer == consumer {
			delete(mg.pending, id)
			want++
		}
	}
	if n, ok := g.DeleteConsumer(m.ar, []byte(consumer)); ok != mg.consumers[consumer] || n != want {
		m.t.Fatalf("DeleteConsumer: %d, %t", n, ok)
	}
	delete(mg.consumers, consumer)
}

func (m *model) destroyGroup(group string) {
	if got := DestroyGroup(m.ar, m.e, []byte(group)); got != (m.groups[group] != nil) {
		m.t.Fatalf("DestroyGroup: %t", got)
	}
	delete(m.groups, group)
}

// verify compares everything.
func (m *model) verify() {
	m.t.Helper()
	if err := Check(m.e); err != nil {
		m.t.Fatal(err)
	}
	if used := int64(arena.SizeOf(m.e.Size())) + Ops.Outside(m.e); used != m.ar.Used() {
		m.t.Fatalf("accounts: %d, arena %d", used, m.ar.Used())
	}
	if LastID(m.e) != m.last || MaxDeletedID(m.e) != m.deleted || EntriesAdded(m.e) != m.added {
		m.t.Fatalf("last %v, deleted %v, added %d", LastID(m.e), MaxDeletedID(m.e), EntriesAdded(m.e))
	}
	m.verifyRange(ID{}, MaxID)
	var top ID
	for _, e := range m.entries {
		if top = e.id; !Has(m.e, top) {
			m.t.Fatalf("entry %v is not found", top)
		}
	}
	if TopID(m.e) != top {
		m.t.Fatalf("TopID: %v, want %v", TopID(m.e), top)
	}
	for name, mg := range m.groups {
		g := FindGroup(m.e, []byte(name))
		if g.IsNone() || g.LastID() != mg.last || g.Pending() != int64(len(mg.pending)) || g.Consumers() != len(mg.consumers) {
			m.t.Fatalf("group %s", name)
		}
		var it Deliveries
		n := 0
		for it.Start(g, Consumer{}, ID{}); it.Next(); n++ {
			if d := mg.pending[it.ID]; d != (modelDelivery{it.AtMs, it.Count, string(it.Consumer.Name())}) {
				m.t.Fatalf("pending %v: %+v, want %+v", it.ID, it.Delivery, d)
			}
		}
		if n != len(mg.pending) {
			m.t.Fatalf("%d pending, want %d", n, len(mg.pending))
		}
	}
	if Groups(m.e) != len(m.groups) {
		m.t.Fatalf("%d groups", Groups(m.e))
	}
}

// verifyRange compares a range in both directions.
func (m *model) verifyRange(from, to ID) {
	m.t.Helper()
	var want []modelEntry
	for _, e := range m.entries {
		if !e.id.Less(from) && !to.Less(e.id) {
			want = append(want, e)
		}
	}
	for _, limit := range []int{0, 1, len(want), 1 << 40} {
		if n := Count(m.e, from, to, int64(limit)); n != int64(min(limit, len(want))) {
			m.t.Fatalf("Count(%v, %v, %d): %d of %d", from, to, limit, n, len(want))
		}
	}
	if n := Estimate(m.e, from, to); n < 0 || n > Len(m.e) || len(want) == len(m.entries) && n != Len(m.e) {
		m.t.Fatalf("Estimate(%v, %v): %d for %d of %d", from, to, n, len(want), Len(m.e))
	}
	for _, reverse := range []bool{false, true} {
		var it Iter
		n := 0
		for it.Start(m.e, from, to, reverse); it.Next(); n++ {
			if n == len(want) {
				m.t.Fatalf("range %v %v %t: more than %d", from, to, reverse, n)
			}
			e := want[n]
			if reverse {
				e = want[len(want)-1-n]
			}
			if it.ID() != e.id || it.Pairs() != len(e.items)/2 {
				m.t.Fatalf("range %v %v %t: %v of %d pairs, want %v", from, to, reverse, it.ID(), it.Pairs(), e.id)
			}
			for i := 0; i < len(e.items); i += 2 {
				if f, v := it.Pair(); !bytes.Equal(f, e.items[i]) || !bytes.Equal(v, e.items[i+1]) {
					m.t.Fatalf("entry %v: %q %q, want %q %q", e.id, f, v, e.items[i], e.items[i+1])
				}
			}
		}
		if n != len(want) {
			m.t.Fatalf("range %v %v %t: %d entries, want %d", from, to, reverse, n, len(want))
		}
	}
}

// copyAndFree makes a copy in another arena, compares it, and frees the original in
// steps; the copy is the stream afterwards.
func (m *model) copyAndFree(step int) {
	other := arena.New()
	c := m.e.Clone(other, m.e.Key(), 0)
	Ops.Copy(other, c, m.e)
	g := value.Garbage{Kind: m.e.Kind()}
	Ops.Detach(m.e, &g)
	m.e.Free(m.ar)
	for done := false; !done; {
		if Ops.Bytes(&g) != m.ar.Used() {
			m.t.Fatalf("garbage is %d bytes, the arena holds %d", Ops.Bytes(&g), m.ar.Used())
		}
		done = Ops.FreeStep(m.ar, &g, step)
	}
	if m.ar.Used() != 0 {
		m.t.Fatalf("%d bytes left", m.ar.Used())
	}
	m.ar.Release()
	m.ar, m.e = other, c
}

// run performs random operations and compares now and then.
func (m *model) run(rng *rand.Rand, steps, every int) {
	name := func(kind string, n int) string { return fmt.Sprint(kind, rng.IntN(n)) }
	some := func() ID {
		if len(m.entries) == 0 || rng.IntN(5) == 0 {
			return ID{m.last.Ms - min(m.last.Ms, rng.Uint64N(30)), rng.Uint64N(3)}
		}
		return m.entries[rng.IntN(len(m.entries))].id
	}
	numbers := []string{"0", "-1", "31", "32", "-4096", "12345678901234", "9223372036854775807", "-9223372036854775808", "2305843009213693951",
		"2305843009213693952", "-2305843009213693952", "-2305843009213693953", "007", "-0", "+1", "1.5", "99999999999999999999"}
	word := func() []byte {
		if rng.IntN(3) == 0 {
			return []byte(numbers[rng.IntN(len(numbers))])
		}
		return bytes.Repeat([]byte{'a' + byte(rng.IntN(3))}, rng.IntN(4)*rng.IntN(50))
	}
	for i := range steps {
		switch n := rng.IntN(100); {
		case n < 45:
			id := ID{m.last.Ms + rng.Uint64N(3), rng.Uint64N(1 + rng.Uint64N(5000))}
			if rng.IntN(2) == 0 {
				id, _ = m.last.Next()
			}
			var items [][]byte
			for range 1 + rng.IntN(3)*rng.IntN(2) {
				items = append(items, []byte(name("field", 2)), word())
			}
			m.append(id, items...)
		case n < 60:
			m.remove(some())
		case n < 62:
			tr := Trimming{Len: rng.Int64N(int64(len(m.entries)) + 10)}
			if rng.IntN(2) == 0 {
				tr.Approx, tr.Limit = true, rng.Int64N(2)*rng.Int64N(50)
			}
			m.trim(&tr)
		case n < 64:
			m.trim(&Trimming{ByID: true, Min: some(), Approx: rng.IntN(2) == 0})
		case n < 84:
			m.deliver(name("g", 3), name("c", 5), some(), rng.Int64N(1<<44), rng.Int64N(MaxDeliveries))
		case n < 94:
			m.ack(name("g", 3), some())
		case n < 95:
			m.deleteConsumer(name("g", 3), name("c", 5))
		case n < 96 && rng.IntN(10) == 0:
			m.destroyGroup(name("g", 3))
		case n < 97 && rng.IntN(10) == 0:
			m.copyAndFree(1 + rng.IntN(20))
		case n < 98:
			Ops.Compact(m.ar, m.e, func(arena.Addr) bool { return rng.IntN(3) == 0 }, rng.IntN(100))
		default:
			m.verifyRange(some(), some())
		}
		if i%every == 0 {
			m.verify()
		}
	}
	m.verify()
}

func (m *model) end() {
	m.copyAndFree(3)
	m.ar.Release()
}

func TestAgainstModel(t *testing.T) {
	for seed, lim := range []Bounds{{4096, 100}, {0, 0}, {200, 7}, {0, 3}, {1000, 0}, {1, 1}} {
		m := newModel(t, lim)
		m.run(rand.New(rand.NewPCG(uint64(seed), 1)), 4000, 97)
		m.end()
	}
}

func FuzzStream(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(seed, uint16(4096>>seed), uint8(100>>seed), uint16(300))
	}
	f.Fuzz(func(t *testing.T, seed uint64, nodeBytes uint16, nodeEntries uint8, steps uint16) {
		m := newModel(t, Bounds{int(nodeBytes), int(nodeEntries)})
		m.run(rand.New(rand.NewPCG(seed, 2)), int(steps%1000), 29)
		m.end()
	})
}
