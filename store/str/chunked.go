package str

import (
	"encoding/binary"
	"math/bits"
	"unsafe"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// zeros is what a hole reads as. Nobody writes it.
var zeros [ChunkBytes]byte

// root is the payload of a chunked string.
type root struct{ p []byte }

func chunks(e entry.Entry) root { return root{e.Payload()} }

func (r root) length() int64     { return int64(binary.LittleEndian.Uint64(r.p)) }
func (r root) index() arena.Addr { return arena.Addr(binary.LittleEndian.Uint64(r.p[8:])) }
func (r root) capacity() int     { return int(binary.LittleEndian.Uint32(r.p[16:])) }

func (r root) set(length int64, index arena.Addr, capacity int) {
	binary.LittleEndian.PutUint64(r.p, uint64(length))
	binary.LittleEndian.PutUint64(r.p[8:], uint64(index))
	binary.LittleEndian.PutUint32(r.p[16:], uint32(capacity))
}

// words returns the whole index, used or not.
func (r root) words() []arena.Addr { return indexWords(r.index(), r.capacity()) }

func indexWords(a arena.Addr, n int) []arena.Addr {
	return unsafe.Slice((*arena.Addr)(a.Ptr()), n)
}

// count returns the number of chunks of a string of length bytes.
func count(length int64) int { return int((length + ChunkBytes - 1) >> chunkShift) }

// chunkLen returns the bytes of chunk i of a string of length bytes.
func chunkLen(i int, length int64) int {
	return int(min(ChunkBytes, length-int64(i)<<chunkShift))
}

// indexCapacity returns the index size for n chunks: a power of two, so that growth
// copies each word O(1) times.
func indexCapacity(n int) int {
	return max(minIndexWords, 1<<bits.Len(uint(n-1)))
}

// start gives the root an index for a string of length bytes, all holes.
func (r root) start(ar *arena.Arena, length int64) {
	capacity := indexCapacity(count(length))
	index := ar.Alloc(capacity * wordBytes)
	clear(indexWords(index, count(length)))
	r.set(length, index, capacity)
}

func fillChunked(ar *arena.Arena, e entry.Entry, val []byte) {
	r := chunks(e)
	length := int64(len(val))
	r.start(ar, length)
	for i, w := 0, r.words(); i < count(length); i++ {
		n := chunkLen(i, length)
		w[i] = ar.Alloc(n)
		copy(arena.Bytes(w[i], n), val[i<<chunkShift:])
	}
}

// toChunked turns an int or inline string into a chunked one of length > its own;
// what is beyond its own bytes is zero.
func toChunked(ar *arena.Arena, e entry.Entry, length int64) entry.Entry {
	var buf [MaxIntDigits]byte
	old := Bytes(e, buf[:0])
	var first arena.Addr
	if len(old) > 0 {
		n := chunkLen(0, length)
		first = ar.Alloc(n)
		b := arena.Bytes(first, n)
		clear(b[copy(b, old):])
	}
	e = e.Resize(ar, entry.Chunked, chunkedBytes, e.Deadline())
	r := chunks(e)
	r.start(ar, length)
	r.words()[0] = first
	return e
}

// setLength grows the string to length with zeros; it never shrinks.
func (r root) setLength(ar *arena.Arena, length int64) {
	old := r.length()
	if length <= old {
		return
	}
	n, oldN := count(length), count(old)
	index, capacity := r.index(), r.capacity()
	if n > capacity {
		to := indexCapacity(n)
		grown := ar.Alloc(to * wordBytes)
		copy(indexWords(grown, oldN), indexWords(index, oldN))
		ar.Free(index, capacity*wordBytes)
		index, capacity = grown, to
	}
	w := indexWords(index, capacity)
	clear(w[oldN:n])
	last := oldN - 1
	if was, now := chunkLen(last, old), chunkLen(last, length); w[last] != 0 && was != now {
		w[last] = growChunk(ar, w[last], was, now)
	}
	r.set(length, index, capacity)
}

// growChunk gives a chunk of was bytes the length now; the new bytes are zero.
func growChunk(ar *arena.Arena, a arena.Addr, was, now int) arena.Addr {
	if arena.SizeOf(was) == arena.SizeOf(now) {
		clear(arena.Bytes(a, now)[was:])
		return a
	}
	to := ar.Alloc(now)
	b := arena.Bytes(to, now)
	clear(b[copy(b, arena.Bytes(a, was)):])
	ar.Free(a, was)
	return to
}

// writeAt overwrites bytes inside the string's length, giving memory to holes.
func (r root) writeAt(ar *arena.Arena, off int64, data []byte) {
	length, w := r.length(), r.words()
	for len(data) > 0 {
		i, at := int(off>>chunkShift), int(off&(ChunkBytes-1))
		n := chunkLen(i, length)
		put := min(n-at, len(data))
		if w[i] == 0 {
			w[i] = ar.Alloc(n)
			b := arena.Bytes(w[i], n)
			clear(b[:at])
			clear(b[at+put:])
		}
		copy(arena.Bytes(w[i], n)[at:], data[:put])
		data = data[put:]
		off += int64(put)
	}
}

// view returns chunk i, for reading only.
func view(w []arena.Addr, i int, length int64) []byte {
	n := chunkLen(i, length)
	if w[i] == 0 {
		return zeros[:n]
	}
	return arena.Bytes(w[i], n)
}

func (r root) segments(off, n int64, fn func([]byte) bool) {
	length, w := r.length(), r.words()
	for n > 0 {
		b := view(w, int(off>>chunkShift), length)[off&(ChunkBytes-1):]
		b = b[:min(int64(len(b)), n)]
		if !fn(b) {
			return
		}
		off += int64(len(b))
		n -= int64(len(b))
	}
}

func (r root) readAt(dst []byte, off int64) int {
	length, w, n := r.length(), r.words(), 0
	for n < len(dst) && off < length {
		c := copy(dst[n:], view(w, int(off>>chunkShift), length)[off&(ChunkBytes-1):])
		n += c
		off += int64(c)
	}
	return n
}

func (r root) copyTo(ar *arena.Arena, e entry.Entry) {
	to, length := chunks(e), r.length()
	to.start(ar, length)
	from, w := r.words(), to.words()
	for i := range count(length) {
		if from[i] != 0 {
			n := chunkLen(i, length)
			w[i] = ar.Alloc(n)
			copy(arena.Bytes(w[i], n), arena.Bytes(from[i], n))
		}
	}
}

func (r root) bytes() int64 {
	length, w := r.length(), r.words()
	sum := int64(arena.SizeOf(r.capacity() * wordBytes))
	for i := range count(length) {
		if w[i] != 0 {
			sum += int64(arena.SizeOf(chunkLen(i, length)))
		}
	}
	return sum
}
