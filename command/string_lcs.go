package command

import (
	"math"

	"github.com/kringdb/kring/store/entry"
)

var stringLCSSpecs = []*Spec{
	{
		Name: "lcs", Arity: -3, Flags: ReadOnly, Group: GroupString,
		Keys: []KeySpec{KeyRange(1, 1, 1, KeyRO|KeyAccess)}, Handler: lcs,
		Since: "7.0.0", Complexity: "O(N*M) where N and M are the lengths of the two values.",
		Summary: "Finds the longest common subsequence of two string values.",
		Syntax:  "key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len:integer] [WITHMATCHLEN]",
	},
}

const (
	errLCSTypes  = "ERR The specified keys must contain string values"
	errLCSBoth   = "ERR If you want both the length and indexes, please just use IDX."
	errLCSLength = "ERR String too long for LCS"
	errLCSMemory = "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"
)

// lcsOptions are the options of LCS.
type lcsOptions struct {
	length, indexes, withLen bool
	minLen                   int64
}

func (o *lcsOptions) parse(c *Ctx) bool {
	for i := 3; i < len(c.Args); i++ {
		switch arg := c.Args[i]; {
		case equalFold(arg, "len"):
			o.length = true
		case equalFold(arg, "idx"):
			o.indexes = true
		case equalFold(arg, "withmatchlen"):
			o.withLen = true
		case equalFold(arg, "minmatchlen") && i+1 < len(c.Args):
			i++
			n, ok := c.Int(i)
			if !ok {
				return false
			}
			o.minLen = max(0, n)
		default:
			c.W.Error(ErrSyntax)
			return false
		}
	}
	if o.length && o.indexes {
		c.W.Error(errLCSBoth)
		return false
	}
	return true
}

func lcs(c *Ctx) {
	ea, eb := c.Read(c.Keys[0]), c.Read(c.Keys[1])
	if ea.A != 0 && ea.Type() != entry.String || eb.A != 0 && eb.Type() != entry.String {
		c.W.Error(errLCSTypes)
		return
	}
	var o lcsOptions
	if !o.parse(c) {
		return
	}
	la, lb := lcsLen(c, ea), lcsLen(c, eb)
	if la >= math.MaxUint32-1 || lb >= math.MaxUint32-1 {
		c.W.Error(errLCSLength)
		return
	}
	// What Redis needs for its table of 32-bit cells bounds what is computed.
	if cells := uint64(la+1) * uint64(lb+1); cells > uint64(c.Limits.MaxBulkBytes)/4 {
		c.W.Error(errLCSMemory)
		return
	}
	var a, b []byte
	if ea.A != 0 {
		a = c.Store.StringBytes(ea, nil)
	}
	if eb.A != 0 {
		b = c.Store.StringBytes(eb, nil)
	}
	t := newLCSTable(a, b, !o.length)
	total := t.fill()
	switch {
	case o.length:
		c.W.Int(int64(total))
	case o.indexes:
		replyLCSRanges(c, &o, t.ranges(), total)
	default:
		c.W.Bulk(t.text(total))
	}
}

func lcsLen(c *Ctx, e entry.Entry) int64 {
	if e.A == 0 {
		return 0
	}
	return c.Store.StringLen(e)
}

func replyLCSRanges(c *Ctx, o *lcsOptions, ranges []lcsRange, total int) {
	n := 0
	for _, r := range ranges {
		if int64(r.n) >= o.minLen {
			n++
		}
	}
	c.W.Map(2)
	c.W.BulkString("matches")
	c.W.Array(n)
	for _, r := range ranges {
		if int64(r.n) < o.minLen {
			continue
		}
		if o.withLen {
			c.W.Array(3)
		} else {
			c.W.Array(2)
		}
		c.W.Array(2)
		c.W.Int(int64(r.a))
		c.W.Int(int64(r.a + r.n - 1))
		c.W.Array(2)
		c.W.Int(int64(r.b))
		c.W.Int(int64(r.b + r.n - 1))
		if o.withLen {
			c.W.Int(int64(r.n))
		}
	}
	c.W.BulkString("len")
	c.W.Int(int64(total))
}
