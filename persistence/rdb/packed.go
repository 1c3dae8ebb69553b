package rdb

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strconv"

	"github.com/kringdb/kring/internal/backlen"
	"github.com/kringdb/kring/internal/fieldhash"
)

var errPacked = errors.New("a damaged packed value")

// packed walks a listpack, ziplist, zipmap or intset, checking all that it passes: a walk
// to the end has seen that the structure is whole.
//
//	listpack  │ bytes 4 │ n 2 │ element, its size backwards │ ... │ 255 │
//	ziplist   │ bytes 4 │ offset of the last 4 │ n 2 │ size of the one before, element │ ... │ 255 │
//	zipmap    │ n 1 │ length, field │ length, free 1, value, unused │ ... │ 255 │
//	intset    │ width 4 │ n 4 │ number │ ... │    ascending
type packed struct {
	form  form
	p     []byte
	off   int
	n     int // elements passed
	want  int // what the header says, -1: nothing
	prev  int // ziplist: bytes of the element before; intset: width
	value bool
	last  int64 // intset: the number before
}

const (
	listpackHeader = 6
	ziplistHeader  = 10
	intsetHeader   = 8
	packedEnd      = 0xff
	manyPacked     = math.MaxUint16 // too many elements for the header to say
	manyZipmap     = 254
)

// open begins a walk over p.
func (q *packed) open(f form, p []byte) error {
	*q = packed{form: f, p: p, want: -1}
	switch f {
	case listpack:
		return q.openList(listpackHeader, 4)
	case ziplist:
		return q.openList(ziplistHeader, 8)
	case zipmap:
		if len(p) < 2 || p[len(p)-1] != packedEnd {
			return errPacked
		}
		q.off = 1
		if p[0] < manyZipmap {
			q.want = 2 * int(p[0])
		}
	case intset:
		if len(p) < intsetHeader {
			return errPacked
		}
		w, n := binary.LittleEndian.Uint32(p), binary.LittleEndian.Uint32(p[4:])
		if w != 2 && w != 4 && w != 8 || uint64(len(p)) != intsetHeader+uint64(w)*uint64(n) {
			return errPacked
		}
		q.off, q.prev, q.want = intsetHeader, int(w), int(n)
	}
	return nil
}

// openList reads the header of a listpack or ziplist, whose count is at offset n.
func (q *packed) openList(header, n int) error {
	if len(q.p) < header+1 || uint64(binary.LittleEndian.Uint32(q.p)) != uint64(len(q.p)) || q.p[len(q.p)-1] != packedEnd {
		return errPacked
	}
	q.off = header
	if c := binary.LittleEndian.Uint16(q.p[n:]); c != manyPacked {
		q.want = int(c)
	}
	return nil
}

// more tells whether an element follows; after the last one err is not nil if the end is
// not as it must be.
func (q *packed) more() (bool, error) {
	end := len(q.p) - 1
	if q.form == intset {
		end = len(q.p)
	}
	if q.off < end {
		return true, nil
	}
	if q.off > end || q.want >= 0 && q.n != q.want || q.value {
		return false, errPacked
	}
	if q.form == ziplist {
		if tail := int64(binary.LittleEndian.Uint32(q.p[4:])); tail != int64(end-q.prev) {
			return false, errPacked
		}
	}
	return false, nil
}

// next reads the element that follows into t.
func (q *packed) next(t *text) error {
	q.n++
	switch q.form {
	case listpack:
		return q.nextListpack(t)
	case ziplist:
		return q.nextZiplist(t)
	case zipmap:
		return q.nextZipmap(t)
	}
	p := q.p[q.off : q.off+q.prev]
	n := signed(p)
	if q.n > 1 && n <= q.last {
		return errPacked
	}
	q.last = n
	q.off += q.prev
	t.setInt(n)
	return nil
}

// body returns n bytes at offset off of the element, if they lie before the end byte.
func (q *packed) body(off, n int) ([]byte, error) {
	from := q.off + off
	if n < 0 || n > len(q.p)-1-from {
		return nil, errPacked
	}
	return q.p[from : from+n : from+n], nil
}

func (q *packed) nextListpack(t *text) error {
	b := q.p[q.off]
	var head, n int
	isNum := false
	switch {
	case b < 0x80:
		t.setInt(int64(b))
		return q.backwards(1)
	case b < 0xc0:
		head, n = 1, int(b&0x3f)
	case b < 0xe0:
		p, err := q.body(0, 2)
		if err != nil {
			return err
		}
		t.setInt(int64(int16((uint16(b)<<8|uint16(p[1]))<<3)) >> 3)
		return q.backwards(2)
	case b < 0xf0:
		p, err := q.body(0, 2)
		if err != nil {
			return err
		}
		head, n = 2, int(b&0x0f)<<8|int(p[1])
	case b == 0xf0:
		p, err := q.body(0, 5)
		if err != nil {
			return err
		}
		head, n = 5, int(binary.LittleEndian.Uint32(p[1:]))
	case b <= 0xf4:
		isNum = true
		head, n = 1, [...]int{2, 3, 4, 8}[b-0xf1]
	default:
		return errPacked
	}
	p, err := q.body(head, n)
	if err != nil {
		return err
	}
	if isNum {
		t.setInt(signed(p))
	} else {
		t.setBytes(p)
	}
	return q.backwards(head + n)
}

// backwards passes an element of n bytes and its size, which follows it.
func (q *packed) backwards(n int) error {
	if n < 1<<7 && q.off+n < len(q.p)-1 && q.p[q.off+n] == byte(n) {
		q.off += n + 1
		return nil
	}
	size := backlen.Of(n)
	p, err := q.body(n, size)
	if err != nil {
		return err
	}
	var want [backlen.Max]byte
	if string(p) != string(appendBacklen(want[:0], n)) {
		return errPacked
	}
	q.off += n + size
	return nil
}

