package persistence

import (
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// journal is the ordered stream of records on its way to the file: appended to under
// the shard locks, emptied by the writer. Positions in it (LSN) count the bytes appended
// since the process began; they have nothing to do with offsets in a file.
type journal struct {
	mu struct {
		sync.Mutex
		cur   []byte    // the buffer that is being filled
		full  []segment // what is ready before it
		spare [][]byte  // emptied buffers
		db    int       // database of the last record, -1: none in this file
		stamp int64     // second of the last annotation
	}
	end     atomic.Uint64 // LSN behind the last record
	count   atomic.Uint64 // records
	written atomic.Uint64 // LSN up to which the writer has taken care, by writing or by giving up
	stamps  atomic.Bool   // annotate records with the time
	quiet   atomic.Bool   // whoever appends rings urgent himself: there is no need for wake
	wake    chan struct{} // tells the writer that there is something, not urgent
	urgent  chan struct{} // tells the writer that somebody waits
}

// segment is a piece of the stream: a filled buffer, or the place where the stream goes
// on in another file.
type segment struct {
	buf []byte
	to  *target
}

// target is a file that the stream changes to.
type target struct {
	file   File
	part   part
	at     uint64        // LSN of the change
	revive bool          // the stream was not being written before
	size   atomic.Int64  // bytes of whole records in the file
	open   chan struct{} // closed when the writer has changed to it, or will not
	failed atomic.Bool   // not all of the stream is in it
}

func (j *journal) init() {
	j.mu.db = -1
	j.wake, j.urgent = make(chan struct{}, 1), make(chan struct{}, 1)
}

const (
	unitBegin = "*1\r\n$5\r\nMULTI\r\n"
	unitEnd   = "*1\r\n$4\r\nEXEC\r\n"
	// recordExtraBytes is more than what append adds to a record: annotation, SELECT,
	// MULTI and EXEC.
	recordExtraBytes = 160
)

// append adds a record: commands encoded as multibulk, the first for database db, the
// last for database last. unit wraps them in MULTI and EXEC.
func (j *journal) append(db, last int, body []byte, unit bool) (lsn uint64) {
	var stamp int64
	if j.stamps.Load() {
		stamp = time.Now().Unix()
	}
	j.mu.Lock()
	if cap(j.mu.cur)-len(j.mu.cur) < len(body)+recordExtraBytes {
		j.nextLocked(len(body) + recordExtraBytes)
	}
	b := j.mu.cur
	idle := len(b) == 0 && len(j.mu.full) == 0
	before := len(b)
	if stamp > j.mu.stamp {
		j.mu.stamp = stamp
		b = append(b, "#TS:"...)
		b = strconv.AppendInt(b, stamp, 10)
		b = append(b, '\r', '\n')
	}
	if db != j.mu.db {
		b = appendSelect(b, db)
	}
	j.mu.db = last
	if unit {
		b = append(b, unitBegin...)
		b = append(b, body...)
		b = append(b, unitEnd...)
	} else {
		b = append(b, body...)
	}
	j.mu.cur = b
	lsn = j.end.Load() + uint64(len(b)-before)
	j.end.Store(lsn)
	j.count.Add(1)
	j.mu.Unlock()
	if idle && !j.quiet.Load() {
		ring(j.wake)
	}
	return lsn
}

// ring wakes who listens, unless that was done already.
func ring(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// nextLocked puts the current buffer aside and takes one with room for n bytes.
func (j *journal) nextLocked(n int) {
	if len(j.mu.cur) > 0 {
		j.mu.full = append(j.mu.full, segment{buf: j.mu.cur})
	} else if cap(j.mu.cur) == chunkBytes {
		j.mu.spare = append(j.mu.spare, j.mu.cur)
	}
	switch k := len(j.mu.spare); {
	case n > chunkBytes:
		j.mu.cur = make([]byte, 0, n)
	case k > 0:
		j.mu.cur = j.mu.spare[k-1]
		j.mu.spare[k-1] = nil
		j.mu.spare = j.mu.spare[:k-1]
	default:
		j.mu.cur = make([]byte, 0, chunkBytes)
	}
}

// cut makes the stream go on in t's file.
func (j *journal) cut(t *target) {
	j.mu.Lock()
	defer j.mu.Unlock()
	t.at = j.end.Load()
	if len(j.mu.cur) > 0 {
		j.mu.full = append(j.mu.full, segment{buf: j.mu.cur})
		j.mu.cur = nil
	}
	j.mu.full = append(j.mu.full, segment{to: t})
	j.mu.db, j.mu.stamp = -1, 0
}

// take moves all that has gathered to into, which is empty, and returns it with the LSN
// behind it.
func (j *journal) take(into []segment) ([]segment, uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.mu.full) > 0 {
		into = append(into, j.mu.full...)
		clear(j.mu.full)
		j.mu.full = j.mu.full[:0]
	}
	if len(j.mu.cur) > 0 {
		into = append(into, segment{buf: j.mu.cur})
		j.mu.cur = nil
	}
	return into, j.end.Load()
}

// giveBack returns the buffers of what take gave.
func (j *journal) giveBack(done []segment) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range done {
		if b := done[i].buf; cap(b) == chunkBytes && len(j.mu.spare) < spareChunks {
			j.mu.spare = append(j.mu.spare, b[:0])
		}
		done[i] = segment{}
	}
}

// pending is how many bytes wait for the writer.
func (j *journal) pending() int64 {
	// written first: it never passes end.
	w := j.written.Load()
	return int64(j.end.Load() - w)
}

// appendSelect appends a SELECT of db.
func appendSelect(dst []byte, db int) []byte {
	var digits [20]byte
	d := strconv.AppendInt(digits[:0], int64(db), 10)
	dst = append(dst, "*2\r\n$6\r\nSELECT\r\n$"...)
	dst = strconv.AppendInt(dst, int64(len(d)), 10)
	dst = append(dst, '\r', '\n')
	dst = append(dst, d...)
	return append(dst, '\r', '\n')
}
