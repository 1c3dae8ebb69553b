package resp

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

func readText(text string) (Value, error) {
	return ReadReply(bufio.NewReader(strings.NewReader(text)))
}

func TestReadReply(t *testing.T) {
	str := func(kind byte, s string) Value { return Value{Kind: kind, Str: []byte(s)} }
	num := func(n int64) Value { return Value{Kind: ':', Int: n} }
	for text, want := range map[string]Value{
		"+OK\r\n":                     str('+', "OK"),
		"+\r\n":                       str('+', ""),
		"-ERR x\r\n":                  str('-', "ERR x"),
		":-12\r\n":                    num(-12),
		":+12\r\n":                    num(12),
		"$3\r\na\r\n\r\n":             str('$', "a\r\n"),
		"$0\r\n\r\n":                  str('$', ""),
		"$-1\r\n":                     {Kind: '$', Null: true},
		"*-1\r\n":                     {Kind: '*', Null: true},
		"_\r\n":                       {Kind: '_', Null: true},
		"*0\r\n":                      {Kind: '*', Elems: []Value{}},
		"*2\r\n:1\r\n*1\r\n+a\r\n":    {Kind: '*', Elems: []Value{num(1), {Kind: '*', Elems: []Value{str('+', "a")}}}},
		"%1\r\n+k\r\n:5\r\n":          {Kind: '%', Elems: []Value{str('+', "k"), num(5)}},
		"~1\r\n:5\r\n":                {Kind: '~', Elems: []Value{num(5)}},
		">1\r\n:5\r\n":                {Kind: '>', Elems: []Value{num(5)}},
		"#t\r\n":                      {Kind: '#', Int: 1},
		"#f\r\n":                      {Kind: '#'},
		",1.5\r\n":                    {Kind: ',', Float: 1.5, Str: []byte("1.5")},
		",-inf\r\n":                   {Kind: ',', Float: math.Inf(-1), Str: []byte("-inf")},
		"(-123456789012345678901\r\n": str('(', "-123456789012345678901"),
		"=6\r\ntxt:hi\r\n":            str('=', "txt:hi"),
		"!5\r\nERR x\r\n":             str('!', "ERR x"),
		"|1\r\n+a\r\n:1\r\n:2\r\n":    {Kind: ':', Int: 2, Attrs: []Value{str('+', "a"), num(1)}},
	} {
		for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
			got, err := ReadReply(bufio.NewReader(r))
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%q: %+v, %v", text, got, err)
			}
		}
		for cut := 1; cut < len(text); cut++ {
			if _, err := readText(text[:cut]); err != io.ErrUnexpectedEOF {
				t.Errorf("%q cut at %d: %v", text, cut, err)
			}
		}
	}
	v := Value{Kind: '=', Str: []byte("txt:hi")}
	if v.Text() != "hi" || v.IsError() {
		t.Error(v.Text())
	}
	long := strings.Repeat("x", 300_000)
	for _, text := range []string{"+" + long + "\r\n", "$300000\r\n" + long + "\r\n"} {
		if v, err := readText(text); err != nil || v.Text() != long {
			t.Errorf("%.10q: %v", text, err)
		}
	}
}

