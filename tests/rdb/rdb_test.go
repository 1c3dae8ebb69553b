// Package rdb compares Kring's reader and writer of snapshots with an independent one.
package rdb

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/hdt3213/rdb/encoder"
	"github.com/hdt3213/rdb/model"
	"github.com/hdt3213/rdb/parser"

	"github.com/kringdb/kring/persistence/rdb"
)

// data is what both sides write: values by kind.
type data struct {
	*rand.Rand
	deadlines bool
}

func (d *data) text() string {
	switch d.IntN(6) {
	case 0:
		return fmt.Sprint(int64(d.Uint64()) >> d.IntN(64))
	case 1:
		return strings.Repeat("abc", d.IntN(100))
	case 2:
		b := make([]byte, 1+d.IntN(60))
		for i := range b {
			b[i] = byte(d.Uint32())
		}
		return string(b)
	}
	return fmt.Sprintf("text:%d", d.IntN(1e6))
}

// texts returns up to n different texts; none looks like another's number.
func (d *data) texts(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = d.text()
	}
	slices.Sort(all)
	all = slices.Compact(all)
	d.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

func (d *data) size() int { return []int{1, 3, 100, 130, 700}[d.IntN(5)] }

// kinds that both sides write and read, in the order of keys.
var kinds = []rdb.Kind{rdb.String, rdb.List, rdb.Set, rdb.ZSet, rdb.Hash}

// value is one key's value.
type value struct {
	kind      rdb.Kind
	elems     []string
	scores    []float64
	vals      []string
	deadlines []int64
	deadline  int64 // of the key
}

const now = 1_900_000_000_000

func (d *data) value(k rdb.Kind) value {
	v := value{kind: k, elems: d.texts(d.size())}
	if d.IntN(3) == 0 {
		v.deadline = now + d.Int64N(1e9)
	}
	if k == rdb.String {
		v.elems = v.elems[:1]
	}
	for range v.elems {
		v.scores = append(v.scores, float64(d.IntN(2000)-1000)/8)
		v.vals = append(v.vals, d.text())
		t := int64(0)
		if d.deadlines && d.IntN(2) == 0 {
			t = now + d.Int64N(1e6)
		}
		v.deadlines = append(v.deadlines, t)
	}
	slices.Sort(v.scores)
	return v
}

// String is the value as text to compare.
func (v *value) String() string {
	var lines []string
	for i, e := range v.elems {
		switch v.kind {
		case rdb.ZSet:
			lines = append(lines, fmt.Sprintf("%q %v", e, v.scores[i]))
		case rdb.Hash:
			lines = append(lines, fmt.Sprintf("%q %q %d", e, v.vals[i], v.deadlines[i]))
		default:
			lines = append(lines, fmt.Sprintf("%q", e))
		}
	}
	if v.kind != rdb.List {
		slices.Sort(lines)
	}
	return fmt.Sprintf("%v %d\n%s", v.kind, v.deadline, strings.Join(lines, "\n"))
}

// write is Kring's writer.
func write(e *rdb.Encoder, key string, v *value) {
	m := &rdb.Meta{Key: []byte(key), Deadline: v.deadline, Idle: -1, Freq: -1}
	if v.kind == rdb.String {
		e.String(m, []byte(v.elems[0]))
		return
	}
	s := rdb.Shape{Kind: v.kind, N: len(v.elems)}
	if v.kind == rdb.Hash {
		for _, t := range v.deadlines {
			if t != 0 && (s.Earliest == 0 || t < s.Earliest) {
				s.Earliest = t
			}
		}
	}
	e.Begin(m, s)
	for i, p := range v.elems {
		switch v.kind {
		case rdb.ZSet:
			e.Scored([]byte(p), v.scores[i])
		case rdb.Hash:
			e.Field([]byte(p), []byte(v.vals[i]), v.deadlines[i])
		default:
			e.Elem([]byte(p))
		}
	}
	e.End()
}

// theirValue turns what the other reader has found into a value.
func theirValue(o model.RedisObject) value {
	v := value{}
	if t := o.GetExpiration(); t != nil {
		v.deadline = t.UnixMilli()
	}
	switch o := o.(type) {
	case *model.StringObject:
		v.kind, v.elems = rdb.String, []string{string(o.Value)}
	case *model.ListObject:
		v.kind = rdb.List
		for _, p := range o.Values {
			v.elems = append(v.elems, string(p))
		}
	case *model.SetObject:
		v.kind = rdb.Set
		for _, p := range o.Members {
			v.elems = append(v.elems, string(p))
		}
	case *model.ZSetObject:
		v.kind = rdb.ZSet
		for _, p := range o.Entries {
			v.elems, v.scores = append(v.elems, p.Member), append(v.scores, p.Score)
		}
	case *model.HashObject:
		v.kind = rdb.Hash
		for f, p := range o.Hash {
			v.elems, v.vals, v.deadlines = append(v.elems, f), append(v.vals, string(p)), append(v.deadlines, o.FieldExpirations[f])
		}
	}
	return v
}

