package slotted

import (
	"unsafe"

	"github.com/kringdb/kring/internal/prefetch"
	"github.com/kringdb/kring/store/arena"
)

// The look-ahead, as in package dict: these calls may run at any time, without the lock
// of the table. They only bring lines into the cache, give no meaning to what they read,
// and check every address before they follow it.

// maxTouchSlots bounds the slots that Place.TouchRecord searches.
const maxTouchSlots = 1024

// touchBytes is how much of a record Place.TouchRecord asks for.
const touchBytes = 32

// Place is where look-ahead has come to on its way to a record: at its directory word,
// then at its page. What has been checked is not checked again. The zero Place is nowhere.
type Place struct {
	hash uint64
	word arena.Addr // of the directory word, which can be read; 0 nowhere
	page page       // a page whose block can be read; 0 not there yet
}

// Touch is stage 1: it asks for the directory word of key. root is where a table may lie,
// with RootBytes readable bytes.
func (at *Place) Touch(root arena.Addr, key []byte) {
	at.hash = Hash(key)
	dir := *(*uint64)(root.Ptr())
	g := uint(dir>>gShift) & depthMask
	w := wordAddr(dir) + arena.Addr(at.hash>>1>>((63-g)&63)*8)
	if wordAddr(dir) == 0 || g > MaxDepthBits || w+8 > arena.HighWater() {
		return
	}
	at.word = w
	prefetch.Line(w.Ptr())
}

// TouchPage is stage 2, when the word has come: it asks for the header of the page and for
// the slots where the record's may be.
func (at *Place) TouchPage() {
	if at.word == 0 {
		return
	}
	p := *(*page)(at.word.Ptr())
	if p.addr() == 0 || p.end() > arena.HighWater() || p.capacity() < headerBytes {
		return
	}
	at.page = p
	slot := headerBytes + arena.Addr(tagOf(at.hash, p.depth())*p.hint()>>tagBits)*slotBytes
	slot = max(slot, slotBytes*windowSlots/2) - slotBytes*windowSlots/2
	prefetch.Line(p.addr().Ptr())
	if slot += p.addr(); slot+windowSlots*slotBytes <= p.end() {
		prefetch.Two(slot.Ptr(), (slot + windowSlots*slotBytes - 1).Ptr())
	}
}

// TouchRecord is stage 3, when these have come: it asks for the record.
func (at *Place) TouchRecord() {
	p := at.page
	if p == 0 {
		return
	}
	n, tag := uint32(p.header().count), tagOf(at.hash, p.depth())
	if n > maxTouchSlots || headerBytes+int(n)*slotBytes > p.capacity() {
		return
	}
	s := p.slots()
	i := lowerBound(s, n, p.hint(), tag)
	if i >= n || s[i]>>tagBits != tag {
		return
	}
	if off := arena.Addr(s[i] & offsetMask); off <= arena.Addr(p.capacity()) && off >= touchBytes {
		rec := (p.end() - off).Ptr()
		prefetch.Two(rec, unsafe.Add(rec, touchBytes-1))
	}
}
