package server

import (
	"errors"
	"slices"
	"sync"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/netio"
)

var errKilled = errors.New("killed by CLIENT KILL")

// askReactors has every reactor run f, for c's call: see Executor.AskReactors.
func (s *Server) askReactors(c *command.Ctx, f func(r *netio.Reactor, ex *station)) {
	exec.Of(c).AskReactors(func(r *netio.Reactor) { f(r, stationOf(r)) })
}

// askUnlocked is askReactors for somebody who holds nothing.
func (s *Server) askUnlocked(f func(r *netio.Reactor, ex *station)) {
	s.Env.AskReactors(func(r *netio.Reactor) { f(r, stationOf(r)) })
}

// eachSession calls f for every open session of one reactor, on that reactor.
func eachSession(r *netio.Reactor, f func(se *session)) {
	r.EachConn(func(c *netio.Conn) bool {
		if se, ok := c.Session().(*session); ok && !se.closed {
			f(se)
		}
		return true
	})
}

// endNow closes the session's connection at once. A worker that has a call of its is told to
// end that. It runs on the session's reactor.
func (s *session) endNow(err error) {
	s.haltCall()
	s.stopWaiting()
	s.conn.Close(err)
}

// matches tells whether a filter of CLIENT LIST or CLIENT KILL selects the session.
// It runs on the session's reactor.
func (s *session) matches(f *command.ClientFilter) bool {
	switch {
	case len(f.IDs) > 0 && !slices.Contains(f.IDs, s.id),
		f.Addr != nil && *f.Addr != s.conn.RemoteAddr(),
		f.LocalAddr != nil && *f.LocalAddr != s.conn.LocalAddr(),
		f.User != "" && f.User != s.User(),
		f.Type != "" && f.Type != s.kind(),
		f.SkipID == s.id,
		f.MaxAgeSecs > 0 && (s.conn.Reactor().Now()-s.conn.Created())/1000 < f.MaxAgeSecs:
		return false
	}
	return true
}

// kind is the session's type in filters.
func (s *session) kind() string {
	if s.subCount > 0 {
		return "pubsub"
	}
	return "normal"
}

// AppendList implements command.ClientsHost.
func (h clientsHost) AppendList(c *command.Ctx, dst []byte, f *command.ClientFilter) []byte {
	type line struct {
		id   int64
		text []byte
	}
	var mu sync.Mutex
	var lines []line
	h.srv.askReactors(c, func(r *netio.Reactor, _ *station) {
		eachSession(r, func(se *session) {
			if se.matches(f) {
				l := line{se.id, append(se.appendInfo(nil), '\n')}
				mu.Lock()
				lines = append(lines, l)
				mu.Unlock()
			}
		})
	})
	if len(f.IDs) > 0 { // in the order asked, and as often
		for _, id := range f.IDs {
			if i := slices.IndexFunc(lines, func(l line) bool { return l.id == id }); i >= 0 {
				dst = append(dst, lines[i].text...)
			}
		}
		return dst
	}
	slices.SortFunc(lines, func(a, b line) int { return int(a.id - b.id) })
	for _, l := range lines {
		dst = append(dst, l.text...)
	}
	return dst
}

// Kill implements command.ClientsHost. A client that kills itself still gets its reply.
func (h clientsHost) Kill(c *command.Ctx, f *command.ClientFilter) int {
	var mu sync.Mutex
	killed, own := 0, c.Client.ID()
	h.srv.askReactors(c, func(r *netio.Reactor, _ *station) {
		eachSession(r, func(se *session) {
			if !se.matches(f) {
				return
			}
			mu.Lock()
			killed++
			mu.Unlock()
			if se.id == own {
				se.closeAfterReply()
			} else {
				se.endNow(errKilled)
			}
		})
	})
	return killed
}
