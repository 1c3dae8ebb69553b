package command

import "math/bits"

// lcsTable computes a longest common subsequence bit-parallel (Crochemore et al.
// 2001, Hyyrö 2004). With L(i,j) the LCS length of a[:i] and b[:j], a row i needs
// only its horizontal differences h(i,j) = L(i,j) - L(i,j-1), which are 0 or 1: one
// bit per cell, 64 cells per step, where the classic table takes 32 bits and a step
// for every cell.
//
//	row i    │ bit j-1 is 0 when h(i,j) = 1, else 1; bits beyond len(b) are 1 │
//	match x  │ bit j-1 is 1 when b[j-1] = x                                   │
//
// Walking back from (len(a), len(b)), where a[i-1] != b[j-1] Redis goes to (i-1,j)
// if L(i-1,j) > L(i,j-1), else to (i,j-1). There L(i,j) is the larger of the two, so
// L(i-1,j) > L(i,j-1) says exactly that h(i,j) = 1: the differences are all the walk
// needs.
type lcsTable struct {
	a, b  []byte
	words int        // words of a row while it is computed
	match [256]int32 // per byte: 1 + index of its match row, 0: not in b
	masks []uint64   // match rows
	row   []uint64   // the current row
	kept  []uint64   // all rows, when the walk back is wanted
	shift uint       // log2 of the bits that a kept row takes
	wide  bool       // kept rows take whole words
}

// newLCSTable prepares for a and b; keep tells whether text or ranges will be asked for.
func newLCSTable(a, b []byte, keep bool) *lcsTable {
	t := &lcsTable{a: a, b: b, words: (len(b) + 63) / 64}
	if len(a) == 0 || len(b) == 0 {
		return t
	}
	var inA [256]bool
	for _, x := range a {
		inA[x] = true
	}
	rows := int32(0)
	for _, x := range b {
		if inA[x] && t.match[x] == 0 {
			rows++
			t.match[x] = rows
		}
	}
	t.masks = make([]uint64, int(rows)*t.words)
	for j, x := range b {
		if r := t.match[x]; r != 0 {
			t.masks[int(r-1)*t.words+j>>6] |= 1 << (j & 63)
		}
	}
	t.row = make([]uint64, t.words)
	for i := range t.row {
		t.row[i] = ^uint64(0)
	}
	if keep {
		t.keepRows()
	}
	return t
}

// keepRows makes room for all rows. Rows of at most 32 bits share words, so that
// the table stays within two bits per cell for a short b.
func (t *lcsTable) keepRows() {
	if len(t.b) > 32 {
		t.wide = true
		t.kept = make([]uint64, len(t.a)*t.words)
		return
	}
	t.shift = uint(bits.Len(uint(len(t.b) - 1)))
	t.kept = make([]uint64, (len(t.a)<<t.shift+63)/64)
}

// fill computes all rows and returns the length of the LCS.
func (t *lcsTable) fill() int {
	if t.row == nil {
		return 0
	}
	for i, x := range t.a {
		if r := int(t.match[x]); r != 0 {
			t.step(t.masks[(r-1)*t.words : r*t.words])
		}
		switch {
		case t.kept == nil:
		case t.wide:
			copy(t.kept[i*t.words:], t.row)
		default:
			at := uint(i) << t.shift
			t.kept[at>>6] |= t.row[0] & (1<<(1<<t.shift) - 1) << (at & 63)
		}
	}
	zeros := 0
	for _, w := range t.row {
		zeros += 64 - bits.OnesCount64(w)
	}
	return zeros
}

// step computes the next row from the current one, in place.
func (t *lcsTable) step(match []uint64) {
	row := t.row
	match = match[:len(row)]
	var carry uint64
	for w, v := range row {
		m := match[w]
		var sum uint64
		sum, carry = bits.Add64(v, v&m, carry)
		row[w] = sum | v&^m
	}
}

// rises tells whether h(i,j) is 1.
func (t *lcsTable) rises(i, j int) bool {
	i--
	j--
	if t.wide {
		return t.kept[i*t.words+j>>6]>>(j&63)&1 == 0
	}
	at := uint(i)<<t.shift + uint(j)
	return t.kept[at>>6]>>(at&63)&1 == 0
}

// text returns the LCS, n bytes long.
func (t *lcsTable) text(n int) []byte {
	out := make([]byte, n)
	for i, j := len(t.a), len(t.b); n > 0; {
		switch {
		case t.a[i-1] == t.b[j-1]:
			n--
			out[n] = t.a[i-1]
			i--
			j--
		case t.rises(i, j):
			i--
		default:
			j--
		}
	}
	return out
}

// lcsRange is a run of n matches from a[a] and b[b] on.
type lcsRange struct{ a, b, n int }

// ranges returns the matching runs of the LCS from the last to the first.
func (t *lcsTable) ranges() []lcsRange {
	var out []lcsRange
	run := 0
	i, j := len(t.a), len(t.b)
	for i > 0 && j > 0 {
		if t.a[i-1] == t.b[j-1] {
			run++
			i--
			j--
			continue
		}
		if run > 0 {
			out = append(out, lcsRange{i, j, run})
			run = 0
		}
		if t.rises(i, j) {
			i--
		} else {
			j--
		}
	}
	if run > 0 {
		out = append(out, lcsRange{i, j, run})
	}
	return out
}
