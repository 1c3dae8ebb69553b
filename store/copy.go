package store

import (
	"bytes"

	"github.com/kringdb/kring/store/dict"
	"github.com/kringdb/kring/store/entry"
)

// Rename gives the value of from, with its deadline, the name to, whatever to held,
// and tells whether from was there. It does not look at deadlines: the caller has
// called Find. Within a shard a large value keeps its memory outside the block; across
// shards it is copied.
func (s *Store) Rename(db int, from, to Key) bool {
	e := s.FindRaw(db, from)
	if e.A == 0 {
		return false
	}
	if bytes.Equal(from.Name, to.Name) {
		return true
	}
	sameShard := from.Shard == to.Shard
	s.copyEntry(db, to, e, !sameShard)
	// put may have changed the table, so that the slot is looked up now.
	d := s.at(db, from.Shard)
	slot := d.table.FindAddr(from.Hash, e.A)
	if !sameShard {
		s.remove(db, from, slot, e)
		return true
	}
	s.unlink(db, from, slot, e)
	e.Free(s.shards[from.Shard].mu.ar)
	return true
}

// Copy makes to in dstdb a deep copy of from in srcdb, with its deadline, whatever to
// held, and tells whether from was there. It does not look at deadlines.
func (s *Store) Copy(srcdb int, from Key, dstdb int, to Key) bool {
	e := s.FindRaw(srcdb, from)
	if e.A == 0 {
		return false
	}
	if srcdb != dstdb || !bytes.Equal(from.Name, to.Name) {
		s.copyEntry(dstdb, to, e, true)
	}
	return true
}

// copyEntry makes to a copy of e, deep or only of e's block.
func (s *Store) copyEntry(db int, to Key, e Entry, deep bool) {
	if s.state.Load()&stateTelling != 0 && s.slotOf(db, to) != nil {
		s.created(db, to) // what was there goes first, in Redis
	}
	// Before e is read: its segment, if it is to's too, is handed over unchanged.
	ne := s.put(db, to, &entry.Spec{
		Type: e.Type(), Encoding: e.Encoding(), Clock: e.Clock(), Deadline: e.Deadline(), PayloadLen: e.PayloadLen(),
	})
	copy(ne.Payload(), e.Payload())
	if ops := outside[e.Kind()]; deep && ops != nil {
		ops.Copy(s.shards[to.Shard].mu.ar, ne, e)
	}
	if dues[e.Kind()] != nil {
		d := s.at(db, to.Shard)
		s.noteInner(to.Shard, d, to.Hash, d.table.FindAddr(to.Hash, ne.A))
	}
}

// Move moves k, with its deadline, from srcdb to dstdb and tells whether it did: not
// when k is missing in srcdb or present in dstdb. It does not look at deadlines: the
// caller has called Find for both.
func (s *Store) Move(srcdb, dstdb int, k Key) bool {
	src, dst := s.at(srcdb, k.Shard), s.at(dstdb, k.Shard)
	slot := src.table.Find(k.Hash, k.Name, &s.ops)
	if slot == nil || dst.table.Find(k.Hash, k.Name, &s.ops) != nil {
		return false
	}
	e := Entry{A: dict.SlotAddr(slot)}
	sh := &s.shards[k.Shard]
	s.unlink(srcdb, k, slot, e)
	sh.preserve(k.Shard, dst, k.Hash)
	s.insert(dstdb, dst, k, e, e.Deadline())
	s.noteInner(k.Shard, dst, k.Hash, dst.table.FindAddr(k.Hash, e.A))
	return true
}

// Keep returns a copy of k's entry with all that its value holds, zero if there is none; ok is
// false when that takes more than a number of bytes. The copy is in no table: PutBack
// or Drop follows before the shard's lock is released.
func (s *Store) Keep(db int, k Key, most int64) (e Entry, ok bool) {
	at := s.FindRaw(db, k)
	if at.A == 0 {
		return Entry{}, true
	}
	if int64(at.Size()) > most || entryBytes(at) > most {
		return Entry{}, false
	}
	ar := s.shards[k.Shard].mu.ar
	e = at.Clone(ar, k.Name, at.Deadline())
	if ops := outside[at.Kind()]; ops != nil {
		ops.Copy(ar, e, at)
	}
	return e, true
}

// PutBack makes k what it was when Keep returned e. Nobody hears of it.
func (s *Store) PutBack(db int, k Key, e Entry) {
	if e.A == 0 {
		s.Delete(db, k)
		return
	}
	s.Adopt(db, k, e)
}

// HoldsDue tells whether something in k's value falls due some time.
func (s *Store) HoldsDue(db int, k Key) bool {
	e := s.FindRaw(db, k)
	return e.A != 0 && holdsDue(e)
}

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
	if s.slotBits != 0 {
		return // it is not known in which slots they are, and so which segments there will be
	}
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
