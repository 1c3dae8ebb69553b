package command

import (
	"strings"

	"github.com/kringdb/kring/resp"
)

// Version is the version of Redis whose behaviour the server follows, as HELLO and
// INFO report it.
const Version = "7.4.0"

var connectionSpecs = []*Spec{
	{
		Name: "auth", Arity: -2, Flags: NoScript | Loading | Stale | Fast | NoAuth | AllowBusy, Secrets: Secrets{From: 1},
		Group: GroupConnection, Handler: auth, Since: "1.0.0", Complexity: "O(1)",
		Summary: "Authenticates the connection.", Syntax: "[username] password",
	},
	{
		Name: "echo", Arity: 2, Flags: Loading | Stale | Fast,
		Group: GroupConnection, Handler: func(c *Ctx) { c.W.Bulk(c.Args[1]) }, Since: "1.0.0", Complexity: "O(1)",
		Summary: "Returns its argument.", Syntax: "message",
	},
	{
		Name: "hello", Arity: -1, Flags: NoScript | Loading | Stale | Fast | NoAuth | AllowBusy,
		Group: GroupConnection, Handler: hello, Since: "6.0.0", Complexity: "O(1)", Secrets: Secrets{Behind: []SecretWord{{"auth", 2}}},
		Summary: "Shakes hands: chooses the protocol, optionally authenticates and names the connection.",
		Syntax:  "[(protover:integer [AUTH (username password)] [SETNAME clientname])]",
	},
	{
		Name: "ping", Arity: -1, Flags: Fast | WhileSubscribed | Vital,
		Group: GroupConnection, Handler: ping, Since: "1.0.0", Complexity: "O(1)",
		Summary: "Answers, to show that the server is there.", Syntax: "[message]",
		Tips: []string{"request_policy:all_shards", "response_policy:all_succeeded"},
	},
	{
		Name: "quit", Arity: -1, Flags: AtOnce | WhileSubscribed | NoScript | Loading | Stale | Fast | NoAuth | AllowBusy,
		Group: GroupConnection, Handler: quit, Since: "1.0.0", Complexity: "O(1)",
		Summary: "Closes the connection.", Deprecated: "7.2.0", ReplacedBy: "just closing the connection",
	},
	{
		Name: "reset", Arity: 1, Flags: AtOnce | WhileSubscribed | NoScript | Loading | Stale | Fast | NoAuth | AllowBusy,
		Group: GroupConnection, Handler: reset, Since: "6.2.0", Complexity: "O(1)",
		Summary: "Brings the connection back to the state of a new one.",
	},
	{
		Name: "select", Arity: 2, Flags: Loading | Stale | Fast | InAOF,
		Group: GroupConnection, Handler: selectDB, Since: "1.0.0", Complexity: "O(1)",
		Summary: "Changes the selected database.", Syntax: "index:integer",
	},
}

const (
	errWrongPass     = "WRONGPASS invalid username-password pair or user is disabled."
	errNoPassword    = "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?"
	errClientName    = "ERR Client names cannot contain spaces, newlines or special characters."
	errHelloNeedAuth = "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> " +
		"option can be used to authenticate the client and select the RESP protocol version at the same time"
	defaultUser = "default"
)

func auth(c *Ctx) {
	user, pass := []byte(defaultUser), c.Args[len(c.Args)-1]
	switch len(c.Args) {
	case 2:
		if !c.Host.Users.PasswordSet() {
			c.W.Error(errNoPassword)
			return
		}
	case 3:
		user = c.Args[1]
	default:
		c.W.Error(ErrSyntax)
		return
	}
	if !c.Host.Users.CheckPassword(c, user, pass) {
		c.W.Error(errWrongPass)
		return
	}
	c.Client.SetAuthenticated(string(user))
	c.W.OK()
}

// helloCall is a parsed HELLO.
type helloCall struct {
	proto      int
	user, pass []byte
	name       []byte
	setName    bool
}

