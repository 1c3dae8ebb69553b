package rdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/kringdb/kring/internal/invariants"
)

// ItemKind says what an Item is.
type ItemKind uint8

// What a file consists of. What else stands in it concerns nobody and is passed over.
const (
	// ItemKey is a key with its value, or with a part of it.
	ItemKey ItemKind = iota
	// ItemAux is a name (Key) and what it stands for (Text): redis-ver, repl-id ...
	ItemAux
	// ItemFunction is a library of functions: its code is Text.
	ItemFunction
	// ItemSizes says about the database that follows how many keys it has, and how many of
	// them with deadlines: a hint that nothing vouches for.
	ItemSizes
)

// An Item is a piece of a file. Its slices are valid until the next call of Next, unless the
// reader shares its memory.
//
// A value larger than about a megabyte comes in several Items with the same key, one
// directly after the other: only the first one has First set, only the last one Last.
type Item struct {
	Kind   ItemKind
	DB     int
	Offset int64 // where the key or opcode begins, in bytes from the begin of the file
	Key    []byte
	Text   []byte

	Deadline int64 // Unix time in milliseconds, 0: none
	Idle     int64 // seconds since the last access, -1: not said
	Freq     int   // logarithmic counter of accesses, 0 to 255, -1: not said

	Keys, Deadlines uint64 // of ItemSizes

	Value       // of ItemKey
	First, Last bool
}

// A Value is a value, or a part of one, as it was written: whole as far as its lengths
// tell, but otherwise unchecked. A Decoder reads it, in any goroutine.
type Value struct {
	Type    Type
	Dialect Dialect
	Body    []byte
	Count   uint64 // units in Body; a packed value is one
	Total   uint64 // units that the value claims to have in all its parts: nothing vouches for it
	base    uint64
}

// KindOf returns what the value is, of one that a Reader or ParseDump returned.
func (v *Value) KindOf() Kind { return layoutOf(v.Type, v.Dialect).kind }

// IsPacked tells whether elements are packed, many in one string.
func (v *Value) IsPacked() bool { return layoutOf(v.Type, v.Dialect).packed != notPacked }

// Encoding names how the value was written, for reports.
func (v *Value) Encoding() string { return layoutOf(v.Type, v.Dialect).name }

// A Reader cuts a file into Items: it finds where they end, and no more. It reads no
// further than the end of the file's data but for what its buffer takes in; Rest has that.
// One goroutine uses it at a time.
type Reader struct {
	s       source
	version int
	dialect Dialect
	verify  bool
	db      int
	err     error

	key, value text // unpacked keys and texts
	kept       []byte

	item Item // the value whose parts are being handed out
	lay  *layout
	left uint64 // its units that have not been handed out
	part int64  // how many bytes a part has at least
}

// NewReader returns a reader of r's file. With verify the checksum at the end is compared,
// unless the writer left it out.
func NewReader(r io.Reader, verify bool) *Reader {
	return &Reader{s: source{r: r, buf: make([]byte, sourceBytes), checksums: verify}, verify: verify, part: partBytes}
}

// Share says that the slices of items stay as they are after the next call of Next, for as
// long as anybody has them: the reader goes on in other memory. Values then come in parts of
// about partBytes, which is no more than a few hundred kilobytes. It is called before Next.
func (r *Reader) Share(partBytes int64) { r.s.shared, r.part = true, partBytes }

// Version and Dialect are known after the first Next.
func (r *Reader) Version() int     { return r.version }
func (r *Reader) Dialect() Dialect { return r.dialect }

// Offset returns how far the reader has come, in bytes.
func (r *Reader) Offset() int64 { return r.s.offset() }

// Rest returns what follows the file: the commands of an AOF, the end marker of a
// replication stream. Only after Next has returned io.EOF.
func (r *Reader) Rest() io.Reader {
	held := r.s.buf[r.s.pos:r.s.end]
	if r.s.r == nil {
		return bytes.NewReader(held)
	}
	return io.MultiReader(bytes.NewReader(held), r.s.r)
}

