package command

import "github.com/kringdb/kring/resp"

const (
	evalFlags   = NoScript | Stale | SkipMonitor | NoMandatoryKeys | Script
	scriptFlags = NoScript
	notesRW     = "We cannot tell how the keys will be used so we assume the worst, RW and UPDATE"
	notesRO     = "We cannot tell how the keys will be used so we assume the worst, RO and ACCESS"
	evalCost    = "Depends on the script that is executed."
)

var (
	scriptKeys   = KeySpec{Flags: KeyRW | KeyAccess | KeyUpdate, Index: 2, KeyNum: true, NumIdx: 0, FirstKey: 1, Step: 1, Notes: notesRW}
	scriptKeysRO = KeySpec{Flags: KeyRO | KeyAccess, Index: 2, KeyNum: true, NumIdx: 0, FirstKey: 1, Step: 1, Notes: notesRO}
	noteless     = KeySpec{Flags: KeyRW | KeyAccess | KeyUpdate, Index: 2, KeyNum: true, NumIdx: 0, FirstKey: 1, Step: 1}
	notelessRO   = KeySpec{Flags: KeyRO | KeyAccess, Index: 2, KeyNum: true, NumIdx: 0, FirstKey: 1, Step: 1}
)

var scriptSpecs = []*Spec{
	{
		Name: "eval", Arity: -3, Flags: evalFlags | MayWrite | ByText, Group: GroupScripting, Keys: []KeySpec{scriptKeys}, Since: "2.6.0", Complexity: evalCost,
		Summary: "Runs a script in Lua.", Syntax: "script:string numkeys:integer [key...] [arg:string...]",
		Handler: eval,
	},
	{
		Name: "evalsha", Arity: -3, Flags: evalFlags | MayWrite | BySHA, Group: GroupScripting, Keys: []KeySpec{noteless}, Since: "2.6.0", Complexity: evalCost,
		Summary: "Runs a cached script in Lua, by its SHA-1.", Syntax: "sha1:string numkeys:integer [key...] [arg:string...]",
		Handler: eval,
	},
	{
		Name: "eval_ro", Arity: -3, Flags: evalFlags | ReadOnly | ByText, Group: GroupScripting, Keys: []KeySpec{scriptKeysRO}, Since: "7.0.0",
		Complexity: evalCost, Summary: "Runs a script in Lua that changes nothing.", Syntax: "script:string numkeys:integer [key...] [arg:string...]",
		Handler: eval,
	},
	{
		Name: "evalsha_ro", Arity: -3, Flags: evalFlags | ReadOnly | BySHA, Group: GroupScripting, Keys: []KeySpec{notelessRO}, Since: "7.0.0",
		Complexity: evalCost, Summary: "Runs a cached script in Lua that changes nothing, by its SHA-1.",
		Syntax:  "sha1:string numkeys:integer [key...] [arg:string...]",
		Handler: eval,
	},
	{
		Name: "script", Arity: -2, Group: GroupScripting, Since: "2.6.0", Complexity: "Depends on subcommand.",
		Summary: "Commands about the scripts that the server keeps.",
		Subs: []*Spec{
			{
				Name: "load", Arity: 3, Flags: scriptFlags | Stale, Group: GroupScripting, Handler: scriptLoad, Since: "2.6.0",
				Complexity: "O(N) where N is the length of the script", Summary: "Keeps a script, and returns its SHA-1.", Syntax: "script:string",
				Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
			},
			{
				Name: "exists", Arity: -3, Flags: scriptFlags, Group: GroupScripting, Handler: scriptExists, Since: "2.6.0",
				Complexity: "O(N) where N is the number of scripts asked for", Summary: "Tells which scripts the server keeps.", Syntax: "sha1:string...",
				Tips: []string{"request_policy:all_shards", "response_policy:agg_logical_and"},
			},
			{
				Name: "flush", Arity: -2, Flags: scriptFlags | Exclusive, Group: GroupScripting, Handler: scriptFlush, Since: "2.6.0",
				Complexity: "O(N) where N is the number of scripts", Summary: "Forgets all scripts.", Syntax: "[<ASYNC|SYNC>]",
				Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
			},
			{
				Name: "kill", Arity: 2, Flags: scriptFlags | AllowBusy, Group: GroupScripting, Since: "2.6.0", Complexity: "O(1)",
				Summary: "Ends the script that runs, if it has changed nothing.",
				Handler: func(c *Ctx) { replyText(c, c.Host.Scripts.Kill(false)) },
				Tips:    []string{"request_policy:all_shards", "response_policy:one_succeeded"},
			},
			{
				Name: "debug", Arity: 3, Flags: scriptFlags, Group: GroupScripting, Since: "3.2.0", Complexity: "O(1)",
				Summary: "Would begin to debug scripts: there is no debugger.", Syntax: "<YES|SYNC|NO>",
				Handler: scriptDebug,
			},
			helpSpec(GroupScripting, "5.0.0"),
		},
	},
}

