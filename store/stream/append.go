package stream

import (
	"cmp"
	"encoding/binary"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// Bounds are the options stream-node-max-bytes and -entries; 0 is no bound.
type Bounds struct{ NodeBytes, NodeEntries int }

// Fits tells whether fields and values of one entry are within MaxElementBytes together.
func Fits(items [][]byte) bool {
	left := MaxElementBytes
	for _, b := range items {
		if left -= len(b) + maxVarintBytes; left < 0 {
			return false
		}
	}
	return true
}

// Append adds an entry; id is larger than LastID(e), items are fields and values by
// turns, fit, and are no views of ar.
func Append(ar *arena.Arena, e entry.Entry, id ID, items [][]byte, lim Bounds) {
	r := rootOf(e)
	raw := 0
	for _, b := range items {
		raw += len(b)
	}
	n := r.tail()
	if n.a == 0 || n.full(raw, lim) {
		n = r.startNode(ar, id, items, lim)
	}
	same := n.hasFields(items)
	ms, seq := deltas(n.id(), id)
	size := varintLen(ms) + varintLen(seq)
	packed, elements := packedInt(int64(id.Ms-n.id().Ms))+packedInt(int64(id.Seq-n.id().Seq)), len(items)/2
	if !same {
		size += varintLen(uint64(elements))
		packed += packedInt(int64(elements))
		for i := 0; i < len(items); i += 2 {
			size += varintLen(uint64(len(items[i]))) + len(items[i])
			packed += packedLen(items[i])
		}
		elements *= 2
		elements++
	}
	for i := 1; i < len(items); i += 2 {
		b, p := valueLen(items[i])
		size += b
		packed += p
	}
	packed += packedInt(0) + packedInt(int64(elements)+3) // flags, and how many elements
	n = r.reserve(ar, n, varintLen(uint64(size)<<flagsBits)+size)
	n.write(size, ms, seq, same, items)
	n.add32(nodeLive, 1)
	n.add32(nodePacked, packed)
	if *r.word(rootLength) == 0 {
		*r.id(rootFirst) = id
	}
	*r.word(rootLength)++
	*r.word(rootAdded)++
	*r.id(rootLast) = id
}

// full tells whether an entry whose elements are raw bytes goes into a new node, as
// Redis decides it.
func (n node) full(raw int, lim Bounds) bool {
	if n.u32(nodeUsed)+raw > maxNodeBytes {
		return true
	}
	bytes := lim.NodeBytes
	if bytes == 0 || bytes > MaxElementBytes {
		bytes = MaxElementBytes
	}
	return n.packedBytes()+raw >= bytes || lim.NodeEntries != 0 && n.u32(nodeLive)+n.u32(nodeDead) >= lim.NodeEntries
}

// startNode makes a node for an entry and what follows it, and gives back what the node
// before it does not use. It has room for half of what stands there from the start: to grow to that takes a copy
// for each half more. What a large entry took there says nothing of the next ones.
func (r root) startNode(ar *arena.Arena, id ID, items [][]byte, lim Bounds) node {
	room := 0
	if old := r.tail(); old.a != 0 {
		room = min(old.u32(nodeUsed), cmp.Or(lim.NodeBytes, maxRoomBytes), maxRoomBytes) / 2
		if used := old.u32(nodeUsed); arena.SizeOf(used) < arena.SizeOf(old.u32(nodeCap)) {
			r.relinkTail(r.recap(ar, old, used))
		}
	}
	n := newNode(ar, id, items, room)
	r.account(n.size())
	*(*uint64)(r.index().insert(ar, id)) = uint64(n.a)
	r.setTail(n)
	return n
}

// relinkTail records the address of the last node after it has moved.
func (r root) relinkTail(n node) {
	var c cursor
	c.last(r.index())
	*c.word(0) = uint64(n.a)
	r.setTail(n)
}

// reserve makes room for bytes more in n, the last node.
func (r root) reserve(ar *arena.Arena, n node, bytes int) node {
	need := n.u32(nodeUsed) + bytes
	if need <= n.u32(nodeCap) {
		return n
	}
	// Half more, so that each byte is copied a few times only.
	n = r.recap(ar, n, arena.SizeOf(min(need+need/2, arena.MaxAllocBytes)))
	r.relinkTail(n)
	return n
}

// write appends an entry to a node that has room: size counts what follows the size.
func (n node) write(size int, ms, seq uint64, same bool, items [][]byte) {
	used := n.u32(nodeUsed)
	b := arena.Bytes(n.a, n.u32(nodeCap))[used:used]
	flags := 0
	if same {
		flags = flagSame
	}
	b = binary.AppendUvarint(b, uint64(size<<flagsBits|flags))
	b = binary.AppendUvarint(b, ms)
	b = binary.AppendUvarint(b, seq)
	if !same {
		b = binary.AppendUvarint(b, uint64(len(items)/2))
	}
	for i := 0; i < len(items); i += 2 {
		if !same {
			b = appendElement(b, items[i])
		}
		b = appendValue(b, items[i+1])
	}
	n.set32(nodeLast, used)
	n.set32(nodeUsed, used+len(b))
}
