package acl

import (
	"errors"
	"strings"
	"testing"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/resp"
)

func table(t testing.TB) *command.Table {
	t.Helper()
	tb, err := command.Build(command.All())
	if err != nil {
		t.Fatal(err)
	}
	return tb
}

// call resolves a command line.
func call(t testing.TB, tb *command.Table, line string) (*command.Spec, resp.Args) {
	t.Helper()
	var args resp.Args
	for _, w := range strings.Fields(line) {
		args = append(args, []byte(w))
	}
	s := tb.Lookup(args[0])
	if s != nil && s.Subs != nil && len(args) > 1 {
		s = s.LookupSub(args[1])
	}
	if s == nil {
		t.Fatal("no command", line)
	}
	return s, args
}

func TestDescribe(t *testing.T) {
	tb := table(t)
	for rules, want := range map[string]string{
		"":                      "off sanitize-payload resetchannels -@all",
		"on nopass ~* &* +@all": "on nopass sanitize-payload ~* &* +@all",
		"on >p ~k* %R~r* +@all -get +config|get (~x +set) &c*": "on sanitize-payload #148de9c5a7a44d19e56cd9ae1a554bf67847afb0c58f6e12fa29ac7ddfca9940 ~k* %R~r* resetchannels &c* +@all -get +config|get (~x resetchannels -@all +set)",
		"+select|1 +@read -@string +get":                       "off sanitize-payload resetchannels -@all +select|1 +@read -@string +get",
		"+config|get +config":                                  "off sanitize-payload resetchannels -@all +config",
		"+get -get +get":                                       "off sanitize-payload resetchannels -@all +get",
		"+@all -@dangerous nocommands":                         "off sanitize-payload resetchannels -@all",
		"%R~a %W~a":                                            "off sanitize-payload ~a resetchannels -@all",
		"%RW~*":                                                "off sanitize-payload ~* resetchannels -@all",
		"on nopass >a <a":                                      "on sanitize-payload resetchannels -@all",
		"(+get ~x) (%W~y &c) ":                                 "off sanitize-payload resetchannels -@all (~x resetchannels -@all +get) (%W~y resetchannels &c -@all)",
		"(+get ~x) clearselectors":                             "off sanitize-payload resetchannels -@all",
		"on >a reset":                                          "off sanitize-payload resetchannels -@all",
		"skip-sanitize-payload":                                "off skip-sanitize-payload resetchannels -@all",
		"+get|A +get|a -bgsave +cluster|slots -cluster +eval|x": "off sanitize-payload resetchannels -@all +get|A -bgsave -cluster +eval|x",
		"allkeys resetkeys ~a allchannels":                      "off sanitize-payload ~a &* -@all",
	} {
		r := New(tb)
		u, err := r.Set("u", strings.Fields(rules))
		if err != nil {
			t.Errorf("%s: %v", rules, err)
			continue
		}
		got := u.Describe()
		if got != "user u "+want {
			t.Errorf("%s\n got %s\nwant user u %s", rules, got, want)
		}
		// Read back it is the same.
		again := New(tb)
		if err := again.Load([]string{got}, "x"); err != nil {
			t.Errorf("%s does not read back: %v", got, err)
		} else if d := again.Get("u").Describe(); d != got {
			t.Errorf("%s reads back as %s", got, d)
		}
	}
}

func TestErrors(t *testing.T) {
	r := New(table(t))
	for rules, want := range map[string]error{
		"+foo": errUnknown, "+config|nope": errUnknown, "+@nope": errUnknown, "+config|get|x": errFirstArg, "allkeys ~x": errAllKeys, "~* %Z~x": errAllKeys,
		"&* &x": errAllChans, "%X~a": errSyntax, "%~a": errSyntax, "!abc": errHash, "#abc": errHash, "<nope": errNoPass, ")": errSyntax, "foo": errSyntax,
		"-get|x": errUnknown, "(foo)": errSyntax, "%RR~a": errSyntax, "%RWR~a": errSyntax, "+get|a|b": errUnknown, "+get|": errSyntax,
		"+config|": errSyntax, "-config|": errUnknown, "+cluster|slots|x": errFirstArg, "+cluster|nope": errUnknown, "-bgsave|x": errUnknown,
	} {
		if _, err := r.Set("u", strings.Fields(rules)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", rules, err, want)
		}
		if r.Get("u") != nil {
			t.Fatalf("%s: a user was made of a wrong rule", rules)
		}
	}
	if _, err := r.Set("u", []string{"on", "(~x", "+set"}); err == nil || err.Error() != "Unmatched parenthesis in acl selector starting at '(~x'." {
		t.Error(err)
	}
	if _, err := r.Set("a b", nil); !errors.Is(err, ErrName) {
		t.Error(err)
	}
	if _, err := r.Delete([]string{DefaultUser}); !errors.Is(err, ErrDefaultUser) {
		t.Error(err)
	}
}

