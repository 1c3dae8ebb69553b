package zset

import "unsafe"

// move copies n bytes; the places may overlap.
func move(to, from unsafe.Pointer, n int) {
	if to != from && n > 0 {
		copy(unsafe.Slice((*byte)(to), n), unsafe.Slice((*byte)(from), n))
	}
}

// shiftEnds adds d to the ends of slots [from, to).
func (b block) shiftEnds(from, to, d int) {
	h := b.header()
	off := headerBytes + keyBytes*int(h&lenMask)
	if h&wideBit != 0 {
		for i := from; i < to; i++ {
			*(*uint32)(b.ptr(off + 4*i)) += uint32(d)
		}
		return
	}
	// Four at a time: the ends stay below the flags, so that nothing is carried over.
	i := from
	if d >= 0 {
		for four := uint64(d) * 0x0001000100010001; i+4 <= to; i += 4 {
			*(*uint64)(b.ptr(off + 2*i)) += four
		}
	} else {
		for four := uint64(-d) * 0x0001000100010001; i+4 <= to; i += 4 {
			*(*uint64)(b.ptr(off + 2*i)) -= four
		}
	}
	for ; i < to; i++ {
		*(*uint16)(b.ptr(off + 2*i)) += uint16(d)
	}
}

// widths returns the widths of the arrays of a kind of block, and how many there are.
func widths(h uint32) (w [4]int, n int) {
	s := shapeOf(h)
	w = [4]int{keyBytes, s.end, childBytes, countBytes}
	if s.slot == innerSlotBytes {
		return w, 4
	}
	return w, 2
}

// spread copies from to to with a slot more, i, which has m bytes: its key and bytes are
// undefined, its end has no flags. to may be from if its memory has room.
func spread(to, from block, i, m int) {
	h := from.header()
	n := int(h & lenMask)
	w, arrays := widths(h)
	slot := shapeOf(h).slot
	start, all := from.start(i), from.bytes()
	fromOff, toOff := headerBytes+slot*n, headerBytes+slot*(n+1)
	// From the back, since everything moves towards it.
	move(to.ptr(toOff+start+m), from.ptr(fromOff+start), all-start)
	move(to.ptr(toOff), from.ptr(fromOff), start)
	for a := arrays - 1; a >= 0; a-- {
		fromOff -= w[a] * n
		toOff -= w[a] * (n + 1)
		move(to.ptr(toOff+w[a]*(i+1)), from.ptr(fromOff+w[a]*i), w[a]*(n-i))
		move(to.ptr(toOff), from.ptr(fromOff), w[a]*i)
	}
	to.setHeader(h + 1)
	to.setEndWord(i, uint32(start+m))
	to.shiftEnds(i+1, n+1, m)
}

// squeeze copies from to to without slot i. to may be from.
func squeeze(to, from block, i int) {
	h := from.header()
	n := int(h & lenMask)
	w, arrays := widths(h)
	start, end, all := from.start(i), from.end(i), from.bytes()
	fromOff, toOff := headerBytes, headerBytes
	for a := range arrays {
		move(to.ptr(toOff), from.ptr(fromOff), w[a]*i)
		move(to.ptr(toOff+w[a]*i), from.ptr(fromOff+w[a]*(i+1)), w[a]*(n-1-i))
		fromOff += w[a] * n
		toOff += w[a] * (n - 1)
	}
	move(to.ptr(toOff), from.ptr(fromOff), start)
	move(to.ptr(toOff+start), from.ptr(fromOff+end), all-end)
	to.setHeader(h - 1)
	to.shiftEnds(i, n-1, start-end)
}

