package server

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/store"
)

// This file is what a session has of MULTI and WATCH; EXEC and the watches themselves are the
// executor's (package exec).

// BeginMulti implements command.Client.
func (s *session) BeginMulti() bool {
	if s.tx != nil {
		return false
	}
	s.tx = s.ex.NewTransaction()
	return true
}

// InMulti implements command.Client.
func (s *session) InMulti() bool { return s.tx != nil }

// DiscardMulti implements command.Client.
func (s *session) DiscardMulti() bool {
	if s.tx == nil {
		return false
	}
	s.endMulti()
	return true
}

// endMulti drops the queue and the watches.
func (s *session) endMulti() {
	s.tx = nil
	s.Unwatch()
}

// enqueue keeps a call for EXEC.
func (s *session) enqueue(call *command.Call) {
	s.tx.Add(s.ex.Env, call)
	s.ex.W.Simple("QUEUED")
}

// Watch implements command.Client. The shard of k is locked.
func (s *session) Watch(db int, k store.Key, there bool) {
	if s.watching == nil {
		s.watching = &exec.WatchSet{}
	}
	s.watching.Add(s.ex.Env, db, k, there)
}

// Unwatch implements command.Client. It needs no lock.
func (s *session) Unwatch() {
	if s.watching != nil {
		s.watching.Forget(s.ex.Env)
	}
}
