package session

import (
	"errors"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/feed"
)

// This file is a client that becomes a replica: package feed serves it then.

// replicaPeer is a session as its replica sees it.
type replicaPeer struct{ s *Session }

// Addr implements feed.Peer.
func (p replicaPeer) Addr() string { return p.s.Conn.RemoteAddr() }

// Hangup implements feed.Peer.
func (p replicaPeer) Hangup(err error) {
	p.s.Post(func() {
		if !p.s.closed {
			p.s.endNow(err)
		}
	})
}

// replicaOf is what the session is as a replica.
func replicaOf(s *Session) *feed.Replica {
	x := s.ext()
	if x.replica == nil {
		x.replica = s.ex.clients.Feed.NewReplica(replicaPeer{s})
	}
	return x.replica
}

// beginFeed gives the sending side away, once PSYNC has been asked for.
func beginFeed(s *Session) {
	q := s.more.request
	if q == nil {
		return
	}
	s.more.request = nil
	out, rest, err := s.Conn.TakeOutput()
	if err != nil {
		s.Conn.Close(err)
		return
	}
	s.more.replica.Start(*q, out, rest)
}

// endAnswered ends, at the end of a batch, the connection of a replica that has called what has a reply, as Redis does:
// there is no place for one in the stream.
func endAnswered(s *Session) {
	if s.ex.Quiet.Len() == s.more.unsent && !s.busy && s.blocked == nil || s.closed || s.closing {
		return
	}
	s.closing = true // nothing more runs
	s.more.replica.Blame(errAnswered)
	s.endNow(errAnswered)
}

var errAnswered = errors.New("the replica has called what has a reply")

// endFeed is for a connection that ends.
func endFeed(s *Session) {
	if s.reply == replyFed {
		s.more.replica.Gone()
	}
}

// ReplicasHost is the part of command.ReplicasHost that is of clients.
type ReplicasHost struct{ clients *Clients }

// Sync implements command.ReplicasHost.
func (h ReplicasHost) Sync(c *command.Ctx, q command.SyncRequest) (errText string) {
	s, ok := c.Client.(client)
	switch {
	case !ok:
		return "ERR SYNC and PSYNC are for connections of their own"
	case s.reply == replyFed:
		return ""
	}
	if errText := h.clients.Feed.Refuse(replicaOf(s.Session), q); errText != "" {
		return errText
	}
	s.more.request = &q
	s.caching.stop(false)
	s.reply = replyFed
	s.bindReply()
	return ""
}

// Tell implements command.ReplicasHost.
func (h ReplicasHost) Tell(c *command.Ctx, what command.ReplicaFact, n int64, text string) {
	s, ok := c.Client.(client)
	if !ok { // in a script or a transaction, of nobody
		return
	}
	switch r := replicaOf(s.Session); what {
	case command.ReplicaPort:
		r.SetPort(int(n))
	case command.ReplicaIP:
		r.SetIP(text)
	case command.ReplicaNode:
		r.SetNode(text)
	case command.ReplicaEOF:
		r.SetEOF()
	case command.ReplicaPSYNC2:
		r.SetPSYNC2()
	case command.ReplicaVersion:
		r.SetKnown()
	case command.ReplicaRDBOnly:
		r.SetRDBOnly(n != 0)
	case command.ReplicaFilter:
		r.SetFilter(n&command.FilterFunctions != 0)
	}
}

// Acknowledge implements command.ReplicasHost.
func (h ReplicasHost) Acknowledge(c *command.Ctx, offset, durable int64) {
	if s, ok := c.Client.(client); ok && s.reply == replyFed {
		s.more.replica.Acknowledge(offset, durable, s.Conn.Reactor().Now())
	}
}

// Promised implements command.ReplicasHost.
func (h ReplicasHost) Promised(c *command.Ctx, number, ms int64) {
	if s, ok := c.Client.(client); ok && s.reply == replyFed {
		s.more.replica.Promise(number, ms)
	}
}

// Offset implements command.ReplicasHost: what the client has written lies before the offset of now.
func (h ReplicasHost) Offset(c *command.Ctx) int64 {
	if max(Written(c.Client), exec.Of(c).Rec.Wrote()) == 0 {
		return 0
	}
	return h.clients.Feed.Backlog.Offset()
}

// Acked implements command.ReplicasHost.
func (h ReplicasHost) Acked(offset int64, durable bool) int64 {
	return h.clients.Feed.Acked(offset, durable)
}

// AskAcks implements command.ReplicasHost.
func (h ReplicasHost) AskAcks(c *command.Ctx) {
	h.clients.Feed.AskAcks()
	exec.Of(c).Rec.AskWrite()
}
