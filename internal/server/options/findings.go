package options

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Finding is something to tell about a configuration: what keeps a server from starting
// with it, or a directive that has no effect.
type Finding struct {
	Source  string // the file's path, "standard input" or "the command line"
	Line    int    // from 1; 0 when there is no line
	Text    string // the directive, as given; the secret of a Sensitive one left out
	Reason  string
	Warning bool
}

// String is the finding on one line, as compilers write them.
func (f Finding) String() string {
	kind, at, text := "error", f.Source, ""
	if f.Warning {
		kind = "warning"
	}
	if f.Line > 0 {
		at = fmt.Sprintf("%s:%d", f.Source, f.Line)
	}
	if f.Text != "" {
		text = ": '" + f.Text + "'"
	}
	return at + ": " + kind + ": " + f.Reason + text
}

// place is where a directive stands.
type place struct {
	source string
	line   int
}

// Check reads a command line as Load does, but goes on behind what is wrong and returns
// all of it in the order of reading, then the directives without effect, by file. The
// options hold what could be taken.
func Check(args []string, stdin io.Reader) (*Options, []Finding) {
	o := New()
	o.mu.Lock()
	defer o.mu.Unlock()
	var found []Finding
	o.mu.tolerate = func(e *LoadError) {
		found = append(found, Finding{Source: e.Source, Line: e.Line, Text: e.Text, Reason: e.Reason})
	}
	if err := o.loadLocked(args, stdin); err != nil {
		o.mu.tolerate(err.(*LoadError))
	}
	o.collectWarningsLocked()
	var idle []Finding
	for i, w := range o.warnings {
		at := o.mu.places[o.mu.warned[i]]
		idle = append(idle, Finding{Source: at.source, Line: at.line, Reason: w, Warning: true})
	}
	slices.SortStableFunc(idle, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Source, b.Source), cmp.Compare(a.Line, b.Line))
	})
	return o, append(found, idle...)
}
