package stream

import (
	"unsafe"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/value"
)

// Ops are the stream's functions for the keyspace.
var Ops = value.Ops{
	Detach: detach, FreeStep: freeStep, Bytes: garbageBytes, Outside: outside, Copy: copyValue, Compact: compact,
}

// The words of a stream's Garbage. What is freed vanishes from trees and tables, so that
// they are their own progress.
const (
	gIndex  = iota // root of the index
	gGroups        // table of groups, 2 words
)

func detach(e entry.Entry, g *value.Garbage) {
	r := rootOf(e)
	g.Root[gIndex] = *r.word(rootIndex)
	g.Root[gGroups], g.Root[gGroups+1] = *r.word(rootGroups), *r.word(rootGroups + 1)
}

func freeNode(ar *arena.Arena, rec unsafe.Pointer) {
	node{arena.Addr(*(*uint64)(unsafe.Add(rec, keyBytes)))}.free(ar)
}

func freeStep(ar *arena.Arena, g *value.Garbage, max int) bool {
	max = freeSome(ar, &g.Root[gIndex], max, freeNode)
	t := table{unsafe.Pointer(&g.Root[gGroups]), groupHeaderBytes}
	t.freeSome(ar, max, func(b named, max int) (int, bool) { return Group{b}.freeSome(ar, max) })
	return g.Root[gIndex] == 0 && t.n() == 0
}

// freeSome frees up to max blocks of a table and of what its blocks hold, and returns
// what is left of max. free does the same for one block and tells whether it is gone.
func (t table) freeSome(ar *arena.Arena, max int, free func(b named, max int) (left int, gone bool)) int {
	for max > 0 && t.n() > 0 {
		last, gone := t.n()-1, false
		if max, gone = free(t.block(last), max); gone {
			t.drop(ar, last)
		}
	}
	return max
}

// freeSome frees up to max blocks of what the group holds, its own last, and returns what
// is left of max and whether the group is gone.
func (g Group) freeSome(ar *arena.Arena, max int) (left int, gone bool) {
	max = freeSome(ar, (*uint64)(g.at(groupPending)), max, nil)
	max = g.consumers().freeSome(ar, max, func(b named, max int) (int, bool) { return Consumer{b}.freeSome(ar, max) })
	if max <= 0 {
		return max, false
	}
	ar.Free(g.b.a, g.b.bytes())
	return max - 1, true
}

func (c Consumer) freeSome(ar *arena.Arena, max int) (left int, gone bool) {
	if max = freeSome(ar, (*uint64)(c.at(consumerPending)), max, nil); max <= 0 {
		return max, false
	}
	ar.Free(c.b.a, c.b.bytes())
	return max - 1, true
}

func garbageBytes(g *value.Garbage) int64 {
	index := block{arena.Addr(g.Root[gIndex])}
	return nodesBytes(index) + bytesOf(index, table{unsafe.Pointer(&g.Root[gGroups]), groupHeaderBytes})
}

// outside does not visit the nodes: they are many, and their shard is locked.
func outside(e entry.Entry) int64 {
	r := rootOf(e)
	return int64(*r.word(rootBytes)) + bytesOf(r.index().root(), r.groups())
}

// bytesOf returns the bytes of the nodes' index and of the groups.
func bytesOf(index block, groups table) int64 {
	sum := blocksBytes(index) + tableBytes(groups)
	for i := range groups.n() {
		g := Group{groups.block(i)}
		sum += int64(arena.SizeOf(g.b.bytes())) + blocksBytes(g.tree().root()) + tableBytes(g.consumers())
		for j := range g.Consumers() {
			c := g.Consumer(j)
			sum += int64(arena.SizeOf(c.b.bytes())) + blocksBytes(c.tree().root())
		}
	}
	return sum
}

func tableBytes(t table) int64 {
	if t.addr() == 0 {
		return 0
	}
	return int64(arena.SizeOf(t.capacity() * wordBytes))
}

// nodesBytes adds up what the nodes below an index's block take.
func nodesBytes(b block) int64 {
	if b.a == 0 {
		return 0
	}
	sum := int64(0)
	for i := range b.n() {
		if b.isLeaf() {
			sum += int64(node{b.child(i).a}.size())
		} else {
			sum += nodesBytes(b.child(i))
		}
	}
	return sum
}

// copyValue makes to, whose payload is a byte copy of from's, a deep copy.
func copyValue(ar *arena.Arena, to, from entry.Entry) {
	r, f := rootOf(to), rootOf(from)
	f.index().copyTo(ar, r.index())
	r.setTail(node{})
	var c cursor
	for more := c.seekGE(r.index(), ID{}); more; more = c.next() {
		n := node{arena.Addr(*c.word(0))}
		capacity := n.u32(nodeCap)
		copied := node{ar.Alloc(capacity)}
		copy(arena.Bytes(copied.a, capacity), n.bytes())
		*c.word(0) = uint64(copied.a)
		r.setTail(copied)
	}
	copyTable(ar, r.groups(), f.groups(), func(b, old named) { copyGroup(ar, Group{b}, Group{old}) })
}

// copyTable makes to a table of copies of from's blocks; fix corrects what a block, now a
// byte copy, refers to.
func copyTable(ar *arena.Arena, to, from table, fix func(b, old named)) {
	n, capacity := from.n(), from.capacity()
	to.set(0, 0, 0)
	if n == 0 {
		return
	}
	to.set(ar.Alloc(capacity*wordBytes), n, capacity)
	w := to.words()
	for i := range n {
		old := from.block(i)
		b := named{ar.Alloc(old.bytes()), old.head}
		copy(arena.Bytes(b.a, old.bytes()), arena.Bytes(old.a, old.bytes()))
		w[i] = uint64(b.a)
		fix(b, old)
	}
}

// copyGroup corrects g, a byte copy of from. Its pending records still name the old
// consumers.
func copyGroup(ar *arena.Arena, g, from Group) {
	from.tree().copyTo(ar, g.tree())
	copyTable(ar, g.consumers(), from.consumers(), func(b, old named) {
		c := Consumer{b}
		Consumer{old}.tree().copyTo(ar, c.tree())
		g.reown(c)
	})
}

// reown makes c the owner of those of g's pending records that are in c's tree.
func (g Group) reown(c Consumer) {
	var own cursor
	for more := own.seekGE(c.tree(), ID{}); more; more = own.next() {
		var of cursor
		of.find(g.tree(), own.id())
		*of.word(1) = *of.word(1)&^addrMask | uint64(c.b.a)>>3
	}
}
