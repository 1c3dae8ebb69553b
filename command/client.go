package command

import (
	"slices"

	"github.com/kringdb/kring/resp"
)

const clientFlags = NoScript | Loading | Stale

var clientSpecs = []*Spec{{
	Name: "client", Arity: -2, Group: GroupConnection, Since: "2.4.0",
	Complexity: "Depends on subcommand.", Summary: "Commands about client connections.",
	Subs: keepCaching(slices.Concat(clientPauseSpecs, clientTrackingSpecs, []*Spec{
		{
			Name: "getname", Arity: 2, Flags: clientFlags, Group: GroupConnection, Handler: clientGetName,
			Since: "2.6.9", Complexity: "O(1)", Summary: "Returns the name of the connection.",
		},
		{
			Name: "id", Arity: 2, Flags: clientFlags, Group: GroupConnection,
			Handler: func(c *Ctx) { c.W.Int(c.Client.ID()) },
			Since:   "5.0.0", Complexity: "O(1)", Summary: "Returns the unique number of the connection.",
		},
		{
			Name: "info", Arity: 2, Flags: clientFlags, Group: GroupConnection, Handler: clientInfo,
			Since: "6.2.0", Complexity: "O(1)", Summary: "Describes the connection in one line.",
			Tips: []string{"nondeterministic_output"},
		},
		{
			Name: "kill", Arity: -3, Flags: clientFlags | Admin | Slow, Group: GroupConnection, Handler: clientKill,
			Since: "2.4.0", Complexity: "O(N) where N is the number of client connections",
			Summary: "Closes connections.",
			Syntax: "<ip:port | ([ID client-id:integer] [TYPE <normal | master | slave | replica | pubsub>] [USER username] " +
				"[ADDR ip:port] [LADDR ip:port] [SKIPME yes/no] [MAXAGE maxage:integer])>",
		},
		{
			Name: "list", Arity: -2, Flags: clientFlags | Admin | Slow, Group: GroupConnection, Handler: clientList,
			Since: "2.4.0", Complexity: "O(N) where N is the number of client connections",
			Summary: "Lists the open connections, one line each.",
			Syntax:  "[TYPE <normal | master | replica | pubsub>] [ID client-id:integer...]",
			Tips:    []string{"nondeterministic_output"},
		},
		{
			Name: "no-evict", Arity: 3, Flags: clientFlags | Admin, Group: GroupConnection, Handler: clientNoEvict,
			Since: "7.0.0", Complexity: "O(1)", Summary: "Excludes the connection from client eviction.", Syntax: "<ON | OFF>",
		},
		{
			Name: "no-touch", Arity: 3, Flags: clientFlags, Group: GroupConnection, Handler: clientNoTouch,
			Since: "7.2.0", Complexity: "O(1)", Summary: "Keeps the connection's reads from refreshing access times.", Syntax: "<ON | OFF>",
		},
		{
			Name: "reply", Arity: 3, Flags: clientFlags, Group: GroupConnection, Handler: clientReply,
			Since: "3.2.0", Complexity: "O(1)", Summary: "Switches replies to the connection on or off.", Syntax: "<ON | OFF | SKIP>",
		},
		{
			Name: "setinfo", Arity: 4, Flags: clientFlags, Group: GroupConnection, Handler: clientSetInfo,
			Since: "7.2.0", Complexity: "O(1)", Summary: "Records the client library's name or version.",
			Syntax: "<LIB-NAME libname | LIB-VER libver>",
			Tips:   []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
		},
		{
			Name: "setname", Arity: 3, Flags: clientFlags, Group: GroupConnection, Handler: clientSetName,
			Since: "2.6.9", Complexity: "O(1)", Summary: "Names the connection.", Syntax: "connection-name",
			Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
		},
		{
			Name: "unblock", Arity: -3, Flags: clientFlags | Admin | Slow, Group: GroupConnection, Handler: clientUnblock,
			Since: "5.0.0", Complexity: "O(log N) where N is the number of client connections",
			Summary: "Ends the waiting of a client that a blocking command holds up.", Syntax: "client-id:integer [<TIMEOUT | ERROR>]",
		},
		helpSpec(GroupConnection, "5.0.0"),
	})),
}}

// keepCaching has what CLIENT CACHING said outlive calls of subs. Their container is not among them, for a
// subcommand that does not exist is a call like any other.
func keepCaching(subs []*Spec) []*Spec {
	for _, s := range subs {
		s.Flags |= KeepsCaching
	}
	return subs
}

func clientGetName(c *Ctx) {
	if name := c.Client.Name(); name != "" {
		c.W.BulkString(name)
		return
	}
	c.W.Null()
}

func clientInfo(c *Ctx) {
	c.Scratch = append(c.Client.AppendInfo(c.Scratch[:0]), '\n')
	c.W.Verbatim("txt", c.Scratch)
}

func clientSetName(c *Ctx) {
	if !validName(c.Args[2]) {
		c.W.Error(errClientName)
		return
	}
	c.Client.SetName(string(c.Args[2]))
	c.W.OK()
}

func clientSetInfo(c *Ctx) {
	attr := "lib-name"
	switch {
	case equalFold(c.Args[2], "lib-name"):
	case equalFold(c.Args[2], "lib-ver"):
		attr = "lib-ver"
	default:
		c.W.Error("ERR Unrecognized option '" + CText(c.Args[2], len(c.Args[2])) + "'")
		return
	}
	if !validName(c.Args[3]) {
		c.W.Error("ERR " + attr + " cannot contain spaces, newlines or special characters.")
		return
	}
	c.Client.SetLib(attr, string(c.Args[3]))
	c.W.OK()
}

