package command

import (
	"math/big"

	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/hash"
)

var hashNumSpecs = []*Spec{
	{
		Name: "hincrby", Arity: 4, Flags: Write | DenyOOM | Fast, Group: GroupHash, Handler: hincrby, Member: 2, Keys: []KeySpec{KeyAt(1, KeyRW|KeyAccess|KeyUpdate)},
		Since: "2.0.0", Complexity: "O(1)", Summary: "Adds a number to the integer value of a field; a missing field counts as 0.",
		Syntax: "key field increment:integer",
	},
	{
		Name: "hincrbyfloat", Arity: 4, Flags: Write | DenyOOM | Fast, Group: GroupHash, Handler: hincrbyfloat, Member: 2, Keys: []KeySpec{KeyAt(1, KeyRW|KeyAccess|KeyUpdate)},
		Since: "2.6.0", Complexity: "O(1)", Summary: "Adds a floating point number to the numeric value of a field; a missing field counts as 0.",
		Syntax: "key field increment:double",
	},
}

func hincrby(c *Ctx) {
	by, ok := c.Int(3)
	if !ok {
		return
	}
	var ed hashEdit
	if !ed.open(c) {
		return
	}
	var old int64
	if ed.e.A != 0 {
		if val, ok := hash.Get(ed.e, c.Args[2], c.Now); ok {
			if old, ok = resp.ParseInt(val); !ok {
				c.W.Error("ERR hash value is not an integer")
				return
			}
		}
	}
	sum := old + by
	if (sum > old) != (by > 0) && by != 0 {
		c.W.Error(ErrOverflow)
		return
	}
	c.Scratch = resp.AppendInt(c.Scratch[:0], sum)
	ed.setOne(c, c.Args[2], c.Scratch)
	c.Changed(ed.k, EventHIncrBy, 1)
	ed.verbatim(c)
	ed.close(c)
	c.W.Int(sum)
}

// setOne sets a field and keeps its deadline.
func (ed *hashEdit) setOne(c *Ctx, field, val []byte) {
	ed.create(c)
	ed.expire(c, field)
	ed.e, _ = hash.Set(ed.ar, ed.e, &ed.lim, field, val, hash.KeepTTL)
}

func hincrbyfloat(c *Ctx) {
	var sum, by big.Float
	if !parseLongDouble(&by, c.Args[3]) {
		c.W.Error(ErrNotFloat)
		return
	}
	if by.IsInf() {
		c.W.Error("ERR value is NaN or Infinity")
		return
	}
	var ed hashEdit
	if !ed.open(c) {
		return
	}
	sum.SetPrec(ldoublePrecBits)
	if ed.e.A != 0 {
		if val, ok := hash.Get(ed.e, c.Args[2], c.Now); ok {
			if !parseLongDouble(&sum, val) {
				c.W.Error("ERR hash value is not a float")
				return
			}
		}
	}
	if sum.IsInf() || sum.Add(&sum, &by).MantExp(nil) > ldoubleMaxExp {
		c.W.Error(errFloatResult)
		return
	}
	c.Scratch = appendLongDouble(c.Scratch[:0], &sum)
	ed.setOne(c, c.Args[2], c.Scratch)
	c.Changed(ed.k, EventHIncrByFloat, 1)
	ed.setEffect(c, resp.Args{c.Args[2], c.Scratch})
	ed.close(c)
	c.W.Bulk(c.Scratch)
}
