package command

import (
	"strconv"

	"github.com/kringdb/kring/internal/glob"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/entry"
)

var scanSpecs = []*Spec{
	{
		Name: "keys", Arity: 2, Flags: ReadOnly | Dangerous | Slow, Group: GroupGeneric, Handler: keys,
		Since: "1.0.0", Complexity: "O(N) where N is the number of keys; other clients are not held up",
		Summary: "Returns all keys that match a pattern.", Syntax: "pattern:pattern",
		Tips: []string{"request_policy:all_shards", "nondeterministic_output_order"},
	},
	{
		Name: "scan", Arity: -2, Flags: ReadOnly, Group: GroupGeneric, Handler: scan,
		Since: "2.8.0", Complexity: "O(1) for every call", Summary: "Iterates over the keys of the database.",
		Syntax: "cursor:integer [MATCH pattern:pattern] [COUNT count:integer] [TYPE type]",
		Tips:   []string{"nondeterministic_output", "request_policy:special"},
	},
}

// nameList is a list of byte strings in one block: no allocation per element.
type nameList struct {
	block []byte
	ends  []int
}

func (l *nameList) add(name []byte) {
	l.block = append(l.block, name...)
	l.ends = append(l.ends, len(l.block))
}

func (l *nameList) write(c *Ctx) {
	c.W.Array(len(l.ends))
	from := 0
	for _, end := range l.ends {
		c.W.Bulk(l.block[from:end])
		from = end
	}
}

// keys walks the database in steps of keysStep entries. It takes one shard lock at a
// time and lets go of its gate between steps, so nobody waits for it. What exists
// from beginning to end is returned exactly once.
func keys(c *Ctx) {
	pattern := c.Args[1]
	all := len(pattern) == 1 && pattern[0] == '*'
	var l nameList
	if all {
		n := int(c.Store.Len(c.DB))
		l.ends = make([]int, 0, n+n/16)
	}
	for cursor := uint64(0); ; {
		cursor = c.Store.Walk(c.DB, cursor, keysStep, func(e entry.Entry) {
			if name := e.Key(); !e.Expired(c.Now) && (all || glob.Match(pattern, name, false)) {
				l.add(name)
			}
		})
		if cursor == 0 {
			break
		}
		c.Yield()
	}
	l.write(c)
}

// scanCall is a parsed SCAN.
type scanCall struct {
	cursor  uint64
	count   int
	pattern []byte // nil: all
	typ     []byte // nil: all
}

func parseScan(c *Ctx) (s scanCall, ok bool) {
	s.count = defaultScanCount
	if s.cursor, ok = parseUnsigned(c.Args[1]); !ok {
		c.W.Error("ERR invalid cursor")
		return s, false
	}
	opts := c.Args[2:]
	for ; len(opts) > 0; opts = opts[2:] {
		switch {
		case len(opts) < 2:
			c.W.Error(ErrSyntax)
			return s, false
		case equalFold(opts[0], "count"):
			if s.count, ok = parseCount(c, opts[1]); !ok {
				return s, false
			}
		case equalFold(opts[0], "match"):
			s.pattern = opts[1]
			if string(s.pattern) == "*" {
				s.pattern = nil
			}
		case equalFold(opts[0], "type"):
			s.typ = opts[1]
		default:
			c.W.Error(ErrSyntax)
			return s, false
		}
	}
	return s, true
}

// scanCost is the COUNT of HSCAN, SSCAN and ZSCAN, whose options begin at argument 3.
func scanCost(c *Ctx) (cost int64) {
	for i := 3; i+1 < len(c.Args); i++ {
		if equalFold(c.Args[i], "count") {
			if n, ok := resp.ParseInt(c.Args[i+1]); ok {
				cost = max(cost, n)
			}
		}
	}
	return cost
}

func scan(c *Ctx) {
	s, ok := parseScan(c)
	if !ok {
		return
	}
	var l nameList
	next := c.Store.Walk(c.DB, s.cursor, s.count, func(e entry.Entry) {
		name := e.Key()
		if e.Expired(c.Now) ||
			s.pattern != nil && !glob.Match(s.pattern, name, false) ||
			s.typ != nil && !equalFold(s.typ, e.Type().String()) {
			return
		}
		l.add(name)
	})
	c.W.Array(2)
	c.Scratch = strconv.AppendUint(c.Scratch[:0], next, 10)
	c.W.Bulk(c.Scratch)
	l.write(c)
}
