package persistence

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var testIncr = filepath.Join(testDir, "appendonly.aof.1.incr.aof")

// fileFS is a directory with one increment.
func fileFS(text []byte) *memFS {
	f := newMemFS()
	f.write(testIncr, text)
	f.write(filepath.Join(testDir, "appendonly.aof.manifest"), []byte("file appendonly.aof.1.incr.aof seq 1 type i\n"))
	return f
}

// piece is a unit of a generated file: its end, and the data up to there.
type piece struct {
	end  int
	data map[string]string
}

// generate makes a file of some size, units included.
func generate(size int) (text []byte, pieces []piece) {
	rng := rand.New(rand.NewPCG(3, 4))
	m := newModel()
	text = encode("SELECT", "0")
	pieces = []piece{{0, map[string]string{}}, {len(text), map[string]string{}}}
	for i := 0; len(text) < size; i++ {
		k := fmt.Sprint("key", rng.IntN(20))
		v := strings.Repeat("v", rng.IntN(60)) + fmt.Sprint(i)
		switch i % 5 {
		case 0:
			text = append(text, unitBegin...)
			for j := range 3 {
				m.do(0, []string{"APPEND", k, fmt.Sprint(j)})
				text = append(text, encode("APPEND", k, fmt.Sprint(j))...)
			}
			text = append(text, unitEnd...)
		case 1:
			text = append(text, "#TS:1700000000\r\n"...)
			pieces = append(pieces, piece{len(text), maps.Clone(m.data)})
			fallthrough
		default:
			m.do(0, []string{"SET", k, v})
			text = append(text, encode("SET", k, v)...)
		}
		pieces = append(pieces, piece{len(text), maps.Clone(m.data)})
	}
	return text, pieces
}

// TestEveryCut cuts a file at each of its bytes: the longest whole prefix is loaded and
// left, or the file is refused, as the option says.
func TestEveryCut(t *testing.T) {
	size := 6000
	if testing.Short() {
		size = 1500
	}
	text, pieces := generate(size)
	at := 0
	for n := range len(text) + 1 {
		for pieces[at].end < n && at+1 < len(pieces) && pieces[at+1].end <= n {
			at++
		}
		f, o := fileFS(bytes.Clone(text[:n])), newOwner(FsyncAlways)
		whole := pieces[at].end == n
		o.refuse.Store(true)
		_, err := load(f, o)
		var le *LoadError
		if whole != (err == nil) || err != nil && (!errors.As(err, &le) || le.Offset != int64(pieces[at].end)) {
			t.Fatalf("cut at %d, whole up to %d: %v", n, pieces[at].end, err)
		}
		if size, _ := f.Size(testIncr); size != int64(n) {
			t.Fatal("a refused file was changed")
		}
		o.refuse.Store(false)
		m, err := load(f, o)
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		same(t, m.data, pieces[at].data)
		if size, _ := f.Size(testIncr); size != int64(pieces[at].end) {
			t.Fatalf("cut at %d: %d bytes are left, want %d", n, size, pieces[at].end)
		}
	}
}

// TestDamage overwrites every byte that is not within a value, in turn: the file must be
// refused, and stay as it is.
func TestDamage(t *testing.T) {
	text, pieces := generate(3000)
	last := pieces[len(pieces)-1].data
	lastAt := pieces[len(pieces)-2].end // a record that says it is longer looks like a cut
	every := 1
	if testing.Short() {
		every = 5
	}
	for i := 0; i < len(text); i += every {
		for _, with := range []byte{0, 'x', '9', text[i] ^ 0x80} {
			bad := bytes.Clone(text)
			if bad[i] == with {
				continue
			}
			bad[i] = with
			f, o := fileFS(bad), newOwner(FsyncAlways)
			m, err := load(f, o)
			if size, _ := f.Size(testIncr); size != int64(len(text)) && i < lastAt {
				t.Fatalf("%q at %d: the file was cut to %d bytes: %v", with, i, size, err)
			}
			// A byte of a key, a value or an annotation says nothing of itself.
			if err == nil && len(m.data) < len(last)-1 {
				t.Fatalf("%q at %d: loaded %d of %d keys", with, i, len(m.data), len(last))
			}
			if err != nil && (!strings.Contains(err.Error(), testIncr+" at offset ") || !strings.Contains(err.Error(), "redis-check-aof --fix")) {
				t.Fatal(err)
			}
			if err == nil && bytes.IndexByte([]byte("*$\r\n"), text[i]) >= 0 && text[i+1] >= '0' && text[i+1] <= '9' {
				t.Fatalf("%q at %d: a damaged header was loaded", with, i)
			}
		}
	}
}

