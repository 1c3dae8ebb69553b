package store

import (
	"sync/atomic"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/hash"
	"github.com/kringdb/kring/store/list"
	"github.com/kringdb/kring/store/set"
	"github.com/kringdb/kring/store/str"
	"github.com/kringdb/kring/store/stream"
	"github.com/kringdb/kring/store/value"
	"github.com/kringdb/kring/store/zset"
)

// outside holds the Ops of every kind whose values hold memory outside the entry's
// block, nil for the others.
var outside [256]*value.Ops

// dues tell, by kind, when the next thing inside a value falls due (milliseconds since
// 1970, 0 for nothing), such as a field's deadline. nil where nothing ever does. A
// command that makes that earlier tells so by Store.NoteDue.
var dues [256]func(e Entry) int64

// tables tell, by kind, where in the payload the root of a slotted.Table with the value's
// members lies: its offset plus 1, 0 for no table. Look-ahead follows it.
var tables [256]int

// checks verify one value, by type.
var checks [16]func(e Entry) error

// init fills the tables above, type by type; whoever adds a kind adds its lines here. The packages of the types
// know no store.
func init() {
	outside[entry.KindOf(entry.String, entry.Chunked)] = &str.ChunkedOps
	checks[entry.String] = str.Check

	outside[entry.KindOf(entry.List, entry.Quicklist)] = &list.QuicklistOps
	checks[entry.List] = list.Check

	outside[entry.KindOf(entry.Hash, entry.Hashtable)] = &hash.Ops
	dues[entry.KindOf(entry.Hash, entry.Hashtable)] = hash.NextDeadline
	dues[entry.KindOf(entry.Hash, entry.ListpackEx)] = hash.NextDeadline
	tables[entry.KindOf(entry.Hash, entry.Hashtable)] = 1
	checks[entry.Hash] = hash.Check

	outside[entry.KindOf(entry.Set, entry.Hashtable)] = &set.TableOps
	tables[entry.KindOf(entry.Set, entry.Hashtable)] = 1
	checks[entry.Set] = set.Check

	outside[entry.KindOf(entry.ZSet, entry.Skiplist)] = &zset.FullOps
	tables[entry.KindOf(entry.ZSet, entry.Skiplist)] = 1 + zset.IndexOffset
	checks[entry.ZSet] = zset.Check

	outside[entry.KindOf(entry.Stream, entry.StreamNodes)] = &stream.Ops
	checks[entry.Stream] = stream.Check
}

// outsideBytes returns the bytes that e's value holds outside its block.
func outsideBytes(e Entry) int64 {
	if ops := outside[e.Kind()]; ops != nil {
		return ops.Outside(e)
	}
	return 0
}

// entryBytes returns the bytes of e's block and of what its value holds outside.
func entryBytes(e Entry) int64 { return int64(arena.SizeOf(e.Size())) + outsideBytes(e) }

// upkeep is what a change leaves to others: to a running snapshot what stood there before, to the reaper what has
// come free. Whole databases, too, are emptied and exchanged at once, and freed later.
type upkeep struct {
	grid
	reap     reaper
	snapshot snapshots
	bars     atomic.Int32 // scripts that hold shards for long, see AnnounceBar
}

// freeValue frees what e refers to outside its block, at once or, if it is large, by
// the reaper. The payload is garbage afterwards.
func (s *upkeep) freeValue(shard uint32, e Entry) {
	if ops := outside[e.Kind()]; ops != nil {
		s.freeOutside(shard, e, ops)
	}
}

func (s *upkeep) freeOutside(shard uint32, e Entry, ops *value.Ops) {
	sh := &s.shards[shard]
	n := len(sh.mu.garbage)
	sh.mu.garbage = append(sh.mu.garbage, value.Garbage{Kind: e.Kind()}) // where it need not be allocated
	g := &sh.mu.garbage[n]
	ops.Detach(e, g)
	if ops.FreeStep(sh.mu.ar, g, eagerFreeBlocks) {
		sh.mu.garbage = sh.mu.garbage[:n]
	} else {
		s.reap.wake(shard)
	}
}

// Discard hands a value that was taken out of an entry to the reaper, or frees it at
// once if it is small. ops.Detach has filled g.
func (s *upkeep) Discard(shard uint32, g *value.Garbage) {
	sh := &s.shards[shard]
	if !outside[g.Kind].FreeStep(sh.mu.ar, g, eagerFreeBlocks) {
		sh.mu.garbage = append(sh.mu.garbage, *g)
		s.reap.wake(shard)
	}
}

// Edit announces a change of k's value in database db: it hands a pre-image to a
// running snapshot and returns the arena in which the value's memory lives. The types'
// packages change the value with it; if they return another entry than the one they
// were given, Settle follows.
func (s *upkeep) Edit(db int, k Key) *arena.Arena {
	sh := &s.shards[k.Shard]
	sh.preserve(k.Shard, s.at(db, k.Shard), k.Hash)
	return sh.mu.ar
}

// Settle records that k's entry moved from one block to another of the same key, and
// returns the new one. The deadline has not changed.
func (s *upkeep) Settle(db int, k Key, from, to Entry) Entry {
	return s.at(db, k.Shard).moved(k, from, to)
}
