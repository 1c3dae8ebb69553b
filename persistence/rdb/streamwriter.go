package rdb

import (
	"encoding/binary"
	"errors"
	"math"
)

var errNode = errors.New("rdb: the nodes or entries of a value do not agree with what it was begun for")

// streamWriter writes streams: nodes of entries, what the stream knows of itself, groups.
//
//	BeginStream, then for each entry Entry (before it NextNode where a node begins),
//	then for each group Group, its Pending entries, for each consumer Consumer and its Owned ids,
//	then End
type streamWriter struct {
	info    StreamInfo
	gather  bool // the number of nodes is not known: they wait in aside
	aside   []byte
	nodes   uint64
	body    []byte // the entries of the open node, elements of a listpack
	elems   int
	entries int64
	master  ID
	fields  []byte // the fields of its first entry, each behind its length
	nfields int
	tail    bool // behind the nodes
	groups  uint64
	pending uint64 // still to come of the open group
	owned   uint64 // still to come of the open consumer
	members uint64 // consumers still to come
}

// BeginStream begins a stream. With info.Nodes the caller says by NextNode where nodes
// begin, which costs no memory; without, they are cut by the limits and gathered.
// info.Old and info.Length's agreement with the entries are not looked at.
func (e *Encoder) BeginStream(m *Meta, info StreamInfo) {
	e.about(m)
	w := &e.lazy
	*w = streamWriter{info: info, gather: info.Nodes == 0 && info.Length > 0, aside: w.aside[:0], body: w.body[:0], fields: w.fields[:0]}
	e.mode = modeStream
	if !w.gather {
		e.head(e.streamType())
		e.buf = appendLength(e.buf, info.Nodes)
	}
}

func (e *Encoder) streamType() Type {
	if e.f.Version < DefaultVersion {
		return typeStream2
	}
	e.used = max(e.used, DefaultVersion)
	return typeStream3
}

// NextNode says that the next entry begins a node, of a stream begun with Nodes.
func (e *Encoder) NextNode() { e.lazy.closeNode(e) }

// Entry writes an entry: items are its fields, each before its value.
func (e *Encoder) Entry(id ID, items [][]byte) {
	w := &e.lazy
	if e.mode != modeStream || w.tail || len(items)%2 != 0 {
		e.fail(errMisuse)
		return
	}
	l := &e.limits
	if w.gather && w.entries > 0 && (l.StreamNodeEntries > 0 && w.entries >= int64(l.StreamNodeEntries) ||
		l.StreamNodeBytes > 0 && len(w.body) >= l.StreamNodeBytes) {
		w.closeNode(e)
	}
	size := 0
	for _, p := range items {
		size += elementBytes(p)
	}
	if len(w.body)+size > maxListpack {
		e.fail(errNode)
		return
	}
	if w.entries == 0 {
		w.master = id
		w.fields, w.nfields = w.fields[:0], len(items)/2
		for i := 0; i < len(items); i += 2 {
			w.fields = binary.AppendUvarint(w.fields, uint64(len(items[i])))
			w.fields = append(w.fields, items[i]...)
		}
	}
	w.entries++
	same := w.same(items)
	flags := int64(0)
	if same {
		flags = flagSameKeys
	}
	b := appendNumber(w.body, flags)
	b = appendNumber(b, int64(id.Ms-w.master.Ms))
	b = appendNumber(b, int64(id.Seq-w.master.Seq))
	n := 3 + len(items)/2
	if !same {
		b = appendNumber(b, int64(len(items)/2))
		n = 4 + len(items)
	}
	for i, p := range items {
		if i%2 == 1 || !same {
			b = appendElement(b, p)
		}
	}
	w.body = appendNumber(b, int64(n))
	w.elems += n + 1
	e.flow()
}

// same tells whether the entry has the fields of the node.
func (w *streamWriter) same(items [][]byte) bool {
	if len(items)/2 != w.nfields {
		return false
	}
	f := w.fields
	for i := 0; i < len(items); i += 2 {
		n, size := binary.Uvarint(f)
		if string(f[size:size+int(n)]) != string(items[i]) {
			return false
		}
		f = f[size+int(n):]
	}
	return true
}

