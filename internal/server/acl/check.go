package acl

import (
	"slices"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/resp"
)

// Denied says what of a call a user may not do.
type Denied uint8

const (
	Allowed Denied = iota
	DeniedCommand
	DeniedKey
	DeniedChannel
	DeniedAuth // of ACL LOG: a wrong password
)

// String returns the reason as ACL LOG shows it.
func (d Denied) String() string { return [...]string{"", "command", "key", "channel", "auth"}[d] }

// Verdict is the answer to a question about a call: what is denied, and which argument
// is the key or channel in question.
type Verdict struct {
	Denied Denied
	Arg    int
}

// Check tells whether the user may make a call. Of several selectors that all deny it,
// the answer is that of the one that came furthest.
func (u *User) Check(spec *command.Spec, args resp.Args) Verdict {
	var worst Verdict
	for _, s := range u.selectors {
		v := s.check(spec, args)
		if v.Denied == Allowed {
			return v
		}
		if v.Denied > worst.Denied || v.Denied == worst.Denied && v.Arg > worst.Arg {
			worst = v
		}
	}
	return worst
}

// AllowsPlain tells whether a plain call (command.Spec.PlainKey) with this key is surely
// allowed. If not, Check decides, and knows the reason.
func (u *User) AllowsPlain(spec *command.Spec, key []byte) bool {
	read, write := spec.PlainAccess()
	for _, s := range u.selectors {
		if s.has(spec.ID) && s.allowsKey(key, read, write) {
			return true
		}
	}
	return false
}

func (s *selector) check(spec *command.Spec, args resp.Args) Verdict {
	if !s.allowsCommand(spec, args) && spec.Flags&command.NoAuth == 0 {
		return Verdict{Denied: DeniedCommand}
	}
	v := Verdict{}
	if !s.allKeys {
		spec.EachKey(args, func(i int, f command.KeyFlag) bool {
			read := f&command.KeyAccess != 0
			write := f&(command.KeyInsert|command.KeyUpdate|command.KeyDelete) != 0
			if !s.allowsKey(args[i], read, write) {
				v = Verdict{DeniedKey, i}
				return false
			}
			return true
		})
	}
	if v.Denied == Allowed && !s.allChannels && spec.Channels != nil {
		first, last, literal := spec.Channels(args)
		for i := first; i <= last; i++ {
			if !s.allowsChannel(args[i], literal) {
				return Verdict{DeniedChannel, i}
			}
		}
	}
	return v
}

// ReadsAllKeys tells whether the user may read every key.
func (u *User) ReadsAllKeys() bool {
	return slices.ContainsFunc(u.selectors, func(s *selector) bool {
		return s.allKeys || slices.ContainsFunc(s.keys, func(p pattern) bool { return p.read && p.text == "*" })
	})
}

// AllowsChannel tells whether the user may still hear a channel or, literal, a pattern
// that a client of theirs has subscribed to.
func (u *User) AllowsChannel(channel []byte, literal bool) bool {
	for _, s := range u.selectors {
		if s.allowsChannel(channel, literal) {
			return true
		}
	}
	return false
}

// ReplyText is the error reply for a denied call.
func (v Verdict) ReplyText(u *User, spec *command.Spec) string {
	switch v.Denied {
	case DeniedKey:
		return "NOPERM No permissions to access a key"
	case DeniedChannel:
		return "NOPERM No permissions to access a channel"
	}
	return "NOPERM User " + u.Name + " has no permissions to run the '" + spec.FullName + "' command"
}

// DryRunText is what ACL DRYRUN says of a denied call.
func (v Verdict) DryRunText(u *User, spec *command.Spec, args resp.Args) string {
	switch v.Denied {
	case DeniedKey:
		return "User " + u.Name + " has no permissions to access the '" + string(args[v.Arg]) + "' key"
	case DeniedChannel:
		return "User " + u.Name + " has no permissions to access the '" + string(args[v.Arg]) + "' channel"
	}
	return "User " + u.Name + " has no permissions to run the '" + spec.FullName + "' command"
}
