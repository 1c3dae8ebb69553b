package session

import (
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/users"
	"github.com/kringdb/kring/store"
)

// workerClient is the client whose call, or transaction, runs on a worker, as the handlers see
// it. The session belongs to its reactor: what a handler asks for is what was handed over with the
// call, and what a call changes in the session is done when the worker has finished, and kept in
// SlowCall.After until then. But for what never changes, it touches two things of the client, which
// are the worker's while it runs the client's call: its watches and its tracker.
type workerClient struct {
	s     *Session
	sc    *exec.SlowCall
	ex    *exec.Executor                         // the worker's
	name  string                                 // as CLIENT SETNAME has left it
	user  string                                 // as AUTH has
	auth  bool                                   // it has authenticated
	proto int                                    // as HELLO has left it
	muted bool                                   // as CLIENT REPLY has
	subs  *[command.SubKinds]map[string]struct{} // what it listens to, a copy once it is asked for
	face  *face                                  // as it shows itself, once that has changed
}

var _ command.Client = (*workerClient)(nil)

// sessionOf is the session behind a handler's client, nil for nobody's. Somebody else than its
// reactor may read of it what never changes.
func sessionOf(c command.Client) *Session {
	s, _ := exec.PeerOf(c).(*Session)
	return s
}

// IsLocal tells whether the client is on the same machine; nobody's is not.
func IsLocal(c command.Client) bool {
	s := sessionOf(c)
	return s != nil && s.isLocal()
}

// ByTLS tells whether the client's connection uses TLS; nobody's does not.
func ByTLS(c command.Client) bool {
	s := sessionOf(c)
	return s != nil && s.Conn.IsPrepared()
}

func newWorkerClient(s *Session, sc *exec.SlowCall, ex *exec.Executor) *workerClient {
	return &workerClient{s: s, sc: sc, ex: ex, name: sc.Name, user: sc.UserName, auth: sc.Auth, proto: int(sc.Proto), muted: sc.Muted}
}

func (w *workerClient) later(f func()) { w.sc.After = append(w.sc.After, f) }

// show changes how the client shows itself to the calls that follow in its transaction.
func (w *workerClient) show() *face {
	if w.face == nil {
		f := faceOf(w.s)
		w.face = &f
	}
	return w.face
}

// Peer is the client.
func (w *workerClient) Peer() exec.Peer { return w.s }

// ID implements command.Client.
func (w *workerClient) ID() int64 { return w.s.id }

// Select implements command.Client.
func (w *workerClient) Select(db int) {
	w.show().db = db
	w.later(func() { client{w.s}.Select(db) })
}

// Proto implements command.Client.
func (w *workerClient) Proto() int { return w.proto }

// SetProto implements command.Client.
func (w *workerClient) SetProto(p int) {
	w.proto, w.show().proto = p, p
	w.ex.W.SetProto(p)
	w.later(func() { client{w.s}.SetProto(p) })
}

// Authenticated implements command.Client.
func (w *workerClient) Authenticated() bool { return w.auth }

// SetAuthenticated implements command.Client.
func (w *workerClient) SetAuthenticated(user string) {
	u := w.ex.Env.Users.Get(user)
	if u == nil {
		w.CloseAfterReply()
		return
	}
	w.user, w.auth, w.show().user = user, true, user
	w.ex.Caller.User = users.Ranked(u) // what follows in a transaction runs with these rights
	w.later(func() { client{w.s}.SetAuthenticated(user) })
}

// User implements command.Client.
func (w *workerClient) User() string { return w.user }

// Name implements command.Client.
func (w *workerClient) Name() string { return w.name }

// SetName implements command.Client.
func (w *workerClient) SetName(name string) {
	w.name, w.show().name = name, name
	w.later(func() { client{w.s}.SetName(name) })
}

// Reset implements command.Client.
func (w *workerClient) Reset() { w.later(client{w.s}.Reset) }

// BeginMulti implements command.Client: MULTI never comes to a worker.
func (w *workerClient) BeginMulti() bool { return false }

// InMulti implements command.Client.
func (w *workerClient) InMulti() bool { return w.sc.Spec.Flags&command.Exec != 0 }

// DiscardMulti implements command.Client: DISCARD never comes to a worker.
func (w *workerClient) DiscardMulti() bool { return false }

// Watch implements command.Client.
func (w *workerClient) Watch(db int, k store.Key, there bool) {
	w.s.queue.watch(w.ex.Env, db, k, there)
}

