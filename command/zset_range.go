package command

import (
	"math"

	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/value"
	"github.com/kringdb/kring/store/zset"
)

const (
	zrangeComplexity = "O(log N + M) where N is the number of members and M the number of those returned."
	zlimitSyntax     = " [LIMIT (offset:integer count:integer)]"
)

// zrangeForm is what the name of a command says about its range.
type zrangeForm struct {
	kind  rangeKind
	rev   bool
	free  bool // ZRANGE and ZRANGESTORE: options may say otherwise
	store bool
	at    int // of the lower bound
}

var zsetRangeSpecs = []*Spec{
	zrangeSpec("zrange", "1.2.0", "", "key start stop [<BYSCORE | BYLEX>] [REV]"+zlimitSyntax+" [WITHSCORES]",
		"Returns the members within a range of ranks, scores or members.", zrangeForm{free: true, at: 2}),
	zrangeSpec("zrevrange", "1.2.0", "`ZRANGE` with the `REV` argument", "key start:integer stop:integer [WITHSCORES]",
		"Returns the members within a range of ranks, from the highest score on.", zrangeForm{rev: true, at: 2}),
	zrangeSpec("zrangebyscore", "1.0.5", "`ZRANGE` with the `BYSCORE` argument", "key min:double max:double [WITHSCORES]"+zlimitSyntax,
		"Returns the members within a range of scores.", zrangeForm{kind: byScore, at: 2}),
	zrangeSpec("zrevrangebyscore", "2.2.0", "`ZRANGE` with the `REV` and `BYSCORE` arguments",
		"key max:double min:double [WITHSCORES]"+zlimitSyntax,
		"Returns the members within a range of scores, from the highest on.", zrangeForm{kind: byScore, rev: true, at: 2}),
	zrangeSpec("zrangebylex", "2.8.9", "`ZRANGE` with the `BYLEX` argument", "key min max"+zlimitSyntax,
		"Returns the members within a lexical range, of a set whose scores are equal.", zrangeForm{kind: byLex, at: 2}),
	zrangeSpec("zrevrangebylex", "2.8.9", "`ZRANGE` with the `REV` and `BYLEX` arguments", "key max min"+zlimitSyntax,
		"Returns the members within a lexical range backwards, of a set whose scores are equal.",
		zrangeForm{kind: byLex, rev: true, at: 2}),
	{
		Name: "zrangestore", Arity: -5, Flags: Write | DenyOOM, Group: GroupSortedSet,
		Keys: []KeySpec{KeyAt(1, KeyOW|KeyUpdate), KeyAt(2, KeyRO|KeyAccess)},
		Handler: func(c *Ctx) {
			zrangeGeneric(c, zrangeForm{free: true, store: true, at: 3})
		},
		Cost:  func(c *Ctx) int64 { return zrangeCost(c, zrangeForm{free: true, store: true, at: 3}) },
		Since: "6.2.0", Complexity: "O(log N + M) where N is the number of members and M the number of those stored.",
		Summary: "Stores the members within a range of ranks, scores or members in another key.",
		Syntax:  "dst:key src:key min max [<BYSCORE | BYLEX>] [REV]" + zlimitSyntax,
	},
	zcountSpec("zcount", "2.0.0", "key min:double max:double", "Counts the members within a range of scores.", byScore),
	zcountSpec("zlexcount", "2.8.9", "key min max", "Counts the members within a lexical range, of a set whose scores are equal.", byLex),
	zremRangeSpec("zremrangebyrank", "2.0.0", "key start:integer stop:integer", "Removes the members within a range of ranks.",
		byRank, EventZRemRangeByRank),
	zremRangeSpec("zremrangebyscore", "1.2.0", "key min:double max:double", "Removes the members within a range of scores.",
		byScore, EventZRemRangeByScore),
	zremRangeSpec("zremrangebylex", "2.8.9", "key min max", "Removes the members within a lexical range, of a set whose scores are equal.",
		byLex, EventZRemRangeByLex),
}

func zrangeSpec(name, since, replacedBy, syntax, summary string, f zrangeForm) *Spec {
	s := &Spec{
		Name: name, Arity: -4, Flags: ReadOnly, Group: GroupSortedSet,
		Keys:    []KeySpec{KeyAt(1, KeyRO|KeyAccess)},
		Handler: func(c *Ctx) { zrangeGeneric(c, f) }, Cost: func(c *Ctx) int64 { return zrangeCost(c, f) },
		Since: since, Complexity: zrangeComplexity, Summary: summary, Syntax: syntax,
	}
	if replacedBy != "" {
		s.Deprecated, s.ReplacedBy = "6.2.0", replacedBy
	}
	return s
}

