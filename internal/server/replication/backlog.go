package replication

import (
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/kringdb/kring/persistence/journal"
)

// Backlog is the last part of the stream. It is a subscriber of the journal while the server
// is a primary that somebody follows, or lately has. Methods whose name ends in Locked are for
// who has locked the journal; the others are for anybody.
type Backlog struct {
	end    atomic.Int64 // Offset
	active atomic.Bool
	asleep atomic.Int32 // readers that wait

	// Guarded by the journal's lock.
	db  int    // database that the stream has selected last; -1: a SELECT must come next
	cur *block // where bytes go to

	mu struct { // innermost
		sync.Mutex
		size    int64 // how much is kept at least, once there was so much
		blocks  []*block
		spare   [][]byte
		readers []*Reader
		lost    int // readers that may still look at blocks that nothing pins
	}
}

// block is a piece of the stream: from start on, as far as it is filled.
type block struct {
	start int64
	buf   []byte
}

// end is the offset behind it.
func (b *block) end() int64 { return b.start + int64(len(b.buf)) }

// Active tells whether there is a backlog: whether what happens besides changes of data, as
// PUBLISH, is to be appended.
func (b *Backlog) Active() bool { return b.active.Load() }

// Offset is how many bytes the stream has had. It stands still while there is no backlog.
func (b *Backlog) Offset() int64 { return b.end.Load() }

// BeginLocked makes a backlog that keeps size bytes, from offset on. There is none yet.
func (b *Backlog) BeginLocked(size, offset int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mu.size = size
	b.restart(offset)
	b.active.Store(true)
}

// restart empties the list. b.mu is held.
func (b *Backlog) restart(offset int64) {
	b.mu.blocks, b.cur, b.db = nil, nil, -1
	b.end.Store(offset)
}

// ResetLocked drops all that is kept and goes on at another offset: the data has been
// replaced. Who reads is lost.
func (b *Backlog) ResetLocked(offset int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lose(func(*Reader) bool { return true })
	b.restart(offset)
	b.mu.spare = nil
}

// EndLocked gives the backlog up; the offset remains. Who reads is lost.
func (b *Backlog) EndLocked() {
	b.ResetLocked(b.Offset())
	b.active.Store(false)
}

// FenceLocked keeps what is appended from now on from those who read: the history that they follow ends
// here, and what comes belongs to another one. They are to ask again.
func (b *Backlog) FenceLocked() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.mu.readers {
		r.fence.Store(min(r.fence.Load(), b.end.Load()))
	}
}

// Resize changes how much is kept.
func (b *Backlog) Resize(size int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mu.size = size
	b.trim(b.end.Load())
}

// Record implements journal.Subscriber: it frames a record as the stream has it.
func (b *Backlog) Record(r journal.Record) {
	if r.First != b.db {
		b.SelectLocked(r.First)
	}
	b.db = r.Last
	if r.Unit {
		b.AppendLocked(unitBegin)
		b.AppendLocked(r.Body)
		b.AppendLocked(unitEnd)
		return
	}
	b.AppendLocked(r.Body)
}

var (
	unitBegin = []byte("*1\r\n$5\r\nMULTI\r\n")
	unitEnd   = []byte("*1\r\n$4\r\nEXEC\r\n")
)

// SelectLocked appends a SELECT of db.
func (b *Backlog) SelectLocked(db int) {
	var room [64]byte
	var digits [20]byte
	d := strconv.AppendInt(digits[:0], int64(db), 10)
	p := append(room[:0], "*2\r\n$6\r\nSELECT\r\n$"...)
	p = strconv.AppendInt(p, int64(len(d)), 10)
	p = append(p, '\r', '\n')
	p = append(p, d...)
	p = append(p, '\r', '\n')
	b.AppendLocked(p)
	b.db = db
}

// DBLocked is the database that the stream has selected last, -1: none is known.
func (b *Backlog) DBLocked() int { return b.db }

// SetDBLocked notes the database that bytes which were appended as they are have selected, or
// with -1 that a SELECT must come before the next record: at a cut, because who begins there
// knows of none.
func (b *Backlog) SetDBLocked(db int) { b.db = db }

// AppendLocked appends bytes of the stream as they are: whole commands, and no part of a
// unit without the rest of it.
func (b *Backlog) AppendLocked(p []byte) {
	end := b.end.Load()
	for len(p) > 0 {
		if b.cur == nil || end == b.cur.end() {
			b.grow(end)
		}
		n := copy(b.cur.buf[end-b.cur.start:], p)
		p = p[n:]
		end += int64(n)
	}
	b.end.Store(end)
}

// grow begins a block at an offset. The bytes before it may not be published yet.
func (b *Backlog) grow(at int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lose(func(r *Reader) bool { return r.limit > 0 && at-r.pos.Load() > r.limit })
	b.trim(at)
	blk := &block{start: at}
	if k := len(b.mu.spare); k > 0 {
		blk.buf = b.mu.spare[k-1]
		b.mu.spare = b.mu.spare[:k-1]
	} else {
		blk.buf = make([]byte, blockBytes)
	}
	b.mu.blocks = append(b.mu.blocks, blk)
	b.cur = blk
}

// trim drops blocks that neither the size nor a reader keeps, when the stream has come to
// an offset. b.mu is held.
func (b *Backlog) trim(end int64) {
	keep := end - b.mu.size
	for _, r := range b.mu.readers {
		keep = min(keep, r.pos.Load())
	}
	n := 0
	for n < len(b.mu.blocks)-1 && b.mu.blocks[n].end() <= keep {
		if len(b.mu.spare) < spareBlocks && b.mu.lost == 0 {
			b.mu.spare = append(b.mu.spare, b.mu.blocks[n].buf)
		}
		n++
	}
	if n > 0 {
		b.mu.blocks = slices.Delete(b.mu.blocks, 0, n)
	}
}

// lose cuts off readers. b.mu is held.
func (b *Backlog) lose(which func(*Reader) bool) {
	b.mu.readers = slices.DeleteFunc(b.mu.readers, func(r *Reader) bool {
		if !which(r) {
			return false
		}
		b.mu.lost++
		r.lost.Store(true)
		r.ring()
		return true
	})
}

// Wake lets those readers go on that wait for what was appended. Who appends calls it
// afterwards, when it holds no lock; it is cheap when nobody waits.
func (b *Backlog) Wake() {
	if b.asleep.Load() == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.mu.readers {
		r.ring()
	}
}

// Numbers is what INFO tells of the backlog.
type Numbers struct {
	Active bool
	Size   int64 // as asked for
	First  int64 // the offset from which on it has the stream
	Offset int64
	Bytes  int64 // of memory
}

// Numbers returns them.
func (b *Backlog) Numbers() Numbers {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := Numbers{Active: b.active.Load(), Size: b.mu.size, Offset: b.end.Load()}
	n.First = b.first()
	n.Bytes = int64(len(b.mu.blocks)+len(b.mu.spare)) * blockBytes
	return n
}

// first is the offset of the oldest byte that is kept. b.mu is held.
func (b *Backlog) first() int64 {
	if len(b.mu.blocks) == 0 {
		return b.end.Load()
	}
	return b.mu.blocks[0].start
}
