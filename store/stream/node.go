package stream

import (
	"bytes"
	"encoding/binary"
	"strconv"

	"github.com/kringdb/kring/internal/backlen"
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/str"
)

// node is a node's block, see doc.go. The zero node is none.
type node struct{ a arena.Addr }

// Offsets in a node.
const (
	nodeMs          = 0  // id of the first entry, of which the others are deltas
	nodeSeq         = 8  //
	nodeUsed        = 16 // bytes in use
	nodeCap         = 20 // bytes asked from the arena
	nodeLive        = 24 // entries
	nodeDead        = 28 // deleted entries that still stand here
	nodePacked      = 32 // bytes of the listpack that Redis would have, but for its counts
	nodeLast        = 36 // offset of the last entry, deleted or not
	nodeFirst       = 40 // offset of the first entry
	nodeHeaderBytes = 44
)

// entryHeadBytes is what an entry takes at most before its elements.
const entryHeadBytes = 4 * maxVarintBytes

// Flags of an entry, the low bits of its first byte.
const (
	flagDeleted = 1
	flagSame    = 2 // its fields are the node's
	flagsMask   = 3
	flagsBits   = 2
)

func (n node) u32(off arena.Addr) int      { return int(arena.U32(n.a + off)) }
func (n node) set32(off arena.Addr, v int) { arena.SetU32(n.a+off, uint32(v)) }
func (n node) add32(off arena.Addr, d int) { n.set32(off, n.u32(off)+d) }
func (n node) id() ID                      { return ID{arena.U64(n.a + nodeMs), arena.U64(n.a + nodeSeq)} }
func (n node) size() int                   { return arena.SizeOf(n.u32(nodeCap)) }
func (n node) bytes() []byte               { return arena.Bytes(n.a, n.u32(nodeUsed)) }
func (n node) free(ar *arena.Arena)        { ar.Free(n.a, n.u32(nodeCap)) }
func (n node) fields() []byte              { return n.bytes()[nodeHeaderBytes:n.u32(nodeFirst)] }
func (n node) packedBytes() int {
	return n.u32(nodePacked) + packedInt(int64(n.u32(nodeLive))) + packedInt(int64(n.u32(nodeDead)))
}

// setDeleted flags the entry at off.
func (n node) setDeleted(off int) {
	at := n.a + arena.Addr(off)
	arena.SetU8(at, arena.U8(at)|flagDeleted)
}

// lastID returns the id of the last entry, deleted or not.
func (n node) lastID() ID {
	var c item
	c.read(n, n.u32(nodeLast))
	return c.id
}

// newNode allocates a node without entries whose fields are those of items, with room
// for the values, or of room bytes if that is more.
func newNode(ar *arena.Arena, id ID, items [][]byte, room int) node {
	size := nodeHeaderBytes + varintLen(uint64(len(items)/2))
	entryBytes := entryHeadBytes
	packed := packedInt(int64(len(items)/2)) + packedNodeBytes
	for i := 0; i < len(items); i += 2 {
		size += varintLen(uint64(len(items[i]))) + len(items[i])
		packed += packedLen(items[i])
		bytes, _ := valueLen(items[i+1])
		entryBytes += bytes
	}
	// All of the block's class is there to be used.
	capacity := arena.SizeOf(max(size+entryBytes, firstNodeBytes, room))
	n := node{ar.Alloc(capacity)}
	arena.SetU64(n.a+nodeMs, id.Ms)
	arena.SetU64(n.a+nodeSeq, id.Seq)
	n.set32(nodeUsed, size)
	n.set32(nodeCap, capacity)
	n.set32(nodeLive, 0)
	n.set32(nodeDead, 0)
	n.set32(nodePacked, packed)
	n.set32(nodeLast, 0)
	n.set32(nodeFirst, size)
	b := binary.AppendUvarint(n.bytes()[nodeHeaderBytes:nodeHeaderBytes], uint64(len(items)/2))
	for i := 0; i < len(items); i += 2 {
		b = appendElement(b, items[i])
	}
	return n
}

// recap moves a node to a block of another capacity.
func (r root) recap(ar *arena.Arena, n node, capacity int) node {
	to := node{ar.Alloc(capacity)}
	used := n.u32(nodeUsed)
	copy(arena.Bytes(to.a, used), n.bytes())
	to.set32(nodeCap, capacity)
	r.account(to.size() - n.size())
	n.free(ar)
	return to
}

