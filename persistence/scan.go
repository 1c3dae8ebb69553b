package persistence

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/kringdb/kring/resp"
)

// scanner cuts a file into records. It is stricter than the parser of connections: what
// is not written as Redis and Kring write it is damage.
type scanner struct {
	r    io.Reader
	left int64  // bytes of the file that have not been read
	buf  []byte // buf[at:] has been read and not been scanned
	at   int
	base int64 // offset of buf[0] in the file
	// beforeMove is called before the buffer changes: views of it end.
	beforeMove func() error
}

// errCut says that the file ends within a record.
var errCut = errors.New("the file ends within a record")

// damage is what is wrong with a record.
type damage = resp.Damage

// offset is where the next record begins.
func (s *scanner) offset() int64 { return s.base + int64(s.at) }

// next returns the next record, or annotation: one argument that begins with #. The
// arguments are views, valid until beforeMove is called; the slice of them is the
// caller's. At the end it returns io.EOF or errCut.
func (s *scanner) next(args resp.Args) (resp.Args, error) {
	for {
		rec, n, need, err := scanRecord(s.buf[s.at:], args)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			s.at += n
			return rec, nil
		}
		if s.left == 0 {
			if s.at == len(s.buf) {
				return nil, io.EOF
			}
			return nil, errCut
		}
		if int64(need) > int64(len(s.buf)-s.at)+s.left && s.left > resyncBytes {
			if err := s.skim(); err != nil {
				return nil, err
			}
			return nil, errCut
		}
		if err := s.fill(need); err != nil {
			return nil, err
		}
	}
}

// skim goes to the end of the file, whose last record is longer than what is left: only
// the last part is kept, for cutOrDamaged. offset stays where that record begins.
func (s *scanner) skim() error {
	if err := s.beforeMove(); err != nil {
		return err
	}
	if _, err := io.CopyN(io.Discard, s.r, s.left-resyncBytes); err != nil {
		return err
	}
	s.base += int64(s.at)
	s.buf, s.at, s.left = make([]byte, resyncBytes), 0, 0
	_, err := io.ReadFull(s.r, s.buf)
	return err
}

// fill reads more, so that the buffer has at least need bytes behind at, as far as the
// file has them.
func (s *scanner) fill(need int) error {
	if err := s.beforeMove(); err != nil {
		return err
	}
	s.base += int64(s.at)
	rest := s.buf[s.at:]
	if want := max(need, len(rest)+readBytes); want > cap(s.buf) {
		grown := make([]byte, len(rest), min(int64(max(want, 2*len(rest))), int64(len(rest))+s.left))
		copy(grown, rest)
		s.buf = grown
	} else {
		s.buf = s.buf[:copy(s.buf, rest)]
	}
	s.at = 0
	had := len(s.buf)
	room := int(min(int64(cap(s.buf)-had), s.left))
	n, err := io.ReadFull(s.r, s.buf[had:had+room])
	s.buf = s.buf[:had+n]
	s.left -= int64(n)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		s.left = 0 // it is shorter than it was
		return nil
	}
	return err
}

// scanRecord reads one record at the front of b. n is its length; 0 if it is not complete:
// then at least need bytes are. args is appended to.
func scanRecord(b []byte, args resp.Args) (rec resp.Args, n, need int, err error) {
	if len(b) == 0 {
		return nil, 0, 1, nil
	}
	if b[0] == '#' {
		end := bytes.IndexByte(b[:min(len(b), maxLineBytes)], '\n')
		switch {
		case end >= 0:
			return append(args, bytes.TrimRight(b[:end], "\r")), end + 1, 0, nil
		case len(b) >= maxLineBytes:
			return nil, 0, 0, damage("an annotation without an end")
		}
		return nil, 0, len(b) + 1, nil
	}
	return resp.ScanCommand(b, args)
}

// cutOrDamaged tells whether what is left of the file, an incomplete record, can be what
// a cut leaves: no whole records stand behind its beginning up to the end of the file.
func (s *scanner) cutOrDamaged() error {
	rest := s.buf[s.at:]
	if len(rest) > resyncBytes {
		rest = rest[len(rest)-resyncBytes:]
	}
	var args resp.Args
	for from := 1; ; {
		i := bytes.Index(rest[min(from, len(rest)):], []byte("\r\n*"))
		if i < 0 {
			return errCut
		}
		from += i + 2
		for at, whole := from, 0; ; whole++ {
			if at == len(rest) && whole > 0 {
				return damage(fmt.Sprintf("a record that reaches beyond the end of the file, although whole records follow it %d bytes on", from))
			}
			_, n, _, err := scanRecord(rest[at:], args[:0])
			if err != nil || n == 0 {
				break
			}
			at += n
		}
	}
}
