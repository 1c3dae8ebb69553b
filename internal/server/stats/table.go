package stats

import "sync"

// Row is what is counted of one command.
type Row struct {
	Calls    int64
	Nanos    int64
	Rejected int64 // refused before it ran
	Failed   int64 // replied an error
	Times    *Histogram
}

// Table has a row per command, by Spec.ID.
type Table struct {
	rows  []Row
	nanos int64 // of all rows
}

// NewTable returns a table for n commands.
func NewTable(n int) *Table { return &Table{rows: make([]Row, n)} }

// Len is how many commands it is for.
func (t *Table) Len() int { return len(t.rows) }

// Call counts a call that took ns nanoseconds; timed says whether its time goes into the
// histogram (latency-tracking).
func (t *Table) Call(id int, ns int64, failed, timed bool) {
	r := &t.rows[id]
	r.Calls++
	r.Nanos += ns
	t.nanos += ns
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

// Calls counts n calls that together took ns nanoseconds.
func (t *Table) Calls(id int, n, ns int64, timed bool) {
	r := &t.rows[id]
	r.Calls += n
	r.Nanos += ns
	t.nanos += ns
	if timed {
		if r.Times == nil {
			r.Times = new(Histogram)
		}
		r.Times.RecordN(ns/n, uint64(n))
	}
}

// Fail counts an error reply of a call that Calls counts.
func (t *Table) Fail(id int) { t.rows[id].Failed++ }

// Reject counts a call that was refused before it ran.
func (t *Table) Reject(id int) { t.rows[id].Rejected++ }

// Add adds the rows of o, a table of the same size.
func (t *Table) Add(o *Table) { t.add(o, true) }

// add is Add, if times says so, or else Add without the histograms.
func (t *Table) add(o *Table, times bool) {
	t.nanos += o.nanos
	for i := range o.rows {
		r, s := &t.rows[i], &o.rows[i]
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

// Reset forgets everything.
func (t *Table) Reset() {
	clear(t.rows)
	t.nanos = 0
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

// Table is the sum. Nobody may add to it any more.
func (s *Sum) Table() *Table { return s.table }
