package command

import (
	"math"
	"slices"

	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	setstore "github.com/kringdb/kring/store/set"
	"github.com/kringdb/kring/store/slotted"
	"github.com/kringdb/kring/store/zset"
)

// setOp is one of the three operations on sets.
type setOp uint8

const (
	opUnion setOp = iota
	opInter
	opDiff
)

const (
	weightsSyntax = " [WEIGHTS weight:integer...] [AGGREGATE <SUM | MIN | MAX>]"
	unionCost     = "O(N + M log M) where N is the number of members of all sets and M that of the result."
	interCost     = "O(N*K + M log M) where N is the number of members of the smallest of K sets and M that of the result."
	diffCost      = "O(N*K + M log M) where N is the number of members of the first of K sets and M that of the result."
)

var zsetOpSpecs = []*Spec{
	zopSpec("zunion", opUnion, unionCost, weightsSyntax, "Returns the members of any of several sorted sets."),
	zopSpec("zinter", opInter, interCost, weightsSyntax, "Returns the members that are in all of several sorted sets."),
	zopSpec("zdiff", opDiff, diffCost, "", "Returns the members of a sorted set that are in none of the others."),
	zopStoreSpec("zunionstore", "2.0.0", opUnion, unionCost, weightsSyntax, "Stores the members of any of several sorted sets in a key."),
	zopStoreSpec("zinterstore", "2.0.0", opInter, interCost, weightsSyntax, "Stores the members that are in all of several sorted sets in a key."),
	zopStoreSpec("zdiffstore", "6.2.0", opDiff, diffCost, "", "Stores the members of a sorted set that are in none of the others in a key."),
	{
		Name: "zintercard", Arity: -3, Flags: ReadOnly, Group: GroupSortedSet,
		Keys: []KeySpec{KeyCount(1, KeyRO|KeyAccess)}, Handler: zinterCard, Cost: zopCost,
		Since: "7.0.0", Complexity: "O(N*K) where N is the number of members of the smallest of K sets.",
		Summary: "Counts the members that are in all of several sorted sets.", Syntax: "numkeys:integer key... [LIMIT limit:integer]",
	},
}

func zopSpec(name string, op setOp, complexity, options, summary string) *Spec {
	return &Spec{
		Name: name, Arity: -3, Flags: ReadOnly, Group: GroupSortedSet,
		Keys: []KeySpec{KeyCount(1, KeyRO|KeyAccess)}, Handler: func(c *Ctx) { zop(c, op) }, Cost: zopCost,
		Since: "6.2.0", Complexity: complexity, Summary: summary, Syntax: "numkeys:integer key..." + options + " [WITHSCORES]",
	}
}

func zopStoreSpec(name, since string, op setOp, complexity, options, summary string) *Spec {
	return &Spec{
		Name: name, Arity: -4, Flags: Write | DenyOOM, Group: GroupSortedSet,
		Keys:    []KeySpec{KeyAt(1, KeyOW|KeyUpdate), KeyCount(2, KeyRO|KeyAccess)},
		Handler: func(c *Ctx) { zopStore(c, op) }, Cost: zopCost,
		Since: since, Complexity: complexity, Summary: summary, Syntax: "destination numkeys:integer key..." + options,
	}
}

// zinput is one operand: a sorted set, a set, whose members have the score 1, or nothing.
type zinput struct {
	c      *Ctx // of a call that ends early when it is halted; nil: it stores the result, and does not
	e      entry.Entry
	isSet  bool
	weight float64
	n      int64 // members

	visited int
}

func (in *zinput) open(e entry.Entry) {
	in.e, in.weight = e, 1
	switch {
	case e.A == 0:
	case e.Type() == entry.Set:
		in.isSet = true
		in.n = int64(setstore.Len(e))
	default:
		in.n = int64(zset.Len(e))
	}
}

// find returns a member's score, weighted.
func (in *zinput) find(member []byte) (float64, bool) {
	switch {
	case in.e.A == 0:
		return 0, false
	case in.isSet:
		return in.weight, setstore.Has(in.e, member)
	}
	s, ok := zset.Score(in.e, member)
	return s * in.weight, ok
}

