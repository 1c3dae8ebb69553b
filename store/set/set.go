package set

import (
	"encoding/binary"
	"strconv"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/packed"
	"github.com/kringdb/kring/store/slotted"
	"github.com/kringdb/kring/store/str"
)

// countBytes is the head of a packed set.
const countBytes = 2

// Form returns encoding and payload length of a new set whose first member is first and
// which may get hint members; Init follows.
func Form(first []byte, hint int, lim *Limits) (enc entry.Encoding, payloadLen int) {
	if _, ok := str.ParseInt(first); ok && hint <= lim.IntEntries {
		enc = entry.Intset
	} else if enc = entry.Hashtable; hint <= min(lim.Entries, maxPackedEntries) {
		enc = entry.Listpack
	}
	return enc, EmptyBytes(enc)
}

// EmptyBytes returns the payload length of an empty set of an encoding.
func EmptyBytes(enc entry.Encoding) int {
	switch enc {
	case entry.Intset:
		return widthBytes
	case entry.Listpack:
		return countBytes
	}
	return slotted.RootBytes
}

// Init makes e, with a payload of EmptyBytes, an empty set.
func Init(e entry.Entry) {
	p := e.Payload()
	switch e.Encoding() {
	case entry.Intset:
		p[0] = 2
	case entry.Listpack:
		setCount(p, 0)
	default:
		slotted.At(p).Init(slotted.Keys)
	}
}

func count(p []byte) int       { return int(binary.LittleEndian.Uint16(p)) }
func setCount(p []byte, n int) { binary.LittleEndian.PutUint16(p, uint16(n)) }

// Len returns the number of members.
func Len(e entry.Entry) int {
	p := e.Payload()
	switch e.Encoding() {
	case entry.Intset:
		return ints(p).count()
	case entry.Listpack:
		return count(p)
	}
	return slotted.At(p).Len()
}

// Has tells whether m is a member.
func Has(e entry.Entry, m []byte) bool {
	p := e.Payload()
	switch e.Encoding() {
	case entry.Intset:
		v, ok := str.ParseInt(m)
		if ok {
			_, ok = ints(p).find(v)
		}
		return ok
	case entry.Listpack:
		return packed.Find(p, countBytes, m, 1, 0) >= 0
	}
	return slotted.At(p).Has(m)
}

// Add makes m, which must not be a view of e, a member and tells whether it was none
// before.
func Add(ar *arena.Arena, e entry.Entry, lim *Limits, m []byte) (entry.Entry, bool) {
	switch e.Encoding() {
	case entry.Hashtable:
		return e, slotted.At(e.Payload()).Add(ar, m)
	case entry.Listpack:
		return addPacked(ar, e, lim, m)
	}
	if v, ok := str.ParseInt(m); ok {
		e, added := addInt(ar, e, v)
		if added && (ints(e.Payload()).count() > lim.IntEntries || e.PayloadLen() > entry.MaxPackedBytes) {
			e = toTable(ar, e)
		}
		return e, added
	}
	if p := ints(e.Payload()); lim.packs(p.count()+1, max(len(m), p.longestText())) {
		return addPacked(ar, toPacked(ar, e), lim, m)
	}
	e = toTable(ar, e)
	slotted.At(e.Payload()).Add(ar, m)
	return e, true
}

func addPacked(ar *arena.Arena, e entry.Entry, lim *Limits, m []byte) (entry.Entry, bool) {
	p := e.Payload()
	if packed.Find(p, countBytes, m, 1, 0) >= 0 {
		return e, false
	}
	if n := count(p); lim.packs(n+1, len(m)) && len(p)+len(m) <= entry.MaxPackedBytes {
		e = packed.Append(ar, e, m)
		setCount(e.Payload(), n+1)
		return e, true
	}
	e = toTable(ar, e)
	slotted.At(e.Payload()).Add(ar, m)
	return e, true
}

// Expect prepares e for up to n more members, of which some may be members already: a
// compact set becomes a table if so many would not fit.
func Expect(ar *arena.Arena, e entry.Entry, lim *Limits, n int) entry.Entry {
	if enc := e.Encoding(); enc == entry.Intset && n > lim.IntEntries || enc == entry.Listpack && n > lim.Entries {
		return toTable(ar, e)
	}
	return e
}

// Remove takes out m, which must not be a view of e, and tells whether it was a member.
func Remove(ar *arena.Arena, e entry.Entry, m []byte) (entry.Entry, bool) {
	p := e.Payload()
	switch e.Encoding() {
	case entry.Hashtable:
		return e, slotted.At(p).Delete(ar, m)
	case entry.Listpack:
		off := packed.Find(p, countBytes, m, 1, 0)
		if off < 0 {
			return e, false
		}
		setCount(p, count(p)-1)
		return packed.Delete(ar, e, off, 1, 0), true
	}
	v, ok := str.ParseInt(m)
	if !ok {
		return e, false
	}
	i, ok := ints(p).find(v)
	if !ok {
		return e, false
	}
	w := ints(p).width()
	return packed.Splice(ar, e, widthBytes+i*w, w, 0), true
}

// Random returns some member of a set that is not empty; r is a random number, and all
// members are about as likely. It is a view of e or made in buf.
func Random(e entry.Entry, r uint64, buf []byte) []byte {
	p := e.Payload()
	if e.Encoding() == entry.Hashtable {
		return slotted.At(p).Random(r).Key()
	}
	return At(e, int(r>>32*uint64(Len(e))>>32), buf)
}

// At returns member i of a set that is no table. It is a view of e or made in buf.
func At(e entry.Entry, i int, buf []byte) []byte {
	p := e.Payload()
	if e.Encoding() == entry.Intset {
		return strconv.AppendInt(buf[:0], ints(p).at(i), 10)
	}
	m, _ := packed.Next(p, packed.At(p, countBytes, i, 1, 0))
	return m
}
