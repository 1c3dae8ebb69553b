package command

import (
	"strings"
	"testing"

	"github.com/kringdb/kring/resp"
)

func TestShown(t *testing.T) {
	tb, err := Build(All())
	if err != nil {
		t.Fatal(err)
	}
	migrate := &Spec{Name: "migrate", Secrets: Secrets{Behind: []SecretWord{{"auth", 1}, {"auth2", 2}}}}
	for _, c := range [][2]string{
		{"auth a", "auth *"},
		{"auth a b", "auth * *"},
		{"hello 3", "hello 3"},
		{"hello 3 setname AUTH x y", "hello 3 setname AUTH * *"}, // too much rather than too little
		{"hello 3 AUTH auth auth setname x", "hello 3 AUTH * * setname x"},
		{"hello 3 auth a", "hello 3 auth *"},
		{"acl setuser u on >x", "acl setuser * * *"},
		{"acl getuser u", "acl getuser *"},
		{"acl deluser u v", "acl deluser * *"},
		{"acl dryrun u get a", "acl dryrun u get a"},
		{"config set maxclients 1 masteruser u MasterAuth p", "config set maxclients 1 masteruser * MasterAuth *"},
		{"config get masterauth", "config get masterauth"},
		{"set a b", "set a b"},
		{"migrate h 1 k 0 1 AUTH pw KEYS a", "migrate h 1 k 0 1 AUTH * KEYS a"},
		{"migrate h 1 k 0 1 auth2 u pw keys a", "migrate h 1 k 0 1 auth2 * * keys a"},
	} {
		var args resp.Args
		for _, w := range strings.Fields(c[0]) {
			args = append(args, []byte(w))
		}
		spec := tb.Lookup(args[0])
		switch {
		case string(args[0]) == "migrate":
			spec = migrate
		case spec.Subs != nil:
			spec = spec.LookupSub(args[1])
		}
		got := ""
		for _, a := range spec.Shown(args, func(o string) bool { return strings.HasPrefix(strings.ToLower(o), "master") }) {
			got += " " + string(a)
		}
		got = strings.ReplaceAll(got[1:], string(redacted), "*")
		if got != c[1] {
			t.Errorf("%s is shown as %s, want %s", c[0], got, c[1])
		}
	}
}
