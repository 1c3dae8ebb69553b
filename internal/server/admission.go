package server

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/acl"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/users"
)

// This file asks package admit, and does what has to be done for its answer.

// admit decides whether the caller's call may run. It evicts if the call needs room. The
// caller holds ex.gate and no shard lock.
func (ex *executor) admit(call *command.Call, f admit.Fault) admit.Verdict {
	state := ex.env.state()
	v := admit.Judge(&ex.caller, state, call, f)
	if v.Ruling != admit.MakeRoom {
		return v
	}
	state &^= admit.OverMemory
	if !ex.makeRoom() {
		state |= admit.Full
	}
	return admit.Judge(&ex.caller, state, call, f)
}

// deniedObject is what was denied: the command, or the key or channel.
func deniedObject(d acl.Verdict, call *command.Call) string {
	if d.Arg > 0 {
		return string(call.Args[d.Arg])
	}
	return call.Spec.FullName
}

// noteDenied notes what a client was denied.
func (ex *executor) noteDenied(why acl.Denied, object, user string, multi bool, info []byte) {
	context := users.TopLevel
	if multi || ex.inExec {
		context = users.Multi
	}
	if ex.scr.run != nil {
		context = users.Lua
	}
	ex.env.users.Note(&acl.LogEntry{Reason: why, Context: context, Object: object, User: user, ClientInfo: string(info)})
}
