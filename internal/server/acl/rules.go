package acl

import (
	"errors"
	"slices"
	"strings"

	"github.com/kringdb/kring/command"
)

// What is wrong with a rule, in Redis's words.
var (
	errUnknown  = errors.New("Unknown command or category name in ACL")                                                                                                                                 //nolint:staticcheck // Redis's text
	errSyntax   = errors.New("Syntax error")                                                                                                                                                            //nolint:staticcheck // Redis's text
	errAllKeys  = errors.New("Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns")         //nolint:staticcheck,lll // Redis's text
	errAllChans = errors.New("Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels") //nolint:staticcheck,lll // Redis's text
	errNoPass   = errors.New("The password you are trying to remove from the user does not exist")                                                                                                      //nolint:staticcheck // Redis's text
	errHash     = errors.New("The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters")                                                                       //nolint:staticcheck // Redis's text
	errFirstArg = errors.New("Allowing first-arg of a subcommand is not supported")                                                                                                                     //nolint:staticcheck // Redis's text
)

// RuleError is a rule that was refused, and why.
type RuleError struct {
	Rule string
	Err  error
}

func (e *RuleError) Error() string { return e.Err.Error() }

func (e *RuleError) Unwrap() error { return e.Err }

// ParenthesisError is a selector that is not closed; its text is the rules from its
// opening on.
type ParenthesisError string

func (e ParenthesisError) Error() string {
	return "Unmatched parenthesis in acl selector starting at '" + string(e) + "'."
}

// mergeSelectors joins the words of selectors, "(+get" "~x)", into one word each.
func mergeSelectors(rules []string) ([]string, error) {
	var out []string
	for i := 0; i < len(rules); i++ {
		r := rules[i]
		if !strings.HasPrefix(r, "(") {
			out = append(out, r)
			continue
		}
		start := i
		for !strings.HasSuffix(r, ")") {
			if i++; i == len(rules) {
				return nil, ParenthesisError(rules[start])
			}
			r += " " + rules[i]
		}
		out = append(out, r)
	}
	return out, nil
}

// maker is what rules are applied with.
type maker struct {
	table       *command.Table
	allChannels bool // acl-pubsub-default: what is new may use all channels
}

// user returns a user as SETUSER makes it: off, without passwords or rights.
func (m maker) user(name string) *User {
	return &User{Name: name, selectors: []*selector{m.selector()}}
}

func (m maker) selector() *selector { return &selector{allChannels: m.allChannels} }

// apply applies rules to u in order; u is half changed after an error.
func (u *User) apply(m maker, rules []string) error {
	rules, err := mergeSelectors(rules)
	if err != nil {
		return err
	}
	for _, r := range rules {
		if err := u.rule(m, r); err != nil {
			return &RuleError{r, err}
		}
	}
	return nil
}

// rule applies one rule.
func (u *User) rule(m maker, r string) error {
	switch strings.ToLower(r) {
	case "": // says nothing
	case "on":
		u.On = true
	case "off":
		u.On = false
	case "nopass":
		u.NoPass, u.passwords = true, nil
	case "resetpass":
		u.NoPass, u.passwords = false, nil
	case "sanitize-payload":
		u.unchecked = false
	case "skip-sanitize-payload":
		u.unchecked = true
	case "clearselectors":
		u.selectors = u.selectors[:1]
	case "reset":
		*u = *m.user(u.Name)
		u.selectors[0].setAll(m.table, false)
	default:
		return u.otherRule(m, r)
	}
	return nil
}

func (u *User) otherRule(m maker, r string) error {
	switch r[0] {
	case '>', '#':
		return u.addPassword(r)
	case '<', '!':
		return u.removePassword(r)
	case '(':
		s := m.selector()
		for _, word := range strings.Fields(strings.TrimSuffix(r[1:], ")")) {
			if err := s.rule(m.table, word); err != nil {
				return err
			}
		}
		u.selectors = append(u.selectors, s)
		return nil
	}
	return u.selectors[0].rule(m.table, r)
}

// hashOf returns the hash that a password rule names, > and < in clear, # and ! hashed.
func hashOf(r string) (string, error) {
	if r[0] == '>' || r[0] == '<' {
		return Hash([]byte(r[1:])), nil
	}
	h := r[1:]
	if len(h) != hashHexBytes || strings.Trim(h, "0123456789abcdef") != "" {
		return "", errHash
	}
	return h, nil
}

func (u *User) addPassword(r string) error {
	h, err := hashOf(r)
	if err != nil {
		return err
	}
	if !slices.Contains(u.passwords, h) {
		u.passwords = append(u.passwords, h)
	}
	u.NoPass = false
	return nil
}

