package command

import (
	"strings"

	"github.com/kringdb/kring/internal/glob"
	"github.com/kringdb/kring/persistence/rdb"
)

const functionFlags = NoScript

var (
	onAllShards = []string{"request_policy:all_shards", "response_policy:all_succeeded"}
	onOneShard  = []string{"request_policy:all_shards", "response_policy:one_succeeded"}
)

var functionSpecs = []*Spec{
	{
		Name: "fcall", Arity: -3, Flags: evalFlags | MayWrite, Group: GroupScripting, Keys: []KeySpec{scriptKeys}, Since: "7.0.0",
		Complexity: "Depends on the function that is executed.", Summary: "Calls a function.",
		Syntax:  "function:string numkeys:integer [key...] [arg:string...]",
		Handler: fcall,
	},
	{
		Name: "fcall_ro", Arity: -3, Flags: evalFlags | ReadOnly, Group: GroupScripting, Keys: []KeySpec{scriptKeysRO}, Since: "7.0.0",
		Complexity: "Depends on the function that is executed.", Summary: "Calls a function that changes nothing.",
		Syntax:  "function:string numkeys:integer [key...] [arg:string...]",
		Handler: fcall,
	},
	{
		Name: "function", Arity: -2, Group: GroupScripting, Since: "7.0.0", Complexity: "Depends on subcommand.",
		Summary: "Commands about functions and their libraries.",
		Subs: []*Spec{
			{
				Name: "load", Arity: -3, Flags: functionFlags | Write | DenyOOM | Script, Group: GroupScripting, Handler: functionLoad, Since: "7.0.0",
				Complexity: "O(1)", Summary: "Adds a library of functions.", Syntax: "[REPLACE] function-code:string", Tips: onAllShards,
			},
			{
				Name: "delete", Arity: 3, Flags: functionFlags | Write | Exclusive, Group: GroupScripting, Handler: functionDelete, Since: "7.0.0",
				Complexity: "O(1)", Summary: "Removes a library.", Syntax: "library-name:string", Tips: onAllShards,
			},
			{
				Name: "flush", Arity: -2, Flags: functionFlags | Write | Exclusive, Group: GroupScripting, Handler: functionFlush, Since: "7.0.0",
				Complexity: "O(N) where N is the number of functions", Summary: "Removes all libraries.", Syntax: "[<ASYNC|SYNC>]", Tips: onAllShards,
			},
			{
				Name: "list", Arity: -2, Flags: functionFlags, Group: GroupScripting, Handler: functionList, Since: "7.0.0",
				Complexity: "O(N) where N is the number of functions", Summary: "Returns the libraries and their functions.",
				Syntax: "[LIBRARYNAME library-name-pattern:string] [WITHCODE]", Tips: []string{"nondeterministic_output_order"},
			},
			{
				Name: "stats", Arity: 2, Flags: functionFlags | AllowBusy, Group: GroupScripting, Handler: functionStats, Since: "7.0.0",
				Complexity: "O(1)", Summary: "Tells what runs, and how many functions there are.",
				Tips: []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},
			},
			{
				Name: "kill", Arity: 2, Flags: functionFlags | AllowBusy, Group: GroupScripting, Since: "7.0.0", Complexity: "O(1)",
				Summary: "Ends the function that runs, if it has changed nothing.",
				Handler: func(c *Ctx) { replyText(c, c.Host.Scripts.Kill(true)) }, Tips: onOneShard,
			},
			{
				Name: "dump", Arity: 2, Flags: functionFlags, Group: GroupScripting, Handler: functionDump, Since: "7.0.0",
				Complexity: "O(N) where N is the number of functions", Summary: "Returns all libraries in one value, for FUNCTION RESTORE.",
			},
			{
				Name: "restore", Arity: -3, Flags: functionFlags | Write | DenyOOM | Script, Group: GroupScripting, Handler: functionRestore, Since: "7.0.0",
				Complexity: "O(N) where N is the number of functions", Summary: "Adds the libraries of a value that FUNCTION DUMP made.",
				Syntax: "serialized-value:string [<FLUSH|APPEND|REPLACE>]", Tips: onAllShards,
			},
			helpSpec(GroupScripting, "7.0.0"),
		},
	},
}

// lineEnds makes line ends spaces.
var lineEnds = strings.NewReplacer("\r", " ", "\n", " ")

func fcall(c *Ctx) {
	if !c.Host.Scripts.HasFunction(c.Args[1]) {
		c.W.Error("ERR Function not found")
		return
	}
	if keys, ok := declaredKeys(c, "ERR Bad number of keys provided"); ok {
		c.Host.Scripts.Call(c, keys)
	}
}

