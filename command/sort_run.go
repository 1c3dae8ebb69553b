package command

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/hash"
	"github.com/kringdb/kring/store/list"
	sets "github.com/kringdb/kring/store/set"
	"github.com/kringdb/kring/store/str"
	"github.com/kringdb/kring/store/zset"
)

// sorter carries out one SORT. Its elements are views of the collection, which are good
// because all shards that the call touches stay locked until it ends.
type sorter struct {
	c     *Ctx
	call  *sortCall
	items []sortItem
	from  int // the items wanted: items[from : from+count]
	count int
	block []byte // room for texts that are no views

	compared int
	halted   bool // see Ctx.Halted; what there is then is no result
}

// ends tells whether the call, at its element i, is to end early.
func (s *sorter) ends(i int) bool {
	s.halted = s.halted || s.c.endsAt(i)
	return s.halted
}

// sortItem is one element and what decides about its place.
type sortItem struct {
	v     list.Elem
	text  []byte  // ALPHA: what is compared
	known bool    // ALPHA: there is such a text
	score float64 // else
}

// keep copies b, which may be overwritten, into memory that stays.
func (s *sorter) keep(b []byte) []byte {
	if cap(s.block)-len(s.block) < len(b) {
		s.block = make([]byte, 0, max(sortBlockBytes, len(b)))
	}
	at := len(s.block)
	s.block = append(s.block, b...)
	return s.block[at:len(s.block):len(s.block)]
}

// textOf returns the element's text.
func (s *sorter) textOf(v *list.Elem) []byte {
	if !v.Int {
		return v.B
	}
	var digits [maxIntTextBytes]byte
	return s.keep(v.Append(digits[:0]))
}

// elements returns the length of a list, set or sorted set, 0 of other types.
func elements(e entry.Entry) int64 {
	switch e.Type() {
	case entry.List:
		return list.Len(e)
	case entry.Set:
		return int64(sets.Len(e))
	case entry.ZSet:
		return int64(zset.Len(e))
	default:
		return 0
	}
}

// load collects the elements; of a list or sorted set that is not to be sorted, only
// those that are wanted, in the order wanted.
func (s *sorter) load(e entry.Entry) {
	if e.A == 0 {
		return
	}
	n := elements(e)
	from, count := s.call.within(n)
	at, back := int64(0), false
	if s.call.noSort && e.Type() != entry.Set {
		at, n, back = from, count, s.call.desc
		from = 0
	}
	s.items = make([]sortItem, 0, n)
	s.from, s.count = int(from), int(count)
	switch e.Type() {
	case entry.List:
		it := list.Forward(e, at, n)
		if back {
			it = list.Backward(e, list.Len(e)-1-at, n)
		}
		for it.Next() && !s.ends(len(s.items)) {
			s.items = append(s.items, sortItem{v: it.Elem()})
		}
	case entry.ZSet:
		var it zset.Iter
		rank := uint64(at)
		if back {
			rank = zset.Len(e) - 1 - rank
		}
		if n > 0 {
			it.Seek(e, rank, uint64(n), back)
		}
		for it.Next() && !s.ends(len(s.items)) {
			s.items = append(s.items, sortItem{v: list.Elem{B: it.Member()}})
		}
	default:
		var it sets.Iter
		ints := e.Encoding() == entry.Intset
		for m, ok := it.Next(e); ok && !s.ends(len(s.items)); m, ok = it.Next(e) {
			if ints {
				m = s.keep(m)
			}
			s.items = append(s.items, sortItem{v: list.Elem{B: m}})
		}
	}
}

// weigh finds what decides about the place of each element; false when a text that
// should be a number is none.
func (s *sorter) weigh() bool {
	good := true
	for i := range s.items {
		if s.ends(i) {
			break
		}
		it := &s.items[i]
		v, ok := it.v, true
		if s.call.by != nil {
			v, ok = s.lookup(s.call.by, it)
		}
		switch {
		case !ok:
		case s.call.alpha:
			it.text, it.known = s.textOf(&v), true
		case v.Int:
			it.score = float64(v.N)
		default:
			if it.score, ok = sortScore(v.B); !ok {
				good = false
			}
		}
	}
	return good
}

