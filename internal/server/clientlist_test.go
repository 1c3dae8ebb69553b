package server

import (
	"strings"
	"testing"
)

func TestClientListFields(t *testing.T) {
	s := startServer(t, "reactors", "3")
	admin, m, b, p := dial(t, s), dial(t, s), dial(t, s), dial(t, s)
	m.want("OK", "CLIENT", "SETNAME", "multi")
	m.want("OK", "CLIENT", "SETINFO", "LIB-NAME", "lib")
	m.want("ERR Unrecognized option 'x'", "CLIENT", "SETINFO", "x", "y")
	m.want("ERR lib-ver cannot contain spaces, newlines or special characters.", "CLIENT", "SETINFO", "lib-ver", "1 2")
	m.want("OK", "WATCH", "a", "b")
	m.want("OK", "MULTI")
	m.want("QUEUED", "SET", "key", "value")
	b.want("OK", "CLIENT", "SETNAME", "blocked")
	b.block(s, 1, "BLPOP", "list", "0")
	p.want("OK", "CLIENT", "SETNAME", "listens")
	p.do("SUBSCRIBE", "x")
	list := admin.do("CLIENT", "LIST")
	for name, want := range map[string]string{
		"multi":   " flags=x db=0 sub=0 psub=0 ssub=0 multi=1 watch=2 qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=11 ",
		"blocked": " flags=b db=0 sub=0 psub=0 ssub=0 multi=-1 watch=0 qbuf=0 qbuf-free=0 argv-mem=10 ",
		"listens": " flags=P db=0 sub=1 ",
	} {
		for line := range strings.Lines(list) {
			if strings.Contains(line, " name="+name+" ") && !strings.Contains(line, want) {
				t.Errorf("%s lacks %s", line, want)
			}
		}
	}
	if got := admin.do("CLIENT", "INFO"); !strings.Contains(got, " argv-mem=10 ") || !strings.Contains(got, " events=r ") {
		t.Error(got)
	}
	if !strings.Contains(list, " lib-name=lib lib-ver=\n") {
		t.Error(list)
	}
}

func TestClientKillFilters(t *testing.T) {
	s := startServer(t, "reactors", "3")
	admin := dial(t, s)
	admin.want("OK", "ACL", "SETUSER", "eve", "on", "nopass", "+@all", "~*", "&*")
	kill := func(want string, args ...string) {
		t.Helper()
		admin.want(want, append([]string{"CLIENT", "KILL"}, args...)...)
	}
	eve, sub, plain := dial(t, s), dial(t, s), dial(t, s)
	eve.want("OK", "AUTH", "eve", "x")
	sub.do("SUBSCRIBE", "c")
	id := plain.do("CLIENT", "ID")
	kill("0", "ID", id, "USER", "eve")
	kill("0", "ID", id, "TYPE", "pubsub")
	kill("0", "ADDR", plain.LocalAddr().String(), "LADDR", "127.0.0.1:1")
	kill("0", "ID", id, "MAXAGE", "1000")
	kill("0", "USER", "eve", "TYPE", "pubsub")
	plain.want("PONG", "PING")
	kill("1", "USER", "eve")
	eve.closed()
	kill("1", "TYPE", "PUBSUB")
	sub.closed()
	kill("1", "ADDR", plain.LocalAddr().String(), "LADDR", plain.RemoteAddr().String(), "TYPE", "normal", "SKIPME", "yes")
	plain.closed()
	for _, x := range [][2]string{
		{"MAXAGE 0", "ERR maxage should be greater than 0"}, {"MAXAGE x", "ERR maxage is not an integer or out of range"},
		{"ID -1", "ERR client-id should be greater than 0"}, {"USER nobody", "ERR No such user 'nobody'"}, {"1.2.3.4:5", "ERR No such client"},
	} {
		kill(x[1], strings.Fields(x[0])...)
	}
	other := dial(t, s)
	other.do("PING")
	kill("2", "TYPE", "normal", "SKIPME", "no") // the caller still hears of it
	admin.closed()
	other.closed()
}
