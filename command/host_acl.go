package command

import "github.com/kringdb/kring/resp"

// UsersHost is the part of Host that knows the users. Methods that change users wait for
// the reactors: only from a Slow command.
type UsersHost interface {
	PasswordSet() bool
	CheckPassword(c *Ctx, user, password []byte) bool
	Names() []string                                                      // in order of name
	List() []string                                                       // a line per user, as rules
	User(name string) (u ACLUser, ok bool)                                //
	SetUser(c *Ctx, name string, rules []string) (errText string)         //
	DelUser(c *Ctx, names []string) (deleted int, errText string)         //
	DryRun(name string, s *Spec, args resp.Args) (denied string, ok bool) // ok: there is such a user
	Log(n int) []ACLLogEntry                                              // the newest first
	ResetLog()                                                            //
	Save() (errText string)                                               //
	Load(c *Ctx) (errText string)                                         //
	ReadsAllKeys(c *Ctx) bool                                             // the user of the client whose call runs
}

// ACLRights is what one selector of a user allows, as rules.
type ACLRights struct{ Commands, Keys, Channels string }

// ACLUser is a user as ACL GETUSER shows it.
type ACLUser struct {
	Flags, Passwords []string
	Root             ACLRights
	Selectors        []ACLRights
}

// ACLLogEntry is a line of ACL LOG; times are in milliseconds since 1970.
type ACLLogEntry struct {
	ID, Count                                     int64
	Reason, Context, Object, Username, ClientInfo string
	CreatedMs, UpdatedMs                          int64
}
