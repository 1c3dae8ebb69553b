package exec

import (
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/keeper"
	"github.com/kringdb/kring/store"
)

// This file is executors as the keeper uses them: expiry and eviction as they do it; when, package keeper decides.

// expireStep does one step of expiry in a shard. The caller holds the executor's gate and
// no shard lock.
func (ex *Executor) expireStep(shard uint32, now int64) store.Expiry {
	e := ex.Env
	if !e.MayExpire() {
		return store.Expiry{}
	}
	ex.setClock(now)
	x := e.Store.ExpireStep(shard, now, ex.onInner)
	if x.Inner > 0 {
		ex.afterUnlock()
	}
	return x
}

// expireInner is called by ExpireStep: something in k's value has fallen due. The shard
// is locked.
func (ex *Executor) expireInner(db int, key store.Key, e store.Entry) {
	ex.Ctx.DB = db
	ex.recorded(key, func() { command.ExpireFields(&ex.Ctx, key, e) })
	ex.Env.ExpiredFields.Add(ex.Ctx.FieldsGone)
	ex.Ctx.FieldsGone = 0
	if ex.unsettled() {
		ex.settleOne(key.Shard)
	}
}

// hand is an executor as the keeper uses it: its own, and those of reactors that help.
type hand struct{ ex *Executor }

// Hand is ex for the keeper.
func (ex *Executor) Hand() keeper.Hand { return hand{ex} }

// Lock implements keeper.Hand.
func (h hand) Lock() { h.ex.Gate.Lock() }

// Enter implements keeper.Hand.
func (h hand) Enter() bool { return h.ex.Gate.Enter() }

// Unlock implements keeper.Hand.
func (h hand) Unlock() { h.ex.Gate.Unlock() }

// ExpireStep implements keeper.Hand.
func (h hand) ExpireStep(shard uint32, now int64) store.Expiry {
	return h.ex.expireStep(shard, now)
}

// Evict implements keeper.Hand.
func (h hand) Evict(most time.Duration) bool { return h.ex.evict(most) }

// Settle implements keeper.Hand.
func (h hand) Settle() {
	h.ex.End()
	h.ex.Meter.Publish()
}

// Kick implements keeper.Hand.
func (h hand) Kick() { h.ex.kick() }
