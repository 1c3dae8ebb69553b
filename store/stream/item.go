package stream

// item is one entry of a node, decoded but for its elements.
type item struct {
	id    ID
	flags byte
	n     int    // pairs of field and value
	next  int    // offset of the entry that follows
	body  []byte // the values, or fields and values by turns
}

// read decodes the entry of n at off.
func (it *item) read(n node, off int) {
	b := n.bytes()[off:]
	all := len(b)
	size, b := uvarint(b)
	it.flags = byte(size) & flagsMask
	size >>= flagsBits
	it.next = off + all - len(b) + int(size)
	b = b[:size]
	ms, b := uvarint(b)
	seq, b := uvarint(b)
	first := n.id()
	if ms == 0 {
		seq += first.Seq
	}
	it.id = ID{first.Ms + ms, seq}
	if it.flags&flagSame != 0 {
		count, _ := uvarint(n.fields())
		it.n, it.body = int(count), b
		return
	}
	count, b := uvarint(b)
	it.n, it.body = int(count), b
}

// skip returns the offset of the entry after the one at off.
func skip(n node, off int) int {
	b := n.bytes()[off:]
	all := len(b)
	size, b := uvarint(b)
	return off + all - len(b) + int(size>>flagsBits)
}

// deltas returns how id is written in a node whose first id is first: the difference of
// the milliseconds, and within the same one also that of the numbers.
func deltas(first, id ID) (ms, seq uint64) {
	if ms = id.Ms - first.Ms; ms == 0 {
		return 0, id.Seq - first.Seq
	}
	return ms, id.Seq
}
