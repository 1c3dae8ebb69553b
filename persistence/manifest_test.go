package persistence

import (
	"bytes"
	"strings"
	"testing"
)

func TestParseManifest(t *testing.T) {
	m, err := parseManifest([]byte("# comment\nfile a.1.base.aof seq 1 type b\nfile a.0.incr.aof seq 3 type h\n" +
		"file \"a b\\x41.aof\" seq 4 type i startoffset 77\nfile 'c d' seq 9 type i\n"))
	if err != nil {
		t.Fatal(err)
	}
	if m.base.name != "a.1.base.aof" || len(m.history) != 1 || len(m.incr) != 2 || m.incr[0] != (part{"a bA.aof", 4}) ||
		m.incr[1] != (part{"c d", 9}) || m.baseSeq != 1 || m.incrSeq != 9 {
		t.Errorf("%+v", m)
	}
	for text, want := range map[string]string{
		"":                            "it is empty",
		"# nothing\n":                 "names no file",
		"file a seq 1 type b":         "last line has no end",
		"\n":                          "it has 0 characters",
		"file a seq 1\n":              "want file, seq and type",
		"file a seq x type i\n":       "sequence number",
		"file a seq 0 type i\n":       "sequence number",
		"file a seq 1 type q\n":       "unknown type",
		"file a seq 1 type i extra\n": "want file, seq and type",
		"file ../a seq 1 type i\n":    "is a path",
		"file .. seq 1 type i\n":      "is a path",
		"file \"a seq 1 type i\n":     "want file, seq and type",
		"file a seq 1 type b\nfile a seq 1 type i\n":            "named twice",
		"file a seq 1 type b\nfile b seq 2 type b\n":            "a second base",
		"file a seq 2 type i\nfile b seq 2 type i\n":            "does not follow",
		"file a seq 2 type i\nfile b seq 1 type i\n":            "does not follow",
		"file " + strings.Repeat("a", 2000) + " seq 1 type i\n": "characters",
	} {
		if _, err := parseManifest([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.50q: %v, want %q", text, err, want)
		}
	}
}

// FuzzManifest: what is accepted is written and read to the same again.
func FuzzManifest(f *testing.F) {
	f.Add([]byte("file a.1.base.aof seq 1 type b\nfile a.1.incr.aof seq 1 type i\n"))
	f.Add([]byte("# c\nfile \"a\\x00\\n b\" seq 5 type h\nfile 'x y' seq 1 type i\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseManifest(text)
		if err != nil {
			return
		}
		out := m.text()
		again, err := parseManifest(out)
		if err != nil {
			t.Fatalf("%q: %v", out, err)
		}
		if !bytes.Equal(again.text(), out) || len(again.parts()) != len(m.parts()) {
			t.Fatalf("%q\n%q", out, again.text())
		}
	})
}
