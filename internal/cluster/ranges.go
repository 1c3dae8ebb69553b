package cluster

import (
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// Range is the slots from First to Last, both included.
type Range struct{ First, Last Slot }

// String is what Redis writes: 0-5460, or 7 for one slot.
func (r Range) String() string {
	if r.First == r.Last {
		return strconv.Itoa(int(r.First))
	}
	return strconv.Itoa(int(r.First)) + "-" + strconv.Itoa(int(r.Last))
}

// MarshalText is String.
func (r Range) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what String writes.
func (r *Range) UnmarshalText(text []byte) error {
	first, last, isRange := strings.Cut(string(text), "-")
	a, err := strconv.ParseUint(first, 10, 16)
	b := a
	if err == nil && isRange {
		b, err = strconv.ParseUint(last, 10, 16)
	}
	if err != nil || b < a || b >= Slots {
		return fmt.Errorf("%q is no range of slots", text)
	}
	*r = Range{Slot(a), Slot(b)}
	return nil
}

// Ranges are slots, in ascending order and in as few ranges as there can be.
type Ranges []Range

// All goes through the slots.
func (rs Ranges) All() iter.Seq[Slot] {
	return func(yield func(Slot) bool) {
		for _, r := range rs {
			for slot := int(r.First); slot <= int(r.Last); slot++ {
				if !yield(Slot(slot)) {
					return
				}
			}
		}
	}
}

// Len is how many slots they are.
func (rs Ranges) Len() int {
	n := 0
	for _, r := range rs {
		n += int(r.Last) - int(r.First) + 1
	}
	return n
}

// add appends a slot above all others.
func (rs Ranges) add(slot Slot) Ranges {
	if n := len(rs); n > 0 && rs[n-1].Last+1 == slot {
		rs[n-1].Last = slot
		return rs
	}
	return append(rs, Range{slot, slot})
}
