package users

import (
	"github.com/kringdb/kring/internal/server/acl"
	"github.com/kringdb/kring/internal/server/admin"
	"github.com/kringdb/kring/resp"
)

// lookCalls are the calls that a user must be allowed for each step of access.
var lookCalls = map[admin.Access][][]string{
	admin.Metrics: {{"info"}},
	admin.All:     {{"slowlog|get", "slowlog", "get"}, {"hotkeys"}, {"bigkeys"}},
}

// Access is how far a visitor over HTTP may look. Who does not say who it is, is the default
// user, as on the data port. Without a password only this machine may look, also if the password went
// after http-address was opened to others.
func (u *Users) Access(v admin.Visitor) admin.Access {
	open := !u.PasswordSet()
	switch {
	case open && !v.Local:
		return admin.Forbidden
	case v.Named:
		if v.User == "" {
			v.User = acl.DefaultUser
		}
		who := u.Get(v.User)
		if who == nil || !who.CheckPassword([]byte(v.Password)) {
			u.log.Warn("a wrong user or password over HTTP", "user", v.User, "client", v.Addr)
			u.Note(&acl.LogEntry{Reason: acl.DeniedAuth, Context: TopLevel, Object: "http", User: v.User, ClientInfo: "addr=" + v.Addr + " cmd=http"})
			return admin.Unknown
		}
		return u.accessOf(who)
	case open:
		return u.accessOf(u.Get(acl.DefaultUser))
	}
	return admin.Unknown
}

// accessOf is how far a user may look.
func (u *Users) accessOf(who *acl.User) admin.Access {
	access := admin.Forbidden
	for _, step := range []admin.Access{admin.Metrics, admin.All} {
		for _, call := range lookCalls[step] {
			args := resp.Args{}
			for _, a := range call[min(1, len(call)-1):] {
				args = append(args, []byte(a))
			}
			// A command that rename-command took away is nobody's.
			if spec := u.table.LookupFull([]byte(call[0])); spec == nil || who.Check(spec, args).Denied != acl.Allowed {
				return access
			}
		}
		access = step
	}
	return access
}
