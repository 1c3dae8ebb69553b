package resp

import (
	"math"
	"strings"
	"testing"
)

// tightSink hands out windows of exactly what is asked for, so that every write meets
// a border.
type tightSink struct {
	out []byte
	win []byte
}

func (s *tightSink) Window(commit, min int) []byte {
	s.out = append(s.out, s.win[:commit]...)
	s.win = make([]byte, min)
	return s.win
}

var longText = strings.Repeat("0123456789", 1000)

// writerCases are a reply and its two wire forms.
var writerCases = []struct {
	name         string
	write        func(w *Writer)
	resp2, resp3 string // resp3 "" means the same
}{
	{"ok", func(w *Writer) { w.OK() }, "+OK\r\n", ""},
	{"simple", func(w *Writer) { w.Simple("PONG") }, "+PONG\r\n", ""},
	{"error", func(w *Writer) { w.Error("ERR a\r\nb\n") }, "-ERR a  b\r\n", ""},
	{"error long", func(w *Writer) { w.Error("ERR " + longText + "\n" + longText) }, "-ERR " + longText + " " + longText + "\r\n", ""},
	{"int", func(w *Writer) { w.Int(0); w.Int(10); w.Int(-1); w.Int(math.MaxInt64); w.Int(math.MinInt64) },
		":0\r\n:10\r\n:-1\r\n:9223372036854775807\r\n:-9223372036854775808\r\n", ""},
	{"bulk", func(w *Writer) { w.Bulk([]byte("a\r\n")); w.Bulk(nil); w.BulkString("bc") }, "$3\r\na\r\n\r\n$0\r\n\r\n$2\r\nbc\r\n", ""},
	{"bulk long", func(w *Writer) { w.BulkString(longText) }, "$10000\r\n" + longText + "\r\n", ""},
	{"bulk int", func(w *Writer) { w.BulkInt(-12) }, "$3\r\n-12\r\n", ""},
	{"bulk parts", func(w *Writer) { w.BulkHeader(5); w.Raw([]byte("ab")); w.Raw(nil); w.Raw([]byte("cde")); w.CRLF() }, "$5\r\nabcde\r\n", ""},
	{"null", func(w *Writer) { w.Null() }, "$-1\r\n", "_\r\n"},
	{"null array", func(w *Writer) { w.NullArray() }, "*-1\r\n", "_\r\n"},
	{"array", func(w *Writer) { w.Array(100) }, "*100\r\n", ""},
	{"map", func(w *Writer) { w.Map(3) }, "*6\r\n", "%3\r\n"},
	{"set", func(w *Writer) { w.Set(3) }, "*3\r\n", "~3\r\n"},
	{"push", func(w *Writer) { w.Push(3) }, "*3\r\n", ">3\r\n"},
	{"attribute", func(w *Writer) { w.Attribute(1) }, "", "|1\r\n"},
	{"bool", func(w *Writer) { w.Bool(true); w.Bool(false) }, ":1\r\n:0\r\n", "#t\r\n#f\r\n"},
	{"double", func(w *Writer) { w.Double(1.5); w.Double(math.Inf(-1)) }, "$3\r\n1.5\r\n$4\r\n-inf\r\n", ",1.5\r\n,-inf\r\n"},
	{"big number", func(w *Writer) { w.BigNumber("1234567890123456789012345678901234567890") },
		"$40\r\n1234567890123456789012345678901234567890\r\n", "(1234567890123456789012345678901234567890\r\n"},
	{"verbatim", func(w *Writer) { w.Verbatim("txt", []byte("hi")) }, "$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n"},
	{"verbatim long", func(w *Writer) { w.Verbatim("txt", []byte(longText)) }, "$10000\r\n" + longText + "\r\n", "=10004\r\ntxt:" + longText + "\r\n"},
}

func TestWriter(t *testing.T) {
	for _, tc := range writerCases {
		for proto, want := range map[int]string{RESP2: tc.resp2, RESP3: tc.resp3} {
			if want == "" && tc.name != "attribute" {
				want = tc.resp2
			}
			var buf Buffer
			var tight tightSink
			var w Writer
			w.Bind(&buf, proto)
			tc.write(&w)
			w.Flush()
			w.Flush()
			if got := string(buf.Bytes()); got != want {
				t.Errorf("%s in RESP%d: %.80q, want %.80q", tc.name, proto, got, want)
			}
			w.Bind(&tight, proto)
			tc.write(&w)
			w.Flush()
			if got := string(tight.out); got != want {
				t.Errorf("%s in RESP%d, tight: %.80q, want %.80q", tc.name, proto, got, want)
			}
		}
	}
}

func TestWriterState(t *testing.T) {
	var buf Buffer
	var w Writer
	w.Bind(&buf, RESP2)
	w.Null()
	w.SetProto(RESP3)
	if w.Proto() != RESP3 {
		t.Error(w.Proto())
	}
	w.Null()
	if buf.Len() != 0 {
		t.Error("visible before Flush")
	}
	w.Flush()
	if string(buf.Bytes()) != "$-1\r\n_\r\n" || buf.Len() != 8 {
		t.Errorf("%q", buf.Bytes())
	}
	buf.Reset()
	w.OK()
	w.Flush()
	if string(buf.Bytes()) != "+OK\r\n" {
		t.Errorf("%q", buf.Bytes())
	}
}

func TestWriterAllocs(t *testing.T) {
	val := []byte(longText)
	for _, proto := range []int{RESP2, RESP3} {
		var d Discard
		var w Writer
		if n := testing.AllocsPerRun(100, func() {
			w.Bind(&d, proto)
			w.OK()
			w.Simple("PONG")
			w.Error("ERR syntax error")
			w.Int(123456)
			w.Bulk(val[:64])
			w.Bulk(val)
			w.BulkString(longText)
			w.BulkInt(-99)
			w.Null()
			w.Map(2)
			w.Double(3.14159)
			w.BigNumber("123")
			w.Verbatim("txt", val)
			w.Flush()
		}); n != 0 {
			t.Errorf("%v allocations in RESP%d", n, proto)
		}
	}
}
