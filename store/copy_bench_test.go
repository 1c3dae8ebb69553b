package store

import (
	"fmt"
	"testing"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/hash"
	"github.com/kringdb/kring/store/list"
	"github.com/kringdb/kring/store/set"
	"github.com/kringdb/kring/store/zset"
)

// BenchmarkCopy copies a value as COPY does, block by block, and as a rebuild would, element by element
// (adr/0026).
func BenchmarkCopy(b *testing.B) {
	text := func(i int) []byte { return fmt.Appendf(nil, "element:%07d", i) }
	for _, typ := range []struct {
		name string
		make func(ar *arena.Arena, k Key, n int) Entry
		each func(ar *arena.Arena, k Key, e Entry) Entry
	}{
		{"hash", func(ar *arena.Arena, k Key, n int) Entry {
			x := hash.NewBuild(ar, k.Name, entry.Spec{}, n, hash.Limits{Entries: 128, ValueBytes: 64})
			for i := range n {
				x.Add(text(i), text(i), 0)
			}
			return x.Entry()
		}, func(ar *arena.Arena, k Key, e Entry) Entry {
			x := hash.NewBuild(ar, k.Name, entry.Spec{}, int(hash.Len(e)), hash.Limits{Entries: 128, ValueBytes: 64})
			hash.Each(e, 0, func(field, val []byte, deadline int64) bool { return x.Add(field, val, deadline) })
			return x.Entry()
		}},
		{"set", func(ar *arena.Arena, k Key, n int) Entry {
			x := set.NewBuild(ar, k.Name, entry.Spec{}, n, set.Limits{IntEntries: 512, Entries: 128, ValueBytes: 64})
			for i := range n {
				x.Add(text(i))
			}
			return x.Entry()
		}, func(ar *arena.Arena, k Key, e Entry) Entry {
			x := set.NewBuild(ar, k.Name, entry.Spec{}, int(set.Len(e)), set.Limits{IntEntries: 512, Entries: 128, ValueBytes: 64})
			set.Each(e, func(m []byte) bool { return x.Add(m) })
			return x.Entry()
		}},
		{"zset", func(ar *arena.Arena, k Key, n int) Entry {
			x := zset.NewBuild(ar, k.Name, entry.Spec{}, n, 0, zset.Limits{Entries: 128, ValueBytes: 64})
			for i := range n {
				x.Add(text(i), float64(i))
			}
			return x.Entry()
		}, func(ar *arena.Arena, k Key, e Entry) Entry {
			x := zset.NewBuild(ar, k.Name, entry.Spec{}, int(zset.Len(e)), 0, zset.Limits{Entries: 128, ValueBytes: 64})
			zset.Each(e, func(m []byte, score float64) bool { return x.Add(m, score) })
			return x.Entry()
		}},
		{"list", func(ar *arena.Arena, k Key, n int) Entry {
			x := list.NewBuild(ar, k.Name, entry.Spec{}, int64(n), -2)
			for i := range n {
				x.Add(text(i))
			}
			return x.Entry()
		}, func(ar *arena.Arena, k Key, e Entry) Entry {
			x := list.NewBuild(ar, k.Name, entry.Spec{}, int64(list.Len(e)), -2)
			list.Each(e, func(v list.Elem) bool {
				x.Add(v.B)
				return true
			})
			return x.Entry()
		}},
	} {
		for _, n := range []int{10, 100_000} {
			s, _ := benchStore(b, 1, "x")
			k := s.MakeKey([]byte("key"))
			s.Lock(k.Shard)
			ar := s.Edit(0, k)
			s.Adopt(0, k, typ.make(ar, k, n))
			e := s.FindRaw(0, k)
			s.Unlock(k.Shard)
			b.Run(fmt.Sprint(typ.name, " of ", n, " by blocks"), func(b *testing.B) {
				for b.Loop() {
					s.Lock(k.Shard)
					c, _ := s.Keep(0, k, 1<<40)
					s.Drop(k.Shard, c) // a large one is freed beside
					s.Unlock(k.Shard)
				}
			})
			b.Run(fmt.Sprint(typ.name, " of ", n, " by elements"), func(b *testing.B) {
				for b.Loop() {
					s.Lock(k.Shard)
					s.Drop(k.Shard, typ.each(ar, k, e))
					s.Unlock(k.Shard)
				}
			})
		}
	}
}
