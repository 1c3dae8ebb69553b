package exec

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/acl"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/users"
)

// This file asks package admit, and does what has to be done for its answer.

// Admit decides whether the caller's call may run. It evicts if the call needs room. The
// caller holds ex.Gate and no shard lock.
func (ex *Executor) Admit(call *command.Call, f admit.Fault) admit.Verdict {
	state := ex.Env.State()
	if call.Spec != nil && call.Spec.Flags&command.Script != 0 && (state != 0 || ex.Caller.Slots != nil) {
		ex.Caller.Declared = ex.Env.flagsOf(call)
	}
	v := admit.Judge(&ex.Caller, state, call, f)
	if v.Ruling == admit.MakeRoom {
		state &^= admit.OverMemory
		if !ex.eviction.makeRoom() {
			state |= admit.Full
		}
		v = admit.Judge(&ex.Caller, state, call, f)
	}
	ex.Caller.Declared = 0
	ex.open = v
	return v
}

// Why is what Verdict.Text wants for a verdict about a call of c.
func (ex *Executor) Why(v admit.Verdict, c command.Client) string {
	switch v.Ruling {
	case admit.Moved, admit.Ask:
		return ex.Env.House.Redirection(c, v.Slot, v.Ruling == admit.Ask)
	case admit.Misconfigured:
		return ex.Env.House.WhyBroken()
	}
	return ""
}

// DeniedObject is what was denied: the command, or the key or channel.
func DeniedObject(d acl.Verdict, call *command.Call) string {
	if d.Arg > 0 {
		return string(call.Args[d.Arg])
	}
	return call.Spec.FullName
}

// NoteDenied notes what a client was denied.
func (ex *Executor) NoteDenied(why acl.Denied, object, user string, multi bool, info []byte) {
	context := users.TopLevel
	if multi || ex.Units.inExec {
		context = users.Multi
	}
	if ex.scr.way != noScript {
		context = users.Lua
	}
	ex.Env.Users.Note(&acl.LogEntry{Reason: why, Context: context, Object: object, User: user, ClientInfo: string(info)})
}
