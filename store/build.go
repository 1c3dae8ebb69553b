package store

import "github.com/kringdb/kring/store/dict"

// Adopt makes e k's entry in db, whatever k held: e was made by a Build of its type, in the
// arena of k's shard (Edit), with k's name. The key's shard is locked. It need not have been
// all the time since the Build began, but no database may be flushed meanwhile: that may
// give the arena back.
func (s *Store) Adopt(db int, k Key, e Entry) {
	sh, d := &s.shards[k.Shard], s.at(db, k.Shard)
	sh.preserve(k.Shard, d, k.Hash)
	slot := s.slotOf(db, k)
	if slot == nil {
		slot = s.insert(db, d, k, e, e.Deadline())
	} else {
		old := Entry{A: dict.SlotAddr(slot)}
		d.countDeadline(old.HasDeadline(), e.HasDeadline())
		if holdsDue(old) {
			d.inner--
		}
		s.freeValue(k.Shard, old)
		old.Free(sh.mu.ar)
		dict.SetSlotAddr(slot, e.A)
		if e.HasDeadline() {
			s.note(k.Shard, d, k.Hash, slot, e.Deadline())
		}
	}
	s.noteInner(k.Shard, d, k.Hash, slot)
}

// AdoptNew is Adopt for a key that should be absent: of one that is there it tells so, and
// changes nothing.
func (s *Store) AdoptNew(db int, k Key, e Entry) bool {
	sh, d := &s.shards[k.Shard], s.at(db, k.Shard)
	if s.slotOf(db, k) != nil {
		return false
	}
	sh.preserve(k.Shard, d, k.Hash)
	s.noteInner(k.Shard, d, k.Hash, s.insert(db, d, k, e, e.Deadline()))
	return true
}

// Reserve readies database db, as far as it is empty, for keys that are going to come. It
// takes the shard locks itself, one at a time.
func (s *Store) Reserve(db, keys int) {
	for i := range s.shards {
		sh, d := &s.shards[i], s.at(db, uint32(i))
		sh.mu.Lock()
		sh.preserve(uint32(i), d, 0)
		d.table.Reserve(sh.mu.ar, keys>>(s.shardBits&31))
		sh.mu.Unlock()
	}
}

// Drop frees a value that no key has adopted. Its shard is locked.
func (s *Store) Drop(shard uint32, e Entry) {
	s.freeValue(shard, e)
	e.Free(s.shards[shard].mu.ar)
}
