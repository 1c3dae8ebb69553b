package acl

import (
	"maps"
	"slices"
	"strings"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/glob"
)

// pattern is one key or channel pattern.
type pattern struct {
	text        string
	read, write bool // of keys

	prefix bool // text is its beginning and a star
}

func newPattern(text string, read, write bool) pattern {
	p := pattern{text: text, read: read, write: write}
	p.prefix = strings.HasSuffix(text, "*") && !strings.ContainsAny(text[:len(text)-1], `*?[\`)
	return p
}

func (p *pattern) match(key []byte) bool {
	if p.prefix {
		n := len(p.text) - 1
		return len(key) >= n && string(key[:n]) == p.text[:n]
	}
	return glob.Match([]byte(p.text), key, false)
}

// selector is a set of rights.
type selector struct {
	bits        []uint64         // by Spec.ID
	firstArgs   map[int][]string // by Spec.ID, where the command itself is not allowed
	rules       string           // what followed +@all or -@all, as shown
	keys        []pattern
	channels    []string
	allCommands bool // +@all was the last such rule: commands of later versions are allowed
	allKeys     bool
	allChannels bool
}

func (s *selector) clone() *selector {
	c := *s
	c.bits, c.keys, c.channels = slices.Clone(s.bits), slices.Clone(s.keys), slices.Clone(s.channels)
	c.firstArgs = maps.Clone(s.firstArgs)
	for id, args := range c.firstArgs {
		c.firstArgs[id] = slices.Clone(args)
	}
	return &c
}

func (s *selector) has(id int) bool {
	return id>>6 < len(s.bits) && s.bits[id>>6]>>(id&63)&1 != 0
}

// set allows or forbids one spec; with a container all of its subcommands.
func (s *selector) set(spec *command.Spec, on bool) {
	for id := spec.ID; len(s.bits) <= id>>6; {
		s.bits = append(s.bits, 0)
	}
	if on {
		s.bits[spec.ID>>6] |= 1 << (spec.ID & 63)
	} else {
		s.bits[spec.ID>>6] &^= 1 << (spec.ID & 63)
	}
	delete(s.firstArgs, spec.ID)
	for _, sub := range spec.Subs {
		s.set(sub, on)
	}
}

// setAll is +@all and -@all.
func (s *selector) setAll(t *command.Table, on bool) {
	s.allCommands, s.rules, s.firstArgs = on, "", nil
	for _, spec := range t.Commands() {
		s.set(spec, on)
	}
}

// note keeps the text of a rule, and drops those of the same command or category that
// it overrides, with those of the command's subcommands.
func (s *selector) note(sign byte, name string) {
	var kept []string
	for _, r := range strings.Fields(s.rules) {
		if r[1:] != name && !strings.HasPrefix(r[1:], name+"|") {
			kept = append(kept, r)
		}
	}
	s.rules = strings.Join(append(kept, string(sign)+name), " ")
}

// allowFirstArg is +command|arg where arg is no subcommand; false if it was there already.
func (s *selector) allowFirstArg(spec *command.Spec, arg string) bool {
	if s.firstArgs == nil {
		s.firstArgs = map[int][]string{}
	}
	for _, a := range s.firstArgs[spec.ID] {
		if strings.EqualFold(a, arg) {
			return false
		}
	}
	s.firstArgs[spec.ID] = append(s.firstArgs[spec.ID], arg)
	return true
}

// allowsCommand tells whether the call of spec is among the allowed commands.
func (s *selector) allowsCommand(spec *command.Spec, args [][]byte) bool {
	if s.has(spec.ID) {
		return true
	}
	if len(args) < 2 {
		return false
	}
	return slices.ContainsFunc(s.firstArgs[spec.ID], func(a string) bool {
		return strings.EqualFold(string(args[1]), a)
	})
}

// allowsKey tells whether a key may be read, written, or both.
func (s *selector) allowsKey(key []byte, read, write bool) bool {
	if s.allKeys {
		return true
	}
	for i := range s.keys {
		if p := &s.keys[i]; (p.read || !read) && (p.write || !write) && p.match(key) {
			return true
		}
	}
	return false
}

// allowsChannel tells whether a channel may be used; literal: a pattern subscription,
// which must stand in the list as it is.
func (s *selector) allowsChannel(channel []byte, literal bool) bool {
	return s.allChannels || slices.ContainsFunc(s.channels, func(p string) bool {
		return literal && p == string(channel) || !literal && glob.Match([]byte(p), channel, false)
	})
}

func (s *selector) commandText() string {
	base := "-@all"
	if s.allCommands {
		base = "+@all"
	}
	if s.rules == "" {
		return base
	}
	return base + " " + s.rules
}

func (s *selector) keyText() string {
	if s.allKeys {
		return "~*"
	}
	words := make([]string, len(s.keys))
	for i, p := range s.keys {
		words[i] = p.rule()
	}
	return strings.Join(words, " ")
}

// rule is the rule that adds the pattern.
func (p pattern) rule() string {
	switch {
	case p.read && p.write:
		return "~" + p.text
	case p.read:
		return "%R~" + p.text
	}
	return "%W~" + p.text
}

func (s *selector) channelText() string {
	if s.allChannels {
		return "&*"
	}
	words := make([]string, len(s.channels))
	for i, c := range s.channels {
		words[i] = "&" + c
	}
	return strings.Join(words, " ")
}

// describe returns the selector as rules, channels after the reset that makes them the
// only ones.
func (s *selector) describe() []string {
	words := strings.Fields(s.keyText())
	if !s.allChannels {
		words = append(words, "resetchannels")
	}
	words = append(words, strings.Fields(s.channelText())...)
	return append(words, strings.Fields(s.commandText())...)
}
