package server

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/store"
)

// This file is expiry as executors do it; when, package keeper decides.

// expireStep does one step of expiry in a shard. The caller holds the executor's gate and
// no shard lock.
func (ex *executor) expireStep(shard uint32, now int64) store.Expiry {
	e := ex.env
	if !e.mayExpire() {
		return store.Expiry{}
	}
	ex.setClock(now)
	x := e.store.ExpireStep(shard, now, ex.onInner)
	if x.Inner > 0 {
		ex.afterUnlock()
	}
	return x
}

// expireInner is called by ExpireStep: something in k's value has fallen due. The shard
// is locked.
func (ex *executor) expireInner(db int, key store.Key, e store.Entry) {
	ex.ctx.DB = db
	ex.recorded(key, func() { command.ExpireFields(&ex.ctx, key, e) })
	ex.env.expiredFields.Add(ex.ctx.FieldsGone)
	ex.ctx.FieldsGone = 0
	if ex.unsettled() {
		ex.settleOne(key.Shard)
	}
}
