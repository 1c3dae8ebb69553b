package command

import (
	"strconv"

	"github.com/kringdb/kring/internal/glob"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/entry"
)

var scanSpecs = []*Spec{
	{
		Name: "keys", Arity: 2, Flags: ReadOnly | Dangerous | Slow | Sweeps, Group: GroupGeneric, Handler: keys,
		Since: "1.0.0", Complexity: "O(N) where N is the number of keys; other clients are not held up",
		Summary: "Returns all keys that match a pattern.", Syntax: "pattern:pattern",
		Tips: []string{"request_policy:all_shards", "nondeterministic_output_order"},
	},
	{
		Name: "scan", Arity: -2, Flags: ReadOnly | Sweeps, Group: GroupGeneric, Handler: scan,
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

// write replies the list as an array.
func (l *nameList) write(c *Ctx) {
	c.W.Array(len(l.ends))
	l.writeElems(c)
}

// writeElems replies the elements; the caller has written what they stand in.
func (l *nameList) writeElems(c *Ctx) {
	from := 0
	for i, end := range l.ends {
		if c.endsAt(i) {
			return
		}
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
		if cursor == 0 || c.Halted() {
			break
		}
		c.Lane.Yield()
	}
	l.write(c)
}

// scanCall is a parsed SCAN, HSCAN, SSCAN or ZSCAN.
type scanCall struct {
	cursor   uint64
	count    int
	pattern  []byte // nil: all
	typ      []byte // nil: all
	noValues bool
}

// parseCursor reads the cursor from argument i; it replies the error itself.
func (s *scanCall) parseCursor(c *Ctx, i int) (ok bool) {
	if s.cursor, ok = oddUnsigned(c.Args[i]); !ok {
		c.W.Error("ERR invalid cursor")
	}
	return ok
}

// parseOptions reads the options from argument i on: MATCH, COUNT and the one that only
// this command has. It replies the error itself.
func (s *scanCall) parseOptions(c *Ctx, i int, own string) (ok bool) {
	s.count = defaultScanCount
	for opts := c.Args[i:]; len(opts) > 0; {
		if own == "novalues" && equalFold(opts[0], own) {
			s.noValues = true
			opts = opts[1:]
			continue
		}
		switch {
		case len(opts) < 2:
			c.W.Error(ErrSyntax)
			return false
		case equalFold(opts[0], "count"):
			if s.count, ok = parseCount(c, opts[1]); !ok {
				return false
			}
		case equalFold(opts[0], "match"):
			if s.pattern = opts[1]; string(s.pattern) == "*" {
				s.pattern = nil
			}
		case own == "type" && equalFold(opts[0], own):
			s.typ = opts[1]
		default:
			c.W.Error(ErrSyntax)
			return false
		}
		opts = opts[2:]
	}
	return true
}

// wants tells whether MATCH lets a name through.
func (s *scanCall) wants(name []byte) bool {
	return s.pattern == nil || glob.Match(s.pattern, name, false)
}

// replyCursor begins the reply of two elements with the cursor of the next call.
func replyCursor(c *Ctx, next uint64) {
	c.W.Array(2)
	c.Scratch = strconv.AppendUint(c.Scratch[:0], next, 10)
	c.W.Bulk(c.Scratch)
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
	var s scanCall
	if !s.parseCursor(c, 1) || !s.parseOptions(c, 2, "type") {
		return
	}
	var l nameList
	next := c.Store.Walk(c.DB, s.cursor, s.count, func(e entry.Entry) {
		name := e.Key()
		if e.Expired(c.Now) || !s.wants(name) || s.typ != nil && !equalFold(s.typ, e.Type().String()) {
			return
		}
		l.add(name)
	})
	replyCursor(c, next)
	l.write(c)
}
