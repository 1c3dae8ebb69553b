package command

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strconv"

	"github.com/kringdb/kring/resp"
)

const (
	aclFlags      = NoScript | Loading | Stale
	aclAdminFlags = aclFlags | Admin

	defaultACLLogEntries = 10
	genPassBits          = 256
	maxGenPassBits       = 4096
)

var aclSpecs = []*Spec{{
	Name: "acl", Arity: -2, Group: GroupServer, Since: "6.0.0", Complexity: "Depends on subcommand.",
	Summary: "Commands about users and what they may do.",
	Subs: []*Spec{
		{
			Name: "cat", Arity: -2, Flags: aclFlags, Group: GroupServer, Handler: aclCat, Since: "6.0.0",
			Complexity: "O(1) since the categories and commands are a fixed set.", Summary: "Lists the categories of commands, or the commands of one.", Syntax: "[category]",
		},
		{
			Name: "deluser", Arity: -3, Flags: aclAdminFlags | Slow, Group: GroupServer, Handler: aclDelUser, Secrets: Secrets{From: 2}, Since: "6.0.0",
			Complexity: "O(1) amortized time considering the typical user.", Summary: "Removes users and closes their connections.", Syntax: "username...",
			Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
		},
		{
			Name: "dryrun", Arity: -4, Flags: aclAdminFlags, Group: GroupServer, Handler: aclDryRun, Since: "7.0.0",
			Complexity: "O(1).", Summary: "Tells whether a user may make a call, without making it.", Syntax: "username command [arg...]",
		},
		{
			Name: "genpass", Arity: -2, Flags: aclFlags, Group: GroupServer, Handler: aclGenPass, Since: "6.0.0",
			Complexity: "O(1)", Summary: "Makes up a password from random bits.", Syntax: "[bits:integer]",
		},
		{
			Name: "getuser", Arity: 3, Flags: aclAdminFlags, Group: GroupServer, Handler: aclGetUser, Secrets: Secrets{From: 2}, Since: "6.0.0",
			Complexity: "O(N). Where N is the number of password, command and pattern rules that the user has.", Summary: "Describes one user.", Syntax: "username",
		},
		{
			Name: "list", Arity: 2, Flags: aclAdminFlags, Group: GroupServer, Handler: aclList, Since: "6.0.0",
			Complexity: "O(N). Where N is the number of configured users.", Summary: "Lists all users as the rules that make them.",
		},
		{
			Name: "load", Arity: 2, Flags: aclAdminFlags | Slow, Group: GroupServer, Handler: aclLoad, Since: "6.0.0",
			Complexity: "O(N). Where N is the number of configured users.", Summary: "Reads the users from the ACL file again.",
			Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
		},
		{
			Name: "log", Arity: -2, Flags: aclAdminFlags, Group: GroupServer, Handler: aclLog, Since: "6.0.0",
			Complexity: "O(N) with N being the number of entries shown.", Summary: "Lists what was denied lately.", Syntax: "[<count:integer | RESET>]",
		},
		{
			Name: "save", Arity: 2, Flags: aclAdminFlags | Slow, Group: GroupServer, Handler: aclSave, Since: "6.0.0",
			Complexity: "O(N). Where N is the number of configured users.", Summary: "Writes the users into the ACL file.",
			Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
		},
		{
			Name: "setuser", Arity: -3, Flags: aclAdminFlags | Slow, Group: GroupServer, Handler: aclSetUser, Secrets: Secrets{From: 2}, Since: "6.0.0",
			Complexity: "O(N). Where N is the number of rules provided.", Summary: "Makes or changes a user by rules.", Syntax: "username [rule...]",
			Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
		},
		{
			Name: "users", Arity: 2, Flags: aclAdminFlags, Group: GroupServer, Handler: aclUsers, Since: "6.0.0",
			Complexity: "O(N). Where N is the number of configured users.", Summary: "Lists the names of all users.",
		},
		{
			Name: "whoami", Arity: 2, Flags: aclFlags, Group: GroupServer, Since: "6.0.0", Complexity: "O(1)", Summary: "Returns the user of the connection.",
			Handler: func(c *Ctx) { c.W.BulkString(c.Client.User()) },
		},
		helpSpec(GroupServer, "6.0.0"),
	},
}}

func writeStrings(w *resp.Writer, list []string) {
	w.Array(len(list))
	for _, s := range list {
		w.BulkString(s)
	}
}

func argStrings(args resp.Args) []string {
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = string(a)
	}
	return out
}

func aclCat(c *Ctx) {
	switch len(c.Args) {
	case 2:
		cats := make([]string, len(categoryOrder))
		for i, cat := range categoryOrder {
			cats[i] = cat[1:]
		}
		writeStrings(c.W, cats)
	case 3:
		cat := "@" + string(c.Args[2])
		if !slices.ContainsFunc(categoryOrder, func(o string) bool { return EqualFold([]byte(cat), o) }) {
			c.W.Error("ERR Unknown category '" + CText(c.Args[2], len(c.Args[2])) + "'")
			return
		}
		var names []string
		for _, s := range c.Host.Table.Specs() {
			if slices.ContainsFunc(s.Categories, func(o string) bool { return EqualFold([]byte(cat), o) }) {
				names = append(names, s.FullName)
			}
		}
		writeStrings(c.W, names)
	default:
		c.W.Error(errSubArity(c))
	}
}

