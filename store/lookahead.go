package store

import (
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/slotted"
)

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
