package persistence

import (
	"bytes"
	"fmt"
	"maps"
	"strings"
	"testing"
)

// marksOfReplica makes the file of a replica: marks, with records and units of some calls between them. It
// returns the ends of the marks with the data up to there.
func marksOfReplica(writes int, value string) (text []byte, at []piece) {
	m := newModel()
	mark := testMark
	mark.Follows = true
	text = AppendMark(nil, &mark)
	at = append(at, piece{len(text), map[string]string{}})
	set := func(i int) {
		_ = m.exec(0, "APPEND", fmt.Sprint(i%3), value)
		text = append(text, encode("APPEND", fmt.Sprint(i%3), value)...)
	}
	for i := range writes {
		if i%4 == 3 {
			text = append(text, unitBegin...)
			set(i)
			set(i + 1)
			text = append(text, unitEnd...)
		}
		for j := range i%5 + 1 {
			set(j)
		}
		last := mark
		mark.Offset++
		text = appendMark(text, &mark, &last)
		at = append(at, piece{len(text), maps.Clone(m.data)})
	}
	return text, at
}

// TestGoBack cuts the file of a replica everywhere: it is loaded up to its last mark, which stays known, and cut off there;
// what is not a replica's, or not to be one's, has all that is whole.
func TestGoBack(t *testing.T) {
	text, at := marksOfReplica(12, "v\r\n#REPL:5\r\n")
	o := newOwner(FsyncNo)
	o.follows.Store(true)
	for cut := range len(text) + 1 {
		f := fileFS(text[:cut])
		m, err := load(f, o)
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		last := -1
		for i := range at {
			if at[i].end <= cut {
				last = i
			}
		}
		mark, ok := m.a.Marked()
		if last < 0 {
			if ok {
				t.Fatalf("cut at %d: the mark %+v", cut, mark)
			}
			continue
		}
		if !ok || mark.Offset != testMark.Offset+int64(last) || !mark.Follows || mark.ID != testMark.ID {
			t.Fatalf("cut at %d: the mark %v %+v, want the offset %d", cut, ok, mark, testMark.Offset+int64(last))
		}
		if !maps.Equal(m.data, at[last].data) {
			t.Fatalf("cut at %d: there is %v, want %v", cut, m.data, at[last].data)
		}
		if got := f.content(testIncr); len(got) != at[last].end && !(len(got) == cut && cut == at[last].end) {
			t.Fatalf("cut at %d: %d bytes remain, want %d", cut, len(got), at[last].end)
		}
		if err := m.a.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestGoBackNot: what nobody says that the primary has is kept.
func TestGoBackNot(t *testing.T) {
	text, at := marksOfReplica(5, "v")
	rest := append(bytes.Clone(text), encode("APPEND", "0", "more")...)
	torn := append(bytes.Clone(rest), encode("APPEND", "0", "more")[:9]...)
	last := at[len(at)-1].data
	kept := maps.Clone(last)
	kept["0/0"] += "more"
	own := bytes.ReplaceAll(rest, []byte(" "+markFollows+"\r\n"), []byte("\r\n"))
	foreign := bytes.Replace(rest, []byte(encode("APPEND", "0", "more")), append([]byte("#REPL:what\r\n"), encode("APPEND", "0", "more")...), 1)
	second := strings.Replace(testIncr, ".1.", ".2.", 1)
	for _, c := range []struct {
		name            string
		text, more      []byte
		follows, refuse bool
		want            map[string]string
		known           bool
	}{
		{"a replica", rest, nil, true, false, last, true},
		{"a replica, torn", torn, nil, true, false, last, true},
		{"a primary", rest, nil, false, false, kept, false},
		{"a primary, torn", torn, nil, false, false, kept, false},
		{"nothing is to be cut off", rest, nil, true, true, kept, false},
		{"marks of a primary", own, nil, true, false, kept, false},
		{"a mark that nobody knows", foreign, nil, true, false, kept, false},
		{"another file follows", rest, encode("SET", "x", "1"), true, false, with(kept, "0/x", "1"), false},
		{"the mark ends a file", text, encode("SET", "x", "1"), true, false, last, true},
		{"nothing is torn", text, nil, true, true, last, true},
	} {
		f := fileFS(c.text)
		if c.more != nil {
			f.write(second, c.more)
			f.write(testDir+"/appendonly.aof.manifest", []byte("file appendonly.aof.1.incr.aof seq 1 type i\nfile appendonly.aof.2.incr.aof seq 2 type i\n"))
		}
		o := newOwner(FsyncNo)
		o.follows.Store(c.follows)
		o.refuse.Store(c.refuse)
		m, err := load(f, o)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if _, known := m.a.Marked(); known != c.known || !maps.Equal(m.data, c.want) {
			t.Errorf("%s: a mark %v, %v; want %v, %v", c.name, known, m.data, c.known, c.want)
		}
		again, err := load(f.killed(), o)
		if err != nil || !maps.Equal(again.data, c.want) {
			t.Errorf("%s, loaded again: %v, %v", c.name, err, again.data)
		}
	}
}

func with(m map[string]string, k, v string) map[string]string {
	m = maps.Clone(m)
	m[k] = v
	return m
}

// TestHeldRecords: records between two marks that are longer than the scanner's buffer are executed once, in order; and what has
// no mark for longer than the loader holds is executed.
func TestHeldRecords(t *testing.T) {
	text, at := marksOfReplica(8, strings.Repeat("0123456789", readBytes/15))
	o := newOwner(FsyncNo)
	o.follows.Store(true)
	m, err := load(fileFS(text[:len(text)-1]), o)
	if err != nil || !maps.Equal(m.data, at[len(at)-2].data) {
		t.Errorf("%v, %d keys", err, len(m.data))
	}
	large := encode("SET", "large", strings.Repeat("x", heldBytes))
	more := encode("SET", "more", "1")
	m, err = load(fileFS(append(append(bytes.Clone(text), large...), more...)), o)
	if _, known := m.a.Marked(); err != nil || known || m.data["0/more"] != "1" {
		t.Errorf("%v, a mark %v, more is %q", err, known, m.data["0/more"])
	}
}
