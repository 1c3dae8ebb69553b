package command

import (
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/zset"
)

func init() { rebuilders[entry.ZSet] = rebuildZSet }

// rebuildZSet writes ZADD commands, in the set's order; a score's text reads back as
// the same score.
func rebuildZSet(r *Rebuild, e entry.Entry) (done bool) {
	c := &r.cursor
	n := min(int64(zset.Len(e))-c.n, rebuildBatch)
	var it zset.Iter
	for it.Seek(e, uint64(c.n), uint64(n), false); it.Next(); {
		r.scratch = resp.AppendDouble(r.scratch[:0], it.Score())
		r.pair(e, "ZADD", r.scratch, it.Member())
	}
	if c.n += n; c.n < int64(zset.Len(e)) {
		return false
	}
	r.flush(e, "ZADD")
	return true
}
