package session

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/store"
)

// client is a session as the handlers that run on its reactor see it: command.Client.
type client struct{ *Session }

var _ command.Client = client{}

// Select implements command.Client.
func (s client) Select(db int) {
	s.db = int32(db)
}

// SetProto implements command.Client.
func (s client) SetProto(p int) {
	s.proto = int8(p)
	s.ex.W.SetProto(p)
}

// Authenticated implements command.Client.
func (s client) Authenticated() bool { return !s.needAuth }

// SetAuthenticated implements command.Client.
func (s client) SetAuthenticated(user string) {
	u := s.ex.clients.Users.Get(user)
	if u == nil { // deleted since the password was right, perhaps by the same transaction
		s.closeAfterReply()
		return
	}
	s.needAuth = false
	s.ext().user = user
	s.setUser(u)
	s.ex.Caller.User = s.user // what follows in a transaction runs with these rights
}

// SetName implements command.Client.
func (s client) SetName(name string) { s.ext().name = name }

// SetLib implements command.Client.
func (s client) SetLib(attr, value string) {
	if attr == "lib-name" {
		s.ext().libName = value
		return
	}
	s.ext().libVer = value
}

// SetReply implements command.Client.
func (s client) SetReply(mode command.ReplyMode) {
	if s.reply == replyFed {
		return
	}
	switch mode {
	case command.ReplyOn:
		if s.reply != replySkipNext { // within EXEC: what comes after that stays without reply, as in Redis
			s.reply = replyOn
		}
	case command.ReplyOff:
		s.reply = replyOff
	case command.ReplySkip:
		if s.reply != replyOff {
			s.reply = replySkipNext
		}
	}
	s.bindReply()
}

// Pushing implements command.Client.
func (s client) Pushing(on bool) {
	switch {
	case !s.muted():
	case on:
		s.ex.W.Flush()
		s.ex.W.Bind(s.Conn.Out(), int(s.proto))
		s.ex.W.Limit(s.outputRoom())
	default:
		s.bindReply()
	}
}

// SetNoEvict implements command.Client.
func (s client) SetNoEvict(on bool) { s.modes.set(noEvict, on) }

// SetNoTouch implements command.Client.
func (s client) SetNoTouch(on bool) { s.modes.set(noTouch, on) }

// SetReadOnly implements command.Client.
func (s client) SetReadOnly(on bool) { s.modes.set(readsReplica, on) }

// SetAsking implements command.Client.
func (s client) SetAsking() { s.modes.set(asks, true) }

// Reset implements command.Client.
func (s client) Reset() {
	s.queue.end(s.ex.Env)
	s.ex.unsubscribeAll(s.Session)
	s.ex.clients.Monitors.remove(s.Session)
	s.caching.stop(false)
	s.Select(0)
	s.SetProto(2)
	if s.reply != replySkipThis { // its own reply stays away, as in Redis
		s.reply = replyOn
		s.bindReply()
	}
	s.modes = 0
	s.ex.Ctx.NoTouch = false
	if s.more != nil {
		s.more.name, s.more.user = "", ""
	}
	s.loginDefault()
	s.ex.Caller.User = s.user
}

// CloseAfterReply implements command.Client.
func (s client) CloseAfterReply() { s.closeAfterReply() }

// AppendInfo implements command.Client: a handler asks about its own client.
func (s client) AppendInfo(dst []byte) []byte {
	ex := s.ex
	s.lastSpec = ex.Ctx.Spec
	if exec, tx := ex.Units.RunningExec(); exec != nil { // the transaction is shown, as in Redis, although its end has begun
		s.tx, s.lastSpec = tx, exec
		defer func() { s.tx = nil }()
	}
	return listed{Session: s.Session, calls: true}.appendInfo(dst, s.Conn.Reactor().Now())
}

// What a client has of MULTI and WATCH.

// BeginMulti implements command.Client.
func (s client) BeginMulti() bool {
	if s.tx != nil {
		return false
	}
	s.tx = s.ex.Units.NewTransaction()
	return true
}

// InMulti implements command.Client.
func (s client) InMulti() bool { return s.tx != nil }

// DiscardMulti implements command.Client.
func (s client) DiscardMulti() bool {
	if s.tx == nil {
		return false
	}
	s.queue.end(s.ex.Env)
	return true
}

// Watch implements command.Client. The shard of k is locked.
func (s client) Watch(db int, k store.Key, there bool) {
	s.queue.watch(s.ex.Env, db, k, there)
}

// Unwatch implements command.Client. It needs no lock.
func (s client) Unwatch() {
	s.queue.unwatch(s.ex.Env)
}

// What it listens to.

// Subscribe implements command.Client.
func (s client) Subscribe(kind command.SubKind, name []byte) {
	subs := &s.ext().subs
	s.ex.outlet.Subscribe(s.Session, subs, kind, name, len(s.ex.Ctx.Args)-1) // one call often names them all
	s.subCount = int32(subs.Count())
}

// Unsubscribe implements command.Client.
func (s client) Unsubscribe(kind command.SubKind, name []byte) {
	if s.subCount > 0 {
		s.ex.outlet.Unsubscribe(s.Session, &s.more.subs, kind, name)
		s.subCount = int32(s.more.subs.Count())
	}
}

// Subscribed implements command.Client.
func (s client) Subscribed(kind command.SubKind) [][]byte {
	if s.more == nil {
		return nil
	}
	return s.more.subs.Names(kind)
}

// Subscriptions implements command.Client.
func (s client) Subscriptions(kind command.SubKind) int {
	if s.more == nil {
		return 0
	}
	return s.more.subs.Len(kind)
}

// What it caches, and MONITOR.

// Tracking implements command.Client.
func (s client) Tracking() command.Tracking { return s.caching.mode() }

// SetCaching implements command.Client.
func (s client) SetCaching() { s.track.Load().Caching = true }

// SetTracking implements command.Client.
func (s client) SetTracking(mode command.Tracking) { s.caching.set(&s.ex.Executor, s.Session, mode) }

// Monitor implements command.Client.
func (s client) Monitor() bool {
	if s.monitoring {
		return false
	}
	s.ex.Shown.On = true
	s.ex.clients.Monitors.add(s.Session)
	return true
}
