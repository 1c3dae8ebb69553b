package session

import (
	"errors"
	"fmt"

	"github.com/kringdb/kring/netio"
)

// This file is how clients come and go.

// Accept implements netio.Handler: it makes the session of a new connection, or
// answers why there is none.
func (cs *Clients) Accept(r *netio.Reactor, c *netio.Conn) netio.Session {
	cs.Counts.Connections.Add(1)
	if cs.Opts.ProtectedMode.Load() && !cs.Users.PasswordSet() && !c.IsLoopback() && !c.IsUnix() {
		return cs.refuse(c, errProtectedMode)
	}
	if cs.Counts.Clients.Add(1) > cs.Opts.MaxClients.Load() {
		cs.Counts.Clients.Add(-1)
		return cs.refuse(c, "ERR max number of clients reached")
	}
	se := &Session{
		Conn: c, ex: stationOf(r), id: cs.Counts.NextClientID.Add(1), proto: 2, active: r.Now(),
	}
	se.loginDefault()
	cs.byID.add(se)
	return se
}

// HasRoom tells whether one more client would be let in.
func (cs *Clients) HasRoom() bool { return cs.Counts.Clients.Load() < cs.Opts.MaxClients.Load() }

// Find gives the session with an id, nil: there is none. Any goroutine may call it.
func (cs *Clients) Find(id int64) *Session { return cs.byID.find(id) }

func (cs *Clients) refuse(c *netio.Conn, text string) netio.Session {
	cs.Counts.Rejected.Add(1)
	_, _ = fmt.Fprintf(c.Out(), "-%s\r\n", text)
	return nil
}

func (cs *Clients) gone(se *Session, err error) {
	cs.byID.remove(se)
	cs.Counts.Clients.Add(-1)
	if errors.Is(err, errQueryLimit) {
		cs.Counts.QueryLimitCloses.Add(1)
	}
	cs.Log.Debug("client closed", "id", se.id, "reason", err)
}

// errProtectedMode explains itself to the person at the other end.
const errProtectedMode = "DENIED Kring is running in protected mode: no password is set, and this connection does not come " +
	"from the loopback interface. To accept connections from other machines set a password with the 'requirepass' option " +
	"(or CONFIG SET requirepass from this machine), or switch protection off with --protected-mode no if the network is trusted."

// Leave implements netio.Mover: a session may go to another reactor while nothing but the connection
// knows it on this one, and nobody waits to tell it something. WAITAOF leaves waiters behind for a while, and
// whoever is told of another client's keys has not asked for it himself.
func (cs *Clients) Leave(c *netio.Conn) bool {
	s, ok := c.Session().(*Session)
	may := ok && !cs.Tracking.Redirects.Load() && len(s.ex.stalled.syncing) == 0 && !s.closed && !s.closing && !s.busy && !s.stalled && !s.postponed && !s.throttled && !s.unflushed && !s.swollen &&
		!s.monitoring && !s.inCall && s.subCount == 0 && s.reply == replyOn && s.track.Load() == nil && s.tx == nil && s.watching == nil &&
		s.blocked == nil && s.held == nil && s.parser.Buffered() == 0 && (s.more == nil || s.more.replica == nil && s.more.request == nil)
	if may {
		// What it has seen of its own reactor's calls, it must see from the next one.
		s.ex.Meter.ShowCalls(c.Reactor().Now())
	}
	return may
}

// Arrive implements netio.Mover.
func (cs *Clients) Arrive(r *netio.Reactor, c *netio.Conn) { c.Session().(*Session).ex = stationOf(r) }
