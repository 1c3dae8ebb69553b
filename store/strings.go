package store

import (
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/str"
)

// SetString makes k the string val in the form that Redis's SET picks, whatever k
// held. deadline is in milliseconds since 1970, 0 for none, or KeepTTL; an expired
// key's deadline is kept too, so that a caller who wants KeepTTL calls Find first.
// Neither k.Name nor val may be a view of k's own entry.
func (s *Store) SetString(db int, k Key, val []byte, deadline int64) Entry {
	enc, num := str.Classify(val)
	e := s.put(db, k, &entry.Spec{
		Type: entry.String, Encoding: enc, Clock: s.clock.Load(), Deadline: deadline,
		PayloadLen: str.PayloadLen(enc, len(val)),
	})
	str.Fill(s.shards[k.Shard].mu.ar, e, enc, val, num)
	return e
}

// SetStringRaw is SetString for a value that has to show as raw, such as the result of
// a bit operation.
func (s *Store) SetStringRaw(db int, k Key, val []byte, deadline int64) Entry {
	enc := str.ClassifyRaw(val)
	e := s.put(db, k, &entry.Spec{
		Type: entry.String, Encoding: enc, Clock: s.clock.Load(), Deadline: deadline,
		PayloadLen: str.PayloadLen(enc, len(val)),
	})
	str.Fill(s.shards[k.Shard].mu.ar, e, enc, val, 0)
	return e
}

// SetInt makes k, whose entry is e or none, the number v and keeps its deadline. A
// number is overwritten in place.
func (s *Store) SetInt(db int, k Key, e Entry, v int64) Entry {
	if e.A != 0 && e.Kind() == entry.KindOf(entry.String, entry.Int) {
		s.shards[k.Shard].preserve(k.Shard, s.at(db, k.Shard), k.Hash)
		e.PutU64(0, uint64(v))
		return e
	}
	e = s.put(db, k, &entry.Spec{
		Type: entry.String, Encoding: entry.Int, Clock: s.clock.Load(), Deadline: KeepTTL,
		PayloadLen: str.PayloadLen(entry.Int, 0),
	})
	e.PutU64(0, uint64(v))
	return e
}

// StringLen returns the length in bytes of the string e.
func (s *Store) StringLen(e Entry) int64 { return str.Len(e) }

// StringInt returns the string e as a number, if it is a decimal int64 in its
// shortest form.
func (s *Store) StringInt(e Entry) (int64, bool) { return str.Int(e) }

// StringBytes returns the string e contiguously: a view of the entry, or a copy in
// scratch (grown when needed) if it is a number or longer than 64 KB.
func (s *Store) StringBytes(e Entry, scratch []byte) []byte { return str.Bytes(e, scratch) }

// StringSegments calls fn with views of the bytes [off, off+n) of the string e,
// clipped to its length, in order, until fn returns false.
func (s *Store) StringSegments(e Entry, off, n int64, fn func([]byte) bool) {
	str.Segments(e, off, n, fn)
}

// StringReadAt copies the bytes of e from off on into dst and returns how many there
// were.
func (s *Store) StringReadAt(e Entry, dst []byte, off int64) int { return str.ReadAt(e, dst, off) }

// StringWriteAt overwrites the bytes of k's string e (none: a new empty one) from off
// on with data; a gap before off is filled with zeros, and in strings above 64 KB
// takes no memory. The string shows as raw afterwards. Empty data changes nothing. The
// caller checks the resulting length. data must not be a view of e.
func (s *Store) StringWriteAt(db int, k Key, e Entry, off int64, data []byte) Entry {
	if len(data) == 0 {
		return e
	}
	if e.A == 0 {
		e = s.put(db, k, &entry.Spec{Type: entry.String, Encoding: entry.Raw, Clock: s.clock.Load()})
	}
	return s.writeAt(db, k, e, off, data)
}

func (s *Store) writeAt(db int, k Key, e Entry, off int64, data []byte) Entry {
	sh, d := &s.shards[k.Shard], s.at(db, k.Shard)
	sh.preserve(k.Shard, d, k.Hash)
	return d.moved(k, e, str.WriteAt(sh.mu.ar, e, off, data))
}

// StringAppend appends data to k's string e, which shows as raw afterwards even if data
// is empty, and returns the entry and the new length.
// Without an entry it does what SetString does, as Redis does. data must not be a
// view of e.
func (s *Store) StringAppend(db int, k Key, e Entry, data []byte) (Entry, int64) {
	if e.A == 0 {
		return s.SetString(db, k, data, 0), int64(len(data))
	}
	n := str.Len(e)
	return s.writeAt(db, k, e, n, data), n + int64(len(data))
}
