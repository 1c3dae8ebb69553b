package persistence

import (
	"encoding/binary"
	"hash/crc32"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"
)

// side is a file beside the increment that takes the stream's records while the increment is being
// synced, or a write to it does not come back: file systems let a write wait for a sync of the same
// file, for as long as the disk takes. It is never synced, so nothing waits for a disk here. What is
// in it survives the end of the process, as what is in the increment does; so replies may leave.
// The same bytes go into the increment when that is free; only after a kill -9 in between are they
// missing there, and the next Open puts them in.
//
// The file is a row of chunks: what a file of records has, or will have, from an offset on. A chunk
// is of use as long as that file ends within it; so chunks need not be removed to become void.
//
//	magic "KSD1" · crc32c of what follows · seq of the increment (8) · offset (8) · length (4) · content
//
// Little endian. Guarded by writer.mu, but for the atomics.
type side struct {
	a       *AOF
	file    File         // nil: none
	size    int64        // of the file
	ready   atomic.Bool  // it can be written to
	writing atomic.Int64 // like writer.writing
	buf     []byte       // a chunk that is being written
	to      *target      // what comes next belongs to this increment,
	at      int64        // at this offset
	again   time.Time    // when it is tried again, if it is not ready
}

const (
	sideMagic       = "KSD1"
	sideEnding      = ".side"
	sideHeaderBytes = 28
	// sideCopyBytes is up to which size a chunk is copied behind its header.
	sideCopyBytes = 64 << 10
	// sideMostBytes is how much may wait beside a sync: beyond, the writer's goroutine writes to
	// the file although it is being synced, and those who wrote wait for it.
	sideMostBytes = 16 << 20
	// sideTrimBytes is from which size on the file is emptied when nothing in it is of use.
	sideTrimBytes = 1 << 20
	// sideRetry is how long it is let alone after it could not be written.
	sideRetry = 10 * time.Second
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (a *AOF) sidePath() string { return filepath.Join(a.dir, "temp-"+a.name+sideEnding) }

// openSide makes the side file, if there may be use for it and there is none, or empties it when
// nothing in it is of use. It is for the writer's goroutine, which holds nothing.
func (w *writer) openSide() {
	s := &w.side
	w.idly.Store(true)
	defer w.idly.Store(false)
	w.mu.Lock()
	ready := s.ready.Load()
	// Of a broken AOF, the side file may have what the increment will never get.
	do := len(w.behind) == 0 && w.a.State() == On && (ready && s.size >= sideTrimBytes ||
		!ready && w.a.set.Fsync() != FsyncAlways && time.Now().After(s.again))
	if do {
		s.ready.Store(false) // nobody writes to it meanwhile
	}
	w.mu.Unlock()
	if !do {
		return
	}
	var err error
	if s.file == nil {
		s.file, err = w.a.fs.Create(w.a.sidePath())
	} else {
		err = s.file.Truncate(0)
	}
	w.mu.Lock()
	s.a, s.size = w.a, 0
	s.can(err)
	w.mu.Unlock()
}

// can notes whether the file can be used. writer.mu is held.
func (s *side) can(err error) {
	s.ready.Store(err == nil)
	if err != nil {
		s.again = time.Now().Add(sideRetry)
		s.a.log.Warn("the AOF's side file cannot be written: replies may wait for the disk", "error", err)
	}
}

// close ends it; with remove nothing in it is of use.
func (s *side) close(remove bool) {
	if s.file == nil {
		return
	}
	s.ready.Store(false)
	_ = s.file.Close()
	s.file = nil
	if remove {
		_ = s.a.fs.Remove(s.a.sidePath())
	}
}

// put appends what the stream goes on with.
func (s *side) put(seg segment) error {
	if seg.to != nil { // an empty chunk says how long the file was, whatever comes of it
		err := s.chunk(nil)
		s.to, s.at = seg.to, 0
		return err
	}
	return s.chunk(seg.buf)
}

func (s *side) chunk(content []byte) error {
	size := len(content)
	b := slices.Grow(s.buf[:0], sideHeaderBytes)[:sideHeaderBytes]
	copy(b, sideMagic)
	binary.LittleEndian.PutUint64(b[8:], uint64(s.to.part.seq))
	binary.LittleEndian.PutUint64(b[16:], uint64(s.at))
	binary.LittleEndian.PutUint32(b[24:], uint32(size))
	binary.LittleEndian.PutUint32(b[4:], sideSum(b[8:], content))
	if len(content) <= sideCopyBytes {
		b = append(b, content...)
		content = nil
	}
	s.buf = b
	if _, err := writeAll(s.file, b); err != nil {
		return err
	}
	if _, err := writeAll(s.file, content); err != nil {
		return err
	}
	s.at += int64(size)
	s.size += sideHeaderBytes + int64(size)
	return nil
}

func sideSum(header, content []byte) uint32 {
	return crc32.Update(crc32.Checksum(header, castagnoli), castagnoli, content)
}

// putBeside writes what has gathered, and what is behind, to the side file; false: that is not
// to be, or not possible. mu is held.
func (w *writer) putBeside() bool {
	s := &w.side
	waits := w.s.pending()
	if w.beside {
		waits += int64(w.bytes)
	}
	if !s.ready.Load() || waits > sideMostBytes || w.a.State() != On || w.frontTo == nil || w.a.set.Fsync() == FsyncAlways {
		return false
	}
	begin := time.Since(w.begun)
	s.writing.Store(max(int64(begin), 1))
	var err error
	if !w.beside {
		s.to, s.at = w.frontTo, w.frontAt
		for i := 0; i < len(w.behind) && err == nil; i++ {
			err = s.put(w.behind[i])
		}
	}
	cuts := false
	if err == nil {
		w.takeLocked(false)
		for i := 0; i < len(w.fresh) && err == nil; i++ {
			cuts = cuts || w.fresh[i].to != nil
			err = s.put(w.fresh[i])
		}
		clear(w.fresh)
	}
	s.writing.Store(0)
	w.a.set.Took("aof-write", time.Since(w.begun)-begin)
	if w.beside = err == nil; !w.beside {
		s.can(err)
		return false
	}
	w.s.written.Store(w.takenTo)
	if cuts {
		ring(w.s.urgent)
	}
	return true
}
