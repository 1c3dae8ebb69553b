package session

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/acl"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/users"
	"github.com/kringdb/kring/netio"
)

// This file joins users (packages acl and users) with sessions and executors.

// defaultUser is who a connection is before AUTH.
const defaultUser = acl.DefaultUser

// loginDefault makes the session one of the default user, who has to authenticate if a
// password is set.
func (s *Session) loginDefault() {
	u := s.ex.clients.Users.Get(defaultUser)
	s.needAuth = !u.On || !u.NoPass
	s.setUser(u)
}

// SetAuthenticated implements command.Client.
func (s *Session) SetAuthenticated(user string) {
	s.needAuth = false
	s.ext().user = user
	s.setUser(s.ex.clients.Users.Get(user))
	s.ex.Caller.User = s.user // what follows in a transaction runs with these rights
}

// User implements command.Client.
func (s *Session) User() string {
	if s.more == nil || s.more.user == "" {
		return defaultUser
	}
	return s.more.user
}

// setUser binds the session to a user's present rights; nobody asks about one who may
// do everything.
func (s *Session) setUser(u *acl.User) { s.user = users.Ranked(u) }

// logDenied notes a call that its user may not make. It runs on the session's reactor.
func (s *Session) logDenied(d acl.Verdict, call *command.Call) {
	s.ex.NoteDenied(d.Denied, exec.DeniedObject(d, call), s.User(), s.tx != nil, s.appendInfo(nil))
}

// mayListen tells whether the session's user may still hear all that it listens to.
func (s *Session) mayListen() bool {
	for kind := range command.SubKinds {
		for _, name := range s.Subscribed(command.SubKind(kind)) {
			if !s.user.AllowsChannel(name, command.SubKind(kind) == command.SubPattern) {
				return false
			}
		}
	}
	return true
}

// NewUsersHouse makes the clients as package users sees them.
func NewUsersHouse(cs *Clients) users.House { return usersHouse{cs} }

// usersHouse implements users.House.
type usersHouse struct{ *Clients }

// User implements users.House.
func (h usersHouse) User(c *command.Ctx) *acl.User { return exec.Of(c).Caller.User }

// NoteDenied implements users.House.
func (h usersHouse) NoteDenied(c *command.Ctx, why acl.Denied, object, user string) {
	exec.Of(c).NoteDenied(why, object, user, c.Client.InMulti(), c.Client.AppendInfo(nil))
}

// Rebind implements users.House.
func (h usersHouse) Rebind(c *command.Ctx) {
	h.Ask(c, func(r *netio.Reactor, _ *Station) {
		eachSession(r, func(se *Session) {
			u := h.Users.Get(se.User())
			switch {
			case u != nil:
				se.setUser(u)
				switch {
				case se.user == nil || se.mayListen():
				case se.busy:
					se.closeAfterReply()
				default:
					se.Conn.Close(errKilled)
				}
			case se.busy: // the one who deleted itself still gets the reply
				se.closeAfterReply()
			default:
				se.Conn.Close(errKilled)
			}
		})
	})
}
