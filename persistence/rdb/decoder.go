package rdb

import (
	"errors"
	"fmt"
	"math"
)

// A Decoder reads Values. It is used again and again, by one goroutine at a time; the parts
// of one value go through one Decoder, in their order. It checks what it reads: after
// Next has returned false and Err nil, the structure of the part was whole. It does not
// look for elements that occur twice (Validate does), since who builds a value sees them; Run does.
//
//	for d.Open(&it.Value, it.First); d.Next(); {
//		... d.Elem() ...
//	}
//	if err := d.Err(); err != nil { ...
//
// What a kind has per element:
//
//	string   Elem, once
//	list     Elem, from the head
//	set      Elem
//	zset     Elem, Score; packed ones by ascending scores, others in any order
//	hash     Elem (the field), Value, Deadline
//	stream   ID, then pairs by NextPair; behind the last part Info and NextGroup
type Decoder struct {
	kind    Kind
	lay     *layout
	typ     Type
	cur     cursor
	left    uint64
	base    uint64
	walking bool
	pack    packed
	node    text // the packed value that pack walks over

	elem, val, extra text
	score            float64
	deadline         int64
	err              error
	count            uint64

	stream streamDecoder
}

// Open begins with v, which is the first part of a value or not. v.Body must stay as it is.
func (d *Decoder) Open(v *Value, first bool) {
	d.lay = layoutOf(v.Type, v.Dialect)
	d.kind, d.typ = d.lay.kind, v.Type
	d.cur = cursor{p: v.Body}
	d.left, d.base = v.Count, v.base
	d.walking = false
	d.err = nil
	if first {
		d.count = 0
		d.stream.begin()
		for _, t := range [...]*text{&d.elem, &d.val, &d.node} {
			if cap(t.room) > keptBytes {
				t.room = nil
			}
		}
	}
	if !d.lay.known {
		d.fail(fmt.Errorf("%s is not known", d.lay.name))
	}
}

// Kind returns what is being read.
func (d *Decoder) Kind() Kind { return d.kind }

// Count returns how many elements Next has found in all parts so far.
func (d *Decoder) Count() uint64 { return d.count }

// Err returns what was wrong, nil if nothing was.
func (d *Decoder) Err() error { return d.err }

// Elem returns the element as text; Value a hash's value. They are valid until the next
// call of Next.
func (d *Decoder) Elem() []byte  { return d.elem.bytes }
func (d *Decoder) Value() []byte { return d.val.bytes }

// Int returns the element as a number, if it was written as one: then Elem is its
// shortest text.
func (d *Decoder) Int() (int64, bool) { return d.elem.num, d.elem.isNum }

// Score returns the score of a sorted set's element: no NaN.
func (d *Decoder) Score() float64 { return d.score }

// Deadline returns that of a hash's field, Unix time in milliseconds; 0: none.
func (d *Decoder) Deadline() int64 { return d.deadline }

func (d *Decoder) fail(err error) bool {
	if d.err == nil {
		d.err = err
	}
	return false
}

// Next finds the next element, and tells whether there is one.
func (d *Decoder) Next() bool {
	if d.err != nil {
		return false
	}
	var ok bool
	switch {
	case d.kind == Stream:
		ok = d.nextEntry()
	case d.lay.packed != notPacked:
		ok = d.nextPacked()
	default:
		ok = d.nextPlain()
	}
	if ok {
		d.count++
	}
	return ok
}

// end is called when nothing is left.
func (d *Decoder) end() bool {
	if d.cur.left() != 0 {
		d.fail(errLeftOver)
	}
	return false
}

var errLeftOver = errors.New("bytes are left over behind the value")

func (d *Decoder) nextPlain() bool {
	if d.left == 0 {
		return d.end()
	}
	d.left--
	var ttl uint64
	var err error
	if d.lay.unit == unitTTLPair {
		if ttl, err = d.cur.count(); err != nil {
			return d.fail(err)
		}
	}
	if err = d.cur.str(&d.elem); err != nil {
		return d.fail(err)
	}
	d.deadline = 0
	switch d.lay.unit {
	case unitString:
		return true
	case unitPair:
		err = d.cur.str(&d.val)
	case unitTTLPair:
		if err = d.cur.str(&d.val); err == nil {
			err = d.setDeadline(ttl)
		}
	case unitPairTTL:
		if err = d.cur.str(&d.val); err == nil {
			if ttl, err = d.cur.uint64(); err == nil && int64(ttl) >= 0 {
				err = d.checkDeadline(int64(ttl))
			}
		}
	case unitTextScore:
		d.score, err = d.cur.textScore()
	case unitScore:
		var bits uint64
		bits, err = d.cur.uint64()
		d.score = math.Float64frombits(bits)
	}
	if err == nil && d.kind == ZSet && math.IsNaN(d.score) {
		err = errScore
	}
	if err != nil {
		return d.fail(err)
	}
	return true
}

