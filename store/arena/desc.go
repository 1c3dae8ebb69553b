package arena

import "unsafe"

// States of a unit as its holder sees it. A unit of a page holds order+1, so
// that the page of any block is found from its address.
const (
	stateNone = 0
	stateSpan = 0x80 // the first unit of a span
	// stateCommons stands above order+1 where the page is of a commons.
	stateCommons = 0x40
	// stateClosed is set beside it while blocks are moved out of the page.
	stateClosed = 0x20
)

// desc describes a page or a span; see doc.go for the fields.
type desc struct {
	next, prev       uint32
	used, free, bump uint16
	class, order     uint8
}

func descOf(u uint32) *desc {
	return (*desc)(unsafe.Add(descs, uintptr(u)*descBytes))
}

func stateOf(u uint32) *uint8 {
	return (*uint8)(unsafe.Add(states, uintptr(u)))
}

// full tells whether no block of size bytes is left. The sentinel of unit 0,
// which stands for the empty ring, is always full.
func (d *desc) full(size uint32) bool {
	return d.free == 0 && uint32(d.bump)+size>>3 > unitBytes>>3<<d.order
}

// units returns the length of the page or span.
func (d *desc) units() uint32 {
	if d.class == classSpan {
		return uint32(d.used) | uint32(d.free)<<16
	}
	return uint32(pageUnits[d.class][d.order])
}

func (d *desc) setSpanUnits(n uint32) {
	d.used, d.free = uint16(n), uint16(n>>16)
}

// setStates marks the units of a page, or unmarks them before they go back to
// the pool, so that a block of a page that is gone is told from a live one.
func setStates(u, cnt uint32, state uint8) {
	s := unsafe.Slice(stateOf(u), cnt)
	for i := range s {
		s[i] = state
	}
}