// Unwatch implements command.Client.
func (w *workerClient) Unwatch() { w.s.queue.unwatch(w.ex.Env) }

// Tracking implements command.Client.
func (w *workerClient) Tracking() command.Tracking { return w.s.caching.mode() }

// SetTracking implements command.Client.
func (w *workerClient) SetTracking(mode command.Tracking) { w.s.caching.set(w.ex, w.s, mode) }

// SetCaching implements command.Client.
func (w *workerClient) SetCaching() { client{w.s}.SetCaching() }

// Monitor implements command.Client.
func (w *workerClient) Monitor() bool {
	if w.sc.Monitoring {
		return false
	}
	w.sc.Monitoring, w.show().monitoring = true, true
	w.later(func() { client{w.s}.Monitor() })
	return true
}

// SetLib implements command.Client.
func (w *workerClient) SetLib(attr, value string) {
	if attr == "lib-name" {
		w.show().libName = value
	} else {
		w.show().libVer = value
	}
	w.later(func() { client{w.s}.SetLib(attr, value) })
}

// SetReply implements command.Client.
func (w *workerClient) SetReply(mode command.ReplyMode) {
	w.later(func() { client{w.s}.SetReply(mode) })
	if mode != command.ReplySkip { // which concerns what comes after the transaction
		w.muted = mode == command.ReplyOff
		w.sc.Write(w.ex, !w.muted)
	}
}

// Pushing implements command.Client.
func (w *workerClient) Pushing(on bool) {
	if w.muted {
		w.sc.Write(w.ex, on)
	}
}

// SetNoEvict implements command.Client.
func (w *workerClient) SetNoEvict(on bool) {
	w.show().modes.set(noEvict, on)
	w.later(func() { client{w.s}.SetNoEvict(on) })
}

// SetNoTouch implements command.Client.
func (w *workerClient) SetNoTouch(on bool) {
	w.show().modes.set(noTouch, on)
	w.later(func() { client{w.s}.SetNoTouch(on) })
}

// SetReadOnly implements command.Client.
func (w *workerClient) SetReadOnly(on bool) {
	w.show().modes.set(readsReplica, on)
	w.later(func() { client{w.s}.SetReadOnly(on) })
}

// SetAsking implements command.Client.
func (w *workerClient) SetAsking() { w.later(client{w.s}.SetAsking) }

// CloseAfterReply implements command.Client.
func (w *workerClient) CloseAfterReply() { w.later(client{w.s}.CloseAfterReply) }

// AppendInfo implements command.Client.
func (w *workerClient) AppendInfo(dst []byte) []byte {
	return listed{Session: w.s, as: w.face}.appendInfo(dst, time.Now().UnixMilli())
}

// Subscribe implements command.Client.
func (w *workerClient) Subscribe(kind command.SubKind, name []byte) {
	n := string(name)
	w.own()[kind][n] = struct{}{}
	w.show().subs[kind] = len(w.own()[kind])
	w.later(func() { client{w.s}.Subscribe(kind, []byte(n)) })
}

// Unsubscribe implements command.Client.
func (w *workerClient) Unsubscribe(kind command.SubKind, name []byte) {
	n := string(name)
	delete(w.own()[kind], n)
	w.show().subs[kind] = len(w.own()[kind])
	w.later(func() { client{w.s}.Unsubscribe(kind, []byte(n)) })
}

// own is the worker's copy of what the session listens to.
func (w *workerClient) own() *[command.SubKinds]map[string]struct{} {
	if w.subs == nil {
		w.subs = new([command.SubKinds]map[string]struct{})
		for k := range w.subs {
			w.subs[k] = map[string]struct{}{}
			for _, name := range (client{w.s}).Subscribed(command.SubKind(k)) {
				w.subs[k][string(name)] = struct{}{}
			}
		}
	}
	return w.subs
}

// Subscribed implements command.Client.
func (w *workerClient) Subscribed(kind command.SubKind) [][]byte {
	var names [][]byte
	for n := range w.own()[kind] {
		names = append(names, []byte(n))
	}
	return names
}

// Subscriptions implements command.Client.
func (w *workerClient) Subscriptions(kind command.SubKind) int { return len(w.own()[kind]) }

// Listening implements command.Client.
func (w *workerClient) Listening() bool {
	n := 0
	for _, names := range w.own() {
		n += len(names)
	}
	return n > 0
}
