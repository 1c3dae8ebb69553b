package compat

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

// Difference is one place where Redis 7.4 departs from the 7.0 oracle, or where the
// oracle shows an accident of its implementation. Covers is asked only about replies
// that disagree.
type Difference struct {
	Name   string
	Reason string
	Covers func(st Step, oracle, subject rawclient.Value) bool
}

// Differences is kept as short as the truth allows.
var Differences = slices.Concat(adminDifferences, []Difference{
	{
		Name: "bitcount-bitpos-arguments-of-missing-keys",
		Reason: "since 7.2 BITCOUNT and BITPOS check their arguments before they look whether the key exists; " +
			"7.0 answers 0 or -1 for a missing key whatever the arguments, and WRONGTYPE before it looks at them",
		Covers: func(st Step, o, s rawclient.Value) bool {
			name := st.Name()
			first := o.Kind == rawclient.Int && (o.Int == 0 || o.Int == -1) || strings.HasPrefix(o.Str, "WRONGTYPE ")
			return (name == "bitcount" || name == "bitpos") && first &&
				(s.Str == "ERR value is not an integer or out of range" || s.Str == "ERR syntax error")
		},
	},
	{
		Name:   "refcount-of-copied-small-integers",
		Reason: "which integers below 10,000 the oracle shares depends on how they came about (COPY does not share)",
		Covers: func(st Step, o, s rawclient.Value) bool {
			const shared = 1<<31 - 1
			return st.Name() == "object|refcount" && bothInts(o, s) &&
				(o.Int == 1 || o.Int == shared) && (s.Int == 1 || s.Int == shared)
		},
	},
	{
		Name:   "subcommands-since-7.2",
		Reason: "CLIENT SETINFO and CLIENT NO-TOUCH came with 7.2",
		Covers: func(st Step, o, s rawclient.Value) bool {
			name := st.Name()
			return (name == "client|setinfo" || name == "client|no-touch") &&
				strings.HasPrefix(o.Str, "ERR unknown subcommand") && !strings.HasPrefix(s.Str, "ERR unknown subcommand")
		},
	},
	{
		Name: "more-than-1048576-arguments",
		Reason: "Kring bounds a command to 1,048,576 arguments; the oracle takes the announcement of up to 2^31-1 " +
			"and waits for them",
		Covers: func(st Step, o, s rawclient.Value) bool {
			return st.Op == "raw" && strings.HasPrefix(st.Args[0], "*1048577\r") && o.Str == "<quiet>" &&
				s.Str == "-ERR Protocol error: invalid multibulk length\r\n<closed>"
		},
	},
	{
		Name:   "arity-of-command-getkeys",
		Reason: "COMMAND GETKEYS and GETKEYSANDFLAGS take a command without arguments since 7.2 (arity -3, it was -4)",
		Covers: func(st Step, o, s rawclient.Value) bool {
			name := st.Name()
			if name == "command|info" {
				return strings.Contains(o.String(), `$"command|getkeys`) && len(o.Elems) == len(s.Elems) &&
					commandInfoAgrees(st, newerInfo(o), s)
			}
			return (name == "command|getkeys" || name == "command|getkeysandflags") && len(st.Args) == 3 &&
				o.Str == "ERR wrong number of arguments for '"+name+"' command" && slices.Contains([]string{
				"ERR Invalid command specified", "ERR Invalid number of arguments specified for command", "ERR The command has no key arguments",
			}, s.Str)
		},
	},
	{
		Name:   "keys-of-commands-to-come",
		Reason: "a command of the oracle's that Kring does not have yet has no keys to tell",
		Covers: func(st Step, _, s rawclient.Value) bool {
			name := st.Name()
			return (name == "command|getkeys" || name == "command|getkeysandflags") && len(st.Args) > 2 &&
				s.Str == "ERR Invalid command specified" && !coveredCommands()[strings.ToLower(st.Args[2])]
		},
	},
	{
		Name:   "reset-turns-no-evict-off",
		Reason: "RESET turns CLIENT NO-EVICT off since 7.2; the oracle keeps it",
		Covers: func(st Step, o, s rawclient.Value) bool {
			name := st.Name()
			o.Str = strings.ReplaceAll(o.Str, " flags=e ", " flags=N ")
			return (name == "client|info" || name == "client|list") && clientLinesAgree(st, o, s)
		},
	},
	{
		Name: "doubles-in-few-digits",
		Reason: "since 7.2 a double is printed in the fewest digits that give it back (0.1), a whole one up to 2^62 in all of them; " +
			"7.0 prints 17 digits (0.10000000000000001)",
		Covers: func(st Step, o, s rawclient.Value) bool {
			name := st.Name()
			switch name { // scripts return what ZSCORE and others have replied to them
			case "eval", "eval_ro", "evalsha", "evalsha_ro", "fcall", "fcall_ro":
				return sameDoubles(o, s)
			}
			return (strings.HasPrefix(name, "z") || strings.HasPrefix(name, "bz")) && sameDoubles(o, s)
		},
	},
	{
		Name:   "zrank-withscore",
		Reason: "ZRANK and ZREVRANK take WITHSCORE since 7.2 (arity -3, it was 3)",
		Covers: func(st Step, o, s rawclient.Value) bool {
			name := st.Name()
			if name == "command|info" {
				return strings.Contains(o.String(), "rank") && commandInfoAgrees(st, newerInfo(o), s)
			}
			return (name == "zrank" || name == "zrevrank") && len(st.Args) > 3 &&
				o.Str == "ERR wrong number of arguments for '"+name+"' command"
		},
	},
	{
		Name:   "blocking-commands-in-scripts",
		Reason: "since 7.2 the blocking commands are no longer flagged noscript, and WAIT is one of them",
		Covers: func(st Step, o, s rawclient.Value) bool {
			text := o.String()
			return st.Name() == "command|info" && strings.Contains(text, "noscript") && (strings.Contains(text, "blocking") || strings.Contains(text, "wait")) &&
				commandInfoAgrees(st, newerInfo(o), s)
		},
	},
	{
		Name:   "scan-cursors",
		Reason: "since 7.2 a negative or empty cursor is none, and blanks may stand before one",
		Covers: func(st Step, o, s rawclient.Value) bool {
			const invalid = "ERR invalid cursor"
			return isOldScanCursor(st) && (s.Str == invalid) != (o.Str == invalid)
		},
	},
	{
		Name:   "packed-sets",
		Reason: "since 7.2 a small set with members that are no integers is a listpack; 7.0 has a hash table",
		Covers: packedSetReply,
	},
	{
		Name:   "script-debug-in-a-pipeline",
		Reason: "the oracle looks first whether replies are still on their way, which depends on timing here",
		Covers: func(st Step, o, s rawclient.Value) bool {
			return st.Name() == "script|debug" && o.Str == "ERR SCRIPT DEBUG must be called outside a pipeline"
		},
	},
	{
		Name:   "loglevel-nothing",
		Reason: "7.2 added the log level nothing, which the error of a wrong level lists",
		Covers: func(st Step, o, s rawclient.Value) bool {
			return st.Name() == "config|set" && s.Str == o.Str+", nothing"
		},
	},
	{
		Name:   "xreadgroup-without-its-key",
		Reason: "since 7.2 a client that waits in XREADGROUP runs its command again when the key goes, and is told NOGROUP or WRONGTYPE",
		Covers: func(st Step, o, s rawclient.Value) bool {
			return st.Op == "receive" && strings.HasPrefix(o.Str, "UNBLOCKED the stream key no longer exists") &&
				(strings.HasPrefix(s.Str, "NOGROUP ") || strings.HasPrefix(s.Str, "WRONGTYPE "))
		},
	},
})

