package tracking

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/kringdb/kring/store"
)

// Table remembers, for the keys of one shard, which clients are to be told when they
// change. Its shard's lock guards it.
//
//	slots  [tag 4][name 4][who 4] ...   open addressing, linear probing, at most 3/4 full
//	names  [length, varint][name] ...   dead ones are dropped when they are half of it
//	sets   numbers of trackers, for keys with several
//
// A slot's tag is the key's hash, 32 bits of it; its place is tag*slots/2^32. name is where its name
// stands in names, plus one (0: the slot is free); who is a tracker's number, or with
// manyTrackers an index into sets. A key is of no database: as in Redis, a change in one
// tells those who read a key of that name in another.
type Table struct {
	slots []slot
	n     int // keys
	names []byte
	dead  int // bytes of names that no slot refers to
	sets  [][]uint32
	free  []uint32 // indexes of sets that are not in use
}

type slot struct{ tag, name, who uint32 }

const (
	manyTrackers = 1 << 31
	minSlots     = 8
	// slotBytes is the size of a slot, setBytes that of a slice in sets.
	slotBytes = 12
	setBytes  = 24
	// maxNameBytes bounds names: offsets have 32 bits.
	maxNameBytes = 1 << 31
)

func (t *Table) nameAt(at uint32) []byte {
	n, head := binary.Uvarint(t.names[at-1:])
	return t.names[int(at)-1+head:][:n]
}

// nameBytes is what a name of n bytes takes in names.
func nameBytes(n int) int {
	var head [binary.MaxVarintLen64]byte
	return binary.PutUvarint(head[:], uint64(n)) + n
}

// home is the slot where a key with that tag would like to stand.
func (t *Table) home(tag uint32) int { return int(uint64(tag) * uint64(len(t.slots)) >> 32) }

// next is the slot behind i.
func (t *Table) next(i int) int {
	if i++; i == len(t.slots) {
		return 0
	}
	return i
}

// distance is by how many slots j is behind i.
func (t *Table) distance(i, j int) int {
	if j < i {
		j += len(t.slots)
	}
	return j - i
}

// find returns the slot of a key, or the free one where it belongs.
func (t *Table) find(k store.Key) int {
	for i := t.home(uint32(k.Hash)); ; i = t.next(i) {
		sl := &t.slots[i]
		if sl.name == 0 || sl.tag == uint32(k.Hash) && string(t.nameAt(sl.name)) == string(k.Name) {
			return i
		}
	}
}

// add notes that tracker num read k; it returns by how much keys and items grow.
func (t *Table) add(k store.Key, num uint32) (keys, items int) {
	if (t.n+1)*4 > len(t.slots)*3 {
		t.resize(max(len(t.slots)*3/2, minSlots))
	}
	sl := &t.slots[t.find(k)]
	switch {
	case sl.name == 0:
		*sl = slot{uint32(k.Hash), uint32(len(t.names)) + 1, num}
		t.names = binary.AppendUvarint(t.names, uint64(len(k.Name)))
		t.names = append(t.names, k.Name...)
		t.n++
		return 1, 1
	case sl.who == num:
		return 0, 0
	case sl.who&manyTrackers == 0:
		i := uint32(len(t.sets))
		if n := len(t.free); n > 0 {
			i, t.free = t.free[n-1], t.free[:n-1]
		} else {
			t.sets = append(t.sets, nil)
		}
		t.sets[i] = append(t.sets[i], sl.who, num)
		sl.who = i | manyTrackers
		return 0, 1
	}
	set := &t.sets[sl.who&^manyTrackers]
	for _, has := range *set {
		if has == num {
			return 0, 0
		}
	}
	*set = append(*set, num)
	return 0, 1
}

// take forgets a key and appends who is to be told of it.
func (t *Table) take(k store.Key, who []uint32) []uint32 {
	if t.n == 0 {
		return who
	}
	if i := t.find(k); t.slots[i].name != 0 {
		who = t.takeSlot(i, who)
	}
	return who
}

// takeRandom forgets some key, but not the one in slot keep (-1: any), and appends its name
// and who is to be told. There must be such a key.
func (t *Table) takeRandom(keep int, name []byte, who []uint32) ([]byte, []uint32) {
	i := rand.IntN(len(t.slots))
	for t.slots[i].name == 0 || i == keep {
		i = t.next(i)
	}
	name = append(name, t.nameAt(t.slots[i].name)...)
	return name, t.takeSlot(i, who)
}

func (t *Table) takeSlot(i int, who []uint32) []uint32 {
	sl := t.slots[i]
	if sl.who&manyTrackers == 0 {
		who = append(who, sl.who)
	} else {
		at := sl.who &^ manyTrackers
		who = append(who, t.sets[at]...)
		t.sets[at] = nil
		t.free = append(t.free, at)
	}
	t.dead += nameBytes(len(t.nameAt(sl.name)))
	t.n--
	if t.n == 0 {
		*t = Table{}
		return who
	}
	for j := t.next(i); t.slots[j].name != 0; j = t.next(j) {
		if home := t.home(t.slots[j].tag); t.distance(home, j) >= t.distance(i, j) {
			t.slots[i] = t.slots[j]
			i = j
		}
	}
	t.slots[i] = slot{}
	if len(t.slots) > minSlots && t.n*8 < len(t.slots) {
		t.resize(len(t.slots) / 2)
	}
	if t.dead > len(t.names)/2 {
		t.compactNames()
	}
	return who
}

func (t *Table) resize(slots int) {
	old := t.slots
	t.slots = make([]slot, slots)
	for _, sl := range old {
		if sl.name == 0 {
			continue
		}
		i := t.home(sl.tag)
		for t.slots[i].name != 0 {
			i = t.next(i)
		}
		t.slots[i] = sl
	}
}

func (t *Table) compactNames() {
	names := make([]byte, 0, len(t.names)-t.dead)
	for i := range t.slots {
		sl := &t.slots[i]
		if sl.name == 0 {
			continue
		}
		name := t.nameAt(sl.name)
		sl.name = uint32(len(names)) + 1
		names = append(binary.AppendUvarint(names, uint64(len(name))), name...)
	}
	t.names, t.dead = names, 0
}

// bytes is what the table takes, without the numbers in its sets.
func (t *Table) bytes() int64 {
	return slotBytes*int64(cap(t.slots)) + int64(cap(t.names)) + setBytes*int64(cap(t.sets)) + 4*int64(cap(t.free))
}

// full tells whether there is no room for another name of n bytes.
func (t *Table) full(n int) bool { return len(t.names)+nameBytes(n) > maxNameBytes }
