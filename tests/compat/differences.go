package compat

import (
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
var Differences = []Difference{
	{
		Name: "bitcount-bitpos-arguments-of-missing-keys",
		Reason: "since 7.2 BITCOUNT and BITPOS check their arguments before they look whether the key exists; " +
			"7.0 answers 0 or -1 for a missing key whatever the arguments",
		Covers: func(st Step, o, s rawclient.Value) bool {
			name := st.Name()
			return (name == "bitcount" || name == "bitpos") && o.Kind == rawclient.Int && (o.Int == 0 || o.Int == -1) &&
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
}
