package server

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/acl"
	"github.com/kringdb/kring/netio"
	"github.com/kringdb/kring/resp"
)

// This file joins users (package acl) with sessions, options and the handlers.

// defaultUser is who a connection is before AUTH.
const defaultUser = acl.DefaultUser

var errTwoSources = errors.New("users stand both in the configuration file (user) and in an ACL file (aclfile): use one of them")

// openUsers makes the users from requirepass, and then from the configuration file or from
// the ACL file, which know better of the default user.
func (s *Server) openUsers() error {
	s.acl = acl.New(s.table)
	s.acl.SetPubSubDefault(s.opts.String("acl-pubsub-default") == "allchannels")
	s.opts.OnChange("acl-pubsub-default", func() error {
		s.acl.SetPubSubDefault(s.opts.String("acl-pubsub-default") == "allchannels")
		return nil
	})
	if pw := s.opts.RequirePass.Load(); pw != "" {
		s.acl.SetDefaultPassword(pw)
	}
	s.opts.OnChange("requirepass", func() error {
		s.acl.SetDefaultPassword(s.opts.RequirePass.Load())
		return nil
	})
	s.opts.OnRewrite("user", s.userDirectives)
	lines, file := s.opts.Lines("user"), s.aclFile()
	switch {
	case len(lines) > 0 && file != "":
		return errTwoSources
	case file != "":
		return s.loadUsers(file)
	}
	return s.acl.Configure(lines)
}

// userDirectives are the users as CONFIG REWRITE writes them, when have are those that the
// configuration file has. What an ACL file has does not stand in both.
func (s *Server) userDirectives(have [][]string) [][]string {
	if s.aclFile() != "" || s.acl.Gives(s.opts.RequirePass.Load(), have) {
		return have
	}
	return s.acl.Directives()
}

// aclFile returns the path of the ACL file, "" when there is none.
func (s *Server) aclFile() string {
	if f := s.opts.String("aclfile"); f != "" {
		return s.opts.Path(f)
	}
	return ""
}

func (s *Server) loadUsers(file string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return s.acl.Load(strings.Split(string(b), "\n"), file)
}

// PasswordSet implements command.UsersHost.
func (h usersHost) PasswordSet() bool { return h.srv.passwordSet() }

// passwordSet tells whether the default user has to authenticate.
func (s *Server) passwordSet() bool {
	u := s.acl.Get(defaultUser)
	return !u.On || !u.NoPass
}

// CheckPassword implements command.UsersHost. A wrong one is noted in the ACL log.
func (h usersHost) CheckPassword(c *command.Ctx, user, password []byte) bool {
	u := h.srv.acl.Get(string(user))
	if u != nil && u.CheckPassword(password) {
		return true
	}
	executorOf(c).noteDenied(acl.DeniedAuth, c.Spec.FullName, string(user), c.Client.InMulti(), c.Client.AppendInfo(nil))
	return false
}

// loginDefault makes the session one of the default user, who has to authenticate if a
// password is set.
func (s *session) loginDefault() {
	u := s.ex.srv.acl.Get(defaultUser)
	s.needAuth = !u.On || !u.NoPass
	s.setUser(u)
}

// SetAuthenticated implements command.Client.
func (s *session) SetAuthenticated(user string) {
	s.needAuth = false
	s.ext().user = user
	s.setUser(s.ex.srv.acl.Get(user))
	s.ex.caller.User = s.user // what follows in a transaction runs with these rights
}

// User implements command.Client.
func (s *session) User() string {
	if s.more == nil || s.more.user == "" {
		return defaultUser
	}
	return s.more.user
}

// setUser binds the session to a user's present rights; nobody asks about one who may
// do everything.
func (s *session) setUser(u *acl.User) { s.user = ranked(u) }

// ranked is a user as admit wants it: nil is one who may do everything.
func ranked(u *acl.User) *acl.User {
	if u != nil && u.Unrestricted() {
		return nil
	}
	return u
}

// ReadsAllKeys implements command.UsersHost.
func (h usersHost) ReadsAllKeys(c *command.Ctx) bool {
	u := executorOf(c).caller.User
	return u == nil || u.ReadsAllKeys()
}

// logDenied notes a call that its user may not make. It runs on the session's reactor.
func (s *session) logDenied(d acl.Verdict, call *command.Call) {
	s.ex.noteDenied(d.Denied, deniedObject(d, call), s.User(), s.tx != nil, s.appendInfo(nil))
}

// deniedObject is what was denied: the command, or the key or channel.
func deniedObject(d acl.Verdict, call *command.Call) string {
	if d.Arg > 0 {
		return string(call.Args[d.Arg])
	}
	return call.Spec.FullName
}

