package command

import (
	"math"

	"github.com/kringdb/kring/command/image"
	"github.com/kringdb/kring/store/entry"
)

var objectSpecs = []*Spec{{
	Name: "object", Arity: -2, Group: GroupGeneric, Since: "2.2.3", Complexity: "Depends on subcommand.",
	Summary: "Commands about how values are kept.",
	Subs: []*Spec{
		objectSpec("encoding", "2.2.3", "Returns the encoding of a key's value.", func(c *Ctx, e entry.Entry) {
			c.W.BulkString(e.Encoding().String())
		}),
		objectSpec("freq", "4.0.0", "Returns the access frequency counter of a key, under an LFU policy.", objectFreq),
		objectSpec("idletime", "2.2.3", "Returns for how many seconds a key has not been accessed.", objectIdleTime),
		objectSpec("refcount", "2.2.3", "Returns the reference count of a key's value.", objectRefCount),
		{
			Name: "help", Arity: 2, Flags: Loading | Stale, Group: GroupGeneric, Handler: writeHelp,
			Since: "6.2.0", Complexity: "O(1)", Summary: "Describes the subcommands.",
		},
	},
}}

func objectSpec(name, since, summary string, show func(c *Ctx, e entry.Entry)) *Spec {
	return &Spec{
		Name: name, Arity: 3, Flags: ReadOnly, Group: GroupGeneric, Keys: []KeySpec{KeyAt(2, KeyRO)},
		Since: since, Complexity: "O(1)", Summary: summary, Syntax: "key", Tips: []string{"nondeterministic_output"},
		Handler: func(c *Ctx) {
			e := c.Store.Find(c.DB, c.Keys[0], c.Now)
			if e.A == 0 {
				c.Misses++ // without an event, unlike other reading commands
				c.W.Null()
				return
			}
			c.Hits++
			show(c, e)
		},
	}
}

func objectFreq(c *Ctx, e entry.Entry) {
	if c.LFU == nil {
		c.W.Error("ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between " +
			"policies at runtime LRU and LFU data will take some time to adjust.")
		return
	}
	c.W.Int(int64(c.LFU.Decayed(e.Clock(), c.Clock)))
}

func objectIdleTime(c *Ctx, e entry.Entry) {
	if c.LFU != nil {
		c.W.Error("ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at " +
			"runtime LRU and LFU data will take some time to adjust.")
		return
	}
	c.W.Int(idleSeconds(c, e.Clock()))
}

// idleSeconds is for how long an entry with that access clock has not been used.
func idleSeconds(c *Ctx, clock uint32) int64 {
	clocks := clocksOf(c)
	return clocks.Idle(clock)
}

// clocksOf returns what translates access clocks for images of values.
func clocksOf(c *Ctx) image.Clocks {
	clocks := image.Clocks{Now: c.Clock, UnitMs: c.ClockUnitMs}
	if c.LFU != nil {
		clocks.Freq = c.LFU.Decayed
	}
	return clocks
}

func objectRefCount(c *Ctx, e entry.Entry) { c.W.Int(refCount(c, e)) }

// refCount answers as Redis does: its small integers are shared objects.
func refCount(c *Ctx, e entry.Entry) int64 {
	if v, ok := c.Store.StringInt(e); e.Type() == entry.String && ok && v >= 0 && v < sharedIntegers {
		return math.MaxInt32
	}
	return 1
}