func zcountSpec(name, since, syntax, summary string, kind rangeKind) *Spec {
	return &Spec{
		Name: name, Arity: 4, Flags: ReadOnly | Fast, Group: GroupSortedSet,
		Keys:    []KeySpec{KeyAt(1, KeyRO|KeyAccess)},
		Handler: func(c *Ctx) { zcount(c, kind) },
		Since:   since, Complexity: "O(log N) where N is the number of members.", Summary: summary, Syntax: syntax,
	}
}

func zremRangeSpec(name, since, syntax, summary string, kind rangeKind, ev Event) *Spec {
	return &Spec{
		Name: name, Arity: 4, Flags: Write, Group: GroupSortedSet,
		Keys:    []KeySpec{KeyAt(1, KeyRW|KeyDelete)},
		Handler: func(c *Ctx) { zremRange(c, kind, ev) }, Cost: func(c *Ctx) int64 { return zremRangeCost(c, kind) },
		Since: since, Complexity: "O(M log N) where N is the number of members and M the number of those removed.",
		Summary: summary, Syntax: syntax,
	}
}

// zrangeCall is a parsed call of the ZRANGE family.
type zrangeCall struct {
	zrange
	rev        bool
	withScores bool
	offset     int64
	limit      int64 // negative: all
}

// parseZRange reads the arguments from the lower bound on and returns the error to
// reply, or "".
func parseZRange(args resp.Args, f zrangeForm) (r zrangeCall, errText string) {
	r.kind, r.rev, r.limit = f.kind, f.rev, -1
	for i := f.at + 2; i < len(args); i++ {
		switch w := args[i]; {
		case !f.store && equalFold(w, "withscores"):
			r.withScores = true
		case equalFold(w, "limit") && i+2 < len(args):
			var ok, ok2 bool
			r.offset, ok = resp.ParseInt(args[i+1])
			if r.limit, ok2 = resp.ParseInt(args[i+2]); !ok || !ok2 {
				return r, ErrNotInteger
			}
			i += 2
		case f.free && !r.rev && equalFold(w, "rev"):
			r.rev = true
		case f.free && r.kind == byRank && equalFold(w, "bylex"):
			r.kind = byLex
		case f.free && r.kind == byRank && equalFold(w, "byscore"):
			r.kind = byScore
		default:
			return r, ErrSyntax
		}
	}
	switch {
	case r.limit != -1 && r.kind == byRank:
		return r, "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
	case r.withScores && r.kind == byLex:
		return r, "ERR syntax error, WITHSCORES not supported in combination with BYLEX"
	}
	low, high := args[f.at], args[f.at+1]
	if r.rev && r.kind != byRank {
		low, high = high, low
	}
	return r, r.parse(low, high)
}

// find returns the rank of the first entry of the range, in the direction of the call,
// and how many there are.
func (r *zrangeCall) find(e entry.Entry) (first, n uint64) {
	if r.kind == byScore && r.limit > 0 && r.offset >= 0 && !r.rev {
		return r.findLimited(e)
	}
	if r.kind == byLex && r.offset >= 0 {
		if some, oneScore := r.lexStart(e); some && !oneScore {
			return r.findMixed(e)
		}
	}
	from, to := r.ranks(e)
	n = to - from
	if r.kind == byRank { // LIMIT may be there, as "LIMIT x -1", and says nothing
		if r.rev { // the ranks count from the end
			from = zset.Len(e) - 1 - from
		}
		return from, n
	}
	if r.offset < 0 || uint64(r.offset) >= n {
		return 0, 0
	}
	n -= uint64(r.offset)
	if r.limit >= 0 {
		n = min(n, uint64(r.limit))
	}
	if r.rev {
		return to - 1 - uint64(r.offset), n
	}
	return from + uint64(r.offset), n
}

// findMixed is find for a range by member of a set whose scores differ.
func (r *zrangeCall) findMixed(e entry.Entry) (first, n uint64) {
	limit := uint64(math.MaxUint64)
	if r.limit >= 0 {
		limit = uint64(r.limit)
	}
	if r.rev {
		return r.lexDownwards(e, uint64(r.offset), limit)
	}
	return r.lexUpwards(e, uint64(r.offset), limit)
}

// findLimited is find for the common case of a range by score of which a few entries
// from the front are wanted: the end of the range is not looked for.
func (r *zrangeCall) findLimited(e entry.Entry) (first, n uint64) {
	from := zset.RankOfScore(e, r.min.score, r.min.exclusive)
	all := zset.Len(e)
	if from > all || uint64(r.offset) >= all-from {
		return 0, 0
	}
	from += uint64(r.offset)
	n = min(uint64(r.limit), all-from)
	if n <= maxCountedLimit {
		return from, zset.CountWithin(e, from, n, r.max.score, !r.max.exclusive)
	}
	to := zset.RankOfScore(e, r.max.score, !r.max.exclusive)
	if to <= from {
		return 0, 0
	}
	return from, min(n, to-from)
}