func TestRefusedFiles(t *testing.T) {
	set := string(encode("SET", "a", "1"))
	for _, c := range []struct{ text, want string }{
		{"REDIS0011\xfa\x09redis-ver", "snapshot"},
		{set + "garbage" + set, "at offset 27: 'g' where '*' is to be"},
		{set + "SET a 1\r\n", "'S' where '*'"},
		{set + string(encode("NOSUCH", "a")) + set, `unknown command ["NOSUCH" "a"]`},
		{unitBegin + string(encode("NOSUCH", "a")), "unknown command"},
		{unitBegin + set + unitBegin, "MULTI within MULTI"},
		{set + unitEnd, "EXEC without MULTI"},
		{"*0\r\n" + set, "a record of 0 arguments"},
		{"*-1\r\n" + set, "is no number"},
		{"*1\n" + set, "is no number"},
		{"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$900\r\n1\r\n" + set + set, "although whole records follow it"},
		{"*300000\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n" + set, "'*' where '$'"},
		{"*99999999999999999999\r\n", "is no number"},
		{"#" + strings.Repeat("x", 2000), "an annotation without an end"},
	} {
		f := fileFS([]byte(c.text))
		_, err := load(f, newOwner(FsyncAlways))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60q: %v, want %s", c.text, err, c.want)
		}
		if n, _ := f.Size(testIncr); n != int64(len(c.text)) {
			t.Errorf("%.60q was changed", c.text)
		}
	}
}

func TestParts(t *testing.T) {
	path := func(name string) string { return filepath.Join(testDir, name) }
	manifest := "file b seq 1 type b\nfile i1 seq 1 type i\nfile i2 seq 2 type i\n"
	set := func(k string) []byte { return append(encode("SELECT", "0"), encode("SET", k, "1")...) }
	for _, c := range []struct {
		name      string
		b, i1, i2 []byte
		want      string // "": loads
		keys      int
	}{
		{"whole", set("a"), set("b"), set("c"), "", 3},
		{"base missing", nil, set("b"), set("c"), "b: the manifest names it, but it does not exist", 0},
		{"increment missing", set("a"), nil, set("c"), "i1: the manifest names it, but it does not exist", 0},
		{"last cut", set("a"), set("b"), set("c")[:30], "", 2},
		{"middle cut", set("a"), set("b")[:30], set("c"), "other files follow it", 0},
		{"cut before an empty one", set("a"), set("b")[:30], []byte{}, "", 1},
		{"unfinished unit in the middle", set("a"), []byte(unitBegin), set("c"), "other files follow it", 0},
	} {
		f := newMemFS()
		f.write(path("appendonly.aof.manifest"), []byte(manifest))
		for name, text := range map[string][]byte{"b": c.b, "i1": c.i1, "i2": c.i2} {
			if text != nil {
				f.write(path(name), text)
			}
		}
		m, err := load(f, newOwner(FsyncAlways))
		switch {
		case c.want == "" && (err != nil || len(m.data) != c.keys):
			t.Errorf("%s: %v, %v", c.name, err, m)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestLargeValue loads records larger than the reader's buffer.
func TestLargeValue(t *testing.T) {
	big := strings.Repeat("0123456789", readBytes/4)
	var text []byte
	for i := range 5 {
		text = append(text, encode("SET", fmt.Sprint("k", i), big)...)
		text = append(text, encode("APPEND", fmt.Sprint("k", i), "end")...)
	}
	m, err := load(fileFS(text), newOwner(FsyncAlways))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		if m.data[fmt.Sprint("0/k", i)] != big+"end" {
			t.Fatal(i)
		}
	}
	// Cut within a value that is longer than what the loader keeps of a tail.
	huge := append(encode("SET", "k", "1"), encode("SET", "k", strings.Repeat("x", resyncBytes+3*readBytes))...)
	f := fileFS(huge[:len(huge)-5])
	if m, err = load(f, newOwner(FsyncAlways)); err != nil || m.data["0/k"] != "1" {
		t.Fatal(err)
	}
	if n, _ := f.Size(testIncr); n != int64(len(encode("SET", "k", "1"))) {
		t.Fatal(n)
	}
}

// FuzzLoad feeds anything: it must not panic, a refused file stays as it is, and what was
// loaded loads again to the same without a further cut.
func FuzzLoad(f *testing.F) {
	text, _ := generate(300)
	f.Add(text)
	f.Add(text[:len(text)-3])
	f.Add([]byte(unitBegin + unitEnd + "#x\r\n*1\r\n$3\r\nDEL\r\n"))
	f.Add([]byte("*2\r\n$3\r\nDEL\r\n$1000000000\r\n\r\n*"))
	f.Add([]byte("REDIS0011"))
	f.Fuzz(func(t *testing.T, text []byte) {
		fs := fileFS(bytes.Clone(text))
		m, err := load(fs, newOwner(FsyncAlways))
		if err != nil {
			if n, _ := fs.Size(testIncr); n != int64(len(text)) {
				t.Fatal("a refused file was changed")
			}
			return
		}
		strict := newOwner(FsyncAlways)
		strict.refuse.Store(true)
		again, err := load(fs, strict)
		if err != nil {
			t.Fatal(err)
		}
		same(t, again.data, m.data)
	})
}

func TestLoadTellsHowFarItIs(t *testing.T) {
	var log strings.Builder
	a := &AOF{log: slog.New(slog.NewTextHandler(&log, nil))}
	a.load.Total.Store(200)
	l := loader{a: a, path: "x", size: 100}
	a.load.lastReported = time.Now()
	if l.report(20); log.Len() > 0 {
		t.Errorf("told too early: %s", log.String())
	}
	a.load.lastReported = time.Now().Add(-2 * reportInterval)
	l.report(50)
	l.report(60)
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, `msg="loading the AOF" percent=25 file=x offset=50 of=100`) {
		t.Error(got)
	}
}
