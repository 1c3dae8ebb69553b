package resp

import (
	"math"
	"strings"
	"unsafe"
)

// Protocol versions, as HELLO names them.
const (
	RESP2 = 2
	RESP3 = 3
)

// Writer writes replies into a Sink in the connection's protocol version. It is used by
// one goroutine at a time, holds no memory but where a limit was exceeded, and does not
// allocate otherwise. The zero value must
// be bound before use.
//
// Aggregates are written as a header with the number of elements, followed by the
// elements; the caller keeps count.
type Writer struct {
	sink  Sink
	buf   []byte // the current window: its length is written, its capacity is the window
	proto int
	errs  int // error replies since TakeErrors
	again int // those of them that tell of an error which has been counted
	left  int // how much more may be committed, see Limit
	over  bool
	waste Discard // takes what exceeds the limit

	// OnError, when set, is told the text of every error reply.
	OnError func(text string)
}

// Bind directs w to s, without a limit. Whatever was written to the previous sink must have
// been flushed.
func (w *Writer) Bind(s Sink, proto int) {
	w.sink, w.buf, w.proto = s, nil, proto
	w.left, w.over = math.MaxInt, false
}

// Limit bounds what the sink gets from now on until the next Bind to about n bytes: once it
// has more, all that follows is thrown away, so that a reply which nobody will be sent takes
// no memory. Over then tells so: what the sink has is not a whole reply.
func (w *Writer) Limit(n int) { w.left = n }

// Rest returns how much more the sink may get, see Limit: two looks tell how long the replies between them are.
func (w *Writer) Rest() int { return w.left - len(w.buf) }

// Over tells whether replies were cut off because of Limit, or Spoil, since the last Bind.
func (w *Writer) Over() bool { return w.over }

// Spoil says that what the sink has got is not a whole reply for another reason.
func (w *Writer) Spoil() { w.over = true }

// TakeOver is Over for the owner of the writer, who draws the conclusions: it is told once.
func (w *Writer) TakeOver() bool {
	over := w.over
	w.over = false
	return over
}

// count accounts for n bytes that the sink has got.
func (w *Writer) count(n int) {
	if w.left -= n; w.left < 0 {
		w.sink.Window(0, 0)
		w.sink, w.left, w.over = &w.waste, math.MaxInt, true
	}
}

// Flush commits what was written. The window is dropped: the sink may be used by others
// until the next write.
func (w *Writer) Flush() {
	if w.buf != nil {
		w.sink.Window(len(w.buf), 0)
		w.count(len(w.buf))
		w.buf = nil
	}
}

// Proto is the protocol version, RESP2 or RESP3.
func (w *Writer) Proto() int { return w.proto }

// SetProto changes the protocol version of what is written from now on.
func (w *Writer) SetProto(proto int) { w.proto = proto }

// next commits the window and gets one with room for n bytes.
func (w *Writer) next(n int) {
	win := w.sink.Window(len(w.buf), n)
	if done := len(w.buf); done > 0 {
		if w.count(done); w.over {
			win = w.sink.Window(0, n)
		}
	}
	w.buf = win[:0:len(win)]
}

// short appends a text of a few bytes.
func (w *Writer) short(s string) {
	if cap(w.buf)-len(w.buf) < len(s) {
		w.next(len(s))
	}
	w.buf = append(w.buf, s...)
}

// header appends a type byte, a number and CR LF.
func (w *Writer) header(kind byte, n int) {
	if cap(w.buf)-len(w.buf) < headerBytes {
		w.next(headerBytes)
	}
	at := len(w.buf)
	h := putHeader(w.buf[at:cap(w.buf)], kind, n)
	w.buf = w.buf[:at+h]
}

// OK writes +OK.
func (w *Writer) OK() { w.short("+OK\r\n") }

// Simple writes a status reply. The text holds no line ends.
func (w *Writer) Simple(s string) {
	if cap(w.buf)-len(w.buf) >= len(s)+3 {
		w.buf = append(append(append(w.buf, '+'), s...), '\r', '\n')
		return
	}
	w.short("+")
	w.rawString(s)
	w.short("\r\n")
}

