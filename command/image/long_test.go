package image

import (
	"bytes"
	"errors"
	"testing"

	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/hash"
	"github.com/kringdb/kring/store/list"
	"github.com/kringdb/kring/store/set"
	"github.com/kringdb/kring/store/zset"
)

// TestLongElements: a key or an element that no block has room for, a field with its value among them, is refused, and nothing is left of
// the value that had been begun.
func TestLongElements(t *testing.T) {
	s := open(t)
	x, enc := &Exporter{}, rdb.NewEncoder(rdb.Format{Limits: limits, Compress: true})
	k := s.MakeKey([]byte("key"))
	s.Lock(0)
	defer s.Unlock(0)
	ar := s.Edit(0, k)
	const n = 50
	short, long := []byte("short"), bytes.Repeat([]byte("x"), n)
	build := map[string]func(packed int) entry.Entry{
		"list": func(int) entry.Entry {
			b := list.NewBuild(ar, k.Name, entry.Spec{}, 2, limits.ListSize)
			b.Add(short)
			b.Add(long)
			return b.Entry()
		},
		"set": func(packed int) entry.Entry {
			b := set.NewBuild(ar, k.Name, entry.Spec{}, 2, set.Limits{Entries: packed, ValueBytes: 64})
			b.Add(short)
			b.Add(long)
			return b.Entry()
		},
		"sorted set": func(packed int) entry.Entry {
			b := zset.NewBuild(ar, k.Name, entry.Spec{}, 2, 0, zset.Limits{Entries: packed, ValueBytes: 64})
			b.Add(short, 1)
			b.Add(long, 2)
			return b.Entry()
		},
		"hash": func(packed int) entry.Entry {
			b := hash.NewBuild(ar, k.Name, entry.Spec{}, 2, hash.Limits{Entries: packed, ValueBytes: 64})
			b.Add(short, short, 0)
			b.Add(long[:n/2], long[n/2:], 0)
			return b.Entry()
		},
		"hash with deadlines": func(packed int) entry.Entry {
			b := hash.NewBuild(ar, k.Name, entry.Spec{}, 2, hash.Limits{Entries: packed, ValueBytes: 64})
			b.Add(short, short, 1<<40)
			b.Add(long[:n/2], long[n/2:], 0)
			return b.Entry()
		},
	}
	for what, build := range build {
		for _, packed := range []int{0, 9} {
			s.Adopt(0, k, build(packed))
			payload := dump(t, s, x, enc, 0, k)
			for most, want := range map[int]error{n - 1: errLong, 2 * n: nil} {
				im := NewImporter(s, limits, 1<<29)
				im.most = most
				if err := restore(s, im, k, payload, 0); !errors.Is(err, want) {
					t.Errorf("%s, packed up to %d: up to %d bytes: %v", what, packed, most, err)
				}
			}
		}
	}
	im := NewImporter(s, limits, 1<<29)
	im.most = len(k.Name) - 1
	s.SetString(0, k, short, 0)
	if err := restore(s, im, k, dump(t, s, x, enc, 0, k), 0); !errors.Is(err, errLong) {
		t.Errorf("a long key: %v", err)
	}
}
