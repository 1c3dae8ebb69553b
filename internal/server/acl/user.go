package acl

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"slices"
	"strings"
)

// DefaultUser is the name of the user that connections have before AUTH.
const DefaultUser = "default"

// User is one user. A published one is never changed.
type User struct {
	Name      string
	On        bool
	NoPass    bool        // any password is right
	unchecked bool        // skip-sanitize-payload: what RESTORE brings is trusted
	passwords []string    // hex SHA-256, in the order they were added
	selectors []*selector // the first is the root
}

// clone returns a deep copy.
func (u *User) clone() *User {
	c := *u
	c.passwords = slices.Clone(u.passwords)
	c.selectors = make([]*selector, len(u.selectors))
	for i, s := range u.selectors {
		c.selectors[i] = s.clone()
	}
	return &c
}

// Unrestricted tells whether the user may do everything, so that nobody needs to ask.
func (u *User) Unrestricted() bool {
	root := u.selectors[0]
	return root.allCommands && root.rules == "" && root.allKeys && root.allChannels
}

// Hash returns the form in which passwords are kept.
func Hash(password []byte) string {
	sum := sha256.Sum256(password)
	return hex.EncodeToString(sum[:])
}

// CheckPassword tells whether password is one of the user's. Every password is compared,
// in constant time each, so that the time taken tells nothing of them.
func (u *User) CheckPassword(password []byte) bool {
	if !u.On {
		return false
	}
	if u.NoPass {
		return true
	}
	h := []byte(Hash(password))
	ok := 0
	for _, p := range u.passwords {
		ok |= subtle.ConstantTimeCompare(h, []byte(p))
	}
	return ok == 1
}

// Flags returns the flags of ACL GETUSER.
func (u *User) Flags() []string {
	flags := []string{"off"}
	if u.On {
		flags[0] = "on"
	}
	if u.NoPass {
		flags = append(flags, "nopass")
	}
	if u.unchecked {
		return append(flags, "skip-sanitize-payload")
	}
	return append(flags, "sanitize-payload")
}

// Passwords returns the hashes.
func (u *User) Passwords() []string { return u.passwords }

// Rights is what one selector allows, as ACL GETUSER shows it.
type Rights struct{ Commands, Keys, Channels string }

// Rights returns the rights of the root and of the further selectors.
func (u *User) Rights() (root Rights, others []Rights) {
	for i, s := range u.selectors {
		r := Rights{s.commandText(), s.keyText(), s.channelText()}
		if i == 0 {
			root = r
		} else {
			others = append(others, r)
		}
	}
	return root, others
}

// Describe returns the user as a line of ACL LIST: the rules that make it.
func (u *User) Describe() string { return "user " + strings.Join(u.words(), " ") }

// words are the name and the rules; a selector is one word.
func (u *User) words() []string {
	words := append([]string{u.Name}, u.Flags()...)
	for _, p := range u.passwords {
		words = append(words, "#"+p)
	}
	for i, s := range u.selectors {
		rules := s.describe()
		if i > 0 {
			rules = []string{"(" + strings.Join(rules, " ") + ")"}
		}
		words = append(words, rules...)
	}
	return words
}
