package stream

import (
	"bytes"
	"fmt"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// Check verifies the invariants of one stream (see doc.go) and returns what is broken.
// The caller holds the shard lock.
func Check(e entry.Entry) error {
	if e.Encoding() != entry.StreamNodes || e.PayloadLen() != PayloadBytes {
		return fmt.Errorf("stream: encoding %d, payload of %d bytes", e.Encoding(), e.PayloadLen())
	}
	if err := checkNodes(e); err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	r := rootOf(e)
	if is, says := nodesBytes(r.index().root()), int64(*r.word(rootBytes)); is != says {
		return fmt.Errorf("stream: the nodes take %d bytes, the payload says %d", is, says)
	}
	if err := r.groups().check(); err != nil {
		return fmt.Errorf("stream: groups: %w", err)
	}
	for i := range Groups(e) {
		g := GroupAt(e, i)
		if err := g.check(); err != nil {
			return fmt.Errorf("stream: group %q: %w", g.Name(), err)
		}
	}
	return nil
}

// checkNodes walks over all entries, deleted ones too.
func checkNodes(e entry.Entry) error {
	r := rootOf(e)
	if err := r.index().check(); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	var c cursor
	var last, first ID
	var tail node
	length := int64(0)
	for more := c.seekGE(r.index(), ID{}); more; more = c.next() {
		n := node{arena.Addr(*c.word(0))}
		if n.id() != c.id() || n.u32(nodeUsed) > n.u32(nodeCap) || n.u32(nodeLive) == 0 {
			return fmt.Errorf("node %v is %v in the index, %d of %d bytes, %d entries",
				n.id(), c.id(), n.u32(nodeUsed), n.u32(nodeCap), n.u32(nodeLive))
		}
		live, dead, off := 0, 0, n.u32(nodeFirst)
		for off < n.u32(nodeUsed) {
			var it item
			it.read(n, off)
			if it.flags&flagDeleted != 0 {
				dead++
			} else {
				if !last.Less(it.id) {
					return fmt.Errorf("entry %v stands behind %v in node %v", it.id, last, n.id())
				}
				if live++; first.IsZero() {
					first = it.id
				}
				last = it.id
			}
			if off == n.u32(nodeFirst) && it.id != n.id() {
				return fmt.Errorf("the first entry of node %v is %v", n.id(), it.id)
			}
			if it.next >= n.u32(nodeUsed) && off != n.u32(nodeLast) {
				return fmt.Errorf("node %v: the last entry is at %d, not %d", n.id(), off, n.u32(nodeLast))
			}
			off = it.next
		}
		if live != n.u32(nodeLive) || dead != n.u32(nodeDead) || off != n.u32(nodeUsed) {
			return fmt.Errorf("node %v: %d entries, %d deleted, end %d; its head says %d, %d, %d",
				n.id(), live, dead, off, n.u32(nodeLive), n.u32(nodeDead), n.u32(nodeUsed))
		}
		if used := arena.SizeOf(n.u32(nodeUsed)); n != r.tail() && used < arena.SizeOf(n.u32(nodeCap)) {
			return fmt.Errorf("node %v uses %d of %d bytes", n.id(), used, n.u32(nodeCap))
		}
		length += int64(live)
		tail = n
	}
	switch {
	case tail != r.tail():
		return fmt.Errorf("the last node is %#x, not %#x", tail.a, r.tail().a)
	case length != Len(e) || first != FirstID(e) || LastID(e).Less(last):
		return fmt.Errorf("%d entries, first %v, last %v; the root says %d, %v, %v",
			length, first, last, Len(e), FirstID(e), LastID(e))
	}
	return nil
}

// check verifies order, levels and fill of a tree.
func (t tree) check() error {
	if t.root().a == 0 {
		if t.count() != 0 {
			return fmt.Errorf("no tree, but %d records", t.count())
		}
		return nil
	}
	if t.root().level() > 0 && t.root().n() < 2 {
		return fmt.Errorf("a root with one child")
	}
	n, err := t.checkBlock(t.root(), ID{}, MaxID)
	if err == nil && n != t.count() {
		err = fmt.Errorf("%d records, not %d", n, t.count())
	}
	return err
}

// checkBlock verifies that all ids below b are in [from, to].
func (t tree) checkBlock(b block, from, to ID) (count int64, err error) {
	width := innerWidth
	if b.isLeaf() {
		width = t.width
	}
	if b.n() == 0 || b.n() > b.capacity() || b.width() != width || b.level() >= maxLevels {
		return 0, fmt.Errorf("block of %d/%d records of %d words, level %d", b.n(), b.capacity(), b.width(), b.level())
	}
	for i := range b.n() {
		id := b.id(i)
		if (i > 1 || i == 1 && b.isLeaf()) && !b.id(i-1).Less(id) {
			return 0, fmt.Errorf("record %v follows %v", id, b.id(i-1))
		}
		if b.isLeaf() {
			if id.Less(from) || to.Less(id) {
				return 0, fmt.Errorf("record %v is not within %v and %v", id, from, to)
			}
			count++
			continue
		}
		lo, hi := id, to
		if i == 0 {
			lo = from
		}
		if i+1 < b.n() {
			hi, _ = b.id(i + 1).Prev()
		}
		if b.child(i).level() != b.level()-1 {
			return 0, fmt.Errorf("level %d below %d", b.child(i).level(), b.level())
		}
		n, err := t.checkBlock(b.child(i), lo, hi)
		if err != nil {
			return 0, err
		}
		count += n
	}
	return count, nil
}

// check verifies that a table's names are in order.
func (t table) check() error {
	if t.n() > t.capacity() || (t.addr() == 0) != (t.n() == 0) {
		return fmt.Errorf("a table at %#x of %d/%d", t.addr(), t.n(), t.capacity())
	}
	for i := 1; i < t.n(); i++ {
		if bytes.Compare(t.block(i-1).name(), t.block(i).name()) >= 0 {
			return fmt.Errorf("name %q follows %q", t.block(i).name(), t.block(i-1).name())
		}
	}
	return nil
}

// check verifies that every pending entry is in its consumer's tree and in no other.
func (g Group) check() error {
	if err := g.tree().check(); err != nil {
		return err
	}
	if err := g.consumers().check(); err != nil {
		return err
	}
	sum := int64(0)
	for i := range g.Consumers() {
		c := g.Consumer(i)
		if err := c.tree().check(); err != nil {
			return fmt.Errorf("consumer %q: %w", c.Name(), err)
		}
		var own cursor
		for more := own.seekGE(c.tree(), ID{}); more; more = own.next() {
			if d, ok := g.Delivered(own.id()); !ok || d.Consumer != c {
				return fmt.Errorf("entry %v of consumer %q: pending %t", own.id(), c.Name(), ok)
			}
			sum++
		}
	}
	if sum != g.Pending() {
		return fmt.Errorf("%d pending entries, %d of consumers", g.Pending(), sum)
	}
	return nil
}
