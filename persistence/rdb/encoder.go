package rdb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Format says how to write.
type Format struct {
	Version  int    // OldestVersion to DeadlineVersion; 0: DefaultVersion
	Compress bool   // strings by LZF where that makes them shorter
	Checksum bool   // at the end of a file; payloads have one always
	Limits   Limits // the zero value packs nothing
}

// Meta is what is written about a key before its value.
type Meta struct {
	Key      []byte
	Deadline int64 // Unix time in milliseconds, 0: none
	Idle     int64 // seconds since the last access, -1: not written
	Freq     int   // counter of accesses, -1: not written
}

// Shape is what Begin is told of a value.
type Shape struct {
	Kind Kind // List, Set, ZSet or Hash
	N    int  // elements that follow, exactly
	// Bytes is about how long all elements of a list are together; 0: unknown, so that
	// its nodes are gathered before the first one is written.
	Bytes int64
	// Plain: not packed, however small it is. Packed sets of numbers: a listpack, no intset.
	Plain, Listpack bool
	// Packed: it is packed in memory, with whatever long elements: limits may have changed since.
	Packed bool
	// Earliest is a lower bound of the deadlines of a hash's fields, 0 if none has one.
	Earliest int64
}

// An Encoder writes keys and values to memory: a Writer has one for its file, parallel
// writers each have their own, and payloads of DUMP come from it, too. One goroutine uses
// it at a time. It keeps nothing of what it is given but Meta.Key, until End.
//
//	Begin, then N times Elem, Scored or Field, then End
//
// It chooses what Redis would choose: packed up to the limits.
type Encoder struct {
	f       Format
	limits  Limits
	buf     []byte
	lzf     compressor
	payload bool   // bare values: no key, nothing about it
	used    int    // the version that what was written needs
	key     []byte // of the value being written
	err     error
	// drain is called when buf is long, to empty it, and with what follows it and is too
	// long to be copied; nil: all stays in buf.
	drain func(p []byte) error

	shape         Shape
	mode          mode
	n             int    // elements so far
	pack          []byte // the listpack being written
	elems         int    // in pack
	ints          []int64
	rows          []row // of a hash with deadlines, in pack
	first, second text  // being unpacked
	nodes         nodeWriter
	lazy          streamWriter
}

// mode is how the value is being written.
type mode uint8

const (
	modeNone mode = iota
	modePlain
	modeIntset
	modeListpack
	modeNodes
	modeStream
	modeString
)

// row is a field and its value, where they stand in Encoder.pack, and the deadline.
type row struct {
	from, to int
	deadline int64
}

var (
	// ErrFieldDeadlines: fields with deadlines need DeadlineVersion.
	ErrFieldDeadlines = errors.New("deadlines of hash fields need version 12 of the format")
	errMisuse         = errors.New("rdb: an element that the value was not begun for")
)

// NewEncoder returns an encoder. A Version that cannot be written is a mistake of the caller.
func NewEncoder(f Format) *Encoder {
	e := &Encoder{}
	e.init(f)
	return e
}

func (e *Encoder) init(f Format) {
	if f.Version == 0 {
		f.Version = DefaultVersion
	}
	if f.Version < OldestVersion || f.Version > DeadlineVersion {
		panic(fmt.Sprintf("rdb: version %d cannot be written", f.Version))
	}
	e.f, e.limits = f, f.Limits
}

// Bytes returns what was written since Reset; it is valid until the next call.
func (e *Encoder) Bytes() []byte { return e.buf }

// Reset forgets what was written, and an error.
func (e *Encoder) Reset() {
	e.buf, e.err, e.mode, e.used = e.buf[:0], nil, modeNone, 0
}

// Swap lets the encoder append to buf, which the caller gives away, and returns what it has
// appended to so far, which is the caller's. An error is forgotten when buf is not nil.
func (e *Encoder) Swap(buf []byte) []byte {
	had := e.buf
	e.buf = buf
	if buf != nil {
		e.err, e.mode = nil, modeNone
	}
	return had
}

