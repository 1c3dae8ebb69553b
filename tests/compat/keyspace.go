package compat

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

// keyState is all that is observable of one key.
type keyState struct {
	typ, encoding string
	pttl          int64 // ms; -1 none
	value         rawclient.Value
}

// keyspace maps "db/key" to its state.
type keyspace map[string]keyState

// Dumper says how a type's whole value is read and whether its order means nothing.
type Dumper struct {
	Command   func(key string) []string
	Unordered bool
	Same      func(o, s rawclient.Value) bool // whether values that are not equal agree nevertheless; may be nil
}

// Dump reads everything that the side holds.
func (s *Side) Dump() (keyspace, error) {
	if err := s.connect(); err != nil {
		return nil, err
	}
	for db := range databasesCount {
		s.ctl.Queue("SELECT", strconv.Itoa(db))
		s.ctl.Queue("DBSIZE")
		s.ctl.Queue("RANDOMKEY")
	}
	sizes, err := s.ctl.Exchange(3 * databasesCount)
	if err != nil {
		return nil, fmt.Errorf("DBSIZE and RANDOMKEY of all databases: %w", err)
	}
	var dbs []int // most are empty, and Kring answers KEYS on a thread of its own each time
	for db := range databasesCount {
		size, key := sizes[3*db+1], sizes[3*db+2]
		if size.Kind != rawclient.Int || size.Int != 0 || !key.IsNull() {
			dbs = append(dbs, db)
			s.ctl.Queue("SELECT", strconv.Itoa(db))
			s.ctl.Queue("KEYS", "*")
		}
	}
	replies, err := s.ctl.Exchange(2 * len(dbs))
	if err != nil {
		return nil, fmt.Errorf("KEYS of databases %v: %w", dbs, err)
	}
	all := keyspace{}
	for i, db := range dbs {
		keys := replies[2*i+1].Texts()
		if len(keys) == 0 {
			continue
		}
		sort.Strings(keys)
		if err := s.dumpKeys(all, db, keys); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (s *Side) dumpKeys(all keyspace, db int, keys []string) error {
	s.ctl.Queue("SELECT", strconv.Itoa(db))
	for _, k := range keys {
		s.ctl.Queue("TYPE", k)
		s.ctl.Queue("OBJECT", "ENCODING", k)
		s.ctl.Queue("PTTL", k)
	}
	meta, err := s.ctl.Exchange(1 + 3*len(keys))
	if err != nil {
		return err
	}
	meta = meta[1:]
	for i, k := range keys {
		d, ok := dumpers()[meta[3*i].Str]
		if !ok {
			d.Command = func(key string) []string { return []string{"TYPE", key} }
		}
		s.ctl.Queue(d.Command(k)...)
	}
	values, err := s.ctl.Exchange(len(keys))
	if err != nil {
		return err
	}
	for i, k := range keys {
		st := keyState{typ: meta[3*i].Text(), encoding: meta[3*i+1].Text(), pttl: meta[3*i+2].Int, value: values[i]}
		if dumpers()[st.typ].Unordered {
			st.value = st.value.Sorted()
		}
		all[fmt.Sprintf("%d/%s", db, k)] = st
	}
	return nil
}

// diff describes the first difference in key order; "" when the two agree.
func (a keyspace) diff(b keyspace) string {
	names := map[string]bool{}
	for k := range a {
		names[k] = true
	}
	for k := range b {
		names[k] = true
	}
	sorted := make([]string, 0, len(names))
	for k := range names {
		sorted = append(sorted, k)
	}
	sort.Strings(sorted)
	for _, k := range sorted {
		x, inA := a[k]
		y, inB := b[k]
		switch {
		case !inB:
			return fmt.Sprintf("key %q exists on the oracle only", k)
		case !inA:
			return fmt.Sprintf("key %q exists on the subject only", k)
		case x.typ != y.typ:
			return fmt.Sprintf("key %q: TYPE %s, %s", k, x.typ, y.typ)
		case !sameEncoding(x.typ, x.encoding, y.encoding):
			return fmt.Sprintf("key %q: OBJECT ENCODING %s, %s", k, x.encoding, y.encoding)
		case !closeDeadlines(x.pttl, y.pttl, deadlineToleranceMillis):
			return fmt.Sprintf("key %q: PTTL %d, %d", k, x.pttl, y.pttl)
		case !x.value.Equal(y.value) && !agreesAs(x.typ, x.value, y.value) && !(strings.HasSuffix(k, "/"+distanceKey) && sameDistances(x.value, y.value)):
			return fmt.Sprintf("key %q: value %s, %s", k, shorten(x.value.String()), shorten(y.value.String()))
		}
	}
	return ""
}

// agreesAs tells whether a type's own comparison takes two values as the same.
func agreesAs(typ string, x, y rawclient.Value) bool {
	same := dumpers()[typ].Same
	return same != nil && same(x, y)
}

// closeDeadlines compares remaining times or points in time: negative answers must be
// equal, others may differ by the tolerance.
func closeDeadlines(a, b, tolerance int64) bool {
	if a < 0 || b < 0 {
		return a == b
	}
	return a-b <= tolerance && b-a <= tolerance
}

func shorten(s string) string {
	if len(s) <= shownReplyBytes {
		return s
	}
	return fmt.Sprintf("%s...(%d bytes)", s[:shownReplyBytes], len(s))
}
