package command

import (
	"github.com/kringdb/kring/internal/glob"
	"github.com/kringdb/kring/resp"
)

const introspectFlags = Loading | Stale | ConnectionCat

var introspectSpecs = []*Spec{{
	Name: "command", Arity: -1, Flags: introspectFlags, Group: GroupServer, Handler: commandAll, Since: "2.8.13",
	Complexity: "O(N) where N is the number of commands", Summary: "Describes all commands.",
	Tips: []string{"nondeterministic_output_order"},
	Subs: []*Spec{
		{
			Name: "count", Arity: 2, Flags: introspectFlags, Group: GroupServer, Since: "2.8.13", Complexity: "O(1)",
			Handler: func(c *Ctx) { c.W.Int(int64(len(c.Host.Table.Callable()))) }, Summary: "Returns the number of commands.",
		},
		{
			Name: "docs", Arity: -2, Flags: introspectFlags, Group: GroupServer, Handler: commandDocs, Since: "7.0.0",
			Complexity: "O(N) where N is the number of commands", Summary: "Documents commands.", Syntax: "[command-name...]",
			Tips: []string{"nondeterministic_output_order"},
		},
		{
			Name: "getkeys", Arity: -3, Flags: introspectFlags, Group: GroupServer, Handler: commandGetKeys, Since: "2.8.13",
			Complexity: "O(N) where N is the number of arguments", Summary: "Extracts the keys from a full command.", Syntax: "command [arg...]",
		},
		{
			Name: "getkeysandflags", Arity: -3, Flags: introspectFlags, Group: GroupServer, Handler: commandGetKeysAndFlags, Since: "7.0.0",
			Complexity: "O(N) where N is the number of arguments", Summary: "Extracts the keys and what is done to them from a full command.",
			Syntax: "command [arg...]",
		},
		{
			Name: "info", Arity: -2, Flags: introspectFlags, Group: GroupServer, Handler: commandInfo, Since: "2.8.13",
			Complexity: "O(N) where N is the number of commands", Summary: "Describes some or all commands.", Syntax: "[command-name...]",
			Tips: []string{"nondeterministic_output_order"},
		},
		{
			Name: "list", Arity: -2, Flags: introspectFlags, Group: GroupServer, Handler: commandList, Since: "7.0.0",
			Complexity: "O(N) where N is the number of commands", Summary: "Lists the names of commands.",
			Syntax: "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern:pattern>]",
			Tips:   []string{"nondeterministic_output_order"},
		},
		withFlags(helpSpec(GroupServer, "5.0.0"), ConnectionCat),
	},
}}

func withFlags(s *Spec, f Flag) *Spec {
	s.Flags |= f
	return s
}

func commandAll(c *Ctx) {
	all := c.Host.Table.Callable()
	c.W.Array(len(all))
	for _, s := range all {
		writeInfo(c.W, s)
	}
}

func commandInfo(c *Ctx) {
	if len(c.Args) == 2 {
		commandAll(c)
		return
	}
	c.W.Array(len(c.Args) - 2)
	for _, name := range c.Args[2:] {
		if s := c.Host.Table.LookupFull(name); s != nil {
			writeInfo(c.W, s)
		} else {
			c.W.Null()
		}
	}
}

func writeInfo(w *resp.Writer, s *Spec) {
	w.Array(10)
	w.BulkString(s.FullName)
	w.Int(int64(s.Arity))
	writeSimpleSet(w, s.Flags.Names())
	w.Int(int64(s.first))
	w.Int(int64(s.last))
	w.Int(int64(s.step))
	writeSimpleSet(w, s.Categories)
	w.Set(len(s.Tips))
	for _, t := range s.Tips {
		w.BulkString(t)
	}
	w.Set(len(s.Keys))
	for i := range s.Keys {
		writeKeySpec(w, &s.Keys[i])
	}
	w.Set(len(s.Subs))
	for _, sub := range s.Subs {
		writeInfo(w, sub)
	}
}

func writeSimpleSet(w *resp.Writer, words []string) {
	w.Set(len(words))
	for _, f := range words {
		w.Simple(f)
	}
}

