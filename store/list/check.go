package list

import (
	"fmt"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// Check verifies the invariants of one list (see doc.go) and returns what is broken.
// The caller holds the shard lock.
func Check(e entry.Entry) error {
	switch e.Encoding() {
	case entry.Listpack:
		pl := e.Payload()
		if len(pl) < compactHeader || compactHeader+gapOf(pl) > len(pl) {
			return fmt.Errorf("list: payload of %d bytes", len(pl))
		}
		p, n := packed(e)
		return checkPacked(p, n)
	case entry.Quicklist:
		return checkFull(quickOf(nil, e))
	}
	return fmt.Errorf("list: encoding %d", e.Encoding())
}

// checkPacked reads a packed run in both directions.
func checkPacked(p []byte, n int) error {
	at, count := 0, 0
	for ; at < len(p); count++ {
		size := sizeOf(p[at:])
		if at+size > len(p) || lastSize(p[:at+size]) != size {
			return fmt.Errorf("list: element %d at %d of %d bytes is damaged", count, at, len(p))
		}
		v := decode(p[at:])
		if w := ElemOf(v.Append(nil)); w.Int != v.Int || w.size() != size {
			return fmt.Errorf("list: element %d is not in its shortest form", count)
		}
		at += size
	}
	if count != n {
		return fmt.Errorf("list: %d elements; the count is %d", count, n)
	}
	return nil
}

// sums is what a walk over a full list found.
type sums struct{ bytes, elems int64 }

func checkFull(q quick) error {
	if len(q.p) != rootBytes {
		return fmt.Errorf("list: root of %d bytes", len(q.p))
	}
	var s sums
	for _, side := range [...]Side{Head, Tail} {
		if a := q.end(side); a != 0 {
			if err := s.node(a); err != nil {
				return err
			}
		}
	}
	if top := q.tree(); top != 0 {
		if err := s.inner(top, level(top)); err != nil {
			return err
		}
	}
	if s.bytes != q.bytes() || s.elems != q.count() {
		return fmt.Errorf("list: %d bytes, %d elements; the root says %d, %d", s.bytes, s.elems, q.bytes(), q.count())
	}
	return nil
}

func (s *sums) node(a arena.Addr) error {
	begin, end, size, n := nodeBegin(a), nodeEnd(a), nodeSize(a), nodeCount(a)
	if begin < nodeHeader || begin > end || end > size || n == 0 {
		return fmt.Errorf("list: node of %d bytes has %d elements from %d to %d", size, n, begin, end)
	}
	s.bytes += int64(arena.SizeOf(size))
	s.elems += int64(n)
	return checkPacked(nodeBytes(a), n)
}

func (s *sums) inner(a arena.Addr, lev int) error {
	n := fan(a)
	if n == 0 || n > fanRoom(a) || level(a) != lev || lev < 1 {
		return fmt.Errorf("list: inner block of level %d for %d has %d of %d children", level(a), lev, n, fanRoom(a))
	}
	s.bytes += int64(arena.SizeOf(innerSize(fanRoom(a))))
	for i := range n {
		before := s.elems
		var err error
		if lev == 1 {
			err = s.node(child(a, i))
		} else {
			err = s.inner(child(a, i), lev-1)
		}
		if err != nil {
			return err
		}
		if got := s.elems - before; got != weight(a, i) {
			return fmt.Errorf("list: child %d of level %d has %d elements; %d noted", i, lev, got, weight(a, i))
		}
	}
	return nil
}
