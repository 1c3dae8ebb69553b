package command

import (
	"math"

	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
)

var bitmapBitSpecs = []*Spec{
	{
		Name: "getbit", Arity: 3, Flags: ReadOnly | Fast, Group: GroupBitmap,
		Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)}, Handler: getBit,
		Since: "2.2.0", Complexity: "O(1)",
		Summary: "Returns a bit of a string value.",
		Syntax:  "key offset:integer",
	},
	{
		Name: "setbit", Arity: 4, Flags: Write | DenyOOM, Group: GroupBitmap,
		Keys: []KeySpec{KeyAt(1, KeyRW|KeyAccess|KeyUpdate)}, Handler: setBit,
		Since: "2.2.0", Complexity: "O(1)",
		Summary: "Sets or clears a bit of a string value, which grows as needed.",
		Syntax:  "key offset:integer value:integer",
	},
}

const (
	errBitOffset = "ERR bit offset is not an integer or out of range"
	errBit       = "ERR bit is not an integer or out of range"
)

// bitOffset reads argument i as a bit offset; otherwise it replies errBitOffset. With
// fieldBits > 0, the form #n means n fields of that width.
func bitOffset(c *Ctx, i int, fieldBits int64) (int64, bool) {
	text, scale := c.Args[i], int64(1)
	if fieldBits > 0 && len(text) > 0 && text[0] == '#' {
		text, scale = text[1:], fieldBits
	}
	n, ok := resp.ParseInt(text)
	if !ok || n < 0 || n > math.MaxInt64/scale || n*scale>>3 >= c.Limits.MaxBulkBytes {
		c.W.Error(errBitOffset)
		return 0, false
	}
	return n * scale, true
}

func getBit(c *Ctx) {
	off, ok := bitOffset(c, 2, 0)
	if !ok {
		return
	}
	e := c.Read(c.Keys[0])
	if !c.IsType(e, entry.String) {
		return
	}
	c.W.Int(int64(bitAt(c, e, off)))
}

// bitAt returns bit off of e; beyond the end, or without an entry, it is 0.
func bitAt(c *Ctx, e entry.Entry, off int64) byte {
	var buf [1]byte
	if e.A != 0 {
		c.Store.StringReadAt(e, buf[:], off>>3)
	}
	return buf[0] >> (7 - off&7) & 1
}

func setBit(c *Ctx) {
	off, ok := bitOffset(c, 2, 0)
	if !ok {
		return
	}
	on, ok := resp.ParseInt(c.Args[3])
	if !ok || on&^1 != 0 {
		c.W.Error(errBit)
		return
	}
	k := c.Keys[0]
	e := c.Find(k)
	if !c.IsType(e, entry.String) {
		return
	}
	var buf [1]byte
	grows := e.A == 0 || c.Store.StringReadAt(e, buf[:], off>>3) == 0
	shift := 7 - off&7
	old := buf[0] >> shift & 1
	buf[0] = buf[0]&^(1<<shift) | byte(on)<<shift
	// Written even when nothing changes: the value shows as raw from now on.
	c.Store.StringWriteAt(c.DB, k, e, off>>3, buf[:])
	if grows || old != byte(on) {
		c.Changed(k, EventSetBit, 1)
	}
	c.W.Int(int64(old))
}

// growTo makes k's string e (none: a new one) at least n bytes long and raw. grown
// tells whether its content changed.
func growTo(c *Ctx, k store.Key, e entry.Entry, n int64) (to entry.Entry, grown bool) {
	var last [1]byte
	grown = e.A == 0 || c.Store.StringReadAt(e, last[:], n-1) == 0
	return c.Store.StringWriteAt(c.DB, k, e, n-1, last[:]), grown
}