func zrangeGeneric(c *Ctx, f zrangeForm) {
	r, errText := parseZRange(c.Args, f)
	if errText != "" {
		c.W.Error(errText)
		return
	}
	e := c.Read(c.Keys[len(c.Keys)-1])
	if !c.IsType(e, entry.ZSet) {
		return
	}
	var first, n uint64
	if e.A != 0 {
		first, n = r.find(e)
	}
	if f.store {
		zrangeStore(c, e, first, n, r.rev)
		return
	}
	writeEntries(c, e, first, n, r.rev, r.withScores)
}

// writeEntries replies n entries from the one of rank first on, with their scores: in
// RESP2 flat, in RESP3 as pairs.
func writeEntries(c *Ctx, e entry.Entry, first, n uint64, rev, withScores bool) {
	w := c.W
	pairs := withScores && w.Proto() == resp.RESP3
	if withScores && !pairs {
		w.Array(int(2 * n))
	} else {
		w.Array(int(n))
	}
	if n == 0 {
		return
	}
	var it zset.Iter
	it.Seek(e, first, n, rev)
	for i := 0; it.Next() && !c.endsAt(i); i++ {
		if pairs {
			w.Array(2)
		}
		w.Bulk(it.Member())
		if withScores {
			w.Double(it.Score())
		}
	}
}

// zrangeStore stores n entries from the one of rank first on in the first key.
func zrangeStore(c *Ctx, e entry.Entry, first, n uint64, rev bool) {
	var l scoredList
	if n > 0 {
		l.grow(int(n))
		var it zset.Iter
		it.Seek(e, first, n, rev)
		for it.Next() {
			l.add(it.Member(), it.Score())
		}
	}
	storeZSet(c, c.Keys[0], &l, EventZRangeStore, 1)
	c.W.Int(int64(n))
}

// zrangeCost is the number of entries that a call returns, or less where that is not
// worth finding out.
func zrangeCost(c *Ctx, f zrangeForm) int64 {
	e, ok := c.estimated(len(c.Keys)-1, entry.ZSet)
	if !ok || zset.Len(e) < SlowCost {
		return 0
	}
	r, errText := parseZRange(c.Args, f)
	if errText != "" {
		return 0
	}
	if r.kind == byLex && !zset.HasOneScore(e) { // find walks
		return int64(zset.Len(e))
	}
	_, n := r.find(e)
	return int64(n)
}

func zcount(c *Ctx, kind rangeKind) {
	r := zrange{kind: kind}
	if errText := r.parse(c.Args[2], c.Args[3]); errText != "" {
		c.W.Error(errText)
		return
	}
	e := c.Read(c.Keys[0])
	if !c.IsType(e, entry.ZSet) {
		return
	}
	var n uint64
	switch {
	case e.A == 0:
	case kind == byLex:
		n = r.lexCount(e)
	default:
		from, to := r.ranks(e)
		n = to - from
	}
	c.W.Int(int64(n))
}

func zremRange(c *Ctx, kind rangeKind, ev Event) {
	r := zrange{kind: kind}
	if errText := r.parse(c.Args[2], c.Args[3]); errText != "" {
		c.W.Error(errText)
		return
	}
	k := c.Keys[0]
	e := c.Find(k)
	if !c.IsType(e, entry.ZSet) {
		return
	}
	var from, to uint64
	if e.A != 0 {
		from, to = r.ranks(e)
	}
	n := to - from
	switch {
	case n == 0:
	case n == zset.Len(e): // at once; the memory goes step by step
		c.Store.Delete(c.DB, k)
		c.Changed(k, ev, int(n))
		c.Changed(k, EventDel, 0)
	case zset.IsCheaperToKeep(e, from, to):
		var g value.Garbage
		zset.Keep(c.Store.Edit(c.DB, k), e, from, to, &g)
		c.Store.Discard(k.Shard, &g)
		c.Changed(k, ev, int(n))
	default:
		ar := c.Store.Edit(c.DB, k)
		zsetShrunk(c, k, e, zset.RemoveRange(ar, e, from, to), ev, int(n))
	}
	c.W.Int(int64(n))
}

func zremRangeCost(c *Ctx, kind rangeKind) int64 {
	e, ok := c.estimated(0, entry.ZSet)
	if !ok || zset.Len(e) < SlowCost {
		return 0
	}
	return int64(zset.Len(e))
}
