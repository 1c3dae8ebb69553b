package rdb

import (
	"bytes"
	"errors"
	"testing"
)

// full is a writer that takes so many bytes and no more.
type full struct{ left int }

var errFull = errors.New("no space left on device")

func (f *full) Write(p []byte) (int, error) {
	if len(p) > f.left {
		n := f.left
		f.left = 0
		return n, errFull
	}
	f.left -= len(p)
	return len(p), nil
}

// TestWriterFails: an error of the file is Close's, and nothing gathers behind it.
func TestWriterFails(t *testing.T) {
	value := bytes.Repeat([]byte("0123456789"), 1000)
	for _, room := range []int{0, 5, drainBytes, drainBytes + 100, 5 * drainBytes} {
		w := NewWriter(&full{room}, Format{Checksum: true, Limits: DefaultLimits})
		w.Sizes(0, 1, 0)
		for range 10 * drainBytes / len(value) {
			w.String(&Meta{Key: []byte("k"), Idle: -1, Freq: -1}, value)
		}
		w.Raw(bytes.Repeat(value, 100))
		if cap(w.buf) > 4*drainBytes {
			t.Errorf("%d bytes gather behind the error", cap(w.buf))
		}
		if err := w.Close(); !errors.Is(err, errFull) {
			t.Errorf("room for %d: %v", room, err)
		}
		if written, _ := w.Written(); written != int64(room) {
			t.Errorf("%d bytes written, not %d", written, room)
		}
	}
}

// TestParallelEncoders: what several encoders made is put together by Raw.
func TestParallelEncoders(t *testing.T) {
	c := newGenerator(77).contents(36)
	f := Format{Compress: true, Checksum: true, Limits: DefaultLimits}
	var out bytes.Buffer
	w := NewWriter(&out, f)
	encoders := []*Encoder{NewEncoder(f), NewEncoder(f), NewEncoder(f)}
	for db := 0; db <= 3; db += 3 {
		w.Sizes(db, 0, 0)
		for i := range c.Records {
			if c.Records[i].DB == db {
				writeRecord(encoders[i%3], &c.Records[i], i%2 == 0)
			}
		}
		for _, e := range encoders {
			if e.Err() != nil {
				t.Fatal(e.Err())
			}
			w.Raw(e.Bytes())
			e.Reset()
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := readAll(&out, 0)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, got, c)
}

// TestPieces: a string in pieces is read as one.
func TestPieces(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out, Format{Compress: true, Checksum: true})
	value := bytes.Repeat([]byte("0123456789"), drainBytes/5)
	w.Sizes(0, 1, 0)
	w.BeginString(&Meta{Key: []byte("k"), Idle: -1, Freq: -1}, len(value))
	for from, n := 0, 1; from < len(value); from, n = from+n, 3*n {
		w.Piece(value[from:min(from+n, len(value))])
	}
	w.End()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := readAll(&out, 0)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, got, &contents{Records: []record{rec("k", String, elem{Elem: string(value)})}})
}

// TestMisuse: who says other numbers of elements than it writes gets an error, no file.
func TestMisuse(t *testing.T) {
	m := &Meta{Key: []byte("k"), Idle: -1, Freq: -1}
	for name, fn := range map[string]func(e *Encoder){
		"fewer elements":    func(e *Encoder) { e.Begin(m, Shape{Kind: List, N: 2, Bytes: 2}); e.Elem([]byte("a")); e.End() },
		"more elements":     func(e *Encoder) { e.Begin(m, Shape{Kind: Set, N: 0}); e.Elem([]byte("a")); e.End() },
		"another kind":      func(e *Encoder) { e.Begin(m, Shape{Kind: Hash, N: 1}); e.Scored([]byte("a"), 1); e.End() },
		"a field too early": func(e *Encoder) { e.Begin(m, Shape{Kind: Hash, N: 1, Earliest: 9}); e.Field(nil, nil, 8); e.End() },
		"a deadline in 11":  func(e *Encoder) { e.Begin(m, Shape{Kind: Hash, N: 1, Earliest: 9}); e.Field(nil, nil, 9); e.End() },
		"fewer bytes":       func(e *Encoder) { e.BeginString(m, 2); e.Piece([]byte("a")); e.End() },
		"no value":          func(e *Encoder) { e.End() },
		"fewer nodes": func(e *Encoder) {
			e.BeginStream(m, StreamInfo{Length: 1, Nodes: 2})
			e.NextNode()
			e.Entry(ID{1, 1}, nil)
			e.End()
		},
		"fewer groups":       func(e *Encoder) { e.BeginStream(m, StreamInfo{Groups: 1}); e.End() },
		"fewer pending":      func(e *Encoder) { e.BeginStream(m, StreamInfo{Groups: 1}); e.Group(&Group{Pending: 1}); e.End() },
		"a consumer too few": func(e *Encoder) { e.BeginStream(m, StreamInfo{Groups: 1}); e.Group(&Group{Consumers: 1}); e.End() },
	} {
		e := NewEncoder(Format{Limits: DefaultLimits})
		if fn(e); e.Err() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
