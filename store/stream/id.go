package stream

import "math"

// ID is the id of an entry: milliseconds since 1970 and a number within them. IDs are
// ordered by Ms, then Seq.
type ID struct{ Ms, Seq uint64 }

// MaxID is the largest id.
var MaxID = ID{math.MaxUint64, math.MaxUint64}

// Less tells whether a comes before b.
func (a ID) Less(b ID) bool { return a.Ms < b.Ms || a.Ms == b.Ms && a.Seq < b.Seq }

// IsZero tells whether a is 0-0, which no entry has.
func (a ID) IsZero() bool { return a.Ms|a.Seq == 0 }

// Next returns the id after a; ok is false after the largest.
func (a ID) Next() (next ID, ok bool) {
	if a.Seq++; a.Seq == 0 {
		a.Ms++
		return a, a.Ms != 0
	}
	return a, true
}

// Prev returns the id before a; ok is false before 0-0.
func (a ID) Prev() (prev ID, ok bool) {
	ok = !a.IsZero()
	if a.Seq--; a.Seq == math.MaxUint64 {
		a.Ms--
	}
	return a, ok
}
