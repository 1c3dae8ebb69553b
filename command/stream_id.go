package command

import (
	"bytes"
	"math"

	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/stream"
)

const errStreamID = "ERR Invalid stream ID specified as stream command argument"

// streamIDBytes is the length of the longest id as text, and maxIDArgBytes that of the
// longest argument that Redis reads as one.
const (
	streamIDBytes = 2*maxIntTextBytes + 1
	maxIDArgBytes = 127
)

// streamID parses argument i as an id, where a lone number means its first entry; it
// replies the error itself.
func streamID(c *Ctx, i int) (stream.ID, bool) {
	id, ok := parseStreamID(c.Args[i], 0, true, nil)
	if !ok {
		c.W.Error(errStreamID)
	}
	return id, ok
}

// parseStreamID parses ms-seq, or ms, for which seq is missing. Unless strict, - and +
// stand for the least and the greatest id. auto, if not nil, allows ms-*, and tells so.
func parseStreamID(a []byte, missing uint64, strict bool, auto *bool) (id stream.ID, ok bool) {
	if len(a) > maxIDArgBytes {
		return id, false
	}
	if i := bytes.IndexByte(a, 0); i >= 0 {
		a = a[:i] // Redis reads C strings
	}
	if len(a) == 1 && !strict {
		switch a[0] {
		case '-':
			return id, true
		case '+':
			return stream.MaxID, true
		}
	}
	ms, seq := a, []byte(nil)
	dash := bytes.IndexByte(a, '-')
	if dash >= 0 {
		ms, seq = a[:dash], a[dash+1:]
	}
	if id.Ms, ok = parseStreamInt(ms); !ok {
		return id, false
	}
	switch {
	case dash < 0:
		id.Seq = missing
	case auto != nil && len(seq) == 1 && seq[0] == '*':
		*auto = true
	default:
		id.Seq, ok = parseStreamInt(seq)
	}
	return id, ok
}

// parseStreamInt parses an unsigned number: decimal digits, or what C's strtoull takes,
// which is white space and a sign before them.
func parseStreamInt(b []byte) (uint64, bool) {
	n := uint64(0)
	if len(b) == 0 || len(b) > 19 { // 19 digits do not overflow
		return oddUnsigned(b)
	}
	for _, ch := range b {
		d := ch - '0'
		if d > 9 {
			return oddUnsigned(b)
		}
		n = n*10 + uint64(d)
	}
	return n, true
}

// intervalID parses argument i as an end of a range: ( before it excludes the id itself.
// It replies the error itself.
func intervalID(c *Ctx, i int, isStart bool) (id stream.ID, ok bool) {
	a, missing := c.Args[i], uint64(0)
	if !isStart {
		missing = math.MaxUint64
	}
	exclusive := len(a) > 1 && a[0] == '('
	if exclusive {
		a = a[1:]
	}
	if id, ok = parseStreamID(a, missing, exclusive, nil); !ok {
		c.W.Error(errStreamID)
		return id, false
	}
	if !exclusive {
		return id, true
	}
	if isStart {
		if id, ok = id.Next(); !ok {
			c.W.Error("ERR invalid start ID for the interval")
		}
		return id, ok
	}
	if id, ok = id.Prev(); !ok {
		c.W.Error("ERR invalid end ID for the interval")
	}
	return id, ok
}

// appendStreamID appends an id as text.
func appendStreamID(dst []byte, id stream.ID) []byte {
	dst = resp.AppendUint(dst, id.Ms)
	dst = append(dst, '-')
	return resp.AppendUint(dst, id.Seq)
}

// replyStreamID writes an id.
func replyStreamID(c *Ctx, id stream.ID) {
	var text [streamIDBytes]byte
	c.W.Bulk(appendStreamID(text[:0], id))
}

// effectID is EffectArg for an id.
func effectID(c *Ctx, id stream.ID) {
	if c.Effects.On {
		var text [streamIDBytes]byte
		c.EffectArg(appendStreamID(text[:0], id))
	}
}

// effectWord is EffectArg for a word.
func effectWord(c *Ctx, s string) {
	if c.Effects.On {
		c.Effects.Bytes = resp.AppendBulkString(c.Effects.Bytes, s)
	}
}
