package store

import (
	"bytes"

	"github.com/kringdb/kring/internal/invariants"
	"github.com/kringdb/kring/store/dict"
)

// This file hands large values to a snapshot. Whoever passes the place where one stands leaves it for later;
// Step comes to them when all shards have been gone through, and whoever is going to change one hands over
// what is left of it before. Both do so by portions, and let go of the lock in between.

// owedValues are the large values that the snapshot has still to have, although it has passed the place where they
// stand. They belong to a shard, and are guarded by its lock.
type owedValues struct {
	byID map[valueID]*owedValue
	all  []*owedValue // those among them that are done too
}

// valueID says which entry it is: of which database at the cut, and its hash.
type valueID struct {
	origin uint32
	hash   uint64
}

// owedValue is one of them. Its entry may be moved, but its key leads to it: nobody changes it before the snapshot has had it.
type owedValue struct {
	id   valueID
	name []byte
	to   SnapshotValue // nil: it is not begun
	done bool

	straight bool // Step has begun it
}

// owe leaves the large value e, whose key has that hash, for later, and tells whether it could. The shard is locked.
func (sn *Snapshot) owe(shard, origin uint32, hash uint64, e Entry) bool {
	sh := &sn.s.shards[shard]
	if sh.mu.owed == nil {
		sh.mu.owed = &owedValues{byID: map[valueID]*owedValue{}}
	}
	o, v := sh.mu.owed, &owedValue{id: valueID{origin, hash}, name: bytes.Clone(e.Key())}
	if o.byID[v.id] != nil {
		return false // two keys of one hash
	}
	o.byID[v.id] = v
	o.all = append(o.all, v)
	return true
}

// find returns the large value of hash h that is owed of the database that was number origin at the cut, nil if none is.
func (o *owedValues) find(origin uint32, h uint64) *owedValue {
	if o != nil {
		return o.byID[valueID{origin, h}]
	}
	return nil
}

// has tells whether a large value of the database that was number origin at the cut is still owed.
func (o *owedValues) has(origin uint32) bool {
	if o != nil {
		for id := range o.byID {
			if id.origin == origin {
				return true
			}
		}
	}
	return false
}

// stepLarge hands over a portion of a large value of the shard, and tells whether there are no more.
func (sn *Snapshot) stepLarge(sh *shard) (done bool) {
	o := sh.mu.owed
	if o == nil {
		return true
	}
	for n := len(o.all); n > 0; n = len(o.all) {
		v := o.all[n-1]
		begun := v.straight // and ended since by whoever was going to change it: the sink is to learn of that first
		if !v.done {
			begun = true
			sn.portion(uint32(sn.shard), sn.tableOf(sh, v.id.origin), v, true)
		}
		if v.done {
			o.all = o.all[:n-1]
		}
		if begun {
			return false
		}
	}
	return true
}

// portion hands over a portion of v, which stands in t, and tells whether that was the last. The shard is locked.
func (sn *Snapshot) portion(shard uint32, t *dict.Table, v *owedValue, step bool) (done bool) {
	if v.to == nil {
		v.to, v.straight = sn.sink.SnapshotLarge(int(shard), int(v.id.origin), step), step
	}
	slot := t.Find(v.id.hash, v.name, &sn.s.ops)
	if invariants.Enabled {
		invariants.Assert(slot != nil, "store: %q, which a snapshot has not had, is gone", v.name)
	}
	if v.done = v.to.Portion(Entry{A: dict.SlotAddr(slot)}); v.done {
		delete(sn.s.shards[shard].mu.owed.byID, v.id)
	}
	return v.done
}

// tableOf returns the table that had number origin at the cut: of
// a database or, after a flush, of a corpse.
func (sn *Snapshot) tableOf(sh *shard, origin uint32) *dict.Table {
	for db := range sn.s.inUse() {
		if d := sn.s.at(db, uint32(sn.shard)); d.origin == origin {
			return &d.table
		}
	}
	for _, c := range sh.mu.corpses {
		for i := range c.tables {
			if t := &c.tables[i]; t.owed && t.origin == origin {
				return &t.table
			}
		}
	}
	return nil
}
