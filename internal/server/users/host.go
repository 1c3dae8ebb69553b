package users

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/files"
	"github.com/kringdb/kring/internal/server/acl"
	"github.com/kringdb/kring/resp"
)

// House is what this package has to know of those who run calls.
type House interface {
	// User is whose rights the caller of c's call has; nil: one who may do everything.
	User(c *command.Ctx) *acl.User
	// NoteDenied notes in the ACL log what c's client was denied; user is who it said it was.
	NoteDenied(c *command.Ctx, why acl.Denied, object, user string)
	// Rebind gives every client its user's present rights and closes those whose user is
	// gone. It waits for the reactors, so it is for workers.
	Rebind(c *command.Ctx)
}

// Host is the users as the handlers see them.
type Host struct {
	users *Users
	house House
}

var _ command.UsersHost = Host{}

// NewHost makes the users' Host.
func NewHost(u *Users, h House) Host { return Host{u, h} }

// PasswordSet implements command.UsersHost.
func (h Host) PasswordSet() bool { return h.users.PasswordSet() }

// CheckPassword implements command.UsersHost. A wrong one is noted in the ACL log.
func (h Host) CheckPassword(c *command.Ctx, user, password []byte) bool {
	u := h.users.Get(string(user))
	if u != nil && u.CheckPassword(password) {
		return true
	}
	h.house.NoteDenied(c, acl.DeniedAuth, string(c.Args[0]), string(user))
	return false
}

// ReadsAllKeys implements command.UsersHost.
func (h Host) ReadsAllKeys(c *command.Ctx) bool {
	u := h.house.User(c)
	return u == nil || u.ReadsAllKeys()
}

// Names implements command.UsersHost.
func (h Host) Names() []string { return h.users.Names() }

// List implements command.UsersHost.
func (h Host) List() []string { return h.users.List() }

// User implements command.UsersHost.
func (h Host) User(name string) (command.ACLUser, bool) {
	u := h.users.Get(name)
	if u == nil {
		return command.ACLUser{}, false
	}
	root, others := u.Rights()
	out := command.ACLUser{Flags: u.Flags(), Passwords: u.Passwords(), Root: command.ACLRights(root)}
	for _, o := range others {
		out.Selectors = append(out.Selectors, command.ACLRights(o))
	}
	return out, true
}

// SetUser implements command.UsersHost.
func (h Host) SetUser(c *command.Ctx, name string, rules []string) string {
	_, err := h.users.Set(name, rules)
	var re *acl.RuleError
	switch {
	case errors.As(err, &re):
		rule := command.CText([]byte(re.Rule), len(re.Rule))
		return fmt.Sprintf("ERR Error in ACL SETUSER modifier '%s': %v", rule, re.Err)
	case err != nil:
		return "ERR " + err.Error()
	}
	h.house.Rebind(c)
	return ""
}

// DelUser implements command.UsersHost.
func (h Host) DelUser(c *command.Ctx, names []string) (int, string) {
	gone, err := h.users.Delete(names)
	if err != nil {
		return 0, "ERR " + err.Error()
	}
	if len(gone) > 0 {
		h.house.Rebind(c)
	}
	return len(gone), ""
}

// DryRun implements command.UsersHost.
func (h Host) DryRun(name string, spec *command.Spec, args resp.Args) (string, bool) {
	u := h.users.Get(name)
	if u == nil {
		return "", false
	}
	v := u.Check(spec, args)
	if v.Denied == acl.Allowed {
		return "", true
	}
	return v.DryRunText(u, spec, args), true
}

// Log implements command.UsersHost.
func (h Host) Log(n int) []command.ACLLogEntry {
	var out []command.ACLLogEntry
	for _, e := range h.users.logged.Latest(n) {
		out = append(out, command.ACLLogEntry{
			ID: e.ID, Count: e.Count, Reason: e.Reason.String(), Context: e.Context, Object: e.Object, Username: e.User,
			ClientInfo: e.ClientInfo, CreatedMs: e.CreatedMs, UpdatedMs: e.LastUpdated,
		})
	}
	return out
}

// ResetLog implements command.UsersHost.
func (h Host) ResetLog() { h.users.logged.Reset() }

// ErrNoACLFile is the reply to ACL SAVE and ACL LOAD without the option aclfile.
const ErrNoACLFile = "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command " +
	"and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration."

// Load implements command.UsersHost.
func (h Host) Load(c *command.Ctx) string {
	file := h.users.file()
	if file == "" {
		return ErrNoACLFile
	}
	if err := h.users.loadFile(file); err != nil {
		return "ERR " + err.Error() + " WARNING: ACL errors detected, no change to the previously active ACL rules was performed"
	}
	h.house.Rebind(c)
	return ""
}

// Save implements command.UsersHost: it writes a new file and puts it into the place of
// the old one.
func (h Host) Save() string {
	file := h.users.file()
	if file == "" {
		return ErrNoACLFile
	}
	if err := files.Replace(file, []byte(strings.Join(h.users.List(), "\n")+"\n"), 0o600); err != nil {
		h.users.log.Error("the ACL file cannot be written", "file", file, "error", err)
		return "ERR There was an error trying to save the ACLs. Please check the server logs for more information"
	}
	return ""
}
