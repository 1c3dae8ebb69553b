package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/users"
)

func TestUsers(t *testing.T) {
	s := startServer(t)
	admin, c := dial(t, s), dial(t, s)
	steps := []struct {
		who  *testClient
		line string
		want string
	}{
		{admin, "ACL SETUSER u on >pw ~a* +get +set +acl|whoami", "OK"},
		{c, "AUTH u bad", "WRONGPASS invalid username-password pair or user is disabled."},
		{c, "AUTH u pw", "OK"},
		{c, "ACL WHOAMI", "u"},
		{c, "SET abc 1", "OK"},
		{c, "SET b 1", "NOPERM No permissions to access a key"},
		{c, "DEL abc", "NOPERM User u has no permissions to run the 'del' command"},
		{c, "ACL LIST", "NOPERM User u has no permissions to run the 'acl|list' command"},
		{admin, "ACL SETUSER u +del", "OK"},
		{c, "DEL abc", "1"},
		{admin, "ACL DRYRUN u get b", "User u has no permissions to access the 'b' key"},
		{admin, "ACL DRYRUN u get a", "OK"},
		{admin, "ACL USERS", "[default u]"},
		{admin, "ACL SETUSER u +nope", "ERR Error in ACL SETUSER modifier '+nope': Unknown command or category name in ACL"},
		{admin, "ACL SAVE", users.ErrNoACLFile},
	}
	for _, st := range steps {
		if got := st.who.do(strings.Fields(st.line)...); got != st.want {
			t.Errorf("%s\n got %s\nwant %s", st.line, got, st.want)
		}
	}
	log := admin.do("ACL", "LOG")
	for _, want := range []string{"reason command", "object acl|list", "object b", "reason auth", "username u"} {
		if !strings.Contains(log, want) {
			t.Errorf("ACL LOG has no %s: %s", want, log)
		}
	}
	if got := admin.do("ACL", "DELUSER", "u"); got != "1" {
		t.Error(got)
	}
	if _, err := c.r.ReadByte(); err == nil {
		t.Error("the connection of a deleted user is open")
	}
}

// TestUserDeletesItself: who authenticates as somebody, and deletes that user in the same transaction, gets the reply, and may
// do nothing after it.
func TestUserDeletesItself(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	const rights = "+multi +exec +acl|deluser +acl|whoami"
	for _, step := range [][2]string{
		{"ACL SETUSER weak on nopass " + rights, "OK"},
		{"ACL SETUSER u on >pw " + rights, "OK"},
		{"AUTH weak x", "OK"},
		{"MULTI", "OK"},
		{"AUTH u pw", "QUEUED"},
		{"ACL DELUSER u", "QUEUED"},
		{"ACL WHOAMI", "QUEUED"},
		{"EXEC", "[OK 1 u]"},
	} {
		c.want(step[1], strings.Fields(step[0])...)
	}
	if _, err := c.r.ReadByte(); err == nil {
		t.Error("the connection of a deleted user is open")
	}
}

func TestRequirePassIsTheDefaultUsers(t *testing.T) {
	s := startServer(t, "requirepass", "secret")
	c := dial(t, s)
	if got := c.do("GET", "a"); got != "NOAUTH Authentication required." {
		t.Error(got)
	}
	if got := c.do("AUTH", "secret"); got != "OK" {
		t.Error(got)
	}
	if got := c.do("ACL", "SETUSER", "default", "nopass", "-flushall"); got != "OK" {
		t.Error(got)
	}
	other := dial(t, s)
	if got := other.do("SET", "a", "1"); got != "OK" {
		t.Error(got)
	}
	if got := other.do("FLUSHALL"); got != "NOPERM User default has no permissions to run the 'flushall' command" {
		t.Error(got)
	}
}

func TestACLFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "users.acl")
	if err := os.WriteFile(file, []byte("user bob on nopass ~* +@all\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServer(t, "aclfile", file)
	c := dial(t, s)
	if got := c.do("ACL", "USERS"); got != "[bob default]" {
		t.Error(got)
	}
	c.do("ACL", "SETUSER", "eve", "on", "+ping")
	if got := c.do("ACL", "SAVE"); got != "OK" {
		t.Error(got)
	}
	b, err := os.ReadFile(file)
	if err != nil || string(b) != "user bob on nopass sanitize-payload ~* resetchannels +@all\nuser default on nopass sanitize-payload ~* &* +@all\nuser eve on sanitize-payload resetchannels -@all +ping\n" {
		t.Errorf("%s %v", b, err)
	}
	if err := os.WriteFile(file, []byte("user bob on +nope\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := c.do("ACL", "LOAD"); !strings.HasPrefix(got, "ERR "+file+":1: user bob: error in modifier '+nope'") {
		t.Error(got)
	}
	if got := c.do("ACL", "USERS"); got != "[bob default eve]" {
		t.Error(got)
	}
}

// TestConfigRewriteUsers: after CONFIG REWRITE a restart has the users that there were.
func TestConfigRewriteUsers(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "kring.conf")
	text := "# users\nuser alice on >x ~k* +get\nport 0\nbind 127.0.0.1\nrequirepass old\nsave \"\"\ndir " + dir + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	start := func() (*Server, func(), *testClient) {
		t.Helper()
		o, err := options.Load([]string{path}, nil)
		if err != nil {
			t.Fatal(err)
		}
		s, end := serve(t, o, nil)
		s.awaitReady(t)
		return s, end, dial(t, s)
	}
	read := func() string {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	_, end, c := start()
	c.want("OK", "AUTH", "old")
	c.want("OK", "CONFIG", "SET", "requirepass", "new")
	c.want("OK", "CONFIG", "REWRITE")
	if got, want := read(), strings.Replace(text, "requirepass old", `requirepass "new"`, 1); got != want {
		t.Errorf("users who are as the file says are written anew:\n%s", got)
	}
	c.want("1", "ACL", "DELUSER", "alice")
	c.want("OK", "ACL", "SETUSER", "bob", "on", ">y", "~a\"b", "&c", "+config|get", "(+get ~x)", "-bgsave")
	c.want("OK", "ACL", "SETUSER", "default", "-keys")
	want := c.do("ACL", "LIST")
	c.want("OK", "CONFIG", "REWRITE")
	if got := read(); strings.Contains(got, "alice") || !strings.HasPrefix(got, "# users\nuser bob on ") {
		t.Errorf("the file is now\n%s", got)
	}
	end()
	_, _, c = start()
	c.want("OK", "AUTH", "new")
	c.want(want, "ACL", "LIST")
	before := read()
	c.want("OK", "CONFIG", "REWRITE")
	if got := read(); got != before {
		t.Errorf("rewritten again it is\n%s\nit was\n%s", got, before)
	}
	inner := filepath.Join(dir, "users.conf")
	if err := os.WriteFile(inner, []byte("user carl on\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("port 0\nbind 127.0.0.1\nsave \"\"\ndir "+dir+"\ninclude "+inner+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, c = start()
	c.want("OK", "CONFIG", "REWRITE")
	c.want("1", "ACL", "DELUSER", "carl")
	c.want("ERR Rewriting config file: an included file has lines that would have to change", "CONFIG", "REWRITE")
}
