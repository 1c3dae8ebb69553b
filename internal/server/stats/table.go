package stats

import (
	"slices"
	"sync"
)

// Row is what is counted of one command.
type Row struct {
	Calls    int64
	Nanos    int64
	Rejected int64 // refused before it ran
	Failed   int64 // replied an error
	Times    *Histogram
}

// called tells whether there is anything to show.
func (r *Row) called() bool { return r.Calls != 0 || r.Rejected != 0 }

// Table has a row per command, by Spec.ID.
type Table struct {
	rows    []Row
	used    []int32 // the rows of the commands that were called or refused, in order of the first time
	nanos   int64   // of all rows
	changes int64   // grows with whatever is counted or forgotten
	resets  int64
}

// NewTable returns a table for n commands.
func NewTable(n int) *Table { return &Table{rows: make([]Row, n), used: make([]int32, 0, n)} }

// Len is how many commands it is for.
func (t *Table) Len() int { return len(t.rows) }

// Call counts a call that took ns nanoseconds; timed says whether its time goes into the
// histogram (latency-tracking).
func (t *Table) Call(id int, ns int64, failed, timed bool) {
	r := &t.rows[id]
	if !r.called() {
		t.used = append(t.used, int32(id))
	}
	r.Calls++
	r.Nanos += ns
	t.nanos += ns
	t.changes++
	if failed {
		r.Failed++
	}
	if timed {
		if r.Times == nil {
			r.Times = new(Histogram)
		}
		r.Times.Record(ns)
	}
}

// Uncall takes back what Call, or Calls with one, has counted.
func (t *Table) Uncall(id int, ns int64, failed, timed bool) {
	r := &t.rows[id]
	r.Calls--
	r.Nanos -= ns
	t.nanos -= ns
	t.changes++
	if failed {
		r.Failed--
	}
	if timed && r.Times != nil {
		r.Times.forget(ns)
	}
	t.dropUnused(id)
}

// Calls counts n calls that together took ns nanoseconds.
func (t *Table) Calls(id int, n, ns int64, timed bool) {
	r := &t.rows[id]
	if !r.called() {
		t.used = append(t.used, int32(id))
	}
	r.Calls += n
	r.Nanos += ns
	t.nanos += ns
	t.changes++
	if timed {
		if r.Times == nil {
			r.Times = new(Histogram)
		}
		r.Times.RecordN(ns/n, uint64(n))
	}
}

// Fail counts an error reply of a call that Calls counts.
func (t *Table) Fail(id int) { t.rows[id].Failed++ } // Calls tells of the change

// Unfail takes back what Fail has counted.
func (t *Table) Unfail(id int) { t.rows[id].Failed-- }

// Reject counts a call that was refused before it ran.
func (t *Table) Reject(id int) {
	r := &t.rows[id]
	if !r.called() {
		t.used = append(t.used, int32(id))
	}
	r.Rejected++
	t.changes++
}

// Unreject takes back what Reject has counted.
func (t *Table) Unreject(id int) {
	r := &t.rows[id]
	r.Rejected--
	t.changes++
	t.dropUnused(id)
}

// dropUnused is for what has taken a call back, which may have been the row's only one.
func (t *Table) dropUnused(id int) {
	if !t.rows[id].called() {
		at := slices.Index(t.used, int32(id))
		t.used = slices.Delete(t.used, at, at+1)
	}
}

// Add adds the rows of o, a table of the same size.
func (t *Table) Add(o *Table) { t.add(o, true) }

// add is Add, if times says so, or else Add without the histograms.
func (t *Table) add(o *Table, times bool) {
	t.nanos += o.nanos
	t.changes++
	for _, id := range o.used {
		r, s := &t.rows[id], &o.rows[id]
		if !r.called() {
			t.used = append(t.used, id)
		}
		r.Calls += s.Calls
		r.Nanos += s.Nanos
		r.Rejected += s.Rejected
		r.Failed += s.Failed
		if times && s.Times != nil {
			if r.Times == nil {
				r.Times = new(Histogram)
			}
			r.Times.Add(s.Times)
		}
	}
}

// Follow makes t equal to o, of which nothing but what it held at an earlier Follow is in t. Only
// rows that have changed are copied.
func (t *Table) Follow(o *Table) {
	if t.resets != o.resets {
		t.Reset()
		t.resets = o.resets
	}
	for _, id := range o.used {
		r, s := &t.rows[id], &o.rows[id]
		if r.Calls == s.Calls && r.Rejected == s.Rejected {
			continue // a call that fails counts as one, and so does one that is timed
		}
		times := r.Times
		*r = *s
		if r.Times = times; s.Times != nil {
			if r.Times == nil {
				r.Times = new(Histogram)
			}
			*r.Times = *s.Times
		}
	}
	t.used = append(t.used[:0], o.used...)
	t.nanos, t.changes = o.nanos, o.changes
}

// Reset forgets everything. The histograms stay, empty.
func (t *Table) Reset() {
	for _, id := range t.used {
		r := &t.rows[id]
		times := r.Times
		if *r = (Row{}); times != nil {
			*times = Histogram{}
			r.Times = times
		}
	}
	t.used = t.used[:0]
	t.nanos = 0
	t.changes++
	t.resets++
}

// Changes grows with whatever is counted or forgotten.
func (t *Table) Changes() int64 { return t.changes }

// Used returns, in ascending order, the rows of commands that were called or refused. They are valid
// until the table changes.
func (t *Table) Used() []int32 {
	slices.Sort(t.used)
	return t.used
}

// Nanos is the time of all rows together.
func (t *Table) Nanos() int64 { return t.nanos }

// Row returns the row of a command.
func (t *Table) Row(id int) *Row { return &t.rows[id] }

// Sum adds up tables for several goroutines, each of which gives those that it may read.
type Sum struct {
	table *Table
	times bool
	mu    sync.Mutex
}

// NewSum returns a sum of tables for n commands; times says whether their histograms, which are
// most of the work, are wanted.
func NewSum(n int, times bool) *Sum { return &Sum{table: NewTable(n), times: times} }

// Add adds a table, which the caller may read.
func (s *Sum) Add(t *Table) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.table.add(t, s.times)
}

// Reset begins a new sum. The caller is the only one who has it.
func (s *Sum) Reset(times bool) {
	s.table.Reset()
	s.times = times
}

// Table is the sum. Nobody may add to it any more.
func (s *Sum) Table() *Table { return s.table }
