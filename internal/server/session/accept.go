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
		Conn: c, ex: stationOf(r), id: cs.NewID(), proto: 2, active: r.Now(),
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
