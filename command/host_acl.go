package command

import "github.com/kringdb/kring/resp"

// ACLHost is the part of Host that knows the users. Methods that change users wait for
// the reactors: only from a Slow command.
type ACLHost interface {
	ACLUsers() []string                                                      // in order of name
	ACLList() []string                                                       // a line per user, as rules
	ACLUser(name string) (u ACLUser, ok bool)                                //
	ACLSetUser(name string, rules []string) (errText string)                 //
	ACLDelUser(names []string) (deleted int, errText string)                 //
	ACLDryRun(name string, s *Spec, args resp.Args) (denied string, ok bool) // ok: there is such a user
	ACLLog(n int) []ACLLogEntry                                              // the newest first
	ACLLogReset()                                                            //
	ACLSave() (errText string)                                               //
	ACLLoad() (errText string)                                               //
	ReadsAllKeys() bool                                                      // the user of the client whose call runs
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
