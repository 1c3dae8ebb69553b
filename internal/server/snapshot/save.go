package snapshot

import (
	"errors"
	"io"
	"path/filepath"
	"time"

	"github.com/kringdb/kring/persistence"
	"github.com/kringdb/kring/persistence/rdb"
)

// Size is how many keys a database has, and keys with deadlines: a hint for who loads.
type Size struct {
	DB              int
	Keys, Deadlines uint64
}

// Head is what a file says besides keys.
type Head struct {
	Format    rdb.Format
	About     rdb.About
	Functions [][]byte // the code of libraries
	Sizes     []Size   // of databases that are not empty
}

// Stream gives a copy the frame of a file of RDB: it is what writes the file, piece by piece.
type Stream struct {
	c    *Copy
	head Head
	w    *rdb.Writer
	out  appender
	buf  []byte
}

// appender is a writer to memory.
type appender struct{ b []byte }

// Write implements io.Writer.
func (a *appender) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}

// NewStream returns the stream of c, which has Images of the head's format.
func NewStream(c *Copy, head Head) *Stream { return &Stream{c: c, head: head} }

// begin writes what stands before all keys.
func (s *Stream) begin(to io.Writer) {
	s.w = rdb.NewWriter(to, s.head.Format)
	s.w.About(&s.head.About)
	for _, code := range s.head.Functions {
		s.w.Function(code)
	}
	for _, n := range s.head.Sizes {
		s.w.Sizes(n.DB, n.Keys, n.Deadlines)
	}
}

// step puts a further part of the copy into the writer.
func (s *Stream) step() (done bool, err error) {
	s.buf, done, err = s.c.Next(s.buf[:0])
	if err != nil {
		return false, err
	}
	s.w.Raw(s.buf)
	if cap(s.buf) > 4*takeBytes {
		s.buf = nil
	}
	if done {
		return true, s.w.Close()
	}
	return false, s.w.Err()
}

// Next appends a further part of the file to dst, until it is done.
func (s *Stream) Next(dst []byte) (out []byte, done bool, err error) {
	if s.w == nil {
		s.begin(&s.out)
	}
	s.out.b = dst
	done, err = s.step()
	out, s.out.b = s.out.b, nil
	return out, done, err
}

// ErrStopped ends a job that is not wanted any more.
var ErrStopped = errors.New("the job was called off")

// File says where a snapshot goes.
type File struct {
	FS        persistence.FS
	Dir, Name string
	Temp      string // name of the file until it is whole
	SyncAlong bool   // sync piece by piece
}

// Path is the path of the file.
func (f *File) Path() string { return filepath.Join(f.Dir, f.Name) }

// Save writes the stream to a temporary file, syncs it, gives it its name, and makes that
// durable. After an error, or when stop was closed, the file that was there before is there
// still. It returns the length of the file.
func (s *Stream) Save(f *File, stop <-chan struct{}) (bytes int64, err error) {
	temp := filepath.Join(f.Dir, f.Temp)
	to, err := f.FS.Create(temp)
	if err != nil {
		return 0, err
	}
	err = s.write(f, to, stop)
	if err == nil {
		err = to.Sync()
	}
	if cerr := to.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = f.FS.Rename(temp, f.Path())
	}
	if err != nil {
		_ = f.FS.Remove(temp)
		return 0, err
	}
	bytes, _ = s.w.Written()
	return bytes, f.FS.SyncDir(f.Dir)
}

// write writes everything, and syncs as it goes.
func (s *Stream) write(f *File, to persistence.File, stop <-chan struct{}) error {
	s.begin(to)
	ahead := persistence.SyncAhead{File: to}
	synced := int64(0)
	var err error
	for done := false; !done && err == nil; {
		select {
		case <-stop:
			err = ErrStopped
			continue
		default:
		}
		done, err = s.step()
		if now, _ := s.w.Written(); err == nil && f.SyncAlong && now-synced >= syncBytes && ahead.Order() {
			synced = now
		}
	}
	if aerr := ahead.Wait(); err == nil {
		err = aerr
	}
	return err
}

// Report tells how far a job is, at most once in reportInterval.
type Report struct{ last time.Time }

// Due tells whether it is time to tell.
func (r *Report) Due(now time.Time) bool {
	if r.last.IsZero() {
		r.last = now
	}
	if now.Sub(r.last) < reportInterval {
		return false
	}
	r.last = now
	return true
}
