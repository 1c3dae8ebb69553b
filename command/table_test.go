package command

import (
	"bytes"
	"strings"
	"sync"
	"testing"
)

func mustBuild(t *testing.T) *Table {
	t.Helper()
	tab, err := Build(All())
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func TestLookup(t *testing.T) {
	tab := mustBuild(t)
	for _, s := range tab.Commands() {
		for _, name := range []string{s.Name, strings.ToUpper(s.Name), strings.ToUpper(s.Name[:1]) + s.Name[1:]} {
			if got := tab.Lookup([]byte(name)); got != s {
				t.Errorf("Lookup(%q) = %v", name, got)
			}
		}
		for _, name := range []string{s.Name + "~", s.Name[:len(s.Name)-1] + "?"} {
			if got := tab.Lookup([]byte(name)); got != nil {
				t.Errorf("Lookup(%q) = %s, want none", name, got.Name)
			}
		}
	}
	if tab.Lookup(nil) != nil || tab.Lookup([]byte("")) != nil {
		t.Error("the empty name was found")
	}
	if n := testing.AllocsPerRun(100, func() { tab.Lookup([]byte("INCRBYFLOAT")) }); n != 0 {
		t.Errorf("Lookup allocates %v times", n)
	}
}

func TestBuildRefuses(t *testing.T) {
	h := func(*Ctx) {}
	for what, specs := range map[string][]*Spec{
		"a duplicate":             {{Name: "a", Arity: 1, Handler: h}, {Name: "a", Arity: 2, Handler: h}},
		"a nil handler":           {{Name: "a", Arity: 1}},
		"no arity":                {{Name: "a", Handler: h}},
		"a key outside arity":     {{Name: "a", Arity: 2, Handler: h, Keys: []KeySpec{KeyAt(2, KeyRO)}}},
		"a key spec without step": {{Name: "a", Arity: 2, Handler: h, Keys: []KeySpec{{Index: 1}}}},
		"a bad syntax":            {{Name: "a", Arity: 2, Handler: h, Syntax: "[key"}},
		"a duplicate subcommand":  {{Name: "a", Arity: -2, Subs: []*Spec{{Name: "b", Arity: 2, Handler: h}, {Name: "b", Arity: 2, Handler: h}}}},
	} {
		if _, err := Build(specs); err == nil {
			t.Errorf("Build took %s", what)
		}
	}
}

// TestDeclarations holds what every command must say of itself.
func TestDeclarations(t *testing.T) {
	for _, s := range mustBuild(t).Specs() {
		if s.Summary == "" || s.Since == "" || s.Complexity == "" {
			t.Errorf("%s: summary, since or complexity is missing", s.FullName)
		}
		if s.Flags&Write != 0 && s.Flags&ReadOnly != 0 {
			t.Errorf("%s both writes and is read-only", s.FullName)
		}
		if s.Flags&Slow != 0 && s.Flags&Exclusive != 0 {
			t.Errorf("%s is exclusive on a worker (docs/LOCKS.md, rule 1)", s.FullName)
		}
		if least := max(s.Arity, -s.Arity); least > 1+boolInt(s.Parent != nil) && s.Syntax == "" && s.Name != "debug" && len(s.Subs) == 0 {
			t.Errorf("%s takes arguments but has no syntax", s.FullName)
		}
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestParseSyntax(t *testing.T) {
	keys := []KeySpec{KeyAt(1, KeyRO)}
	args, err := parseSyntax("key value [<NX | XX>] [GET] [<EX seconds:integer | KEEPTTL>] [LIMIT (offset:integer count:integer)] [member...]", keys)
	if err != nil {
		t.Fatal(err)
	}
	var show func(args []DocArg) string
	show = func(args []DocArg) string {
		var parts []string
		for _, a := range args {
			p := a.Name + ":" + a.Type
			if a.Token != "" {
				p = a.Token + "=" + p
			}
			if a.Optional {
				p += "?"
			}
			if a.Multiple {
				p += "*"
			}
			if len(a.Args) > 0 {
				p += "(" + show(a.Args) + ")"
			}
			parts = append(parts, p)
		}
		return strings.Join(parts, " ")
	}
	want := "key:key value:string nx-or-xx:oneof?(NX=nx:pure-token XX=xx:pure-token) GET=get:pure-token? " +
		"seconds-or-keepttl:oneof?(EX=seconds:integer KEEPTTL=keepttl:pure-token) " +
		"LIMIT=offset:block?(offset:integer count:integer) member:string?*"
	if got := show(args); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, bad := range []string{"[key", "key]", "<a | >", "(", "[]", "a ) b"} {
		if _, err := parseSyntax(bad, keys); err == nil {
			t.Errorf("parseSyntax(%q) took it", bad)
		}
	}
}

func TestAppendKeys(t *testing.T) {
	args := func(s string) [][]byte {
		var out [][]byte
		for _, w := range strings.Fields(s) {
			out = append(out, []byte(w))
		}
		return out
	}
	for _, c := range []struct {
		spec Spec
		call string
		want string // the keys; "!" for not ok
	}{
		{Spec{Keys: []KeySpec{KeyAt(1, 0)}}, "get a", "a"},
		{Spec{Keys: []KeySpec{KeyRange(1, -1, 1, 0)}}, "del a b c", "a b c"},
		{Spec{Keys: []KeySpec{KeyRange(1, -1, 2, 0)}}, "mset a 1 b 2", "a b"},
		{Spec{Keys: []KeySpec{KeyRange(1, -2, 1, 0)}}, "blpop a b 0", "a b"},
		{Spec{Keys: []KeySpec{KeyCount(1, 0)}}, "x 2 a b c", "a b"},
		{Spec{Keys: []KeySpec{KeyCount(1, 0)}}, "x 3 a b", "!"},
		{Spec{Keys: []KeySpec{KeyCount(1, 0)}}, "x -1 a b", "!"},
		{Spec{Keys: []KeySpec{KeyCount(1, 0)}}, "x no a b", "!"},
		{Spec{Keys: []KeySpec{{Keyword: "STREAMS", StartFrom: 1, Last: -1, Step: 1, Limit: 2}}}, "xread count 2 streams a b 0 0", "a b"},
		{Spec{Keys: []KeySpec{{Keyword: "STORE", StartFrom: -2, Step: 1}}}, "sort a store b", "b"},
		{Spec{Keys: []KeySpec{{Keyword: "STORE", StartFrom: -2, Step: 1}}}, "sort a", ""},
		{Spec{Keys: []KeySpec{KeyAt(1, KeyNotKey)}}, "x a", ""},
	} {
		a := args(c.call)
		idx, ok := c.spec.AppendKeys(nil, a)
		var got []string
		for _, i := range idx {
			got = append(got, string(a[i]))
		}
		s := strings.Join(got, " ")
		if !ok {
			s = "!"
		}
		if s != c.want {
			t.Errorf("%s: keys %q, want %q", c.call, s, c.want)
		}
	}
}

// TestTablesAreTheirOwn: building and renaming one table leaves the literals and all other
// tables as they are, also at the same time (-race looks).
func TestTablesAreTheirOwn(t *testing.T) {
	before := *configSpecs[0].Subs[0]
	tables := make([]*Table, 4)
	var wg sync.WaitGroup
	for i := range tables {
		wg.Go(func() {
			tab, err := Build(All())
			if err != nil {
				t.Error(err)
				return
			}
			if i%2 == 1 {
				err = tab.Rename("get", "holen")
			}
			if err != nil {
				t.Error(err)
			}
			tables[i] = tab
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	for i, tab := range tables {
		for _, name := range []string{"get", "holen"} {
			if there := tab.Lookup([]byte(name)) != nil; there != ((name == "get") == (i%2 == 0)) {
				t.Errorf("table %d: %s is there: %v", i, name, there)
			}
		}
		for id, s := range tab.Specs() {
			if s.ID != id || s == tables[(i+1)%len(tables)].Specs()[id] {
				t.Errorf("table %d: %s is shared, or has another's number", i, s.FullName)
			}
			for _, sub := range s.Subs {
				if sub.Parent != s {
					t.Errorf("table %d: the parent of %s is another table's", i, sub.FullName)
				}
			}
		}
	}
	if now := *configSpecs[0].Subs[0]; now.Parent != nil || now.FullName != before.FullName || now.Categories != nil {
		t.Error("Build has changed a literal")
	}
}

// BenchmarkBuild is a part of every start.
func BenchmarkBuild(b *testing.B) {
	for b.Loop() {
		if _, err := Build(All()); err != nil {
			b.Fatal(err)
		}
	}
}

// TestLookupFolds tries every command in capitals, and names that differ from it in one
// bit of one byte.
func TestLookupFolds(t *testing.T) {
	table := mustBuild(t)
	for _, s := range table.Commands() {
		if table.Lookup(bytes.ToUpper([]byte(s.Name))) != s {
			t.Errorf("%s is not found in capitals", s.Name)
		}
		for i := range s.Name {
			for bit := range 8 {
				name := []byte(s.Name)
				name[i] ^= 1 << bit
				want := (*Spec)(nil)
				for _, o := range table.Commands() {
					if equalFold(name, o.Name) {
						want = o
					}
				}
				if got := table.Lookup(name); got != want {
					t.Errorf("%q finds %v", name, got)
				}
			}
		}
	}
	for _, name := range []string{"", "g", "ge", "gett", "\x00\x00\x00"} {
		if table.Lookup([]byte(name)) != nil {
			t.Errorf("%q is found", name)
		}
	}
}
