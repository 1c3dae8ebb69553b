package store

import (
	"math"
	"math/bits"
	"math/rand/v2"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/dict"
)

// Never is the due time of what is not due at all.
const Never int64 = dict.Never

// dueOf returns when something happens to the entry at a: its deadline, or an earlier
// moment inside its value (dues), Never if nothing does.
func dueOf(a arena.Addr) int64 {
	e := Entry{A: a}
	due := Never
	if e.HasDeadline() {
		due = e.Deadline()
	}
	if inner := dues[e.Kind()]; inner != nil {
		if at := inner(e); at > 0 {
			due = min(due, at)
		}
	}
	return due
}

// note records that the entry of hash h in slot is due at a moment, as its table, its
// database and its shard have to know. The shard is locked.
func (s *Store) note(shard uint32, d *database, h uint64, slot dict.Slot, due int64) {
	d.table.NoteDue(h, slot, due)
	if due < d.due {
		d.due = due
		s.lowerDue(shard, due)
	}
}

// lowerDue tells the shard's bound, and the expirer if it would sleep for too long.
func (s *Store) lowerDue(shard uint32, due int64) {
	if due >= s.due[shard].Load() {
		return
	}
	s.due[shard].Store(due)
	if due < s.alarm.Load() && s.hooks.Alarm != nil {
		s.hooks.Alarm()
	}
}

// noteInner is note for what is due inside the value of the entry in slot, which is new in d.
func (s *Store) noteInner(shard uint32, d *database, h uint64, slot dict.Slot) {
	if inner := dues[Entry{A: dict.SlotAddr(slot)}.Kind()]; inner != nil {
		if at := inner(Entry{A: dict.SlotAddr(slot)}); at > 0 {
			d.inner++
			s.note(shard, d, h, slot, at)
		}
	}
}

// holdsDue tells whether something inside e falls due one day, as far as its kind knows.
func holdsDue(e Entry) bool {
	inner := dues[e.Kind()]
	return inner != nil && inner(e) > 0
}

// CountDue keeps the count of Keys.Inner when a value of db begins (has) to have
// something inside that falls due, or has no longer: when what its kind's function in dues
// returns becomes positive or 0. The key's shard is locked.
func (s *Store) CountDue(db int, k Key, had, has bool) {
	switch d := s.at(db, k.Shard); {
	case has && !had:
		d.inner++
	case had && !has:
		d.inner--
	}
}

// NoteDue tells that something inside the value of k's entry e falls due at ms, which the
// kind's function in dues will confirm. It need not be told of a later time than before.
func (s *Store) NoteDue(db int, k Key, e Entry, ms int64) {
	d := s.at(db, k.Shard)
	s.note(k.Shard, d, k.Hash, d.table.FindAddr(k.Hash, e.A), ms)
}

// SetAlarm says that Hooks.Alarm has to be called when something is going to be due
// before ms, and returns the moment when the next thing is due in any shard, as far as
// is known: something that a caller sees neither here nor by the alarm does not exist.
// Any goroutine may call it.
func (s *Store) SetAlarm(ms int64) (next int64) {
	s.alarm.Store(ms)
	next = Never
	for i := range s.due {
		next = min(next, s.due[i].Load())
	}
	return next
}

// Due returns a lower bound of the moment when the next thing is due in the shard.
func (s *Store) Due(shard uint32) int64 { return s.due[shard].Load() }

// LateClasses is how many classes of lateness Expiry tells apart.
const LateClasses = 20

// Expiry is what ExpireStep did.
type Expiry struct {
	Keys  int                // deleted
	Late  int64              // by how many milliseconds the latest of them
	By    [LateClasses]int32 // how many of them were less than 2^i ms late, but not less than 2^(i-1)
	Inner int                // entries in whose values something was due
	Work  int                // about how many cache lines were looked at
}

// ExpireStep deletes some of the shard's entries that are due at now, and calls inner for
// those with something due inside, such as a field of a hash: it may change, move or delete
// k's entry as a command may. It takes the shard's lock itself and holds it
// for a bounded time; it skips a shard that a long command holds. The shard has more to
// do if Due(shard) <= now afterwards.
func (s *Store) ExpireStep(shard uint32, now int64, inner func(db int, k Key, e Entry)) (x Expiry) {
	if !s.LockUnlessLong(shard) {
		return x
	}
	next := Never
	for db := range s.numDBs {
		d := s.at(db, shard)
		if d.due <= now && x.Work < expireWorkPerStep {
			s.expireDatabase(shard, db, now, inner, &x)
		}
		next = min(next, d.due)
	}
	s.due[shard].Store(next)
	s.shards[shard].mu.Unlock()
	return x
}

// expireDatabase is ExpireStep for one database of the shard.
func (s *Store) expireDatabase(shard uint32, db int, now int64, inner func(db int, k Key, e Entry), x *Expiry) {
	d := s.at(db, shard)
	var hv dict.Harvest
	d.table.TakeDue(now, &s.ops, &hv)
	d.due = hv.Next
	x.Work += hv.Work + hv.N*expireEntryWork
	foreign := s.foreign.Load()
	for _, a := range hv.Addrs[:hv.N] {
		e := Entry{A: a}
		if (BySlot{&s.grid}).hides(foreign, e, shard) {
			hash := s.ops.Hash(a)
			s.note(shard, d, hash, d.table.FindAddr(hash, a), now+foreignRest)
			continue
		}
		k := Key{Name: e.Key(), Hash: s.ops.Hash(a), Shard: shard}
		if e.Expired(now) {
			x.Keys++
			late := now - e.Deadline()
			x.Late = max(x.Late, late)
			x.By[min(bits.Len64(uint64(late)), LateClasses-1)]++
			s.expire(db, k, d.table.FindAddr(k.Hash, a), e)
			continue
		}
		x.Inner++
		s.expireInner(db, k, e, inner)
	}
}

// expireInner lets inner see to what is due inside e, k's entry, and puts what is left of
// it back into the index. k.Name is a view of e.
func (s *Store) expireInner(db int, k Key, e Entry, inner func(db int, k Key, e Entry)) {
	d := s.at(db, k.Shard)
	k.Name = append([]byte(nil), k.Name...) // the entry may move, or go
	if inner != nil {
		inner(db, k, e)
	}
	slot := s.slotOf(db, k)
	if slot == nil {
		return
	}
	// Without inner, what is inside stays until a command meets it.
	if inner == nil {
		if at := (Entry{A: dict.SlotAddr(slot)}).Deadline(); at != 0 {
			s.note(k.Shard, d, k.Hash, slot, at)
		}
	} else if due := dueOf(dict.SlotAddr(slot)); due != Never {
		s.note(k.Shard, d, k.Hash, slot, due)
	}
}

// MeanTTL estimates the mean time to live, in milliseconds, of the keys in db that have
// a deadline, from some of each shard. It takes each shard's lock itself.
func (s *Store) MeanTTL(db int, now int64) int64 {
	sum, n := 0.0, 0
	for i := range s.shards {
		if !s.shards[i].lockUnlessBarred() {
			continue
		}
		if d := s.at(db, uint32(i)); d.expires > 0 {
			d.table.Sample(rand.Uint64(), true, &s.ops, func(a arena.Addr) {
				if e := (Entry{A: a}); e.HasDeadline() {
					sum += math.Max(float64(e.Deadline()-now), 0)
					n++
				}
			})
		}
		s.shards[i].mu.Unlock()
	}
	if n == 0 {
		return 0
	}
	return int64(sum / float64(n))
}
