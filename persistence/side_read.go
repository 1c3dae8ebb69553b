package persistence

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
)

// sideReader reads the chunks of a side file.
type sideReader struct {
	in      *bufio.Reader
	content []byte
}

// next returns the next chunk; its content is valid until the call after. ok is false at the end: what
// a crash has cut off, or a loss of power has spoilt, was never more than a tail.
func (r *sideReader) next() (seq, at int64, content []byte, ok bool) {
	var h [sideHeaderBytes]byte
	if _, err := io.ReadFull(r.in, h[:]); err != nil || string(h[:4]) != sideMagic {
		return 0, 0, nil, false
	}
	var err error
	r.content, err = readInto(r.content[:0], r.in, int64(binary.LittleEndian.Uint32(h[24:])))
	if err != nil || binary.LittleEndian.Uint32(h[4:]) != sideSum(h[8:], r.content) {
		return 0, 0, nil, false
	}
	return int64(binary.LittleEndian.Uint64(h[8:])), int64(binary.LittleEndian.Uint64(h[16:])), r.content, true
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

// putBack appends to the increments what only the side file has of them, after a kill -9, and
// removes that file, so that it says nothing about what the increments get from now on. It may be
// ended at any point, and begun again.
func putBack(a *AOF, m *manifest) error {
	if there, err := exists(a.fs, a.sidePath()); err != nil || !there {
		return err
	}
	f, err := a.fs.Open(a.sidePath())
	if err != nil {
		return err
	}
	defer f.Close()
	fill := filler{a: a, open: a.fs.Append}
	err = fill.all(f, m)
	if cerr := fill.leave(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	if fill.added > 0 {
		a.log.Info("records that were waiting for the disk are put into the AOF", "bytes", fill.added)
	}
	return dropSide(a)
}

// dropSide removes the side file, if there is one.
func dropSide(a *AOF) error {
	if err := a.fs.Remove(a.sidePath()); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	return a.fs.SyncDir(filepath.Dir(a.sidePath()))
}

// filler appends to increments, one after the other, what a side file has of them. Each is synced
// once, before the next one gets anything.
type filler struct {
	a      *AOF
	open   func(path string) (File, error) // what an increment lacks goes there
	part   part                            // the increment, no name: none
	size   int64
	file   File   // nil: nothing was appended to it
	before []byte // the end of the chunk that ended where the next one begins
	end    int64  // where that is
	chunks int64
	added  int64
}

// sideKnownBytes is how much of the chunk before is looked for in the increment.
const sideKnownBytes = 4 << 10

// all takes the chunks in turn, up to the first that does not fit.
func (l *filler) all(from io.Reader, m *manifest) error {
	r := sideReader{in: bufio.NewReaderSize(from, sideCopyBytes)}
	for {
		seq, at, content, ok := r.next()
		if !ok {
			return nil
		}
		l.chunks++
		p := m.increment(seq)
		if p == nil {
			continue // a rewrite has made it void
		}
		if *p != l.part {
			if err := l.leave(); err != nil {
				return err
			}
			size, err := l.a.fs.Size(l.a.path(*p))
			if errors.Is(err, fs.ErrNotExist) {
				return nil // Load will say so
			} else if err != nil {
				return err
			}
			l.part, l.size, l.before = *p, size, nil
		}
		if fits, err := l.fill(at, content); !fits || err != nil {
			return err
		}
	}
}

// fill appends what the increment lacks of content, which belongs at an offset. It does not fit if
// the increment does not reach that far, after a loss of power, or if it has something else there.
func (l *filler) fill(at int64, content []byte) (fits bool, err error) {
	if l.size < at {
		return false, nil
	}
	if l.end != at {
		l.before = nil
	}
	if end := at + int64(len(content)); l.size < end {
		if l.file == nil {
			if fits, err := l.begin(at, content[:l.size-at]); !fits || err != nil {
				return false, err
			}
		}
		n, err := writeAll(l.file, content[l.size-at:])
		l.size += int64(n)
		l.added += int64(n)
		if err != nil {
			return false, err
		}
	}
	l.end = at + int64(len(content))
	l.before = append(l.before, content[max(0, len(content)-sideKnownBytes):]...)
	l.before = l.before[max(0, len(l.before)-sideKnownBytes):]
	return true, nil
}

// begin opens the increment, if it ends with what was written before at, and known.
func (l *filler) begin(at int64, known []byte) (fits bool, err error) {
	want := append(bytes.Clone(l.before), known...)
	got, err := l.readFrom(at-int64(len(l.before)), int64(len(want)))
	if err != nil {
		return false, err
	}
	if !bytes.Equal(got, want) {
		l.a.log.Warn("what was waiting for the disk is not put into the AOF: another server has written to it since",
			"file", l.part.name, "offset", at)
		return false, nil
	}
	l.file, err = l.open(l.a.path(l.part))
	return err == nil, err
}

// readFrom reads n bytes of the increment from an offset on.
func (l *filler) readFrom(at, n int64) ([]byte, error) {
	f, err := l.a.fs.Open(l.a.path(l.part))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if s, ok := f.(io.Seeker); ok {
		_, err = s.Seek(at, io.SeekStart)
	} else {
		_, err = io.CopyN(io.Discard, f, at)
	}
	if err != nil {
		return nil, err
	}
	return readInto(nil, f, n)
}

// leave syncs and closes the increment.
func (l *filler) leave() error {
	if l.file == nil {
		return nil
	}
	err := l.file.Sync()
	if cerr := l.file.Close(); err == nil {
		err = cerr
	}
	l.file = nil
	return err
}
