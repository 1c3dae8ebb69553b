package rdb

import "github.com/kringdb/kring/internal/fieldhash"

// fieldSet finds fields of a Run that are there twice.
type fieldSet struct {
	seed  fieldhash.Seed
	room  []uint32
	table []uint32 // of room: 1 + where a field begins, at its hash or behind it; a power of two
	left  int      // so many more are added before it has to grow
}

// leastFields is how many places a table has at least: a power of two.
const leastFields = 64

// reset empties the set and makes it one for about n fields.
func (s *fieldSet) reset(n int) {
	if s.room == nil {
		s.seed = fieldhash.New()
	}
	size := leastFields
	for size < 4*n {
		size *= 2
	}
	if size > cap(s.room) {
		s.room = make([]uint32, size)
	}
	s.table = s.room[:size]
	clear(s.table)
	s.left = size / 4
}

// add adds the field of run that begins at start, with hash h, and tells whether it was not there.
func (s *fieldSet) add(run []byte, start int, h uint64) (added bool) {
	i := h & uint64(len(s.table)-1)
	if s.table[i] != 0 {
		return s.addBehind(run, start, i)
	}
	s.table[i] = uint32(start + 1)
	s.left--
	return true
}

// addBehind is add where something stands at i, the field's place.
func (s *fieldSet) addBehind(run []byte, start int, i uint64) (added bool) {
	field, _ := runElement(run, start)
	for s.table[i] != 0 {
		if there, _ := runElement(run, int(s.table[i]-1)); string(there) == string(field) {
			return false
		}
		i = (i + 1) & uint64(len(s.table)-1)
	}
	s.table[i] = uint32(start + 1)
	s.left--
	return true
}

// grow makes the table four times as large; the fields of run are in it.
func (s *fieldSet) grow(run []byte) {
	s.reset(len(s.table))
	for off := 0; off < len(run); {
		field, next := runElement(run, off)
		s.add(run, off, s.seed.Of(field))
		_, off = runElement(run, next)
	}
}
