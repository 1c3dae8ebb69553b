package zset

import (
	"bytes"

	"github.com/kringdb/kring/internal/prefetch"
	"github.com/kringdb/kring/store/arena"
)

// mode says where a bound stands among entries that have its score.
type mode uint8

const (
	beforeMember mode = iota // before the entry with its member
	afterMember              // after it
	afterScore               // after all entries with its score
)

// bound is a place in the order, between entries.
type bound struct {
	key    int64
	member []byte
	mode   mode
}

// upper returns the first slot in [from, to) whose key is above key, or to.
func (b block) upper(from, to int, key int64) int {
	n := to - from
	if n <= 0 {
		return from
	}
	for n > 1 {
		half := n >> 1
		le := 0
		if b.key(from+half-1) <= key {
			le = 1
		}
		from += half & -le
		n -= half
	}
	if b.key(from) <= key {
		from++
	}
	return from
}

// search returns the number of slots before q, at least from; slots before from are not
// looked at.
func (b block) search(from int, q *bound) int {
	hi := b.upper(from, b.len(), q.key)
	if q.mode == afterScore || hi == from || b.key(hi-1) != q.key {
		return hi
	}
	lo := hi - 1
	if lo > from && b.key(lo-1) == q.key {
		lo = b.upper(from, lo, q.key-1)
	}
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if c := bytes.Compare(b.member(mid), q.member); c < 0 || c == 0 && q.mode == afterMember {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// childFor returns the child of an inner block below which q stands.
func (b block) childFor(q *bound) int {
	if q.mode == beforeMember {
		// A separator that equals q is not above what q stands before.
		after := bound{q.key, q.member, afterMember}
		return b.search(1, &after) - 1
	}
	return b.search(1, q) - 1
}

// separate returns a separator between two neighbours in the order, as short as possible.
func separate(left, right block, i, j int) (key int64, sep []byte) {
	key = right.key(j)
	if left.key(i) != key {
		return key, nil
	}
	a, b := left.member(i), right.member(j)
	n := 0
	for n < len(a) && a[n] == b[n] {
		n++
	}
	return key, b[:n+1]
}

// ask asks for the cache lines of b's child at a that a search is going to look at, so that
// their misses overlap; askAll for those that a change looks at.
func (b block) ask(a arena.Addr) {
	if b.level() == 1 {
		prefetch.Lines(a.Ptr(), leafSearchLines)
		return
	}
	prefetch.Lines(a.Ptr(), innerLines)
}

func (b block) askAll(a arena.Addr) {
	if b.level() == 1 {
		prefetch.Lines(a.Ptr(), leafLines)
		return
	}
	prefetch.Lines(a.Ptr(), innerLines)
}
