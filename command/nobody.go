package command

import "github.com/kringdb/kring/store"

// Nobody is the client of calls that no connection has sent: those that are loaded. It has a
// database and a protocol, forgets what else it is told, and listens to nothing.
type Nobody struct {
	DB       int // as SELECT has left it
	Protocol int // protocol, 0: RESP2
}

var _ Client = (*Nobody)(nil)

// ID implements Client: no connection has it.
func (n *Nobody) ID() int64 { return 0 }

// Select implements Client.
func (n *Nobody) Select(db int) { n.DB = db }

// Proto implements Client.
func (n *Nobody) Proto() int { return max(n.Protocol, 2) }

// SetProto implements Client.
func (n *Nobody) SetProto(p int) { n.Protocol = p }

// Authenticated implements Client.
func (n *Nobody) Authenticated() bool { return true }

// SetAuthenticated implements Client.
func (n *Nobody) SetAuthenticated(string) {}

// User implements Client.
func (n *Nobody) User() string { return "" }

// Name implements Client.
func (n *Nobody) Name() string { return "" }

// SetName implements Client.
func (n *Nobody) SetName(string) {}

// SetLib implements Client.
func (n *Nobody) SetLib(string, string) {}

// SetReply implements Client.
func (n *Nobody) SetReply(ReplyMode) {}

// Pushing implements Client.
func (n *Nobody) Pushing(bool) {}

// SetNoEvict implements Client.
func (n *Nobody) SetNoEvict(bool) {}

// SetNoTouch implements Client.
func (n *Nobody) SetNoTouch(bool) {}

// SetReadOnly implements Client.
func (n *Nobody) SetReadOnly(bool) {}

// SetAsking implements Client.
func (n *Nobody) SetAsking() {}

// Reset implements Client.
func (n *Nobody) Reset() { *n = Nobody{} }

// BeginMulti implements Client.
func (n *Nobody) BeginMulti() bool { return false }

// InMulti implements Client.
func (n *Nobody) InMulti() bool { return false }

// DiscardMulti implements Client.
func (n *Nobody) DiscardMulti() bool { return false }

// Unwatch implements Client.
func (n *Nobody) Unwatch() {}

// Monitor implements Client.
func (n *Nobody) Monitor() bool { return false }

// CloseAfterReply implements Client.
func (n *Nobody) CloseAfterReply() {}

// AppendInfo implements Client.
func (n *Nobody) AppendInfo(dst []byte) []byte { return dst }

// Subscribe implements Client.
func (n *Nobody) Subscribe(SubKind, []byte) {}

// Unsubscribe implements Client.
func (n *Nobody) Unsubscribe(SubKind, []byte) {}

// Subscribed implements Client.
func (n *Nobody) Subscribed(SubKind) [][]byte { return nil }

// Subscriptions implements Client.
func (n *Nobody) Subscriptions(SubKind) int { return 0 }

// Listening implements Client.
func (n *Nobody) Listening() bool { return false }

// Tracking implements Client.
func (n *Nobody) Tracking() Tracking { return Tracking{} }

// SetTracking implements Client.
func (n *Nobody) SetTracking(Tracking) {}

// SetCaching implements Client.
func (n *Nobody) SetCaching() {}

// Watch implements Client.
func (n *Nobody) Watch(int, store.Key, bool) {}
