package hash

import (
	"slices"

	"github.com/kringdb/kring/internal/fieldhash"
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/packed"
	"github.com/kringdb/kring/store/slotted"
)

// Build is a hash that is being made outside the keyspace, in the form that it will have.
// Store.Adopt makes it a key's value, Store.Drop frees it. The lock of the arena's shard is
// held during every call; between them others may have it.
//
// Fields gather in block, which becomes the payload, for as long as the hash will be packed
// and has no deadlines.
type Build struct {
	ar   *arena.Arena
	key  []byte
	spec entry.Spec
	lim  Limits
	e    entry.Entry // none while fields gather

	block []byte
	n     int // fields in it
	seen  seen

	roomy bool // the table of a full hash has more room than it needs
}

// NewBuild begins a hash of about n fields. Of spec, clock and deadline count. key is kept
// until the hash is an entry.
func NewBuild(ar *arena.Arena, key []byte, spec entry.Spec, n int, lim Limits) Build {
	var b Build
	b.Begin(ar, key, spec, n, lim)
	return b
}

// Begin is NewBuild for a Build whose hash was adopted or dropped, and whose memory is used
// again.
func (b *Build) Begin(ar *arena.Arena, key []byte, spec entry.Spec, n int, lim Limits) {
	b.ar, b.key, b.spec, b.lim, b.e, b.n, b.roomy = ar, key, spec, lim, entry.Entry{}, 0, false
	b.block = append(b.block[:0], 0, 0)
	b.seen.reset()
	if n > max(lim.entries(), shortFields) {
		b.make()
		b.e = toFull(ar, b.e)
	}
}

// make makes the entry of what has gathered.
func (b *Build) make() {
	setCount(b.block, b.n)
	b.spec.Type, b.spec.Encoding, b.spec.PayloadLen = entry.Hash, entry.Listpack, len(b.block)
	b.e = entry.New(b.ar, b.key, &b.spec)
	copy(b.e.Payload(), b.block)
}

// Add adds a field with its value and deadline, 0 for none, and tells whether it was none
// before. Neither is a view of the hash.
func (b *Build) Add(field, val []byte, deadline int64) (added bool) {
	if b.e.A == 0 {
		size := packed.Size(len(field)) + packed.Size(len(val))
		if deadline == 0 && b.n < b.lim.entries() && b.lim.Fits(len(field)) && b.lim.Fits(len(val)) && len(b.block)+size <= entry.MaxPackedBytes {
			return b.gather(field, val, size)
		}
		b.make()
	}
	if deadline == 0 && b.e.Encoding() == entry.Hashtable {
		return b.fill(field, val)
	}
	b.e, added = Set(b.ar, b.e, &b.lim, field, val, deadline)
	return added
}

// fill adds a field without a deadline to a full hash.
func (b *Build) fill(field, val []byte) (added bool) {
	t, h := slotted.At(b.e.Payload()), slotted.Hash(field)
	if t.FindHash(h, field) != 0 {
		return false
	}
	t.Fill(b.ar, h, field, val, 0)
	b.roomy = true
	return true
}

// AddRun is Add for n different fields with their values that stand in run as in the payload of a packed
// hash: the longest string is of longest bytes, and none has a deadline. It stops at one that was added before.
func (b *Build) AddRun(run []byte, n, longest int) (added bool) {
	if b.e.A == 0 && b.n == 0 && n <= b.lim.entries() && b.lim.Fits(longest) && len(run)+countBytes <= entry.MaxPackedBytes {
		b.block = append(b.block, run...)
		b.n = n
		return true
	}
	for off := 0; off < len(run); {
		var field, val []byte
		field, off = packed.Next(run, off)
		val, off = packed.Next(run, off)
		if !b.Add(field, val, 0) {
			return false
		}
	}
	return true
}

func (b *Build) gather(field, val []byte, size int) (added bool) {
	at := len(b.block)
	if !b.seen.add(b.block, field, at, b.n) {
		b.make()
		b.e, added = Set(b.ar, b.e, &b.lim, field, val, 0)
		return added
	}
	b.block = slices.Grow(b.block, size)[:at+size]
	packed.Put(b.block, packed.Put(b.block, at, field), val)
	b.n++
	return true
}

// Entry returns the hash, to which nothing is added any more.
func (b *Build) Entry() entry.Entry {
	if b.e.A == 0 {
		b.make()
	}
	if b.roomy {
		slotted.At(b.e.Payload()).Fit(b.ar)
		b.roomy = false
	}
	return b.e
}

// seen finds fields that come twice, once there are more than a few: by their places in the
// block.
type seen struct {
	seed  fieldhash.Seed
	table []uint64 // the number of the hash << 32 | place, at the field's hash or behind it
	hash  uint32   // a new one for every hash, so that nothing needs clearing
	used  bool     // the table holds all fields
}

// fewFields are compared one by one.
const fewFields = 8

func (s *seen) reset() { s.used = false }

// add notes that field will stand at a place of the block, which has n fields, and tells
// whether it was not there.
func (s *seen) add(block, field []byte, at, n int) bool {
	if n < fewFields {
		return packed.Find(block, countBytes, field, 2, 0) < 0
	}
	if !s.used || 2*(n+1) > len(s.table) {
		s.fill(block, n)
	}
	i := s.find(block, field)
	if uint32(s.table[i]>>32) == s.hash {
		return false
	}
	s.table[i] = uint64(s.hash)<<32 | uint64(at)
	return true
}

// fill puts all fields of the block into the table, which it makes large enough.
func (s *seen) fill(block []byte, n int) {
	s.begin(n)
	s.used = true
	for off := countBytes; off < len(block); {
		field, next := packed.Next(block, off)
		s.table[s.find(block, field)] = uint64(s.hash)<<32 | uint64(off)
		off = packed.Skip(block, next)
	}
}

// begin makes the table an empty one that is large enough for n fields.
func (s *seen) begin(n int) {
	if len(s.table) < 4*(n+1) {
		size := 8 * fewFields
		for size < 4*(n+1) {
			size *= 2
		}
		s.seed, s.table, s.hash = fieldhash.New(), make([]uint64, size), 0
	}
	if s.hash++; s.hash == 0 {
		clear(s.table)
		s.hash = 1
	}
}

// find returns the place in the table of a field, or the free one where it belongs.
func (s *seen) find(block, field []byte) int {
	mask := len(s.table) - 1
	for i := int(s.seed.Of(field)) & mask; ; i = (i + 1) & mask {
		if uint32(s.table[i]>>32) != s.hash {
			return i
		}
		if there, _ := packed.Next(block, int(uint32(s.table[i]))); string(there) == string(field) {
			return i
		}
	}
}
