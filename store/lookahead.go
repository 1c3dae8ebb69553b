package store

import (
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/dict"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/slotted"
)

// TouchBuckets is the first stage of look-ahead: it finds the home buckets of keys in db,
// asks for them, and notes their addresses in homes, which is as long as keys. It needs no
// lock. One loop for all keys, with little in it, so that the processor has several of
// them in work: each is a chain of three loads.
func (s *Store) TouchBuckets(db int, keys []Key, homes []Home) {
	homes = homes[:len(keys)]
	tables := s.databases[uint(db)<<(s.shardBits&31):]
	for i := range keys {
		homes[i] = tables[keys[i].Shard].table.Home(keys[i].Hash)
	}
	arena.Prefetch(homes)
}

// Home is the address of a key's home bucket, for look-ahead only.
type Home = arena.Addr

// TouchEntry is the second stage: it asks for k's entry, if the bucket at home knows one.
// It needs no lock.
func TouchEntry(home Home, k *Key) { dict.TouchEntry(home, k.Hash) }

// TouchMember is look-ahead within a value, when the entry has come: if k's value may be
// a table of members, it asks for what leads to the page of one and notes in at, which is
// zero, where TouchMemberPage goes on. last is the place of another member: that of the
// call before, which mostly has the same key. It needs no lock, and at means nothing else.
func (s *Store) TouchMember(db int, k *Key, member []byte, at, last *MemberPlace) {
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
