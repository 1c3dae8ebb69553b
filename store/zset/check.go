package zset

import (
	"bytes"
	"fmt"
	"math"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/slotted"
)

// Check verifies the invariants of one set (see doc.go) and returns what is broken. The
// caller holds the shard lock.
func Check(e entry.Entry) error {
	switch e.Encoding() {
	case entry.Listpack:
		b := compactOf(e)
		if b.size() != e.PayloadLen() || !b.isLeaf() {
			return fmt.Errorf("zset: %d bytes in a payload of %d, level %d", b.size(), e.PayloadLen(), b.level())
		}
		c := checker{}
		return c.leaf(b)
	case entry.Skiplist:
		return checkFull(e)
	}
	return fmt.Errorf("zset: encoding %d", e.Encoding())
}

func checkFull(e entry.Entry) error {
	x := index(e)
	if err := slotted.Check(x); err != nil {
		return err
	}
	c := checker{e: e}
	root := arena.Addr(e.U64(rootOff))
	if root == 0 {
		return fmt.Errorf("zset: no entries")
	}
	if b := at(root); !b.isLeaf() && b.len() < 2 {
		return fmt.Errorf("zset: the root has %d children", b.len())
	}
	if err := c.block(root, at(root).level()); err != nil {
		return err
	}
	if c.n != uint64(x.Len()) || c.bytes != int64(e.U64(bytesOff)) {
		return fmt.Errorf("zset: %d entries, %d bytes; the index has %d entries, the account %d bytes",
			c.n, c.bytes, x.Len(), e.U64(bytesOff))
	}
	return nil
}

// checker walks over a set in its order.
type checker struct {
	e     entry.Entry // full sets
	n     uint64      // entries so far
	bytes int64       // size classes so far
	key   int64       // the last entry or separator
	last  []byte
}

func (c *checker) block(a arena.Addr, level int) error {
	b := at(a)
	if b.level() != level || b.len() == 0 || b.isWide() || b.size() > maxBytes(b) {
		return fmt.Errorf("zset: block of level %d (want %d), %d slots, %d bytes", b.level(), level, b.len(), b.size())
	}
	c.bytes += int64(arena.SizeOf(b.size()))
	if b.isLeaf() {
		return c.leaf(b)
	}
	if b.key(0) != 0 || b.end(0) != 0 {
		return fmt.Errorf("zset: slot 0 of an inner block has a separator")
	}
	for i := range b.len() {
		if i > 0 {
			if err := c.follows(b, i, true); err != nil {
				return err
			}
		}
		n := c.n
		if err := c.block(b.child(i), level-1); err != nil {
			return err
		}
		if c.n-n != b.count(i) {
			return fmt.Errorf("zset: %d entries below a slot that counts %d", c.n-n, b.count(i))
		}
	}
	return nil
}

// follows checks that slot i is behind what the checker saw last, or is a separator that
// is, and remembers it.
func (c *checker) follows(b block, i int, separator bool) error {
	if _, n, ok := b.outside(i); ok {
		c.bytes += int64(arena.SizeOf(n))
		if n <= maxInlineBytes {
			return fmt.Errorf("zset: a member of %d bytes is outside", n)
		}
	}
	key, m := b.key(i), b.member(i)
	if cmp := bytes.Compare(c.last, m); c.last != nil && (key < c.key || key == c.key && (cmp > 0 || cmp == 0 && separator)) {
		return fmt.Errorf("zset: %d %q follows %d %q", key, m, c.key, c.last)
	}
	c.key, c.last = key, append([]byte{}, m...)
	return nil
}

func (c *checker) leaf(b block) error {
	for i := range b.len() {
		afterSeparator := i == 0
		if err := c.follows(b, i, !afterSeparator); err != nil {
			return err
		}
		if b.start(i) > b.end(i) {
			return fmt.Errorf("zset: slot %d ends at %d and starts at %d", i, b.end(i), b.start(i))
		}
		if b.key(i) != keyOf(b.score(i)) {
			return fmt.Errorf("zset: key %d of score %v", b.key(i), b.score(i))
		}
		c.n++
		if c.e.A == 0 {
			continue
		}
		if r := index(c.e).Find(b.member(i)); r == 0 || r.Word() != math.Float64bits(b.score(i)) {
			return fmt.Errorf("zset: %q with score %v is not so in the index", b.member(i), b.score(i))
		}
	}
	return nil
}