// ends counts a member that was looked at and tells whether the operation is to end early.
func (in *zinput) ends() bool {
	in.visited++
	return in.c != nil && in.c.endsAt(in.visited)
}

// each calls fn with all members and their scores, weighted; of NaN it makes 0. It ends
// early when fn returns false.
func (in *zinput) each(fn func(member []byte, score float64) bool) {
	switch {
	case in.e.A == 0:
	case in.isSet:
		var it setstore.Iter
		for m, ok := it.Next(in.e); ok && !in.ends() && fn(m, in.weight); m, ok = it.Next(in.e) {
		}
	default:
		var it zset.Iter
		it.Seek(in.e, 0, zset.Len(in.e), false)
		for it.Next() && !in.ends() {
			s := it.Score() * in.weight
			if s != s {
				s = 0
			}
			if !fn(it.Member(), s) {
				return
			}
		}
	}
}

// aggregate is how the scores of one member become one.
type aggregate uint8

const (
	aggSum aggregate = iota
	aggMin
	aggMax
)

func (a aggregate) of(x, y float64) float64 {
	switch {
	case a == aggSum:
		if x += y; x != x {
			return 0 // inf and -inf
		}
		return x
	case a == aggMin && y < x, a == aggMax && y > x:
		return y
	}
	return x
}

// zopCall is a parsed call of an operation.
type zopCall struct {
	op         setOp
	inputs     []zinput
	agg        aggregate
	withScores bool
	limit      int64 // of ZINTERCARD; 0 none
}

// zopForm is what the name of a command says.
type zopForm struct {
	op    setOp
	at    int // of the number of keys
	store bool
	card  bool
}

// parseZOp finds the operands and reads the options; it replies the error itself.
func parseZOp(c *Ctx, f zopForm) (p zopCall, ok bool) {
	p.op = f.op
	n, ok := c.Int(f.at)
	switch {
	case !ok:
		return p, false
	case n < 1:
		c.W.Error("ERR at least 1 input key is needed for '" + c.Spec.FullName + "' command")
		return p, false
	case n > int64(len(c.Args)-f.at-1):
		c.W.Error(ErrSyntax)
		return p, false
	}
	p.inputs = make([]zinput, n)
	keys := c.Keys[len(c.Keys)-int(n):]
	for i := range p.inputs {
		e := c.Read(keys[i])
		if e.A != 0 && e.Type() != entry.ZSet && e.Type() != entry.Set {
			c.W.Error(ErrWrongType)
			return p, false
		}
		p.inputs[i].open(e)
		if !f.store {
			p.inputs[i].c = c
		}
	}
	errText := p.parseOptions(c.Args[f.at+1+int(n):], f)
	if errText != "" {
		c.W.Error(errText)
		return p, false
	}
	if p.op != opDiff {
		slices.SortStableFunc(p.inputs, func(a, b zinput) int { return int(min(1, max(-1, a.n-b.n))) })
	}
	return p, true
}

func (p *zopCall) parseOptions(opts resp.Args, f zopForm) (errText string) {
	weighs := f.op != opDiff && !f.card
	for len(opts) > 0 {
		switch w := opts[0]; {
		case weighs && len(opts) > len(p.inputs) && equalFold(w, "weights"):
			for i := range p.inputs {
				var ok bool
				if p.inputs[i].weight, ok = parseDouble(opts[1+i]); !ok {
					return "ERR weight value is not a float"
				}
			}
			opts = opts[1+len(p.inputs):]
			continue
		case weighs && len(opts) >= 2 && equalFold(w, "aggregate"):
			switch a := opts[1]; {
			case equalFold(a, "sum"):
				p.agg = aggSum
			case equalFold(a, "min"):
				p.agg = aggMin
			case equalFold(a, "max"):
				p.agg = aggMax
			default:
				return ErrSyntax
			}
			opts = opts[2:]
			continue
		case !f.store && !f.card && equalFold(w, "withscores"):
			p.withScores = true
			opts = opts[1:]
			continue
		case f.card && len(opts) >= 2 && equalFold(w, "limit"):
			var ok bool
			if p.limit, ok = resp.ParseInt(opts[1]); !ok || p.limit < 0 {
				return "ERR LIMIT can't be negative"
			}
			opts = opts[2:]
			continue
		}
		return ErrSyntax
	}
	return ""
}