// closeNode writes the open node, if it has an entry.
func (w *streamWriter) closeNode(e *Encoder) {
	if w.entries == 0 {
		return
	}
	b := beginListpack(e.pack[:0])
	b = appendNumber(b, w.entries)
	b = appendNumber(b, 0)
	b = appendNumber(b, int64(w.nfields))
	for f := w.fields; len(f) > 0; {
		n, size := binary.Uvarint(f)
		b = appendElement(b, f[size:size+int(n)])
		f = f[size+int(n):]
	}
	b = appendNumber(b, 0)
	b = append(b, w.body...)
	e.pack = endListpack(b, 4+w.nfields+w.elems)
	if len(e.pack) > math.MaxUint32 {
		e.fail(errNode)
	}
	var key [idBytes]byte
	binary.BigEndian.PutUint64(key[:], w.master.Ms)
	binary.BigEndian.PutUint64(key[8:], w.master.Seq)
	if w.gather {
		w.aside = append(append(w.aside, idBytes), key[:]...)
		w.aside = e.appendString(w.aside, e.pack)
	} else {
		e.buf = append(append(e.buf, idBytes), key[:]...)
		e.str(e.pack)
	}
	w.nodes++
	w.body, w.elems, w.entries = w.body[:0], 0, 0
}

// endNodes writes what stands behind the nodes, down to the number of groups.
func (w *streamWriter) endNodes(e *Encoder) {
	if w.tail {
		return
	}
	w.closeNode(e)
	w.tail = true
	if w.gather {
		e.head(e.streamType())
		e.buf = appendLength(e.buf, w.nodes)
		e.buf = append(e.buf, w.aside...)
		if cap(w.aside) > drainBytes {
			w.aside = nil
		}
	} else if w.nodes != w.info.Nodes {
		e.fail(errNode)
	}
	in := &w.info
	for _, n := range [...]uint64{in.Length, in.Last.Ms, in.Last.Seq, in.First.Ms, in.First.Seq,
		in.MaxDeleted.Ms, in.MaxDeleted.Seq, in.Added, in.Groups} {
		e.buf = appendLength(e.buf, n)
	}
}

// Group begins a group: g.Pending entries of all its consumers follow, then g.Consumers.
func (e *Encoder) Group(g *Group) {
	w := &e.lazy
	w.endNodes(e)
	if w.pending != 0 || w.members != 0 || w.owned != 0 {
		e.fail(errNode)
	}
	w.groups++
	e.str(g.Name)
	for _, n := range [...]uint64{g.Last.Ms, g.Last.Seq, uint64(g.Read), uint64(g.Pending)} {
		e.buf = appendLength(e.buf, n)
	}
	w.pending, w.members = uint64(g.Pending), uint64(g.Consumers)
	if g.Pending == 0 {
		e.buf = appendLength(e.buf, w.members)
	}
	e.flow()
}

// Pending writes a pending entry of the group, in the order of ids.
func (e *Encoder) Pending(p *Pending) {
	w := &e.lazy
	if w.pending == 0 {
		e.fail(errNode)
		return
	}
	w.pending--
	e.id(p.ID)
	e.buf = binary.LittleEndian.AppendUint64(e.buf, uint64(p.Time))
	e.buf = appendLength(e.buf, p.Count)
	if w.pending == 0 {
		e.buf = appendLength(e.buf, w.members)
	}
	e.flow()
}

func (e *Encoder) id(id ID) {
	e.buf = binary.BigEndian.AppendUint64(e.buf, id.Ms)
	e.buf = binary.BigEndian.AppendUint64(e.buf, id.Seq)
}

// Consumer begins a consumer of the group: c.Pending ids follow by Owned.
func (e *Encoder) Consumer(c *Consumer) {
	w := &e.lazy
	if w.pending != 0 || w.owned != 0 || w.members == 0 {
		e.fail(errNode)
		return
	}
	w.members--
	e.str(c.Name)
	e.buf = binary.LittleEndian.AppendUint64(e.buf, uint64(c.Seen))
	if e.f.Version >= DefaultVersion {
		e.buf = binary.LittleEndian.AppendUint64(e.buf, uint64(c.Active))
	}
	w.owned = uint64(c.Pending)
	e.buf = appendLength(e.buf, w.owned)
	e.flow()
}

// Owned writes the id of a pending entry of the consumer, in the order of ids.
func (e *Encoder) Owned(id ID) {
	w := &e.lazy
	if w.owned == 0 {
		e.fail(errNode)
		return
	}
	w.owned--
	e.id(id)
	e.flow()
}

// end ends the stream.
func (w *streamWriter) end(e *Encoder) {
	w.endNodes(e)
	if w.groups != w.info.Groups || w.pending != 0 || w.members != 0 || w.owned != 0 {
		e.fail(errNode)
	}

}
