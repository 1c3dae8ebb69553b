package store

import (
	"github.com/kringdb/kring/internal/prefetch"
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/dict"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/slotted"
)

// Place is where look-ahead has come to for a key: the address of its home bucket, then of
// its slot; 0: nowhere.
type Place = arena.Addr

// TouchBuckets is the first stage of look-ahead: it finds the home buckets of keys in db,
// asks for them, and notes their addresses in places, and for which state of the table
// they are good in stamps; both are at least as long as keys. It needs no lock. One loop
// for all keys, with little in it, so that the processor has several of them in work: each
// is a chain of three loads.
func (s *grid) TouchBuckets(db int, keys []Key, places []Place, stamps []uint32) {
	places, stamps = places[:len(keys)], stamps[:len(keys)]
	tables := s.databases[uint(db)<<(s.shardBits&31):]
	for i := range keys {
		if i > 0 && keys[i].Same(&keys[i-1]) {
			places[i], stamps[i] = places[i-1], stamps[i-1]
			continue
		}
		places[i], stamps[i] = tables[keys[i].Shard].table.Home(keys[i].Hash)
	}
	arena.Prefetch(places)
}

// TouchInserts asks for all that inserting keys in db will look at: their home buckets, and
// the counts of the segments that those are in. It needs no lock. places is at least as long
// as keys, and means nothing afterwards.
func (s *grid) TouchInserts(db int, keys []Key, places []Place) {
	places = places[:len(keys)]
	tables := s.databases[uint(db)<<(s.shardBits&31):]
	for i := range keys {
		places[i], _ = tables[keys[i].Shard].table.Home(keys[i].Hash)
	}
	arena.Prefetch(places)
	for i := range keys {
		places[i] = tables[keys[i].Shard].table.Header(keys[i].Hash)
	}
	arena.Prefetch(places)
}

// TouchEntry is the second stage: it asks for k's entry, if the bucket at home knows one,
// and returns its slot's place. It needs no lock.
func TouchEntry(home Place, k *Key) (slot Place) { return dict.TouchEntry(home, k.Hash) }

// TouchCount asks for the count of the segment that k would be inserted in: k seems to be
// absent. It needs no lock.
func (s *grid) TouchCount(db int, k *Key) {
	if a := s.at(db, k.Shard).table.Header(k.Hash); a != 0 {
		prefetch.Line(a.Ptr())
	}
}

// hint is what the next lookup in a shard will find, most likely: the slot that look-ahead,
// or the lookup before it within the same command, came to.
type hint struct {
	slot  arena.Addr // 0: none
	mark  uint64     // of key and database, see hintMark
	stamp uint32     // of the table; another one: the slot is not its any more
}

// hintMark is different for different databases and, nearly always, keys. Names are compared
// before a hint is followed, and one name has one hash: so a hint cannot lead into another
// database.
func hintMark(db int, hash uint64) uint64 { return hash ^ uint64(db)<<32 }

// Hint tells where look-ahead found k in db. k's shard is locked.
func (s *grid) Hint(db int, k *Key, slot Place, stamp uint32) {
	h := &s.shards[k.Shard].mu.hint
	h.slot, h.mark, h.stamp = slot, hintMark(db, k.Hash), stamp
}

// slotOf returns k's slot in db, nil if there is none. The shard is locked.
func (s *grid) slotOf(db int, k Key) dict.Slot {
	h, t := &s.shards[k.Shard].mu.hint, &s.at(db, k.Shard).table
	if h.mark == hintMark(db, k.Hash) && h.slot != 0 && h.stamp == t.Stamp() {
		slot := dict.SlotAt(h.slot)
		if a := dict.SlotAddr(slot); a != 0 && entry.KeyEquals(a, k.Name) {
			return slot
		}
	}
	slot := t.Find(k.Hash, k.Name, &s.ops)
	if slot != nil {
		h.slot, h.mark, h.stamp = dict.AddrOf(slot), hintMark(db, k.Hash), t.Stamp()
	}
	return slot
}

// TouchMember is look-ahead within a value, when the entry has come: if k's value may be
// a table of members, it asks for what leads to the page of one and notes in at, which is
// zero, where TouchMemberPage goes on. last is the place of another member: that of the
// call before, which mostly has the same key. It needs no lock, and at means nothing else.
func (s *grid) TouchMember(db int, k *Key, member []byte, at, last *MemberPlace) {
	at.key = k.Hash
	if last.key == k.Hash && last.root != 0 {
		at.root = last.root
		at.place.Touch(at.root, member)
		return
	}
	a := s.at(db, k.Shard).table.Peek(k.Hash, entry.PeekBytes)
	if a == 0 {
		return
	}
	kind, payload, ok := entry.Peek(a)
	off := tables[kind]
	if !ok || off == 0 {
		return
	}
	if root := payload + arena.Addr(off-1); root+arena.Addr(slotted.RootBytes) <= arena.HighWater() {
		at.root = root
		at.place.Touch(root, member)
	}
}

// MemberPlace is where look-ahead has come to within a value. The zero one is nowhere.
type MemberPlace struct {
	key   uint64     // the hash of the key
	root  arena.Addr // where a table may be, 0 for nowhere: RootBytes there can be read
	place slotted.Place
}

// TouchMemberPage is the stage after TouchMember: it asks for the member's page.
func (at *MemberPlace) TouchMemberPage() { at.place.TouchPage() }

// TouchMemberRecord is the last stage: it asks for the member's record.
func (at *MemberPlace) TouchMemberRecord() { at.place.TouchRecord() }

// FindRaw returns k's entry, expired or not.
func (s *grid) FindRaw(db int, k Key) Entry {
	slot := s.slotOf(db, k)
	if slot == nil {
		return Entry{}
	}
	return Entry{A: dict.SlotAddr(slot)}
}