var errDeadline = errors.New("the deadline of a field is out of range")

// setDeadline takes a deadline as hashes that are not packed have it: 0 for none, else
// behind the earliest one, less one. Early formats have it as it is.
func (d *Decoder) setDeadline(ttl uint64) error {
	if ttl == 0 {
		return nil
	}
	if d.lay.base {
		if d.base > maxFieldDeadline || ttl > maxFieldDeadline+1 {
			return errDeadline
		}
		ttl = d.base + ttl - 1
	}
	return d.checkDeadline(int64(ttl))
}

func (d *Decoder) checkDeadline(t int64) error {
	if t < 0 || t > maxFieldDeadline {
		return errDeadline
	}
	d.deadline = t
	return nil
}

// nextPacked finds the next element of a packed value, or of the next node that is one.
func (d *Decoder) nextPacked() bool {
	for {
		if d.walking {
			more, err := d.pack.more()
			if err != nil {
				return d.fail(err)
			}
			if more {
				return d.nextElement()
			}
			d.walking = false
		}
		if d.left == 0 {
			return d.end()
		}
		d.left--
		if single, err := d.openNode(); err != nil {
			return d.fail(err)
		} else if single {
			return true
		}
	}
}

// openNode begins to walk over the next packed string. single: it is no packed one, but
// an element itself, which is now Elem.
func (d *Decoder) openNode() (single bool, err error) {
	if d.lay.unit == unitNode {
		container, err := d.cur.count()
		switch {
		case err != nil:
			return false, err
		case container == nodePlain:
			return true, d.cur.str(&d.elem)
		case container != nodePacked:
			return false, errors.New("a node of a list that is neither plain nor packed")
		}
	}
	if err := d.cur.str(&d.node); err != nil {
		return false, err
	}
	d.walking = true
	return false, d.pack.open(d.lay.packed, d.node.bytes)
}

// nextElement reads the strings that make an element.
func (d *Decoder) nextElement() bool {
	if err := d.pack.next(&d.elem); err != nil {
		return d.fail(err)
	}
	if d.lay.stride == 1 {
		return true
	}
	if err := d.follow(&d.val); err != nil {
		return d.fail(err)
	}
	if d.kind == ZSet {
		var err error
		if d.score, err = d.val.score(); err != nil {
			return d.fail(err)
		}
		return true
	}
	d.deadline = 0
	if d.lay.stride == 3 {
		err := d.follow(&d.extra)
		if err == nil && !d.extra.isNum {
			err = errDeadline
		}
		if err == nil {
			err = d.checkDeadline(d.extra.num)
		}
		if err != nil {
			return d.fail(err)
		}
	}
	return true
}

// Run is a row of strings, each behind its length, a varint.
type Run struct {
	Bytes   []byte
	N       int // strings
	Longest int // bytes of the longest
	fields  fieldSet
}

// Run makes r hold the fields and values of a packed hash, in the memory that r has. It stands
// in the place of Next, for a part of which it was not called, and fails if a field is there twice. ok is false if the
// value is something else, or has deadlines; then nothing has been read.
func (d *Decoder) Run(r *Run) (ok bool) {
	if d.err != nil || d.kind != Hash || d.lay.stride != 2 {
		return false
	}
	r.Bytes, r.N, r.Longest = r.Bytes[:0], 0, 0
	for ; d.left > 0; d.left-- {
		if _, err := d.openNode(); err != nil {
			d.fail(err)
			return true
		}
		r.fields.reset(min(max(d.pack.want, 0), len(d.pack.p)/2) / d.lay.stride)
		if err := d.runNode(r); err != nil {
			d.fail(err)
			return true
		}
		d.walking = false
	}
	d.count += uint64(r.N / d.lay.stride)
	d.end()
	return true
}

// runNode appends the packed value that is open to r.
func (d *Decoder) runNode(r *Run) error {
	for {
		if r.N%2 == 0 && d.pack.form == listpack && !d.pack.appendRun(r) {
			return errTwice
		}
		more, err := d.pack.more()
		if err == nil && more {
			err = d.pack.next(&d.elem)
		}
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if r.N%2 == 0 && r.fields.left == 0 { // appendRun stops for want of room as well
			r.fields.grow(r.Bytes)
		}
		start := len(r.Bytes)
		r.Bytes = appendRunElement(r.Bytes, d.elem.bytes)
		r.Longest = max(r.Longest, len(d.elem.bytes))
		if r.N%2 == 0 && !r.fields.add(r.Bytes, start, r.fields.seed.Of(d.elem.bytes)) {
			return errTwice
		}
		r.N++
	}
	if r.N%2 != 0 {
		return errPacked
	}
	return nil
}

// follow reads an element that must be there.
func (d *Decoder) follow(t *text) error {
	more, err := d.pack.more()
	if err == nil && !more {
		err = errPacked
	}
	if err != nil {
		return err
	}
	return d.pack.next(t)
}
