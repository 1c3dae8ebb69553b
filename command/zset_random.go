package command

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/zset"
)

func zrandmember(c *Ctx) {
	if len(c.Args) == 2 {
		e := c.Read(c.Keys[0])
		switch {
		case !c.IsType(e, entry.ZSet):
		case e.A == 0:
			c.W.Null()
		default:
			var it zset.Iter
			it.Seek(e, rand.Uint64N(zset.Len(e)), 1, false)
			it.Next()
			c.W.Bulk(it.Member())
		}
		return
	}
	count, ok := randomCount(c)
	if !ok {
		return
	}
	withScores := len(c.Args) == 4
	e := c.Read(c.Keys[0])
	if !c.IsType(e, entry.ZSet) {
		return
	}
	switch {
	case e.A == 0 || count == 0:
		c.W.Array(0)
	case count < 0:
		writeRandom(c, e, uint64(-count), withScores)
	case uint64(count) >= zset.Len(e):
		writeEntries(c, e, 0, zset.Len(e), false, withScores)
	default:
		writeSample(c, e, int(count), withScores)
	}
}

// randomCount reads the count and WITHSCORES of ZRANDMEMBER.
func randomCount(c *Ctx) (int64, bool) {
	count, ok := c.Int(2)
	switch {
	case !ok:
		return 0, false
	case count == math.MinInt64:
		c.W.Error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")
		return 0, false
	case len(c.Args) > 4 || len(c.Args) == 4 && !equalFold(c.Args[3], "withscores"):
		c.W.Error(ErrSyntax)
		return 0, false
	case len(c.Args) == 4 && (count > math.MaxInt64/2 || count < -math.MaxInt64/2):
		c.W.Error(ErrOutOfRange)
		return 0, false
	}
	return count, true
}

// beginEntries replies the header of n entries, and tells whether each is a pair.
func beginEntries(c *Ctx, n int, withScores bool) (pairs bool) {
	if withScores && c.W.Proto() != resp.RESP3 {
		c.W.Array(2 * n)
		return false
	}
	c.W.Array(n)
	return withScores
}

func writeEntry(c *Ctx, e entry.Entry, rank uint64, withScores, pairs bool) {
	var it zset.Iter
	it.Seek(e, rank, 1, false)
	it.Next()
	if pairs {
		c.W.Array(2)
	}
	c.W.Bulk(it.Member())
	if withScores {
		c.W.Double(it.Score())
	}
}

// writeRandom replies n random entries, each as likely every time.
func writeRandom(c *Ctx, e entry.Entry, n uint64, withScores bool) {
	pairs := beginEntries(c, int(n), withScores)
	all := zset.Len(e)
	for i := range n {
		if c.endsAt(int(i)) {
			return
		}
		writeEntry(c, e, rand.Uint64N(all), withScores, pairs)
	}
}

// writeSample replies n different random entries, fewer than there are.
func writeSample(c *Ctx, e entry.Entry, n int, withScores bool) {
	pairs := beginEntries(c, n, withScores)
	for i, r := range sampleRanks(zset.Len(e), n) {
		if c.endsAt(i) {
			return
		}
		writeEntry(c, e, r, withScores, pairs)
	}
}

// sampleRanks returns n different random numbers below all, n < all, in random order
// (Floyd's sampling).
func sampleRanks(all uint64, n int) []uint64 {
	seen := make(map[uint64]struct{}, n)
	out := make([]uint64, 0, n)
	for j := all - uint64(n); j < all; j++ {
		r := rand.Uint64N(j + 1)
		if _, ok := seen[r]; ok {
			r = j
		}
		seen[r] = struct{}{}
		out = append(out, r)
	}
	rand.Shuffle(n, func(i, j int) { out[i], out[j] = out[j], out[i] })
	return slices.Clip(out)
}

func zrandmemberCost(c *Ctx) int64 {
	if len(c.Args) == 2 {
		return 0
	}
	n, ok := resp.ParseInt(c.Args[2])
	if !ok || n == math.MinInt64 || n > -SlowCost && n < SlowCost {
		return 0
	}
	e, ok := c.estimated(0, entry.ZSet)
	switch {
	case !ok:
		return 0
	case n < 0:
		return -n
	}
	return min(n, int64(zset.Len(e)))
}

// zscan replies scores as text, also in RESP3, and those of a full set with 17 digits,
// as Redis does.
func zscan(c *Ctx) {
	var call scanCall
	if !call.parseCursor(c, 2) {
		return
	}
	e := c.Read(c.Keys[0])
	if !c.IsType(e, entry.ZSet) {
		return
	}
	var l scoredList
	next := uint64(0)
	if e.A != 0 {
		if !call.parseOptions(c, 3, "") {
			return
		}
		next = zset.Walk(e, call.cursor, call.count, func(m []byte, s float64) {
			if call.wants(m) {
				l.add(m, s)
			}
		})
	}
	replyCursor(c, next)
	c.W.Array(2 * l.len())
	for i, s := range l.scores {
		c.W.Bulk(l.member(i))
		if e.Encoding() == entry.Skiplist {
			c.Scratch = appendG17(c.Scratch[:0], s)
		} else {
			c.Scratch = resp.AppendDouble(c.Scratch[:0], s)
		}
		c.W.Bulk(c.Scratch)
	}
}

// appendG17 appends f as C's %.17g does.
func appendG17(dst []byte, f float64) []byte {
	if math.IsInf(f, 0) {
		return resp.AppendDouble(dst, f)
	}
	return strconv.AppendFloat(dst, f, 'g', 17, 64)
}
