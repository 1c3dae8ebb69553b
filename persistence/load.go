package persistence

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/resp"
)

// Applier executes what a file holds.
type Applier interface {
	// Apply executes records in order, SELECT included. It returns how many; with fewer
	// than all, the error says what is wrong with the next one. It keeps no arguments.
	Apply(recs []resp.Args) (done int, err error)
	// Check tells whether a record could be executed at all: its command exists and can
	// have so many arguments.
	Check(rec resp.Args) error
	// Image loads the snapshot that a file begins with, into no data, and says in p how far it
	// is. An error that the file is to blame for is an *rdb.Error.
	Image(in io.Reader, p *Progress) (Image, error)
}

// Image is a snapshot that was loaded.
type Image struct {
	Rest io.Reader // what follows it
	End  int64     // where that begins
	Mark Mark      // without an id if it does not say of which history it is
}

// ErrInterrupted is what an Applier returns that is not to go on: Load returns it.
var ErrInterrupted = errors.New("loading was interrupted: the server was asked to end")

// Progress tells how far a load is. Any goroutine may read it.
type Progress struct {
	Started      atomic.Int64 // seconds since 1970, 0: no load runs
	Total        atomic.Int64 // bytes of all files
	Loaded       atomic.Int64 // of them, bytes whose records were executed
	Records      atomic.Int64
	lastReported time.Time
}

// Marked is the mark that the data have which Load has loaded; ok is false if the files tell none.
func (a *AOF) Marked() (m Mark, ok bool) { return a.marks.mark, a.marks.known }

// Progress is that of Load.
func (a *AOF) Progress() *Progress { return &a.load }

// LoadError says why a file is refused. Its text is for the person who has to repair it.
type LoadError struct {
	File   string
	Offset int64 // where the record begins that is wrong, -1: the file as a whole
	What   string
	Advice string
}

func (e *LoadError) Error() string {
	at := ""
	if e.Offset >= 0 {
		at = fmt.Sprintf(" at offset %d", e.Offset)
	}
	return fmt.Sprintf("AOF %s%s: %s. %s", e.File, at, e.What, e.Advice)
}

const (
	adviceDamaged = "Restore the file from a copy, or let 'redis-check-aof --fix' cut it off there, which loses everything behind " +
		"that offset; nothing was changed."
	adviceCut     = "Set aof-load-truncated yes to load what is whole, or cut the file off with 'redis-check-aof --fix'; nothing was changed."
	adviceImage   = "Restore the file from a copy; 'kring-server --check-aof' tells what is in it. Nothing was changed."
	adviceMissing = "Restore the file; the data is not complete without it. Nothing was changed."
)

// Load executes all files in their order. The tail of the last one may be cut off, if
// the owner allows it: then the file is shortened to whole records.
func (a *AOF) Load(to Applier) error {
	a.mu.Lock()
	m := a.mu.m.clone()
	a.mu.Unlock()
	parts := m.parts()
	sizes := make([]int64, len(parts))
	total, last := int64(0), 0
	for i, p := range parts {
		n, err := a.fs.Size(a.path(p))
		if errors.Is(err, fs.ErrNotExist) {
			return &LoadError{a.path(p), -1, "the manifest names it, but it does not exist", adviceMissing}
		}
		if err != nil {
			return err
		}
		if n > 0 {
			last = i // a file whose successors are empty is as good as the last one
		}
		sizes[i] = n
		total += n
	}
	a.marks = marks{}
	pr := &a.load
	pr.Total.Store(total)
	pr.Loaded.Store(0)
	pr.Records.Store(0)
	pr.lastReported = time.Now()
	pr.Started.Store(time.Now().Unix())
	defer pr.Started.Store(0)
	for i, p := range parts {
		l := loader{a: a, to: to, path: a.path(p), size: sizes[i], last: i >= last}
		if err := l.run(); err != nil {
			return err
		}
	}
	return nil
}

// loader executes one file.
type loader struct {
	a    *AOF
	to   Applier
	path string
	size int64
	last bool

	sc    scanner
	slots []([]byte)  // backing of recs' arguments
	recs  []resp.Args // scanned, not yet executed
	at    []int64     // where they begin
	good  int64       // where the last executed record ends

	behind behind

	unit      bool // between MULTI and EXEC
	unitAt    int64
	unitRecs  []resp.Args // copies
	unitStart []int64
}

// loadBatch is how many records are executed together.
const loadBatch = resp.MaxBatch

