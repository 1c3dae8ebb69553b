package hash

import (
	"unsafe"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/packed"
)

const (
	countBytes    = 2
	deadlineBytes = 8
)

// shape is how the groups of a packed hash stand: behind head bytes, each with suffix
// bytes at its end.
type shape struct{ head, suffix int }

func shapeOf(e entry.Entry) shape {
	if e.Encoding() == entry.ListpackEx {
		return shape{countBytes + deadlineBytes, deadlineBytes}
	}
	return shape{countBytes, 0}
}

func (s shape) find(p, field []byte) int { return packed.Find(p, s.head, field, 2, s.suffix) }

// group reads the group at off and returns the offset behind it.
func (s shape) group(p []byte, off int) (field, val []byte, deadline int64, next int) {
	field, off = packed.Next(p, off)
	val, off = packed.Next(p, off)
	if s.suffix != 0 {
		deadline = load(p, off)
		off += deadlineBytes
	}
	return field, val, deadline, off
}

func count(p []byte) int { return int(p[0]) | int(p[1])<<8 }

func setCount(p []byte, n int) { p[0], p[1] = byte(n), byte(n>>8) }

func load(p []byte, off int) int64 { return *(*int64)(unsafe.Pointer(&p[off : off+8][0])) }

func store(p []byte, off int, v int64) { *(*int64)(unsafe.Pointer(&p[off : off+8][0])) = v }

// hasten moves the nearest deadline at off to deadline (0: none) if that is earlier.
func hasten(p []byte, off int, deadline int64) {
	if d := load(p, off); deadline != 0 && (d == 0 || deadline < d) {
		store(p, off, deadline)
	}
}

// setPacked is Set for a packed hash, timed if deadline is above 0. It is not done, and
// has changed nothing, if the fields would be too many.
func setPacked(ar *arena.Arena, e entry.Entry, lim *Limits, field, val []byte, deadline int64) (_ entry.Entry, created, done bool) {
	p, s := e.Payload(), shapeOf(e)
	n := packed.Size(len(val))
	off := s.find(p, field)
	if off >= 0 {
		if count(p) > lim.entries() {
			return e, false, false // they were more once
		}
		at := packed.Skip(p, off)
		if was := packed.Skip(p, at) - at; was != n {
			e = packed.Splice(ar, e, at, was, n)
			p = e.Payload()
		}
		at = packed.Put(p, at, val)
		if s.suffix != 0 && deadline != KeepTTL {
			store(p, at, deadline)
			hasten(p, countBytes, deadline)
		}
		return e, false, true
	}
	if count(p) >= lim.entries() {
		return e, false, false
	}
	at := len(p)
	e = packed.Splice(ar, e, at, 0, packed.Size(len(field))+n+s.suffix)
	p = e.Payload()
	at = packed.Put(p, at, field)
	at = packed.Put(p, at, val)
	if s.suffix != 0 {
		store(p, at, max(deadline, 0))
		hasten(p, countBytes, max(deadline, 0))
	}
	setCount(p, count(p)+1)
	return e, true, true
}

// shortLimits are what setPacked looks at when staysShort has said that there is room.
var shortLimits = Limits{Entries: shortFields}

// staysShort tells whether a packed hash, beyond the thresholds of a Listpack, remains packed when field
// has the value val.
func staysShort(e entry.Entry, field, val []byte) bool {
	p := e.Payload()
	if e.Encoding() == entry.ListpackEx || count(p) > shortFields {
		return false
	}
	n := len(p) + packed.Size(len(val))
	if off := shapeOf(e).find(p, field); off >= 0 {
		at := packed.Skip(p, off)
		return n-(packed.Skip(p, at)-at) <= shortBytes
	}
	return count(p) < shortFields && n+packed.Size(len(field)) <= shortBytes
}