// Take appends what was written since to dst, and forgets it, also in the middle of a value.
func (e *Encoder) Take(dst []byte) []byte {
	dst = append(dst, e.buf...)
	e.buf = e.buf[:0]
	return dst
}

// Select says that the keys that follow are of database db.
func (e *Encoder) Select(db int) {
	e.buf = append(e.buf, opSelectDB)
	e.buf = appendLength(e.buf, uint64(db))
}

// Err returns the first error; what was written then is of no use.
func (e *Encoder) Err() error { return e.err }

func (e *Encoder) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

// head writes what stands before a value, down to its key.
func (e *Encoder) head(t Type) {
	if e.payload {
		e.buf = append(e.buf, byte(t))
		return
	}
	e.buf = append(e.buf, byte(t))
	e.str(e.key)
}

// about writes what is known of the key, and remembers the key for head.
func (e *Encoder) about(m *Meta) {
	e.key = m.Key
	if e.payload {
		return
	}
	if m.Deadline != 0 {
		e.buf = append(e.buf, opDeadlineMs)
		e.buf = binary.LittleEndian.AppendUint64(e.buf, uint64(m.Deadline))
	}
	if m.Idle >= 0 {
		e.buf = append(e.buf, opIdle)
		e.buf = appendLength(e.buf, uint64(m.Idle))
	}
	if m.Freq >= 0 {
		e.buf = append(e.buf, opFreq, byte(m.Freq))
	}
}

func appendLength(b []byte, n uint64) []byte {
	switch {
	case n < 1<<6:
		return append(b, byte(n))
	case n < 1<<14:
		return append(b, 0x40|byte(n>>8), byte(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, 0x80), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, 0x81), n)
}

// str writes a string: as a number, compressed, or as it is.
func (e *Encoder) str(p []byte) {
	var body []byte
	e.buf, body = e.beginString(e.buf, p)
	if len(body) >= drainBytes && e.drain != nil {
		_ = e.drain(body) // which remembers its error
		return
	}
	e.buf = append(e.buf, body...)
}

func (e *Encoder) appendString(b, p []byte) []byte {
	b, body := e.beginString(b, p)
	return append(b, body...)
}

// beginString appends what stands before the bytes of a string, and returns these: p,
// compressed or not, or nothing.
func (e *Encoder) beginString(b, p []byte) (begun, body []byte) {
	if len(p) <= longestInt {
		if n, ok := parseInt(p); ok && n == int64(int32(n)) {
			return appendInt(b, n), nil
		}
	}
	if e.f.Compress && len(p) >= leastCompressed {
		if z := e.lzf.compress(p, e.payload && len(p) <= easyBytes); z != nil {
			b = appendLength(append(b, 0xc0|encLZF), uint64(len(z)))
			return appendLength(b, uint64(len(p))), z
		}
	}
	return appendLength(b, uint64(len(p))), p
}

