package store

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"

	"github.com/cespare/xxhash/v2"
	"github.com/kringdb/kring/internal/hashslot"
)

// Key is a key's name with its hashes. Name is the caller's memory: the store copies
// it when it makes an entry.
type Key struct {
	Name  []byte
	Hash  uint64 // places the key in its table: maphash, behind its slot's place in a store by slots
	Shard uint32 // from seeded xxhash, or the key's slot
}

// MakeKey hashes a name. It takes no lock.
func (s *grid) MakeKey(name []byte) (k Key) {
	s.SetKey(&k, name)
	return k
}

// SetKey is MakeKey into k, word by word: a whole Key that is copied as soon as it has been
// made waits until its words have left the store buffer, longer than it takes to hash it.
func (s *grid) SetKey(k *Key, name []byte) {
	k.Name = name
	hash := maphash.Bytes(tableSeed, name)
	if s.slotBits != 0 {
		slot := uint32(hashslot.Of(name))
		k.Hash, k.Shard = (BySlot{s}).place(hash, slot), slot&s.shardMask()
		return
	}
	k.Hash = hash
	k.Shard = s.xxhashShard(name)
}

// SetLike is SetKey by what last has, if that is a key of the same name: whoever works on one large value
// names it call after call. Names that differ mostly do in their last byte.
func (k *Key) SetLike(last *Key, name []byte) bool {
	n := len(name)
	if n == 0 || len(last.Name) != n || last.Name[n-1] != name[n-1] || string(last.Name) != string(name) {
		return false
	}
	k.Name, k.Hash, k.Shard = name, last.Hash, last.Shard
	return true
}

// Same tells whether two keys look for the same place in the same table: they have one name, or collide.
func (k *Key) Same(o *Key) bool { return k.Hash == o.Hash && k.Shard == o.Shard }

// ShardOf returns the shard of a name, and SetKeyOf is SetKey for who has asked for it before.
func (s *grid) ShardOf(name []byte) uint32 { return s.shardOf(name) }

// SetKeyOf is SetKey of a name whose shard is known.
func (s *grid) SetKeyOf(k *Key, name []byte, shard uint32) {
	k.Name, k.Hash, k.Shard = name, maphash.Bytes(tableSeed, name), shard
	if s.slotBits != 0 {
		k.Hash = (BySlot{s}).place(k.Hash, uint32(hashslot.Of(name)))
	}
}

// shardOf returns the shard of a name.
func (s *grid) shardOf(name []byte) uint32 {
	if s.slotBits != 0 {
		return uint32(hashslot.Of(name)) & s.shardMask()
	}
	return s.xxhashShard(name)
}

func (s *grid) shardMask() uint32 { return uint32(1)<<(s.shardBits&31) - 1 }

// xxhashShard is shardOf in a store that is not by slots.
func (s *grid) xxhashShard(name []byte) uint32 {
	if len(name) < shortNameBytes {
		return uint32(shortHash(s.hashSeed, name)) & s.shardMask()
	}
	var d xxhash.Digest
	d.ResetWithSeed(s.hashSeed)
	d.Write(name) //nolint:errcheck // it has no error
	return uint32(d.Sum64()) & s.shardMask()
}

// BySlot returns the store seen by slots; ok is false if it is not by slots.
func (s *grid) BySlot() (b BySlot, ok bool) { return BySlot{s}, s.slotBits != 0 }

// The constants of XXH64, from its specification.
const (
	xxPrime1 uint64 = 11400714785074694791
	xxPrime2 uint64 = 14029467366897019727
	xxPrime3 uint64 = 1609587929392839161
	xxPrime4 uint64 = 9650029242287828579
	xxPrime5 uint64 = 2870177450012600261

	// shortNameBytes is the size of XXH64's stripe: shorter input has a simpler path.
	shortNameBytes = 32
)

// shortHash is XXH64 for input shorter than 32 bytes. xxhash.Digest, the library's
// only seeded form, goes through a buffer of 80 bytes, which for common names costs
// more than the hash itself.
func shortHash(seed uint64, b []byte) uint64 {
	h := seed + xxPrime5 + uint64(len(b))
	for ; len(b) >= 8; b = b[8:] {
		k := bits.RotateLeft64(binary.LittleEndian.Uint64(b)*xxPrime2, 31) * xxPrime1
		h = bits.RotateLeft64(h^k, 27)*xxPrime1 + xxPrime4
	}
	if len(b) >= 4 {
		h ^= uint64(binary.LittleEndian.Uint32(b)) * xxPrime1
		h = bits.RotateLeft64(h, 23)*xxPrime2 + xxPrime3
		b = b[4:]
	}
	for _, c := range b {
		h = bits.RotateLeft64(h^uint64(c)*xxPrime5, 11) * xxPrime1
	}
	h = (h ^ h>>33) * xxPrime2
	h = (h ^ h>>29) * xxPrime3
	return h ^ h>>32
}
