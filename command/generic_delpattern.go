package command

import (
	"github.com/kringdb/kring/internal/glob"
	"github.com/kringdb/kring/store/entry"
)

var delPatternSpecs = []*Spec{{
	Name: "delpattern", Arity: 2, Flags: Write | Dangerous | Slow | Sweeps, Group: GroupGeneric, Handler: delPattern,
	Since: "0.2.0", Complexity: "O(N) where N is the number of keys; other clients are not held up",
	Summary: "Removes all keys that match a pattern, beside other commands; Kring's own.", Syntax: "pattern:pattern",
	Tips: []string{"request_policy:all_shards", "response_policy:agg_sum"},
}}

// delPattern walks as KEYS does, and removes the keys of each step one by one under
// their own shards' locks. What exists from beginning to end and matches is removed; a
// key that comes meanwhile may or may not be.
func delPattern(c *Ctx) {
	p := glob.New(c.Args[1], false)
	removed := int64(0)
	var l nameList
	for cursor := uint64(0); ; {
		cursor = c.Store.Walk(c.DB, cursor, keysStep, func(e entry.Entry) {
			if name := e.Key(); !e.Expired(c.Now) && p.Match(name) {
				l.add(name)
			}
		})
		from := 0
		for _, end := range l.ends {
			removed += deleteByName(c, l.block[from:end])
			from = end
		}
		l.block, l.ends = l.block[:0], l.ends[:0]
		if cursor == 0 {
			break
		}
		c.Lane.Yield()
	}
	c.NoEffect() // each key has recorded its own
	c.W.Int(removed)
}

// deleteByName removes a key that the dispatcher has not locked, as a call of its own.
func deleteByName(c *Ctx, name []byte) int64 {
	k := c.Store.MakeKey(name)
	n := int64(0)
	c.Lane.UnderLock(k, func() {
		if c.Find(k).A != 0 && c.Store.Delete(c.DB, k) {
			c.Changed(k, EventDel, 1)
			c.Effect("DEL", name)
			n = 1
		}
	})
	return n
}
