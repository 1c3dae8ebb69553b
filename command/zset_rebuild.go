package command

import (
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/zset"
)

func init() { rebuilders[entry.ZSet] = rebuildZSet }

// rebuildZSet writes ZADD commands, in the set's order; a score's text reads back as
// the same score.
func rebuildZSet(r *Rebuild, e entry.Entry) {
	left := zset.Len(e)
	var it zset.Iter
	it.Seek(e, 0, left, false)
	for left > 0 {
		n := min(left, rebuildBatch)
		r.Begin(2+2*int(n), "ZADD")
		r.Arg(e.Key())
		for range n {
			it.Next()
			r.scratch = resp.AppendDouble(r.scratch[:0], it.Score())
			r.Arg(r.scratch)
			r.Arg(it.Member())
		}
		left -= n
	}
}
