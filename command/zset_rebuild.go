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
	n, i := int(zset.Len(e)), 0
	zset.Each(e, func(member []byte, score float64) bool {
		if i%rebuildBatch == 0 {
			r.Begin(2+2*min(rebuildBatch, n-i), "ZADD")
			r.Arg(e.Key())
		}
		r.scratch = resp.AppendDouble(r.scratch[:0], score)
		r.Arg(r.scratch)
		r.Arg(member)
		i++
		return true
	})
}
