package acl

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/kringdb/kring/command"
)

// Registry holds all users. Reading takes no lock; changes go one after the other.
type Registry struct {
	table *command.Table
	users atomic.Pointer[map[string]*User]

	mu struct {
		sync.Mutex // held by whoever makes a new map
	}
	allChannels atomic.Bool // acl-pubsub-default: new users may use all channels
}

// ErrDefaultUser is what deleting the default user gives.
var ErrDefaultUser = errors.New("The 'default' user cannot be removed") //nolint:staticcheck // Redis's text

// ErrName is what a name with a blank or NUL gives.
var ErrName = errors.New("Usernames can't contain spaces or null characters") //nolint:staticcheck // Redis's text

// New returns a registry with the default user, who may do everything without a
// password.
func New(t *command.Table) *Registry {
	r := &Registry{table: t}
	m := map[string]*User{DefaultUser: r.fresh()}
	r.users.Store(&m)
	return r
}

// fresh returns the default user as it is before anything was said of it.
func (r *Registry) fresh() *User {
	u := r.maker().user(DefaultUser)
	if err := u.apply(r.maker(), []string{"on", "nopass", "allkeys", "allchannels", "allcommands"}); err != nil {
		panic(err) // the rules are constants
	}
	return u
}

func (r *Registry) maker() maker { return maker{table: r.table, allChannels: r.allChannels.Load()} }

// SetPubSubDefault follows acl-pubsub-default.
func (r *Registry) SetPubSubDefault(all bool) { r.allChannels.Store(all) }

// Get returns a user, nil when there is none.
func (r *Registry) Get(name string) *User { return (*r.users.Load())[name] }

// Names returns all names in order.
func (r *Registry) Names() []string { return slices.Sorted(maps.Keys(*r.users.Load())) }

// List returns the lines of ACL LIST, in order of name.
func (r *Registry) List() []string {
	m := *r.users.Load()
	lines := make([]string, 0, len(m))
	for _, n := range r.Names() {
		lines = append(lines, m[n].Describe())
	}
	return lines
}

// Set applies rules to a user, who is made if there is none: all of them or, on an
// error, none.
func (r *Registry) Set(name string, rules []string) (*User, error) {
	if strings.ContainsAny(name, " \x00") {
		return nil, ErrName
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	u, err := r.changed((*r.users.Load())[name], name, rules)
	if err != nil {
		return nil, err
	}
	m := maps.Clone(*r.users.Load())
	m[name] = u
	r.users.Store(&m)
	return u, nil
}

// changed returns a changed copy of old, or a new user.
func (r *Registry) changed(old *User, name string, rules []string) (*User, error) {
	m := r.maker()
	u := m.user(name)
	if old != nil {
		u = old.clone()
	}
	return u, u.apply(m, rules)
}

// Delete removes users and returns those that were there.
func (r *Registry) Delete(names []string) (gone []string, err error) {
	if slices.Contains(names, DefaultUser) {
		return nil, ErrDefaultUser
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	m := maps.Clone(*r.users.Load())
	for _, n := range names {
		if m[n] != nil {
			delete(m, n)
			gone = append(gone, n)
		}
	}
	r.users.Store(&m)
	return gone, nil
}

// SetDefaultPassword is requirepass: the default user gets this password alone, or none.
func (r *Registry) SetDefaultPassword(password string) {
	rules := []string{"nopass"}
	if password != "" {
		rules = []string{"resetpass", ">" + password}
	}
	if _, err := r.Set(DefaultUser, rules); err != nil {
		panic(err) // the rules are constants
	}
}

// Load replaces all users by those that the lines of an ACL file define ("user name
// rules..."); the default user is there in any case, as if nothing had been said of it. All
// errors are reported, and after one nothing changes.
func (r *Registry) Load(lines []string, source string) error {
	m := map[string]*User{}
	var bad []string
	for i, line := range lines {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		if err := r.loadLine(m, strings.Fields(line)); err != nil {
			bad = append(bad, fmt.Sprintf("%s:%d: %v", source, i+1, err))
		}
	}
	return r.replace(m, r.fresh(), bad)
}

// Configure is Load for the user directives of a configuration file: names and rules, as
// words. Without one for the default user that stays as it is, which requirepass decides.
func (r *Registry) Configure(users [][]string) error {
	m := map[string]*User{}
	var bad []string
	for i, words := range users {
		if err := r.loadLine(m, append([]string{"user"}, words...)); err != nil {
			bad = append(bad, fmt.Sprintf("user:%d: %v", i+1, err))
		}
	}
	return r.replace(m, r.Get(DefaultUser), bad)
}

// replace makes m the users, unless something is bad; def is the default user if m has none.
func (r *Registry) replace(m map[string]*User, def *User, bad []string) error {
	if bad != nil {
		return errors.New(strings.Join(bad, " "))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if m[DefaultUser] == nil {
		m[DefaultUser] = def
	}
	r.users.Store(&m)
	return nil
}

func (r *Registry) loadLine(m map[string]*User, words []string) error {
	if len(words) < 2 || words[0] != "user" {
		return errors.New("line should start with user keyword")
	}
	name := words[1]
	if strings.ContainsAny(name, " \x00") {
		return ErrName
	}
	if m[name] != nil {
		return fmt.Errorf("Duplicate user '%s' found", name) //nolint:staticcheck // Redis's text
	}
	u, err := r.changed(nil, name, words[2:])
	var re *RuleError
	if errors.As(err, &re) {
		return fmt.Errorf("user %s: error in modifier '%s': %w", name, re.Rule, re.Err)
	}
	if err != nil {
		return err
	}
	m[name] = u
	return nil
}

// Directives returns the users as directives of a configuration file, a name and rules in
// words each, in order of name.
func (r *Registry) Directives() [][]string {
	m := *r.users.Load()
	out := make([][]string, 0, len(m))
	for _, n := range r.Names() {
		out = append(out, m[n].words())
	}
	return out
}

// Gives tells whether requirepass and the user directives of a configuration file would
// make just the users that there are.
func (r *Registry) Gives(password string, users [][]string) bool {
	other := New(r.table)
	other.SetPubSubDefault(r.allChannels.Load())
	if password != "" {
		other.SetDefaultPassword(password)
	}
	return other.Configure(users) == nil && slices.Equal(other.List(), r.List())
}
