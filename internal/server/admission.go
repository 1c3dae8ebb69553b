package server

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/admit"
)

// This file asks package admit, and does what has to be done for its answer.

// admit decides whether the caller's call may run. It evicts if the call needs room. The
// caller holds ex.gate and no shard lock.
func (ex *executor) admit(call *command.Call, f admit.Fault) admit.Verdict {
	state := ex.srv.state()
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

// state is what admit is told of the server.
func (s *Server) state() (state admit.State) {
	on := s.guard.Load()
	if on&guardLoading != 0 {
		state |= admit.Loading
	}
	if on&guardBroken != 0 {
		state |= admit.Broken
	}
	if on&guardUnsaved != 0 {
		state |= admit.Unsaved
	}
	if on&guardBusy != 0 {
		state |= admit.Busy
	}
	if on&guardMemory != 0 && s.overLimit() {
		state |= admit.OverMemory
	}
	if on&guardPaused != 0 {
		switch _, paused, all := s.pauses(); {
		case !paused:
			s.endPause()
		case all:
			state |= admit.PausedAll
		default:
			state |= admit.PausedWrites
		}
	}
	return state
}
