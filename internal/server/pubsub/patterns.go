package pubsub

import (
	"slices"

	"github.com/kringdb/kring/internal/glob"
)

// patternIndex finds patterns that may match a channel by the bytes that they begin with,
// up to the first that is not taken literally. Those with nothing behind but a star, the
// most common, are found by their name.
type patternIndex[L Listener] struct {
	simple   prefixLengths // of those with a star only
	byPrefix map[string]*patternBucket[L]
	lengths  prefixLengths // of the keys of byPrefix
}

// prefixLengths are the lengths that prefixes have, ascending, and how many have each.
type prefixLengths struct{ list, have []int }

// count adds by to the number of prefixes with n bytes.
func (l *prefixLengths) count(n, by int) {
	i, found := slices.BinarySearch(l.list, n)
	if !found {
		l.list, l.have = slices.Insert(l.list, i, n), slices.Insert(l.have, i, 0)
	}
	if l.have[i] += by; l.have[i] == 0 {
		l.list, l.have = slices.Delete(l.list, i, i+1), slices.Delete(l.have, i, i+1)
	}
}

// patternBucket has the patterns with one prefix.
type patternBucket[L Listener] struct{ indexed[*Topic[L]] }

// literalPrefix is what the names of all channels that match the pattern begin with.
func literalPrefix(pattern string) string {
	for i := range len(pattern) {
		switch pattern[i] {
		case '*', '?', '[', '\\':
			return pattern[:i]
		}
	}
	return pattern
}

// isSimple tells whether pattern is its prefix and a star.
func isSimple(pattern, prefix string) bool {
	return len(pattern) == len(prefix)+1 && pattern[len(prefix)] == '*'
}

// each calls fn with all patterns of all, which the index is of, that match the channel.
func (x *patternIndex[L]) each(all map[string]*Topic[L], channel []byte, fn func(t *Topic[L])) {
	var block [256]byte
	for _, n := range x.simple.list {
		if n > len(channel) {
			break
		}
		t := all[string(append(append(block[:0], channel[:n]...), '*'))]
		if t != nil && len(literalPrefix(t.name)) == n && glob.Match([]byte(t.name), channel, false) {
			fn(t)
		}
	}
	for _, n := range x.lengths.list {
		if n > len(channel) {
			break
		}
		if b := x.byPrefix[string(channel[:n])]; b != nil {
			for _, t := range b.list {
				if glob.Match([]byte(t.name), channel, false) {
					fn(t)
				}
			}
		}
	}
}

func (x *patternIndex[L]) add(t *Topic[L]) {
	prefix := literalPrefix(t.name)
	if isSimple(t.name, prefix) {
		x.simple.count(len(prefix), 1)
		return
	}
	b := x.byPrefix[prefix]
	if b == nil {
		b = &patternBucket[L]{}
		if x.byPrefix == nil {
			x.byPrefix = map[string]*patternBucket[L]{}
		}
		x.byPrefix[prefix] = b
		x.lengths.count(len(prefix), 1)
	}
	b.add(t)
}

func (x *patternIndex[L]) remove(t *Topic[L]) {
	prefix := literalPrefix(t.name)
	if isSimple(t.name, prefix) {
		x.simple.count(len(prefix), -1)
		return
	}
	b := x.byPrefix[prefix]
	if b.remove(t); len(b.list) > 0 {
		return
	}
	delete(x.byPrefix, prefix)
	x.lengths.count(len(prefix), -1)
}
