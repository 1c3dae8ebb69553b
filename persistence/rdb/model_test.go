package rdb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// record is a key and its value in a form that can be compared.
type record struct {
	DB       int
	Key      string
	Deadline int64
	Idle     int64
	Freq     int
	Kind     Kind
	Elems    []elem
	Stream   *streamRecord
}

// elem is an element of any kind but a stream's.
type elem struct {
	Elem, Value string
	Score       float64
	Deadline    int64
}

type streamRecord struct {
	Info    StreamInfo
	Entries []entryRecord
	Groups  []groupRecord
}

type entryRecord struct {
	ID    ID
	Items []string
}

type groupRecord struct {
	Name      string
	Last      ID
	Read      int64
	Consumers []consumerRecord
}

type consumerRecord struct {
	Name         string
	Seen, Active int64
	Pending      []Pending
}

// contents is all of a file.
type contents struct {
	Version   int
	Dialect   Dialect
	Aux       map[string]string
	Functions []string
	Records   []record
}

// normal sorts what has no order.
func (c *contents) normal() *contents {
	for i := range c.Records {
		r := &c.Records[i]
		if r.Kind != List && r.Kind != String {
			slices.SortFunc(r.Elems, func(a, b elem) int { return strings.Compare(a.Elem, b.Elem) })
		}
		if r.Stream != nil {
			slices.SortFunc(r.Stream.Groups, func(a, b groupRecord) int { return strings.Compare(a.Name, b.Name) })
			for _, g := range r.Stream.Groups {
				slices.SortFunc(g.Consumers, func(a, b consumerRecord) int { return strings.Compare(a.Name, b.Name) })
			}
		}
	}
	slices.SortFunc(c.Records, func(a, b record) int {
		if a.DB != b.DB {
			return a.DB - b.DB
		}
		return strings.Compare(a.Key, b.Key)
	})
	return c
}

// readAll reads a file to its end. part is the size of parts, 0 for the usual one; with a size
// the reader shares its memory, and what it has returned is looked at in the end only.
func readAll(in io.Reader, part int64) (*contents, error) {
	r := NewReader(in, true)
	if part > 0 {
		r.Share(part)
	}
	c := &contents{Aux: map[string]string{}}
	var it Item
	var d Decoder
	var kept []Item
	for {
		err := r.Next(&it)
		if err != nil {
			for i := range kept {
				if kerr := c.add(&d, &kept[i]); kerr != nil {
					return c, kerr
				}
			}
			if err == io.EOF {
				c.Version, c.Dialect = r.Version(), r.Dialect()
				err = nil
			}
			return c, err
		}
		switch it.Kind {
		case ItemAux:
			c.Aux[string(it.Key)] = string(it.Text)
		case ItemFunction:
			c.Functions = append(c.Functions, string(it.Text))
		case ItemKey:
			if part > 0 {
				kept = append(kept, it)
			} else if err := c.add(&d, &it); err != nil {
				return c, err
			}
		}
	}
}

// add adds a key, or a part of one.
func (c *contents) add(d *Decoder, it *Item) error {
	if it.First {
		c.Records = append(c.Records, record{DB: it.DB, Key: string(it.Key), Deadline: it.Deadline, Idle: it.Idle, Freq: it.Freq, Kind: it.KindOf()})
	}
	rec := &c.Records[len(c.Records)-1]
	if rec.Key != string(it.Key) {
		return fmt.Errorf("a part of %q behind one of %q", it.Key, rec.Key)
	}
	if err := readPart(d, &it.Value, it.First, it.Last, rec); err != nil {
		return fmt.Errorf("key %q: %w", it.Key, err)
	}
	return nil
}

func readPart(d *Decoder, v *Value, first, last bool, rec *record) error {
	d.Open(v, first)
	for d.Next() {
		switch d.Kind() {
		case Stream:
			if rec.Stream == nil {
				rec.Stream = &streamRecord{}
			}
			e := entryRecord{ID: d.ID()}
			for d.NextPair() {
				e.Items = append(e.Items, string(d.Elem()), string(d.Value()))
			}
			rec.Stream.Entries = append(rec.Stream.Entries, e)
		case Hash:
			rec.Elems = append(rec.Elems, elem{Elem: string(d.Elem()), Value: string(d.Value()), Deadline: d.Deadline()})
		case ZSet:
			rec.Elems = append(rec.Elems, elem{Elem: string(d.Elem()), Score: d.Score()})
		default:
			if n, ok := d.Int(); ok && strconv.FormatInt(n, 10) != string(d.Elem()) {
				return errors.New("number and text differ")
			}
			rec.Elems = append(rec.Elems, elem{Elem: string(d.Elem())})
		}
	}
	if d.Err() == nil && d.Kind() == Stream && last {
		if rec.Stream == nil {
			rec.Stream = &streamRecord{}
		}
		readStreamEnd(d, rec.Stream)
	}
	return d.Err()
}