// appendInt writes the string of a number of 32 bits.
func appendInt(b []byte, n int64) []byte {
	switch {
	case n == int64(int8(n)):
		return append(b, 0xc0|encInt8, byte(n))
	case n == int64(int16(n)):
		return append(b, 0xc0|encInt16, byte(n), byte(n>>8))
	}
	return append(b, 0xc0|encInt32, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
}

// String writes a string.
func (e *Encoder) String(m *Meta, p []byte) {
	e.about(m)
	e.head(typeString)
	e.str(p)
	e.flow()
}

// Int writes the string of a number.
func (e *Encoder) Int(m *Meta, n int64) {
	e.about(m)
	e.head(typeString)
	if n == int64(int32(n)) {
		e.buf = appendInt(e.buf, n)
	} else {
		var room [20]byte
		p := strconv.AppendInt(room[:0], n, 10)
		e.buf = append(appendLength(e.buf, uint64(len(p))), p...)
	}
	e.flow()
}

// BeginString begins a string of n bytes that comes in pieces, by Piece, until End: one
// that is too long to be put together in memory. It is not compressed.
func (e *Encoder) BeginString(m *Meta, n int) {
	e.about(m)
	e.head(typeString)
	e.buf = appendLength(e.buf, uint64(n))
	e.shape, e.n, e.mode = Shape{Kind: String, N: n}, 0, modeString
}

// Piece writes the next bytes of a string.
func (e *Encoder) Piece(p []byte) {
	if e.mode != modeString {
		e.fail(errMisuse)
		return
	}
	e.n += len(p)
	if len(p) >= drainBytes && e.drain != nil {
		_ = e.drain(p)
		return
	}
	e.buf = append(e.buf, p...)
	e.flow()
}

// flow lets a Writer write what has gathered.
func (e *Encoder) flow() {
	if e.drain != nil && len(e.buf) >= drainBytes {
		_ = e.drain(nil) // which remembers its error
	}
}

// Begin begins a value of a shape.
func (e *Encoder) Begin(m *Meta, s Shape) {
	e.about(m)
	e.shape, e.n = s, 0
	l := &e.limits
	fits := false
	switch s.Kind {
	case List:
		e.mode = modeNodes
		e.nodes.begin(e)
		return
	case Set:
		if !s.Plain && !s.Listpack && s.N <= l.SetInts {
			e.mode, e.ints = modeIntset, e.ints[:0]
			return
		}
		fits = s.N <= l.SetEntries && e.f.Version >= DefaultVersion
	case ZSet:
		fits = s.N <= l.ZSetEntries
	case Hash:
		fits = s.N <= l.HashEntries
		if s.Earliest != 0 {
			e.rows = e.rows[:0]
			e.need(DeadlineVersion)
		}
	}
	if fits && !s.Plain {
		e.mode = modeListpack
		e.openPack()
		return
	}
	e.plain()
}

// need notes that a version is needed for what is written: a payload gets that version,
// a file has one already.
func (e *Encoder) need(version int) {
	if e.f.Version < version && !e.payload {
		e.fail(ErrFieldDeadlines)
	}
	e.used = max(e.used, version)
}

func (e *Encoder) openPack() {
	e.pack = beginListpack(e.pack[:0])
	e.elems = 0
}

// plainType is how each kind is written when it is not packed.
func (e *Encoder) plainType() Type {
	switch e.shape.Kind {
	case Set:
		return typeSet
	case ZSet:
		return typeZSet
	}
	if e.shape.Earliest != 0 {
		return typeHashTTL
	}
	return typeHash
}

// plain begins to write elements one by one.
func (e *Encoder) plain() {
	e.mode = modePlain
	e.head(e.plainType())
	if e.shape.Kind == Hash && e.shape.Earliest != 0 {
		e.buf = binary.LittleEndian.AppendUint64(e.buf, uint64(e.shape.Earliest))
	}
	e.buf = appendLength(e.buf, uint64(e.shape.N))
}

// unpack turns what was packed so far into plain elements: one was too long.
func (e *Encoder) unpack() {
	mode := e.mode
	e.plain()
	if mode == modeIntset {
		var room [20]byte
		for _, n := range e.ints {
			e.str(strconv.AppendInt(room[:0], n, 10))
		}
		return
	}
	var q packed
	err := q.open(listpack, endListpack(e.pack, e.elems))
	for i := 0; err == nil; i++ {
		var more bool
		if more, err = q.more(); !more {
			break
		}
		err = e.unpackElement(&q, i)
	}
	if err != nil {
		e.fail(err) // not what was packed here a moment ago
	}
}

// unpackElement writes element i, which q comes to next.
func (e *Encoder) unpackElement(q *packed, i int) error {
	a, b := &e.first, &e.second
	if err := q.next(a); err != nil {
		return err
	}
	if e.shape.Kind == Set {
		e.str(a.bytes)
		return nil
	}
	if err := q.next(b); err != nil {
		return err
	}
	if e.shape.Kind == ZSet {
		score, err := b.score()
		e.str(a.bytes)
		e.buf = binary.LittleEndian.AppendUint64(e.buf, math.Float64bits(score))
		return err
	}
	if e.shape.Earliest != 0 {
		e.ttl(e.rows[i].deadline)
	}
	e.str(a.bytes)
	e.str(b.bytes)
	return nil
}

// Elem writes an element of a list or set.
func (e *Encoder) Elem(p []byte) {
	e.n++
	switch e.mode {
	case modeNodes:
		e.nodes.add(e, p)
	case modeIntset:
		n, ok := parseInt(p)
		if ok {
			e.ints = append(e.ints, n)
			return
		}
		e.leaveIntset()
		e.n--
		e.Elem(p)
		return
	case modeListpack:
		if len(p) > e.limits.SetValue {
			e.unpack()
			e.str(p)
			break
		}
		e.pack = appendElement(e.pack, p)
		e.elems++
	case modePlain:
		e.str(p)
	default:
		e.fail(errMisuse)
	}
	e.flow()
}

// leaveIntset goes on with a listpack or plainly: an element is no number.
func (e *Encoder) leaveIntset() {
	if e.shape.N > e.limits.SetEntries || e.f.Version < DefaultVersion {
		e.unpack()
		return
	}
	e.mode = modeListpack
	e.openPack()
	for _, n := range e.ints {
		e.pack = appendNumber(e.pack, n)
	}
	e.elems = len(e.ints)
}

// Scored writes an element of a sorted set. Small sets must come in ascending order.
func (e *Encoder) Scored(member []byte, score float64) {
	e.n++
	switch {
	case e.shape.Kind != ZSet:
		e.fail(errMisuse)
	case e.mode == modeListpack && (e.shape.Packed || len(member) <= e.limits.ZSetValue):
		e.pack = appendElement(e.pack, member)
		e.pack = appendScore(e.pack, score)
		e.elems += 2
	default:
		if e.mode == modeListpack {
			e.unpack()
		}
		e.str(member)
		e.buf = binary.LittleEndian.AppendUint64(e.buf, math.Float64bits(score))
		e.flow()
	}
}

// appendScore appends the shortest text that is read as score.
func appendScore(b []byte, score float64) []byte {
	if n := int64(score); float64(n) == score && n > -1<<52 && n < 1<<52 && (n != 0 || !math.Signbit(score)) {
		return appendNumber(b, n)
	}
	var room [32]byte
	switch {
	case math.IsInf(score, 1):
		return appendElement(b, []byte("inf"))
	case math.IsInf(score, -1):
		return appendElement(b, []byte("-inf"))
	}
	return appendElement(b, strconv.AppendFloat(room[:0], score, 'g', -1, 64))
}

// Run writes a small hash (fields and values) or set of n elements which stand in run one
// behind the other, each behind its length: a varint, seven bits a byte, the low ones first.
// They are written packed, as they are in memory, but where the limits or the version do
// not allow for it.
func (e *Encoder) Run(m *Meta, s Shape, run []byte) {
	t := typeHashListpack
	fits := s.N <= e.limits.HashEntries
	if s.Kind == Set {
		t = typeSetListpack
		fits = s.N <= e.limits.SetEntries && e.f.Version >= DefaultVersion
	}
	if !fits {
		e.unrun(m, s, run)
		return
	}
	if s.Kind == Set {
		e.used = max(e.used, DefaultVersion)
	}
	e.about(m)
	e.openPack()
	e.pack, e.elems = appendRun(e.pack, run)
	e.pack = endListpack(e.pack, e.elems)
	e.head(t)
	e.str(e.pack)
	e.flow()
}

// unrun writes what Run is given element by element.
func (e *Encoder) unrun(m *Meta, s Shape, run []byte) {
	e.Begin(m, s)
	for off := 0; off < len(run); {
		var a, b []byte
		if a, off = runElement(run, off); s.Kind == Set {
			e.Elem(a)
			continue
		}
		b, off = runElement(run, off)
		e.Field(a, b, 0)
	}
	e.End()
}

// Field writes a field of a hash; deadline is 0 where the field has none.
func (e *Encoder) Field(field, val []byte, deadline int64) {
	e.n++
	if e.shape.Kind != Hash || deadline != 0 && (e.shape.Earliest == 0 || deadline < e.shape.Earliest) {
		e.fail(errMisuse)
		return
	}
	if e.mode == modeListpack && (e.shape.Packed || max(len(field), len(val)) <= e.limits.HashValue) {
		from := len(e.pack)
		e.pack = appendElement(appendElement(e.pack, field), val)
		e.elems += 2
		if e.shape.Earliest != 0 {
			e.rows = append(e.rows, row{from, len(e.pack), deadline})
		}
		return
	}
	if e.mode == modeListpack {
		e.unpack()
	}
	if e.shape.Earliest != 0 {
		e.ttl(deadline)
	}
	e.str(field)
	e.str(val)
	e.flow()
}

// ttl writes the deadline of a plain field: see Decoder.setDeadline.
func (e *Encoder) ttl(deadline int64) {
	if deadline != 0 {
		deadline += 1 - e.shape.Earliest
	}
	e.buf = appendLength(e.buf, uint64(deadline))
}

// End ends a value.
func (e *Encoder) End() {
	switch e.mode {
	case modeIntset:
		e.endIntset()
	case modeListpack:
		e.endListpack()
	case modeNodes:
		e.nodes.end(e)
	case modeStream:
		e.lazy.end(e)
	case modeNone:
		e.fail(errMisuse)
	}
	if e.mode != modeStream && e.n != e.shape.N {
		e.fail(fmt.Errorf("rdb: a value was begun for %d elements or bytes and has %d", e.shape.N, e.n))
	}
	e.mode = modeNone
	e.flow()
}

func (e *Encoder) endIntset() {
	slices.Sort(e.ints)
	width := 2
	for _, n := range e.ints {
		switch {
		case n != int64(int32(n)):
			width = 8
		case n != int64(int16(n)):
			width = max(width, 4)
		}
	}
	b := binary.LittleEndian.AppendUint32(e.pack[:0], uint32(width))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(e.ints)))
	for _, n := range e.ints {
		switch width {
		case 2:
			b = binary.LittleEndian.AppendUint16(b, uint16(n))
		case 4:
			b = binary.LittleEndian.AppendUint32(b, uint32(n))
		default:
			b = binary.LittleEndian.AppendUint64(b, uint64(n))
		}
	}
	e.pack = b
	e.head(typeIntset)
	e.str(b)
}

