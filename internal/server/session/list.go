package session

import (
	"errors"
	"slices"
	"sync"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/netio"
)

var errKilled = errors.New("killed by CLIENT KILL")

// endNow closes the session's connection at once. A worker that has a call of its is told to
// end that. It runs on the session's reactor.
func (s *Session) endNow(err error) {
	s.haltCall()
	s.stopWaiting()
	s.Conn.Close(err)
}

// matches tells whether a filter of CLIENT LIST or CLIENT KILL selects the session.
// It runs on the session's reactor.
func (s *Session) matches(f *command.ClientFilter) bool {
	switch {
	case len(f.IDs) > 0 && !slices.Contains(f.IDs, s.id),
		f.Addr != nil && *f.Addr != s.Conn.RemoteAddr(),
		f.LocalAddr != nil && *f.LocalAddr != s.Conn.LocalAddr(),
		f.User != "" && f.User != s.User(),
		f.Type != "" && f.Type != s.kind(),
		f.SkipID == s.id,
		f.MaxAgeSecs > 0 && (s.Conn.Reactor().Now()-s.Conn.Created())/1000 < f.MaxAgeSecs:
		return false
	}
	return true
}

// kind is the session's type in filters.
func (s *Session) kind() string {
	if s.reply == replyFed {
		return "replica"
	}
	if s.subCount > 0 {
		return "pubsub"
	}
	return "normal"
}

// clientsHost implements command.ClientsHost.
type clientsHost struct{ *Clients }

// Pause implements command.ClientsHost. Its caller holds all gates.
func (h clientsHost) Pause(forMs int64, all bool) { h.Pauses.Begin(forMs, all) }

// Unpause implements command.ClientsHost.
func (h clientsHost) Unpause() { h.Pauses.Cancel() }

// Has implements command.ClientsHost.
func (h clientsHost) Has(id int64) bool { return h.Find(id) != nil }

// AppendList implements command.ClientsHost.
func (h clientsHost) AppendList(c *command.Ctx, dst []byte, f *command.ClientFilter) []byte {
	type line struct {
		id   int64
		text []byte
	}
	var mu sync.Mutex
	var lines []line
	h.Ask(c, func(r *netio.Reactor, _ *Station) {
		eachSession(r, func(se *Session) {
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
	h.Ask(c, func(r *netio.Reactor, _ *Station) {
		eachSession(r, func(se *Session) {
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
