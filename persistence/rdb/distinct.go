package rdb

import "hash/maphash"

// distinct finds strings that occur twice. It keeps copies of what it is given, in memory
// of the same order: the strings, and 16 to 24 bytes for each.
type distinct struct {
	seed  maphash.Seed
	bytes []byte
	ends  []int    // string i is bytes[ends[i-1]:ends[i]]
	table []uint32 // 1 + i at the place of the hash or behind it; of twice as many at least
}

const fewDistinct = 16 // are compared one by one

// add adds p, and tells whether it was not there.
func (s *distinct) add(p []byte) bool {
	if len(s.ends) < fewDistinct {
		for i := range s.ends {
			if string(s.at(i)) == string(p) {
				return false
			}
		}
		s.keep(p)
		return true
	}
	if len(s.table) < 2*(len(s.ends)+1) {
		s.grow()
	}
	i := s.find(p)
	if s.table[i] != 0 {
		return false
	}
	s.keep(p)
	s.table[i] = uint32(len(s.ends))
	return true
}

func (s *distinct) at(i int) []byte {
	from := 0
	if i > 0 {
		from = s.ends[i-1]
	}
	return s.bytes[from:s.ends[i]]
}

func (s *distinct) keep(p []byte) {
	s.bytes = append(s.bytes, p...)
	s.ends = append(s.ends, len(s.bytes))
}

// find returns the place of p, or the free one where it belongs.
func (s *distinct) find(p []byte) int {
	mask := len(s.table) - 1
	i := int(maphash.Bytes(s.seed, p)) & mask
	for s.table[i] != 0 && string(s.at(int(s.table[i]-1))) != string(p) {
		i = (i + 1) & mask
	}
	return i
}

// grow makes a table for four times as many.
func (s *distinct) grow() {
	if s.table == nil {
		s.seed = maphash.MakeSeed()
	}
	n := 4
	for n < 4*len(s.ends) {
		n *= 2
	}
	s.table = make([]uint32, n)
	for i := range s.ends {
		s.table[s.find(s.at(i))] = uint32(i + 1)
	}
}
