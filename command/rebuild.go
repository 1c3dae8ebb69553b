package command

import (
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/hash"
	"github.com/kringdb/kring/store/str"
)

// Rebuild writes entries as the commands that make them: what a rewritten AOF holds.
type Rebuild struct {
	Out []byte // commands, encoded as multibulk

	scratch []byte
}

// rebuilders write the value of one entry, by type; the deadline is Entry's affair. A
// collection is written in commands of up to rebuildBatch elements each.
var rebuilders = [16]func(r *Rebuild, e entry.Entry){
	entry.String: rebuildString,
	entry.Hash:   rebuildHash,
	entry.List:   rebuildList,
}

// Entry appends the commands that make e in an empty database. The caller holds the
// lock of e's shard.
func (r *Rebuild) Entry(e entry.Entry) {
	rebuilders[e.Type()&15](r, e)
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

func rebuildString(r *Rebuild, e entry.Entry) {
	r.scratch = str.Bytes(e, r.scratch)
	r.Begin(3, "SET")
	r.Arg(e.Key())
	r.Arg(r.scratch)
	if e.Encoding() != entry.Int && e.Encoding() != entry.Chunked {
		r.scratch = nil // it was a view
	}
}

func rebuildHash(r *Rebuild, e entry.Entry) {
	n, i := hash.Len(e), 0
	hash.Each(e, 0, func(field, val []byte, _ int64) bool {
		if i%rebuildBatch == 0 {
			r.Begin(2+2*min(rebuildBatch, n-i), "HSET")
			r.Arg(e.Key())
		}
		r.Arg(field)
		r.Arg(val)
		i++
		return true
	})
	if hash.NextDeadline(e) == 0 {
		return
	}
	hash.Each(e, 0, func(field, _ []byte, deadline int64) bool {
		if deadline != 0 {
			r.Begin(6, "HPEXPIREAT")
			r.Arg(e.Key())
			r.Int(deadline)
			r.Arg(fieldsWord)
			r.Int(1)
			r.Arg(field)
		}
		return true
	})
}
