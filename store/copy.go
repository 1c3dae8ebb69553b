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
	slot := src.table.Find(k.Hash, k.Name, &keyOps)
	if slot == nil || dst.table.Find(k.Hash, k.Name, &keyOps) != nil {
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
