package command

import (
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
)

var bitmapOpSpecs = []*Spec{
	{
		Name: "bitop", Arity: -4, Flags: Write | DenyOOM, Group: GroupBitmap,
		Keys: []KeySpec{
			KeyAt(2, KeyOW|KeyUpdate),
			KeyRange(3, -1, 1, KeyRO|KeyAccess),
		},
		Handler: bitOpCommand,
		Since:   "2.6.0", Complexity: "O(N)",
		Summary: "Combines string values bit by bit and stores the result.",
		Syntax:  "<AND | OR | XOR | NOT> destkey key...",
	},
}

const errBitNot = "ERR BITOP NOT must be called with a single source key."

func parseBitOp(arg []byte) (op bitOp, ok bool) {
	switch {
	case equalFold(arg, "and"):
		return bitAnd, true
	case equalFold(arg, "or"):
		return bitOr, true
	case equalFold(arg, "xor"):
		return bitXor, true
	case equalFold(arg, "not"):
		return bitNot, true
	}
	return 0, false
}

func bitOpCommand(c *Ctx) {
	op, ok := parseBitOp(c.Args[1])
	if !ok {
		c.W.Error(ErrSyntax)
		return
	}
	dst, srcs := c.Keys[0], c.Keys[1:]
	if op == bitNot && len(srcs) != 1 {
		c.W.Error(errBitNot)
		return
	}
	var longest int64
	for i := range srcs {
		e := c.Read(srcs[i])
		if !c.IsType(e, entry.String) {
			return
		}
		if e.A != 0 {
			longest = max(longest, c.Store.StringLen(e))
		}
	}
	old := c.Find(dst)
	if longest == 0 {
		if old.A != 0 {
			c.Store.Delete(c.DB, dst)
			c.Changed(dst, EventDel, 1)
		}
		c.W.Int(0)
		return
	}
	if longest <= bitOpBlockBytes {
		block := growScratch(c, int(longest))
		bitOpBlock(c, op, block, srcs, 0)
		c.Store.SetStringRaw(c.DB, dst, block, 0)
	} else {
		bitOpLong(c, op, dst, srcs, old, longest)
	}
	c.Changed(dst, EventSet, 1)
	c.W.Int(longest)
}

// bitOpBlock computes the bytes [off, off+len(block)) of the result.
func bitOpBlock(c *Ctx, op bitOp, block []byte, srcs []store.Key, off int64) {
	n := 0
	if e := c.Store.Find(c.DB, srcs[0], c.Now); e.A != 0 {
		n = c.Store.StringReadAt(e, block, off)
	}
	clear(block[n:])
	if op == bitNot {
		invert(block)
		return
	}
	for i := range srcs[1:] {
		n := 0
		if e := c.Store.Find(c.DB, srcs[i+1], c.Now); e.A != 0 {
			c.Store.StringSegments(e, off, int64(len(block)), func(seg []byte) bool {
				op.combine(block[n:], seg)
				n += len(seg)
				return true
			})
		}
		if op == bitAnd {
			clear(block[n:])
		}
	}
}

// bitOpLong computes a long result block by block straight into dst, which may be
// one of the sources: a block is written after it was read from all of them, and a
// source beyond its end counts as zeros whether dst has grown there or not.
func bitOpLong(c *Ctx, op bitOp, dst store.Key, srcs []store.Key, e entry.Entry, longest int64) {
	if e.A != 0 && !isSource(dst, srcs) {
		c.Store.Delete(c.DB, dst)
		e = entry.Entry{}
	}
	block := growScratch(c, bitOpBlockBytes)
	for off := int64(0); off < longest; off += int64(len(block)) {
		block = block[:min(int64(len(block)), longest-off)]
		bitOpBlock(c, op, block, srcs, off)
		e = c.Store.StringWriteAt(c.DB, dst, e, off, block)
	}
	if e.HasDeadline() {
		c.Store.SetDeadline(c.DB, dst, e, 0)
	}
}

func isSource(k store.Key, srcs []store.Key) bool {
	for i := range srcs {
		if string(srcs[i].Name) == string(k.Name) {
			return true
		}
	}
	return false
}

// growScratch returns c.Scratch with length n; its content is undefined.
func growScratch(c *Ctx, n int) []byte {
	if cap(c.Scratch) < n {
		c.Scratch = make([]byte, n)
	}
	c.Scratch = c.Scratch[:n]
	return c.Scratch
}
