package users

import (
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/acl"
	"github.com/kringdb/kring/internal/server/options"
)

// Users are the users of a server. Any goroutine may use them: reading takes no lock.
type Users struct {
	*acl.Registry
	table  *command.Table
	opts   *options.Options
	log    *slog.Logger
	logged acl.Log
	denied [acl.DeniedAuth + 1]atomic.Int64 // by reason
}

var errTwoSources = errors.New("users stand both in the configuration file (user) and in an ACL file (aclfile): use one of them")

// Open makes the users from requirepass, and then from the configuration file or from
// the ACL file, which know better of the default user. It follows the options from then on.
func Open(table *command.Table, opts *options.Options, log *slog.Logger) (*Users, error) {
	u := &Users{Registry: acl.New(table), table: table, opts: opts, log: log}
	return u, u.open()
}

func (u *Users) open() error {
	u.SetPubSubDefault(u.opts.String("acl-pubsub-default") == "allchannels")
	u.opts.OnChange("acl-pubsub-default", func() error {
		u.SetPubSubDefault(u.opts.String("acl-pubsub-default") == "allchannels")
		return nil
	})
	if pw := u.opts.RequirePass.Load(); pw != "" {
		u.SetDefaultPassword(pw)
	}
	u.opts.OnChange("requirepass", func() error {
		u.SetDefaultPassword(u.opts.RequirePass.Load())
		return nil
	})
	u.opts.OnRewrite("user", u.directives)
	lines, file := u.opts.Lines("user"), u.file()
	switch {
	case len(lines) > 0 && file != "":
		return errTwoSources
	case file != "":
		return u.loadFile(file)
	}
	return u.Configure(lines)
}

// directives are the users as CONFIG REWRITE writes them, when have are those that the
// configuration file has. What an ACL file has does not stand in both.
func (u *Users) directives(have [][]string) [][]string {
	if u.file() != "" || u.Gives(u.opts.RequirePass.Load(), have) {
		return have
	}
	return u.Directives()
}

// file returns the path of the ACL file, "" when there is none.
func (u *Users) file() string {
	if f := u.opts.String("aclfile"); f != "" {
		return u.opts.Path(f)
	}
	return ""
}

// loadFile takes the users of an ACL file, all or none.
func (u *Users) loadFile(file string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return u.Load(strings.Split(string(b), "\n"), file)
}

// PasswordSet tells whether the default user has to authenticate.
func (u *Users) PasswordSet() bool {
	d := u.Get(acl.DefaultUser)
	return !d.On || !d.NoPass
}

// TopLevel, Multi and Lua are the contexts of a call that stands by itself and of one in a
// transaction, as ACL LOG shows them.
const (
	TopLevel = "toplevel"
	Multi    = "multi"
	Lua      = "lua"
)

// Note writes a line of ACL LOG, and counts it. Any goroutine may call it.
func (u *Users) Note(e *acl.LogEntry) {
	u.denied[e.Reason].Add(1)
	u.logged.Add(*e, time.Now().UnixMilli(), int(u.opts.ACLLogMaxLen.Load()))
}

// Denied is how many calls were denied for a reason since the last ResetDenied.
func (u *Users) Denied(why acl.Denied) int64 { return u.denied[why].Load() }

// ResetDenied is for CONFIG RESETSTAT.
func (u *Users) ResetDenied() {
	for i := range u.denied {
		u.denied[i].Store(0)
	}
}

// Ranked is a user as admit wants it: nil is one who may do everything.
func Ranked(u *acl.User) *acl.User {
	if u != nil && u.Unrestricted() {
		return nil
	}
	return u
}
