package store

import (
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/slotted"
)

// TouchMember is look-ahead within a value, when the entry has come: if k's value may be
// a table of members, it asks for what leads to the page of one and returns where
// TouchMemberPage goes on. It needs no lock; the result means nothing else.
func (s *Store) TouchMember(db int, k Key, member []byte) (at MemberPlace) {
	a := s.at(db, k.Shard).table.Peek(k.Hash, entry.PeekBytes)
	if a == 0 {
		return at
	}
	kind, payload, ok := entry.Peek(a)
	off := tables[kind]
	if !ok || off == 0 {
		return at
	}
	at.root = payload + arena.Addr(off-1)
	if at.root+arena.Addr(slotted.RootBytes) > arena.HighWater() {
		return MemberPlace{}
	}
	at.hash = slotted.Hash(member)
	slotted.TouchWord(at.root, at.hash)
	return at
}

// MemberPlace is where look-ahead has come to within a value. The zero one is nowhere.
type MemberPlace struct {
	root arena.Addr
	hash uint64
}

// TouchMemberPage is the stage after TouchMember: it asks for the member's page.
func (s *Store) TouchMemberPage(at *MemberPlace) {
	if at.root != 0 {
		slotted.TouchPage(at.root, at.hash)
	}
}

// TouchMemberRecord is the last stage: it asks for the member's record.
func (s *Store) TouchMemberRecord(at *MemberPlace) {
	if at.root != 0 {
		slotted.TouchRecord(at.root, at.hash)
	}
}
