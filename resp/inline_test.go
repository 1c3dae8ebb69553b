package resp

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

// inlineCases are lines and their arguments by redis-server 7.0.15 (held against an
// installed server by TestOracle).
var inlineCases = []struct {
	line string
	want []string
}{
	{"", nil},
	{" \t \v\f ", nil},
	{"PING", []string{"PING"}},
	{"  SET   key\tvalue  ", []string{"SET", "key", "value"}},
	{`a "b c" d`, []string{"a", "b c", "d"}},
	{`a ""`, []string{"a", ""}},
	{`''`, []string{""}},
	{`a"b c"`, []string{"ab c"}},
	{`a'b c'`, []string{"ab c"}},
	{`"\x41\n\r\t\b\a\q\xzz\\"`, []string{"A\n\r\t\b\aqxzz\\"}},
	{`"\xfF\x00"`, []string{"\xff\x00"}},
	{`"\x4"`, []string{"x4"}},
	{`"a\"b"`, []string{`a"b`}},
	{`'a\'b\n"\x41'`, []string{`a'b\n"\x41`}},
	{`"it's"`, []string{"it's"}},
	{"a\vb", []string{"a\vb"}},
	{"\v\fa \"b\"\v", []string{"a", "b"}},
	{"a\rb", []string{"a", "b"}},
	{`\x41 \n`, []string{`\x41`, `\n`}},
	{`"a" "b"`, []string{"a", "b"}},
	{`"" "long enough to be moved" x`, []string{"", "long enough to be moved", "x"}},
}

var inlineBad = []string{`"a`, `'a`, `"a"b`, `'a'b`, `a"b"c`, `"a\`, `"a\"`, `'a\'`, `"`, `'`, `"\x4`, `"a""b"`}

func texts(args [][]byte) []string {
	var s []string
	for _, a := range args {
		s = append(s, string(a))
	}
	return s
}

func TestSplitArgs(t *testing.T) {
	for _, tc := range inlineCases {
		args, ok := splitArgs([]byte(tc.line))
		if !ok || !reflect.DeepEqual(texts(args), tc.want) {
			t.Errorf("%q: %q %v", tc.line, args, ok)
		}
	}
	for _, line := range inlineBad {
		if args, ok := splitArgs([]byte(line)); ok {
			t.Errorf("%q: %q", line, args)
		}
	}
	if args, ok := splitArgs([]byte("a b\x00\"c")); !ok || len(args) != 2 {
		t.Errorf("NUL does not end the line: %q", args)
	}
}

// referenceSplit is a second opinion: one pass over runes of state, byte by byte, with
// no regard for speed. ok is false for unbalanced quotes.
func referenceSplit(line string) (args []string, ok bool) {
	at := func(i int) byte {
		if i < len(line) {
			return line[i]
		}
		return 0
	}
	space := func(c byte) bool { return c != 0 && strings.IndexByte(" \t\n\v\f\r", c) >= 0 }
	hex := func(c byte) int { return strings.IndexByte("0123456789abcdef", c|0x20&-(c>>6&1)) }
	i := 0
	for {
		for space(at(i)) {
			i++
		}
		if i >= len(line) {
			return args, true
		}
		arg, quote := "", byte(0)
		for open := true; open; {
			c := at(i)
			switch {
			case quote == 0 && (i >= len(line) || strings.IndexByte(" \t\r\n", c) >= 0):
				open = false
				continue
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
			case quote == 0:
				arg += string([]byte{c})
			case i >= len(line):
				return nil, false
			case c == quote:
				if i+1 < len(line) && !space(at(i+1)) {
					return nil, false
				}
				open = false
			case quote == '\'' && c == '\\' && at(i+1) == '\'':
				arg += "'"
				i++
			case quote == '"' && c == '\\' && at(i+1) == 'x' && i+3 < len(line) && hex(at(i+2)) >= 0 && hex(at(i+3)) >= 0:
				arg += string([]byte{byte(hex(at(i+2))<<4 | hex(at(i+3)))})
				i += 3
			case quote == '"' && c == '\\' && i+1 < len(line):
				i++
				c = at(i)
				if k := strings.IndexByte("nrtba", c); k >= 0 {
					c = "\n\r\t\b\a"[k]
				}
				arg += string([]byte{c})
			default:
				arg += string([]byte{c})
			}
			i++
		}
		args = append(args, arg)
	}
}

func FuzzInline(f *testing.F) {
	for _, tc := range inlineCases {
		f.Add(tc.line)
	}
	for _, line := range inlineBad {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		line, _, _ = strings.Cut(line, "\x00")
		want, wantOK := referenceSplit(line)
		args, ok := splitArgs([]byte(line))
		if ok != wantOK || ok && !reflect.DeepEqual(texts(args), want) {
			t.Fatalf("%q: %q %v, want %q %v", line, args, ok, want, wantOK)
		}
		// The same through the parser, if it is one inline line.
		if strings.ContainsRune(line, '\n') || strings.HasPrefix(line, "*") || len(line) > 1000 {
			return
		}
		var cmds [][]string
		if len(want) > 0 {
			cmds = [][]string{want}
		}
		for _, nodes := range []int{0, 1, 3} {
			fe := newFeeder(t, nodes, DefaultLimits())
			fe.write([]byte(line + "\r\n"))
			if got := fe.end(); (got.err == "") != ok || ok && !reflect.DeepEqual(got.cmds, cmds) {
				t.Fatalf("%q in nodes of %d: %q %q, want %q", line, nodes, got.cmds, got.err, cmds)
			}
		}
	})
}

// splitArgs splits a line as the parser does with an inline command.
func splitArgs(line []byte) (args [][]byte, ok bool) {
	if n := bytes.IndexByte(line, 0); n >= 0 {
		line = line[:n]
	}
	var own memory
	return split(nil, line, &own)
}