func parseHello(c *Ctx) (h helloCall, ok bool) {
	if len(c.Args) < 2 {
		return h, true
	}
	v, isInt := resp.ParseInt(c.Args[1])
	if !isInt {
		c.W.Error("ERR Protocol version is not an integer or out of range")
		return h, false
	}
	if v != 2 && v != 3 {
		c.W.Error("NOPROTO unsupported protocol version")
		return h, false
	}
	h.proto = int(v)
	for i := 2; i < len(c.Args); i++ {
		switch rest := len(c.Args) - i - 1; {
		case rest >= 2 && equalFold(c.Args[i], "auth"):
			h.user, h.pass = c.Args[i+1], c.Args[i+2]
			i += 2
		case rest >= 1 && equalFold(c.Args[i], "setname"):
			h.name, h.setName = c.Args[i+1], true
			if !validName(h.name) {
				c.W.Error(errClientName)
				return h, false
			}
			i++
		default:
			c.W.Error("ERR Syntax error in HELLO option '" + CText(c.Args[i], len(c.Args[i])) + "'")
			return h, false
		}
	}
	return h, true
}

func hello(c *Ctx) {
	h, ok := parseHello(c)
	if !ok {
		return
	}
	if h.user != nil {
		if !c.Host.Users.CheckPassword(c, h.user, h.pass) {
			c.W.Error(errWrongPass)
			return
		}
		c.Client.SetAuthenticated(string(h.user))
	}
	if !c.Client.Authenticated() {
		c.W.Error(errHelloNeedAuth)
		return
	}
	if h.proto != 0 {
		c.Client.SetProto(h.proto)
	}
	if h.setName {
		c.Client.SetName(string(h.name))
	}
	w := c.W
	w.Map(7)
	w.BulkString("server")
	w.BulkString("redis")
	w.BulkString("version")
	w.BulkString(Version)
	w.BulkString("proto")
	w.Int(int64(c.Client.Proto()))
	w.BulkString("id")
	w.Int(c.Client.ID())
	w.BulkString("mode")
	w.BulkString(c.Host.mode())
	w.BulkString("role")
	w.BulkString(c.Host.role())
	w.BulkString("modules")
	w.Array(0)
}

func ping(c *Ctx) {
	if len(c.Args) <= 2 && c.W.Proto() == resp.RESP2 && c.Client.Listening() {
		c.W.Array(2)
		c.W.BulkString("pong")
		if len(c.Args) == 1 {
			c.W.BulkString("")
		} else {
			c.W.Bulk(c.Args[1])
		}
		return
	}
	switch len(c.Args) {
	case 1:
		c.W.Simple("PONG")
	case 2:
		c.W.Bulk(c.Args[1])
	default:
		c.W.Error("ERR wrong number of arguments for 'ping' command")
	}
}

func quit(c *Ctx) {
	c.W.OK()
	c.Client.CloseAfterReply()
}

func reset(c *Ctx) {
	c.DB = 0
	c.Client.Reset()
	c.W.Simple("RESET")
}

func selectDB(c *Ctx) {
	db, ok := dbArg(c, 1, "ERR SELECT is not allowed in cluster mode")
	if !ok {
		return
	}
	c.DB = db
	c.Client.Select(db)
	c.W.OK()
}

// validName tells whether a client name, library name or version has only printable
// characters without spaces.
func validName(b []byte) bool {
	for _, ch := range b {
		if ch < '!' || ch > '~' {
			return false
		}
	}
	return true
}

// writeHelp answers a HELP subcommand from the container's own declarations.
func writeHelp(c *Ctx) {
	parent := c.Spec.Parent
	lines := []string{strings.ToUpper(parent.Name) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"}
	for _, sub := range parent.Subs {
		if sub.Name == "help" {
			continue
		}
		head := strings.ToUpper(sub.Name)
		if sub.Syntax != "" {
			head += " " + sub.Syntax
		}
		lines = append(lines, head, "    "+sub.Summary)
	}
	lines = append(lines, "HELP", "    Prints this help.")
	c.W.Array(len(lines))
	for _, l := range lines {
		c.W.Simple(l)
	}
}

// helpSpec is the HELP subcommand that every container has.
func helpSpec(group Group, since string) *Spec {
	return &Spec{
		Name: "help", Arity: 2, Flags: Loading | Stale, Group: group, Handler: writeHelp,
		Since: since, Complexity: "O(1)", Summary: "Describes the subcommands.",
	}
}
