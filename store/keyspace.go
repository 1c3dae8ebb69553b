package store

import (
	"math/rand/v2"

	"github.com/kringdb/kring/internal/invariants"
	"github.com/kringdb/kring/store/dict"
	"github.com/kringdb/kring/store/entry"
)

// Find returns k's entry, the zero Entry when there is none. An entry whose deadline
// is <= now (milliseconds since 1970) is deleted, reported to Hooks.Expired, counted,
// and not returned; see SetLoading and SetHiding for when it is not deleted.
func (s *Store) Find(db int, k Key, now int64) Entry {
	slot := s.slotOf(db, k)
	if slot == nil {
		return Entry{}
	}
	e := Entry{A: dict.SlotAddr(slot)}
	if e.Expired(now) {
		return s.meetExpired(db, k, slot, e)
	}
	return e
}

// meetExpired deletes an entry whose deadline has come, if that is the time for it, and
// returns what a command sees in its place.
func (s *Store) meetExpired(db int, k Key, slot dict.Slot, e Entry) Entry {
	switch state := s.state.Load(); {
	case state&stateLoading != 0, (BySlot{&s.grid}).hides(s.foreign.Load(), e, k.Shard):
		return e
	case state&stateHiding == 0:
		s.expire(db, k, slot, e)
	}
	return Entry{}
}

// The bits of Store.state.
const (
	stateLoading = 1 << iota // nothing expires, see SetLoading
	stateHiding              // what has expired stays, see SetHiding
	stateTelling             // Hooks.Created is called
)

func (s *Store) setState(bit uint32, on bool) {
	if on {
		s.state.Or(bit)
	} else {
		s.state.And(^bit)
	}
}

// SetLoading says that what is executed now has happened before: no deadline comes true
// meanwhile, because what follows may move it.
func (s *Store) SetLoading(on bool) { s.setState(stateLoading, on) }

// SetHiding says that keys whose deadline has come are absent for whoever looks, but stay
// where they are: nothing may change now. Whoever creates such a key all the same replaces
// it.
func (s *Store) SetHiding(on bool) { s.setState(stateHiding, on) }

// SetTelling says whether Hooks.Created is called.
func (s *Store) SetTelling(on bool) { s.setState(stateTelling, on) }

// Expire deletes k, whose deadline has come, whatever SetHiding says, and tells the owner as of any other key that
// expires. The shard is locked.
func (s *Store) Expire(db int, k Key) {
	if slot := s.slotOf(db, k); slot != nil {
		s.expire(db, k, slot, Entry{A: dict.SlotAddr(slot)})
	}
}

// Delete removes k, expired or not, and tells whether it was there. Large values are
// freed by the reaper.
func (s *Store) Delete(db int, k Key) bool {
	slot := s.slotOf(db, k)
	if slot == nil {
		return false
	}
	s.remove(db, k, slot, Entry{A: dict.SlotAddr(slot)})
	return true
}

// expire deletes an entry whose deadline has come.
func (s *Store) expire(db int, k Key, slot dict.Slot, e Entry) {
	sh := &s.shards[k.Shard]
	if s.hooks.Expired != nil {
		s.hooks.Expired(int(k.Shard), db, e.Key())
	}
	sh.mu.expired++
	s.remove(db, k, slot, e)
}

// remove deletes an entry, its slot and its value. k.Name may be a view of e.
func (s *Store) remove(db int, k Key, slot dict.Slot, e Entry) {
	sh := &s.shards[k.Shard]
	s.unlink(db, k, slot, e)
	s.freeValue(k.Shard, e)
	e.Free(sh.mu.ar)
}

// unlink deletes an entry's slot and leaves the entry to the caller.
func (s *Store) unlink(db int, k Key, slot dict.Slot, e Entry) {
	sh, d := &s.shards[k.Shard], s.at(db, k.Shard)
	sh.preserve(k.Shard, d, k.Hash)
	if e.HasDeadline() {
		d.expires--
	}
	if holdsDue(e) {
		d.inner--
	}
	d.table.Delete(sh.mu.ar, k.Hash, slot, &s.ops)
}

// Put creates k's entry, or replaces whatever k holds, and leaves the payload of
// payloadLen bytes undefined: the caller fills it before it releases the lock.
// deadline is in milliseconds since 1970, 0 for none, or KeepTTL. k.Name must not be
// a view of k's own entry.
func (s *Store) Put(db int, k Key, typ entry.Type, enc entry.Encoding, payloadLen int, deadline int64) Entry {
	return s.put(db, k, &entry.Spec{Type: typ, Encoding: enc, Clock: s.clock.Load(), Deadline: deadline, PayloadLen: payloadLen})
}

// Create is Put of a key that is missing: the caller has looked.
func (s *Store) Create(db int, k Key, typ entry.Type, enc entry.Encoding, payloadLen int) Entry {
	sh, d := &s.shards[k.Shard], s.at(db, k.Shard)
	sh.preserve(k.Shard, d, k.Hash)
	if s.state.Load()&stateHiding != 0 {
		if slot := s.slotOf(db, k); slot != nil {
			s.expire(db, k, slot, Entry{A: dict.SlotAddr(slot)})
		}
	}
	if invariants.Enabled {
		invariants.Assert(d.table.Find(k.Hash, k.Name, &s.ops) == nil, "store: Create of %q, which is there", k.Name)
	}
	e := entry.New(sh.mu.ar, k.Name, &entry.Spec{Type: typ, Encoding: enc, Clock: s.clock.Load(), PayloadLen: payloadLen})
	s.insert(db, d, k, e, 0)
	return e
}

