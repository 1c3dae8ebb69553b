package rdb

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A payload, as DUMP returns it and RESTORE takes it, is
//
//	│ type 1 │ value │ version 2 │ checksum 8 │
//
// and that of FUNCTION DUMP has opFunction and code, for each library, before the version.

var (
	// ErrDump is what Redis answers to a payload that is no payload.
	ErrDump = errors.New("DUMP payload version or checksum are wrong")
	// ErrBadData is what it answers to one whose value cannot be read.
	ErrBadData = errors.New("Bad data format")
)

// BeginDump resets e to write one value as a payload. Meta's key, deadline and the rest
// are not written.
func (e *Encoder) BeginDump() {
	e.Reset()
	e.payload = true
}

// EndDump completes the payload and returns it; it is valid until the next call.
func (e *Encoder) EndDump() ([]byte, error) {
	e.payload = false
	if e.err != nil {
		return nil, e.err
	}
	e.buf = binary.LittleEndian.AppendUint16(e.buf, uint16(max(e.f.Version, e.used)))
	e.buf = binary.LittleEndian.AppendUint64(e.buf, Checksum(0, e.buf))
	return e.buf, nil
}

// Measure returns how many bytes there are of what write appends to e, a value, without its type. They are counted and
// not kept, so that it takes no memory for a large one.
func (e *Encoder) Measure(write func()) (n int64, err error) {
	e.BeginDump()
	e.drain = func(p []byte) error {
		n += int64(len(e.buf) + len(p))
		e.buf = e.buf[:0]
		return nil
	}
	write()
	e.payload, e.drain = false, nil
	return n + int64(len(e.buf)) - 1, e.err
}

// DumpVersion returns the version of a payload that ParseDump has taken.
func DumpVersion(p []byte) int { return int(binary.LittleEndian.Uint16(p[len(p)-dumpFooter:])) }

// checkDump returns the payload without its end, and whose format it has.
func checkDump(p []byte) ([]byte, Dialect, error) {
	if len(p) < dumpFooter {
		return nil, 0, ErrDump
	}
	end := len(p) - dumpFooter
	version := int(binary.LittleEndian.Uint16(p[end:]))
	d := Redis
	if version >= oldestValkey {
		d = Valkey
	}
	if !readable(version, d) || binary.LittleEndian.Uint64(p[len(p)-8:]) != Checksum(0, p[:len(p)-8]) {
		return nil, 0, ErrDump
	}
	return p[:end], d, nil
}

// ParseDump checks version and checksum of a payload and cuts the value out of it, which
// points into p: a Decoder reads it, as the first part. Errors are ErrDump, and ErrBadData
// with a reason behind it.
func ParseDump(p []byte) (Value, error) {
	body, d, err := checkDump(p)
	if err != nil {
		return Value{}, err
	}
	r := memoryReader(body, d)
	it := Item{Kind: ItemKey}
	t, err := r.s.byte()
	if err == nil {
		it.Type, it.Dialect = Type(t), d
		err = r.open(&it)
	}
	if err == nil {
		err = r.cut(&it)
	}
	if err == nil && r.s.pos != r.s.end {
		err = errLeftOver
	}
	if err != nil {
		return Value{}, fmt.Errorf("%w: %w", ErrBadData, err)
	}
	return it.Value, nil
}

// memoryReader returns a reader of what stands in p, whose values come in one part.
func memoryReader(p []byte, d Dialect) *Reader {
	return &Reader{s: source{buf: p, end: len(p)}, version: newestRedis, dialect: d, part: int64(len(p)) + 1}
}

// DumpFunctions is a payload of FUNCTION DUMP with the code of each library.
func DumpFunctions(codes [][]byte, version int) []byte {
	e := NewEncoder(Format{Version: version, Compress: true})
	e.BeginDump()
	for _, code := range codes {
		e.Function(code)
	}
	p, _ := e.EndDump() // nothing of a function's code can be refused
	return p
}

// ParseFunctions checks a payload of FUNCTION DUMP and calls fn with the code of each
// library, valid during the call.
func ParseFunctions(p []byte, fn func(code []byte) error) error {
	body, d, err := checkDump(p)
	if err != nil {
		return err
	}
	r := memoryReader(body, d)
	for r.s.pos < r.s.end {
		r.s.mark = r.s.pos
		op, _ := r.s.byte()
		if op != opFunction && op != opFunctionRC {
			return errors.New("given type is not a function")
		}
		var it Item
		if err := r.function(&it, op); err != nil {
			return errors.New("failed loading functions")
		}
		if err := fn(it.Text); err != nil {
			return err
		}
	}
	return nil
}

var (
	errTwice = errors.New("an element occurs twice")
	// ErrEmpty is a value without elements: Redis leaves such keys out of what it loads.
	ErrEmpty = errors.New("a value without elements")
)

// readTrailer reads all that stands behind the entries of a stream.
func (d *Decoder) readTrailer() {
	if _, ok := d.Info(); !ok {
		return
	}
	var names, members distinct
	for g := (Group{}); d.NextGroup(&g); {
		if !names.add(g.Name) {
			d.fail(errTwice)
		}
		members = distinct{}
		for c := (Consumer{}); d.NextConsumer(&c); {
			if !members.add(c.Name) {
				d.fail(errTwice)
			}
			for p := (Pending{}); d.NextPending(&p); {
			}
		}
	}
}
