package rdb

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// runOf returns elements as a run.
func runOf(elems []string) (run []byte) {
	for _, s := range elems {
		run = appendRunElement(run, []byte(s))
	}
	return run
}

// TestRun: a run is written as its elements are one by one, and read as the run that it was.
func TestRun(t *testing.T) {
	g := rand.New(rand.NewPCG(4, 4))
	limits := DefaultLimits
	limits.HashValue, limits.SetValue = 1<<20, 1<<20
	for round := range 300 {
		var elems []string
		for range 2 * g.IntN(60) {
			s := ""
			switch g.IntN(6) {
			case 0:
				s = fmt.Sprint(int64(g.Uint64()) >> g.IntN(64))
			case 1:
				s = strings.Repeat("x", []int{0, 15, 16, 17, 63, 64, 127, 128, 4095, 4096, 17000}[g.IntN(11)])
			default:
				s = fmt.Sprintf("%*s", g.IntN(20), "a")
			}
			elems = append(elems, s)
		}
		for _, version := range []int{OldestVersion, DefaultVersion} {
			for _, kind := range []Kind{Hash, Set} {
				f := Format{Version: version, Limits: limits}
				if round%4 == 3 {
					f.Limits.HashEntries, f.Limits.SetEntries = 10, 10
				}
				one, whole := NewEncoder(f), NewEncoder(f)
				m := Meta{Key: []byte("k"), Idle: -1, Freq: -1}
				n := len(elems)
				if kind == Hash {
					n /= 2
				}
				shape := Shape{Kind: kind, N: n, Listpack: true}
				one.Begin(&m, shape)
				for i := 0; i < len(elems); i++ {
					if kind == Set {
						one.Elem([]byte(elems[i]))
						continue
					}
					one.Field([]byte(elems[i]), []byte(elems[i+1]), 0)
					i++
				}
				one.End()
				whole.Run(&m, shape, runOf(elems))
				if one.Err() != nil || whole.Err() != nil || !bytes.Equal(one.Bytes(), whole.Bytes()) {
					t.Fatalf("%v of %q, version %d: %q as a run, %q one by one, %v %v", kind, elems, version, whole.Bytes(), one.Bytes(), whole.Err(), one.Err())
				}
			}
		}
		if len(elems) > 0 {
			readRun(t, elems, limits)
		}
	}
}

// readRun dumps a hash and reads it as a run, then cuts it and damages its count.
func readRun(t *testing.T, elems []string, limits Limits) {
	t.Helper()
	e := NewEncoder(Format{Limits: limits})
	e.BeginDump()
	e.Run(&Meta{}, Shape{Kind: Hash, N: len(elems) / 2}, runOf(elems))
	p, err := e.EndDump()
	if err != nil {
		t.Fatal(err)
	}
	v, err := ParseDump(p)
	if err != nil {
		t.Fatal(err)
	}
	var d Decoder
	d.Open(&v, true)
	var run Run
	ok := d.Run(&run)
	most, fields, twice := 0, map[string]bool{}, false
	for i, s := range elems {
		most = max(most, len(s))
		if i%2 == 0 {
			twice = twice || fields[s]
			fields[s] = true
		}
	}
	if twice {
		if !ok || d.Err() == nil {
			t.Fatalf("%q was read although a field is there twice", elems)
		}
		return
	}
	if d.Err() != nil || !ok || run.Longest != most || run.N != len(elems) || !bytes.Equal(run.Bytes, runOf(elems)) || d.Count() != uint64(len(elems)/2) {
		t.Fatalf("%q was read as %+v, %v", elems, run, d.Err())
	}
	var pack packed
	if pack.open(listpack, d.node.bytes) != nil {
		t.Fatal("no listpack")
	}
	damaged := bytes.Clone(d.node.bytes)
	damaged[4]++
	b := (&builder{}).str(string(damaged))
	v.Body = b.b
	d.Open(&v, true)
	if ok = d.Run(&run); !ok || d.Err() == nil {
		t.Fatalf("%q was read although its count is wrong", damaged)
	}
}

// TestRunOfManyFields: fields of all lengths, next to numbers and at the end of a listpack, are read, in memory that was
// used before; any of them that is there twice is found, by what is left of the table for as many as the header says or
// after that had to grow, whatever stands where it has to.
func TestRunOfManyFields(t *testing.T) {
	limits := DefaultLimits
	limits.HashEntries = 1 << 16
	var d Decoder
	var run Run
	for _, n := range []int{1, 2, 15, 16, 17, 100, 1000, -100, -1000} {
		var elems []string
		short := n < 0 // all strings are, and none is a number
		n = max(n, -n)
		for i := range n {
			field, value := fmt.Sprintf("%0*x", 1+i%20, i)+"x", fmt.Sprint("v", i)
			switch {
			case short:
				field = fmt.Sprint("f", i)
			case i%3 == 0:
				value = fmt.Sprint(i)
			}
			elems = append(elems, field, value)
		}
		for _, c := range [][2]int{{0, 0}, {0, n - 1}, {n / 2, n - 1}, {0, n / 2}, {n / 3, n / 2}} {
			of := slices.Clone(elems)
			of[2*c[1]] = of[2*c[0]]
			for _, counted := range []bool{true, false} {
				pack := beginListpack(nil)
				for _, s := range of {
					pack = appendElement(pack, []byte(s))
				}
				if pack = endListpack(pack, len(of)); !counted {
					pack[4], pack[5] = 0xff, 0xff
				}
				v := Value{Type: typeHashListpack, Count: 1, Body: (&builder{}).str(string(pack)).b}
				d.Open(&v, true)
				ok, twice := d.Run(&run), c[0] != c[1]
				if !ok || (d.Err() != nil) != twice || !twice && (run.N != len(of) || !bytes.Equal(run.Bytes, runOf(of))) {
					t.Fatalf("%d fields, field %d as %d, counted %v: %d strings, %v", n, c[1], c[0], counted, run.N, d.Err())
				}
			}
		}
	}
}

// TestEasyCompression: of payloads only what is compressed without effort is; of a file, and
// of long strings, all.
func TestEasyCompression(t *testing.T) {
	g := rand.New(rand.NewPCG(7, 7))
	digits := make([]byte, 2*easyBytes)
	for i := range digits {
		digits[i] = "0123"[g.IntN(4)]
	}
	for _, c := range []struct {
		name       string
		p          []byte
		dump, file bool
	}{
		{"repeated", bytes.Repeat([]byte("0123456789"), 100), true, true},
		{"digits", digits[:1000], false, true},
		{"a run of zeros behind digits", append(bytes.Clone(digits[:40]), make([]byte, 1000)...), true, true},
		{"many digits", digits, true, true},
	} {
		e := NewEncoder(Format{Compress: true})
		e.BeginDump()
		e.String(&Meta{}, c.p)
		p, err := e.EndDump()
		if err != nil {
			t.Fatal(err)
		}
		e.Reset()
		e.String(&Meta{Key: []byte("k"), Idle: -1, Freq: -1}, c.p)
		if dump, file := len(p) < len(c.p), len(e.Bytes()) < len(c.p); dump != c.dump || file != c.file {
			t.Errorf("%s: compressed in a payload: %v, in a file: %v", c.name, dump, file)
		}
	}
}
