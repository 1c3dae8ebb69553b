package arena

import "math/bits"

const (
	fineClasses  = fineMaxBytes / 8
	smallClasses = fineClasses + 8*6 // six doublings from 256 B to 16 KB

	// classSpan is the ring of the spans, behind those of the size classes.
	classSpan  = smallClasses
	numClasses = smallClasses + 1
)

// classBytes is the block size of each class, pageOrder the order of the page
// to take when at most 4 KB<<want is wanted, minOrder the order of the first,
// pageUnits the length of a page of each order: units that would hold no whole
// block at its end are not taken.
var (
	classBytes [smallClasses]uint32
	pageOrder  [smallClasses][topOrder + 1]uint8
	minOrder   [smallClasses]uint8
	pageUnits  [smallClasses][topOrder + 1]uint8
)

func init() {
	for c := range classBytes {
		size := (c + 1) * 8
		if c >= fineClasses {
			g := c - fineClasses
			size = (8 + g&7 + 1) << (5 + g>>3)
		}
		classBytes[c] = uint32(size)
		initOrders(c, size)
	}
	for c := range classBytes {
		initGuests(c, classBytes[c])
	}
}

// tailShare returns the unused end of a page of order o in 1/1024 of the page.
func tailShare(c, o int) int {
	page := int(pageUnits[c][o]) * unitBytes
	return page % int(classBytes[c]) * 1024 / page
}

// initOrders chooses the page sizes of a class. The first page may waste a
// quarter; from there on the least wasteful order within the wanted size wins,
// the larger at a tie.
func initOrders(c, size int) {
	for o := range pageUnits[c] {
		blocks := unitBytes << o / size
		pageUnits[c][o] = uint8((max(blocks, 1)*size + unitBytes - 1) / unitBytes)
	}
	lo := 0
	for unitBytes<<lo < size || tailShare(c, lo) > 1024/4 {
		lo++
	}
	minOrder[c] = uint8(lo)
	for want := range pageOrder[c] {
		best := lo
		for o := lo + 1; o <= want; o++ {
			if tailShare(c, o) <= tailShare(c, best) {
				best = o
			}
		}
		pageOrder[c][want] = uint8(best)
	}
}

// classOf returns the class of n, 0 <= n <= MaxSmallBytes.
func classOf(n int) int {
	if n <= fineMaxBytes {
		return (max(n, 1) - 1) >> 3
	}
	l := bits.Len32(uint32(n - 1)) // 9 for 257..512
	return fineClasses + (l-9)<<3 + int(uint32(n-1)>>uint(l-4))&7
}

// SizeOf returns the bytes that a block of n bytes occupies: the size of its
// class, or whole 4 KB units above MaxSmallBytes. 0 <= n <= MaxAllocBytes.
func SizeOf(n int) int {
	if uint(n) <= MaxSmallBytes {
		return int(classBytes[classOf(n)])
	}
	return (n + unitBytes - 1) &^ (unitBytes - 1)
}
