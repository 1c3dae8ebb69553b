package list

import "github.com/kringdb/kring/store/entry"

// Iter walks over elements of a list, which must not change meanwhile.
type Iter struct {
	e    entry.Entry
	p    []byte // the packed run at hand, without what was passed
	cur  []byte // the current element and, forwards, what follows it
	in   int    // elements of p still to come
	has  int    // forwards: elements of p when it was new, wanted or not
	left int64  // elements still to come after p
	at   int64  // index of the next element after p
	back bool
}

// Forward returns an iterator over the n elements from i on.
func Forward(e entry.Entry, i, n int64) Iter { return Iter{e: e, at: i, left: n} }

// Backward returns an iterator over the n elements from i on towards the head.
func Backward(e entry.Entry, i, n int64) Iter { return Iter{e: e, at: i, left: n, back: true} }

// Next goes to the next element and tells whether there is one.
func (it *Iter) Next() bool {
	if it.in == 0 && !it.run() {
		return false
	}
	it.in--
	if it.back {
		n := len(it.p) - lastSize(it.p)
		it.cur, it.p = it.p[n:], it.p[:n]
		return true
	}
	it.cur = it.p
	it.p = it.p[sizeOf(it.p):]
	return true
}

// run readies the next packed run.
func (it *Iter) run() bool {
	if it.left <= 0 {
		return false
	}
	p, n, first := runOf(it.e, it.at)
	k := int(it.at - first)
	if it.back {
		it.p = p[:offset(p, n, k+1)]
		it.in = int(min(it.left, int64(k+1)))
		it.at = first - 1
	} else {
		it.p = p[offset(p, n, k):]
		it.has = n - k
		it.in = int(min(it.left, int64(n-k)))
		it.at = first + int64(n)
	}
	it.left -= int64(it.in)
	return true
}

// Run is a stretch of elements that stand one after the other.
type Run struct{ p []byte }

// NextRun passes the elements of one node and returns them; false when there are none
// left. It is for iterators that go forward, instead of Next.
func (it *Iter) NextRun() (r Run, ok bool) {
	if !it.run() {
		return r, false
	}
	r.p = it.p
	if it.in < it.has { // the last run may end inside its node
		r.p = r.p[:offset(r.p, it.has, it.in)]
	}
	it.in = 0
	return r, true
}

// Empty tells whether all elements were taken.
func (r *Run) Empty() bool { return len(r.p) == 0 }

// Short takes and returns the first element if it is a string of less than 64 bytes,
// else nil. The run is not empty.
func (r *Run) Short() []byte {
	n := int(r.p[0]) - headStr6
	if uint(n) >= 64 {
		return nil
	}
	b := r.p[1 : 1+n]
	r.p = r.p[n+2:]
	return b
}

// Take takes and returns the first element. The run is not empty.
func (r *Run) Take() Elem {
	v := decode(r.p)
	r.p = r.p[sizeOf(r.p):]
	return v
}

// Elem returns the current element as a view.
func (it *Iter) Elem() Elem { return decode(it.cur) }

// Is tells whether the current element is the needle.
func (it *Iter) Is(d *Needle) bool { return d.matches(it.cur) }

// Find returns the index of the first element that is the needle, or -1.
func Find(e entry.Entry, d *Needle) int64 {
	it := Forward(e, 0, Len(e))
	for i := int64(0); it.Next(); i++ {
		if it.Is(d) {
			return i
		}
	}
	return -1
}
