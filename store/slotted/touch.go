package slotted

import (
	"unsafe"

	"github.com/kringdb/kring/internal/prefetch"
	"github.com/kringdb/kring/store/arena"
)

// The look-ahead, as in package dict: these calls may run at any time, without the lock
// of the table. They only bring lines into the cache, give no meaning to what they read,
// and check every address before they follow it. root is where a table may lie, with
// RootBytes readable bytes; h is the Hash of a key.

// maxTouchSlots bounds the slots that TouchRecord searches.
const maxTouchSlots = 1024

// peekWord returns where the directory word of h may be, 0 when it cannot be read.
func peekWord(root arena.Addr, h uint64) arena.Addr {
	dir := *(*uint64)(root.Ptr())
	g := uint(dir>>gShift) & depthMask
	w := wordAddr(dir) + arena.Addr(h>>1>>((63-g)&63)*8)
	if wordAddr(dir) == 0 || g > MaxDepthBits || w+8 > arena.HighWater() {
		return 0
	}
	return w
}

// peekPage returns the page that may be h's, and whether its block can be read.
func peekPage(root arena.Addr, h uint64) (p page, ok bool) {
	w := peekWord(root, h)
	if w == 0 {
		return 0, false
	}
	p = *(*page)(w.Ptr())
	return p, p.addr() != 0 && p.end() <= arena.HighWater() && p.capacity() >= headerBytes
}

// TouchWord is stage 1: it asks for the directory word of h.
func TouchWord(root arena.Addr, h uint64) {
	if w := peekWord(root, h); w != 0 {
		prefetch.Line(w.Ptr())
	}
}

// TouchPage is stage 2, when the word has come: it asks for the header of h's page and for
// the slots where h's may be.
func TouchPage(root arena.Addr, h uint64) {
	p, ok := peekPage(root, h)
	if !ok {
		return
	}
	prefetch.Line(p.addr().Ptr())
	at := headerBytes + arena.Addr(tagOf(h, p.depth())*p.hint()>>tagBits)*slotBytes
	if at = max(at, slotBytes*windowSlots/2) - slotBytes*windowSlots/2; p.addr()+at+128 <= p.end() {
		prefetch.Lines2((p.addr() + at).Ptr())
	}
}

// TouchRecord is stage 3, when these have come: it asks for the record.
func TouchRecord(root arena.Addr, h uint64) {
	p, ok := peekPage(root, h)
	if !ok {
		return
	}
	n, tag := uint32(p.header().count), tagOf(h, p.depth())
	if n > maxTouchSlots || headerBytes+int(n)*slotBytes > p.capacity() {
		return
	}
	s := p.slots()
	i := lowerBound(s, n, p.hint(), tag)
	if i >= n || s[i]>>tagBits != tag {
		return
	}
	if off := arena.Addr(s[i] & offsetMask); off <= arena.Addr(p.capacity()) && off >= touchBytes {
		prefetch.Line((p.end() - off).Ptr())
		prefetch.Line(unsafe.Add((p.end() - off).Ptr(), touchBytes-1))
	}
}

// touchBytes is how much of a record TouchRecord asks for.
const touchBytes = 32
