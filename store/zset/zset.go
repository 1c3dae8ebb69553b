package zset

import (
	"math"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// Limits are the sizes up to which a set is compact.
type Limits struct {
	Entries    int
	ValueBytes int
}

// Flags say when Add changes the set, as the words of ZADD.
type Flags uint8

const (
	NX   Flags = 1 << iota // only members that are not there
	XX                     // only members that are there
	GT                     // a score only becomes larger
	LT                     // a score only becomes smaller
	Incr                   // the score is added to the present one
)

// Outcome is what Add did.
type Outcome uint8

const (
	Nothing Outcome = iota // the flags forbade it
	Same                   // the member has that score already
	Added
	Updated
	NaN // the sum is not a number; nothing was changed
)

// EmptyBytes and FullBytes are the payloads of a set without entries; Init and InitFull
// make them ready. An empty set may stand in the keyspace only until the next Add.
const (
	EmptyBytes = headerBytes
	FullBytes  = fullBytes
)

// Init makes the payload of a new entry of EmptyBytes, encoding Listpack, an empty set.
func Init(e entry.Entry) { compactOf(e).setHeader(0) }

// InitFull makes the payload of a new entry of FullBytes, encoding Skiplist, an empty set.
func InitFull(e entry.Entry) { initFull(e) }

func isCompact(e entry.Entry) bool { return e.Encoding() == entry.Listpack }

// Len returns the number of entries.
func Len(e entry.Entry) uint64 {
	if isCompact(e) {
		return uint64(compactOf(e).len())
	}
	return uint64(index(e).Len())
}

// Add gives member a score, which is not NaN, as flags allow. It returns the entry,
// which may have moved, and the member's score afterwards, if there was no reason to
// change nothing. member must not be a view of the set.
func Add(ar *arena.Arena, e entry.Entry, member []byte, score float64, flags Flags, l Limits) (entry.Entry, float64, Outcome) {
	if isCompact(e) {
		return addCompact(ar, e, member, score, flags, l)
	}
	score, out := addFull(ar, e, member, score, flags)
	return e, score, out
}

// decide tells what becomes of the score of a member that has one.
func decide(now, score float64, flags Flags) (float64, Outcome) {
	if flags&NX != 0 {
		return 0, Nothing
	}
	if flags&Incr != 0 {
		if score += now; score != score {
			return 0, NaN
		}
	}
	if flags&LT != 0 && score >= now || flags&GT != 0 && score <= now {
		return 0, Nothing
	}
	if score == now {
		return score, Same
	}
	return score, Updated
}

// Score returns a member's score.
func Score(e entry.Entry, member []byte) (float64, bool) {
	if !isCompact(e) {
		r := index(e).Find(member)
		if r == 0 {
			return 0, false
		}
		return math.Float64frombits(r.Word()), true
	}
	b := compactOf(e)
	i := b.find(member)
	if i < 0 {
		return 0, false
	}
	return b.score(i), true
}

// Rank returns a member's rank and score.
func Rank(e entry.Entry, member []byte) (rank uint64, score float64, ok bool) {
	if !isCompact(e) {
		r := index(e).Find(member)
		if r == 0 {
			return 0, 0, false
		}
		score = math.Float64frombits(r.Word())
		t := loadTree(nil, e)
		return t.rank(&bound{key: keyOf(score), member: member}), score, true
	}
	b := compactOf(e)
	i := b.find(member)
	if i < 0 {
		return 0, 0, false
	}
	return uint64(i), b.score(i), true
}

// Remove removes a member and tells whether it was there. The set may be empty then.
func Remove(ar *arena.Arena, e entry.Entry, member []byte) (entry.Entry, bool) {
	if !isCompact(e) {
		return e, removeFull(ar, e, member)
	}
	i := compactOf(e).find(member)
	if i < 0 {
		return e, false
	}
	return removeCompact(ar, e, i, i+1), true
}

// RemoveRange removes the entries of the ranks [from, to), to <= Len. The set may be
// empty then.
func RemoveRange(ar *arena.Arena, e entry.Entry, from, to uint64) entry.Entry {
	if from >= to {
		return e
	}
	if isCompact(e) {
		return removeCompact(ar, e, int(from), int(to))
	}
	removeRangeFull(ar, e, from, to)
	return e
}

// RankOfScore returns the number of entries whose score is below s, or with
// including, not above it.
func RankOfScore(e entry.Entry, s float64, including bool) uint64 {
	q := bound{key: keyOf(s)}
	if including {
		q.mode = afterScore
	}
	return rankOf(e, &q)
}

func rankOf(e entry.Entry, q *bound) uint64 {
	if isCompact(e) {
		return uint64(compactOf(e).search(0, q))
	}
	t := loadTree(nil, e)
	return t.rank(q)
}

// RankOfMember returns the number of entries of a set in which all have one score
// (HasOneScore) whose member is below m, or with including, not above it.
func RankOfMember(e entry.Entry, m []byte, including bool) uint64 {
	if Len(e) == 0 {
		return 0
	}
	it := entryAt(e, 0)
	q := bound{key: it.b.key(it.i), member: m}
	if including {
		q.mode = afterMember
	}
	return rankOf(e, &q)
}

// HasOneScore tells whether no two entries have different scores, so that the order is
// that of the members.
func HasOneScore(e entry.Entry) bool {
	n := Len(e)
	if n == 0 {
		return true
	}
	first, last := entryAt(e, 0), entryAt(e, n-1)
	return first.b.key(first.i) == last.b.key(last.i)
}

// MemberAt returns a view of the member of rank r < Len.
func MemberAt(e entry.Entry, r uint64) []byte {
	it := entryAt(e, r)
	return it.Member()
}

// entryAt returns an iterator that stands at the entry of rank r < Len.
func entryAt(e entry.Entry, r uint64) (it Iter) {
	it.Seek(e, r, 1, false)
	it.Next()
	return it
}

// Walk calls fn for some of the entries and returns where to go on, 0 at the end; it
// begins at 0. An entry that is there throughout a series of calls is emitted, and
// fn must not change the set.
func Walk(e entry.Entry, cursor uint64, want int, fn func(member []byte, score float64)) (next uint64) {
	if !isCompact(e) {
		return walkFull(e, cursor, want, fn)
	}
	b := compactOf(e)
	for i := range b.len() {
		fn(b.member(i), b.score(i))
	}
	return 0
}

// CountWithin returns how many of the n entries from the one of rank from on have a
// score below max, or with including, not above it. It looks at each of them.
func CountWithin(e entry.Entry, from, n uint64, max float64, including bool) uint64 {
	var it Iter
	it.Seek(e, from, n, false)
	top := keyOf(max)
	for i := range n {
		it.Next()
		if k := it.b.key(it.i); k > top || k == top && !including {
			return i
		}
	}
	return n
}
