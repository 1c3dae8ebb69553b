package rdb

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// A Report says what is in a file.
type Report struct {
	Version int
	Dialect Dialect
	Bytes   int64
	Aux     []Aux // as they came, Aux[i] has a name once
	// Functions is the number of libraries.
	Functions int
	Kinds     [kinds]KindReport
	Encodings map[string]int64 // keys by how they were written
	Databases map[int]DBReport
	// Deadlines counts keys with one, Expired those of them whose deadline has passed,
	// Fields fields of hashes with one.
	Deadlines, Expired, Fields int64
	Empty                      int64      // keys without an element, which are not loaded
	Largest                    []LargeKey // by bytes in the file, the largest first
}

// Aux is a name in a file and what it stands for.
type Aux struct{ Name, Text string }

// KindReport counts the keys of a kind, their elements, and their bytes in the file.
type KindReport struct{ Keys, Elements, Bytes int64 }

// DBReport counts the keys of a database.
type DBReport struct{ Keys, Deadlines int64 }

// LargeKey is one of the largest keys.
type LargeKey struct {
	DB       int
	Key      string
	Kind     Kind
	Elements int64
	Bytes    int64
}

// Keys returns the number of keys.
func (r *Report) Keys() (n int64) {
	for i := range r.Kinds {
		n += r.Kinds[i].Keys
	}
	return n
}

// Check reads all of a file, every element included, and says what is in it. With an
// error, which is an *Error, the report is of what came before.
func Check(in io.Reader) (*Report, error) {
	r, rest, err := CheckBegin(in, true)
	if err != nil {
		return r, err
	}
	if n, err := io.CopyN(io.Discard, rest, 1); err == nil && n > 0 {
		return r, &Error{Offset: r.Bytes, Err: errBehind}
	}
	return r, nil
}

var errBehind = errors.New("bytes follow the end of the snapshot: it may be the begin of an AOF")

// CheckBegin is Check for a snapshot that something follows, which it returns. Without verify its checksum may be wrong.
func CheckBegin(in io.Reader, verify bool) (*Report, io.Reader, error) {
	c := checker{report: Report{Encodings: map[string]int64{}, Databases: map[int]DBReport{}}, now: time.Now().UnixMilli()}
	r := NewReader(in, verify)
	var it Item
	var err error
	for err == nil {
		if err = r.Next(&it); err == nil {
			err = c.item(&it)
		}
	}
	c.report.Version, c.report.Dialect, c.report.Bytes = r.Version(), r.Dialect(), r.Offset()
	if err != io.EOF {
		return &c.report, nil, err
	}
	return &c.report, r.Rest(), nil
}

// checker makes a report.
type checker struct {
	report Report
	now    int64
	d      Decoder
	bytes  int64 // of the key whose parts are being read
	fields int64 // of it that have deadlines
}

func (c *checker) item(it *Item) error {
	switch it.Kind {
	case ItemAux:
		c.report.Aux = append(c.report.Aux, Aux{string(it.Key), string(it.Text)})
	case ItemFunction:
		c.report.Functions++
	case ItemKey:
		return c.part(it)
	}
	return nil
}

// part reads a value, or a part of one.
func (c *checker) part(it *Item) error {
	if it.First {
		c.bytes, c.fields = int64(len(it.Key)), 0
	}
	c.bytes += int64(len(it.Body))
	c.d.Open(&it.Value, it.First)
	for c.d.Next() {
		if c.d.Kind() == Hash && c.d.Deadline() != 0 {
			c.fields++
		}
	}
	if it.Last && c.d.Kind() == Stream {
		c.d.readTrailer()
	}
	if err := c.d.Err(); err != nil {
		return &Error{Offset: it.Offset, DB: it.DB, Key: slices.Clone(it.Key), Err: err}
	}
	if it.Last {
		c.key(it)
	}
	return nil
}

// key counts a key that has been read to its end.
func (c *checker) key(it *Item) {
	r := &c.report
	n := int64(c.d.Count())
	if n == 0 && c.d.Kind() != Stream {
		r.Empty++
		return
	}
	k := &r.Kinds[c.d.Kind()]
	k.Keys++
	k.Elements += n
	k.Bytes += c.bytes
	r.Encodings[it.Encoding()]++
	db := r.Databases[it.DB]
	db.Keys++
	if it.Deadline != 0 {
		db.Deadlines++
		r.Deadlines++
		if it.Deadline <= c.now {
			r.Expired++
		}
	}
	r.Databases[it.DB] = db
	r.Fields += c.fields
	if len(r.Largest) == largestKeys && r.Largest[largestKeys-1].Bytes >= c.bytes {
		return
	}
	large := LargeKey{it.DB, string(it.Key), c.d.Kind(), n, c.bytes}
	i, _ := slices.BinarySearchFunc(r.Largest, c.bytes, func(l LargeKey, b int64) int { return int(min(max(b-l.Bytes, -1), 1)) })
	r.Largest = slices.Insert(r.Largest, i, large)
	r.Largest = r.Largest[:min(len(r.Largest), largestKeys)]
}

// String is the report as text of several lines.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "format      %v, version %d, %d bytes\n", r.Dialect, r.Version, r.Bytes)
	for _, a := range r.Aux {
		fmt.Fprintf(&b, "%-11s %q\n", a.Name, a.Text)
	}
	fmt.Fprintf(&b, "functions   %d libraries\n", r.Functions)
	fmt.Fprintf(&b, "keys        %d, with deadlines %d, expired %d; fields with deadlines %d\n", r.Keys(), r.Deadlines, r.Expired, r.Fields)
	if r.Empty > 0 {
		fmt.Fprintf(&b, "empty       %d keys without elements, which are not loaded\n", r.Empty)
	}
	dbs := make([]int, 0, len(r.Databases))
	for db := range r.Databases {
		dbs = append(dbs, db)
	}
	slices.Sort(dbs)
	for _, db := range dbs {
		fmt.Fprintf(&b, "database    %d: %d keys, with deadlines %d\n", db, r.Databases[db].Keys, r.Databases[db].Deadlines)
	}
	for k := range Kind(kinds) {
		if n := r.Kinds[k]; n.Keys > 0 {
			fmt.Fprintf(&b, "%-11v %d keys, %d elements, %d bytes\n", k, n.Keys, n.Elements, n.Bytes)
		}
	}
	names := make([]string, 0, len(r.Encodings))
	for name := range r.Encodings {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, "written     %d keys: %s\n", r.Encodings[name], name)
	}
	for _, l := range r.Largest {
		fmt.Fprintf(&b, "large       %d bytes, %d elements, %v %q of database %d\n", l.Bytes, l.Elements, l.Kind, l.Key, l.DB)
	}
	return b.String()
}
