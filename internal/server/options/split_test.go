package options

import (
	"reflect"
	"testing"
)

// lineCases were verified against redis-server 7.0.15.
var lineCases = []struct {
	line  string
	words []string // nil: unbalanced
}{
	{"port 6379", []string{"port", "6379"}},
	{" \t port\t6379 \r", []string{"port", "6379"}},
	{`requirepass "a b\x41\n\"c" `, []string{"requirepass", "a bA\n\"c"}},
	{`requirepass 'a\'b\x41'`, []string{"requirepass", `a'b\x41`}},
	{`requirepass abc#def # x`, []string{"requirepass", "abc#def", "#", "x"}},
	{`save ""`, []string{"save", ""}},
	{`save ''`, []string{"save", ""}},
	{`"timeout" 5`, []string{"timeout", "5"}},
	{`x "\r\t\b\a\q\xzz\x4"`, []string{"x", "\r\t\b\aqxzzx4"}},
	{`x a\b`, []string{"x", `a\b`}},
	{`x a"b"`, []string{"x", "ab"}},
	{"", []string{}},
	{`ti"me"out 5`, nil},
	{`timeout "5"x`, nil},
	{`timeout "abc`, nil},
	{`timeout 'abc`, nil},
	{`timeout "abc\`, nil},
	{`timeout "abc\"`, nil},
}

func TestSplitLine(t *testing.T) {
	for _, c := range lineCases {
		words, err := SplitLine(c.line)
		if c.words == nil {
			if err == nil || err.Error() != "Unbalanced quotes in configuration line" {
				t.Errorf("%q gave %q, %v", c.line, words, err)
			}
			continue
		}
		if err != nil || len(words) != len(c.words) || len(words) > 0 && !reflect.DeepEqual(words, c.words) {
			t.Errorf("%q gave %q, %v", c.line, words, err)
		}
	}
}

func FuzzSplitLine(f *testing.F) {
	for _, c := range lineCases {
		f.Add(c.line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words, err := SplitLine(line)
		if err != nil {
			return
		}
		// What was read, quoted again, must read the same; plain words need no quotes.
		quoted, lazily := "", ""
		for _, w := range words {
			quoted += " " + Quote(w)
			lazily += " " + quoteIfNeeded(w)
		}
		for _, again := range []string{quoted, lazily} {
			got, err := SplitLine(again)
			if err != nil || len(got) != len(words) || len(words) > 0 && !reflect.DeepEqual(got, words) {
				t.Fatalf("%q became %q, which reads as %q, %v", words, again, got, err)
			}
		}
	})
}