// run computes the result.
func (p *zopCall) run() (l scoredList) {
	switch p.op {
	case opUnion:
		p.union(&l)
	case opInter:
		p.inter(func(m []byte, s float64) bool {
			l.add(m, s)
			return true
		})
	case opDiff:
		p.diff(&l)
	}
	return l
}

// union adds up the inputs in their order. The table of the members seen stands outside
// the Go heap: it may be large.
func (p *zopCall) union(l *scoredList) {
	ar := arena.NewAlone()
	defer ar.Release()
	var seen slotted.Table
	seen.Init(slotted.Words)
	most := int64(0)
	for i := range p.inputs {
		most = max(most, p.inputs[i].n)
	}
	l.grow(int(most))
	for i := range p.inputs {
		p.inputs[i].each(func(m []byte, s float64) bool {
			if r := seen.Find(m); r != 0 {
				at := r.Word()
				l.scores[at] = p.agg.of(l.scores[at], s)
				return true
			}
			seen.InsertWord(ar, m, uint64(l.len()))
			l.add(m, s)
			return true
		})
	}
}

// inter calls fn with the members that are in all inputs, until it returns false.
func (p *zopCall) inter(fn func(m []byte, s float64) bool) {
	if p.inputs[0].n == 0 {
		return
	}
	p.inputs[0].each(func(m []byte, s float64) bool {
		for i := 1; i < len(p.inputs); i++ {
			v, ok := p.inputs[i].find(m)
			if !ok {
				return true
			}
			s = p.agg.of(s, v)
		}
		return fn(m, s)
	})
}

func (p *zopCall) diff(l *scoredList) {
	p.inputs[0].each(func(m []byte, s float64) bool {
		for i := 1; i < len(p.inputs); i++ {
			if _, ok := p.inputs[i].find(m); ok {
				return true
			}
		}
		l.add(m, s)
		return true
	})
}

func zop(c *Ctx, op setOp) {
	p, ok := parseZOp(c, zopForm{op: op, at: 1})
	if !ok {
		return
	}
	l := p.run()
	l.write(c, p.withScores)
}

func zopStore(c *Ctx, op setOp) {
	p, ok := parseZOp(c, zopForm{op: op, at: 2, store: true})
	if !ok {
		return
	}
	l := p.run()
	ev := [...]Event{opUnion: EventZUnionStore, opInter: EventZInterStore, opDiff: EventZDiffStore}[op]
	storeZSet(c, c.Keys[0], l.sorted(), ev, 1)
	c.W.Int(int64(l.len()))
}

func zinterCard(c *Ctx) {
	p, ok := parseZOp(c, zopForm{op: opInter, at: 1, card: true})
	if !ok {
		return
	}
	n := int64(0)
	p.inter(func([]byte, float64) bool {
		n++
		return n != p.limit
	})
	c.W.Int(n)
}

// zopCost is the sum of all operands: what most of the operations look at.
func zopCost(c *Ctx) int64 {
	sum := int64(0)
	keys := c.Keys
	if c.Spec.Keys[0].Flags&KeyOW != 0 && len(keys) > 0 {
		keys = keys[1:]
	}
	for _, k := range keys {
		sum = satAdd(sum, cardinality(c, k))
	}
	return sum
}

func cardinality(c *Ctx, k store.Key) int64 {
	var in zinput
	if e := c.Store.FindRaw(c.DB, k); e.A != 0 && (e.Type() == entry.ZSet || e.Type() == entry.Set) {
		in.open(e)
	}
	return in.n
}

// satAdd adds numbers that are not negative.
func satAdd(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
