package arena

import "math/bits"

// indexLevels is enough summaries for the units of the largest reservation.
const indexLevels = 5

// index is a bitmap with summaries: bit i of level k+1 tells whether word i of
// level k is not zero. So the lowest and the highest set bit are found in one
// step per level. Callers hold the pool's lock.
type index struct {
	levels [indexLevels][]uint64
	top    int // the last level in use: a single word
	count  int // set bits
}

// indexWords returns how many words an index of n bits needs.
func indexWords(n uint64) uint64 {
	words := uint64(0)
	for {
		n = (n + 63) >> 6
		words += n
		if n == 1 {
			return words
		}
	}
}

// init lays the index for n bits out over zeroed words and returns the rest.
func (x *index) init(n uint64, words []uint64) []uint64 {
	for k := 0; ; k++ {
		n = (n + 63) >> 6
		x.levels[k], words = words[:n:n], words[n:]
		x.top = k
		if n == 1 {
			return words
		}
	}
}

func (x *index) test(i uint32) bool {
	return x.levels[0][i>>6]&(1<<(i&63)) != 0
}

// set sets bit i, which may be set already.
func (x *index) set(i uint32) {
	w := &x.levels[0][i>>6]
	old := *w
	if old&(1<<(i&63)) != 0 {
		return
	}
	*w = old | 1<<(i&63)
	x.count++
	for k := 1; old == 0 && k <= x.top; k++ {
		i >>= 6
		w = &x.levels[k][i>>6]
		old = *w
		*w = old | 1<<(i&63)
	}
}

// clear clears bit i, which may be clear already.
func (x *index) clear(i uint32) {
	w := &x.levels[0][i>>6]
	if *w&(1<<(i&63)) == 0 {
		return
	}
	*w &^= 1 << (i & 63)
	x.count--
	for k := 1; *w == 0 && k <= x.top; k++ {
		i >>= 6
		w = &x.levels[k][i>>6]
		*w &^= 1 << (i & 63)
	}
}

// clearRange clears bits lo..hi, inclusive, passing over empty words.
func (x *index) clearRange(lo, hi uint32) {
	for i := lo; i <= hi; {
		if x.levels[0][i>>6] == 0 {
			i = (i | 63) + 1
			continue
		}
		x.clear(i)
		i++
	}
}

// first returns the lowest set bit; the index is not empty.
func (x *index) first() uint32 {
	i := uint32(0)
	for k := x.top; k >= 0; k-- {
		i = i<<6 | uint32(bits.TrailingZeros64(x.levels[k][i]))
	}
	return i
}

// last returns the highest set bit; the index is not empty.
func (x *index) last() uint32 {
	i := uint32(0)
	for k := x.top; k >= 0; k-- {
		i = i<<6 | uint32(63-bits.LeadingZeros64(x.levels[k][i]))
	}
	return i
}

// next returns the lowest set bit that is not below i.
func (x *index) next(i uint32) (uint32, bool) {
	for k := 0; k <= x.top; k++ {
		if int(i>>6) >= len(x.levels[k]) {
			return 0, false
		}
		if w := x.levels[k][i>>6] >> (i & 63); w != 0 {
			i += uint32(bits.TrailingZeros64(w))
			for ; k > 0; k-- {
				i = i<<6 | uint32(bits.TrailingZeros64(x.levels[k-1][i]))
			}
			return i, true
		}
		i = i>>6 + 1
	}
	return 0, false
}
