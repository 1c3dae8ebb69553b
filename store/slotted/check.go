package slotted

import (
	"fmt"

	"github.com/kringdb/kring/store/arena"
)

// sums are what a Check adds up.
type sums struct {
	count                        uint64
	bytes                        int64
	pages, deepest, timed, large uint32
}

// Check verifies all invariants of the table (doc.go) and returns the first that is
// broken. It hashes every key: for tests, and for the store under the invariants tag.
func Check(t *Table) error {
	c := checker{t: t}
	if !t.empty() {
		if err := c.directory(); err != nil {
			return fmt.Errorf("slotted: %w", err)
		}
	}
	got := sums{t.count, t.bytes, t.pages, t.deepest, t.timed, t.large}
	if got != c.sum {
		return fmt.Errorf("slotted: the root says %+v, counted %+v", got, c.sum)
	}
	return nil
}

// checker goes through a table.
type checker struct {
	t   *Table
	sum sums
}

func (c *checker) directory() error {
	t, sum := c.t, &c.sum
	g := t.g()
	if g > MaxDepthBits || t.count == 0 {
		return fmt.Errorf("directory of depth %d, %d records", g, t.count)
	}
	sum.bytes = int64(arena.SizeOf(dirBytes(g)))
	for i := uint64(0); i < 1<<g; {
		p := *t.word(i)
		if p.addr() == 0 || p.depth() > g || p.capacity() != arena.SizeOf(p.capacity()) || p.capacity()%unitBytes != 0 {
			return fmt.Errorf("directory word %d of depth %d is %#x", i, g, uint64(p))
		}
		n := uint64(1) << (g - p.depth())
		if i%n != 0 {
			return fmt.Errorf("page of depth %d begins at word %d of depth %d", p.depth(), i, g)
		}
		for k := i; k < i+n; k++ {
			if w := *t.word(k); w != p {
				return fmt.Errorf("word %d is %#x, word %d of the same page is %#x", i, uint64(p), k, uint64(w))
			}
		}
		if err := c.page(p); err != nil {
			return err
		}
		sum.bytes += int64(p.capacity())
		sum.pages++
		if p.depth() == g {
			sum.deepest++
		}
		i += n
	}
	return nil
}

// page verifies one page of the directory.
func (c *checker) page(p page) error {
	t, sum := c.t, &c.sum
	hd, s, mode := p.header(), p.slots(), t.Mode()
	if hd.used() > p.capacity() || hd.dead > hd.heap {
		return fmt.Errorf("page of %d bytes: %+v", p.capacity(), *hd)
	}
	live, last := 0, uint32(0)
	for i, slot := range s[:hd.count] {
		off := int(slot & offsetMask)
		if off == 0 || off > int(hd.heap) {
			return fmt.Errorf("slot %d is %#x, the heap has %d bytes", i, slot, hd.heap)
		}
		r := makeRef(p.rec(slot), mode)
		l := parse(r.ptr(), mode)
		live += l.size()
		h := Hash(r.Key())
		if slot>>tagBits != tagOf(h, p.depth()) || slot>>tagBits < last || !t.pageAt(h).is(p) || l.size() > off {
			return fmt.Errorf("slot %d is %#x after tag %#x, hash %#x, page %#x, record of %d bytes", i, slot, last, h, uint64(p), l.size())
		}
		last = slot >> tagBits
		sum.add(&l, r)
	}
	if live != int(hd.heap-hd.dead) {
		return fmt.Errorf("records of %d bytes in a page with %+v", live, *hd)
	}
	return nil
}

// add counts a record.
func (sum *sums) add(l *layout, r Ref) {
	sum.count++
	if l.flags&flagTimed != 0 {
		sum.timed++
	}
	if l.flags&flagKeyOut != 0 {
		sum.large++
		sum.bytes += int64(arena.SizeOf(len(r.Key())))
	}
	if l.flags&flagValOut != 0 {
		sum.large++
		sum.bytes += int64(arena.SizeOf(len(r.Value())))
	}
}
