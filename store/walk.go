package store

import (
	"github.com/kringdb/kring/store/arena"
)

// Walk is SCAN: it emits the entries of db from cursor on, expired ones too, until at
// least want are emitted, and returns the cursor to go on with, 0 at the end. It
// begins at cursor 0; a cursor is shard<<40 | hash position, below 2^53. An entry that
// is there throughout a series of walks is emitted exactly once. Entries in foreign slots are left out. Walk takes one shard
// lock at a time itself; fn runs under it, and must not keep the entry or call a
// method that changes the store.
func (s *grid) Walk(db int, cursor uint64, want int, fn func(e Entry)) (next uint64) {
	emitted, foreign := 0, s.foreign.Load()
	emit := func(a arena.Addr) {
		emitted++
		if !(BySlot{s}).hides(foreign, Entry{A: a}, uint32(cursor>>cursorShardShift)) {
			fn(Entry{A: a})
		}
	}
	for cursor>>cursorShardShift < uint64(len(s.shards)) {
		shard, pos := cursor>>cursorShardShift, cursor&cursorPosMask
		s.shards[shard].mu.Lock()
		pos, done := s.at(db, uint32(shard)).table.Walk(pos, want-emitted, &s.ops, emit)
		s.shards[shard].mu.Unlock()
		if done {
			shard, pos = shard+1, 0
		}
		cursor = shard<<cursorShardShift | pos
		if emitted >= want && cursor>>cursorShardShift < uint64(len(s.shards)) {
			return cursor
		}
	}
	return 0
}