func (l *loader) run() error {
	f, err := l.a.fs.Open(l.path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := l.open(f); err != nil {
		return err
	}
	for {
		start := l.sc.offset()
		slots := l.slots
		rec, err := l.sc.next(slots[len(slots):])
		if err != nil {
			return l.stop(err, start)
		}
		if cap(slots)-len(slots) >= len(rec) {
			l.slots = slots[:len(slots)+len(rec)]
		}
		if err := l.record(rec, start); err != nil {
			return err
		}
	}
}

// open loads the snapshot that the file begins with, if it does, and readies the scanner for
// what follows.
func (l *loader) open(f io.Reader) error {
	begin, err := io.ReadAll(io.LimitReader(f, rdb.MagicBytes))
	if err != nil {
		return err
	}
	in := io.MultiReader(bytes.NewReader(begin), f)
	l.sc = scanner{r: in, left: l.size, beforeMove: l.move}
	if !rdb.IsMagic(begin) {
		return l.marked()
	}
	img, err := l.to.Image(in, &l.a.load)
	var bad *rdb.Error
	if errors.As(err, &bad) {
		what := "in its snapshot: " + bad.Err.Error()
		if bad.Key != nil {
			what = fmt.Sprintf("in its snapshot, key %q of database %d: %v", bad.Key, bad.DB, bad.Err)
		}
		return &LoadError{l.path, bad.Offset, what, adviceImage}
	}
	if err != nil {
		return err
	}
	l.sc = scanner{r: img.Rest, left: l.size - img.End, base: img.End, beforeMove: l.move}
	l.good = img.End
	l.a.marks.image(img.Mark)
	return l.marked()
}

// record takes one record.
func (l *loader) record(rec resp.Args, start int64) error {
	name := rec[0]
	switch {
	case len(name) > 0 && name[0] == '#':
		if !l.unit && l.a.marks.annotation(name) {
			return l.marked()
		}
		return nil
	case isName(name, "MULTI"):
		if l.unit {
			return l.damaged(start, "MULTI within MULTI")
		}
		if err := l.move(); err != nil {
			return err
		}
		l.unit, l.unitAt = true, start
		return nil
	case isName(name, "EXEC"):
		if !l.unit {
			return l.damaged(start, "EXEC without MULTI")
		}
		return l.execUnit()
	case l.unit:
		if err := l.to.Check(rec); err != nil {
			return l.damaged(start, err.Error())
		}
		l.unitRecs = append(l.unitRecs, rec.Clone())
		l.unitStart = append(l.unitStart, start)
		return nil
	}
	l.a.marks.record()
	l.recs = append(l.recs, rec)
	l.at = append(l.at, start)
	if !l.holds(l.sc.offset()) && len(l.recs) >= loadBatch {
		return l.flush()
	}
	return nil
}

// execUnit executes what stood between MULTI and EXEC.
func (l *loader) execUnit() error {
	recs, starts := l.unitRecs, l.unitStart
	l.unit, l.unitRecs, l.unitStart = false, nil, nil
	l.a.marks.record()
	if l.holds(l.sc.offset()) {
		l.recs, l.at = append(l.recs, recs...), append(l.at, starts...)
		l.behind.owned = len(l.recs)
		return nil
	}
	if err := l.flush(); err != nil { // what was held
		return err
	}
	if err := l.apply(recs, starts); err != nil {
		return err
	}
	l.report(l.sc.offset())
	return nil
}

// flush executes the records that have gathered. Their views end.
func (l *loader) flush() error {
	if len(l.recs) > 0 {
		if err := l.apply(l.recs, l.at); err != nil {
			return err
		}
		clear(l.recs)
		l.recs, l.at, l.behind.owned = l.recs[:0], l.at[:0], 0
	}
	if cap(l.slots) == 0 || cap(l.slots) > 64*loadBatch {
		l.slots = make([][]byte, 0, 8*loadBatch)
	}
	l.slots = l.slots[:0]
	if !l.unit {
		l.report(l.sc.offset())
	}
	return nil
}

func (l *loader) report(upTo int64) {
	pr := &l.a.load
	pr.Loaded.Add(upTo - l.good)
	l.good = upTo
	if now := time.Now(); now.Sub(pr.lastReported) > reportInterval {
		pr.lastReported = now
		l.a.log.Info("loading the AOF", "percent", pr.Loaded.Load()*100/max(pr.Total.Load(), 1), "file", l.path, "offset", upTo,
			"of", l.size, "records", pr.Records.Load())
	}
}

func (l *loader) apply(recs []resp.Args, starts []int64) error {
	n, err := l.to.Apply(recs)
	l.a.load.Records.Add(int64(n))
	if errors.Is(err, ErrInterrupted) {
		return err
	}
	if err != nil {
		return l.damaged(starts[n], err.Error())
	}
	return nil
}

func (l *loader) damaged(at int64, what string) error {
	return &LoadError{l.path, at, what, adviceDamaged}
}

// ended draws the conclusion at the end of the file, or where nothing can be read. Whole
// records end at l.good, except those of an unfinished transaction.
func (l *loader) ended(err error, start int64) error {
	var bad damage
	switch {
	case errors.Is(err, io.EOF) && !l.unit:
		l.a.log.Info("the AOF was loaded", "file", l.path, "bytes", l.size)
		return nil
	case errors.As(err, &bad):
		return l.damaged(start, bad.Error())
	case !errors.Is(err, io.EOF) && !errors.Is(err, errCut):
		return err
	}
	good, what := start, "its last record is cut off"
	if l.unit {
		good, what = l.unitAt, "its last transaction is cut off"
	}
	switch {
	case !l.last:
		return &LoadError{l.path, good, what + ", but other files follow it", adviceDamaged}
	case !l.a.set.LoadTruncated():
		return &LoadError{l.path, good, what, adviceCut}
	}
	l.a.log.Warn("the AOF ends within a record or transaction: what is whole was loaded, the rest is cut off",
		"file", l.path, "offset", good, "bytes", l.size-good)
	return l.shorten(good)
}

// shorten cuts the file to whole records.
func (l *loader) shorten(size int64) error {
	if err := l.a.fs.Truncate(l.path, size); err != nil {
		return err
	}
	f, err := l.a.fs.Append(l.path)
	if err != nil {
		return err
	}
	err = f.Sync()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

func isName(arg []byte, name string) bool {
	return len(arg) == len(name) && strings.EqualFold(string(arg), name)
}