// newerInfo gives COMMAND INFO's reply as 7.4 has it: what several differences are about may
// stand in one reply.
func newerInfo(v rawclient.Value) rawclient.Value {
	v.Elems = slices.Clone(v.Elems)
	for i, e := range v.Elems {
		if len(e.Elems) < 3 {
			continue
		}
		e.Elems = slices.Clone(e.Elems)
		name := e.Elems[0].Str
		switch {
		case name == "zrank" || name == "zrevrank":
			e.Elems[1].Int = -3
		case strings.HasPrefix(name, "command|getkeys"):
			e.Elems[1].Int = -3
		}
		if name == "wait" {
			e.Elems[2].Elems = append(slices.Clone(e.Elems[2].Elems), rawclient.Value{Kind: rawclient.Simple, Str: "blocking"})
			e.Elems[6].Elems = append(slices.Clone(e.Elems[6].Elems), rawclient.Value{Kind: rawclient.Simple, Str: "@blocking"})
		}
		e.Elems[2] = blockingWithoutNoscript(e.Elems[2])
		v.Elems[i] = e
	}
	return v
}

// blockingWithoutNoscript gives a command's flags without noscript, if it is a blocking one.
func blockingWithoutNoscript(flags rawclient.Value) rawclient.Value {
	is := func(name string) func(v rawclient.Value) bool {
		return func(v rawclient.Value) bool { return v.Str == name }
	}
	if slices.ContainsFunc(flags.Elems, is("blocking")) {
		flags.Elems = slices.DeleteFunc(slices.Clone(flags.Elems), is("noscript"))
	}
	return flags
}

// isOldScanCursor tells whether the call's cursor is one that 7.0 takes and 7.4 refuses.
func isOldScanCursor(st Step) bool {
	at := map[string]int{"scan": 1, "hscan": 2, "sscan": 2, "zscan": 2}[st.Name()]
	if at == 0 || at >= len(st.Args) {
		return false
	}
	n, err := strconv.ParseInt(st.Args[at], 10, 64)
	return st.Args[at] == "" || err == nil && n < 0 || st.Args[at][0] == ' '
}