// sortScore reads a number as C's strtod does: blanks may stand before it, a NUL ends
// it, and nothing at all is 0.
func sortScore(b []byte) (float64, bool) {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	if len(b) == 0 {
		return 0, true
	}
	return parseDouble(bytes.TrimLeft(b, " \t\n\v\f\r"))
}

// sort orders the items. Equal ones keep their order, but those of a set, which has none
// that would be the same after a restart.
func (s *sorter) sort(e entry.Entry) {
	by, isSet := s.call.by != nil, e.A != 0 && e.Type() == entry.Set
	slices.SortStableFunc(s.items, func(a, b sortItem) int {
		order := 0
		if s.compared++; s.ends(s.compared) {
			return 0 // the rest goes by without work
		}
		switch {
		case !s.call.alpha:
			order = cmp.Compare(a.score, b.score)
		case a.known && b.known:
			order = bytes.Compare(a.text, b.text)
		case a.known != b.known:
			order = 1
			if b.known {
				order = -1
			}
		}
		if order == 0 && (!s.call.alpha || by && isSet) {
			order = compareElems(&a.v, &b.v)
		}
		if s.call.desc {
			return -order
		}
		return order
	})
}

// compareElems compares elements by their texts.
func compareElems(a, b *list.Elem) int {
	var x, y [maxIntTextBytes]byte
	if a.Int && b.Int {
		if a.N == b.N {
			return 0
		}
	}
	s, t := a.B, b.B
	if a.Int {
		s = a.Append(x[:0])
	}
	if b.Int {
		t = b.Append(y[:0])
	}
	return bytes.Compare(s, t)
}

// lookup returns what a pattern means for an element: with # the element itself, else
// the string, or the field of the hash, at the key that the pattern becomes when the
// element takes the place of its first asterisk.
func (s *sorter) lookup(pattern []byte, it *sortItem) (v list.Elem, ok bool) {
	if string(pattern) == "#" {
		return it.v, true
	}
	star := bytes.IndexByte(pattern, '*')
	if star < 0 {
		return v, false
	}
	c := s.c
	rest := pattern[star+1:]
	var field []byte
	if i := bytes.Index(rest, arrow); i >= 0 && i+len(arrow) < len(rest) {
		rest, field = rest[:i], rest[i+len(arrow):]
	}
	c.Scratch = append(c.Scratch[:0], pattern[:star]...)
	c.Scratch = append(it.v.Append(c.Scratch), rest...)
	e := c.Read(c.Store.MakeKey(c.Scratch))
	switch {
	case e.A == 0:
	case field != nil && e.Type() == entry.Hash:
		v.B, ok = hash.Get(e, field, c.Now)
	case field == nil && e.Type() == entry.String:
		switch e.Encoding() {
		case entry.Int:
			v.N, v.Int = int64(e.U64(0)), true
		case entry.Chunked:
			v.B = str.Bytes(e, nil)
		default:
			v.B = e.Payload()
		}
		ok = true
	}
	return v, ok
}

var arrow = []byte("->")

// wanted returns the items that the call asked for.
func (s *sorter) wanted() []sortItem { return s.items[s.from : s.from+s.count] }

func (s *sorter) reply() {
	c := s.c
	items := s.wanted()
	c.W.Array(len(items) * max(1, len(s.call.gets)))
	for i := range items {
		if s.ends(i) {
			return
		}
		it := &items[i]
		if s.call.gets == nil {
			replyElem(c, it.v)
		}
		for _, g := range s.call.gets {
			if v, ok := s.lookup(g, it); ok {
				replyElem(c, v)
			} else {
				c.W.Null()
			}
		}
	}
}

// copies returns what is to be stored, in memory that stays when the collection goes.
func (s *sorter) copies() [][]byte {
	items := s.wanted()
	out := make([][]byte, 0, len(items)*max(1, len(s.call.gets)))
	keep := func(v list.Elem) {
		if v.Int {
			out = append(out, s.textOf(&v))
		} else {
			out = append(out, s.keep(v.B))
		}
	}
	for i := range items {
		if s.ends(i) {
			break
		}
		if s.call.gets == nil {
			keep(items[i].v)
		}
		for _, g := range s.call.gets {
			v, _ := s.lookup(g, &items[i]) // what is missing is stored as an empty element
			keep(v)
		}
	}
	return out
}