// errSubArity is Redis's answer to a subcommand with too many arguments.
func errSubArity(c *Ctx) string {
	return "ERR unknown subcommand or wrong number of arguments for '" + CText(c.Args[1], 128) + "'. Try " + upper(c.Spec.Parent.Name) + " HELP."
}

func upper(s string) string {
	b := []byte(s)
	for i, ch := range b {
		if ch >= 'a' && ch <= 'z' {
			b[i] = ch - 0x20
		}
	}
	return string(b)
}

func aclDelUser(c *Ctx) {
	n, errText := c.Host.Users.DelUser(c, argStrings(c.Args[2:]))
	if errText != "" {
		c.W.Error(errText)
		return
	}
	c.W.Int(int64(n))
}

func aclDryRun(c *Ctx) {
	name, call := string(c.Args[2]), c.Args[3:]
	if _, ok := c.Host.Users.User(name); !ok {
		c.W.Error("ERR User '" + name + "' not found")
		return
	}
	s := c.Host.Table.Lookup(call[0])
	if s != nil && s.Subs != nil && len(call) > 1 {
		s = s.LookupSub(call[1])
	}
	switch {
	case s == nil:
		c.W.Error("ERR Command '" + CText(call[0], len(call[0])) + "' not found")
		return
	case !s.MatchesArity(len(call)):
		c.W.Error("ERR wrong number of arguments for '" + s.FullName + "' command")
		return
	}
	denied, _ := c.Host.Users.DryRun(name, s, call)
	if denied == "" {
		c.W.OK()
		return
	}
	c.W.BulkString(denied)
}

func aclGenPass(c *Ctx) {
	bits := int64(genPassBits)
	if len(c.Args) > 3 {
		c.W.Error(errSubArity(c))
		return
	}
	if len(c.Args) == 3 {
		n, ok := c.Int(2)
		if !ok {
			return
		}
		if n <= 0 || n > maxGenPassBits {
			c.W.Error("ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to " +
				strconv.Itoa(maxGenPassBits))
			return
		}
		bits = n
	}
	digits := (bits + 3) / 4
	random := make([]byte, (digits+1)/2)
	_, _ = rand.Read(random) // never fails, by its documentation
	c.W.BulkString(hex.EncodeToString(random)[:digits])
}

func aclGetUser(c *Ctx) {
	u, ok := c.Host.Users.User(string(c.Args[2]))
	if !ok {
		c.W.Null()
		return
	}
	w := c.W
	w.Map(6)
	w.BulkString("flags")
	w.Set(len(u.Flags))
	for _, f := range u.Flags {
		w.BulkString(f)
	}
	w.BulkString("passwords")
	writeStrings(w, u.Passwords)
	writeRights(w, u.Root)
	w.BulkString("selectors")
	w.Array(len(u.Selectors))
	for _, s := range u.Selectors {
		w.Map(3)
		writeRights(w, s)
	}
}

func writeRights(w *resp.Writer, r ACLRights) {
	w.BulkString("commands")
	w.BulkString(r.Commands)
	w.BulkString("keys")
	w.BulkString(r.Keys)
	w.BulkString("channels")
	w.BulkString(r.Channels)
}

func aclList(c *Ctx) { writeStrings(c.W, c.Host.Users.List()) }

func aclUsers(c *Ctx) { writeStrings(c.W, c.Host.Users.Names()) }

func aclLoad(c *Ctx) { okOr(c, c.Host.Users.Load(c)) }

func aclSave(c *Ctx) { okOr(c, c.Host.Users.Save()) }

func aclSetUser(c *Ctx) { okOr(c, c.Host.Users.SetUser(c, string(c.Args[2]), argStrings(c.Args[3:]))) }

func aclLog(c *Ctx) {
	n := int64(defaultACLLogEntries)
	switch {
	case len(c.Args) > 3:
		c.W.Error(errSubArity(c))
		return
	case len(c.Args) == 3 && equalFold(c.Args[2], "reset"):
		c.Host.Users.ResetLog()
		c.W.OK()
		return
	case len(c.Args) == 3:
		var ok bool
		if n, ok = c.Int(2); !ok {
			return
		}
	}
	entries := c.Host.Users.Log(int(max(n, 0)))
	c.W.Array(len(entries))
	for i := range entries {
		writeACLLogEntry(c, &entries[i])
	}
}

func writeACLLogEntry(c *Ctx, e *ACLLogEntry) {
	w := c.W
	w.Map(10)
	w.BulkString("count")
	w.Int(e.Count)
	for _, f := range [][2]string{{"reason", e.Reason}, {"context", e.Context}, {"object", e.Object}, {"username", e.Username}} {
		w.BulkString(f[0])
		w.BulkString(f[1])
	}
	w.BulkString("age-seconds")
	w.Double(float64(c.Now-e.UpdatedMs) / 1000)
	w.BulkString("client-info")
	w.BulkString(e.ClientInfo)
	w.BulkString("entry-id")
	w.Int(e.ID)
	w.BulkString("timestamp-created")
	w.Int(e.CreatedMs)
	w.BulkString("timestamp-last-updated")
	w.Int(e.UpdatedMs)
}