// hasFields tells whether the fields of items are the node's.
func (n node) hasFields(items [][]byte) bool {
	b := n.fields()
	count, b := uvarint(b)
	if int(count) != len(items)/2 {
		return false
	}
	for i := 0; i < len(items); i += 2 {
		var f []byte
		if f, b = element(b); !bytes.Equal(f, items[i]) {
			return false
		}
	}
	return true
}

// varintLen returns the bytes that v takes as a variable-length number.
func varintLen(v uint64) int {
	n := 1
	for ; v >= singleVarint; v >>= 7 {
		n++
	}
	return n
}

// uvarint reads a number and returns what follows.
func uvarint(b []byte) (uint64, []byte) {
	if v := b[0]; v < singleVarint {
		return uint64(v), b[1:]
	}
	v, n := binary.Uvarint(b)
	return v, b[n:]
}

// element reads a field and returns what follows.
func element(b []byte) (e, rest []byte) {
	n, b := uvarint(b)
	return b[:n:n], b[n:]
}

func appendElement(b, e []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(e))), e...)
}

// A value is a number if it is the shortest decimal text of one that is not too large:
// its zigzag form, shifted to make room for a 1. Else it is its length, shifted likewise,
// and its bytes.
const (
	numberBit   = 1
	maxZigzag   = 1<<62 - 1
	valueShift  = 1
	zigzagShift = 63
)

// numberOf returns the zigzag form of the number that b is.
func numberOf(b []byte) (zigzag uint64, ok bool) {
	if len(b) == 0 || len(b) > str.MaxIntDigits || b[0] > '9' {
		return 0, false
	}
	v, ok := str.ParseInt(b)
	zigzag = uint64(v)<<1 ^ uint64(v>>zigzagShift)
	return zigzag, ok && zigzag <= maxZigzag
}

// valueLen returns the bytes that a value takes, here and in a listpack.
func valueLen(b []byte) (bytes, packed int) {
	if z, ok := numberOf(b); ok {
		return varintLen(z<<valueShift | numberBit), packedInt(int64(z>>1) ^ -int64(z&1))
	}
	return varintLen(uint64(len(b))<<valueShift) + len(b), packedLen(b)
}

func appendValue(b, v []byte) []byte {
	if z, ok := numberOf(v); ok {
		return binary.AppendUvarint(b, z<<valueShift|numberBit)
	}
	return append(binary.AppendUvarint(b, uint64(len(v))<<valueShift), v...)
}

// readValue reads a value, whose text it writes into text if it is a number, and returns what
// follows.
func readValue(b []byte, text *[str.MaxIntDigits]byte) (v, rest []byte) {
	n, b := uvarint(b)
	if n&numberBit != 0 {
		z := n >> valueShift
		return strconv.AppendInt(text[:0], int64(z>>1)^-int64(z&1), 10), b
	}
	n >>= valueShift
	return b[:n:n], b[n:]
}

// What a listpack takes, by its public description: each element is an encoding with
// its length, the bytes, and the length of both backwards. Redis bounds its nodes by
// these bytes; Kring's nodes end where Redis's would, so that trimming to whole nodes
// leaves as many entries.
const packedNodeBytes = 6 + 1 + 2 // header, end, and the 0 that ends the fields

// packedLen returns the bytes of a string in a listpack.
func packedLen(b []byte) int {
	if len(b) <= str.MaxIntDigits {
		if v, ok := str.ParseInt(b); ok {
			return packedInt(v)
		}
	}
	n := len(b)
	switch {
	case n < 1<<6:
		n++
	case n < 1<<12:
		n += 2
	default:
		n += 5
	}
	return n + backlen.Of(n)
}

// packedInt returns the bytes of an integer in a listpack.
func packedInt(v int64) int {
	switch {
	case v >= 0 && v < 1<<7:
		return 2
	case v >= -1<<12 && v < 1<<12:
		return 3
	case v >= -1<<15 && v < 1<<15:
		return 4
	case v >= -1<<23 && v < 1<<23:
		return 5
	case v >= -1<<31 && v < 1<<31:
		return 6
	}
	return 10
}
