package rdb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// An Error says what is wrong with a file or payload, and where.
type Error struct {
	Offset int64  // in bytes from the begin, of the key or opcode concerned
	DB     int    // the database
	Key    []byte // nil outside of a key
	Err    error
}

func (e *Error) Error() string {
	if e.Key == nil {
		return fmt.Sprintf("at offset %d: %v", e.Offset, e.Err)
	}
	return fmt.Sprintf("at offset %d, key %q of database %d: %v", e.Offset, e.Key, e.DB, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// errShort is how a file or a value ends too early.
var errShort = fmt.Errorf("the data ends too early: %w", io.ErrUnexpectedEOF)

// source is a buffered input. What lies between mark and pos stays in one piece.
//
//	buf   │ done │ mark ... │ pos ... │ end   free │
//	       ▲ summed: up to where the checksum has come, <= pos
type source struct {
	r         io.Reader // nil: all there is stands in buf
	buf       []byte
	mark      int
	pos, end  int
	origin    int64 // the offset in the input of buf[0]
	summed    int
	sum       uint64
	checksums bool
	shared    bool // what was read stays in its memory
}

// offset returns where pos is in the input.
func (s *source) offset() int64 { return s.origin + int64(s.pos) }

// view returns what stands between from and pos, which are not before mark.
func (s *source) view(from int64) []byte {
	i := int(from - s.origin)
	return s.buf[i:s.pos:s.pos]
}

// fill reads until n bytes stand behind pos.
func (s *source) fill(n int) error {
	for empty := 0; s.end-s.pos < n; {
		if s.r == nil {
			return errShort
		}
		if s.end == len(s.buf) {
			s.makeRoom()
		}
		got, err := s.r.Read(s.buf[s.end:])
		s.end += got
		switch {
		case s.end-s.pos >= n:
		case errors.Is(err, io.EOF):
			return errShort
		case err != nil:
			return err
		case got == 0:
			if empty++; empty == maxEmptyReads {
				return io.ErrNoProgress
			}
		default:
			empty = 0
		}
	}
	return nil
}

// makeRoom moves what is kept to the front of the buffer, and doubles the buffer if that
// leaves less than half of it: so it never is more than twice what has been read. A buffer
// that has grown goes when what is kept is short again, one that is shared at once.
func (s *source) makeRoom() {
	s.addUp()
	buf := s.buf
	switch kept := s.end - s.mark; {
	case kept > len(buf)/2:
		buf = make([]byte, 2*len(buf))
	case s.shared && kept > sourceBytes/2: // the buffer has grown, and this needs as much again
		buf = make([]byte, len(buf))
	case s.shared || len(buf) > 8*sourceBytes && kept <= sourceBytes/2:
		buf = make([]byte, sourceBytes)
	}
	copy(buf, s.buf[s.mark:s.end])
	s.buf = buf
	s.origin += int64(s.mark)
	s.pos -= s.mark
	s.end -= s.mark
	s.summed -= s.mark
	s.mark = 0
}

// addUp brings the checksum to pos.
func (s *source) addUp() {
	if s.checksums {
		s.sum = Checksum(s.sum, s.buf[s.summed:s.pos])
	}
	s.summed = s.pos
}

// skip passes n bytes, which the caller will look at.
func (s *source) skip(n int) error {
	if s.end-s.pos < n {
		if err := s.fill(n); err != nil {
			return err
		}
	}
	s.pos += n
	return nil
}

// drop passes n bytes that nobody will look at, so that they need not be kept; nor is
// what was marked.
func (s *source) drop(n uint64) error {
	for n > 0 {
		if s.pos == s.end {
			s.mark = s.pos
			if err := s.fill(1); err != nil {
				return err
			}
		}
		k := min(n, uint64(s.end-s.pos))
		s.pos += int(k)
		n -= k
	}
	s.mark = s.pos
	return nil
}

func (s *source) byte() (byte, error) {
	if s.pos == s.end {
		if err := s.fill(1); err != nil {
			return 0, err
		}
	}
	s.pos++
	return s.buf[s.pos-1], nil
}

func (s *source) uint64() (uint64, error) {
	if err := s.skip(8); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(s.buf[s.pos-8:]), nil
}

// length reads a length, or says that special has the lower six bits of a special
// encoding, which is -1 otherwise.
func (s *source) length() (n uint64, special int, err error) {
	for {
		n, special, size := parseLength(s.buf[s.pos:s.end])
		if size > 0 {
			s.pos += size
			return n, special, nil
		}
		if size < 0 {
			return 0, 0, errLength
		}
		if err := s.fill(s.end - s.pos + 1); err != nil {
			return 0, 0, err
		}
	}
}

// count reads a length that is a number.
func (s *source) count() (uint64, error) {
	n, special, err := s.length()
	if err == nil && special >= 0 {
		err = errLength
	}
	return n, err
}

var errLength = errors.New("a length that is none")

// parseLength cuts a length from the front of p. size is 0 when p is too short, -1 when
// there is no such length.
func parseLength(p []byte) (n uint64, special, size int) {
	if len(p) == 0 {
		return 0, -1, 0
	}
	b := p[0]
	switch {
	case b < 0x40:
		return uint64(b), -1, 1
	case b < 0x80:
		if len(p) < 2 {
			return 0, -1, 0
		}
		return uint64(b&0x3f)<<8 | uint64(p[1]), -1, 2
	case b >= 0xc0:
		return 0, int(b & 0x3f), 1
	case b == 0x80:
		if len(p) < 5 {
			return 0, -1, 0
		}
		return uint64(binary.BigEndian.Uint32(p[1:])), -1, 5
	case b == 0x81:
		if len(p) < 9 {
			return 0, -1, 0
		}
		return binary.BigEndian.Uint64(p[1:]), -1, 9
	}
	return 0, -1, -1
}

// stringSize returns how many bytes follow the length n or the special encoding of a
// string; those of LZF begin with two lengths, which it reads.
func (s *source) stringSize() (uint64, error) {
	n, special, err := s.length()
	switch {
	case err != nil:
		return 0, err
	case special < 0:
		if n > maxStringBytes {
			return 0, errLength
		}
		return n, nil
	case special <= encInt32:
		return 1 << special, nil
	case special != encLZF:
		return 0, errEncoding
	}
	packed, err := s.count()
	if err != nil {
		return 0, err
	}
	n, err = s.count()
	if err == nil && (packed > maxStringBytes || !plausible(packed, n)) {
		err = errLZF
	}
	return packed, err
}

var errEncoding = errors.New("a string with an unknown encoding")

// str passes a string.
func (s *source) str() error {
	if s.pos < s.end { // the common case
		if b := int(s.buf[s.pos]); b < 0x40 && s.end-s.pos > b {
			s.pos += 1 + b
			return nil
		}
	}
	n, err := s.stringSize()
	if err != nil {
		return err
	}
	return s.skip(int(n))
}
