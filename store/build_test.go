package store

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/hash"
	"github.com/kringdb/kring/store/list"
	"github.com/kringdb/kring/store/set"
	"github.com/kringdb/kring/store/str"
	"github.com/kringdb/kring/store/stream"
	"github.com/kringdb/kring/store/zset"
)

// builder builds a value of n elements, told that there would be hint, and shows what a
// reader of it sees.
type builder struct {
	name  string
	build func(s *Store, k Key, spec entry.Spec, n, hint int) Entry
	show  func(e Entry) string
}

func word(i int) []byte {
	if i%3 == 0 {
		return fmt.Appendf(nil, "%d", i*37%1000)
	}
	return fmt.Appendf(nil, "word-%04d%s", i, strings.Repeat("x", i%40))
}

var builders = []builder{
	{"string", func(s *Store, k Key, spec entry.Spec, n, hint int) Entry {
		b := str.NewBuild(s.Edit(0, k), k.Name, spec, hint)
		for i := range n {
			b.Add(bytes.Repeat([]byte{byte('0' + i%10)}, 1+i%100))
		}
		return b.Entry()
	}, func(e Entry) string {
		var all []byte
		str.Each(e, func(p []byte) bool { all = append(all, p...); return true })
		return string(all)
	}},
	{"list", func(s *Store, k Key, spec entry.Spec, n, hint int) Entry {
		b := list.NewBuild(s.Edit(0, k), k.Name, spec, int64(hint), -2)
		for i := range n {
			b.Add(word(i))
		}
		return b.Entry()
	}, func(e Entry) string {
		var all []string
		list.Each(e, func(v list.Elem) bool { all = append(all, string(v.Append(nil))); return true })
		return strings.Join(all, " ")
	}},
	{"set", func(s *Store, k Key, spec entry.Spec, n, hint int) Entry {
		b := set.NewBuild(s.Edit(0, k), k.Name, spec, hint, set.Limits{IntEntries: 512, Entries: 128, ValueBytes: 64})
		for i := range n {
			b.Add(word(i))
			if b.Add(word(i)) {
				return Entry{}
			}
		}
		return b.Entry()
	}, func(e Entry) string {
		m := map[string]bool{}
		set.Each(e, func(v []byte) bool { m[string(v)] = true; return true })
		return fmt.Sprint(m)
	}},
	{"hash", func(s *Store, k Key, spec entry.Spec, n, hint int) Entry {
		b := hash.NewBuild(s.Edit(0, k), k.Name, spec, hint, hash.Limits{Entries: 128, ValueBytes: 64})
		for i := range n {
			b.Add(fmt.Appendf(nil, "f%d", i), word(i), int64(i%4)*1_000_000_000_000)
		}
		return b.Entry()
	}, func(e Entry) string {
		m := map[string]string{}
		hash.Each(e, 0, func(f, v []byte, d int64) bool { m[string(f)] = fmt.Sprint(string(v), d); return true })
		return fmt.Sprint(m)
	}},
	{"zset", func(s *Store, k Key, spec entry.Spec, n, hint int) Entry {
		b := zset.NewBuild(s.Edit(0, k), k.Name, spec, hint, 50, zset.Limits{Entries: 128, ValueBytes: 64})
		for i := range n {
			b.Add(fmt.Appendf(nil, "m%d", i), float64(i*31%97)/4)
		}
		return b.Entry()
	}, func(e Entry) string {
		var all []string
		zset.Each(e, func(m []byte, f float64) bool { all = append(all, fmt.Sprint(string(m), f)); return true })
		return strings.Join(all, " ")
	}},
	{"stream", func(s *Store, k Key, spec entry.Spec, n, hint int) Entry {
		b := stream.NewBuild(s.Edit(0, k), k.Name, spec, stream.Bounds{NodeBytes: 4096, NodeEntries: 100})
		for i := range n {
			b.Add(stream.ID{Ms: uint64(i + 1), Seq: 3}, [][]byte{[]byte("f"), word(i)})
		}
		b.Counters(stream.ID{Ms: 1 << 20}, stream.ID{Ms: 7}, uint64(n)+5)
		g, _ := b.Group([]byte("g"), stream.ID{Ms: 2}, 2)
		g.CreateConsumer(s.Edit(0, k), []byte("c"), 9)
		return b.Entry()
	}, func(e Entry) string {
		var all []string
		stream.Each(e, func(it *stream.Iter) bool {
			for range it.Pairs() {
				f, v := it.Pair()
				all = append(all, fmt.Sprint(it.ID(), string(f), string(v)))
			}
			return true
		})
		return fmt.Sprint(all, stream.LastID(e), stream.MaxDeletedID(e), stream.EntriesAdded(e), stream.Groups(e))
	}},
}

// TestBuild: what is built is read back, has the encoding that it would have if its elements
// had come one by one, keeps clock and deadline, and replaces whatever was there.
func TestBuild(t *testing.T) {
	s := open(t, Options{Shards: 4, Databases: 2})
	rng := rand.New(rand.NewPCG(1, 2))
	for _, b := range builders {
		for _, n := range []int{1, 2, 100, 129, 600, 5000} {
			name := fmt.Sprintf("%s-%d", b.name, n)
			k := s.MakeKey([]byte("key"))
			fresh := s.MakeKey([]byte(name))
			s.Lock(fresh.Shard)
			grown := b.build(s, fresh, entry.Spec{}, n, 0)
			s.Adopt(1, fresh, grown)
			want, enc := b.show(grown), grown.Encoding()
			s.Unlock(fresh.Shard)

			s.Lock(k.Shard)
			spec := entry.Spec{Clock: uint32(rng.IntN(1 << 20))}
			if rng.IntN(2) == 0 {
				spec.Deadline = 1 << 45
			}
			s.Adopt(0, k, b.build(s, k, spec, n, n))
			e := s.Find(0, k, 1)
			if got := b.show(e); got != want {
				t.Errorf("%s: %.200s\nwant %.200s", name, got, want)
			}
			if e.Encoding() != enc || e.Clock() != spec.Clock || e.Deadline() != spec.Deadline || string(e.Key()) != "key" {
				t.Errorf("%s: encoding %v, want %v; clock %d, deadline %d, key %q", name, e.Encoding(), enc, e.Clock(), e.Deadline(), e.Key())
			}
			used := s.Edit(0, k).Used()
			s.Drop(k.Shard, b.build(s, k, spec, min(n, 20), 0))
			if after := s.Edit(0, k).Used(); after != used {
				t.Errorf("%s: a value that was dropped leaves %d bytes", name, after-used)
			}
			s.Unlock(k.Shard)
			if err := s.CheckInvariants(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
}
