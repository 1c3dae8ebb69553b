package server

import (
	"time"

	"github.com/kringdb/kring/command"
)

// workerClient is the client whose transaction runs on a worker, as the handlers see it.
// The session belongs to its reactor: what a call changes in it is done when the worker
// has finished, and kept here until then.
type workerClient struct {
	*session
	sc    *slowCall
	ex    *executor                              // the worker's
	name  *string                                // set by CLIENT SETNAME
	subs  *[command.SubKinds]map[string]struct{} // once it has changed them
	after []func()                               // to be run by the session's reactor
}

var _ command.Client = (*workerClient)(nil)

// sessionOf is the session behind a handler's client.
func sessionOf(c command.Client) *session {
	switch c := c.(type) {
	case *session:
		return c
	case *workerClient:
		return c.session
	default:
		return nil
	}
}

func (w *workerClient) later(f func()) { w.after = append(w.after, f) }

// Select implements command.Client.
func (w *workerClient) Select(db int) {
	w.ex.ctx.DB = db
	w.later(func() { w.session.Select(db) })
}

// Proto implements command.Client.
func (w *workerClient) Proto() int { return w.ex.w.Proto() }

// SetProto implements command.Client.
func (w *workerClient) SetProto(p int) {
	w.ex.w.SetProto(p)
	w.later(func() { w.session.SetProto(p) })
}

// SetAuthenticated implements command.Client.
func (w *workerClient) SetAuthenticated(user string) {
	w.later(func() { w.session.SetAuthenticated(user) })
}

// Name implements command.Client.
func (w *workerClient) Name() string {
	if w.name != nil {
		return *w.name
	}
	return w.session.Name()
}

// SetName implements command.Client.
func (w *workerClient) SetName(name string) {
	w.name = &name
	w.later(func() { w.session.SetName(name) })
}

// SetLib implements command.Client.
func (w *workerClient) SetLib(attr, value string) {
	w.later(func() { w.session.SetLib(attr, value) })
}

// SetReply implements command.Client.
func (w *workerClient) SetReply(mode command.ReplyMode) {
	w.later(func() { w.session.SetReply(mode) })
}

// Pushing implements command.Client.
func (w *workerClient) Pushing(on bool) {
	switch {
	case !w.sc.muted:
		return
	case on:
		w.ex.w.Flush()
		w.ex.w.Bind(&w.sc.pushed, w.ex.w.Proto())
	default:
		w.ex.w.Flush()
		w.ex.w.Bind(&w.sc.reply, w.ex.w.Proto())
	}
	w.ex.w.Limit(w.sc.room)
}

// SetNoEvict implements command.Client.
func (w *workerClient) SetNoEvict(on bool) { w.later(func() { w.session.SetNoEvict(on) }) }

// SetNoTouch implements command.Client.
func (w *workerClient) SetNoTouch(on bool) { w.later(func() { w.session.SetNoTouch(on) }) }

// CloseAfterReply implements command.Client.
func (w *workerClient) CloseAfterReply() { w.later(w.session.CloseAfterReply) }

// AppendInfo implements command.Client.
func (w *workerClient) AppendInfo(dst []byte) []byte {
	return w.session.appendInfoAt(dst, time.Now().UnixMilli())
}

// Subscribe implements command.Client.
func (w *workerClient) Subscribe(kind command.SubKind, name []byte) {
	n := string(name)
	w.own()[kind][n] = struct{}{}
	w.later(func() { w.session.Subscribe(kind, []byte(n)) })
}

// Unsubscribe implements command.Client.
func (w *workerClient) Unsubscribe(kind command.SubKind, name []byte) {
	n := string(name)
	delete(w.own()[kind], n)
	w.later(func() { w.session.Unsubscribe(kind, []byte(n)) })
}

// own is the worker's copy of what the session listens to.
func (w *workerClient) own() *[command.SubKinds]map[string]struct{} {
	if w.subs == nil {
		w.subs = new([command.SubKinds]map[string]struct{})
		for k := range w.subs {
			w.subs[k] = map[string]struct{}{}
			for _, name := range w.session.Subscribed(command.SubKind(k)) {
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
