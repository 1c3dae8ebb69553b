package tracking

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/kringdb/kring/store"
)

// TestTable compares the table with a plain map.
func TestTable(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var tab Table
	model := map[string][]uint32{}
	key := func() store.Key {
		n := rng.IntN(300)
		return store.Key{Name: []byte("key:" + strconv.Itoa(n)), Hash: uint64(n % 40 * 0x5000001)} // many collide
	}
	items := 0
	take := func(name string, who []uint32) {
		want := model[name]
		delete(model, name)
		slices.Sort(who)
		slices.Sort(want)
		if !slices.Equal(who, want) {
			t.Fatalf("%s: %v, want %v", name, who, want)
		}
		items -= len(who)
	}
	for i := range 60000 {
		k := key()
		name := string(k.Name)
		switch op := rng.IntN(20); {
		case op < 12-i/4000%8: // grows and shrinks
			num := uint32(1 + rng.IntN(4))
			keys, n := tab.add(k, num)
			if has := model[name] != nil; has == (keys == 1) || slices.Contains(model[name], num) == (n == 1) {
				t.Fatal(name, keys, n)
			}
			if n == 1 {
				model[name] = append(model[name], num)
			}
			items += n
		case op < 19:
			take(name, tab.take(k, nil))
		case tab.n > 0:
			keep := -1
			if tab.n > 1 {
				keep = tab.find(k)
			}
			got, who := tab.takeRandom(keep, nil, nil)
			if string(got) == name && len(model) > 1 {
				t.Fatal("took the one to keep")
			}
			take(string(got), who)
		}
		if tab.n != len(model) || tab.n*4 > len(tab.slots)*3 {
			t.Fatal(tab.n, len(model), len(tab.slots))
		}
	}
	live, sum := 0, 0
	for _, sl := range tab.slots {
		if sl.name == 0 {
			continue
		}
		live += nameBytes(len(tab.nameAt(sl.name)))
		if sl.who&manyTrackers != 0 {
			sum += len(tab.sets[sl.who&^manyTrackers])
		} else {
			sum++
		}
	}
	if live+tab.dead != len(tab.names) || sum != items {
		t.Error(live, tab.dead, len(tab.names), sum, items)
	}
}
