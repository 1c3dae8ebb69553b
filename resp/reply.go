package resp

import (
	"bufio"
	"errors"
	"io"
	"strconv"
)

// Value is a decoded reply. Kind is the type byte of the wire:
//
//   - simple string    Str                     , double        Float, Str as sent
//   - error            Str                     # boolean       Int 1 or 0
//     : integer          Int                     ( big number    Str
//     $ bulk             Str                     = verbatim      Str with its "txt:", see Text
//   - array            Elems                   ! bulk error    Str
//     ~ set              Elems                   > push          Elems
//     % map              Elems: key, value, ...  _ null          Null
//
// Null is also set for the RESP2 forms $-1 and *-1. Attrs holds the attributes sent
// before the value, as key, value, ...
type Value struct {
	Kind  byte
	Int   int64
	Float float64
	Str   []byte
	Elems []Value
	Attrs []Value
	Null  bool
}

// IsError tells whether v is an error reply.
func (v *Value) IsError() bool { return v.Kind == '-' || v.Kind == '!' }

// Text is Str, without the format of a verbatim string.
func (v *Value) Text() string {
	if v.Kind == '=' && len(v.Str) >= 4 && v.Str[3] == ':' {
		return string(v.Str[4:])
	}
	return string(v.Str)
}

// Errors of ReadReply, besides those of the reader (io.ErrUnexpectedEOF in the middle
// of a reply). After any of them the stream is of no more use.
var (
	ErrReplySyntax = errors.New("resp: malformed reply")
	ErrReplyDepth  = errors.New("resp: reply nested too deeply")
	ErrReplySize   = errors.New("resp: reply too large")
)

// ReadReply reads one reply of RESP2 or RESP3, including pushes, which are returned like
// any other. A reply has at most MaxReplyDepth levels, MaxReplyElems values, and bulks
// of DefaultMaxBulkBytes. io.EOF means that the stream ended between two replies.
func ReadReply(r *bufio.Reader) (Value, error) {
	d := replyReader{r: r, left: MaxReplyElems}
	if _, err := r.Peek(1); err != nil {
		return Value{}, err
	}
	v, err := d.value(0)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return Value{}, err
	}
	return v, nil
}

// replyReader reads one reply.
type replyReader struct {
	r    *bufio.Reader
	left int // values that the reply may still have
}

// value reads a value with the attributes before it.
func (d *replyReader) value(depth int) (Value, error) {
	var attrs []Value
	for {
		if depth > MaxReplyDepth {
			return Value{}, ErrReplyDepth
		}
		if d.left--; d.left < 0 {
			return Value{}, ErrReplySize
		}
		line, err := d.line()
		if err != nil {
			return Value{}, err
		}
		if len(line) == 0 {
			return Value{}, ErrReplySyntax
		}
		v := Value{Kind: line[0], Attrs: attrs}
		if v.Kind != '|' {
			err = d.body(&v, line[1:], depth)
			return v, err
		}
		n, err := d.length(line[1:], MaxReplyElems/2)
		if err == nil && n < 0 {
			err = ErrReplySyntax
		}
		if err == nil {
			attrs, err = d.elems(attrs, 2*n, depth)
		}
		if err != nil {
			return Value{}, err
		}
	}
}

// body reads what belongs to v behind its type byte; line is the rest of its first line.
func (d *replyReader) body(v *Value, line []byte, depth int) (err error) {
	ok := true
	switch v.Kind {
	case '+', '-':
		v.Str = clone(line)
	case '(':
		v.Str = clone(line)
		ok = isBigNumber(line)
	case ':':
		v.Int, ok = parseReplyInt(line)
	case ',':
		v.Str = clone(line)
		v.Float, err = strconv.ParseFloat(string(line), 64)
		ok = err == nil || errors.Is(err, strconv.ErrRange)
	case '#':
		ok = len(line) == 1 && (line[0] == 't' || line[0] == 'f')
		if ok && line[0] == 't' {
			v.Int = 1
		}
	case '_':
		v.Null = true
		ok = len(line) == 0
	case '$', '=', '!':
		return d.bulk(v, line)
	case '*', '~', '>', '%':
		return d.aggregate(v, line, depth)
	default:
		ok = false
	}
	if !ok {
		return ErrReplySyntax
	}
	return nil
}