func TestCheck(t *testing.T) {
	tb, plain := table(t), 0
	for _, c := range []struct {
		rules, line string
		want        Denied
	}{
		{"+@all ~*", "get a", Allowed},
		{"+@all", "get a", DeniedKey},
		{"~*", "get a", DeniedCommand},
		{"+get ~a*", "get abc", Allowed},
		{"+get ~a*", "get b", DeniedKey},
		{"+mget ~a*", "mget a b", DeniedKey},
		{"+@all %R~r ~w", "copy r w", Allowed},
		{"+@all %R~r ~w", "copy w r", DeniedKey},
		{"+@all %R~r", "exists r", Allowed},
		{"+@all %W~r", "exists r", Allowed},
		{"+@all %W~r", "get r", DeniedKey},
		{"+@all %R~r", "set r 1", DeniedKey},
		{"+@all %W~r", "set r 1", Allowed},
		{"+@all %W~r", "set r 1 get", DeniedKey},
		{"+@all -config ~*", "config get x", DeniedCommand},
		{"+@all -config +config|get ~*", "config get x", Allowed},
		{"+@all -config|set ~*", "config set x y", DeniedCommand},
		{"+@all -@dangerous ~*", "flushall", DeniedCommand},
		{"+@read ~*", "set a b", DeniedCommand},
		{"+select|1", "select 1", Allowed},
		{"+select|1", "select 2", DeniedCommand},
		{"+get ~a (+set ~b)", "set b 1", Allowed},
		{"+get ~a (+set ~b)", "set a 1", DeniedKey},
		{"+get ~a (+set ~b)", "get b", DeniedKey},
		{"-@all", "auth x", Allowed},
		{"-@all", "hello 3", Allowed},
	} {
		r := New(tb)
		u, err := r.Set("u", strings.Fields(c.rules))
		if err != nil {
			t.Fatal(err)
		}
		spec, args := call(t, tb, c.line)
		if got := u.Check(spec, args); got.Denied != c.want {
			t.Errorf("%s: %s is %v, want %v", c.rules, c.line, got, c.want)
		}
		if at := spec.PlainKey(len(args)); at > 0 && u.AllowsPlain(spec, args[at]) {
			plain++
			if c.want != Allowed {
				t.Errorf("%s: %s is surely allowed, want %v", c.rules, c.line, c.want)
			}
		}
	}
	if plain < 2 {
		t.Errorf("only %d calls were surely allowed", plain)
	}
}

// TestEveryCommand asks for every command of the table without its right, and with it
// alone.
func TestEveryCommand(t *testing.T) {
	tb := table(t)
	r := New(tb)
	for _, s := range tb.Specs() {
		if s.IsContainer() || s.Flags&command.NoAuth != 0 {
			continue
		}
		with, err := r.Set("with", []string{"reset", "allkeys", "allchannels", "+" + s.FullName})
		if err != nil {
			t.Fatal(s.FullName, err)
		}
		without, err := r.Set("without", []string{"reset", "allkeys", "allchannels", "+@all", "-" + s.FullName})
		if err != nil {
			t.Fatal(s.FullName, err)
		}
		args := make(resp.Args, max(s.Arity, -s.Arity))
		for i := range args {
			args[i] = []byte("1")
		}
		if v := with.Check(s, args); v.Denied != Allowed {
			t.Errorf("%s is denied (%v) to one who may do it", s.FullName, v.Denied)
		}
		if v := without.Check(s, args); v.Denied != DeniedCommand {
			t.Errorf("%s is %v to one who may not", s.FullName, v.Denied)
		}
		for _, o := range tb.Specs() {
			if o != s && o.Parent != s && !o.IsContainer() && with.selectors[0].has(o.ID) {
				t.Errorf("+%s allows %s", s.FullName, o.FullName)
			}
		}
	}
}

