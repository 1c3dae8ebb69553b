package command

import (
	"encoding/binary"

	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/entry"
)

var bitmapFieldSpecs = []*Spec{
	{
		Name: "bitfield", Arity: -2, Flags: Write | DenyOOM, Group: GroupBitmap,
		Keys: []KeySpec{{
			Flags: KeyRW | KeyAccess | KeyUpdate | KeyVariableFlags, Index: 1, Step: 1,
			Notes: "This command allows both access and modification of the key",
		}},
		VariableFlags: bitfieldKeyFlags,
		Handler:       bitField,
		Since:         "3.2.0", Complexity: "O(1) for each operation.",
		Summary: "Reads and changes integers of any width at any bit offset of a string value.",
		Syntax: "key [<GET (encoding offset:integer) | ([OVERFLOW <WRAP | SAT | FAIL>] " +
			"<SET (encoding offset:integer value:integer) | INCRBY (encoding offset:integer increment:integer)>)>...]",
	},
	{
		Name: "bitfield_ro", Arity: -2, Flags: ReadOnly | Fast, Group: GroupBitmap,
		Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)}, Handler: bitFieldRO,
		Since: "6.0.0", Complexity: "O(1) for each operation.",
		Summary: "Reads integers of any width at any bit offset of a string value.",
		Syntax:  "key [GET (encoding offset:integer)...]",
	},
}

const (
	errFieldType     = "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
	errFieldOverflow = "ERR Invalid OVERFLOW type specified"
	errFieldReadOnly = "ERR BITFIELD_RO only supports the GET subcommand"
)

// fieldKind is an operation of BITFIELD.
type fieldKind uint8

const (
	fieldGet fieldKind = iota
	fieldSet
	fieldIncr
	fieldNone // an OVERFLOW clause: nothing to do
)

// fieldOp is one operation of BITFIELD.
type fieldOp struct {
	kind     fieldKind
	overflow overflowMode
	field    bitFieldType
	off      int64 // in bits
	arg      int64 // the value of SET, the increment of INCRBY
}

// fieldParser goes through the operations of a call. It is run twice, first to check
// everything, then to execute, so that nothing has to be kept.
type fieldParser struct {
	i        int // index of the next argument
	overflow overflowMode
}

// next parses the operation at p.i. It returns false, with the error replied, for
// what Redis refuses.
func (p *fieldParser) next(c *Ctx) (op fieldOp, ok bool) {
	name, rest := c.Args[p.i], len(c.Args)-p.i-1
	switch {
	case equalFold(name, "overflow") && rest >= 1:
		p.i += 2
		op.kind = fieldNone
		if p.overflow, ok = parseOverflow(c.Args[p.i-1]); !ok {
			c.W.Error(errFieldOverflow)
		}
		return op, ok
	case equalFold(name, "get") && rest >= 2:
		op.kind = fieldGet
	case equalFold(name, "set") && rest >= 3:
		op.kind = fieldSet
	case equalFold(name, "incrby") && rest >= 3:
		op.kind = fieldIncr
	default:
		c.W.Error(ErrSyntax)
		return op, false
	}
	if op.field, ok = parseFieldType(c.Args[p.i+1]); !ok {
		c.W.Error(errFieldType)
		return op, false
	}
	if op.off, ok = bitOffset(c, p.i+2, int64(op.field.bits)); !ok {
		return op, false
	}
	op.overflow = p.overflow
	if op.kind == fieldGet {
		p.i += 3
		return op, true
	}
	op.arg, ok = c.Int(p.i + 3)
	p.i += 4
	return op, ok
}

// checkFields parses all operations. It returns how many there are and the length in
// bytes that the string must have for those that write, 0 when none does.
func checkFields(c *Ctx) (n int, size int64, ok bool) {
	for p := (fieldParser{i: 2}); p.i < len(c.Args); {
		op, ok := p.next(c)
		if !ok {
			return 0, 0, false
		}
		if op.kind == fieldNone {
			continue
		}
		n++
		if op.kind != fieldGet {
			size = max(size, (op.off+int64(op.field.bits)-1)>>3+1)
		}
	}
	return n, size, true
}

