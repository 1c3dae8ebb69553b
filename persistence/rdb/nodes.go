package rdb

// nodeWriter writes a list as nodes. Their number stands before the first one, so it is
// fixed from what Shape.Bytes says, and the elements are spread over so many nodes; when
// nothing is said, the nodes gather in aside until the end.
type nodeWriter struct {
	aside    []byte
	gather   bool
	planned  int   // nodes not yet begun, the open one included
	bytes    int64 // of the elements that have not come, as said
	written  int   // nodes
	maxBytes int
	maxElems int
	target   int // bytes of the open node at which it is closed
}

func (w *nodeWriter) begin(e *Encoder) {
	w.maxBytes, w.maxElems = e.limits.listNode()
	w.written = 0
	w.gather = e.shape.Bytes <= 0
	w.aside = w.aside[:0]
	e.openPack()
	if w.gather {
		w.target = w.maxBytes
		return
	}
	// Two bytes are what a short element costs in a node beside itself.
	w.bytes = e.shape.Bytes + 2*int64(e.shape.N)
	n := max((w.bytes+int64(w.maxBytes)-1)/int64(w.maxBytes), int64((e.shape.N+w.maxElems-1)/w.maxElems))
	w.planned = int(min(n, int64(e.shape.N)))
	e.head(typeQuicklist2)
	e.buf = appendLength(e.buf, uint64(w.planned))
	w.aim()
}

// aim sets how long the next node shall be, so that what is left suffices for all.
func (w *nodeWriter) aim() {
	w.target = int(max(w.bytes, 0)/int64(max(w.planned, 1))) + 1
}

// add appends an element to the open node, and closes it when that is due.
func (w *nodeWriter) add(e *Encoder, p []byte) {
	large := len(p) > w.maxBytes
	if w.gather {
		if e.elems > 0 && (large || e.elems >= w.maxElems || len(e.pack)+len(p)+2 > w.maxBytes) {
			w.close(e)
		}
		if large {
			w.single(e, p)
			return
		}
		e.pack = appendElement(e.pack, p)
		e.elems++
		return
	}
	w.bytes -= int64(len(p)) + 2
	left := e.shape.N - e.n // elements behind this one
	if large && e.elems == 0 && (w.planned > 1 || left == 0) {
		w.single(e, p)
		return
	}
	if large && w.planned > 2 || large && w.planned == 2 && left == 0 {
		w.close(e)
		w.single(e, p)
		return
	}
	if len(e.pack)+elementBytes(p) > maxListpack {
		e.fail(errNode)
		return
	}
	e.pack = appendElement(e.pack, p)
	e.elems++
	// The last node takes all that is left; every other one must leave enough elements.
	if w.planned > 1 && (len(e.pack) >= w.target || left < w.planned || e.elems >= w.maxElems) {
		w.close(e)
	}
}

// close writes the open node.
func (w *nodeWriter) close(e *Encoder) {
	e.pack = endListpack(e.pack, e.elems)
	w.put(e, nodePacked, e.pack)
	e.openPack()
}

// single writes an element as a node of its own.
func (w *nodeWriter) single(e *Encoder, p []byte) { w.put(e, nodePlain, p) }

func (w *nodeWriter) put(e *Encoder, container byte, p []byte) {
	w.written++
	if w.gather {
		w.aside = e.appendString(append(w.aside, container), p)
		return
	}
	e.buf = append(e.buf, container)
	e.str(p)
	w.planned--
	w.aim()
}

func (w *nodeWriter) end(e *Encoder) {
	if e.elems > 0 {
		w.close(e)
	}
	if w.gather {
		e.head(typeQuicklist2)
		e.buf = appendLength(e.buf, uint64(w.written))
		e.buf = append(e.buf, w.aside...)
		if cap(w.aside) > drainBytes {
			w.aside = nil // a large list is rare, and its memory is not kept for the next one
		}
		return
	}
	if w.planned != 0 && e.err == nil {
		e.fail(errNode)
	}
}
