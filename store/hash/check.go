package hash

import (
	"fmt"

	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/packed"
	"github.com/kringdb/kring/store/slotted"
)

// Check verifies the invariants of one hash (see doc.go) and returns what is broken. The
// caller holds the shard lock.
func Check(e entry.Entry) error {
	switch e.Encoding() {
	case entry.Listpack, entry.ListpackEx, entry.PackedTable:
		return checkPacked(e)
	case entry.Hashtable:
		return checkFull(e)
	}
	return fmt.Errorf("hash: encoding %d", e.Encoding())
}

func checkPacked(e entry.Entry) error {
	p, s := e.Payload(), shapeOf(e)
	if len(p) < s.head {
		return fmt.Errorf("hash: packed payload of %d bytes", len(p))
	}
	n, err := packed.Check(p, s.head, 2, s.suffix)
	if err != nil {
		return fmt.Errorf("hash: %w", err)
	}
	if n != count(p) || n == 0 {
		return fmt.Errorf("hash: %d fields, the count says %d", n, count(p))
	}
	if e.Encoding() == entry.PackedTable && (n > shortFields || len(p) > shortBytes) {
		return fmt.Errorf("hash: a packed table of %d fields and %d bytes", n, len(p))
	}
	nearest := NextDeadline(e)
	for off := s.head; off < len(p); {
		field, _, d, next := s.group(p, off)
		if s.find(p, field) != off {
			return fmt.Errorf("hash: field %q stands twice", field)
		}
		if d < 0 || d > 0 && (nearest == 0 || nearest > d) {
			return fmt.Errorf("hash: field %q has deadline %d, the nearest is %d", field, d, nearest)
		}
		off = next
	}
	return nil
}

func checkFull(e entry.Entry) error {
	p := e.Payload()
	if len(p) != fullBytes {
		return fmt.Errorf("hash: full payload of %d bytes", len(p))
	}
	t, ix, nearest := slotted.At(p), indexOf(p), NextDeadline(e)
	if err := slotted.Check(t); err != nil {
		return fmt.Errorf("hash: %w", err)
	}
	if t.Len() == 0 || ix == 0 && (nearest != 0 || t.Timed() > 0) || ix != 0 && nearest == 0 {
		return fmt.Errorf("hash: %d fields, %d timed, nearest %d, index %#x", t.Len(), t.Timed(), nearest, ix)
	}
	if ix == 0 {
		return nil
	}
	met := 0
	var err error
	for i, bound := range ix.words() {
		if bound < nearest {
			return fmt.Errorf("hash: index word %d is %d, the nearest %d", i, bound, nearest)
		}
		ix.eachInRange(t, i, func(r slotted.Ref) bool {
			met++
			if d := r.Deadline(); d != 0 && d < bound {
				err = fmt.Errorf("hash: field %q has deadline %d, its range %d", r.Key(), d, bound)
			}
			return true
		})
	}
	if err == nil && met != t.Len() {
		err = fmt.Errorf("hash: the ranges have %d fields of %d", met, t.Len())
	}
	return err
}
