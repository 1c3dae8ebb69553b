package arena

import "github.com/kringdb/kring/internal/invariants"

// A place in a commons costs its lock when it is taken and again when it is left. Where the few
// blocks of an arena come and go all the time, a queue's or a counter's that expires, that was a
// third of the work. So an arena with such traffic keeps the places that it left last, and takes
// them again without a lock. In its commons a spare counts as the arena's block; in the arena it
// counts nowhere.
//
// Data that only grows leaves a block behind each time one of its values gets larger, and would
// never need the place again: there is no traffic before an arena's blocks have been replaced
// many times.

// spares are the places that an arena keeps, the last one last.
type spares struct {
	at    [spareSlots]Addr
	class [spareSlots]uint8
	n     uint8
	gone  uint32 // blocks of the arena that left commons, see busy
}

// busy counts a block that leaves, of lodged that the arena has in commons, and tells whether there is traffic.
func (s *spares) busy(lodged uint32) bool {
	if s.gone < lodged*spareTurns+spareGone {
		s.gone++
		return false
	}
	return true
}

// take returns a place of class c; 0 if there is none.
func (s *spares) take(c int) Addr {
	i := int(s.n) - 1
	for i >= 0 && int(s.class[i]) != c {
		i--
	}
	if i < 0 {
		return 0
	}
	addr := s.at[i]
	s.remove(i)
	if invariants.Enabled {
		checkReused(addr, int(classBytes[c]))
		checkNoSpare(addr, c)
		mangle(addr+2, int(classBytes[c])-2)
	}
	return addr
}

// keep keeps the place at addr, which a block of class c leaves, in the commons' page u that
// is not closed, and gives others back, the oldest first, for which it is one too many. It tells whether it did.
func (s *spares) keep(u uint32, addr Addr, c int) bool {
	for s.n == spareSlots || classBytes[c]*(uint32(s.n)+1) > spareBytes {
		if s.n == 0 {
			return false
		}
		s.give(0)
	}
	if invariants.Enabled {
		checkGone(addr, int(classBytes[c]), u, c, ownerCommons, liveSpare)
	}
	s.at[s.n], s.class[s.n] = addr, uint8(c)
	s.n++
	return true
}

// remove takes a place out.
func (s *spares) remove(i int) {
	s.n--
	for ; i < int(s.n); i++ {
		s.at[i], s.class[i] = s.at[i+1], s.class[i+1]
	}
}

// has tells whether the place at addr is kept.
func (s *spares) has(addr Addr) bool {
	for i := range s.n {
		if s.at[i] == addr {
			return true
		}
	}
	return false
}

// give gives a place back to its commons.
func (s *spares) give(i int) {
	addr, c := s.at[i], int(s.class[i])
	s.remove(i)
	if invariants.Enabled {
		checkNoSpare(addr, c) // as putLocked expects it
	}
	u := uint32(addr >> unitShift)
	u &^= 1<<(*stateOf(u)&7-1) - 1
	n := int(uint32(addr-Addr(u)<<unitShift) / classBytes[c])
	k := commonsOf(U16(whoseAt(Addr(u)<<unitShift, descOf(u), n)))
	k.mu.Lock()
	k.putLocked(u, n)
	k.mu.Unlock()
}