// Next reads the next item into it. At the end, when the checksum is right, it returns
// io.EOF; any other error is an *Error and final.
func (r *Reader) Next(it *Item) error {
	if r.err == nil {
		if r.err = r.next(it); r.err != nil && r.err != io.EOF {
			e := &Error{Offset: it.Offset, DB: it.DB, Err: r.err}
			if it.Kind == ItemKey && it.Key != nil {
				e.Key = bytes.Clone(it.Key)
			}
			r.err = e
		}
	}
	return r.err
}

func (r *Reader) next(it *Item) error {
	if invariants.Enabled { // what Next returned before is valid no longer
		r.s.addUp()
		if !r.s.shared {
			invariants.Mangle(r.s.buf[r.s.mark:r.s.pos])
		}
	}
	r.s.mark = r.s.pos
	if r.left > 0 {
		*it = r.item
		return r.cut(it)
	}
	*it = Item{Kind: ItemKey, Offset: r.s.offset(), DB: r.db, Idle: -1, Freq: -1, First: true}
	if r.version == 0 {
		if err := r.header(); err != nil {
			return err
		}
	}
	for said := false; ; {
		if !said {
			it.Offset = r.s.offset()
		}
		op, err := r.s.byte()
		if err != nil {
			return err
		}
		if op < opFirst {
			return r.entry(it, Type(op))
		}
		said = said || op == opIdle || op == opFreq || op == opDeadlineMs || op == opDeadlineS // of the key that follows
		done, err := r.opcode(it, op)
		if done || err != nil {
			return err
		}
	}
}

var (
	errMagic = errors.New("this is no RDB file: it begins with neither REDIS nor VALKEY and a version")
	// ErrChecksum is what Next's error wraps when the checksum at the end is not that of the data.
	ErrChecksum = errors.New("the checksum at the end is not that of the data: the file is damaged")
)

// MagicBytes is how much of a file's begin IsMagic wants to see.
const MagicBytes = 6

// IsMagic tells whether begin, the first MagicBytes of a file, is that of a snapshot.
func IsMagic(begin []byte) bool {
	return bytes.HasPrefix(begin, []byte("REDIS")) || bytes.HasPrefix(begin, []byte("VALKEY"))
}

// header reads the magic and the version: REDIS0011, VALKEY080.
func (r *Reader) header() error {
	const n = 9
	if err := r.s.skip(n); err != nil {
		return err
	}
	p := r.s.buf[r.s.pos-n : r.s.pos]
	digits, ok := bytes.CutPrefix(p, []byte("REDIS"))
	if !ok {
		if digits, ok = bytes.CutPrefix(p, []byte("VALKEY")); !ok {
			return errMagic
		}
		r.dialect = Valkey
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return errMagic
		}
		r.version = r.version*10 + int(c-'0')
	}
	if !readable(r.version, r.dialect) {
		v := r.version
		r.version = 0
		return fmt.Errorf("version %d of %v's format is not known", v, r.dialect)
	}
	return nil
}

// readable tells whether a version of a dialect is one that exists.
func readable(version int, d Dialect) bool {
	if d == Valkey {
		return version >= oldestValkey && version <= newestValkey
	}
	return version >= 1 && version <= newestRedis
}

// opcode reads what op announces; done when that is an item.
func (r *Reader) opcode(it *Item, op byte) (done bool, err error) {
	switch op {
	case opDeadlineMs:
		var v uint64
		v, err = r.s.uint64()
		it.Deadline = int64(v)
	case opDeadlineS:
		if err = r.s.skip(4); err == nil {
			it.Deadline = signed(r.s.buf[r.s.pos-4:r.s.pos]) * 1000
		}
	case opIdle:
		var v uint64
		v, err = r.s.count()
		it.Idle = int64(v &^ (1 << 63))
	case opFreq:
		var v byte
		v, err = r.s.byte()
		it.Freq = int(v)
	case opSelectDB:
		var v uint64
		if v, err = r.s.count(); err == nil && v >= maxDatabases {
			err = errors.New("the number of a database is too large")
		}
		r.db = int(v)
		it.DB = r.db
	case opSizes:
		it.Kind = ItemSizes
		if it.Keys, err = r.s.count(); err == nil {
			it.Deadlines, err = r.s.count()
		}
		done = true
	case opAux:
		it.Kind = ItemAux
		done, err = true, r.aux(it)
	case opFunction, opFunctionRC:
		it.Kind = ItemFunction
		done, err = true, r.function(it, op)
	case opModuleAux:
		err = r.moduleAux()
	case opSlotInfo:
		err = r.counts(3)
	case opSlotImport:
		err = r.slotImport()
	case opEnd:
		done, err = true, r.end()
	default:
		err = fmt.Errorf("opcode %d is not known", op)
	}
	return done, err
}

