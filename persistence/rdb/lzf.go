package rdb

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// The format of liblzf: a control byte below 32 says how many literals follow (less one);
// any other has the length of a match in its upper 3 bits (less 2; 7: a byte more follows)
// and the distance in its lower 5 bits and the next byte (less 1).
const (
	lzfLiterals = 32
	lzfDistance = 1 << 13
	lzfLongest  = 264
	lzfShortest = 3
	lzfMaxBits  = 16
	lzfMinBits  = 8
	// lzfRatio is the most that a byte can expand to: three bytes make 264.
	lzfRatio = lzfLongest / 3
)

var errLZF = errors.New("damaged LZF data")

// compressor makes LZF. Positions in its table carry an offset that grows from call to
// call, so that nothing needs clearing in between.
type compressor struct {
	table *[1 << lzfMaxBits]uint32
	base  uint32 // positions at or above it are of this call
	out   []byte
}

// compress returns the LZF of src, or nil when that would not be at least leastGain
// bytes shorter. With easy it also gives up as soon as matches are so many, and so short,
// that finding them costs more than anything else that is done with src. The result is
// valid until the next call.
func (c *compressor) compress(src []byte, easy bool) []byte {
	most := len(src) - leastGain
	if len(src) < leastCompressed || len(src) >= 1<<31 {
		return nil
	}
	if c.table == nil {
		c.table = new([1 << lzfMaxBits]uint32)
		c.base = 1
	}
	if c.base > 1<<32-1-uint32(len(src))-1 {
		clear(c.table[:])
		c.base = 1
	}
	if cap(c.out) < most || cap(c.out) > max(keptBytes, 2*most) {
		c.out = make([]byte, most+most/4)
	}
	effort := 0
	if easy {
		effort = lzfEasyBytes
	}
	n := c.run(c.out[:most], src, effort)
	c.base += uint32(len(src))
	if n == 0 {
		return nil
	}
	return c.out[:n]
}

// run compresses src into out and returns the length, 0 if out is too small, or if each
// match does not stand for effort bytes of src, on average.
func (c *compressor) run(out, src []byte, effort int) int {
	shift := uint(64 - min(max(bits.Len(uint(len(src)))+2, lzfMinBits), lzfMaxBits))
	table, base := c.table, c.base
	lit, o := 0, 0 // the first literal not written yet
	last := len(src) - lzfShortest + 1
	spent := 0
	for i := 0; i < last; {
		w := lzfLoad(src, i)
		h := lzfHash(w, shift)
		ref := int(int64(table[h]) - int64(base))
		table[h] = base + uint32(i)
		// A position of an earlier call is below base.
		if ref < 0 || i-ref > lzfDistance || (binary.LittleEndian.Uint32(src[ref:])^uint32(w))<<8 != 0 {
			i += 1 + (i-lit)>>lzfSkip
			continue
		}
		if spent += effort; spent > i+lzfEasyLeast {
			return 0
		}
		n := matchLen(src, ref, i)
		if o = literals(out, o, src[lit:i]); o < 0 || o+3 > len(out) {
			return 0
		}
		d := i - ref - 1
		if n-2 < 7 {
			out[o] = byte(n-2)<<5 | byte(d>>8)
			out[o+1] = byte(d)
			o += 2
		} else {
			out[o] = 7<<5 | byte(d>>8)
			out[o+1] = byte(n - 2 - 7)
			out[o+2] = byte(d)
			o += 3
		}
		lit = i + n
		// What a match covers, the match itself stands for: only the begin of the next one
		// has to be found from its end.
		for k := max(lit-lzfIndexed, i+1); k < min(lit, last); k++ {
			table[lzfHash(lzfLoad(src, k), shift)] = base + uint32(k)
		}
		i = lit
	}
	if o = literals(out, o, src[lit:]); o < 0 {
		return 0
	}
	return o
}

const (
	// lzfSkip: after 1<<lzfSkip literals without a match every second position is tried,
	// and so on: what does not compress is passed quickly.
	lzfSkip = 5
	// lzfIndexed is how many positions at the end of a match are entered into the table.
	lzfIndexed = 4
	// lzfEasyBytes is how long matches, with the literals before them, must be on average
	// for an easy compression, in which the first matches for lzfEasyLeast bytes count nothing.
	lzfEasyBytes = 64
	lzfEasyLeast = 512
)

// lzfLoad returns the bytes at i, the first in the lowest eight bits: at least three, and
// zeros behind the end. src has at least eight.
func lzfLoad(src []byte, i int) uint64 {
	if i+8 <= len(src) {
		return binary.LittleEndian.Uint64(src[i:])
	}
	return binary.LittleEndian.Uint64(src[len(src)-8:]) >> (8 * uint(i+8-len(src)))
}

