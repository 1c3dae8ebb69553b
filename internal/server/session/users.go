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
				case se.user == nil || mayListen(se):
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

// mayListen tells whether a session's user may still hear all that it listens to.
func mayListen(s *Session) bool {
	for kind := range command.SubKinds {
		for _, name := range (client{s}).Subscribed(command.SubKind(kind)) {
			if !s.user.AllowsChannel(name, command.SubKind(kind) == command.SubPattern) {
				return false
			}
		}
	}
	return true
}
