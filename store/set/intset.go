package set

import (
	"encoding/binary"
	"math"
	"strconv"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/packed"
)

// widthBytes is the head of an intset.
const widthBytes = 1

// ints views the payload of an intset.
type ints []byte

func (p ints) width() int { return int(p[0]) }
func (p ints) count() int { return (len(p) - widthBytes) / p.width() }

// widthOf returns the bytes that v needs.
func widthOf(v int64) int {
	switch {
	case v >= math.MinInt16 && v <= math.MaxInt16:
		return 2
	case v >= math.MinInt32 && v <= math.MaxInt32:
		return 4
	}
	return 8
}

// at returns integer i.
func (p ints) at(i int) int64 { return p.load(i, p.width()) }

func (p ints) load(i, width int) int64 {
	b := p[widthBytes+i*width:]
	switch width {
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(b)))
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	}
	return int64(binary.LittleEndian.Uint64(b))
}

func (p ints) store(i, width int, v int64) {
	b := p[widthBytes+i*width:]
	switch width {
	case 2:
		binary.LittleEndian.PutUint16(b, uint16(v))
	case 4:
		binary.LittleEndian.PutUint32(b, uint32(v))
	default:
		binary.LittleEndian.PutUint64(b, uint64(v))
	}
}

// find returns the index of v, or where it belongs and false.
func (p ints) find(v int64) (int, bool) {
	lo, hi := 0, p.count()
	if hi > 0 && v > p.at(hi-1) {
		return hi, false
	}
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if p.at(mid) < v {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo < p.count() && p.at(lo) == v
}

// addInt adds v to the intset e.
func addInt(ar *arena.Arena, e entry.Entry, v int64) (entry.Entry, bool) {
	p := ints(e.Payload())
	if w := widthOf(v); w > p.width() {
		return widen(ar, e, w, v), true
	}
	i, found := p.find(v)
	if found {
		return e, false
	}
	w := p.width()
	e = packed.Splice(ar, e, widthBytes+i*w, 0, w)
	ints(e.Payload()).store(i, w, v)
	return e, true
}

// widen gives the intset e a larger width and adds v, which needs it and is thereby the
// least or the greatest.
func widen(ar *arena.Arena, e entry.Entry, width int, v int64) entry.Entry {
	p := ints(e.Payload())
	n, old := p.count(), p.width()
	e = e.Resize(ar, entry.Intset, widthBytes+(n+1)*width, e.Deadline())
	p = ints(e.Payload())
	p[0] = byte(width)
	shift := 0
	if v < 0 {
		shift = 1
	}
	for i := n - 1; i >= 0; i-- {
		p.store(i+shift, width, p.load(i, old))
	}
	if v < 0 {
		p.store(0, width, v)
	} else {
		p.store(n, width, v)
	}
	return e
}

// longestText returns the length of the longest text among p's integers.
func (p ints) longestText() int {
	n := p.count()
	if n == 0 {
		return 0
	}
	var buf [maxIntBytes]byte
	return max(len(strconv.AppendInt(buf[:0], p.at(0), 10)), len(strconv.AppendInt(buf[:0], p.at(n-1), 10)))
}