// appendRun appends short strings that follow in a listpack to r, fields with their values, until something else
// follows, the end, or more fields than r's table is for. Anything else is left to next. It tells whether no field was
// there already.
//
// A place is known only when the length before it is: while a processor waits for that, it copies and looks at what it
// knows. So all is done on one walk. (Lengths that are guessed from those before cost more where a guess fails than
// the wait.)
func (q *packed) appendRun(r *Run) (distinct bool) {
	p, off, run, longest := q.p, q.off, r.Bytes, r.Longest
	at, fields := len(run), &r.fields
	// An element takes a byte less in the run than in the listpack.
	run = slices.Grow(run, len(p)-off+1+wideCopy)
	run = run[:cap(run)]
	elems := 0
	distinct = true
	for fields.left > 0 && off+2+wideCopy < len(p) {
		n := int(p[off]) - 0x80
		if uint(n) > wideCopy || p[off+1+n] != byte(n+1) {
			break
		}
		from := p[off+1 : off+1+wideCopy]
		x, y := binary.LittleEndian.Uint64(from)&firstWord[n], binary.LittleEndian.Uint64(from[8:])&secondWord[n]
		start := at
		putShort(run[at:], from, n)
		at += 1 + n
		off += 2 + n
		elems++
		longest = max(longest, n)
		if distinct = fields.add(run, start, fields.seed.Words(x, y, n)); !distinct || off+2+wideCopy >= len(p) {
			break
		}
		n = int(p[off]) - 0x80
		if uint(n) > wideCopy || p[off+1+n] != byte(n+1) {
			break
		}
		putShort(run[at:], p[off+1:off+1+wideCopy], n)
		at += 1 + n
		off += 2 + n
		elems++
		longest = max(longest, n)
	}
	q.n += elems
	q.off = off
	r.Bytes, r.Longest, r.N = run[:at], longest, r.N+elems
	return distinct
}

// putShort makes to begin with n and the n bytes of from, of which wideCopy are moved.
func putShort(to, from []byte, n int) {
	_ = to[wideCopy]
	to[0] = byte(n)
	*(*[wideCopy]byte)(to[1:]) = *(*[wideCopy]byte)(from)
}

// firstWord and secondWord have ones where the bytes of a field of n bytes are, in its first eight and the next eight.
var firstWord, secondWord = wordMasks()

func wordMasks() (first, second [fieldhash.Short + 1]uint64) {
	for n := range first {
		first[n] = 1<<(8*min(n, 8)) - 1
		second[n] = 1<<(8*max(n-8, 0)) - 1
	}
	return first, second
}

func (q *packed) nextZiplist(t *text) error {
	begin := q.off
	prev := int64(q.p[q.off])
	q.off++
	if prev == 254 {
		p, err := q.body(0, 4)
		if err != nil {
			return err
		}
		prev = int64(binary.LittleEndian.Uint32(p))
		q.off += 4
	}
	if prev != int64(q.prev) || q.off >= len(q.p)-1 {
		return errPacked
	}
	b := q.p[q.off]
	var head, n int
	isNum := true
	switch {
	case b < 0x40:
		head, n, isNum = 1, int(b), false
	case b < 0x80:
		p, err := q.body(0, 2)
		if err != nil {
			return err
		}
		head, n, isNum = 2, int(b&0x3f)<<8|int(p[1]), false
	case b == 0x80:
		p, err := q.body(0, 5)
		if err != nil {
			return err
		}
		head, n, isNum = 5, int(binary.BigEndian.Uint32(p[1:])), false
	case b == 0xc0:
		head, n = 1, 2
	case b == 0xd0:
		head, n = 1, 4
	case b == 0xe0:
		head, n = 1, 8
	case b == 0xf0:
		head, n = 1, 3
	case b == 0xfe:
		head, n = 1, 1
	case b > 0xf0 && b < 0xfe:
		t.setInt(int64(b&0x0f) - 1)
		q.off++
		q.prev = q.off - begin
		return nil
	default:
		return errPacked
	}
	p, err := q.body(head, n)
	if err != nil {
		return err
	}
	if isNum {
		t.setInt(signed(p))
	} else {
		t.setBytes(p)
	}
	q.off += head + n
	q.prev = q.off - begin
	return nil
}

// nextZipmap reads a field, and every second time a value.
func (q *packed) nextZipmap(t *text) error {
	n := int(q.p[q.off])
	head := 1
	switch {
	case n == manyZipmap:
		p, err := q.body(1, 4)
		if err != nil {
			return err
		}
		head, n = 5, int(binary.LittleEndian.Uint32(p))
	case n > manyZipmap:
		return errPacked
	}
	free := 0
	if q.value {
		p, err := q.body(head, 1)
		if err != nil {
			return err
		}
		head++
		free = int(p[0])
	}
	p, err := q.body(head, n)
	if err != nil {
		return err
	}
	if _, err := q.body(head+n, free); err != nil {
		return err
	}
	t.setBytes(p)
	q.off += head + n + free
	q.value = !q.value
	return nil
}

// score returns the number that t is as the score of a packed sorted set.
func (t *text) score() (float64, error) {
	if t.isNum {
		return float64(t.num), nil
	}
	return parseScore(t.bytes)
}

var errScore = errors.New("a score that is no number")

// parseScore reads what C's strtod would, but not a NaN.
func parseScore(p []byte) (float64, error) {
	f, err := strconv.ParseFloat(string(p), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || math.IsNaN(f) {
		return 0, errScore
	}
	return f, nil
}
