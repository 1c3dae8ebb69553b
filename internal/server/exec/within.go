package exec

import "github.com/kringdb/kring/store"

// Within implements command.Lane: it runs f, part of a long call without keys, under the lock of k's shard as if it
// were a call of its own: what it did is recorded, and those who wait for k are served.
// The caller holds the executor's gate and no shard lock, and its call has no effect of
// its own (Ctx.NoEffect).
func (ex *Executor) Within(k store.Key, f func()) {
	st := ex.Env.Store
	st.Lock(k.Shard)
	ex.recorded(k, f)
	if ex.unsettled() && !ex.inExec {
		ex.settleOne(k.Shard)
	}
	st.Unlock(k.Shard)
	if !ex.inExec {
		ex.afterUnlock()
	}
}
