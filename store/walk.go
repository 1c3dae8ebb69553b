package store

import (
	"math/rand/v2"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/dict"
)

// Walk is SCAN: it emits the entries of db from cursor on, expired ones too, until at
// least want are emitted, and returns the cursor to go on with, 0 at the end. It
// begins at cursor 0; a cursor is shard<<40 | hash position, below 2^53. An entry that
// is there throughout a series of walks is emitted exactly once. Walk takes one shard
// lock at a time itself; fn runs under it, and must not keep the entry or call a
// method that changes the store.
func (s *Store) Walk(db int, cursor uint64, want int, fn func(e Entry)) (next uint64) {
	emitted := 0
	emit := func(a arena.Addr) {
		emitted++
		fn(Entry{A: a})
	}
	for cursor>>cursorShardShift < uint64(len(s.shards)) {
		shard, pos := cursor>>cursorShardShift, cursor&cursorPosMask
		s.shards[shard].mu.Lock()
		pos, done := s.at(db, uint32(shard)).table.Walk(pos, want-emitted, &keyOps, emit)
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

// RandomKey returns the name of a random key of db in scratch, false when db has none.
// Expired entries that it meets are deleted as Find does; while they stay (SetHiding), it
// gives up after meeting many. It takes shard locks itself.
func (s *Store) RandomKey(db int, now int64, scratch []byte) ([]byte, bool) {
	for tries := 0; tries < hiddenTries || s.state.Load()&stateHiding == 0; tries++ {
		n := s.Len(db)
		if n == 0 {
			break
		}
		at := rand.IntN(n)
		for i := range s.shards {
			s.shards[i].mu.Lock()
			n := s.at(db, uint32(i)).table.Len()
			if at < n {
				name, ok := s.randomLocked(db, uint32(i), now, scratch)
				s.shards[i].mu.Unlock()
				if ok {
					return name, true
				}
				break
			}
			s.shards[i].mu.Unlock()
			at -= n
		}
	}
	return scratch[:0], false
}

// randomLocked draws from one shard that is not empty; false if it drew an expired
// entry, which it deletes unless it is to stay.
func (s *Store) randomLocked(db int, shard uint32, now int64, scratch []byte) ([]byte, bool) {
	slot := s.at(db, shard).table.Random(rand.Uint64(), &keyOps)
	e := Entry{A: dict.SlotAddr(slot)}
	if !e.Expired(now) {
		return append(scratch[:0], e.Key()...), true
	}
	k := Key{Name: e.Key(), Hash: keyOps.Hash(e.A), Shard: shard}
	if e = s.meetExpired(db, k, slot, e); e.A == 0 {
		return nil, false
	}
	return append(scratch[:0], e.Key()...), true
}
