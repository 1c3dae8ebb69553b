package str

import (
	"strconv"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// Classify tells in which form SET keeps val; n is the number when it is Int.
func Classify(val []byte) (enc entry.Encoding, n int64) {
	if len(val) > MaxEmbstrBytes {
		if len(val) > MaxInlineBytes {
			return entry.Chunked, 0
		}
		return entry.Raw, 0
	}
	if n, ok := ParseInt(val); ok {
		return entry.Int, n
	}
	return entry.Embstr, 0
}

// ClassifyRaw is Classify for a value that has to show as raw.
func ClassifyRaw(val []byte) entry.Encoding {
	if len(val) > MaxInlineBytes {
		return entry.Chunked
	}
	return entry.Raw
}

// PayloadLen returns the payload's length for a string of n bytes in the form enc.
func PayloadLen(enc entry.Encoding, n int) int {
	switch enc {
	case entry.Int:
		return intBytes
	case entry.Chunked:
		return chunkedBytes
	}
	return n
}

// Fill writes val (num, when the form is Int) into e's fresh payload, which has the
// length that PayloadLen said.
func Fill(ar *arena.Arena, e entry.Entry, enc entry.Encoding, val []byte, num int64) {
	switch enc {
	case entry.Int:
		e.PutU64(0, uint64(num))
	case entry.Chunked:
		fillChunked(ar, e, val)
	default:
		copy(e.Payload(), val)
	}
}

// Len returns the string's length in bytes.
func Len(e entry.Entry) int64 {
	switch e.Encoding() {
	case entry.Int:
		return int64(IntLen(int64(e.U64(0))))
	case entry.Chunked:
		return chunks(e).length()
	}
	return int64(e.PayloadLen())
}

// Int returns the number that the string is, if it is a decimal int64 in its
// shortest form.
func Int(e entry.Entry) (int64, bool) {
	switch e.Encoding() {
	case entry.Int:
		return int64(e.U64(0)), true
	case entry.Chunked:
		return 0, false
	}
	return ParseInt(e.Payload())
}

// Bytes returns the string contiguously: a view of the payload if it is inline, else
// it is built in scratch, which is grown when needed.
func Bytes(e entry.Entry, scratch []byte) []byte {
	switch e.Encoding() {
	case entry.Int:
		return strconv.AppendInt(scratch[:0], int64(e.U64(0)), 10)
	case entry.Chunked:
		n := int(chunks(e).length())
		if cap(scratch) < n {
			scratch = make([]byte, n)
		}
		scratch = scratch[:n]
		ReadAt(e, scratch, 0)
		return scratch
	}
	return e.Payload()
}

// Segments calls fn with views of the bytes [off, off+n), clipped to the string, in
// order, until fn returns false. A view is valid only during the call.
func Segments(e entry.Entry, off, n int64, fn func([]byte) bool) {
	if off < 0 || n <= 0 || off >= Len(e) {
		return
	}
	if e.Encoding() == entry.Chunked {
		chunks(e).segments(off, min(n, Len(e)-off), fn)
		return
	}
	b := e.Payload()
	if e.Encoding() == entry.Int {
		b = Bytes(e, nil)
	}
	fn(b[off:min(off+n, int64(len(b)))])
}

// ReadAt copies the bytes from off on into dst and returns how many there were.
func ReadAt(e entry.Entry, dst []byte, off int64) int {
	if off < 0 || off >= Len(e) {
		return 0
	}
	if e.Encoding() == entry.Chunked {
		return chunks(e).readAt(dst, off)
	}
	if e.Encoding() == entry.Int {
		var buf [MaxIntDigits]byte
		return copy(dst, strconv.AppendInt(buf[:0], int64(e.U64(0)), 10)[off:])
	}
	return copy(dst, e.Payload()[off:])
}

// WriteAt overwrites the bytes from off on with data, zero-fills a gap before off and
// makes the string raw. data must not be a view of e.
func WriteAt(ar *arena.Arena, e entry.Entry, off int64, data []byte) entry.Entry {
	old := Len(e)
	length := max(old, off+int64(len(data)))
	if e.Encoding() == entry.Chunked {
		c := chunks(e)
		c.setLength(ar, length)
		c.writeAt(ar, off, data)
		return e
	}
	if length > MaxInlineBytes {
		e = toChunked(ar, e, length)
		chunks(e).writeAt(ar, off, data)
		return e
	}
	e = toRaw(ar, e, int(length))
	p := e.Payload()
	if off > old {
		clear(p[old:off])
	}
	copy(p[off:], data)
	return e
}

// toRaw makes an int or inline string raw with length >= its own; the bytes beyond
// its own are undefined.
func toRaw(ar *arena.Arena, e entry.Entry, length int) entry.Entry {
	if e.Encoding() != entry.Int {
		if e.Encoding() == entry.Raw && e.PayloadLen() == length {
			return e
		}
		return e.Resize(ar, entry.Raw, length, e.Deadline())
	}
	var buf [MaxIntDigits]byte
	digits := strconv.AppendInt(buf[:0], int64(e.U64(0)), 10)
	e = e.Resize(ar, entry.Raw, length, e.Deadline())
	copy(e.Payload(), digits)
	return e
}

// Append appends data and makes the string raw. data must not be a view of e.
func Append(ar *arena.Arena, e entry.Entry, data []byte) entry.Entry {
	return WriteAt(ar, e, Len(e), data)
}

// copyValue makes to's payload, a byte copy of from's, a deep copy.
func copyValue(ar *arena.Arena, to, from entry.Entry) { chunks(from).copyTo(ar, to) }

// OutsideBytes returns the bytes of arena blocks that the string holds besides the
// entry's own.
func OutsideBytes(e entry.Entry) int64 {
	if e.Encoding() != entry.Chunked {
		return 0
	}
	return chunks(e).bytes()
}
