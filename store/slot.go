package store

import (
	"math/bits"

	"github.com/kringdb/kring/internal/hashslot"
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/dict"
)

// In a store by slots a key's hash slot, of 14 bits, decides where it stands: its low bits are the
// shard, the other ones, in reverse, the first bits of the place in the table. So a slot is a range
// of one table, and slots that follow one another, as a node mostly has them, are spread
// evenly over the shards, and over the places in each.

// place is the hash in a store by slots of a key with a maphash.
func (b BySlot) place(hash uint64, slot uint32) uint64 {
	return b.start(slot) | hash>>(b.s.slotBits&63)
}

// start is where the places of a slot begin in its table.
func (b BySlot) start(slot uint32) uint64 {
	return uint64(bits.Reverse16(uint16(slot>>(b.s.shardBits&31)))) << 48
}

// BySlot is a store by slots, seen so. A zero one, of other stores, must not be asked.
type BySlot struct{ s *grid }

// Of returns the slot of a key.
func (b BySlot) Of(k *Key) hashslot.Slot {
	return hashslot.Slot(b.slotAt(k.Hash, k.Shard))
}

// slotAt is the slot of the keys with a hash in a shard.
func (b BySlot) slotAt(hash uint64, shard uint32) uint32 {
	top := bits.Reverse64(hash) & (1<<(b.s.slotBits&63) - 1)
	return uint32(top)<<(b.s.shardBits&31) | shard
}

// Shard returns the shard that has a slot's keys.
func (b BySlot) Shard(slot hashslot.Slot) uint32 { return uint32(slot) & b.s.shardMask() }

// positions returns the range of a slot in its table.
func (b BySlot) positions(slot hashslot.Slot) (from, end uint64) {
	from = b.start(uint32(slot)) >> (64 - cursorShardShift)
	return from, from + 1<<(cursorShardShift-b.s.slotBits)
}

// Count returns the number of keys of db in a slot, expired ones that nobody met included, in time for
// the segments that have them. It takes the shard's lock itself.
func (b BySlot) Count(db int, slot hashslot.Slot) int {
	shard := b.Shard(slot)
	b.s.Lock(shard)
	defer b.s.Unlock(shard)
	return b.CountLocked(db, slot)
}

// CountLocked is Count with the shard locked.
func (b BySlot) CountLocked(db int, slot hashslot.Slot) int {
	from, end := b.positions(slot)
	return b.s.at(db, b.Shard(slot)).table.CountRange(from, end, &b.s.ops)
}

// Seen is Count for what is to be shown: of a foreign slot 0.
func (b BySlot) Seen(db int, slot hashslot.Slot) int {
	if foreign := b.s.foreign.Load(); foreign != nil && foreign.Has(slot) {
		return 0
	}
	return b.Count(db, slot)
}

// WalkLocked is Walk for the keys of a slot alone; the slot's shard is locked. The cursor is nobody's but
// this method's.
func (b BySlot) WalkLocked(db int, slot hashslot.Slot, cursor uint64, want int, fn func(e Entry)) (next uint64) {
	from, end := b.positions(slot)
	pos, done := b.s.at(db, b.Shard(slot)).table.WalkRange(from+cursor, end, want, &b.s.ops, func(a arena.Addr) { fn(Entry{A: a}) })
	if done {
		return 0
	}
	return pos - from
}

// Walk is WalkLocked for who has no lock.
func (b BySlot) Walk(db int, slot hashslot.Slot, cursor uint64, want int, fn func(e Entry)) (next uint64) {
	shard := b.Shard(slot)
	b.s.Lock(shard)
	defer b.s.Unlock(shard)
	return b.WalkLocked(db, slot, cursor, want, fn)
}

// Passed tells whether a walk through a slot's keys, up to a cursor, has come past k.
func (b BySlot) Passed(k *Key, cursor uint64) bool {
	from, _ := b.positions(b.Of(k))
	return k.Hash>>(64-cursorShardShift) < from+cursor
}

// Locked calls f with the lock of a slot's shard held.
func (b BySlot) Locked(slot hashslot.Slot, f func()) {
	shard := b.Shard(slot)
	b.s.Lock(shard)
	defer b.s.Unlock(shard)
	f()
}

// Key is MakeKey.
func (b BySlot) Key(name []byte) Key { return b.s.MakeKey(name) }

// FindRaw is Store.FindRaw in database 0.
func (b BySlot) FindRaw(k Key) Entry { return b.s.FindRaw(0, k) }

// SlotSet is a set of hash slots.
type SlotSet [hashslot.Slots / 64]uint64

// Add puts a slot into the set, Remove takes it out, Has tells whether it is there.
func (ss *SlotSet) Add(slot hashslot.Slot)    { ss[slot>>6&(hashslot.Slots/64-1)] |= 1 << (slot & 63) }
func (ss *SlotSet) Remove(slot hashslot.Slot) { ss[slot>>6&(hashslot.Slots/64-1)] &^= 1 << (slot & 63) }
func (ss *SlotSet) Has(slot hashslot.Slot) bool {
	return ss[slot>>6&(hashslot.Slots/64-1)]>>(slot&63)&1 != 0
}

// SetForeign says of which slots the keys, if there are any, are not to be seen by who asks for no
// certain key, and do not expire; nil: of none. It takes no lock. The set does not change any more.
func (b BySlot) SetForeign(slots *SlotSet) { b.s.foreign.Store(slots) }

// hides tells whether an entry of a shard is in a foreign slot.
func (b BySlot) hides(foreign *SlotSet, e Entry, shard uint32) bool {
	return foreign != nil && foreign.Has(hashslot.Slot(b.slotAt(b.s.ops.Hash(e.A), shard)))
}

// foreignKeys returns how many keys of db are in foreign slots. It takes each shard's lock itself.
func (b BySlot) foreignKeys(db int, foreign *SlotSet) (n int) {
	s := b.s
	for i := range s.shards {
		s.shards[i].mu.Lock()
		t := &s.at(db, uint32(i)).table
		for pos, done := uint64(0), t.Len() == 0; !done; {
			var seg dict.SegmentRef
			seg, pos, done = t.NextSegment(pos)
			start, end := seg.Range()
			if slot := b.slotAt(start<<(64-cursorShardShift), uint32(i)); end-start <= 1<<(cursorShardShift-s.slotBits) {
				if foreign.Has(hashslot.Slot(slot)) {
					n += seg.Len()
				}
				continue
			}
			t.EachInSegment(seg, func(a arena.Addr) {
				if b.hides(foreign, Entry{A: a}, uint32(i)) {
					n++
				}
			})
		}
		s.shards[i].mu.Unlock()
	}
	return n
}