// lzfHash mixes the lower three bytes of w.
func lzfHash(w uint64, shift uint) uint16 {
	return uint16((w << 40) * 0x9e3779b185ebca87 >> (shift & 63))
}

// matchLen returns how many bytes at i equal those at ref, three being known.
func matchLen(src []byte, ref, i int) int {
	n, most := lzfShortest, min(lzfLongest, len(src)-i)
	for n+8 <= most {
		x := binary.LittleEndian.Uint64(src[ref+n:]) ^ binary.LittleEndian.Uint64(src[i+n:])
		if x != 0 {
			return n + bits.TrailingZeros64(x)>>3
		}
		n += 8
	}
	for n < most && src[ref+n] == src[i+n] {
		n++
	}
	return n
}

// literals writes p at o and returns where it ends, -1 if there is no room.
func literals(out []byte, o int, p []byte) int {
	for len(p) > 0 {
		n := min(len(p), lzfLiterals)
		if o+1+n > len(out) {
			return -1
		}
		out[o] = byte(n - 1)
		copy(out[o+1:], p[:n])
		o += 1 + n
		p = p[n:]
	}
	return o
}

// plausible tells whether packed bytes of LZF can become n bytes at all: what is claimed
// is allocated only then.
func plausible(packed, n uint64) bool { return n <= maxStringBytes && n/lzfRatio <= packed }

// decompress replaces dst's content by the n bytes that src is the LZF of.
func decompress(dst, src []byte, n int) ([]byte, error) {
	if !plausible(uint64(len(src)), uint64(n)) {
		return dst[:0], errLZF
	}
	if cap(dst) < n {
		dst = make([]byte, n)
	}
	dst = dst[:n]
	o, i := 0, 0
	for i < len(src) {
		o, i = quickly(dst, src, o, i)
		c := int(src[i])
		i++
		if c < lzfLiterals {
			c++
			if i+c > len(src) || o+c > n {
				return dst[:0], errLZF
			}
			if i+lzfLiterals <= len(src) && o+lzfLiterals <= n { // one move of fixed size is faster
				*(*[lzfLiterals]byte)(dst[o:]) = *(*[lzfLiterals]byte)(src[i:])
			} else {
				copy(dst[o:o+c], src[i:i+c])
			}
			o += c
			i += c
			continue
		}
		length := c>>5 + 2
		if length == 7+2 {
			if i >= len(src) {
				return dst[:0], errLZF
			}
			length += int(src[i])
			i++
		}
		if i >= len(src) {
			return dst[:0], errLZF
		}
		d := (c&0x1f)<<8 + int(src[i]) + 1
		i++
		if d > o || o+length > n {
			return dst[:0], errLZF
		}
		if length <= 16 && d >= 16 && o+16 <= n { // likewise
			*(*[16]byte)(dst[o:]) = *(*[16]byte)(dst[o-d:])
			o += length
			continue
		}
		if d == 1 {
			repeat(dst[o:o+length], dst[o-1])
			o += length
			continue
		}
		for length > 0 { // what overlaps itself doubles with each step
			k := copy(dst[o:o+length], dst[o-d:o])
			o += k
			d += k
			length -= k
		}
	}
	if o != n {
		return dst[:0], errLZF
	}
	return dst, nil
}

// quickly decompresses src from i on into dst from o on, for as long as literals and short matches come and neither ends
// soon, so that each is one move of a fixed size. It returns how far it has come, which is not the end of src.
func quickly(dst, src []byte, o, i int) (int, int) {
	for i < len(src)-lzfLiterals-1 && o <= len(dst)-lzfLiterals {
		c := int(src[i])
		if c < lzfLiterals {
			*(*[lzfLiterals]byte)(dst[o:]) = *(*[lzfLiterals]byte)(src[i+1:])
			o += c + 1
			i += c + 2
			continue
		}
		d := (c&0x1f)<<8 + int(src[i+1]) + 1
		if c >= 7<<5 || d < 8 || d > o {
			break
		}
		binary.LittleEndian.PutUint64(dst[o:], binary.LittleEndian.Uint64(dst[o-d:]))
		o += c>>5 + 2
		i += 2
	}
	return o, i
}

// repeat fills p with c, eight bytes at a time: most matches are short.
func repeat(p []byte, c byte) {
	eight := uint64(c) * 0x0101010101010101
	for ; len(p) >= 8; p = p[8:] {
		binary.LittleEndian.PutUint64(p, eight)
	}
	for i := range p {
		p[i] = c
	}
}