func bitField(c *Ctx) {
	n, size, ok := checkFields(c)
	if !ok {
		return
	}
	k := c.Keys[0]
	if size == 0 {
		readFields(c, n)
		return
	}
	e := c.Find(k)
	if !c.IsType(e, entry.String) {
		return
	}
	e, grown := growTo(c, k, e, size)
	c.W.Array(n)
	changes := 0
	for p := (fieldParser{i: 2}); p.i < len(c.Args); {
		op, _ := p.next(c)
		switch op.kind {
		case fieldNone:
		case fieldGet:
			c.W.Int(op.field.signed(readField(c, e, &op)))
		default:
			var changed bool
			if e, changed, ok = writeField(c, e, &op); ok && (changed || grown) {
				changes++
			}
		}
	}
	// A string that only grew, because all operations failed, has changed too,
	// although Redis does not count it, and does not record it either: there it has its old
	// length again after a restart.
	switch {
	case changes > 0:
		c.Changed(k, EventSetBit, changes)
	case grown:
		c.Changed(k, EventNone, 0)
		c.EffectCall()
	}
}

func bitFieldRO(c *Ctx) {
	n, size, ok := checkFields(c)
	if !ok {
		return
	}
	if size != 0 {
		c.W.Error(errFieldReadOnly)
		return
	}
	readFields(c, n)
}

// readFields executes n GETs.
func readFields(c *Ctx, n int) {
	e := c.Read(c.Keys[0])
	if !c.IsType(e, entry.String) {
		return
	}
	c.W.Array(n)
	for p := (fieldParser{i: 2}); p.i < len(c.Args); {
		if op, _ := p.next(c); op.kind == fieldGet {
			c.W.Int(op.field.signed(readField(c, e, &op)))
		}
	}
}

// writeField executes a SET or INCRBY and replies its result. ok is false when an
// overflow made it fail; changed tells whether the field has a new value. The string
// is long enough.
func writeField(c *Ctx, e entry.Entry, op *fieldOp) (to entry.Entry, changed, ok bool) {
	old := readField(c, e, op)
	var v uint64
	if op.kind == fieldSet {
		v, ok = op.field.fit(op.arg, op.overflow)
	} else {
		v, ok = op.field.add(old, op.arg, op.overflow)
	}
	if !ok {
		c.W.Null()
		return e, false, false
	}
	reply := v
	if op.kind == fieldSet {
		reply = old
	}
	if v != old {
		e = storeField(c, e, op, v)
	}
	c.W.Int(op.field.signed(reply))
	return e, v != old, true
}

// A field of up to 64 bits at any bit offset lies within 9 bytes.
const fieldSpanBytes = 9

// readField returns the bits of op's field, right-aligned. Beyond the end of the
// string, or without one, they are 0.
func readField(c *Ctx, e entry.Entry, op *fieldOp) uint64 {
	var buf [fieldSpanBytes]byte
	if e.A != 0 {
		c.Store.StringReadAt(e, buf[:], op.off>>3)
	}
	shift := uint(op.off & 7)
	w := binary.BigEndian.Uint64(buf[:])<<shift | uint64(buf[8])>>(8-shift)
	return w >> (64 - op.field.bits)
}

// storeField writes the low bits of v into op's field.
func storeField(c *Ctx, e entry.Entry, op *fieldOp, v uint64) entry.Entry {
	var buf [fieldSpanBytes]byte
	c.Store.StringReadAt(e, buf[:], op.off>>3)
	shift := uint(op.off & 7)
	v <<= 64 - op.field.bits // left-aligned, as mask
	mask := ^uint64(0) << (64 - op.field.bits)
	hi := binary.BigEndian.Uint64(buf[:])
	binary.BigEndian.PutUint64(buf[:], hi&^(mask>>shift)|v>>shift)
	buf[8] = buf[8]&^byte(mask<<(8-shift)) | byte(v<<(8-shift))
	used := (shift + uint(op.field.bits) + 7) / 8
	return c.Store.StringWriteAt(c.DB, c.Keys[0], e, op.off>>3, buf[:used])
}

