package image

import (
	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/hash"
	"github.com/kringdb/kring/store/list"
	"github.com/kringdb/kring/store/set"
	"github.com/kringdb/kring/store/str"
	"github.com/kringdb/kring/store/stream"
	"github.com/kringdb/kring/store/zset"
)

// wholeBytes is up to which length a string that lies in chunks is put together, so that
// it can be compressed; a longer one is written in pieces, as it is.
const wholeBytes = 1 << 20

// An Exporter writes entries. One goroutine uses it at a time.
type Exporter struct {
	Clocks *Clocks // nil: nothing is written of how entries are used

	scratch []byte
	ends    []int
	items   [][]byte
	meta    rdb.Meta
	cursor  cursor
}

// Write appends e, with its key and deadline, to enc. The lock of e's shard is held.
func (x *Exporter) Write(enc *rdb.Encoder, e entry.Entry) {
	x.meta = rdb.Meta{Key: e.Key(), Deadline: e.Deadline(), Idle: -1, Freq: -1}
	if x.Clocks != nil {
		x.meta.Idle, x.meta.Freq = x.Clocks.told(e.Clock())
	}
	x.Value(enc, &x.meta, e)
	x.meta.Key = nil
}

// Value appends e's value to enc, and what m says of its key.
func (x *Exporter) Value(enc *rdb.Encoder, m *rdb.Meta, e entry.Entry) {
	switch e.Type() {
	case entry.String:
		x.string(enc, m, e)
	case entry.List:
		x.list(enc, m, e)
	case entry.Set:
		if run, ok := set.Run(e); ok {
			enc.Run(m, rdb.Shape{Kind: rdb.Set, N: set.Len(e), Listpack: true}, run)
			return
		}
		enc.Begin(m, rdb.Shape{Kind: rdb.Set, N: set.Len(e), Plain: e.Encoding() == entry.Hashtable})
		set.Each(e, func(member []byte) bool {
			enc.Elem(member)
			return true
		})
		enc.End()
	case entry.ZSet:
		plain := e.Encoding() == entry.Skiplist
		enc.Begin(m, rdb.Shape{Kind: rdb.ZSet, N: int(zset.Len(e)), Plain: plain, Packed: !plain})
		zset.Each(e, func(member []byte, score float64) bool {
			enc.Scored(member, score)
			return true
		})
		enc.End()
	case entry.Hash:
		if run, ok := hash.Run(e); ok {
			enc.Run(m, rdb.Shape{Kind: rdb.Hash, N: hash.Len(e)}, run)
			return
		}
		plain := e.Encoding() == entry.Hashtable || e.Encoding() == entry.PackedTable
		enc.Begin(m, rdb.Shape{Kind: rdb.Hash, N: hash.Len(e), Plain: plain, Packed: !plain, Earliest: hash.NextDeadline(e)})
		hash.Each(e, 0, func(field, val []byte, deadline int64) bool {
			enc.Field(field, val, deadline)
			return true
		})
		enc.End()
	case entry.Stream:
		x.stream(enc, m, e)
	}
}

func (x *Exporter) string(enc *rdb.Encoder, m *rdb.Meta, e entry.Entry) {
	if n, ok := str.Int(e); ok && e.Encoding() == entry.Int {
		enc.Int(m, n)
		return
	}
	n := str.Len(e)
	if e.Encoding() == entry.Chunked && n > wholeBytes {
		enc.BeginString(m, int(n))
		str.Each(e, func(piece []byte) bool {
			enc.Piece(piece)
			return true
		})
		enc.End()
		return
	}
	text := str.Bytes(e, x.scratch)
	if e.Encoding() == entry.Chunked {
		x.scratch = text // which was filled
	}
	enc.String(m, text)
}

func (x *Exporter) list(enc *rdb.Encoder, m *rdb.Meta, e entry.Entry) {
	s := rdb.Shape{Kind: rdb.List, N: int(list.Len(e))}
	if e.Encoding() != entry.Listpack {
		s.Bytes = list.PackedBytes(e)
	}
	enc.Begin(m, s)
	list.Each(e, func(v list.Elem) bool {
		x.element(enc, v)
		return true
	})
	enc.End()
}

// element writes an element of a list.
func (x *Exporter) element(enc *rdb.Encoder, v list.Elem) {
	if !v.Int {
		enc.Elem(v.B)
		return
	}
	x.scratch = v.Append(x.scratch[:0])
	enc.Elem(x.scratch)
}

func idOf(id stream.ID) rdb.ID { return rdb.ID{Ms: id.Ms, Seq: id.Seq} }

func (x *Exporter) stream(enc *rdb.Encoder, m *rdb.Meta, e entry.Entry) {
	beginStream(enc, m, e)
	x.cursor = cursor{}
	for !x.streamStride(enc, e) {
	}
	enc.End()
}

func beginStream(enc *rdb.Encoder, m *rdb.Meta, e entry.Entry) {
	enc.BeginStream(m, rdb.StreamInfo{
		Length: uint64(stream.Len(e)), Last: idOf(stream.LastID(e)), First: idOf(stream.FirstID(e)), MaxDeleted: idOf(stream.MaxDeletedID(e)),
		Added: stream.EntriesAdded(e), Groups: uint64(stream.Groups(e)), Nodes: uint64(stream.Nodes(e)),
	})
}

// pairs returns copies of the fields and values of the entry.
func (x *Exporter) pairs(it *stream.Iter) [][]byte {
	x.scratch, x.ends, x.items = x.scratch[:0], x.ends[:0], x.items[:0]
	for range it.Pairs() {
		field, val := it.Pair()
		x.scratch = append(x.scratch, field...)
		x.ends = append(x.ends, len(x.scratch))
		x.scratch = append(x.scratch, val...)
		x.ends = append(x.ends, len(x.scratch))
	}
	from := 0
	for _, end := range x.ends {
		x.items = append(x.items, x.scratch[from:end])
		from = end
	}
	return x.items
}
