package exec

import (
	"bytes"
	"encoding/binary"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// callQueue is calls in the order in which they came, copied and packed, so that they take
// little more than their arguments do:
//
//	chunk   512 bytes, each twice as long as the one before, up to 64 KB; never moved
//	call    spec id, plain? │ hash, shard │ number of arguments │ length, bytes │ ...   in one chunk
//
// Numbers are varints, but for the hash. Only plain calls have that and the shard: of their key.
type callQueue struct {
	chunks   [][]byte
	n        int   // calls
	argBytes int64 // of their arguments
	held     int64 // of the chunks
}

// add copies a call to the end of the queue.
func (q *callQueue) add(call *command.Call) {
	need, length := 8+3*binary.MaxVarintLen32, 0
	for _, a := range call.Args {
		need += binary.MaxVarintLen32 + len(a)
		length += len(a)
	}
	b := q.room(need)
	b, at := b[:len(b)+need], len(b)
	if call.Spec.PlainKey(len(call.Args)) > 0 && len(call.Keys) == 1 {
		at = putNumber(b, at, call.Spec.ID<<1|1)
		binary.LittleEndian.PutUint64(b[at:], call.Keys[0].Hash)
		at = putNumber(b, at+8, int(call.Keys[0].Shard))
	} else {
		at = putNumber(b, at, call.Spec.ID<<1)
	}
	at = putNumber(b, at, len(call.Args))
	for _, a := range call.Args {
		at = putNumber(b, at, len(a))
		at += copy(b[at:], a)
	}
	q.chunks[len(q.chunks)-1] = b[:at]
	q.n++
	q.argBytes += int64(length)
}

// putNumber writes a varint to b, which has room for it, and returns where it ends.
func putNumber(b []byte, at, v int) int {
	if v < 0x80 {
		b[at] = byte(v)
		return at + 1
	}
	return at + binary.PutUvarint(b[at:], uint64(v))
}

// room returns the last chunk, a new one if there is not as much left in it as is needed.
func (q *callQueue) room(need int) []byte {
	size := queueChunkBytes
	if i := len(q.chunks) - 1; i >= 0 {
		last := q.chunks[i]
		if cap(last)-len(last) >= need {
			return last
		}
		size = min(2*cap(last), queueChunkMost)
		if left := cap(last) - len(last); left > cap(last)/8 { // something long comes: nothing is left empty
			q.chunks[i] = bytes.Clone(last)
			q.held -= int64(left)
		}
	}
	size = max(size, need)
	q.chunks = append(q.chunks, make([]byte, 0, size))
	q.held += int64(size)
	return q.chunks[len(q.chunks)-1]
}

// reset empties the queue, which keeps its first chunk.
func (q *callQueue) reset() {
	if len(q.chunks) > 0 {
		clear(q.chunks[1:])
		q.chunks = q.chunks[:1]
		q.chunks[0] = q.chunks[0][:0]
		q.held = int64(cap(q.chunks[0]))
	}
	q.n, q.argBytes = 0, 0
}

// callReader reads a callQueue. What it has read is valid until the call after the next is read:
// the one before is still named when a call begins (see callGroup).
type callReader struct {
	q     *callQueue
	chunk int
	rest  []byte // of the chunk
	args  [2]resp.Args
	keys  []store.Key
	turn  int
	specs []*command.Spec // of the calls that have been read
}

// start begins at the first call.
func (r *callReader) start(q *callQueue) {
	r.q, r.chunk, r.rest, r.specs = q, 0, nil, r.specs[:0]
	if len(q.chunks) > 0 {
		r.rest = q.chunks[0]
	}
}

// number reads a varint.
func (r *callReader) number() int {
	if v := r.rest[0]; v < 0x80 {
		r.rest = r.rest[1:]
		return int(v)
	}
	v, n := binary.Uvarint(r.rest)
	r.rest = r.rest[n:]
	return int(v)
}

// next reads a call; of one that is not plain the keys are still to be found. The caller knows that
// there is one.
func (r *callReader) next(specs []*command.Spec) (call command.Call) {
	for len(r.rest) == 0 {
		r.chunk++
		r.rest = r.q.chunks[r.chunk]
	}
	id := r.number()
	call.Spec = specs[id>>1]
	var k store.Key
	if id&1 != 0 {
		k.Hash = binary.LittleEndian.Uint64(r.rest)
		r.rest = r.rest[8:]
		k.Shard = uint32(r.number())
	}
	r.turn = 1 - r.turn
	args := r.args[r.turn][:0]
	for range r.number() {
		n := r.number()
		args = append(args, r.rest[:n:n])
		r.rest = r.rest[n:]
	}
	r.args[r.turn], call.Args = args, args
	if id&1 != 0 {
		k.Name = args[call.Spec.PlainKey(len(args))]
		r.keys = append(r.keys[:0], k)
		call.Keys = r.keys
	}
	r.specs = append(r.specs, call.Spec)
	return call
}

// done lets go of the queue.
func (r *callReader) done() {
	r.q, r.rest = nil, nil
	for i := range r.args {
		clear(r.args[i])
		if cap(r.args[i]) > keepKeysEntries {
			r.args[i] = nil
		}
	}
	if cap(r.keys) > keepKeysEntries {
		r.keys = nil
	}
	if cap(r.specs) > keepKeysEntries {
		r.specs = nil
	}
}
