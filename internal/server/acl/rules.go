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

// apply applies rules to u in order; u is half changed after an error.
func (u *User) apply(t *command.Table, rules []string) error {
	rules, err := mergeSelectors(rules)
	if err != nil {
		return err
	}
	for _, r := range rules {
		if err := u.rule(t, r); err != nil {
			return &RuleError{r, err}
		}
	}
	return nil
}

// rule applies one rule.
func (u *User) rule(t *command.Table, r string) error {
	switch strings.ToLower(r) {
	case "on":
		u.On = true
	case "off":
		u.On = false
	case "nopass":
		u.NoPass, u.passwords = true, nil
	case "resetpass":
		u.NoPass, u.passwords = false, nil
	case "sanitize-payload":
		u.sanitize = sanitizeYes
	case "skip-sanitize-payload":
		u.sanitize = sanitizeNo
	case "clearselectors":
		u.selectors = u.selectors[:1]
	case "reset":
		*u = *newUser(u.Name)
		u.sanitize = sanitizeYes
		u.selectors[0].setAll(t, false)
	default:
		return u.otherRule(t, r)
	}
	return nil
}

func (u *User) otherRule(t *command.Table, r string) error {
	if r == "" {
		return errSyntax
	}
	switch r[0] {
	case '>', '#':
		return u.addPassword(r)
	case '<', '!':
		return u.removePassword(r)
	case '(':
		s := &selector{}
		for _, word := range strings.Fields(strings.TrimSuffix(r[1:], ")")) {
			if err := s.rule(t, word); err != nil {
				return err
			}
		}
		u.selectors = append(u.selectors, s)
		return nil
	}
	return u.selectors[0].rule(t, r)
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
		if !found || flags == "" || strings.Trim(flags, "RW") != "" {
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

// command is +command, -command, +command|subcommand and +command|first-arg.
func (s *selector) command(t *command.Table, r string) error {
	name, sub, hasSub := strings.Cut(strings.ToLower(r[1:]), "|")
	spec := t.Original([]byte(name)) // whatever it is called now
	if spec == nil {
		return errUnknown
	}
	on := r[0] == '+'
	if !hasSub {
		s.set(spec, on)
		s.note(r[0], name)
		return nil
	}
	if spec.Subs != nil {
		if strings.Contains(sub, "|") {
			return errFirstArg
		}
		if spec = spec.LookupSub([]byte(sub)); spec == nil {
			return errUnknown
		}
		s.set(spec, on)
		s.note(r[0], spec.FullName)
		return nil
	}
	if !on || sub == "" {
		return errSyntax
	}
	s.allowFirstArg(spec, sub)
	s.note('+', name+"|"+sub)
	return nil
}
