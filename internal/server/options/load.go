package options

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/kringdb/kring/internal/glob"
)

// LoadError is a directive that cannot be taken, or a file that cannot be read.
type LoadError struct {
	Source string // the file's path, "standard input" or "the command line"
	Line   int    // from 1; 0 when there is no line
	Text   string // the line or the option, as given; the secret of a Sensitive one left out
	Reason string
}

func (e *LoadError) Error() string {
	switch {
	case e.Text == "":
		return fmt.Sprintf("%s: %s", e.Source, e.Reason)
	case e.Line == 0:
		return fmt.Sprintf("%s: '%s': %s", e.Source, e.Text, e.Reason)
	}
	return fmt.Sprintf("%s, line %d: '%s': %s", e.Source, e.Line, e.Text, e.Reason)
}

// Report is the error as a person reads it at the terminal, several lines, with the
// name and version of the program in its header.
func (e *LoadError) Report(product string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n*** FATAL CONFIG FILE ERROR (%s) ***\n", product)
	switch {
	case e.Text == "":
		fmt.Fprintf(&b, "Reading %s\n", e.Source)
	case e.Line == 0:
		fmt.Fprintf(&b, "Reading %s\n>>> '%s'\n", e.Source, e.Text)
	default:
		fmt.Fprintf(&b, "Reading %s, at line %d\n>>> '%s'\n", e.Source, e.Line, e.Text)
	}
	b.WriteString(e.Reason + "\n")
	return b.String()
}

// Load reads a command line without the program's name, as redis-server does:
//
//	[file] [-] [--option word ...]... [-]
//
// A file comes first and is read first; "-" as first or last argument reads stdin after
// it; the options come last. The error is a *LoadError.
func Load(args []string, stdin io.Reader) (*Options, error) {
	o := New()
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.loadLocked(args, stdin); err != nil {
		return nil, err
	}
	o.collectWarningsLocked()
	return o, nil
}

// loadLocked is Load but for the warnings.
func (o *Options) loadLocked(args []string, stdin io.Reader) error {
	fromStdin := false
	if n := len(args); n > 0 && args[n-1] == "-" {
		fromStdin, args = true, args[:n-1]
	}
	if len(args) > 0 && args[0] == "-" {
		fromStdin, args = true, args[1:]
	} else if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		if args[0] != "" {
			if err := o.loadMainLocked(args[0]); err != nil {
				return err
			}
		}
		args = args[1:]
	}
	if fromStdin {
		if err := o.readLocked(stdin, "standard input", 0); err != nil {
			return err
		}
	}
	return o.argumentsLocked(args)
}

// Read takes directives, a line each as in a configuration file, before the server starts;
// source is what errors call it. The error is a *LoadError.
func (o *Options) Read(in io.Reader, source string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.readLocked(in, source, 0); err != nil {
		return err
	}
	o.collectWarningsLocked()
	return nil
}

// loadMainLocked reads the file that CONFIG REWRITE will write.
func (o *Options) loadMainLocked(path string) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return &LoadError{Source: path, Reason: err.Error()}
	}
	o.path = abs
	if err := o.fileLocked(abs, 0); err != nil {
		return err
	}
	for i := range o.mu.included {
		o.mu.fileSaid[i] = rows[i].Kind.text(o.cells[i].load())
	}
	return nil
}

func (o *Options) fileLocked(path string, depth int) error {
	f, err := os.Open(path)
	if err != nil {
		return &LoadError{Source: path, Reason: "can't open config file: " + osReason(err)}
	}
	defer f.Close()
	return o.readLocked(f, path, depth)
}

// readLocked reads directives, a line each. depth counts the includes around it.
func (o *Options) readLocked(in io.Reader, source string, depth int) error {
	limited := &io.LimitedReader{R: in, N: maxFileBytes + 1}
	r := bufio.NewReader(limited)
	for number := 1; ; number++ {
		line, err := r.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return &LoadError{Source: source, Reason: osReason(err)}
		}
		if limited.N <= 0 {
			return &LoadError{Source: source, Reason: fmt.Sprintf("the file is larger than %d bytes", maxFileBytes)}
		}
		o.mu.at = place{source, number}
		if fail := o.lineLocked(line, source, number, depth); fail != nil {
			return fail
		}
		if err != nil {
			return nil
		}
	}
}

// lineLocked takes one line of a file.
func (o *Options) lineLocked(line, source string, number, depth int) error {
	line = strings.TrimFunc(line, func(r rune) bool { return r < 128 && isSpace(byte(r)) })
	if line == "" || line[0] == '#' {
		return nil
	}
	words, err := SplitLine(line)
	if err == nil && len(words) > 0 {
		err = o.includeOrSetLocked(words, depth)
	}
	if err == nil {
		return nil
	}
	if inner := (*LoadError)(nil); errors.As(err, &inner) {
		if inner.Text == "" && o.mu.tolerate != nil { // the file as a whole: who checks wants to know who names it
			inner = &LoadError{Source: source, Line: number, Text: line, Reason: inner.Source + ": " + inner.Reason}
		}
		return o.failedLocked(inner)
	}
	return o.failedLocked(&LoadError{Source: source, Line: number, Text: redact(line), Reason: err.Error()})
}

