package image

import (
	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/hash"
	"github.com/kringdb/kring/store/list"
	"github.com/kringdb/kring/store/set"
	"github.com/kringdb/kring/store/str"
	"github.com/kringdb/kring/store/zset"
)

const (
	// partBytes and partElements bound what Part writes at once: some tenths of a
	// millisecond. It looks after every partStride elements.
	partBytes    = 64 << 10
	partElements = 4 << 10
	partStride   = 64
)

// cursor is how far a value has been written in parts.
type cursor struct {
	pos uint64 // of a walk
	n   int64  // elements or bytes

	stream streamCursor
}

// Part is Write in parts, for a large value: it writes the first part, or the next, and tells
// whether that was the last. Between the calls the lock may be let go, and blocks of the
// value may be moved, but it does not change; enc is used for nothing else. What is not
// large comes in one part, and so does a node of a stream, whose length its limits bound.
func (x *Exporter) Part(enc *rdb.Encoder, e entry.Entry, first bool) (done bool) {
	if first {
		x.cursor = cursor{}
		if !InParts(e) {
			x.Write(enc, e)
			return true
		}
		x.meta = rdb.Meta{Key: e.Key(), Deadline: e.Deadline(), Idle: -1, Freq: -1}
		if x.Clocks != nil {
			x.meta.Idle, x.meta.Freq = x.Clocks.told(e.Clock())
		}
		x.beginParts(enc, e)
		x.meta.Key = nil
	}
	for count := 0; !done && count < partElements && len(enc.Bytes()) < partBytes; count += partStride {
		done = x.stride(enc, e)
	}
	if done {
		enc.End()
	}
	return done
}

// InParts tells whether a value is of a form that can be written in parts.
func InParts(e entry.Entry) bool {
	switch enc := e.Encoding(); e.Type() {
	case entry.String:
		return enc == entry.Chunked && str.Len(e) > wholeBytes
	case entry.Hash, entry.Set:
		return enc == entry.Hashtable
	case entry.ZSet:
		return enc == entry.Skiplist
	case entry.List:
		return enc != entry.Listpack
	case entry.Stream:
		return true
	}
	return false
}

func (x *Exporter) beginParts(enc *rdb.Encoder, e entry.Entry) {
	s := rdb.Shape{Plain: true}
	switch e.Type() {
	case entry.String:
		enc.BeginString(&x.meta, int(str.Len(e)))
		return
	case entry.Stream:
		beginStream(enc, &x.meta, e)
		return
	case entry.Hash:
		s.Kind, s.N, s.Earliest = rdb.Hash, hash.Len(e), hash.NextDeadline(e)
	case entry.Set:
		s.Kind, s.N = rdb.Set, set.Len(e)
	case entry.ZSet:
		s.Kind, s.N = rdb.ZSet, int(zset.Len(e))
	case entry.List:
		s.Kind, s.N, s.Bytes = rdb.List, int(list.Len(e)), list.PackedBytes(e)
	}
	enc.Begin(&x.meta, s)
}

// stride writes some elements more and tells whether they were the last.
func (x *Exporter) stride(enc *rdb.Encoder, e entry.Entry) (done bool) {
	c := &x.cursor
	switch e.Type() {
	case entry.String:
		n := min(str.Len(e)-c.n, partBytes)
		str.Segments(e, c.n, n, func(piece []byte) bool {
			enc.Piece(piece)
			return true
		})
		c.n += n
		return c.n == str.Len(e)
	case entry.Hash:
		c.pos = hash.Walk(e, c.pos, partStride, enc.Field)
		return c.pos == 0
	case entry.Set:
		c.pos = set.Walk(e, c.pos, partStride, enc.Elem)
		return c.pos == 0
	case entry.ZSet:
		n := min(int64(zset.Len(e))-c.n, partStride)
		var it zset.Iter
		for it.Seek(e, uint64(c.n), uint64(n), false); it.Next(); {
			enc.Scored(it.Member(), it.Score())
		}
		c.n += n
		return c.n == int64(zset.Len(e))
	case entry.Stream:
		return x.streamStride(enc, e)
	}
	n := min(list.Len(e)-c.n, partStride)
	for it := list.Forward(e, c.n, n); it.Next(); {
		x.element(enc, it.Elem())
	}
	c.n += n
	return c.n == list.Len(e)
}
