package command

import (
	"github.com/kringdb/kring/command/image"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/hash"
	"github.com/kringdb/kring/store/str"
)

// Rebuild writes entries as the commands that make them: what a rewritten AOF holds.
type Rebuild struct {
	Out []byte // commands, encoded as multibulk

	cursor  rebuildCursor
	args    []byte // of a command that adds elements, and is not written yet
	elems   int    // in args
	words   int    // in args
	scratch []byte
	gone    goneIDs
}

// rebuildCursor is how far a value has been written.
type rebuildCursor struct {
	pos    uint64 // of a walk
	n      int64  // elements or bytes
	second bool   // of a hash: the deadlines of its fields are written

	stream rebuildStreamCursor
}

// rebuilders write some of the value of one entry, from the cursor on, by type, and tell whether that was the rest; the
// deadline is finish's affair. A collection is written in commands of up to rebuildBatch elements each.
var rebuilders = [16]func(r *Rebuild, e entry.Entry) (done bool){
	entry.String: rebuildString,
	entry.Hash:   rebuildHash,
	entry.List:   rebuildList,
}

// Entry appends the commands that make e in an empty database. The caller holds the
// lock of e's shard.
func (r *Rebuild) Entry(e entry.Entry) {
	r.cursor = rebuildCursor{}
	for step := rebuilders[e.Type()&15]; !step(r, e); {
	}
	r.finish(e)
}

// Part is Entry in parts, for a large value: it appends the first part, or the next, and tells whether that was the last. Between
// the calls the lock may be let go, and blocks of the value may be moved, but it does not change. A part may end within
// a command. What is not large comes in one part.
func (r *Rebuild) Part(e entry.Entry, first bool) (done bool) {
	if first {
		r.cursor = rebuildCursor{}
		if !image.InParts(e) {
			r.Entry(e)
			return true
		}
	}
	step, from := rebuilders[e.Type()&15], len(r.Out)
	for n := 0; !done && n < rebuildPartSteps && len(r.Out)-from < rebuildPartBytes; n++ { // a step may write nothing
		done = step(r, e)
	}
	if done {
		r.finish(e)
	}
	return done
}

// finish writes what stands behind the value.
func (r *Rebuild) finish(e entry.Entry) {
	if d := e.Deadline(); d != 0 {
		r.Begin(3, "PEXPIREAT")
		r.Arg(e.Key())
		r.Int(d)
	}
}

// Begin starts a command of n arguments, its name included; Arg and Int add the others.
func (r *Rebuild) Begin(n int, name string) {
	r.Out = resp.AppendHeader(r.Out, '*', n)
	r.Out = resp.AppendBulkString(r.Out, name)
}

// Arg adds an argument.
func (r *Rebuild) Arg(b []byte) { r.Out = resp.AppendBulk(r.Out, b) }

// Int adds a number as an argument.
func (r *Rebuild) Int(n int64) { r.Out = resp.AppendBulkInt(r.Out, n) }

// element adds an element of one word to the command of that name, which is written when it has enough.
func (r *Rebuild) element(e entry.Entry, name string, word []byte) {
	r.args = resp.AppendBulk(r.args, word)
	r.added(e, name, 1)
}

// pair is element for one of two words.
func (r *Rebuild) pair(e entry.Entry, name string, a, b []byte) {
	r.args = resp.AppendBulk(resp.AppendBulk(r.args, a), b)
	r.added(e, name, 2)
}

func (r *Rebuild) added(e entry.Entry, name string, words int) {
	r.words += words
	if r.elems++; r.elems == rebuildBatch {
		r.flush(e, name)
	}
}

// flush writes the command with the elements that there are, if there is one.
func (r *Rebuild) flush(e entry.Entry, name string) {
	if r.elems == 0 {
		return
	}
	r.Begin(2+r.words, name)
	r.Arg(e.Key())
	r.Out = append(r.Out, r.args...)
	if r.elems, r.words = 0, 0; cap(r.args) > rebuildKeptBytes {
		r.args = nil
	}
	r.args = r.args[:0]
}

func rebuildString(r *Rebuild, e entry.Entry) (done bool) {
	if !image.InParts(e) {
		r.scratch = str.Bytes(e, r.scratch)
		r.Begin(3, "SET")
		r.Arg(e.Key())
		r.Arg(r.scratch)
		if e.Encoding() != entry.Int && e.Encoding() != entry.Chunked {
			r.scratch = nil // it was a view
		}
		return true
	}
	c, length := &r.cursor, str.Len(e)
	if c.n == 0 {
		r.Begin(3, "SET")
		r.Arg(e.Key())
		r.Out = resp.AppendHeader(r.Out, '$', int(length))
	}
	n := min(length-c.n, rebuildPartBytes)
	str.Segments(e, c.n, n, func(piece []byte) bool {
		r.Out = append(r.Out, piece...)
		return true
	})
	if c.n += n; c.n < length {
		return false
	}
	r.Out = append(r.Out, "\r\n"...)
	return true
}

func rebuildHash(r *Rebuild, e entry.Entry) (done bool) {
	c := &r.cursor
	if !c.second {
		c.pos = hash.Walk(e, c.pos, rebuildBatch, func(field, val []byte, _ int64) { r.pair(e, "HSET", field, val) })
		if c.pos != 0 {
			return false
		}
		r.flush(e, "HSET")
		c.second = true
		return hash.NextDeadline(e) == 0
	}
	c.pos = hash.Walk(e, c.pos, rebuildBatch, func(field, _ []byte, deadline int64) {
		if deadline != 0 {
			r.Begin(6, "HPEXPIREAT")
			r.Arg(e.Key())
			r.Int(deadline)
			r.Arg(fieldsWord)
			r.Int(1)
			r.Arg(field)
		}
	})
	return c.pos == 0
}