func (o *Options) includeOrSetLocked(words []string, depth int) error {
	if strings.EqualFold(words[0], "include") && len(words) == 2 {
		return o.includeLocked(words[1], depth+1)
	}
	return o.directiveLocked(words[0], words[1:], depth > 0)
}

// includeLocked reads the files that pattern names; a pattern may match none.
func (o *Options) includeLocked(pattern string, depth int) error {
	if depth > maxIncludeDepth {
		return fmt.Errorf("more than %d includes within each other", maxIncludeDepth)
	}
	pattern = o.Path(pattern)
	if !glob.HasMetaString(pattern) {
		return o.fileLocked(pattern, depth)
	}
	paths, err := filepath.Glob(pattern)
	if err != nil {
		return err
	}
	for _, path := range paths {
		if err := o.fileLocked(path, depth); err != nil {
			return err
		}
	}
	return nil
}

// directiveLocked sets one option as a file or the command line does.
func (o *Options) directiveLocked(name string, words []string, included bool) error {
	e, ok := lookup(name)
	if !ok {
		const bad = "Bad directive or wrong number of arguments"
		if near := nearest(name); near != "" {
			return fmt.Errorf("%s (did you mean '%s'?)", bad, near)
		}
		return errors.New(bad)
	}
	r := &rows[e.row]
	if r.Kind.words() && r.Flags&FileOnly == 0 && len(words) == 1 && words[0] != "" {
		words = splitWords(words[0])
	}
	v, err := r.Kind.parse(words, o.cells[e.row].load(), context{file: true, first: !o.mu.seen[e.row]})
	if err != nil {
		return err
	}
	o.cells[e.row].store(v)
	o.mu.seen[e.row] = true
	o.mu.places[e.row] = o.mu.at
	if included {
		o.mu.included[e.row] = true
	}
	return nil
}

// argumentsLocked takes the options of the command line.
func (o *Options) argumentsLocked(args []string) error {
	o.mu.at = place{source: "the command line"}
	for len(args) > 0 {
		rest, isOption := strings.CutPrefix(args[0], "--")
		if !isOption {
			return &LoadError{Source: "the command line", Text: args[0], Reason: "an option was expected here, as in --port 7000"}
		}
		words, err := SplitLine(rest) // "--port 7000" may also come as one argument
		if err == nil && len(words) == 0 {
			err = errors.New("Bad directive or wrong number of arguments")
		}
		n := 1
		if err == nil {
			n += valueCount(words, args[1:])
			err = o.includeOrSetLocked(append(words, args[1:n]...), 0)
		}
		if err != nil {
			if inner := (*LoadError)(nil); errors.As(err, &inner) {
				return inner // of an included file
			}
			shown := args[0]
			for _, a := range args[1:n] {
				shown += " " + Quote(a)
			}
			if err := o.failedLocked(&LoadError{Source: "the command line", Text: redact(shown), Reason: err.Error()}); err != nil {
				return err
			}
		}
		args = args[n:]
	}
	return nil
}

// valueCount tells how many of the arguments after an option belong to it: all up to
// the next one that begins with "--". The first may begin so itself (a password may),
// but not after save, which may stand without a value.
func valueCount(option, after []string) int {
	n := 0
	if len(option) == 1 && !strings.EqualFold(option[0], "save") && len(after) > 0 {
		n = 1
	}
	for n < len(after) && !strings.HasPrefix(after[n], "--") {
		n++
	}
	return n
}

// redact takes the value out of a line that sets a sensitive option.
func redact(line string) string {
	rest := strings.TrimLeft(line, "-")
	if i := strings.IndexAny(rest, " \t"); i > 0 && IsSensitive(strings.Trim(rest[:i], `"'`)) {
		return rest[:i] + " ..."
	}
	return line
}

// collectWarningsLocked notes the options that were set but do not do what they say.
func (o *Options) collectWarningsLocked() {
	o.warnings, o.mu.warned = nil, nil
	for i := range rows {
		r := &rows[i]
		if !o.mu.seen[i] || r.State != Later && r.Flags&WarnIfSet == 0 {
			continue
		}
		v := o.cells[i].load()
		if r.Kind.text(v) == r.Kind.text(defaults[i]) {
			continue
		}
		shown := ""
		if r.Flags&(Sensitive|FileOnly) == 0 {
			shown = " " + r.Kind.directives(v, defaults[i])[0]
		}
		o.mu.warned = append(o.mu.warned, i)
		o.warnings = append(o.warnings, fmt.Sprintf("'%s%s' has no effect: %s", r.Name, shown, r.Means))
	}
}

// failedLocked returns err, or nil after it was noted by Check.
func (o *Options) failedLocked(err *LoadError) error {
	if o.mu.tolerate == nil {
		return err
	}
	o.mu.tolerate(err)
	return nil
}
