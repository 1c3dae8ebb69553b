package session

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/store"
)

// This file is what a session has of MULTI and WATCH; EXEC and the watches themselves are the
// executor's (package exec).

// BeginMulti implements command.Client.
func (s *Session) BeginMulti() bool {
	if s.tx != nil {
		return false
	}
	s.tx = s.ex.Units.NewTransaction()
	return true
}

// InMulti implements command.Client.
func (s *Session) InMulti() bool { return s.tx != nil }

// DiscardMulti implements command.Client.
func (s *Session) DiscardMulti() bool {
	if s.tx == nil {
		return false
	}
	s.endMulti()
	return true
}

// endMulti drops the queue and the watches.
func (s *Session) endMulti() {
	s.tx = nil
	s.Unwatch()
}

// enqueue keeps a call for EXEC.
func (s *Session) enqueue(call *command.Call) {
	s.tx.Add(s.ex.Env, call)
	s.ex.W.Simple("QUEUED")
}

// Watch implements command.Client. The shard of k is locked.
func (s *Session) Watch(db int, k store.Key, there bool) {
	if s.watching == nil {
		s.watching = &exec.WatchSet{}
	}
	s.watching.Add(s.ex.Env, db, k, there)
}

// Unwatch implements command.Client. It needs no lock.
func (s *Session) Unwatch() {
	if s.watching != nil {
		s.watching.Forget(s.ex.Env)
	}
}
