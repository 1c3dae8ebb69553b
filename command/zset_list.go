package command

import (
	"bytes"
	"sort"

	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/zset"
)

// scoredList is a list of members and scores in three blocks: no allocation per element.
type scoredList struct {
	block   []byte
	ends    []int
	scores  []float64
	longest int // bytes of the longest member
}

// grow makes room for n entries.
func (l *scoredList) grow(n int) {
	l.ends, l.scores = make([]int, 0, n), make([]float64, 0, n)
}

func (l *scoredList) len() int { return len(l.ends) }

func (l *scoredList) add(member []byte, score float64) {
	l.block = append(l.block, member...)
	l.ends = append(l.ends, len(l.block))
	l.scores = append(l.scores, score)
	l.longest = max(l.longest, len(member))
}

func (l *scoredList) member(i int) []byte {
	from := 0
	if i > 0 {
		from = l.ends[i-1]
	}
	return l.block[from:l.ends[i]]
}

// order returns the indexes of the entries in the order of a sorted set.
func (l *scoredList) order() []int {
	idx := make([]int, l.len())
	for i := range idx {
		idx[i] = i
	}
	sort.Slice(idx, func(a, b int) bool {
		i, j := idx[a], idx[b]
		if l.scores[i] != l.scores[j] {
			return l.scores[i] < l.scores[j]
		}
		return bytes.Compare(l.member(i), l.member(j)) < 0
	})
	return idx
}

// write replies the entries in the order of a sorted set.
func (l *scoredList) write(c *Ctx, withScores bool) {
	w := c.W
	pairs := withScores && w.Proto() == resp.RESP3
	if withScores && !pairs {
		w.Array(2 * l.len())
	} else {
		w.Array(l.len())
	}
	for n, i := range l.order() {
		if c.endsAt(n) {
			return
		}
		if pairs {
			w.Array(2)
		}
		w.Bulk(l.member(i))
		if withScores {
			w.Double(l.scores[i])
		}
	}
}

// storeZSet makes k a sorted set of the list's entries, a change that counts n, or
// deletes it if there are none.
func storeZSet(c *Ctx, k store.Key, l *scoredList, ev Event, n int) {
	old := c.Store.Find(c.DB, k, c.Now)
	if l.len() == 0 {
		if old.A != 0 {
			c.Store.Delete(c.DB, k)
			c.Changed(k, EventDel, 1)
		}
		return
	}
	e := newZSet(c, k, l.len(), l.longest)
	ar, limits, was := c.Store.Edit(c.DB, k), zsetLimits(c), e
	for i := range l.ends {
		e, _, _ = zset.Add(ar, e, l.member(i), l.scores[i], 0, limits)
	}
	c.Store.Settle(c.DB, k, was, e)
	c.Changed(k, ev, n)
}

// sorted returns the list in the order of a sorted set, which is the cheapest one to
// store it in.
func (l *scoredList) sorted() *scoredList {
	out := scoredList{block: make([]byte, 0, len(l.block))}
	out.grow(l.len())
	for _, i := range l.order() {
		out.add(l.member(i), l.scores[i])
	}
	return &out
}