// onOff parses ON or OFF; otherwise it replies a syntax error.
func onOff(c *Ctx, arg []byte) (on, ok bool) {
	switch {
	case equalFold(arg, "on"):
		return true, true
	case equalFold(arg, "off"):
		return false, true
	}
	c.W.Error(ErrSyntax)
	return false, false
}

func clientNoEvict(c *Ctx) {
	if on, ok := onOff(c, c.Args[2]); ok {
		c.Client.SetNoEvict(on)
		c.W.OK()
	}
}

func clientNoTouch(c *Ctx) {
	if on, ok := onOff(c, c.Args[2]); ok {
		c.Client.SetNoTouch(on)
		c.NoTouch = on
		c.W.OK()
	}
}

func clientReply(c *Ctx) {
	switch arg := c.Args[2]; {
	case equalFold(arg, "on"):
		c.Client.SetReply(ReplyOn)
		c.W.OK()
	case equalFold(arg, "off"):
		c.Client.SetReply(ReplyOff)
	case equalFold(arg, "skip"):
		c.Client.SetReply(ReplySkip)
	default:
		c.W.Error(ErrSyntax)
	}
}

// clientTypes maps the words of TYPE filters to the canonical names.
var clientTypes = []struct{ word, canonical string }{
	{"normal", "normal"}, {"slave", "replica"}, {"replica", "replica"}, {"pubsub", "pubsub"}, {"master", "master"},
}

func clientType(c *Ctx, arg []byte) (string, bool) {
	for _, t := range clientTypes {
		if equalFold(arg, t.word) {
			return t.canonical, true
		}
	}
	c.W.Error("ERR Unknown client type '" + CText(arg, len(arg)) + "'")
	return "", false
}

func clientList(c *Ctx) {
	var f ClientFilter
	switch n := len(c.Args); {
	case n == 2:
	case n == 4 && equalFold(c.Args[2], "type"):
		t, ok := clientType(c, c.Args[3])
		if !ok {
			return
		}
		f.Type = t
	case n > 3 && equalFold(c.Args[2], "id"):
		for _, a := range c.Args[3:] {
			id, ok := resp.ParseInt(a)
			if !ok {
				c.W.Error("ERR Invalid client ID")
				return
			}
			f.IDs = append(f.IDs, id)
		}
	default:
		c.W.Error(ErrSyntax)
		return
	}
	c.W.Verbatim("txt", c.Host.Clients.AppendList(c, nil, &f))
}

func clientKill(c *Ctx) {
	var f ClientFilter
	if len(c.Args) == 3 { // the old form names one address and answers OK
		addr := string(c.Args[2])
		f.Addr = &addr
		if c.Host.Clients.Kill(c, &f) == 0 {
			c.W.Error("ERR No such client")
			return
		}
		c.W.OK()
		return
	}
	f.SkipID = c.Client.ID()
	if parseKill(c, &f) {
		c.W.Int(int64(c.Host.Clients.Kill(c, &f)))
	}
}

// parseKill reads the option pairs of CLIENT KILL; it replies the error itself.
func parseKill(c *Ctx, f *ClientFilter) bool {
	args := c.Args[2:]
	for ; len(args) > 0; args = args[2:] {
		if len(args) == 1 {
			c.W.Error(ErrSyntax)
			return false
		}
		if !parseKillOption(c, f, args[0], args[1]) {
			return false
		}
	}
	return true
}

func parseKillOption(c *Ctx, f *ClientFilter, name, val []byte) bool {
	switch {
	case equalFold(name, "id"):
		id, ok := resp.ParseInt(val)
		if !ok || id < 1 {
			c.W.Error("ERR client-id should be greater than 0")
			return false
		}
		f.IDs = append(f.IDs[:0], id)
	case equalFold(name, "maxage"):
		age, ok := resp.ParseInt(val)
		if !ok {
			c.W.Error("ERR maxage is not an integer or out of range")
			return false
		}
		if age <= 0 {
			c.W.Error("ERR maxage should be greater than 0")
			return false
		}
		f.MaxAgeSecs = age
	case equalFold(name, "type"):
		t, ok := clientType(c, val)
		f.Type = t
		return ok
	case equalFold(name, "addr"):
		addr := string(val)
		f.Addr = &addr
	case equalFold(name, "laddr"):
		addr := string(val)
		f.LocalAddr = &addr
	case equalFold(name, "user"):
		if _, ok := c.Host.Users.User(string(val)); !ok {
			c.W.Error("ERR No such user '" + CText(val, len(val)) + "'")
			return false
		}
		f.User = string(val)
	case equalFold(name, "skipme") && equalFold(val, "yes"):
		f.SkipID = c.Client.ID()
	case equalFold(name, "skipme") && equalFold(val, "no"):
		f.SkipID = 0
	default:
		c.W.Error(ErrSyntax)
		return false
	}
	return true
}

func clientUnblock(c *Ctx) {
	withError := false
	switch {
	case len(c.Args) == 3:
	case len(c.Args) == 4 && equalFold(c.Args[3], "timeout"):
	case len(c.Args) == 4 && equalFold(c.Args[3], "error"):
		withError = true
	case len(c.Args) == 4:
		c.W.Error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
		return
	default:
		c.W.Error(errSubArity(c))
		return
	}
	id, ok := c.Int(2)
	if !ok {
		return
	}
	if c.Host.Clients.Unblock(c, id, withError) {
		c.W.Int(1)
		return
	}
	c.W.Int(0)
}