// TakeErrors returns how many error replies were written since the last call, but for ErrorAgain.
func (w *Writer) TakeErrors() int {
	n := w.errs - w.again
	w.errs, w.again = 0, 0
	return n
}

// ErrorAgain is Error for what somebody has counted already: OnError is not called.
func (w *Writer) ErrorAgain(s string) {
	count := w.OnError
	w.OnError = nil
	w.again++
	w.Error(s)
	w.OnError = count
}

// Errors returns how many error replies were written since the last TakeErrors.
func (w *Writer) Errors() int { return w.errs }

// Error writes an error reply. The text begins with its code ("ERR syntax error"). Line
// ends around it are dropped, those inside become spaces, as in Redis.
func (w *Writer) Error(s string) {
	w.errs++
	s = strings.Trim(s, "\r\n")
	if w.OnError != nil {
		w.OnError(s)
	}
	w.short("-")
	for len(s) > 0 {
		n := min(len(s), wholeBulkBytes)
		w.short(s[:n])
		piece := w.buf[len(w.buf)-n:]
		for i, ch := range piece {
			if ch == '\r' || ch == '\n' {
				piece[i] = ' '
			}
		}
		s = s[n:]
	}
	w.short("\r\n")
}

// Int writes an integer reply.
func (w *Writer) Int(n int64) {
	if uint64(n) < 10 && cap(w.buf)-len(w.buf) >= 4 {
		w.buf = append(w.buf, ':', byte(n)+'0', '\r', '\n')
		return
	}
	if n >= 0 {
		w.header(':', int(n))
		return
	}
	if cap(w.buf)-len(w.buf) < headerBytes {
		w.next(headerBytes)
	}
	w.buf = append(w.buf, ':')
	w.buf = AppendInt(w.buf, n)
	w.buf = append(w.buf, '\r', '\n')
}

// Bulk writes a bulk string. It copies b.
func (w *Writer) Bulk(b []byte) {
	n := len(b)
	if n > wholeBulkBytes {
		w.header('$', n)
		w.Raw(b)
		w.CRLF()
		return
	}
	at := len(w.buf)
	if cap(w.buf)-at < headerBytes+n+2 {
		w.next(headerBytes + n + 2)
		at = 0
	}
	room := w.buf[at:cap(w.buf)]
	h := putHeader(room, '$', n)
	copy(room[h:], b)
	end := room[h+n : h+n+2]
	end[0], end[1] = '\r', '\n'
	w.buf = w.buf[:at+h+n+2]
}

// BulkString writes a bulk string.
func (w *Writer) BulkString(s string) { w.Bulk(stringBytes(s)) }

// BulkInt writes a bulk string with the decimal text of n.
func (w *Writer) BulkInt(n int64) {
	var text [headerBytes]byte
	w.Bulk(AppendInt(text[:0], n))
}

// BulkHeader begins a bulk string of n bytes, which the caller writes with Raw and ends
// with CRLF.
func (w *Writer) BulkHeader(n int) { w.header('$', n) }

// Room returns the rest of the current window, at least n bytes: the caller writes
// there, and says by Wrote how much.
func (w *Writer) Room(n int) []byte {
	if cap(w.buf)-len(w.buf) < n {
		w.next(n)
	}
	return w.buf[len(w.buf):cap(w.buf)]
}

// Wrote adds the first n bytes of what Room returned to the reply.
func (w *Writer) Wrote(n int) { w.buf = w.buf[:len(w.buf)+n] }

// PutShortBulk writes b, of less than 100 bytes, as a bulk string to dst, which has
// ShortBulkBytes, and returns its length on the wire.
func PutShortBulk(dst, b []byte) int {
	n := len(b)
	h := 4
	dst = dst[:ShortBulkBytes]
	if n < 10 {
		dst[0], dst[1], dst[2], dst[3] = '$', '0'+byte(n), '\r', '\n'
	} else {
		dst[0], dst[1], dst[2], dst[3], dst[4] = '$', '0'+byte(n/10), '0'+byte(n%10), '\r', '\n'
		h = 5
	}
	copy(dst[h:], b)
	dst[h+n], dst[h+n+1] = '\r', '\n'
	return h + n + 2
}