// replyText replies OK, or an error.
func replyText(c *Ctx, errText string) {
	if errText != "" {
		c.W.Error(errText)
		return
	}
	c.W.OK()
}

// declaredKeys is how many keys a call of EVAL or FCALL declares; if that cannot be, it replies so. errNumber
// is what it says of a number that is none.
func declaredKeys(c *Ctx, errNumber string) (keys int, ok bool) {
	n, ok := resp.ParseInt(c.Args[2])
	switch {
	case !ok:
		c.W.Error(errNumber)
	case n > int64(len(c.Args)-3):
		c.W.Error("ERR Number of keys can't be greater than number of args")
	case n < 0:
		c.W.Error("ERR Number of keys can't be negative")
	default:
		return int(n), true
	}
	return 0, false
}

// ErrNoScript answers calls of scripts that are not there.
const ErrNoScript = "NOSCRIPT No matching script. Please use EVAL."

// shaBytes is the length of a script's SHA-1 in hexadecimal.
const shaBytes = 40

func eval(c *Ctx) {
	if c.Spec.Flags&BySHA != 0 && len(c.Args[1]) != shaBytes { // that is looked at before the number of keys
		c.W.Error(ErrNoScript)
		return
	}
	if keys, ok := declaredKeys(c, ErrNotInteger); ok {
		c.Host.Scripts.Eval(c, keys)
	}
}

func scriptLoad(c *Ctx) {
	sha, errText := c.Host.Scripts.Load(c.Args[2])
	if errText != "" {
		c.W.Error(errText)
		return
	}
	c.W.BulkString(sha)
}

func scriptExists(c *Ctx) {
	c.W.Array(len(c.Args) - 2)
	for _, sha := range c.Args[2:] {
		if c.Host.Scripts.Has(sha) {
			c.W.Int(1)
		} else {
			c.W.Int(0)
		}
	}
}

// syncOrAsync tells whether the arguments from index 2 on are nothing, or one of the two words.
func syncOrAsync(c *Ctx) bool {
	return len(c.Args) == 2 || len(c.Args) == 3 && (EqualFold(c.Args[2], "sync") || EqualFold(c.Args[2], "async"))
}

func scriptFlush(c *Ctx) {
	if !syncOrAsync(c) {
		c.W.Error("ERR SCRIPT FLUSH only support SYNC|ASYNC option")
		return
	}
	c.Host.Scripts.Flush()
	c.W.OK()
}

func scriptDebug(c *Ctx) {
	switch {
	case EqualFold(c.Args[2], "no"):
		c.W.OK()
	case EqualFold(c.Args[2], "yes"), EqualFold(c.Args[2], "sync"):
		c.W.Error("ERR this server has no debugger for scripts")
	default:
		c.W.Error("ERR Use SCRIPT DEBUG YES/SYNC/NO")
	}
}
