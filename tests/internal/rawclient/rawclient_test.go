package rawclient

import (
	"bufio"
	"strings"
	"testing"
)

func TestDecode(t *testing.T) {
	for in, want := range map[string]string{
		"+OK\r\n":                           "+OK",
		"-ERR x\r\n":                        "-ERR x",
		":-5\r\n":                           ":-5",
		"$-1\r\n":                           "$(nil)",
		"*-1\r\n":                           "*(nil)",
		"$3\r\na\x00\"\r\n":                 `$"a\x00\""`,
		"*2\r\n:1\r\n*0\r\n":                "*2[:1 *0[]]",
		"%1\r\n+a\r\n#t\r\n":                `%2[+a #"t"]`,
		"_\r\n":                             "_",
		"|1\r\n+ttl\r\n:1\r\n,1.5\r\n":      `|{+ttl :1},"1.5"`,
		"=7\r\ntxt:abc\r\n":                 `="txt:abc"`,
		">2\r\n+invalidate\r\n~1\r\n(9\r\n": `>2[+invalidate ~1[("9"]]`,
	} {
		v, err := Decode(bufio.NewReader(strings.NewReader(in)))
		if err != nil || v.String() != want {
			t.Errorf("%q: got %s, %v; want %s", in, v, err, want)
		}
	}
	for _, in := range []string{"", "\r\n", "x\r\n", ":+1\r\n", ":01\r\n", "$-2\r\n", "$1\r\nabc", "*1\r\n", "#x\r\n", "+a\n"} {
		if v, err := Decode(bufio.NewReader(strings.NewReader(in))); err == nil {
			t.Errorf("%q: got %s, want an error", in, v)
		}
	}
}

func TestLineRoundTrip(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	args := []string{"SET", "", "a b", string(all), `q"u'o\te`}
	got, err := Split(Line(args))
	if err != nil || strings.Join(got, "|") != strings.Join(args, "|") {
		t.Fatalf("got %q, %v", got, err)
	}
	if _, err := Split(`a "b`); err == nil {
		t.Fatal("unbalanced quotes accepted")
	}
}