// TestTheirReader: the other reader finds what Kring wrote.
func TestTheirReader(t *testing.T) {
	for seed := range uint64(12) {
		d := &data{rand.New(rand.NewPCG(seed, 1)), seed%3 == 2}
		f := rdb.Format{Version: rdb.OldestVersion + int(seed%3), Compress: seed%2 == 0, Checksum: true, Limits: rdb.DefaultLimits}
		want := map[string]string{}
		var file bytes.Buffer
		w := rdb.NewWriter(&file, f)
		w.About(&rdb.About{RedisVersion: "7.4.0"})
		w.Sizes(0, 100, 0)
		for i := range 100 {
			v := d.value(kinds[i%len(kinds)])
			key := fmt.Sprintf("key:%d", i)
			want[key] = v.String()
			write(&w.Encoder, key, &v)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		err := parser.NewDecoder(&file).Parse(func(o model.RedisObject) bool {
			v := theirValue(o)
			got[o.GetKey()] = v.String()
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		compare(t, got, want)
	}
}

func compare(t *testing.T, got, want map[string]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d keys, not %d", len(got), len(want))
	}
	for k, w := range want {
		if got[k] != w {
			t.Fatalf("%s: %.600s\nwant %.600s", k, got[k], w)
		}
	}
}

// theirWrite is the other writer.
func theirWrite(e *encoder.Encoder, key string, v *value) error {
	var options []any
	if v.deadline != 0 {
		options = append(options, encoder.WithTTL(uint64(v.deadline)))
	}
	var elems [][]byte
	for _, p := range v.elems {
		elems = append(elems, []byte(p))
	}
	switch v.kind {
	case rdb.String:
		return e.WriteStringObject(key, elems[0], options...)
	case rdb.List:
		return e.WriteListObject(key, elems, options...)
	case rdb.Set:
		return e.WriteSetObject(key, elems, options...)
	case rdb.ZSet:
		var all []*model.ZSetEntry
		for i, p := range v.elems {
			all = append(all, &model.ZSetEntry{Member: p, Score: v.scores[i]})
		}
		return e.WriteZSetObject(key, all, options...)
	}
	h := map[string][]byte{}
	x := map[string]int64{}
	timed := false
	for i, p := range v.elems {
		h[p] = []byte(v.vals[i])
		x[p] = v.deadlines[i]
		timed = timed || v.deadlines[i] != 0
	}
	if timed {
		return e.WriteHashMapObjectEx(key, h, x, options...)
	}
	return e.WriteHashMapObject(key, h, options...)
}

// TestTheirWriter: Kring finds what the other writer wrote.
func TestTheirWriter(t *testing.T) {
	for seed := range uint64(12) {
		d := &data{rand.New(rand.NewPCG(seed, 2)), seed%2 == 1}
		want := map[string]string{}
		var file bytes.Buffer
		e := encoder.NewEncoder(&file)
		if seed%3 == 0 {
			e = e.EnableCompress()
		}
		check(t, e.WriteHeader())
		check(t, e.WriteAux("redis-ver", "7.4.0"))
		check(t, e.WriteDBHeader(0, 100, 0))
		for i := range 100 {
			v := d.value(kinds[i%len(kinds)])
			key := fmt.Sprintf("key:%d", i)
			want[key] = v.String()
			check(t, theirWrite(e, key, &v))
		}
		check(t, e.WriteEnd())
		got, err := read(&file)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, got, want)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// read is Kring's reader.
func read(in io.Reader) (map[string]string, error) {
	found := map[string]string{}
	r := rdb.NewReader(in, true)
	var it rdb.Item
	var d rdb.Decoder
	var v value
	for {
		err := r.Next(&it)
		if err == io.EOF {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		if it.Kind != rdb.ItemKey {
			continue
		}
		if it.First {
			v = value{kind: it.KindOf(), deadline: it.Deadline}
		}
		for d.Open(&it.Value, it.First); d.Next(); {
			v.elems = append(v.elems, string(d.Elem()))
			v.scores = append(v.scores, d.Score())
			v.vals = append(v.vals, string(d.Value()))
			v.deadlines = append(v.deadlines, d.Deadline())
		}
		if d.Err() != nil {
			return nil, d.Err()
		}
		if it.Last {
			found[string(it.Key)] = v.String()
		}
	}
}
