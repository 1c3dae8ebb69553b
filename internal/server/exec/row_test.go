package exec

import (
	"testing"

	"github.com/kringdb/kring/resp"
)

// TestRowEndsBehindLargeReplies: a row of calls holds a shard's lock no longer than some tens of kilobytes of replies
// take to be copied.
func TestRowEndsBehindLargeReplies(t *testing.T) {
	e := newEnv(t)
	ex := New(e, new(Gate))
	for name, want := range map[string]int{"small": resp.MaxBatch - 1, "large": 1} {
		k := e.Store.MakeKey([]byte(name))
		n := 100
		if name == "large" {
			n = 40_000
		}
		e.Store.Lock(k.Shard)
		e.Store.SetString(0, k, make([]byte, n), 0)
		e.Store.Unlock(k.Shard)
		b := resp.GetBatch()
		for i := range resp.MaxBatch {
			b.Cmds[i].Args = resp.Args{[]byte("get"), []byte(name)}
		}
		b.N = resp.MaxBatch
		ex.Begin(Identity{Client: ex.Ctx.Client}, 0)
		ex.Prepare(0, b)
		ex.Prepare(0, b) // there is room for all keys now
		ex.Ctx.W.Bind(new(resp.Discard), 2)
		ex.Meter.Start()
		if last := ex.RunRow(b, 0); last != want {
			t.Errorf("GETs of %d bytes: the row ends at %d, want %d", n, last, want)
		}
		ex.Ctx.W.Flush()
		b.Release()
	}
}
