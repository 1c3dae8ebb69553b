package glob

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// The expectations were taken from redis-server 7.0.15 (KEYS on single keys).
var cases = []struct {
	pattern, yes, no string // space-separated strings
}{
	{"*", "a ab ]", ""},
	{"**", "a ab", ""},
	{"a", "a", "A ab b"},
	{"?", "a * ]", "ab"},
	{"??", "ab", "a abc"},
	{"*?", "a ab", ""},
	{"?*", "a ab", ""},
	{"a*b", "ab aXb aXbb", "a b abX"},
	{"a*b*c", "abc aXbYc abbcc", "acb ab"},
	{"*ab*ab", "abab XabYab aabab", "ab abXa"},
	{"h[ae]llo", "hello hallo", "hillo"},
	{"h[^e]llo", "hallo hbllo", "hello"},
	{"h[a-b]llo", "hallo hbllo", "hcllo"},
	{"[z-a]", "a b z", "- A"},
	{"[a", "a", "[a b"},
	{"[^a", "b * ]", "a"},
	{"[", "", "[ a"},
	{"[^", "a ] ^", ""},
	{"[]", "", "[] ] a"},
	{"[^]", "a ]", "ab"},
	{"[a-]", "] ^ a", "- b"},
	{"[a-", "a -", "b"},
	{`\`, `\`, "a"},
	{`a\`, `a\`, "a"},
	{`\*`, "*", "a"},
	{`[\]]`, "]", `\ a`},
	{`[\`, `\`, "a"},
	{`*\`, `\ a\`, "a"},
	{"[^]a]", "xa]", "] a"},
	{"a]", "a]", "a"},
	{"[]a]", "", "a ] ]a]"},
	{`[\^]`, "^", "a"},
	{"[a^]", "a ^", "b"},
	{"[--0]", "- .", "a"},
	{"news.*", "news. news.x", "news new.x"},
	{"*.log", ".log a.log", "a.logs"},
}

func TestMatch(t *testing.T) {
	for _, c := range cases {
		p := New([]byte(c.pattern), false)
		for _, s := range strings.Fields(c.yes) {
			if !Match([]byte(c.pattern), []byte(s), false) || !p.Match([]byte(s)) {
				t.Errorf("%q should match %q", c.pattern, s)
			}
		}
		for _, s := range strings.Fields(c.no) {
			if Match([]byte(c.pattern), []byte(s), false) || p.Match([]byte(s)) {
				t.Errorf("%q should not match %q", c.pattern, s)
			}
		}
	}
}

func TestEmptyString(t *testing.T) {
	for pattern, want := range map[string]bool{"": true, "*": true, "**": false, "?": false, "a": false, "[^a]": false} {
		p := New([]byte(pattern), false)
		if Match([]byte(pattern), nil, false) != want || p.Match(nil) != want {
			t.Errorf("%q against the empty string should be %v", pattern, want)
		}
	}
}

func TestNoCase(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"MaxMem*", "maxmemory", true}, {"maxmemory", "MAXMEMORY", true}, {"[A-C]x", "bX", true},
		{"[x]", "X", true}, {"[^X]", "x", false}, {`\A`, "a", true}, {`[\A]`, "a", false}, {"é", "É", false},
	} {
		p := New([]byte(c.pattern), true)
		if Match([]byte(c.pattern), []byte(c.s), true) != c.want || p.Match([]byte(c.s)) != c.want {
			t.Errorf("nocase %q against %q should be %v", c.pattern, c.s, c.want)
		}
	}
}

func TestHostilePatternsAreQuick(t *testing.T) {
	s := bytes.Repeat([]byte("a"), 10_000)
	start := time.Now()
	for _, pattern := range []string{
		strings.Repeat("a*", 200) + "b", strings.Repeat("*a", 200) + "b", strings.Repeat("?*", 200) + "b",
		strings.Repeat("[a]*", 100) + "b",
	} {
		if Match([]byte(pattern), s, false) {
			t.Errorf("%.20q... should not match", pattern)
		}
	}
	// Exponential matching would take longer than the universe; the bound is generous for -race.
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("hostile patterns took %v", d)
	}
}

func TestNothingAllocates(t *testing.T) {
	pattern, s := []byte("u*r:[0-9]*?x"), []byte("user:1234567x")
	if n := testing.AllocsPerRun(100, func() {
		p := New(pattern, false)
		if !p.Match(s) || !Match(pattern, s, true) {
			t.Fatal("no match")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// reference is the definition, by plain recursion with a table of what was tried.
func reference(p, s []byte, nocase bool) bool {
	if len(s) == 0 {
		return len(p) == 0 || string(p) == "*"
	}
	memo := map[[2]int]bool{}
	var rec func(pi, si int) bool
	rec = func(pi, si int) (ok bool) {
		at := [2]int{pi, si}
		if v, seen := memo[at]; seen {
			return v
		}
		defer func() { memo[at] = ok }()
		if pi == len(p) {
			return si == len(s)
		}
		if p[pi] == '*' {
			return rec(pi+1, si) || si < len(s) && rec(pi, si+1)
		}
		if si == len(s) {
			return false
		}
		n, hit := element(p[pi:], s[si], nocase)
		return hit && rec(pi+n, si+1)
	}
	return rec(0, 0)
}

func FuzzMatch(f *testing.F) {
	for _, c := range cases {
		for _, s := range strings.Fields(c.yes + " " + c.no) {
			f.Add([]byte(c.pattern), []byte(s), false)
		}
	}
	f.Add([]byte("a*b*[^x-z]*\\*"), []byte("aabbcc*"), true)
	f.Fuzz(func(t *testing.T, pattern, s []byte, nocase bool) {
		if len(pattern) > 64 || len(s) > 64 {
			return
		}
		want := reference(pattern, s, nocase)
		if got := Match(pattern, s, nocase); got != want {
			t.Fatalf("Match(%q, %q, %v) = %v", pattern, s, nocase, got)
		}
		p := New(pattern, nocase)
		if got := p.Match(s); got != want {
			t.Fatalf("New(%q, %v).Match(%q) = %v", pattern, nocase, s, got)
		}
	})
}
