package arena

import "math/bits"

// Page describes one page of an arena to those who look for sparse ones.
type Page struct {
	Addr      Addr // of the first byte
	Bytes     int  // length
	BlockSize int  // of each place
	Used      int  // live blocks
	Capacity  int  // blocks it has room for
}

func pageOf(u uint32, d *desc) Page {
	size := int(classBytes[d.class])
	return Page{
		Addr:      Addr(u) << unitShift,
		Bytes:     int(d.units()) << unitShift,
		BlockSize: size,
		Used:      int(d.used),
		Capacity:  unitBytes << d.order / size,
	}
}

// PageOf returns the page that holds the block at addr; ok is false for a span,
// which has none, and for memory that is not allocated.
func PageOf(addr Addr) (p Page, ok bool) {
	u := uint32(addr >> unitShift)
	o := *stateOf(u) - 1
	if o > topOrder {
		return Page{}, false
	}
	u &^= 1<<o - 1
	return pageOf(u, descOf(u)), true
}

// maxPageBlocks is the number of blocks in the page that holds most.
const maxPageBlocks = unitBytes << topOrder / 8

// Blocks calls fn for every live block of the page at addr (a Page.Addr), in
// ascending order, until fn returns false. The set is that of the moment of the
// call: fn may allocate, and free the block it was given.
func Blocks(page Addr, fn func(block Addr) bool) {
	var dead [maxPageBlocks / 64]uint64
	d := descOf(uint32(page >> unitShift))
	size := Addr(classBytes[d.class])
	markFree(page, d, &dead)
	n := int(d.bump) << 3 / int(size)
	for w := 0; w<<6 < n; w++ {
		live := ^dead[w]
		if rest := n - w<<6; rest < 64 {
			live &= 1<<rest - 1
		}
		for ; live != 0; live &= live - 1 {
			i := w<<6 + bits.TrailingZeros64(live)
			if !fn(page + Addr(i)*size) {
				return
			}
		}
	}
}

// markFree sets the bit of every block in the page's free list and returns their
// number.
func markFree(page Addr, d *desc, dead *[maxPageBlocks / 64]uint64) int {
	n := 0
	size := uint32(classBytes[d.class])
	for f := d.free; f != 0; n++ {
		i := uint32(f-1) << 3 / size
		dead[i>>6] |= 1 << (i & 63)
		f = U16(page + Addr(f-1)<<3)
	}
	return n
}
