package snapshot

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/kringdb/kring/command/image"
	"github.com/kringdb/kring/persistence"
	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/store"
)

// images of values, as a test's file has them.
func text(db int, key, val string) []byte {
	e := rdb.NewEncoder(rdb.Format{Limits: rdb.DefaultLimits, Compress: true})
	e.Select(db)
	e.String(&rdb.Meta{Key: []byte(key), Idle: -1, Freq: -1}, []byte(val))
	return slices.Clone(e.Bytes())
}

// large returns a hash that comes in parts; seed is in its values.
func large(db int, key string, fields int, seed string) []byte {
	e := rdb.NewEncoder(rdb.Format{})
	e.Select(db)
	e.Begin(&rdb.Meta{Key: []byte(key), Idle: -1, Freq: -1}, rdb.Shape{Kind: rdb.Hash, N: fields, Plain: true})
	for i := range fields {
		e.Field(fmt.Appendf(nil, "field:%08d", i), fmt.Appendf(nil, "value of %s:%08d", seed, i), 0)
	}
	e.End()
	return slices.Clone(e.Bytes())
}

// file puts images into the frame of a file, which claims so many keys.
func file(t *testing.T, claimed uint64, images ...[]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := rdb.NewWriter(&out, rdb.Format{Checksum: true})
	for db := range 3 {
		w.Sizes(db, claimed, 0)
	}
	for _, b := range images {
		w.Raw(b)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func loader(t *testing.T, st *store.Store, size int) *Loader {
	t.Helper()
	l := &Loader{Store: st, Limits: rdb.DefaultLimits, MaxBytes: 1 << 29, Verify: true, Clocks: image.Clocks{},
		Progress: new(persistence.Progress), Interrupted: func() bool { return false }}
	l.Progress.Total.Store(int64(size))
	return l
}

func open(t *testing.T) *store.Store {
	t.Helper()
	st, err := store.Open(store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	return st
}

var sumSeed = maphash.MakeSeed()

// contents returns what a file has: for each key a sum of its elements, in any order.
func contents(t *testing.T, in []byte) map[string]uint64 {
	t.Helper()
	all := map[string]uint64{}
	r := rdb.NewReader(bytes.NewReader(in), true)
	var it rdb.Item
	var d rdb.Decoder
	var element []byte
	for {
		err := r.Next(&it)
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if it.Kind != rdb.ItemKey {
			continue
		}
		name := fmt.Sprint(it.DB, string(it.Key))
		for d.Open(&it.Value, it.First); d.Next(); {
			val := []byte{}
			if d.Kind() == rdb.Hash {
				val = d.Value()
			}
			element = append(binary.AppendUvarint(element[:0], uint64(len(d.Elem()))), d.Elem()...)
			all[name] += maphash.Bytes(sumSeed, append(element, val...))
		}
		if d.Err() != nil {
			t.Fatal(d.Err())
		}
	}
}

// saved returns a file of what the store has.
func saved(t *testing.T, st *store.Store) (out []byte) {
	t.Helper()
	c := NewCopy(st, Images(rdb.Format{Checksum: true, Limits: rdb.DefaultLimits}, nil))
	if err := c.Begin(func(sink store.SnapshotSink) (*store.Snapshot, error) { return st.BeginSnapshotAt(sink, nil) }); err != nil {
		t.Fatal(err)
	}
	defer c.End()
	s := NewStream(c, Head{Format: rdb.Format{Checksum: true}})
	for done := false; !done; {
		var err error
		if out, done, err = s.Next(out); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// mixed returns many small values of several databases, and large ones between them, and one
// longer than all buffers.
func mixed(n int) (images [][]byte) {
	for i := range n {
		images = append(images, text(i%3, fmt.Sprint("key:", i), strings.Repeat("x", i%100)+fmt.Sprint(i)))
		if i%(n/5) == 7 {
			images = append(images, large(i%3, fmt.Sprint(i), 8_000, fmt.Sprint(i))) // a name that is a number: not as it stands in the file
		}
	}
	return append(images, text(1, "long", strings.Repeat("long", 1<<20)))
}

// TestLoadsAll: whatever a file claims to have, every value is there, once, and as it was.
func TestLoadsAll(t *testing.T) {
	n := 12_000
	if testing.Short() {
		n = 4_000
	}
	images := mixed(n)
	want := contents(t, file(t, 0, images...))
	for _, claimed := range []uint64{0, 10_000, 1 << 60} {
		in := file(t, claimed, images...)
		st := open(t)
		l := loader(t, st, len(in))
		rest, end, err := l.Load(io.MultiReader(bytes.NewReader(in), strings.NewReader("rest")))
		if err != nil {
			t.Fatal(err)
		}
		if behind, _ := io.ReadAll(rest); string(behind) != "rest" || end != int64(len(in)) {
			t.Errorf("behind the file, at %d of %d: %q", end, len(in), behind)
		}
		if got := l.Keys.Load(); got != int64(len(images)) {
			t.Errorf("%d of %d keys were counted", got, len(images))
		}
		if err := st.CheckInvariants(); err != nil {
			t.Error(err)
		}
		if !maps.Equal(want, contents(t, saved(t, st))) {
			t.Errorf("claimed %d: the store has something else than the file", claimed)
		}
		if tables := st.Stats().TableBytes; claimed == 1<<60 && tables > 2*int64(len(in)) {
			t.Errorf("tables of %d bytes for a file of %d that only claims to have keys", tables, len(in))
		}
	}
}

// TestKeyTwice: a key that stands twice in a file is refused by its name, wherever the two
// are, and the later one counts when files are merged.
func TestKeyTwice(t *testing.T) {
	n := 5_000
	if testing.Short() {
		n = 1_000
	}
	many := mixed(n)
	for name, two := range map[string][2][]byte{
		"small": {text(0, "twice", "first"), text(0, "twice", "second")},
		"large": {large(0, "twice", 8_000, "first"), large(0, "twice", 8_000, "second")},
		"mixed": {large(0, "twice", 8_000, "first"), text(0, "twice", "second")},
		"other": {text(0, "twice", "first"), large(0, "twice", 8_000, "second")},
	} {
		for _, between := range [][][]byte{nil, many} {
			in := file(t, 0, slices.Concat([][]byte{two[0]}, between, [][]byte{two[1]})...)
			st := open(t)
			_, _, err := loader(t, st, len(in)).Load(bytes.NewReader(in))
			if bad := (*rdb.Error)(nil); !errors.As(err, &bad) || string(bad.Key) != "twice" || !errors.Is(err, errDuplicate) {
				t.Errorf("%s, %d between: %v", name, len(between), err)
			}
			merged := open(t)
			l := loader(t, merged, len(in))
			l.Merge = true
			if _, _, err := l.Load(bytes.NewReader(in)); err != nil {
				t.Fatal(err)
			}
			want := contents(t, file(t, 0, slices.Concat(between, [][]byte{two[1]})...))
			if !maps.Equal(want, contents(t, saved(t, merged))) {
				t.Errorf("%s, %d between: the later one is not what merging leaves", name, len(between))
			}
		}
	}
}

// TestDamageIsNamed: what is wrong with a value is told with its key and offset, wherever it
// stands, and no value that was begun is left over.
func TestDamageIsNamed(t *testing.T) {
	before := mixed(5_000)
	for _, fields := range []int{1, 8_000} {
		in := file(t, 0, before...)
		in = in[:len(in)-9]
		at := len(in)
		twice := large(0, "bad", fields+1, "")
		// The last field gets the name of the first.
		last := bytes.LastIndex(twice, fmt.Appendf(nil, "field:%08d", fields))
		copy(twice[last:], "field:00000000")
		in = append(in, twice...)
		in = append(in, 255, 0, 0, 0, 0, 0, 0, 0, 0) // no checksum
		st := open(t)
		_, _, err := loader(t, st, len(in)).Load(bytes.NewReader(in))
		bad := (*rdb.Error)(nil)
		if !errors.As(err, &bad) || string(bad.Key) != "bad" || bad.Offset < int64(at) || bad.Offset > int64(at+8) {
			t.Errorf("%d fields, at %d: %v", fields, at, err)
		}
		if err := st.CheckInvariants(); err != nil {
			t.Error(err)
		}
	}
}