func (e *Encoder) endListpack() {
	t := typeSetListpack
	switch {
	case e.shape.Kind == ZSet:
		t = typeZSetListpack
	case e.shape.Kind == Hash && e.shape.Earliest != 0:
		e.endDeadlines()
		return
	case e.shape.Kind == Hash:
		t = typeHashListpack
	}
	if e.shape.Kind == Set {
		e.used = max(e.used, DefaultVersion)
	}
	e.pack = endListpack(e.pack, e.elems)
	e.head(t)
	e.str(e.pack)
}

// endDeadlines writes a small hash with deadlines: its fields in the order of these, those
// without at the end.
func (e *Encoder) endDeadlines() {
	slices.SortStableFunc(e.rows, func(a, b row) int {
		switch {
		case a.deadline == b.deadline:
			return 0
		case a.deadline == 0 || b.deadline != 0 && a.deadline > b.deadline:
			return 1
		}
		return -1
	})
	from := len(e.pack)
	e.pack = beginListpack(e.pack)
	for _, r := range e.rows {
		e.pack = append(e.pack, e.pack[r.from:r.to]...)
		e.pack = appendNumber(e.pack, r.deadline)
	}
	sorted := endListpack(e.pack[from:], 3*len(e.rows))
	e.head(typeHashLPTTL)
	earliest := e.shape.Earliest
	if len(e.rows) > 0 && e.rows[0].deadline != 0 {
		earliest = e.rows[0].deadline
	}
	e.buf = binary.LittleEndian.AppendUint64(e.buf, uint64(earliest))
	e.str(sorted)
}
