package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
		{admin, "ACL SAVE", errNoACLFile},
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
	if err != nil || string(b) != "user bob on nopass ~* resetchannels +@all\nuser default on nopass ~* &* +@all\nuser eve on resetchannels -@all +ping\n" {
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