func writeKeySpec(w *resp.Writer, k *KeySpec) {
	n := 3
	if k.Notes != "" {
		n++
	}
	w.Map(n)
	if k.Notes != "" {
		w.BulkString("notes")
		w.BulkString(k.Notes)
	}
	w.BulkString("flags")
	writeSimpleSet(w, k.Flags.Names())
	w.BulkString("begin_search")
	if k.Unknown {
		writeKeyStep(w, "unknown")
		w.BulkString("find_keys")
		writeKeyStep(w, "unknown")
		return
	}
	if k.Keyword == "" {
		writeKeyStep(w, "index", "index", k.Index)
	} else {
		w.Map(2)
		w.BulkString("type")
		w.BulkString("keyword")
		w.BulkString("spec")
		w.Map(2)
		w.BulkString("keyword")
		w.BulkString(k.Keyword)
		w.BulkString("startfrom")
		w.Int(int64(k.StartFrom))
	}
	w.BulkString("find_keys")
	if k.KeyNum {
		writeKeyStep(w, "keynum", "keynumidx", k.NumIdx, "firstkey", k.FirstKey, "keystep", k.Step)
		return
	}
	writeKeyStep(w, "range", "lastkey", k.Last, "keystep", k.Step, "limit", k.Limit)
}

// writeKeyStep writes one of the two steps of a key spec: its type and its numbers,
// given as name, value pairs.
func writeKeyStep(w *resp.Writer, typ string, pairs ...any) {
	w.Map(2)
	w.BulkString("type")
	w.BulkString(typ)
	w.BulkString("spec")
	w.Map(len(pairs) / 2)
	for i := 0; i < len(pairs); i += 2 {
		w.BulkString(pairs[i].(string))
		w.Int(int64(pairs[i+1].(int)))
	}
}

func commandDocs(c *Ctx) {
	var specs []*Spec
	if len(c.Args) == 2 {
		specs = c.Host.Table.Callable()
	}
	for _, name := range c.Args[2:] {
		if s := c.Host.Table.LookupFull(name); s != nil {
			specs = append(specs, s)
		}
	}
	c.W.Map(len(specs))
	for _, s := range specs {
		writeDoc(c.W, s)
	}
}

func writeDoc(w *resp.Writer, s *Spec) {
	w.BulkString(s.FullName)
	n := 4
	if s.Deprecated != "" {
		n += 3
	}
	if len(s.docArgs) > 0 {
		n++
	}
	if len(s.Subs) > 0 {
		n++
	}
	w.Map(n)
	writePair := func(name, value string) {
		w.BulkString(name)
		w.BulkString(value)
	}
	writePair("summary", s.Summary)
	writePair("since", s.Since)
	writePair("group", s.Group.String())
	writePair("complexity", s.Complexity)
	if s.Deprecated != "" {
		w.BulkString("doc_flags")
		writeSimpleSet(w, []string{"deprecated"})
		writePair("deprecated_since", s.Deprecated)
		writePair("replaced_by", s.ReplacedBy)
	}
	if len(s.docArgs) > 0 {
		w.BulkString("arguments")
		writeDocArgs(w, s.docArgs)
	}
	if len(s.Subs) > 0 {
		w.BulkString("subcommands")
		w.Map(len(s.Subs))
		for _, sub := range s.Subs {
			writeDoc(w, sub)
		}
	}
}

func writeDocArgs(w *resp.Writer, args []DocArg) {
	w.Array(len(args))
	for i := range args {
		a := &args[i]
		var flags []string
		if a.Optional {
			flags = append(flags, "optional")
		}
		if a.Multiple {
			flags = append(flags, "multiple")
		}
		n := 2
		for _, has := range []bool{a.KeySpec >= 0, a.Token != "", len(flags) > 0, len(a.Args) > 0} {
			if has {
				n++
			}
		}
		w.Map(n)
		w.BulkString("name")
		w.BulkString(a.Name)
		w.BulkString("type")
		w.BulkString(a.Type)
		if a.KeySpec >= 0 {
			w.BulkString("key_spec_index")
			w.Int(int64(a.KeySpec))
		}
		if a.Token != "" {
			w.BulkString("token")
			w.BulkString(a.Token)
		}
		if len(flags) > 0 {
			w.BulkString("flags")
			writeSimpleSet(w, flags)
		}
		if len(a.Args) > 0 {
			w.BulkString("arguments")
			writeDocArgs(w, a.Args)
		}
	}
}