func readStreamEnd(d *Decoder, s *streamRecord) {
	s.Info, _ = d.Info()
	for g := (Group{}); d.NextGroup(&g); {
		gr := groupRecord{Name: string(g.Name), Last: g.Last, Read: g.Read}
		for c := (Consumer{}); d.NextConsumer(&c); {
			cr := consumerRecord{Name: string(c.Name), Seen: c.Seen, Active: c.Active}
			for p := (Pending{}); d.NextPending(&p); {
				p.owned = false
				cr.Pending = append(cr.Pending, p)
			}
			gr.Consumers = append(gr.Consumers, cr)
		}
		s.Groups = append(s.Groups, gr)
	}
}

// writeRecord writes a record; hints tells whether the encoder hears in advance what it
// then need not gather.
func writeRecord(e *Encoder, r *record, hints bool) {
	m := &Meta{Key: []byte(r.Key), Deadline: r.Deadline, Idle: r.Idle, Freq: r.Freq}
	s := Shape{Kind: r.Kind, N: len(r.Elems)}
	switch r.Kind {
	case String:
		if n, ok := parseInt([]byte(r.Elems[0].Elem)); ok && hints {
			e.Int(m, n)
		} else {
			e.String(m, []byte(r.Elems[0].Elem))
		}
		return
	case Stream:
		writeStream(e, m, r.Stream, hints)
		return
	case List:
		for _, x := range r.Elems {
			if hints {
				s.Bytes += int64(len(x.Elem))
			}
		}
	case Hash:
		for _, x := range r.Elems {
			if x.Deadline != 0 && (s.Earliest == 0 || x.Deadline < s.Earliest) {
				s.Earliest = x.Deadline
			}
		}
	}
	e.Begin(m, s)
	for _, x := range r.Elems {
		switch r.Kind {
		case List, Set:
			e.Elem([]byte(x.Elem))
		case ZSet:
			e.Scored([]byte(x.Elem), x.Score)
		case Hash:
			e.Field([]byte(x.Elem), []byte(x.Value), x.Deadline)
		}
	}
	e.End()
}

const hintedNode = 7 // entries in a node of a stream written with hints

func writeStream(e *Encoder, m *Meta, s *streamRecord, hints bool) {
	info := s.Info
	if hints {
		info.Nodes = uint64((len(s.Entries) + hintedNode - 1) / hintedNode)
	}
	e.BeginStream(m, info)
	for i, x := range s.Entries {
		if hints && i%hintedNode == 0 {
			e.NextNode()
		}
		var items [][]byte
		for _, p := range x.Items {
			items = append(items, []byte(p))
		}
		e.Entry(x.ID, items)
	}
	for _, g := range s.Groups {
		var all []Pending
		for _, c := range g.Consumers {
			all = append(all, c.Pending...)
		}
		slices.SortFunc(all, func(a, b Pending) int { return a.ID.Compare(b.ID) })
		e.Group(&Group{Name: []byte(g.Name), Last: g.Last, Read: g.Read, Pending: len(all), Consumers: len(g.Consumers)})
		for i := range all {
			e.Pending(&all[i])
		}
		for _, c := range g.Consumers {
			e.Consumer(&Consumer{Name: []byte(c.Name), Seen: c.Seen, Active: c.Active, Pending: len(c.Pending)})
			for _, p := range c.Pending {
				e.Owned(p.ID)
			}
		}
	}
	e.End()
}

// writeAll writes a file.
func writeAll(t testing.TB, f Format, c *contents, hints bool) []byte {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out, f)
	w.About(&About{RedisVersion: "7.0.15", Created: 1700000000, UsedMemory: 1 << 20})
	for _, code := range c.Functions {
		w.Function([]byte(code))
	}
	db := -1
	for i := range c.Records {
		r := &c.Records[i]
		if r.DB != db {
			db = r.DB
			var keys, deadlines uint64
			for _, x := range c.Records {
				if x.DB == db {
					keys++
					if x.Deadline != 0 {
						deadlines++
					}
				}
			}
			w.Sizes(db, keys, deadlines)
		}
		writeRecord(&w.Encoder, r, hints)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// generator makes records.
type generator struct {
	*rand.Rand
	deadlines bool // of hash fields
	now       int64
}

func newGenerator(seed uint64) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed, 14)), now: 1800000000000}
}

// text returns bytes of any sort: numbers, words, noise, long and short.
func (g *generator) text() string {
	switch g.IntN(12) {
	case 0:
		return strconv.FormatInt(int64(g.Uint64())>>g.IntN(64), 10)
	case 1:
		return strconv.Itoa(g.IntN(300) - 150)
	case 2:
		return ""
	case 3:
		return strings.Repeat(string(rune('a'+g.IntN(26))), g.IntN(300))
	case 4:
		return strings.Repeat("hello world ", g.IntN(20))
	case 5, 6:
		b := make([]byte, g.IntN(80))
		for i := range b {
			b[i] = byte(g.Uint32())
		}
		return string(b)
	case 7:
		return [...]string{"-0", "007", "+1", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "1e3", "-", "4294967296", " 1"}[g.IntN(10)]
	case 8:
		return fmt.Sprintf("%0*d", g.IntN(5000), g.IntN(1000))
	}
	return fmt.Sprintf("member:%d", g.IntN(1_000_000))
}