func (s *Store) put(db int, k Key, sp *entry.Spec) Entry {
	sh, d := &s.shards[k.Shard], s.at(db, k.Shard)
	sh.preserve(k.Shard, d, k.Hash)
	slot := s.slotOf(db, k)
	if slot == nil {
		if sp.Deadline == KeepTTL {
			sp.Deadline = 0
		}
		e := entry.New(sh.mu.ar, k.Name, sp)
		s.insert(db, d, k, e, sp.Deadline)
		return e
	}
	old := Entry{A: dict.SlotAddr(slot)}
	if sp.Deadline == KeepTTL {
		sp.Deadline = old.Deadline()
	}
	d.countDeadline(old.HasDeadline(), sp.Deadline != 0)
	if sp.Clock&keepClock != 0 {
		sp.Clock = old.Clock()
	}
	if sp.Deadline != 0 {
		s.note(k.Shard, d, k.Hash, slot, sp.Deadline)
	}
	if holdsDue(old) {
		d.inner--
	}
	s.freeValue(k.Shard, old)
	e := old.Replace(sh.mu.ar, k.Name, sp)
	if e != old {
		dict.SetSlotAddr(slot, e.A)
	}
	return e
}

// insert adds the entry e of the key k, which is absent from d, database db, with what is
// due of it, and returns its slot.
func (s *Store) insert(db int, d *database, k Key, e Entry, deadline int64) dict.Slot {
	ar := s.shards[k.Shard].mu.ar
	slot := d.table.Insert(ar, k.Hash, e.A, &s.ops)
	if deadline != 0 {
		d.expires++
		s.note(k.Shard, d, k.Hash, slot, deadline)
	}
	if n := d.table.Len(); n == 1 {
		s.used[db].Store(true)
	} else if n%trimInterval == 0 {
		// A growing table leaves an empty page behind in each size class that its
		// segments and directories went through: over 256 shards that is megabytes.
		ar.Trim()
	}
	if s.state.Load()&stateTelling != 0 && db < s.numDBs {
		s.created(db, k)
	}
	return slot
}

// created tells the owner that k has come into being.
func (s *Store) created(db int, k Key) {
	if s.hooks.Created != nil {
		s.hooks.Created(int(k.Shard), db, k.Name)
	}
}

// countDeadline keeps expires when an entry changes.
func (d *database) countDeadline(had, has bool) {
	if had == has {
		return
	}
	if has {
		d.expires++
	} else {
		d.expires--
	}
}

// SetDeadline sets k's deadline, ms > 0 in milliseconds since 1970, or removes it, ms
// = 0. The entry may move: the result replaces e, which is k's entry.
func (s *Store) SetDeadline(db int, k Key, e Entry, ms int64) Entry {
	had, has := e.HasDeadline(), ms != 0
	if !had && !has {
		return e
	}
	sh, d := &s.shards[k.Shard], s.at(db, k.Shard)
	sh.preserve(k.Shard, d, k.Hash)
	if had && has {
		was := e.Deadline()
		e.StoreDeadline(ms)
		if ms < was {
			s.note(k.Shard, d, k.Hash, d.table.FindAddr(k.Hash, e.A), ms)
		}
		return e
	}
	d.countDeadline(had, has)
	to := e.Resize(sh.mu.ar, e.Encoding(), e.PayloadLen(), ms)
	if !has {
		return d.moved(k, e, to)
	}
	slot := d.table.FindAddr(k.Hash, e.A)
	dict.SetSlotAddr(slot, to.A)
	s.note(k.Shard, d, k.Hash, slot, ms)
	return to
}

// moved updates the slot of an entry whose block may have changed.
func (d *database) moved(k Key, from, to Entry) Entry {
	if from != to {
		dict.SetSlotAddr(d.table.FindAddr(k.Hash, from.A), to.A)
	}
	return to
}

// Resize changes encoding and payload length of k's entry e and keeps the first
// min(old, new) payload bytes, deadline and clock. It is for the types' packages: what
// the payload refers to is theirs.
func (s *Store) Resize(db int, k Key, e Entry, enc entry.Encoding, payloadLen int) Entry {
	sh, d := &s.shards[k.Shard], s.at(db, k.Shard)
	sh.preserve(k.Shard, d, k.Hash)
	return d.moved(k, e, e.Resize(sh.mu.ar, enc, payloadLen, e.Deadline()))
}

// RandomKey returns the name of a random key of db in scratch, false when db has none.
// Expired entries that it meets are deleted as Find does; while they stay (SetHiding), or others are in
// foreign slots, it gives up after meeting many. It takes shard locks itself.
func (s *Store) RandomKey(db int, now int64, scratch []byte) ([]byte, bool) {
	for tries := 0; tries < hiddenTries || s.state.Load()&stateHiding == 0 && s.foreign.Load() == nil; tries++ {
		n := s.entries(db)
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
	slot := s.at(db, shard).table.Random(rand.Uint64(), &s.ops)
	e := Entry{A: dict.SlotAddr(slot)}
	switch {
	case (BySlot{&s.grid}).hides(s.foreign.Load(), e, shard):
		return nil, false
	case !e.Expired(now):
		return append(scratch[:0], e.Key()...), true
	}
	k := Key{Name: e.Key(), Hash: s.ops.Hash(e.A), Shard: shard}
	if e = s.meetExpired(db, k, slot, e); e.A == 0 {
		return nil, false
	}
	return append(scratch[:0], e.Key()...), true
}
