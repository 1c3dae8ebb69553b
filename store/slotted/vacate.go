package slotted

import (
	"github.com/kringdb/kring/store/arena"
)

// vacate frees the block of p, which no directory word refers to any more. Pages of a
// table grow in step, because hashes are even: they leave one size class of the arena
// after the other. So that no half-empty arena pages stay behind for long, the freed
// block's neighbours follow as soon as less than half of an arena page is in use, but
// for the page stay, which was made just now.
func (t *Table) vacate(ar *arena.Arena, p, stay page) {
	at, ok := arena.PageOf(p.addr())
	t.freePage(ar, p)
	if !ok || t.pages < vacatePages || at.BlockSize < vacateBlockBytes || at.Used <= 1 || (at.Used-1)*vacateShare > at.Capacity {
		return
	}
	arena.Blocks(at.Addr, func(block arena.Addr) bool {
		if own, h := t.owner(block, at.BlockSize); own != 0 && !own.is(stay) {
			t.follow(ar, own, h)
		}
		return true
	})
}

// follow moves own, the page of h, to a block of another size class.
func (t *Table) follow(ar *arena.Arena, own page, h uint64) {
	c := capacityFor(own.header().live())
	if c == own.capacity() {
		c = arena.SizeOf(c + unitBytes)
	}
	if c <= maxPageBytes {
		t.remake(ar, own, h, c)
		t.freePage(ar, own)
	}
}

// owner returns the table's page that is the block of size bytes, and a hash in it, 0 if
// the block is none. Whatever the block holds, it is live and in this shard: what looks
// like a page is one if the directory says so.
func (t *Table) owner(block arena.Addr, size int) (page, uint64) {
	like := makePage(block, size, 0)
	hd := like.header()
	if hd.count == 0 || hd.used() > size {
		return 0, 0
	}
	off := int(like.slots()[0] & offsetMask)
	if off < minPeekBytes || off > int(hd.heap) {
		return 0, 0
	}
	ptr := like.rec(uint32(off)).Ptr()
	l := parse(ptr, t.Mode())
	if l.flags&flagKeyOut != 0 || l.size() > off {
		return 0, 0
	}
	h := Hash(l.key(ptr))
	if p := t.pageAt(h); p.addr() == block && p.capacity() == size {
		return p, h
	}
	return 0, 0
}
