package compat

import (
	"slices"
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
					commandInfoAgrees(st, withGetkeysArity(o), s)
			}
			return (name == "command|getkeys" || name == "command|getkeysandflags") && len(st.Args) == 3 &&
				o.Str == "ERR wrong number of arguments for '"+name+"' command" && !strings.HasPrefix(s.Str, "ERR wrong number")
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
			return (strings.HasPrefix(name, "z") || strings.HasPrefix(name, "bz")) && sameDoubles(o, s)
		},
	},
	{
		Name:   "zrank-withscore",
		Reason: "ZRANK and ZREVRANK take WITHSCORE since 7.2 (arity -3, it was 3)",
		Covers: func(st Step, o, s rawclient.Value) bool {
			name := st.Name()
			if name == "command|info" {
				return strings.Contains(o.String(), "rank") && commandInfoAgrees(st, withZrankArity(o), s)
			}
			return (name == "zrank" || name == "zrevrank") && len(st.Args) > 3 &&
				o.Str == "ERR wrong number of arguments for '"+name+"' command"
		},
	},
	{
		Name:   "packed-sets",
		Reason: "since 7.2 a small set with members that are no integers is a listpack; 7.0 has a hash table",
		Covers: packedSetReply,
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

// withGetkeysArity gives COMMAND INFO's reply with the newer arity.
func withGetkeysArity(v rawclient.Value) rawclient.Value {
	c := v
	c.Elems = append([]rawclient.Value(nil), v.Elems...)
	for i, e := range c.Elems {
		if len(e.Elems) > 1 && strings.HasPrefix(e.Elems[0].Str, "command|getkeys") {
			e.Elems = append([]rawclient.Value(nil), e.Elems...)
			e.Elems[1].Int = -3
			c.Elems[i] = e
		}
	}
	return c
}

// withZrankArity gives COMMAND INFO's reply with the newer arity.
func withZrankArity(v rawclient.Value) rawclient.Value {
	c := v
	c.Elems = append([]rawclient.Value(nil), v.Elems...)
	for i, e := range c.Elems {
		if len(e.Elems) > 1 && (e.Elems[0].Str == "zrank" || e.Elems[0].Str == "zrevrank") {
			e.Elems = append([]rawclient.Value(nil), e.Elems...)
			e.Elems[1].Int = -3
			c.Elems[i] = e
		}
	}
	return c
}
