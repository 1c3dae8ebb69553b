package command

import (
	"math"
	"math/big"

	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/str"
)

var stringNumSpecs = []*Spec{
	{
		Name: "incr", Arity: 2, Flags: Write | DenyOOM | Fast, Group: GroupString,
		Keys: []KeySpec{KeyAt(1, KeyRW|KeyAccess|KeyUpdate)}, Handler: incr,
		Since: "1.0.0", Complexity: "O(1)",
		Summary: "Adds one to the integer value of a key; a missing key counts as 0.",
		Syntax:  "key",
	},
	{
		Name: "decr", Arity: 2, Flags: Write | DenyOOM | Fast, Group: GroupString,
		Keys: []KeySpec{KeyAt(1, KeyRW|KeyAccess|KeyUpdate)}, Handler: decr,
		Since: "1.0.0", Complexity: "O(1)",
		Summary: "Subtracts one from the integer value of a key; a missing key counts as 0.",
		Syntax:  "key",
	},
	{
		Name: "incrby", Arity: 3, Flags: Write | DenyOOM | Fast, Group: GroupString,
		Keys: []KeySpec{KeyAt(1, KeyRW|KeyAccess|KeyUpdate)}, Handler: incrBy,
		Since: "1.0.0", Complexity: "O(1)",
		Summary: "Adds a number to the integer value of a key; a missing key counts as 0.",
		Syntax:  "key increment:integer",
	},
	{
		Name: "decrby", Arity: 3, Flags: Write | DenyOOM | Fast, Group: GroupString,
		Keys: []KeySpec{KeyAt(1, KeyRW|KeyAccess|KeyUpdate)}, Handler: decrBy,
		Since: "1.0.0", Complexity: "O(1)",
		Summary: "Subtracts a number from the integer value of a key; a missing key counts as 0.",
		Syntax:  "key decrement:integer",
	},
	{
		Name: "incrbyfloat", Arity: 3, Flags: Write | DenyOOM | Fast, Group: GroupString,
		Keys: []KeySpec{KeyAt(1, KeyRW|KeyAccess|KeyUpdate)}, Handler: incrByFloat,
		Since: "2.6.0", Complexity: "O(1)",
		Summary: "Adds a floating point number to the numeric value of a key; a missing key counts as 0.",
		Syntax:  "key increment:double",
	},
}

const (
	errDecrOverflow = "ERR decrement would overflow"
	errFloatResult  = "ERR increment would produce NaN or Infinity"
)

func incr(c *Ctx) { addInt(c, 1) }

func decr(c *Ctx) { addInt(c, -1) }

func incrBy(c *Ctx) {
	if by, ok := c.Int(2); ok {
		addInt(c, by)
	}
}

func decrBy(c *Ctx) {
	by, ok := c.Int(2)
	if !ok {
		return
	}
	if by == math.MinInt64 {
		c.W.Error(errDecrOverflow)
		return
	}
	addInt(c, -by)
}

// addInt is INCR and its kin.
func addInt(c *Ctx, by int64) {
	k := c.Keys[0]
	e := c.Find(k)
	var old int64
	if e.A != 0 {
		if e.Type() != entry.String {
			c.W.Error(ErrWrongType)
			return
		}
		var ok bool
		if old, ok = c.Store.StringInt(e); !ok {
			c.W.Error(ErrNotInteger)
			return
		}
	}
	sum := old + by
	if (sum > old) != (by > 0) && by != 0 {
		c.W.Error(ErrOverflow)
		return
	}
	c.Store.SetInt(c.DB, k, e, sum)
	c.Changed(k, EventIncrBy, 1)
	c.W.Int(sum)
}

func incrByFloat(c *Ctx) {
	k := c.Keys[0]
	e := c.Find(k)
	if !c.IsType(e, entry.String) {
		return
	}
	var sum, by big.Float
	sum.SetPrec(ldoublePrecBits)
	if e.A != 0 {
		if c.Store.StringLen(e) >= maxFloatTextBytes || !parseLongDouble(&sum, c.Store.StringBytes(e, c.Scratch)) {
			c.W.Error(ErrNotFloat)
			return
		}
	}
	if !parseLongDouble(&by, c.Args[2]) {
		c.W.Error(ErrNotFloat)
		return
	}
	if sum.IsInf() || by.IsInf() {
		c.W.Error(errFloatResult)
		return
	}
	sum.Add(&sum, &by)
	if sum.MantExp(nil) > ldoubleMaxExp {
		c.W.Error(errFloatResult)
		return
	}
	c.Scratch = appendLongDouble(c.Scratch[:0], &sum)
	setText(c, k, c.Scratch)
	c.Changed(k, EventIncrByFloat, 1)
	c.Effect("SET", c.Args[1], c.Scratch, wordKeepTTL)
	c.W.Bulk(c.Scratch)
}

var wordKeepTTL = []byte("KEEPTTL")

// setText stores a number's text without turning it into the int form, as Redis
// does after INCRBYFLOAT, and keeps the deadline. text is at most maxFloatTextBytes
// long, which an inline form holds.
func setText(c *Ctx, k store.Key, text []byte) {
	enc := entry.Raw
	if len(text) <= str.MaxEmbstrBytes {
		enc = entry.Embstr
	}
	e := c.Store.Put(c.DB, k, entry.String, enc, len(text), store.KeepTTL)
	copy(e.Payload(), text)
}
