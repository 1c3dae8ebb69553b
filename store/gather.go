package store

import (
	"cmp"
	"slices"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/dict"
)

// Gather moves entries out of the emptiest of the pages that shards share, about so many, into places that are free
// in the others, and returns how many pages it has emptied. Other than a pass it does not go through the tables: an
// entry is found by its key, and what stands there besides entries stays. It does nothing while there is a pass.
// It takes shard locks itself, one at a time.
func (c *Compactor) Gather(most int) (emptied int) {
	if c.shared || c.ar != nil {
		return 0
	}
	c.lodgers = c.gathering.Close(most, c.lodgers[:0])
	if len(c.lodgers) == 0 {
		return 0
	}
	slices.SortFunc(c.lodgers, func(a, b arena.Lodger) int { return cmp.Compare(a.Guest, b.Guest) })
	moved := 0
	for i := range c.s.shards {
		if !c.s.LockUnlessLong(uint32(i)) {
			continue
		}
		moved += c.gatherShard(uint32(i))
		c.s.shards[i].mu.Unlock()
	}
	emptied, left := c.gathering.Open()
	c.stats.Moved += int64(moved)
	c.stats.Keys += int64(moved)
	c.stats.Failed += int64(left)
	return emptied
}

// gatherShard moves what is the shard's, which is locked.
func (c *Compactor) gatherShard(shard uint32) (moved int) {
	ar := c.s.shards[shard].mu.ar
	guest := ar.Guest()
	if guest == 0 {
		return 0
	}
	ar.GiveSpares() // of which some may stand in pages that are closed now
	at, _ := slices.BinarySearchFunc(c.lodgers, guest, func(l arena.Lodger, guest uint16) int { return cmp.Compare(l.Guest, guest) })
	for ; at < len(c.lodgers) && c.lodgers[at].Guest == guest; at++ {
		if c.moveLodger(shard, c.lodgers[at]) {
			moved++
		}
	}
	return moved
}

// moveLodger moves a block to another page, if it is an entry, and is still there.
func (c *Compactor) moveLodger(shard uint32, l arena.Lodger) bool {
	ar, e := c.s.shards[shard].mu.ar, Entry{A: l.Addr}
	size := ar.Lodges(l)
	if size == 0 || !e.MayBe(size) {
		return false
	}
	h := c.s.ops.Hash(e.A)
	for db := range c.s.inUse() {
		// No slot leads to what is not an entry, whatever its bytes say.
		if slot := c.s.at(db, shard).table.FindAddr(h, e.A); slot != nil {
			to := e.Clone(ar, e.Key(), e.Deadline())
			dict.SetSlotAddr(slot, to.A)
			e.Free(ar)
			return true
		}
	}
	return false
}