// aggregate reads the elements of v.
func (d *replyReader) aggregate(v *Value, line []byte, depth int) error {
	per := 1
	if v.Kind == '%' {
		per = 2
	}
	n, err := d.length(line, int64(MaxReplyElems/per))
	if err != nil {
		return err
	}
	if n < 0 {
		v.Null = true
		if v.Kind != '*' {
			return ErrReplySyntax
		}
		return nil
	}
	v.Elems, err = d.elems(nil, n*per, depth)
	return err
}

// elems appends n values. The slice grows with what arrives, not with what n claims.
func (d *replyReader) elems(dst []Value, n, depth int) ([]Value, error) {
	if n > d.left {
		return nil, ErrReplySize
	}
	if dst == nil {
		dst = make([]Value, 0, min(n, 64))
	}
	for range n {
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		dst = append(dst, v)
	}
	return dst, nil
}

// bulk reads the bytes of v and the line end behind them.
func (d *replyReader) bulk(v *Value, line []byte) error {
	n, err := d.length(line, DefaultMaxBulkBytes)
	if err != nil {
		return err
	}
	if n < 0 {
		v.Null = true
		if v.Kind != '$' {
			return ErrReplySyntax
		}
		return nil
	}
	buf := make([]byte, 0, min(n+2, replyChunkBytes))
	for len(buf) < n+2 {
		if len(buf) == cap(buf) {
			grown := make([]byte, len(buf), min(2*cap(buf), n+2))
			copy(grown, buf)
			buf = grown
		}
		k, err := io.ReadFull(d.r, buf[len(buf):min(cap(buf), n+2)])
		if err != nil {
			return err
		}
		buf = buf[:len(buf)+k]
	}
	if buf[n] != '\r' || buf[n+1] != '\n' {
		return ErrReplySyntax
	}
	v.Str = buf[:n:n]
	return nil
}

// length parses a length from -1 (null) to most.
func (d *replyReader) length(line []byte, most int64) (int, error) {
	n, ok := ParseInt(line)
	if !ok || n < -1 {
		return 0, ErrReplySyntax
	}
	if n > most {
		return 0, ErrReplySize
	}
	return int(n), nil
}

// line reads up to CR LF and returns what stands before; valid until the next read.
func (d *replyReader) line() ([]byte, error) {
	line, err := d.r.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		line, err = d.longLine(clone(line))
	}
	if err != nil {
		return nil, err
	}
	if n := len(line) - 2; n >= 0 && line[n] == '\r' {
		return line[:n], nil
	}
	return nil, ErrReplySyntax
}

// longLine goes on with a line that is longer than the reader's buffer.
func (d *replyReader) longLine(line []byte) ([]byte, error) {
	for len(line) <= MaxReplyLineBytes {
		more, err := d.r.ReadSlice('\n')
		line = append(line, more...)
		if err != bufio.ErrBufferFull {
			return line, err
		}
	}
	return nil, ErrReplySize
}

// parseReplyInt is ParseInt for an integer reply, which may have a plus sign.
func parseReplyInt(b []byte) (int64, bool) {
	if len(b) > 1 && b[0] == '+' && b[1] != '-' {
		b = b[1:]
	}
	return ParseInt(b)
}

// isBigNumber tells whether b is an optional minus and digits.
func isBigNumber(b []byte) bool {
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	for _, ch := range b {
		if ch-'0' > 9 {
			return false
		}
	}
	return len(b) > 0
}

// clone is bytes.Clone that is not nil for an empty slice.
func clone(b []byte) []byte { return append([]byte{}, b...) }