func functionLoad(c *Ctx) {
	args := c.Args[2:]
	replace := false
	for len(args) > 1 {
		if !EqualFold(args[0], "replace") {
			c.W.Error("ERR Unknown option given: " + CText(args[0], len(args[0])))
			return
		}
		replace, args = true, args[1:]
	}
	name, errText := c.Host.Scripts.LoadLibrary(args[0], replace)
	if errText != "" {
		c.W.Error(errText)
		return
	}
	c.Dirty++
	c.W.BulkString(name)
}

func functionDelete(c *Ctx) {
	if !c.Host.Scripts.DeleteLibrary(c.Args[2]) {
		c.W.Error("ERR Library not found")
		return
	}
	c.Dirty++
	c.W.OK()
}

func functionFlush(c *Ctx) {
	if len(c.Args) > 3 {
		c.W.Error(errSubArity(c))
		return
	}
	if !syncOrAsync(c) {
		c.W.Error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option")
		return
	}
	c.Host.Scripts.FlushLibraries()
	c.Dirty++
	c.W.OK()
}

func functionList(c *Ctx) {
	var pattern []byte
	withCode, named := false, false
	for i := 2; i < len(c.Args); i++ {
		switch a := c.Args[i]; {
		case !withCode && EqualFold(a, "withcode"):
			withCode = true
		case !named && EqualFold(a, "libraryname"):
			if i++; i == len(c.Args) {
				c.W.Error("ERR library name argument was not given")
				return
			}
			pattern, named = c.Args[i], true
		default:
			// Line ends become spaces here even at the end, where W.Error would drop them, as in Redis.
			c.W.Error("ERR Unknown argument " + lineEnds.Replace(CText(a, len(a))))
			return
		}
	}
	libs := c.Host.Scripts.Libraries()
	shown := libs[:0]
	for _, l := range libs {
		if !named || glob.Match(pattern, []byte(l.Name), true) {
			shown = append(shown, l)
		}
	}
	c.W.Array(len(shown))
	for i := range shown {
		writeLibrary(c, &shown[i], withCode)
	}
}

func writeLibrary(c *Ctx, l *Library, withCode bool) {
	w := c.W
	n := 3
	if withCode {
		n++
	}
	w.Map(n)
	w.BulkString("library_name")
	w.BulkString(l.Name)
	w.BulkString("engine")
	w.BulkString("LUA")
	w.BulkString("functions")
	w.Array(len(l.Functions))
	for _, f := range l.Functions {
		w.Map(3)
		w.BulkString("name")
		w.BulkString(f.Name)
		w.BulkString("description")
		if f.Described {
			w.BulkString(f.Description)
		} else {
			w.Null()
		}
		w.BulkString("flags")
		w.Set(len(f.Flags))
		for _, flag := range f.Flags {
			w.Simple(flag)
		}
	}
	if withCode {
		w.BulkString("library_code")
		w.BulkString(l.Text)
	}
}

func functionStats(c *Ctx) {
	w := c.W
	w.Map(2)
	w.BulkString("running_script")
	if f, ok := c.Host.Scripts.Running(); ok {
		w.Map(3)
		w.BulkString("name")
		w.BulkString(f.Name)
		w.BulkString("command")
		writeStrings(w, f.Command)
		w.BulkString("duration_ms")
		w.Int(f.Millis)
	} else {
		w.Null()
	}
	st := c.Host.Scripts.Stats()
	w.BulkString("engines")
	w.Map(1)
	w.BulkString("LUA")
	w.Map(2)
	w.BulkString("libraries_count")
	w.Int(st.Libraries)
	w.BulkString("functions_count")
	w.Int(st.Functions)
}

func functionDump(c *Ctx) {
	libs := c.Host.Scripts.Libraries()
	codes := make([][]byte, len(libs))
	for i, l := range libs {
		codes[i] = []byte(l.Text)
	}
	c.W.Bulk(rdb.DumpFunctions(codes, c.Limits.DumpVersion))
}

func functionRestore(c *Ctx) {
	policy := RestoreAppend
	switch {
	case len(c.Args) > 4:
		c.W.Error(errSubArity(c))
		return
	case len(c.Args) == 3, EqualFold(c.Args[3], "append"):
	case EqualFold(c.Args[3], "replace"):
		policy = RestoreReplace
	case EqualFold(c.Args[3], "flush"):
		policy = RestoreFlush
	default:
		c.W.Error("ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.")
		return
	}
	var texts [][]byte
	if err := rdb.ParseFunctions(c.Args[2], func(code []byte) error {
		texts = append(texts, append([]byte(nil), code...))
		return nil
	}); err != nil {
		c.W.Error("ERR DUMP payload version or checksum are wrong")
		return
	}
	errText := c.Host.Scripts.Restore(texts, policy)
	if errText == "" {
		c.Dirty++
	}
	replyText(c, errText)
}
