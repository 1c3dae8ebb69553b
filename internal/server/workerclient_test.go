package server

import "testing"

// TestWorkersClientIsItself holds that what a call on a worker sees of its client is what was handed
// over with it, and what it has changed itself, and that the session has it when it is done.
func TestWorkersClientIsItself(t *testing.T) {
	s := startServer(t)
	p, c := dial(t, s), dial(t, s)
	p.want("OK", "ACL", "SETUSER", "u", "on", "nopass", "~*", "&*", "+@all")
	c.want("OK", "CLIENT", "SETNAME", "before")
	for _, call := range [][]string{
		{"MULTI"}, {"CLIENT", "GETNAME"}, {"CLIENT", "SETNAME", "after"}, {"CLIENT", "GETNAME"}, {"ACL", "WHOAMI"},
		{"AUTH", "u", "x"}, {"ACL", "WHOAMI"}, {"SELECT", "3"}, {"SET", "k", "v"}, {"SUBSCRIBE", "ch"}, {"KEYS", "*"},
	} {
		c.do(call...)
	}
	c.want("[before OK after default OK u OK OK [subscribe ch 1] [k]]", "EXEC")
	c.want("[unsubscribe ch 0]", "UNSUBSCRIBE")
	c.want("after", "CLIENT", "GETNAME")
	c.want("u", "ACL", "WHOAMI")
	c.want("v", "GET", "k")
}
