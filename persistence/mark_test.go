package persistence

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

var testMark = Mark{ID: strings.Repeat("a1", 20), Offset: 1000, DB: 3}

// markedAt is the mark that the owner has said to stand at a position.
func markedAt(pos uint64) Mark {
	m := testMark
	m.Offset += int64(pos)
	return m
}

// wantMark loads a directory and compares its mark; nil: there must be none.
func wantMark(t *testing.T, f FS, want *Mark) {
	t.Helper()
	m, err := load(f, newOwner(FsyncNo))
	if err != nil {
		t.Fatal(err)
	}
	got, ok := m.a.Marked()
	if ok != (want != nil) || ok && got != *want {
		t.Errorf("the mark is %v, %+v, want %+v", ok, got, want)
	}
}

// TestMarks: what is written tells how far its history is, whether the server ends or is killed, and a later
// start goes on with that.
func TestMarks(t *testing.T) {
	f, o := newMemFS(), newOwner(FsyncEverySecond)
	o.mark.Store(&testMark)
	m := start(t, f, o)
	var last uint64
	for i := range 100 {
		last = m.do(i%3, []string{"SET", fmt.Sprint(i), "v"})
		for end := time.Now().Add(time.Minute); !m.a.Write() && m.a.Wrote() < last; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("a record is not written")
			}
		}
		want := markedAt(last)
		wantMark(t, f.killed(), &want)
	}
	text := f.content(testIncr)
	for end := time.Now().Add(time.Minute); bytes.Count(text, []byte(markBegin)) < 100 && time.Now().Before(end); text = f.content(testIncr) {
		m.a.Write() // while the file was synced what came stood beside it
		time.Sleep(time.Millisecond)
	}
	if whole := bytes.Count(text, []byte(markBegin+testMark.ID)); whole != 1 || bytes.Count(text, []byte(markBegin)) < 100 {
		t.Errorf("%d whole marks in %q", whole, text)
	}
	renamed := Mark{ID: strings.Repeat("b2", 20), Offset: testMark.Offset}
	o.mark.Store(&renamed) // nothing is recorded: the writer's goroutine notes it
	other := markedAt(last)
	other.ID, other.DB = renamed.ID, 0
	for end := time.Now().Add(time.Minute); !bytes.HasSuffix(f.content(testIncr), fmt.Appendf(nil, "%s%s %d 0\r\n", markBegin, other.ID, other.Offset)); {
		if time.Now().After(end) {
			t.Fatalf("a mark that has changed is not written: %q", f.content(testIncr)[len(text):])
		}
		time.Sleep(time.Millisecond)
	}
	wantMark(t, f.killed(), &other)
	m.do(0, []string{"SET", "a", "1"}, []string{"SET", "b", "2"})
	end := markedAt(m.log.End())
	end.ID, end.DB = other.ID, 0
	if err := m.a.Close(); err != nil {
		t.Fatal(err)
	}
	wantMark(t, f, &end)
	again := start(t, f, o) // of no history any more
	o.mark.Store(nil)
	again.do(0, []string{"SET", "a", "2"})
	if err := again.a.Close(); err != nil {
		t.Fatal(err)
	}
	wantMark(t, f, nil)
}

// TestMarksOfFiles: a mark holds for what stands before it, and nothing behind.
func TestMarksOfFiles(t *testing.T) {
	id := testMark.ID
	whole := string(AppendMark(nil, &testMark))
	set := string(encode("SET", "k", "v"))
	unit := unitBegin + set + set
	at := func(offset int64) *Mark { return &Mark{ID: id, Offset: offset, DB: 3} }
	for _, c := range []struct {
		text string
		want *Mark
	}{
		{set, nil},
		{set + whole, at(1000)},
		{whole + set, nil},
		{whole + set + "#REPL:1007\r\n", at(1007)},
		{set + "#REPL:1007\r\n", nil}, // of which history?
		{whole + "#TS:1700000000\r\n", at(1000)},
		{whole + unit, at(1000)}, // it is cut off
		{whole + unit + unitEnd, nil},
		{whole + unit + "#REPL:1007\r\n" + unitEnd, nil},
		{whole + set[:len(set)-3], at(1000)},
		{whole + set + "#REPL:1007", nil}, // more digits may have followed
		{whole + "#REPL:-7\r\n", nil},
		{whole + "#REPL:x\r\n", nil},
		{whole + "#REPL:" + id + " 1 2 3\r\n", nil},
		{whole + "#REPL:" + id + " 1 2 3\r\n" + "#REPL:9\r\n", nil},
		{whole + "#REPL:" + id + " 1 -2\r\n", nil},
	} {
		f := fileFS([]byte(c.text))
		t.Log(strings.ReplaceAll(c.text, id, "id"))
		wantMark(t, f, c.want)
	}
}

// TestMarksOverRewrites: the mark of a base counts until something is recorded, and the increment behind it begins with a
// whole one.
func TestMarksOverRewrites(t *testing.T) {
	f, o := newMemFS(), newOwner(FsyncEverySecond)
	o.mark.Store(&testMark)
	m := start(t, f, o)
	m.do(1, []string{"SET", "a", "1"})
	if err := m.a.Rewrite(&source{m: m}, nil); err != nil {
		t.Fatal(err)
	}
	last := m.do(1, []string{"SET", "a", "2"})
	if err := m.a.Flush(); err != nil {
		t.Fatal(err)
	}
	want := markedAt(last)
	wantMark(t, f.killed(), &want)
	if text := f.content(strings.Replace(testIncr, ".1.", ".2.", 1)); bytes.Count(text, []byte(markBegin+testMark.ID)) != 1 {
		t.Errorf("the increment has %q", text)
	}
	if err := m.a.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestNoteAllocatesNothing(t *testing.T) {
	f, o := newMemFS(), newOwner(FsyncNo)
	o.mark.Store(&testMark)
	m := start(t, f, o)
	s, body := &m.a.stream, encode("SET", "k", "v")
	m.log.Append(0, 0, body, false)
	if n := testing.AllocsPerRun(1000, func() {
		m.log.Append(0, 0, body, false)
		m.log.Lock()
		s.note()
		m.log.Unlock()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	_ = m.a.Close()
}
