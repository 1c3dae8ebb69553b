package command

import (
	"bytes"

	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/zset"
)

// A lexical range is meant for sets in which all members have one score, so that they
// stand in their own order. Where scores differ, the members within the bounds are not
// neighbours, and what a command finds is, as in Redis, what a walk finds:
//
//	nothing, if no entry can be within: the bounds exclude each other, the last entry
//	is below the minimum or the first one above the maximum; else, upwards, the entries
//	from the first that is not below the minimum to the last before one that is above
//	the maximum; downwards the same with the bounds and the ends exchanged.
//
// In a compact set the first is found by looking at one entry after the other. In a full
// one Redis descends a skiplist, whose heights are random: it ends at some entry that is
// not below the minimum and follows one that is. lexBoundary does, too.

// atLeast tells whether member m is not below the bound, as a minimum.
func (l *zlimit) atLeast(m []byte) bool {
	if l.infinite != 0 {
		return l.infinite < 0
	}
	n := bytes.Compare(m, l.member)
	return n > 0 || n == 0 && !l.exclusive
}

// atMost tells whether member m is not above the bound, as a maximum.
func (l *zlimit) atMost(m []byte) bool {
	if l.infinite != 0 {
		return l.infinite > 0
	}
	n := bytes.Compare(m, l.member)
	return n < 0 || n == 0 && !l.exclusive
}

// isEmptyLex tells whether no member at all can be within the bounds.
func (r *zrange) isEmptyLex() bool {
	low, high := &r.min, &r.max
	if low.infinite != 0 || high.infinite != 0 {
		return low.infinite > 0 || high.infinite < 0
	}
	n := bytes.Compare(low.member, high.member)
	return n > 0 || n == 0 && (low.exclusive || high.exclusive)
}

// lexStart tells what is needed to walk: whether there may be anything within the bounds,
// and whether all members have one score.
func (r *zrange) lexStart(e entry.Entry) (some, oneScore bool) {
	n := zset.Len(e)
	if n == 0 || r.isEmptyLex() {
		return false, false
	}
	if zset.HasOneScore(e) {
		return true, true
	}
	return r.min.atLeast(zset.MemberAt(e, n-1)) && r.max.atMost(zset.MemberAt(e, 0)), false
}

// oneScoreRanks returns the ranks [from, to) of the entries within the bounds of a set in
// which all members have one score.
func (r *zrange) oneScoreRanks(e entry.Entry) (from, to uint64) {
	from, to = 0, zset.Len(e)
	if r.min.infinite == 0 {
		from = zset.RankOfMember(e, r.min.member, r.min.exclusive)
	}
	if r.max.infinite == 0 {
		to = zset.RankOfMember(e, r.max.member, !r.max.exclusive)
	}
	return from, max(from, to)
}

// lexRanks returns the ranks [from, to) of what a walk upwards finds.
func (r *zrange) lexRanks(e entry.Entry) (from, to uint64) {
	some, oneScore := r.lexStart(e)
	switch {
	case !some:
		return 0, 0
	case oneScore:
		return r.oneScoreRanks(e)
	}
	from, n := r.lexUpwards(e, 0, zset.Len(e))
	return from, from + n
}

// lexUpwards returns the rank of the entry at which a walk upwards arrives by going
// offset entries from the first that it finds, whatever those are, and how many it finds
// from there, at most limit. The set has entries with different scores, and there may be
// some within the bounds (lexStart).
func (r *zrange) lexUpwards(e entry.Entry, offset, limit uint64) (first, n uint64) {
	from := lexBoundary(e, r.min.atLeast)
	if rest := zset.Len(e) - from; offset >= rest || !r.max.atMost(zset.MemberAt(e, from)) {
		return 0, 0
	} else if limit = min(limit, rest-offset); r.max.infinite != 0 {
		return from + offset, limit
	}
	var it zset.Iter
	it.Seek(e, from+offset, limit, false)
	for it.Next() && r.max.atMost(it.Member()) {
		n++
	}
	return from + offset, n
}

// lexDownwards is lexUpwards for a walk downwards.
func (r *zrange) lexDownwards(e entry.Entry, offset, limit uint64) (first, n uint64) {
	from := r.lexEnd(e) - 1
	if offset > from || !r.min.atLeast(zset.MemberAt(e, from)) {
		return 0, 0
	}
	from -= offset
	if limit = min(limit, from+1); r.min.infinite != 0 {
		return from, limit
	}
	var it zset.Iter
	it.Seek(e, from, limit, true)
	for it.Next() && r.min.atLeast(it.Member()) {
		n++
	}
	return from, n
}

// lexEnd returns the rank behind the entry at which a walk downwards begins; the first
// entry must not be above the maximum.
func (r *zrange) lexEnd(e entry.Entry) uint64 {
	n := zset.Len(e)
	if e.Encoding() != entry.Listpack {
		return lexBoundary(e, func(m []byte) bool { return !r.max.atMost(m) })
	}
	for ; !r.max.atMost(zset.MemberAt(e, n-1)); n-- {
	}
	return n
}

// lexCount returns how many entries ZLEXCOUNT counts: those that a walk finds, but in a
// full set, where a walk may be long, those between the ends of the walks upwards and
// downwards.
func (r *zrange) lexCount(e entry.Entry) uint64 {
	some, oneScore := r.lexStart(e)
	if !some || oneScore || e.Encoding() == entry.Listpack {
		from, to := r.lexRanks(e)
		return to - from
	}
	from, to := lexBoundary(e, r.min.atLeast), r.lexEnd(e)
	return to - min(from, to)
}

// lexBoundary returns the rank of an entry whose member is, while that of the entry before
// it, if there is one, is not; or Len, if the last is not. In a compact set it is the first
// that is.
func lexBoundary(e entry.Entry, is func(member []byte) bool) uint64 {
	n := zset.Len(e)
	if e.Encoding() == entry.Listpack {
		for r := range n {
			if is(zset.MemberAt(e, r)) {
				return r
			}
		}
		return n
	}
	low, high := uint64(0), n // whatever is before low is not, the entry at high is
	for low < high {
		if mid := low + (high-low)/2; is(zset.MemberAt(e, mid)) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return high
}
