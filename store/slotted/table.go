package slotted

import (
	"hash/maphash"
	"unsafe"

	"github.com/kringdb/kring/store/arena"
)

// Mode says what the records of a table carry besides their keys.
type Mode uint8

const (
	Keys   Mode = iota // nothing: a set
	Words              // 8 bytes that can be changed in place
	Values             // any bytes, and on request a deadline
)

// RootBytes and RootWords are the size of a Table.
const (
	RootBytes = int(unsafe.Sizeof(Table{}))
	RootWords = RootBytes / 8
)

// Table is one hash table. It has no pointers: it lies in an entry's payload, where it
// need not be aligned, and may be moved (not doubled, see Clone) by copying its bytes.
// Init makes it ready. In every method the caller holds the lock of the shard whose
// arena the table lives in.
type Table struct {
	dir     uint64 // mode<<56 | g<<48 | directory address>>3
	count   uint64 // records
	bytes   int64  // of arena blocks: pages, directory, keys and values outside
	pages   uint32
	deepest uint32 // pages whose depth is g
	timed   uint32 // records with a deadline
	large   uint32 // keys and values outside
}

// At returns the table whose root begins at p[0]; it is valid as long as p is.
func At(p []byte) *Table { return (*Table)(unsafe.Pointer(&p[:RootBytes][0])) }

// Init makes t an empty table. No memory is taken before the first Insert.
func (t *Table) Init(mode Mode) { *t = Table{dir: uint64(mode) << modeShift} }

// Len returns the number of records.
func (t *Table) Len() int { return int(t.count) }

// Bytes returns the bytes of all arena blocks of the table, as by arena.SizeOf.
func (t *Table) Bytes() int64 { return t.bytes }

// Timed returns how many records have a deadline.
func (t *Table) Timed() int { return int(t.timed) }

// Mode returns what the records carry.
func (t *Table) Mode() Mode { return Mode(t.dir >> modeShift) }

// seed is the process's own, so that nobody can choose keys that collide.
var seed = maphash.MakeSeed()

// hashMask is all ones except in tests of hashes that do not part.
var hashMask = ^uint64(0)

// Hash returns the hash of a key, whose order is the order of the records.
func Hash(key []byte) uint64 { return maphash.Bytes(seed, key) & hashMask }

// Bit layout, drawn in doc.go.
const (
	addrMask  = 1<<40 - 1
	gShift    = 48
	gMask     = 63
	modeShift = 56

	unitBits   = 6 // pages are whole cache lines
	unitBytes  = 1 << unitBits
	unitMask   = 1<<37 - 1
	hintShift  = 37
	hintMax    = 1<<11 - 1
	depthShift = 48
	depthMask  = 31
	capShift   = 53

	tagBits      = 16
	positionBits = 40
	positions    = 1 << positionBits
	positionOff  = 64 - positionBits
)

func wordAddr(w uint64) arena.Addr { return arena.Addr(w&addrMask) << 3 }

// empty tells whether the table has no memory.
func (t *Table) empty() bool { return t.dir&addrMask == 0 }

// g returns the depth of the directory in bits.
func (t *Table) g() uint { return uint(t.dir>>gShift) & gMask }

func (t *Table) setDir(a arena.Addr, g uint) {
	t.dir = t.dir>>modeShift<<modeShift | uint64(g)<<gShift | uint64(a)>>3
}

func dirBytes(g uint) int { return 8 << g }

// dirIndex returns the index of h among the words; two shifts, so that g = 0 needs no
// branch.
func (t *Table) dirIndex(h uint64) uint64 { return h >> 1 >> ((63 - t.g()) & 63) }

// hint writes p's count into its directory words, of which h has one. The few at most:
// a stale hint is right enough.
func (t *Table) hint(p page, h uint64, count uint16) {
	n := uint64(1) << (t.g() - p.depth())
	if n > hintedWords {
		return
	}
	p = p.hinted(uint32(count))
	first := t.dirIndex(h) &^ (n - 1)
	for i := first; i < first+n; i++ {
		*t.word(i) = p
	}
}

// word returns where the i-th directory word lies.
func (t *Table) word(i uint64) *page { return (*page)((wordAddr(t.dir) + arena.Addr(i*8)).Ptr()) }

// pageAt returns the page of h; the table is not empty.
func (t *Table) pageAt(h uint64) page { return *t.word(t.dirIndex(h)) }

// setWords lets all directory words of p's range, which h is in, refer to p, with its
// present count as the hint.
func (t *Table) setWords(p page, h uint64) {
	p = p.hinted(uint32(p.header().count))
	n := uint64(1) << (t.g() - p.depth())
	first := t.dirIndex(h) &^ (n - 1)
	for i := first; i < first+n; i++ {
		*t.word(i) = p
	}
}