// cut copies the slots [lo, hi) of from to to. to may be from.
func cut(to, from block, lo, hi int) {
	h := from.header()
	n := int(h & lenMask)
	w, arrays := widths(h)
	start, end := from.start(lo), from.start(hi)
	fromOff, toOff := headerBytes, headerBytes
	for a := range arrays {
		move(to.ptr(toOff), from.ptr(fromOff+w[a]*lo), w[a]*(hi-lo))
		fromOff += w[a] * n
		toOff += w[a] * (hi - lo)
	}
	move(to.ptr(toOff), from.ptr(fromOff+start), end-start)
	to.setHeader(h - uint32(n) + uint32(hi-lo))
	to.shiftEnds(0, hi-lo, -start)
}

// cutSize returns the size of what cut makes.
func cutSize(b block, lo, hi int) int {
	return headerBytes + shapeOf(b.header()).slot*(hi-lo) + b.start(hi) - b.start(lo)
}

// join writes the slots of x and y to to, which is neither.
func join(to, x, y block) {
	h := x.header()
	nx, ny := int(h&lenMask), y.len()
	w, arrays := widths(h)
	xOff, yOff, toOff := headerBytes, headerBytes, headerBytes
	for a := range arrays {
		move(to.ptr(toOff), x.ptr(xOff), w[a]*nx)
		move(to.ptr(toOff+w[a]*nx), y.ptr(yOff), w[a]*ny)
		xOff += w[a] * nx
		yOff += w[a] * ny
		toOff += w[a] * (nx + ny)
	}
	bytes := x.bytes()
	move(to.ptr(toOff), x.ptr(xOff), bytes)
	move(to.ptr(toOff+bytes), y.ptr(yOff), y.bytes())
	to.setHeader(h + uint32(ny))
	to.shiftEnds(nx, nx+ny, bytes)
}

// fill writes e into slot i of b, which spread has made.
func (b block) fill(i int, e *put) {
	b.setKey(i, e.key)
	copy(b.inline(i), e.inline)
	if e.flags != 0 {
		b.setEndWord(i, b.endWord(i)|e.flags)
	}
	if !b.isLeaf() {
		b.setChild(i, e.child)
		b.setCount(i, e.count)
	}
}

// take returns the entry of slot i of a leaf, with another score; what it is made of
// is copied to buf.
func (b block) take(i int, score float64, buf *[maxInlineBytes]byte) put {
	e := put{key: keyOf(score), flags: b.endWord(i) & outsideFlag}
	e.inline = buf[:copy(buf[:], b.inline(i))]
	if isNegZero(score) {
		e.flags |= negZeroFlag
	}
	return e
}

// rearrange gives the entry of slot i of a leaf another score, with which it belongs
// before slot j.
func (b block) rearrange(i, j int, score float64) {
	var buf [maxInlineBytes]byte
	e := b.take(i, score, &buf)
	squeeze(b, b, i)
	if j > i {
		j--
	}
	spread(b, b, j, len(e.inline))
	b.fill(j, &e)
}

// clearSeparator takes what slot 0 has away; the block is shorter afterwards. Its outside
// block is the caller's.
func (b block) clearSeparator() {
	b.setKey(0, 0)
	n, m, all := b.len(), b.end(0), b.bytes()
	b.setEndWord(0, uint32(m))
	base := b.base()
	move(b.ptr(base), b.ptr(base+m), all-m)
	b.shiftEnds(0, n, -m)
}

// middle returns the slot at which the block is best cut in two, between 1 and n-1: not in
// halves, but at another share each time, between a third and two thirds, as seed says.
// Blocks that are cut in halves and fill alike, because scores come evenly, would be of one
// size at any time, and leave one size class of the arena after the other half empty.
func (b block) middle(seed uint64) int {
	n, slot := b.len(), shapeOf(b.header()).slot
	half := (slot*n + b.bytes()) * cutShare(seed) / (3 << cutBits)
	lo, hi := 1, n-1
	for lo < hi {
		mid := (lo + hi) / 2
		if slot*mid+b.end(mid-1) < half {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// cutShare returns a share between 1/3 and 2/3, as evenly spread as seed is, times 3<<cutBits.
func cutShare(seed uint64) int {
	return 1<<cutBits + int(seed*0x9e3779b97f4a7c15>>(64-cutBits))
}
