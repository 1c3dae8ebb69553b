package command

import "github.com/kringdb/kring/store/entry"

var bitmapCountSpecs = []*Spec{
	{
		Name: "bitcount", Arity: -2, Flags: ReadOnly, Group: GroupBitmap,
		Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)}, Handler: bitCount,
		Since: "2.6.0", Complexity: "O(N)",
		Summary: "Counts the set bits of a string value or of a range of it.",
		Syntax:  "key [(start:integer end:integer [<BYTE | BIT>])]",
	},
	{
		Name: "bitpos", Arity: -3, Flags: ReadOnly, Group: GroupBitmap,
		Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)}, Handler: bitPos,
		Since: "2.8.7", Complexity: "O(N)",
		Summary: "Finds the first set or clear bit of a string value or of a range of it.",
		Syntax:  "key bit:integer [(start:integer [(end:integer [<BYTE | BIT>])])]",
	},
}

const errBitArgument = "ERR The bit argument must be 1 or 0."

// bitRange is the range argument of BITCOUNT and BITPOS.
type bitRange struct {
	start, end int64 // as given; end is -1, the last, by default
	endGiven   bool
	inBits     bool // start and end count bits, not bytes
}

// parse reads start, end and unit from argument i on; it replies the error that
// Redis replies. strict is BITCOUNT's form: start does not come without end, and end
// is looked at before the unit.
func (r *bitRange) parse(c *Ctx, i int, strict bool) bool {
	n := len(c.Args) - i
	r.end = -1
	if n == 0 {
		return true
	}
	if n > 3 || strict && n == 1 {
		c.W.Error(ErrSyntax)
		return false
	}
	var ok bool
	if r.start, ok = c.Int(i); !ok {
		return false
	}
	if n == 1 {
		return true
	}
	if n == 3 && !strict && !r.parseUnit(c, i+2) {
		return false
	}
	r.endGiven = true
	if r.end, ok = c.Int(i + 1); !ok {
		return false
	}
	return n < 3 || !strict || r.parseUnit(c, i+2)
}

func (r *bitRange) parseUnit(c *Ctx, i int) bool {
	r.inBits = equalFold(c.Args[i], "bit")
	if !r.inBits && !equalFold(c.Args[i], "byte") {
		c.W.Error(ErrSyntax)
		return false
	}
	return true
}

func bitCount(c *Ctx) {
	var r bitRange
	if !r.parse(c, 2, true) {
		return
	}
	e := c.Read(c.Keys[0])
	if !c.IsType(e, entry.String) {
		return
	}
	if e.A == 0 {
		c.W.Int(0)
		return
	}
	units := c.Store.StringLen(e)
	if r.inBits {
		units *= 8
	}
	from, to, ok := clampRange(r.start, r.end, units)
	if !ok {
		c.W.Int(0)
		return
	}
	if !r.inBits {
		from, to = from*8, to*8+7
	}
	first := from >> 3
	var total int64
	c.Store.StringSegments(e, first, to>>3-first+1, func(seg []byte) bool {
		total += countBits(seg)
		return true
	})
	// Take away what of the first and the last byte lies outside.
	for off := first * 8; off < from; off++ {
		total -= int64(bitAt(c, e, off))
	}
	for off := to + 1; off&7 != 0; off++ {
		total -= int64(bitAt(c, e, off))
	}
	c.W.Int(total)
}

func bitPos(c *Ctx) {
	want, ok := c.Int(2)
	if !ok {
		return
	}
	if want&^1 != 0 {
		c.W.Error(errBitArgument)
		return
	}
	var r bitRange
	if !r.parse(c, 3, false) {
		return
	}
	e := c.Read(c.Keys[0])
	if !c.IsType(e, entry.String) {
		return
	}
	if e.A == 0 {
		// As if the value were followed by zeros without end.
		c.W.Int(-want)
		return
	}
	size := c.Store.StringLen(e)
	units := size
	if r.inBits {
		units *= 8
	}
	from, to, ok := clampOpenRange(r.start, r.end, units)
	if !ok {
		c.W.Int(-1)
		return
	}
	if !r.inBits {
		from, to = from*8, to*8+7
	}
	pos := findBitIn(c, e, byte(want), from, to)
	if pos < 0 && want == 0 && !r.endGiven {
		pos = size * 8
	}
	c.W.Int(pos)
}

// clampOpenRange is clampRange without its exception for two negative ends.
func clampOpenRange(start, end, n int64) (from, to int64, ok bool) {
	if start < 0 {
		start = max(0, n+start)
	}
	if end < 0 {
		end = max(0, n+end)
	}
	end = min(end, n-1)
	return start, end, start <= end
}

// findBitIn returns the position of the first bit of e in [from, to] that equals
// want, -1 when there is none.
func findBitIn(c *Ctx, e entry.Entry, want byte, from, to int64) int64 {
	for ; from&7 != 0; from++ {
		if from > to {
			return -1
		}
		if bitAt(c, e, from) == want {
			return from
		}
	}
	if from > to {
		return -1
	}
	pos, base := int64(-1), from
	c.Store.StringSegments(e, from>>3, to>>3-from>>3+1, func(seg []byte) bool {
		if at := findBit(seg, want); at >= 0 {
			pos = base + at
		}
		base += int64(len(seg)) * 8
		return pos < 0
	})
	if pos > to {
		return -1 // in the last byte, behind the range
	}
	return pos
}
