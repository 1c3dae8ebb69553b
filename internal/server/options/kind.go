package options

import (
	"errors"
	"strings"
)

// context tells a kind where the words come from.
type context struct {
	file  bool // a directive of a file or of the command line, not CONFIG SET
	first bool // the first directive of this option: defaults of a list do not stay
}

// kind is what the words of an option may be. Values are immutable.
type kind interface {
	// parse turns words into a value; cur is the value so far, for the kinds that add
	// to it. The error is Redis's text, without prefix.
	parse(words []string, cur any, ctx context) (any, error)
	// text is the value as CONFIG GET shows it.
	text(v any) string
	// directives are the words of the lines that give v in a file, each already quoted,
	// without the option's name; base is the option's default.
	directives(v, base any) []string
	// words tells whether CONFIG SET's one argument is split at spaces.
	words() bool
	// newCell makes a cell for an option that has no field of its own.
	newCell() cell
	// label describes the kind for --help and the documentation.
	label() string
}

var errWordCount = errors.New("wrong number of arguments")

// one checks that there is exactly one word.
func one(words []string) (string, error) {
	if len(words) != 1 {
		return "", errWordCount
	}
	return words[0], nil
}

// splitWords is the splitting of CONFIG SET: at single spaces, so that two in a row
// give an empty word; nothing for the empty string.
func splitWords(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, " ")
}

// boolKind is yes or no.
type boolKind struct{}

func (boolKind) parse(words []string, _ any, _ context) (any, error) {
	w, err := one(words)
	if err != nil {
		return nil, err
	}
	switch {
	case strings.EqualFold(w, "yes"):
		return true, nil
	case strings.EqualFold(w, "no"):
		return false, nil
	}
	return nil, errors.New("argument must be 'yes' or 'no'")
}

func (boolKind) text(v any) string {
	if v.(bool) {
		return "yes"
	}
	return "no"
}

func (k boolKind) directives(v, _ any) []string { return []string{k.text(v)} }
func (boolKind) words() bool                    { return false }
func (boolKind) newCell() cell                  { return new(Bool) }
func (boolKind) label() string                  { return "yes or no" }

// textKind is a string; check may refuse it.
type textKind struct {
	check func(string) error
	hint  string
}

func (k textKind) parse(words []string, _ any, _ context) (any, error) {
	w, err := one(words)
	if err != nil {
		return nil, err
	}
	if k.check != nil {
		if err := k.check(w); err != nil {
			return nil, err
		}
	}
	return strings.Clone(w), nil
}

func (textKind) text(v any) string            { return v.(string) }
func (textKind) directives(v, _ any) []string { return []string{Quote(v.(string))} }
func (textKind) words() bool                  { return false }
func (textKind) newCell() cell                { return new(Text) }
func (k textKind) label() string {
	if k.hint != "" {
		return k.hint
	}
	return "text"
}

// enumKind is one of some names, or with flags any of them together.
type enumKind struct {
	names  []string
	values []int64 // nil: the index
	flags  bool    // values are bits; the name of 0 stands for none
}

func (k enumKind) value(i int) int64 {
	if k.values == nil {
		return int64(i)
	}
	return k.values[i]
}

func (k enumKind) parse(words []string, _ any, ctx context) (any, error) {
	if !k.flags && len(words) != 1 {
		return nil, errWordCount
	}
	bad := errors.New("argument(s) must be one of the following: " + strings.Join(k.names, ", "))
	if len(words) == 0 {
		if ctx.file {
			return nil, errWordCount
		}
		return nil, bad
	}
	var sum int64
next:
	for _, w := range words {
		for i, name := range k.names {
			if strings.EqualFold(name, w) {
				sum |= k.value(i)
				continue next
			}
		}
		return nil, bad
	}
	if k.flags && sum&ShutdownSave != 0 && sum&ShutdownNoSave != 0 {
		return nil, errors.New("shutdown options SAVE and NOSAVE can't be used simultaneously")
	}
	return sum, nil
}

func (k enumKind) text(v any) string {
	n := v.(int64)
	var parts []string
	for i, name := range k.names {
		bit := k.value(i)
		if bit == n {
			return name
		}
		if k.flags && bit != 0 && n&bit == bit {
			parts = append(parts, name)
		}
	}
	return strings.Join(parts, " ")
}

func (k enumKind) directives(v, _ any) []string { return []string{k.text(v)} }
func (k enumKind) words() bool                  { return k.flags }
func (enumKind) newCell() cell                  { return new(Int) }
func (k enumKind) label() string {
	if k.flags {
		return "any of " + strings.Join(k.names, ", ")
	}
	return strings.Join(k.names, ", ")
}

// linesKind keeps directives that only files have, as they were written.
type linesKind struct{}

func (linesKind) parse(words []string, cur any, _ context) (any, error) {
	if len(words) == 0 {
		return nil, errWordCount
	}
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = quoteIfNeeded(w)
	}
	old := cur.([]string)
	return append(old[:len(old):len(old)], strings.Join(quoted, " ")), nil
}

func (linesKind) text(v any) string            { return strings.Join(v.([]string), "\n") }
func (linesKind) directives(v, _ any) []string { return v.([]string) }
func (linesKind) words() bool                  { return true }
func (linesKind) newCell() cell                { return new(Words) }
func (linesKind) label() string                { return "words, any number of lines" }
