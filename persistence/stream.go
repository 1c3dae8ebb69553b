package persistence

import (
	"strconv"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/persistence/journal"
)

// stream is what the AOF has of the journal: records, framed for the file, on their way to
// it. It is filled as a subscriber of the journal and emptied by the writer. Its positions are
// the journal's; they have nothing to do with offsets in a file.
type stream struct {
	log *journal.Journal

	// What follows is guarded by the journal's lock.
	cur   []byte    // the buffer that is being filled
	full  []segment // what is ready before it
	spare [][]byte  // emptied buffers
	cuts  int       // how many of full are changes of the file
	db    int       // database of the last record, -1: none in this file
	stamp int64     // second of the last annotation of the time
	// mark returns the mark that the data have when all is recorded up to a position; ok is false if they have none.
	mark     func(pos uint64) (m Mark, ok bool)
	marked   Mark // the last one in this file
	unmarked bool // records have come since

	live    atomic.Bool   // it subscribes
	count   atomic.Uint64 // records
	written atomic.Uint64 // position up to which they were taken care of: written to the file, or given up
	stamps  atomic.Bool   // annotate records with the time
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
	at     uint64        // position of the change
	revive bool          // the stream was not being written before
	size   atomic.Int64  // bytes of whole records in the file
	open   chan struct{} // closed when the writer has changed to it, or will not
	failed atomic.Bool   // not all of the stream is in it
}

func (s *stream) init(log *journal.Journal) {
	s.log, s.db = log, -1
	s.urgent = make(chan struct{}, 1)
}

const (
	unitBegin = "*1\r\n$5\r\nMULTI\r\n"
	unitEnd   = "*1\r\n$4\r\nEXEC\r\n"
	// recordExtraBytes is more than what Record adds to a record: annotation, SELECT,
	// MULTI and EXEC.
	recordExtraBytes = 160
)

// Record implements journal.Subscriber.
func (s *stream) Record(r journal.Record) {
	if cap(s.cur)-len(s.cur) < len(r.Body)+recordExtraBytes {
		s.next(len(r.Body) + recordExtraBytes)
	}
	b := s.cur
	if s.stamps.Load() {
		if now := time.Now().Unix(); now > s.stamp {
			s.stamp = now
			b = append(b, "#TS:"...)
			b = strconv.AppendInt(b, now, 10)
			b = append(b, '\r', '\n')
		}
	}
	if r.First != s.db {
		b = appendSelect(b, r.First)
	}
	s.db = r.Last
	if r.Unit {
		b = append(b, unitBegin...)
		b = append(b, r.Body...)
		b = append(b, unitEnd...)
	} else {
		b = append(b, r.Body...)
	}
	s.cur, s.unmarked = b, true
	s.count.Add(1)
}

// subscribe begins to take records, unless it has begun. The journal is locked.
func (s *stream) subscribe(pos uint64) {
	if !s.log.SubscribedLocked(s) {
		s.written.Store(pos)
		s.log.SubscribeLocked(s)
		s.live.Store(true)
	}
}

// unsubscribe ends that: the last thing is a mark.
func (s *stream) unsubscribe() {
	s.log.Lock()
	s.note()
	s.log.UnsubscribeLocked(s)
	s.live.Store(false)
	s.log.Unlock()
}

// ring wakes who listens, unless that was done already.
func ring(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// next puts the current buffer aside and takes one with room for n bytes. The journal is
// locked.
func (s *stream) next(n int) {
	if len(s.cur) > 0 {
		s.full = append(s.full, segment{buf: s.cur})
	} else if cap(s.cur) == chunkBytes {
		s.spare = append(s.spare, s.cur)
	}
	switch k := len(s.spare); {
	case n > chunkBytes:
		s.cur = make([]byte, 0, n)
	case k > 0:
		s.cur = s.spare[k-1]
		s.spare[k-1] = nil
		s.spare = s.spare[:k-1]
	default:
		s.cur = make([]byte, 0, chunkBytes)
	}
}

// cut makes the stream go on in t's file, from pos on. The journal is locked.
func (s *stream) cut(t *target, pos uint64) {
	t.at = pos
	if len(s.cur) > 0 {
		s.full = append(s.full, segment{buf: s.cur})
		s.cur = nil
	}
	s.full = append(s.full, segment{to: t})
	s.cuts++
	s.db, s.stamp, s.marked, s.unmarked = -1, 0, Mark{}, true
}

// take moves all that has gathered to the end of into and returns it with the position behind it.
// used are buffers whose content is written: they are used again. With plain it takes nothing, and
// says so, where the file changes; and a mark comes only with records, which else would cost a write.
func (s *stream) take(into []segment, used [][]byte, plain bool) (got []segment, upTo uint64, ok bool) {
	s.log.Lock()
	defer s.log.Unlock()
	if plain && s.cuts > 0 {
		return into, 0, false
	}
	for _, b := range used {
		if cap(b) == chunkBytes && len(s.spare) < spareChunks {
			s.spare = append(s.spare, b[:0])
		}
	}
	if !plain || s.unmarked {
		s.note()
	}
	if len(s.full) > 0 {
		into = append(into, s.full...)
		clear(s.full)
		s.full, s.cuts = s.full[:0], 0
	}
	if len(s.cur) > 0 {
		into = append(into, segment{buf: s.cur})
		s.cur = nil
	}
	return into, s.log.End(), true
}

// pending is how many bytes of records wait for the writer.
func (s *stream) pending() int64 {
	if !s.live.Load() {
		return 0
	}
	// written first: it never passes the end.
	w := s.written.Load()
	return int64(s.log.End() - w)
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