func (g *generator) size() int {
	return [...]int{1, 2, 5, 100, 128, 129, 600, 3000}[min(g.IntN(20), 7)%(1+g.IntN(8))]
}

// record returns a key of a kind.
func (g *generator) record(k Kind, i int) record {
	r := record{DB: 0, Key: fmt.Sprintf("%v:%d:%s", k, i, g.text()), Idle: -1, Freq: -1, Kind: k}
	if g.IntN(3) == 0 {
		r.Deadline = g.now + g.Int64N(1<<40)
	}
	if g.IntN(5) == 0 {
		r.Idle = g.Int64N(1 << 20)
	} else if g.IntN(5) == 0 {
		r.Freq = g.IntN(256)
	}
	n := g.size()
	numbers := g.IntN(3) == 0
	seen := map[string]bool{}
	switch k {
	case String:
		r.Elems = []elem{{Elem: g.text()}}
	case Stream:
		r.Stream = g.stream(min(n, 700))
	default:
		for range n {
			x := elem{Elem: g.text()}
			if numbers {
				x.Elem = strconv.FormatInt(int64(g.Uint64())>>(g.IntN(3)*20+4), 10)
			}
			if k != List && seen[x.Elem] {
				continue
			}
			seen[x.Elem] = true
			if k == ZSet {
				x.Score = g.score()
			}
			if k == Hash {
				x.Value = g.text()
				if g.deadlines && i%2 == 0 && g.IntN(3) == 0 {
					x.Deadline = g.now + g.Int64N(1<<34)
				}
			}
			r.Elems = append(r.Elems, x)
		}
		if k == ZSet {
			slices.SortFunc(r.Elems, func(a, b elem) int {
				switch {
				case a.Score < b.Score:
					return -1
				case a.Score > b.Score:
					return 1
				}
				return strings.Compare(a.Elem, b.Elem)
			})
		}
	}
	return r
}

func (g *generator) score() float64 {
	switch g.IntN(6) {
	case 0:
		return math.Inf(1 - 2*g.IntN(2))
	case 1:
		return g.NormFloat64()
	case 2:
		return float64(g.IntN(1000) - 500)
	case 3:
		return float64(g.Uint64())
	case 4:
		return math.Ldexp(g.Float64(), g.IntN(600)-300)
	}
	return float64(g.IntN(10)) / 4
}

func (g *generator) stream(n int) *streamRecord {
	s := &streamRecord{}
	id := ID{uint64(g.now), 0}
	fields := []string{"temperature", "humidity", g.text()}
	for range n {
		if g.IntN(4) == 0 {
			id.Seq += 1 + g.Uint64N(3)
		} else {
			id = ID{id.Ms + 1 + g.Uint64N(100), g.Uint64N(5)}
		}
		e := entryRecord{ID: id}
		if g.IntN(5) == 0 {
			fields = []string{g.text(), "b"}
		}
		for _, f := range fields {
			e.Items = append(e.Items, f, g.text())
		}
		s.Entries = append(s.Entries, e)
	}
	s.Info = StreamInfo{Length: uint64(n), Last: id, Added: uint64(n) + g.Uint64N(5)}
	if n > 0 {
		s.Info.First = s.Entries[0].ID
	}
	for i := range g.IntN(3) {
		gr := groupRecord{Name: fmt.Sprintf("group-%d", i), Last: id, Read: int64(n) - g.Int64N(2)}
		next := 0
		for j := range g.IntN(4) {
			c := consumerRecord{Name: fmt.Sprintf("consumer-%d", j), Seen: g.now, Active: g.now - 5}
			for range g.IntN(40) {
				if next < n {
					c.Pending = append(c.Pending, Pending{ID: s.Entries[next].ID, Time: g.now, Count: 1 + g.Uint64N(3)})
					next++
				}
			}
			gr.Consumers = append(gr.Consumers, c)
		}
		s.Groups = append(s.Groups, gr)
	}
	s.Info.Groups = uint64(len(s.Groups))
	return s
}

// contents returns n keys of all kinds in two databases.
func (g *generator) contents(n int) *contents {
	c := &contents{}
	for db := range 2 {
		for i := range n {
			r := g.record(Kind(i%kinds), i)
			r.DB = 3 * db
			c.Records = append(c.Records, r)
		}
	}
	return c
}

// compare fails the test where two contents differ.
func compare(t *testing.T, got, want *contents) {
	t.Helper()
	got.normal()
	want.normal()
	if len(got.Records) != len(want.Records) {
		t.Fatalf("%d keys, not %d", len(got.Records), len(want.Records))
	}
	for i := range got.Records {
		g, w := got.Records[i], want.Records[i]
		if reflect.DeepEqual(g, w) {
			continue
		}
		g.Elems, w.Elems = differing(g.Elems, w.Elems)
		t.Fatalf("key %q: %+v\nwant %+v\n%+v\n%+v", w.Key, g, w, g.Stream, w.Stream)
	}
}

// differing cuts the common front off two slices, and most of what follows.
func differing(a, b []elem) ([]elem, []elem) {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	return a[:min(len(a), 3)], b[:min(len(b), 3)]
}