func (u *User) removePassword(r string) error {
	h, err := hashOf(r)
	if err != nil {
		return err
	}
	i := slices.Index(u.passwords, h)
	if i < 0 {
		return errNoPass
	}
	u.passwords = slices.Delete(u.passwords, i, i+1)
	return nil
}

// rule applies one rule of a selector.
func (s *selector) rule(t *command.Table, r string) error {
	switch strings.ToLower(r) {
	case "allkeys", "~*":
		s.allKeys, s.keys = true, nil
		return nil
	case "resetkeys":
		s.allKeys, s.keys = false, nil
		return nil
	case "allchannels", "&*":
		s.allChannels, s.channels = true, nil
		return nil
	case "resetchannels":
		s.allChannels, s.channels = false, nil
		return nil
	case "allcommands", "+@all":
		s.setAll(t, true)
		return nil
	case "nocommands", "-@all":
		s.setAll(t, false)
		return nil
	}
	switch r[0] {
	case '~', '%':
		return s.addKeys(r)
	case '&':
		return s.addChannel(r[1:])
	case '+', '-':
		if strings.HasPrefix(r[1:], "@") {
			return s.category(t, r)
		}
		return s.command(t, r)
	}
	return errSyntax
}

// addKeys is ~pattern, or %R~, %W~ and %RW~.
func (s *selector) addKeys(r string) error {
	if s.allKeys { // before its text is looked at, as in Redis
		return errAllKeys
	}
	p := newPattern(r[1:], true, true)
	if r[0] == '%' {
		flags, text, found := strings.Cut(r[1:], "~")
		flags = strings.ToUpper(flags)
		if !found || !slices.Contains([]string{"R", "W", "RW", "WR"}, flags) {
			return errSyntax
		}
		p = newPattern(text, strings.Contains(flags, "R"), strings.Contains(flags, "W"))
		if p.text == "*" && p.read && p.write {
			s.allKeys, s.keys = true, nil
			return nil
		}
	}
	if strings.ContainsAny(p.text, " \x00") {
		return errSyntax
	}
	for i := range s.keys {
		if s.keys[i].text == p.text {
			s.keys[i].read, s.keys[i].write = s.keys[i].read || p.read, s.keys[i].write || p.write
			return nil
		}
	}
	s.keys = append(s.keys, p)
	return nil
}

func (s *selector) addChannel(c string) error {
	if strings.ContainsAny(c, " \x00") {
		return errSyntax
	}
	if s.allChannels {
		return errAllChans
	}
	if !slices.Contains(s.channels, c) {
		s.channels = append(s.channels, c)
	}
	return nil
}

// category is +@category and -@category.
func (s *selector) category(t *command.Table, r string) error {
	name := strings.ToLower(r[1:])
	if !slices.Contains(command.Categories(), name) {
		return errUnknown
	}
	for _, spec := range t.Specs() {
		if slices.Contains(spec.Categories, name) && spec.Subs == nil {
			s.set(spec, r[0] == '+')
		}
	}
	for _, spec := range t.Commands() { // a container has the category when it is its own
		if spec.Subs != nil && slices.Contains(spec.Categories, name) {
			s.setContainer(spec, r[0] == '+')
		}
	}
	s.note(r[0], name)
	return nil
}

// setContainer changes a container's own bit and leaves its subcommands' alone.
func (s *selector) setContainer(spec *command.Spec, on bool) {
	bare := *spec
	bare.Subs = nil
	s.set(&bare, on)
}

// command is +command, -command, +command|subcommand and +command|first-arg. A command of
// Redis that is not in the table is taken and shown, and has no effect: what a rule allows
// or forbids in advance is not there to be called.
func (s *selector) command(t *command.Table, r string) error {
	on, text := r[0] == '+', r[1:]
	name, sub, hasSub := strings.Cut(strings.ToLower(text), "|")
	if i := strings.LastIndexByte(text, '|'); strings.Contains(sub, "|") {
		if t.Knows(strings.ToLower(text[:i])) {
			return errFirstArg
		}
		return errUnknown
	}
	spec := t.Original([]byte(name)) // whatever it is called now
	if hasSub && spec != nil {
		spec = spec.LookupSub([]byte(sub))
	}
	full := strings.ToLower(text)
	switch {
	case spec != nil:
		s.set(spec, on)
		s.note(r[0], full)
		return nil
	case t.Knows(full):
		s.note(r[0], full)
		return nil
	case !hasSub || !t.Knows(name):
		return errUnknown
	case on && sub == "":
		return errSyntax
	case !on || t.IsContainer(name):
		return errUnknown
	}
	arg := text[len(name)+1:]
	if spec = t.Original([]byte(name)); spec != nil && !s.allowFirstArg(spec, arg) {
		return nil
	}
	s.note('+', name+"|"+arg)
	return nil
}
