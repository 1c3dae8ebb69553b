package store

// This file keeps copies of values for who may have to put them back.

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