// noteDenied notes what a client was denied.
func (ex *executor) noteDenied(why acl.Denied, object, user string, multi bool, info []byte) {
	context := topLevel
	if multi || ex.inExec {
		context = "multi"
	}
	ex.srv.noteDenied(&acl.LogEntry{Reason: why, Context: context, Object: object, User: user, ClientInfo: string(info)})
}

// topLevel is the context of a call that stands by itself, as ACL LOG shows it.
const topLevel = "toplevel"

// noteDenied writes a line of ACL LOG, and counts it. Any goroutine may call it.
func (s *Server) noteDenied(e *acl.LogEntry) {
	s.counts.denied[e.Reason].Add(1)
	s.aclLog.Add(*e, time.Now().UnixMilli(), int(s.opts.ACLLogMaxLen.Load()))
}

// mayListen tells whether the session's user may still hear all that it listens to.
func (s *session) mayListen() bool {
	for kind := range command.SubKinds {
		for _, name := range s.Subscribed(command.SubKind(kind)) {
			if !s.user.AllowsChannel(name, command.SubKind(kind) == command.SubPattern) {
				return false
			}
		}
	}
	return true
}

// rebindUsers gives every session its user's present rights and closes those whose user
// is gone. It asks the reactors, so it is for workers.
func (s *Server) rebindUsers(c *command.Ctx) {
	s.askReactors(c, func(r *netio.Reactor, _ *executor) {
		eachSession(r, func(se *session) {
			u := s.acl.Get(se.User())
			switch {
			case u != nil:
				se.setUser(u)
				switch {
				case se.user == nil || se.mayListen():
				case se.busy:
					se.closeAfterReply()
				default:
					se.conn.Close(errKilled)
				}
			case se.busy: // the one who deleted itself still gets the reply
				se.closeAfterReply()
			default:
				se.conn.Close(errKilled)
			}
		})
	})
}

// Names implements command.UsersHost.
func (h usersHost) Names() []string { return h.srv.acl.Names() }

// List implements command.UsersHost.
func (h usersHost) List() []string { return h.srv.acl.List() }

// User implements command.UsersHost.
func (h usersHost) User(name string) (command.ACLUser, bool) {
	u := h.srv.acl.Get(name)
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
func (h usersHost) SetUser(c *command.Ctx, name string, rules []string) string {
	_, err := h.srv.acl.Set(name, rules)
	var re *acl.RuleError
	switch {
	case errors.As(err, &re):
		rule := command.CText([]byte(re.Rule), len(re.Rule))
		return fmt.Sprintf("ERR Error in ACL SETUSER modifier '%s': %v", rule, re.Err)
	case err != nil:
		return "ERR " + err.Error()
	}
	h.srv.rebindUsers(c)
	return ""
}

// DelUser implements command.UsersHost.
func (h usersHost) DelUser(c *command.Ctx, names []string) (int, string) {
	gone, err := h.srv.acl.Delete(names)
	if err != nil {
		return 0, "ERR " + err.Error()
	}
	if len(gone) > 0 {
		h.srv.rebindUsers(c)
	}
	return len(gone), ""
}

// DryRun implements command.UsersHost.
func (h usersHost) DryRun(name string, spec *command.Spec, args resp.Args) (string, bool) {
	u := h.srv.acl.Get(name)
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
func (h usersHost) Log(n int) []command.ACLLogEntry {
	var out []command.ACLLogEntry
	for _, e := range h.srv.aclLog.Latest(n) {
		out = append(out, command.ACLLogEntry{
			ID: e.ID, Count: e.Count, Reason: e.Reason.String(), Context: e.Context, Object: e.Object, Username: e.User,
			ClientInfo: e.ClientInfo, CreatedMs: e.CreatedMs, UpdatedMs: e.LastUpdated,
		})
	}
	return out
}

// ResetLog implements command.UsersHost.
func (h usersHost) ResetLog() { h.srv.aclLog.Reset() }

const errNoACLFile = "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command " +
	"and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration."

// Load implements command.UsersHost.
func (h usersHost) Load(c *command.Ctx) string {
	file := h.srv.aclFile()
	if file == "" {
		return errNoACLFile
	}
	if err := h.srv.loadUsers(file); err != nil {
		return "ERR " + err.Error() + " WARNING: ACL errors detected, no change to the previously active ACL rules was performed"
	}
	h.srv.rebindUsers(c)
	return ""
}

// Save implements command.UsersHost: it writes a new file and puts it into the place of
// the old one.
func (h usersHost) Save() string {
	file := h.srv.aclFile()
	if file == "" {
		return errNoACLFile
	}
	if err := replaceFile(file, strings.Join(h.srv.acl.List(), "\n")+"\n"); err != nil {
		h.srv.log.Error("the ACL file cannot be written", "file", file, "error", err)
		return "ERR There was an error trying to save the ACLs. Please check the server logs for more information"
	}
	return ""
}

// replaceFile gives a file new content, all of it or none.
func replaceFile(path, content string) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".tmp-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	_, err = f.WriteString(content)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
