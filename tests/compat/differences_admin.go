package compat

import (
	"regexp"
	"strings"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

// adminDifferences are those of users and of the operator's commands.
var adminDifferences = []Difference{
	{
		Name:   "texts-of-denials",
		Reason: "7.2 names the user in NOPERM errors and in what ACL DRYRUN tells, and says 'a key', 'a channel'",
		Covers: func(st Step, o, s rawclient.Value) bool {
			return newDenial(o.Str) == s.Str && o.Str != s.Str || newDenial(o.Str) != o.Str && newDenial(o.Str) == userName.ReplaceAllString(s.Str, "User ")
		},
	},
	{
		Name:   "payloads-are-sanitized",
		Reason: "since 7.2 every user has one of sanitize-payload and skip-sanitize-payload; in 7.0 only who was given one",
		Covers: func(st Step, o, s rawclient.Value) bool {
			return (st.Name() == "acl|getuser" || st.Name() == "acl|list") && withSanitize(o).Equal(s)
		},
	},
	{
		Name:   "rules-of-commands-as-given",
		Reason: "since 7.2 ACL LIST and ACL GETUSER tell a user's rules on commands as they were given; 7.0 derives them from the rights",
		Covers: func(st Step, o, s rawclient.Value) bool {
			o = withSanitize(o) // payloads-are-sanitized
			switch st.Name() {
			case "acl|getuser":
				return withoutCommands(o).Equal(withoutCommands(s))
			case "acl|list":
				if len(o.Elems) != len(s.Elems) {
					return false
				}
				for i := range o.Elems {
					if aclCommands.ReplaceAllString(o.Elems[i].Str, "") != aclCommands.ReplaceAllString(s.Elems[i].Str, "") {
						return false
					}
				}
				return true
			}
			return false
		},
	},
}

// aclCommands are a user's rules on commands in a line of ACL LIST.
var aclCommands = regexp.MustCompile(` [+-][^ )]+`)

var userName = regexp.MustCompile(`User \S+ `)

// newDenial is how a denial of 7.0 reads in 7.4, without the user's name.
func newDenial(old string) string {
	for _, r := range [][2]string{
		{"NOPERM this user has no permissions to access one of the keys used as arguments", "NOPERM No permissions to access a key"},
		{"NOPERM this user has no permissions to access one of the channels used as arguments", "NOPERM No permissions to access a channel"},
		{"NOPERM this user has no permissions", "NOPERM User has no permissions"},
		{"This user has no permissions", "User has no permissions"},
	} {
		if rest, ok := strings.CutPrefix(old, r[0]); ok {
			return r[1] + rest
		}
	}
	return old
}

// withSanitize gives the users of ACL LIST or ACL GETUSER the flag sanitize-payload where
// they have none of that kind.
func withSanitize(v rawclient.Value) rawclient.Value {
	v.Elems = append([]rawclient.Value(nil), v.Elems...)
	for i, e := range v.Elems {
		switch {
		case userFlags.MatchString(e.Str):
			if !strings.Contains(e.Str, "sanitize-payload") {
				v.Elems[i].Str = userFlags.ReplaceAllString(e.Str, "$0 sanitize-payload")
			}
		case i > 0 && v.Elems[i-1].Str == "flags":
			has := false
			for _, f := range e.Elems {
				has = has || strings.Contains(f.Str, "sanitize-payload")
			}
			if !has {
				flag := rawclient.Value{Kind: rawclient.Bulk, Str: "sanitize-payload"}
				if len(e.Elems) > 0 {
					flag.Kind = e.Elems[0].Kind
				}
				v.Elems[i].Elems = append(append([]rawclient.Value(nil), e.Elems...), flag)
			}
		}
	}
	return v
}

// userFlags is the beginning of a line of ACL LIST, up to the flags that every version has.
var userFlags = regexp.MustCompile(`^user \S+ (on|off)( nopass)?`)

// withoutCommands is ACL GETUSER's reply without the rules on commands.
func withoutCommands(v rawclient.Value) rawclient.Value {
	v.Elems = append([]rawclient.Value(nil), v.Elems...)
	for i := range v.Elems {
		if i > 0 && v.Elems[i-1].Str == "commands" {
			v.Elems[i].Str = ""
		} else if len(v.Elems[i].Elems) > 0 {
			v.Elems[i] = withoutCommands(v.Elems[i])
		}
	}
	return v
}
