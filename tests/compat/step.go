package compat

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

// Step is one action of a sequence. With Op == "" it is the command Args.
type Step struct {
	Conn   int      // which of the side's connections
	Op     string   // "" or an operation of ops.go
	Args   []string // the command, or the operation's arguments
	Inline bool     // sent as a text line
	Batch  bool     // written together with the previous step of the same connection
}

// Name is the command's name in lower case, with its subcommand for containers
// ("client|list").
func (s Step) Name() string {
	if len(s.Args) == 0 {
		return ""
	}
	name := strings.ToLower(s.Args[0])
	switch name {
	case "xgroup", "xinfo", "script", "function", "client", "object", "config", "command", "memory", "debug", "pubsub", "acl", "slowlog", "latency",
		"cluster", "module":
		if len(s.Args) > 1 {
			return name + "|" + strings.ToLower(s.Args[1])
		}
	}
	return name
}

// String renders the step as a case's line.
func (s Step) String() string {
	var b strings.Builder
	if s.Conn != 0 {
		fmt.Fprintf(&b, "@%d ", s.Conn)
	}
	if s.Batch {
		b.WriteString("& ")
	}
	switch {
	case s.Op != "":
		b.WriteString("!" + s.Op + " ")
	case s.Inline:
		b.WriteString("!inline ")
	}
	for i, a := range s.Args {
		if len(a) > 400 {
			fmt.Fprintf(&b, " %s...(%d bytes)", rawclient.Line([]string{a[:60]}), len(a))
			continue
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(rawclient.Line([]string{a}))
	}
	return b.String()
}

// ParseSteps reads a case: one step per line, in the notation that String writes.
//
//	SET k "a\x00b"     a command              @1 GET k      the same on connection 1
//	& GET k            pipelined with the step before
//	!inline GET k      as a text line         !pass 5       5 ms pass
//	!scan MATCH k*     a whole SCAN iteration, as a set
//	!noreply CMD ...   a command that is not answered, or not now
//	!receive           the reply that the command of a !noreply gets later
//	!blocked 2         wait until so many clients are blocked
//	!closed            the server has closed the connection
//	!raw "bytes"       bytes on a fresh connection, everything that comes back
//	{n*text}           in an argument: text repeated n times
//
// Empty lines and lines that begin with # are skipped.
func ParseSteps(text string) ([]Step, error) {
	var steps []Step
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		s, err := parseStep(line)
		if err != nil {
			return nil, fmt.Errorf("line %q: %w", line, err)
		}
		steps = append(steps, s)
	}
	return steps, nil
}

func parseStep(line string) (Step, error) {
	var s Step
	if line[0] == '@' && len(line) > 2 && line[1] != '{' {
		n, rest, _ := strings.Cut(line[1:], " ")
		conn, err := strconv.Atoi(n)
		if err != nil || conn >= connsCount {
			return s, fmt.Errorf("connection %q", n)
		}
		s.Conn, line = conn, strings.TrimSpace(rest)
	}
	if rest, ok := strings.CutPrefix(line, "& "); ok {
		s.Batch, line = true, rest
	}
	if rest, ok := strings.CutPrefix(line, "!"); ok {
		op, args, _ := strings.Cut(rest, " ")
		line = args
		if op == "inline" {
			s.Inline = true
		} else {
			s.Op = op
		}
	}
	args, err := rawclient.Split(line)
	if err != nil {
		return s, err
	}
	for _, a := range args {
		expanded, err := expandRepeats(a)
		if err != nil {
			return s, err
		}
		s.Args = append(s.Args, expanded)
	}
	return s, nil
}

// expandRepeats replaces {n*text} by n copies of text.
func expandRepeats(a string) (string, error) {
	for {
		open := strings.IndexByte(a, '{')
		star := strings.IndexByte(a, '*')
		end := strings.IndexByte(a, '}')
		if open < 0 || star < open || end < star {
			return a, nil
		}
		n, err := strconv.Atoi(a[open+1 : star])
		if err != nil {
			return a, nil // a pattern, not a repeat
		}
		if n > 1<<24 {
			return "", fmt.Errorf("%d repeats", n)
		}
		a = a[:open] + strings.Repeat(a[star+1:end], n) + a[end+1:]
	}
}