// overflowMode is what OVERFLOW chose.
type overflowMode uint8

const (
	overflowWrap overflowMode = iota
	overflowSat
	overflowFail
)

func parseOverflow(arg []byte) (overflowMode, bool) {
	switch {
	case equalFold(arg, "wrap"):
		return overflowWrap, true
	case equalFold(arg, "sat"):
		return overflowSat, true
	case equalFold(arg, "fail"):
		return overflowFail, true
	}
	return 0, false
}

// bitFieldType is the type of a field: i1 to i64, u1 to u63.
type bitFieldType struct {
	bits uint8
	sign bool
}

func parseFieldType(arg []byte) (t bitFieldType, ok bool) {
	if len(arg) < 2 {
		return t, false
	}
	limit := int64(63)
	switch arg[0] {
	case 'i':
		t.sign, limit = true, 64
	case 'u':
	default:
		return t, false
	}
	n, ok := resp.ParseInt(arg[1:])
	if !ok || n < 1 || n > limit {
		return t, false
	}
	t.bits = uint8(n)
	return t, true
}

// bounds returns the smallest and the largest value.
func (t bitFieldType) bounds() (least, most int64) {
	if !t.sign {
		return 0, 1<<t.bits - 1
	}
	return -1 << (t.bits - 1), 1<<(t.bits-1) - 1
}

// signed returns the value of the field's bits.
func (t bitFieldType) signed(v uint64) int64 {
	if !t.sign {
		return int64(v)
	}
	shift := 64 - t.bits
	return int64(v<<shift) >> shift
}

// wrap returns the field's bits of v.
func (t bitFieldType) wrap(v int64) uint64 {
	shift := 64 - t.bits
	return uint64(v) << shift >> shift
}

// fit returns the bits for SET of v; false when it overflows and mode is fail. A
// negative value overflows an unsigned field upwards, as a large one would. So do, in
// a signed field, values so low that most-v leaves 64 bits: Redis compares with that
// difference, and replies and saturates accordingly.
func (t bitFieldType) fit(v int64, mode overflowMode) (uint64, bool) {
	least, most := t.bounds()
	switch {
	case v > most || !t.sign && v < 0 || v < 0 && most-v < 0 && t.bits < 64:
		return t.overflow(v, most, mode)
	case v < least:
		return t.overflow(v, least, mode)
	}
	return t.wrap(v), true
}

// add returns the bits of a field that holds old, plus by.
func (t bitFieldType) add(old uint64, by int64, mode overflowMode) (uint64, bool) {
	v := t.signed(old)
	least, most := t.bounds()
	switch {
	case by > 0 && v > most-by:
		return t.overflow(v+by, most, mode)
	case by < 0 && (t.sign && v < least-by || !t.sign && v+by < 0):
		return t.overflow(v+by, least, mode)
	}
	return t.wrap(v + by), true
}

// overflow returns what mode makes of v, which lies beyond bound.
func (t bitFieldType) overflow(v, bound int64, mode overflowMode) (uint64, bool) {
	switch mode {
	case overflowSat:
		return t.wrap(bound), true
	case overflowFail:
		return 0, false
	}
	return t.wrap(v), true
}

// bitfieldKeyFlags tells a BITFIELD that only reads from one that may write. What does
// not parse counts as writing.
func bitfieldKeyFlags(args resp.Args) KeyFlag {
	for i := 2; i < len(args); i++ {
		switch rest := len(args) - i - 1; {
		case equalFold(args[i], "get") && rest >= 2:
			i += 2
		case equalFold(args[i], "overflow") && rest >= 1:
			i++
		default:
			return KeyRW | KeyAccess | KeyUpdate
		}
	}
	return KeyRO | KeyAccess
}
