package exec

import (
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/store"
)

// hand is an executor as the keeper uses it, its own or that of a reactor that helps: expiry and
// eviction as executors do it; when, package keeper decides.
type hand struct {
	ex      *Executor
	onInner func(db int, k store.Key, e store.Entry) // expireInner, made once
}

func (h *hand) init(ex *Executor) { h.ex, h.onInner = ex, h.expireInner }

// ExpireStep implements keeper.Hand. The caller holds the executor's gate and no shard lock.
func (h *hand) ExpireStep(shard uint32, now int64) store.Expiry {
	ex, e := h.ex, h.ex.Env
	if !e.MayExpire() {
		return store.Expiry{}
	}
	ex.setClock(now)
	x := e.Store.ExpireStep(shard, now, h.onInner)
	if x.Inner > 0 {
		ex.Wakes.afterUnlock()
	}
	return x
}

// expireInner is called by ExpireStep: something in k's value has fallen due. The shard
// is locked.
func (h *hand) expireInner(db int, key store.Key, e store.Entry) {
	ex := h.ex
	ex.Ctx.DB = db
	ex.Rec.recorded(&ex.Ctx, key, func() { command.ExpireFields(&ex.Ctx, key, e) })
	ex.Env.ExpiredFields.Add(ex.Ctx.FieldsGone)
	ex.Ctx.FieldsGone = 0
	if ex.unsettled() {
		ex.Wakes.settleOne(key.Shard)
	}
}

// Lock implements keeper.Hand.
func (h *hand) Lock() { h.ex.Gate.Lock() }

// Enter implements keeper.Hand.
func (h *hand) Enter() bool { return h.ex.Gate.Enter() }

// Unlock implements keeper.Hand.
func (h *hand) Unlock() { h.ex.Gate.Unlock() }

// Evict implements keeper.Hand.
func (h *hand) Evict(most time.Duration) bool { return h.ex.eviction.evict(most) }

// Settle implements keeper.Hand.
func (h *hand) Settle() {
	h.ex.End()
	h.ex.Meter.Publish()
}

// Kick implements keeper.Hand.
func (h *hand) Kick() { h.ex.Rec.kick() }
