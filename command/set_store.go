package command

import (
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	sets "github.com/kringdb/kring/store/set"
)

// setBuilder makes a set outside the keyspace: the destination may be one of the sets
// that are read.
type setBuilder struct {
	ar  *arena.Arena
	lim sets.Limits
	e   entry.Entry
}

// newSetBuilder begins with an empty set of an encoding.
func newSetBuilder(ar *arena.Arena, lim sets.Limits, enc entry.Encoding) *setBuilder {
	b := &setBuilder{ar: ar, lim: lim}
	b.e = entry.New(ar, nil, &entry.Spec{Type: entry.Set, Encoding: enc, PayloadLen: sets.EmptyBytes(enc)})
	sets.Init(b.e)
	return b
}

func (b *setBuilder) add(m []byte) { b.e, _ = sets.Add(b.ar, b.e, &b.lim, m) }

// difference makes b the first set of o without what others have.
func (b *setBuilder) difference(o *operands) {
	for i, e := range o.sets {
		if e.A == 0 {
			continue
		}
		var it sets.Iter
		for m, ok := it.Next(e); ok; m, ok = it.Next(e) {
			if i == 0 {
				b.add(m)
			} else {
				b.e, _ = sets.Remove(b.ar, b.e, m)
			}
		}
		if sets.Len(b.e) == 0 {
			return
		}
	}
}

// store makes the call's destination the set that was built, or deletes it if the set is
// empty, and replies the number of members.
func (b *setBuilder) store(c *Ctx, ev Event) {
	k, n := c.Keys[0], sets.Len(b.e)
	if n == 0 {
		sets.Free(b.ar, b.e)
		deleteDestination(c)
	} else {
		c.Find(k) // so that a key which has expired ends first
		p := b.e.Payload()
		ne := c.Store.Put(c.DB, k, entry.Set, b.e.Encoding(), len(p), 0)
		copy(ne.Payload(), b.e.Payload())
		c.Changed(k, ev, 1)
	}
	b.e.Free(b.ar)
	c.W.Int(int64(n))
}

// deleteDestination deletes the key that an empty result was to be stored in.
func deleteDestination(c *Ctx) {
	if k := c.Keys[0]; c.Find(k).A != 0 {
		c.Store.Delete(c.DB, k)
		c.Changed(k, EventDel, 1)
	}
}

// storeEmpty is store for a result that is known to be empty.
func storeEmpty(c *Ctx) {
	deleteDestination(c)
	c.W.Int(0)
}

// destination begins the set that is stored in the call's destination, of an encoding.
func destination(c *Ctx, enc entry.Encoding) *setBuilder {
	return newSetBuilder(c.Store.Edit(c.DB, c.Keys[0]), setLimits(c), enc)
}

func sinterstore(c *Ctx) {
	o := operands{sets: make([]entry.Entry, 0, operandsAtHand)}
	if !o.read(c, c.Keys[1:]) {
		return
	}
	if o.missing > 0 {
		storeEmpty(c)
		return
	}
	sortBySize(o.sets, true)
	enc := entry.Listpack
	if o.sets[0].Encoding() == entry.Intset {
		enc = entry.Intset
	}
	b := destination(c, enc)
	o.intersect(func(m []byte) bool { b.add(m); return true })
	b.e = sets.ToInts(b.ar, b.e, &b.lim)
	b.store(c, EventSInterStore)
}

func sunionstore(c *Ctx) {
	o := operands{sets: make([]entry.Entry, 0, operandsAtHand)}
	if !o.read(c, c.Keys[1:]) {
		return
	}
	b := destination(c, entry.Intset)
	for _, e := range present(o.sets) {
		var it sets.Iter
		for m, ok := it.Next(e); ok; m, ok = it.Next(e) {
			b.add(m)
		}
	}
	b.store(c, EventSUnionStore)
}

func sdiffstore(c *Ctx) {
	o := operands{sets: make([]entry.Entry, 0, operandsAtHand)}
	if !o.read(c, c.Keys[1:]) {
		return
	}
	if o.sets[0].A == 0 || o.firstIsAmongOthers() {
		storeEmpty(c)
		return
	}
	b := destination(c, entry.Intset)
	if o.probes() {
		o.probeDiff(b.add)
	} else {
		b.difference(&o)
	}
	b.store(c, EventSDiffStore)
}