func TestPasswords(t *testing.T) {
	r := New(table(t))
	u, err := r.Set("u", []string{"on", ">one", ">two"})
	if err != nil || !u.CheckPassword([]byte("one")) || !u.CheckPassword([]byte("two")) || u.CheckPassword([]byte("three")) {
		t.Error(u, err)
	}
	if u, err = r.Set("u", []string{"off"}); err != nil || u.CheckPassword([]byte("one")) {
		t.Error("a user who is off is let in", err)
	}
	r.SetDefaultPassword("x")
	if d := r.Get(DefaultUser); d.CheckPassword([]byte("")) || !d.CheckPassword([]byte("x")) || !d.Unrestricted() {
		t.Error(d.Describe())
	}
	r.SetDefaultPassword("")
	if d := r.Get(DefaultUser); !d.CheckPassword([]byte("whatever")) {
		t.Error(d.Describe())
	}
}

func TestLoadReportsAll(t *testing.T) {
	r := New(table(t))
	err := r.Load([]string{"user a on", "", "# comment", "user a off", "usr b", "user c +nope"}, "/x/users.acl")
	want := "/x/users.acl:4: Duplicate user 'a' found /x/users.acl:5: line should start with user keyword " +
		"/x/users.acl:6: user c: error in modifier '+nope': Unknown command or category name in ACL"
	if err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
	if r.Get("a") != nil {
		t.Error("a wrong file changed something")
	}
}

func TestLog(t *testing.T) {
	var l Log
	l.Add(LogEntry{Reason: DeniedKey, Object: "a", User: "u"}, 1000, 2)
	l.Add(LogEntry{Reason: DeniedKey, Object: "b", User: "u"}, 2000, 2)
	l.Add(LogEntry{Reason: DeniedKey, Object: "a", User: "u"}, 3000, 2)
	got := l.Latest(10)
	if len(got) != 2 || got[0].Object != "a" || got[0].Count != 2 || got[0].CreatedMs != 1000 || got[0].ID != 0 || got[1].ID != 1 {
		t.Errorf("%+v", got)
	}
	l.Add(LogEntry{Reason: DeniedKey, Object: "c", User: "u"}, 4000, 2)
	if got := l.Latest(1); len(got) != 1 || got[0].Object != "c" || len(l.Latest(9)) != 2 {
		t.Errorf("%+v", got)
	}
	l.Add(LogEntry{Reason: DeniedKey, Object: "c", User: "u"}, 4001+logMergeMs, 9)
	if len(l.Latest(9)) != 3 {
		t.Error("entries more than a minute apart were merged")
	}
	if l.Reset(); len(l.Latest(9)) != 0 {
		t.Error("Reset")
	}
}

// TestPubSubDefault: acl-pubsub-default counts for all that is new: users, users after
// reset, and selectors.
func TestPubSubDefault(t *testing.T) {
	r := New(table(t))
	if _, err := r.Set("old", nil); err != nil {
		t.Fatal(err)
	}
	r.SetPubSubDefault(true)
	for _, c := range [][3]string{
		{"old", "on", "user old on sanitize-payload resetchannels -@all"},
		{"old", "reset", "user old off sanitize-payload &* -@all"},
		{"new", "resetchannels (+get)", "user new off sanitize-payload resetchannels -@all (&* -@all +get)"},
	} {
		if u, err := r.Set(c[0], strings.Fields(c[1])); err != nil || u.Describe() != c[2] {
			t.Errorf("%s %s: %v, want %s (%v)", c[0], c[1], u.Describe(), c[2], err)
		}
	}
}

// TestHardeningLines: rules for the commands of Redis that are not there are taken.
func TestHardeningLines(t *testing.T) {
	tb := table(t)
	r := New(tb)
	rules := "on nopass ~* &* +@all -cluster -save -bgsave -debug -migrate -restore -replicaof -slaveof -sync -psync -module -failover " +
		"-script|kill -function|flush -cluster|failover -config|set -shutdown -flushall -flushdb -keys -acl -bgrewriteaof -swapdb -latency|reset"
	u, err := r.Set("app", strings.Fields(rules))
	if err != nil {
		t.Fatal(err)
	}
	if again := New(tb); again.Load([]string{u.Describe()}, "x") != nil || again.Get("app").Describe() != u.Describe() {
		t.Errorf("%s does not read back", u.Describe())
	}
	for line, want := range map[string]Denied{"get a": Allowed, "keys *": DeniedCommand, "config set a b": DeniedCommand, "config get a": Allowed} {
		spec, args := call(t, tb, line)
		if got := u.Check(spec, args); got.Denied != want {
			t.Errorf("%s: %v, want %v", line, got.Denied, want)
		}
	}
}