// keysOf resolves the command named from argument 2 on and where its keys stand; it
// replies the error itself.
func keysOf(c *Ctx) (s *Spec, args resp.Args, ok bool) {
	args = c.Args[2:]
	if s = c.Host.Table.Lookup(args[0]); s != nil && len(s.Subs) > 0 && len(args) > 1 {
		s = s.LookupSub(args[1])
	}
	switch {
	case s == nil:
		c.W.Error("ERR Invalid command specified")
	case !s.hasKeys():
		c.W.Error("ERR The command has no key arguments")
	case !s.MatchesArity(len(args)):
		c.W.Error("ERR Invalid number of arguments specified for command")
	default:
		return s, args, true
	}
	return nil, nil, false
}

// hasKeys tells whether any argument of the command may be a key.
func (s *Spec) hasKeys() bool {
	for i := range s.Keys {
		if s.Keys[i].Flags&KeyNotKey == 0 {
			return true
		}
	}
	return false
}

func commandGetKeys(c *Ctx) {
	s, args, ok := keysOf(c)
	if !ok {
		return
	}
	uses, ok := s.keyUses(args)
	if !ok {
		c.W.Error(errKeyArguments)
		return
	}
	c.W.Array(len(uses))
	for _, u := range uses {
		c.W.Bulk(args[u.at])
	}
}

const errKeyArguments = "ERR Invalid arguments specified for command"

// keyUse is a key of a call and what the call does with it.
type keyUse struct {
	at    int
	flags KeyFlag
}

// keyUses returns the keys of a call; ok is false if its arguments do not fit. That a
// command which needs keys says that there are none fits as little as a wrong number; one that may do
// without has none then, as in Redis.
func (s *Spec) keyUses(args resp.Args) (uses []keyUse, ok bool) {
	free := s.Flags&NoMandatoryKeys != 0
	for i := range s.Keys {
		idx, ok := s.Keys[i].append(nil, args)
		if !ok || s.Keys[i].KeyNum && len(idx) == 0 && !free {
			return nil, free
		}
		for _, at := range idx {
			uses = append(uses, keyUse{at, s.flagsOf(i, args)})
		}
	}
	return uses, free || len(uses) > 0
}

func commandGetKeysAndFlags(c *Ctx) {
	s, args, ok := keysOf(c)
	if !ok {
		return
	}
	uses, ok := s.keyUses(args)
	if !ok {
		c.W.Error(errKeyArguments)
		return
	}
	c.W.Array(len(uses))
	for _, u := range uses {
		c.W.Array(2)
		c.W.Bulk(args[u.at])
		writeSimpleSet(c.W, u.flags.Names())
	}
}

// flagsOf returns the flags of key spec i for a call: a spec with variable flags
// (SET with GET, BITFIELD) may narrow them by its arguments.
func (s *Spec) flagsOf(i int, args resp.Args) KeyFlag {
	if s.Keys[i].Flags&KeyVariableFlags != 0 && s.VariableFlags != nil {
		return s.VariableFlags(args)
	}
	return s.Keys[i].Flags &^ KeyVariableFlags
}

func commandList(c *Ctx) {
	keep := func(*Spec) bool { return true }
	switch {
	case len(c.Args) == 2:
	case len(c.Args) == 5 && equalFold(c.Args[2], "filterby"):
		arg := c.Args[4]
		switch by := c.Args[3]; {
		case equalFold(by, "module"):
			keep = func(*Spec) bool { return false }
		case equalFold(by, "aclcat"):
			keep = func(s *Spec) bool {
				for _, cat := range s.Categories {
					if equalFold(arg, cat[1:]) {
						return true
					}
				}
				return false
			}
		case equalFold(by, "pattern"):
			keep = func(s *Spec) bool { return glob.Match(arg, []byte(s.FullName), true) }
		default:
			c.W.Error(ErrSyntax)
			return
		}
	default:
		c.W.Error(ErrSyntax)
		return
	}
	var names []string
	for _, s := range c.Host.Table.Callable() {
		if keep(s) {
			names = append(names, s.FullName)
		}
		for _, sub := range s.Subs {
			if keep(sub) {
				names = append(names, sub.FullName)
			}
		}
	}
	writeBulks(c.W, names)
}

func writeBulks(w *resp.Writer, words []string) {
	w.Array(len(words))
	for _, s := range words {
		w.BulkString(s)
	}
}