// counts passes n lengths.
func (r *Reader) counts(n uint64) error {
	for range n {
		if _, err := r.s.count(); err != nil {
			return err
		}
		r.s.mark = r.s.pos
	}
	return nil
}

// slotImport passes Valkey's record of a migration of slots under way: its name, and the
// first and last slot of its ranges.
func (r *Reader) slotImport() error {
	if r.dialect != Valkey {
		return errors.New("opcode 243: metadata that a module attached to a key")
	}
	if err := r.s.str(); err != nil {
		return err
	}
	n, err := r.s.count()
	if err != nil {
		return err
	}
	if n > 1<<32 {
		return errLength
	}
	return r.counts(2 * n)
}

// read reads a string into t, which points into the buffer where it can: only until more
// is read.
func (r *Reader) read(t *text) error {
	from := r.s.pos - r.s.mark
	if err := r.s.str(); err != nil {
		return err
	}
	c := cursor{p: r.s.buf[r.s.mark+from : r.s.pos]}
	return c.str(t)
}

func (r *Reader) aux(it *Item) error {
	if err := r.read(&r.key); err != nil {
		return err
	}
	it.Key = r.key.own()
	err := r.read(&r.value)
	it.Text = r.value.bytes
	return err
}

// function reads a library. Before the release of 7.0 its name and engine stood beside
// the code instead of in its first line.
func (r *Reader) function(it *Item, op byte) error {
	r.kept = r.kept[:0]
	if op == opFunctionRC {
		if err := r.read(&r.key); err != nil {
			return err
		}
		name := r.key.own()
		if err := r.read(&r.value); err != nil {
			return err
		}
		r.kept = fmt.Appendf(r.kept, "#!%s name=%s\n", bytes.ToLower(r.value.bytes), name)
		described, err := r.s.count()
		if err != nil {
			return err
		}
		if described != 0 {
			if err := r.s.str(); err != nil {
				return err
			}
		}
	}
	if err := r.read(&r.value); err != nil {
		return err
	}
	it.Text = r.value.bytes
	if len(r.kept) > 0 {
		r.kept = append(r.kept, it.Text...)
		it.Text = r.kept
	}
	return nil
}

// moduleAux passes what a module keeps beside keys: its id, when it was written, parts.
func (r *Reader) moduleAux() error {
	id, err := r.s.count()
	if err != nil {
		return err
	}
	for {
		part, err := r.s.count()
		if err != nil {
			return err
		}
		var n uint64
		switch part {
		case moduleEnd:
			return nil
		case moduleInt, moduleUint:
			_, err = r.s.count()
		case moduleFloat:
			n = 4
		case moduleDouble:
			n = 8
		case moduleString:
			n, err = r.s.stringSize()
		default:
			err = fmt.Errorf("data of module %s that cannot be passed over", moduleName(id))
		}
		if err == nil {
			err = r.s.drop(n)
		}
		if err != nil {
			return err
		}
	}
}

// moduleName returns the nine characters of a module's type.
func moduleName(id uint64) string {
	const set = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	name := make([]byte, 9)
	id >>= 10
	for i := range name {
		name[8-i] = set[id&63]
		id >>= 6
	}
	return string(name)
}

// end reads and compares the checksum.
func (r *Reader) end() error {
	r.s.addUp()
	if r.version < checksumVersion {
		return io.EOF
	}
	sum := r.s.sum
	if err := r.s.skip(8); err != nil {
		return err
	}
	if want := binary.LittleEndian.Uint64(r.s.buf[r.s.pos-8:]); r.verify && want != 0 && want != sum {
		return fmt.Errorf("%w: it says %016x, not %016x", ErrChecksum, want, sum)
	}
	return io.EOF
}
