package persistence

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"path/filepath"
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

func (a *AOF) sidePath() string { return filepath.Join(a.dir, "temp-"+a.name+".side") }

// openSide makes the side file, if there may be use for it and there is none, or empties it when
// nothing in it is of use. It is for the writer's goroutine, which holds nothing.
func (w *writer) openSide() {
	s := &w.side
	w.mu.Lock()
	ready := s.ready.Load()
	do := len(w.behind) == 0 && (ready && s.size >= sideTrimBytes ||
		!ready && w.a.set.Fsync() != FsyncAlways && w.a.State() == On && time.Now().After(s.again))
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
	var h [sideHeaderBytes]byte
	copy(h[:], sideMagic)
	binary.LittleEndian.PutUint64(h[8:], uint64(s.to.part.seq))
	binary.LittleEndian.PutUint64(h[16:], uint64(s.at))
	binary.LittleEndian.PutUint32(h[24:], uint32(size))
	binary.LittleEndian.PutUint32(h[4:], sideSum(h[8:], content))
	s.buf = append(s.buf[:0], h[:]...)
	if len(content) <= sideCopyBytes {
		s.buf = append(s.buf, content...)
		content = nil
	}
	if _, err := writeAll(s.file, s.buf); err != nil {
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

// putBack appends to the increments what only the side file has of them, after a kill -9, and
// removes that file, so that it says nothing about what the increments get from now on.
func (a *AOF) putBack(m *manifest) error {
	if there, err := exists(a.fs, a.sidePath()); err != nil || !there {
		return err
	}
	f, err := a.fs.Open(a.sidePath())
	if err != nil {
		return err
	}
	defer f.Close()
	if err := a.putBackChunks(f, m); err != nil {
		return err
	}
	if err := a.fs.Remove(a.sidePath()); err != nil {
		return err
	}
	return a.fs.SyncDir(filepath.Dir(a.sidePath()))
}

func (a *AOF) putBackChunks(from io.Reader, m *manifest) error {
	var h [sideHeaderBytes]byte
	var content []byte
	restored := int64(0)
	for {
		// What a crash has cut off, or a loss of power has spoilt, was never more than a tail.
		if _, err := io.ReadFull(from, h[:]); err != nil || string(h[:4]) != sideMagic {
			break
		}
		n := int64(binary.LittleEndian.Uint32(h[24:]))
		content = content[:0]
		var err error
		if content, err = readInto(content, from, n); err != nil || binary.LittleEndian.Uint32(h[4:]) != sideSum(h[8:], content) {
			break
		}
		p := m.increment(int64(binary.LittleEndian.Uint64(h[8:])))
		if p == nil {
			continue // a rewrite has made it void
		}
		k, whole, err := a.complete(*p, int64(binary.LittleEndian.Uint64(h[16:])), content)
		if err != nil {
			return err
		}
		if !whole { // after a loss of power: what follows belongs behind a hole
			break
		}
		restored += k
	}
	if restored > 0 {
		a.log.Info("records that were waiting for the disk are put into the AOF", "bytes", restored)
	}
	return nil
}

// complete appends to a file what it lacks of content, which belongs at an offset, and syncs it;
// not whole: it does not reach that offset.
func (a *AOF) complete(p part, at int64, content []byte) (added int64, whole bool, err error) {
	size, err := a.fs.Size(a.path(p))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, false, nil // Load will say so
	case err != nil || size < at:
		return 0, false, err
	case size >= at+int64(len(content)):
		return 0, true, nil
	}
	f, err := a.fs.Append(a.path(p))
	if err != nil {
		return 0, false, err
	}
	n, err := writeAll(f, content[size-at:])
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return int64(n), true, err
}

// readInto reads n bytes to the end of dst, which grows by what there is.
func readInto(dst []byte, from io.Reader, n int64) ([]byte, error) {
	b := bytes.NewBuffer(dst)
	k, err := io.CopyN(b, from, n)
	if err == nil && k < n {
		err = io.ErrUnexpectedEOF
	}
	return b.Bytes(), err
}