// toTimed makes a packed hash one whose fields may have deadlines.
func toTimed(ar *arena.Arena, e entry.Entry) entry.Entry {
	if e.Encoding() != entry.Listpack {
		return e
	}
	was := e.PayloadLen()
	from := shapeOf(e)
	e = e.Resize(ar, entry.ListpackEx, was+deadlineBytes*(1+count(e.Payload())), e.Deadline())
	p := e.Payload()
	// The groups move to the end, and from there, each with its suffix, to their places.
	src := len(p) - (was - countBytes)
	copy(p[src:], p[countBytes:was])
	store(p, countBytes, 0)
	for off := countBytes + deadlineBytes; src < len(p); {
		_, _, _, next := from.group(p, src)
		off += copy(p[off:], p[src:next])
		store(p, off, 0)
		off += deadlineBytes
		src = next
	}
	return e
}

// Plan returns the payload of a new packed hash of the pairs field, value, field, value ...;
// ok is false if it may not be packed, or if Fill is not for so many.
func Plan(lim *Limits, pairs [][]byte) (payloadLen int, ok bool) {
	if len(pairs)/2 > min(lim.entries(), maxFillPairs) {
		return 0, false
	}
	n := countBytes
	for _, s := range pairs {
		if !lim.Fits(len(s)) {
			return 0, false
		}
		n += packed.Size(len(s))
	}
	return n, n <= entry.MaxPackedBytes
}

// maxFillPairs bounds Fill, which looks each field up among those before.
const maxFillPairs = 64

// Overwrite gives the leading fields of pairs, as long as it finds them in a hash without
// deadlines that is packed, with values of the same lengths, their values there: of those
// that come in the order of the hash each is found behind the one before. It returns how
// many elements of pairs are done.
func Overwrite(e entry.Entry, lim *Limits, pairs [][]byte) (done int) {
	if e.Encoding() != entry.Listpack {
		return 0
	}
	p, off := e.Payload(), countBytes
	if count(p) > lim.entries() {
		return 0
	}
	for ; done < len(pairs); done += 2 {
		field, val := pairs[done], pairs[done+1]
		if len(val) >= packed.ShortBytes || !lim.Fits(max(len(field), len(val))) {
			return done
		}
		if !packed.Is(p, off, field) {
			if off = packed.Find(p, countBytes, field, 2, 0); off < 0 {
				return done
			}
		}
		at := packed.Skip(p, off)
		if int(p[at]) != len(val) {
			return done
		}
		off = at + 1 + copy(p[at+1:at+1+len(val)], val)
	}
	return done
}

// Fill makes e, a Listpack with a payload as by Plan, the hash of pairs. Of a field that stands twice the last value counts.
func Fill(ar *arena.Arena, e entry.Entry, pairs [][]byte) entry.Entry {
	p := e.Payload()
	off, n := countBytes, 0
	for i := 0; i < len(pairs); i += 2 {
		if i > 0 && packed.Find(p[:off], countBytes, pairs[i], 2, 0) >= 0 {
			return fillTwice(ar, e, off, n, pairs[i:])
		}
		off = packed.Put(p, off, pairs[i])
		off = packed.Put(p, off, pairs[i+1])
		n++
	}
	setCount(p, n)
	return e
}

// fillTwice goes on with Fill from a field that is there already: n fields stand up to
// off.
func fillTwice(ar *arena.Arena, e entry.Entry, off, n int, pairs [][]byte) entry.Entry {
	setCount(e.Payload(), n)
	e = e.Resize(ar, entry.Listpack, off, e.Deadline())
	all := Limits{Entries: maxPackedEntries}
	for i := 0; i < len(pairs); i += 2 {
		e, _, _ = setPacked(ar, e, &all, pairs[i], pairs[i+1], 0)
	}
	return e
}

// expirePacked is ExpireFields for a timed packed hash: one pass that closes the gaps.
func expirePacked(ar *arena.Arena, e entry.Entry, now int64, fn func(field []byte)) (_ entry.Entry, removed int) {
	p, s := e.Payload(), shapeOf(e)
	to, nearest := s.head, int64(0)
	for off := s.head; off < len(p); {
		field, _, d, next := s.group(p, off)
		if gone(d, now) {
			fn(field)
			removed++
		} else {
			to += copy(p[to:], p[off:next])
			if d != 0 && (nearest == 0 || d < nearest) {
				nearest = d
			}
		}
		off = next
	}
	store(p, countBytes, nearest)
	setCount(p, count(p)-removed)
	if removed > 0 {
		e = e.Resize(ar, entry.ListpackEx, to, e.Deadline())
	}
	return e, removed
}