// Raw writes b as it is.
func (w *Writer) Raw(b []byte) {
	for {
		at := len(w.buf)
		n := copy(w.buf[at:cap(w.buf)], b)
		w.buf = w.buf[:at+n]
		b = b[n:]
		if len(b) == 0 {
			return
		}
		w.next(1)
	}
}

func (w *Writer) rawString(s string) { w.Raw(stringBytes(s)) }

// CRLF ends a bulk string that BulkHeader began.
func (w *Writer) CRLF() { w.short("\r\n") }

// Null writes the null reply, in RESP2 that of a bulk.
func (w *Writer) Null() {
	if w.proto == RESP3 {
		w.short("_\r\n")
		return
	}
	w.short("$-1\r\n")
}

// NullArray writes the null reply, in RESP2 that of an array.
func (w *Writer) NullArray() {
	if w.proto == RESP3 {
		w.short("_\r\n")
		return
	}
	w.short("*-1\r\n")
}

// Array begins an array of n elements.
func (w *Writer) Array(n int) { w.header('*', n) }

// Map begins a map of n pairs: 2n elements follow. In RESP2 it is a flat array.
func (w *Writer) Map(n int) {
	if w.proto == RESP3 {
		w.header('%', n)
		return
	}
	w.header('*', 2*n)
}

// Set begins a set of n elements, in RESP2 an array.
func (w *Writer) Set(n int) { w.kind3('~', n) }

// Push begins an out-of-band message of n elements, in RESP2 an array.
func (w *Writer) Push(n int) { w.kind3('>', n) }

func (w *Writer) kind3(kind byte, n int) {
	if w.proto != RESP3 {
		kind = '*'
	}
	w.header(kind, n)
}

// Attribute begins n pairs of attributes of the reply that follows them. RESP2 has none:
// nothing is written, and the caller must leave the pairs out too.
func (w *Writer) Attribute(n int) {
	if w.proto == RESP3 {
		w.header('|', n)
	}
}

// Bool writes a truth value, in RESP2 the integer 1 or 0.
func (w *Writer) Bool(v bool) {
	text := "#f\r\n:0\r\n"
	if v {
		text = "#t\r\n:1\r\n"
	}
	if w.proto == RESP3 {
		w.short(text[:4])
		return
	}
	w.short(text[4:])
}

// Double writes a floating point number as AppendDouble prints it, in RESP2 as a bulk.
func (w *Writer) Double(f float64) {
	var text [doubleTextBytes]byte
	if w.proto != RESP3 {
		w.Bulk(AppendDouble(text[:0], f))
		return
	}
	if cap(w.buf)-len(w.buf) < doubleTextBytes+3 {
		w.next(doubleTextBytes + 3)
	}
	w.buf = append(w.buf, ',')
	w.buf = AppendDouble(w.buf, f)
	w.buf = append(w.buf, '\r', '\n')
}

// BigNumber writes an integer of any size from its decimal text, in RESP2 as a bulk.
func (w *Writer) BigNumber(s string) {
	if w.proto != RESP3 {
		w.BulkString(s)
		return
	}
	w.short("(")
	w.rawString(s)
	w.short("\r\n")
}

// Verbatim writes a text with its format, a name of three bytes ("txt", "mkd"); in RESP2
// a bulk without the format.
func (w *Writer) Verbatim(ext3 string, text []byte) {
	if w.proto != RESP3 {
		w.Bulk(text)
		return
	}
	w.header('=', len(text)+4)
	w.short(ext3)
	w.short(":")
	w.Raw(text)
	w.short("\r\n")
}

// stringBytes is a view of s, only to be read.
func stringBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