func TestReadReplyErrors(t *testing.T) {
	for text, want := range map[string]error{
		"":                                io.EOF,
		"+OK\n":                           ErrReplySyntax,
		"\r\n":                            ErrReplySyntax,
		"\n":                              ErrReplySyntax,
		"?x\r\n":                          ErrReplySyntax,
		":x\r\n":                          ErrReplySyntax,
		":+-1\r\n":                        ErrReplySyntax,
		":\r\n":                           ErrReplySyntax,
		"$-2\r\n":                         ErrReplySyntax,
		"$?\r\n":                          ErrReplySyntax,
		"$1\r\nabc":                       ErrReplySyntax,
		"%-1\r\n":                         ErrReplySyntax,
		"=-1\r\n":                         ErrReplySyntax,
		"|-1\r\n":                         ErrReplySyntax,
		"#x\r\n":                          ErrReplySyntax,
		"_x\r\n":                          ErrReplySyntax,
		",x\r\n":                          ErrReplySyntax,
		"(12a\r\n":                        ErrReplySyntax,
		"(-\r\n":                          ErrReplySyntax,
		"$536870913\r\n":                  ErrReplySize,
		"*16777217\r\n":                   ErrReplySize,
		"%8388609\r\n":                    ErrReplySize,
		"*2\r\n*16777210\r\n":             io.ErrUnexpectedEOF,
		"*10\r\n*16777210\r\n":            io.ErrUnexpectedEOF,
		"*2\r\n*1\r\n:1\r\n*16777216\r\n": ErrReplySize,
		"|1\r\n+a\r\n:1\r\n":              io.ErrUnexpectedEOF,
		"|x\r\n":                          ErrReplySyntax,
		strings.Repeat("*1\r\n", MaxReplyDepth+2):         ErrReplyDepth,
		strings.Repeat("|1\r\n", MaxReplyDepth+2):         ErrReplyDepth,
		"+" + strings.Repeat("x", MaxReplyLineBytes+1):    io.ErrUnexpectedEOF,
		"+" + strings.Repeat("x", MaxReplyLineBytes+9999): ErrReplySize,
	} {
		if v, err := readText(text); !errors.Is(err, want) || err == nil {
			t.Errorf("%.40q: %+v, %v, want %v", text, v, err, want)
		}
	}
}

// write writes v as RESP3 (or with the RESP2 nulls that it was read from).
func (v *Value) write(w *Writer) {
	if len(v.Attrs) > 0 {
		w.Attribute(len(v.Attrs) / 2)
		for i := range v.Attrs {
			v.Attrs[i].write(w)
		}
	}
	if v.Null {
		w.Raw(map[byte][]byte{'_': []byte("_\r\n"), '$': []byte("$-1\r\n"), '*': []byte("*-1\r\n")}[v.Kind])
		return
	}
	switch v.Kind {
	case '+':
		w.Simple(string(v.Str))
	case '-':
		w.Error(string(v.Str))
	case ':':
		w.Int(v.Int)
	case '$':
		w.Bulk(v.Str)
	case '(':
		w.BigNumber(string(v.Str))
	case ',':
		w.Double(v.Float)
	case '#':
		w.Bool(v.Int == 1)
	case '*':
		w.Array(len(v.Elems))
	case '~':
		w.Set(len(v.Elems))
	case '>':
		w.Push(len(v.Elems))
	case '%':
		w.Map(len(v.Elems) / 2)
	case '=', '!':
		w.Raw([]byte{v.Kind})
		w.Raw(AppendInt(nil, int64(len(v.Str))))
		w.CRLF()
		w.Raw(v.Str)
		w.CRLF()
	}
	for i := range v.Elems {
		v.Elems[i].write(w)
	}
}

// FuzzReply: no input makes ReadReply fail in a way of its own, the reader's pieces do
// not matter, and what was read is written and read back as the same.
func FuzzReply(f *testing.F) {
	for _, tc := range writerCases {
		var buf Buffer
		var w Writer
		for _, proto := range []int{RESP2, RESP3} {
			w.Bind(&buf, proto)
			tc.write(&w)
			w.Flush()
			if len(buf.Bytes()) < 200 {
				f.Add(bytes.Clone(buf.Bytes()))
			}
			buf.Reset()
		}
	}
	f.Add([]byte("|1\r\n+a\r\n:1\r\n*3\r\n%1\r\n$1\r\nk\r\n,1.25\r\n~1\r\n#t\r\n_\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := ReadReply(bufio.NewReader(bytes.NewReader(data)))
		v1, err1 := ReadReply(bufio.NewReader(iotest.OneByteReader(bytes.NewReader(data))))
		if err != err1 {
			t.Fatalf("%q: %v, byte by byte %v", data, err, err1)
		}
		if err != nil {
			return
		}
		text := func(v *Value) []byte {
			var buf Buffer
			var w Writer
			w.Bind(&buf, RESP3)
			v.write(&w)
			w.Flush()
			return buf.Bytes()
		}
		out := text(&v)
		if !bytes.Equal(out, text(&v1)) {
			t.Fatalf("%q: byte by byte differs", data)
		}
		back, err := ReadReply(bufio.NewReader(bytes.NewReader(out)))
		if err != nil || !bytes.Equal(text(&back), out) {
			t.Fatalf("%q, written as %q: %v", data, out, err)
		}
	})
}
