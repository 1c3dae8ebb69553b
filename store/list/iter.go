package list

import "github.com/kringdb/kring/store/entry"

// Iter walks over elements of a list, which must not change meanwhile.
type Iter struct {
	e    entry.Entry
	p    []byte // the packed run at hand, without what was passed
	cur  []byte // the current element and, forwards, what follows it
	in   int    // elements of p still to come
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
		it.in = int(min(it.left, int64(n-k)))
		it.at = first + int64(n)
	}
	it.left -= int64(it.in)
	return true
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
