package command

import (
	"fmt"
	"strings"
)

// DocArg is one argument of a command as COMMAND DOCS shows it.
type DocArg struct {
	Name     string
	Type     string // string, integer, double, key, pattern, unix-time, pure-token, oneof, block
	Token    string // the word that precedes the value, or is it (pure-token)
	Optional bool
	Multiple bool
	KeySpec  int // index into Spec.Keys, -1 when the argument is no key
	Args     []DocArg
}

// A Spec's Syntax is written in a small language and parsed once, by Build:
//
//	key                   a lower-case word is an argument, a string unless it says otherwise
//	count:integer         with a type: integer, double, pattern, unix-time, key, string
//	NX                    an upper-case word is a token
//	EX seconds:integer    a token followed by a value is one argument with a token
//	[...]  <a | b>  (a b) optional; one of; block
//	item...               may be repeated
//
// The words in keyWords are keys.
var keyWords = map[string]bool{"key": true, "source": true, "destination": true, "newkey": true, "destkey": true, "key1": true, "key2": true}

var argTypes = map[string]bool{"string": true, "integer": true, "double": true, "pattern": true, "unix-time": true, "key": true}

// syntaxParser walks over the tokens of one syntax string.
type syntaxParser struct {
	toks []string
	at   int
	keys int // key arguments seen so far: the index of their key spec
	max  int // the last key spec
}

func parseSyntax(s string, keys []KeySpec) ([]DocArg, error) {
	for _, sep := range []string{"[", "]", "<", ">", "(", ")", "|", "..."} {
		s = strings.ReplaceAll(s, sep, " "+sep+" ")
	}
	p := &syntaxParser{toks: strings.Fields(s), max: len(keys) - 1}
	args, err := p.sequence("")
	if err == nil && p.at < len(p.toks) {
		err = fmt.Errorf("syntax: unexpected %q", p.toks[p.at])
	}
	return args, err
}

func (p *syntaxParser) peek() string {
	if p.at < len(p.toks) {
		return p.toks[p.at]
	}
	return ""
}

// sequence parses items up to the closing token (or a "|", which it leaves).
func (p *syntaxParser) sequence(closing string) ([]DocArg, error) {
	var out []DocArg
	for {
		switch t := p.peek(); t {
		case "":
			if closing != "" {
				return nil, fmt.Errorf("syntax: %q is missing", closing)
			}
			return out, nil
		case closing, "|":
			return out, nil
		case "]", ">", ")":
			return nil, fmt.Errorf("syntax: unexpected %q", t)
		}
		a, err := p.item()
		if err != nil {
			return nil, err
		}
		if p.peek() == "..." {
			p.at++
			a.Multiple = true
		}
		out = append(out, a)
	}
}

func (p *syntaxParser) item() (DocArg, error) {
	t := p.toks[p.at]
	p.at++
	switch {
	case t == "[":
		a, err := p.group("]")
		a.Optional = true
		return a, err
	case t == "(":
		return p.group(")")
	case t == "<":
		return p.oneOf()
	case t != "" && t == strings.ToUpper(t) && t != "...":
		return p.token(t)
	default:
		return p.word(t), nil
	}
}

// token parses what an upper-case word starts: a value with a token, or a pure token.
func (p *syntaxParser) token(t string) (DocArg, error) {
	switch next := p.peek(); {
	case next == "(" || next == "<" || next != "" && next == strings.ToLower(next) && !strings.ContainsAny(next, "[]<>()|."):
		a, err := p.item()
		a.Token = t
		return a, err
	default:
		return DocArg{Name: strings.ToLower(t), Type: "pure-token", Token: t, KeySpec: -1}, nil
	}
}

func (p *syntaxParser) word(t string) DocArg {
	a := DocArg{Name: t, Type: "string", KeySpec: -1}
	if i := strings.LastIndexByte(t, ':'); i > 0 && argTypes[t[i+1:]] {
		a.Name, a.Type = t[:i], t[i+1:]
	} else if keyWords[t] {
		a.Type = "key"
	}
	if a.Type == "key" {
		a.KeySpec = min(p.keys, p.max)
		p.keys++
	}
	return a
}

// group parses a bracketed sequence; several items become a block.
func (p *syntaxParser) group(closing string) (DocArg, error) {
	items, err := p.sequence(closing)
	if err != nil {
		return DocArg{}, err
	}
	if p.peek() != closing || len(items) == 0 {
		return DocArg{}, fmt.Errorf("syntax: %q is missing or the group is empty", closing)
	}
	p.at++
	return blockOf(items), nil
}

func (p *syntaxParser) oneOf() (DocArg, error) {
	a := DocArg{Type: "oneof", KeySpec: -1}
	var names []string
	for {
		items, err := p.sequence(">")
		if err != nil {
			return a, err
		}
		if len(items) == 0 {
			return a, fmt.Errorf("syntax: empty alternative")
		}
		alt := blockOf(items)
		names = append(names, alt.Name)
		a.Args = append(a.Args, alt)
		t := p.peek()
		p.at++
		if t == ">" {
			a.Name = strings.Join(names, "-or-")
			return a, nil
		}
	}
}

func blockOf(items []DocArg) DocArg {
	if len(items) == 1 {
		return items[0]
	}
	return DocArg{Name: items[0].Name, Type: "block", KeySpec: -1, Args: items}
}
