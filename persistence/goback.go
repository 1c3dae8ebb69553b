package persistence

import (
	"errors"
	"io"

	"github.com/kringdb/kring/resp"
)

// This file is how a replica goes back to the last mark of its AOF. A kill -9 within a write leaves records behind that
// mark, so that nobody can tell any more how far the data are in the history: a full copy would have to come. But the
// primary has those records, too, so a server that is to follow it leaves them out, and goes on from the mark. It
// counts only marks that were written by a replica: what a primary has written behind its marks may have been acknowledged.

// behind is what stands behind a mark that a file could be cut back to.
type behind struct {
	on    bool  // there is such a mark; records are held until another one comes
	at    int64 // its end, in the file
	owned int   // how many of the loader's records, from the first, are no views
}

// marked takes note of a mark, which is the last thing that was read: what was held is executed.
func (l *loader) marked() error {
	err := l.flush()
	m, known := l.a.Marked()
	l.behind = behind{on: known && m.Follows && l.last && l.a.set.Follows() && l.a.set.LoadTruncated(), at: l.sc.offset()}
	return err
}

// holds tells whether records that end at an offset are to be held.
func (l *loader) holds(end int64) bool {
	if l.behind.on && end-l.behind.at > heldBytes {
		l.behind.on = false
	}
	return l.behind.on
}

// move makes the loader independent of the scanner's buffer: it executes the records that have gathered, or, if they are
// to be held, copies them.
func (l *loader) move() error {
	if !l.behind.on {
		return l.flush()
	}
	for i := l.behind.owned; i < len(l.recs); i++ {
		l.recs[i] = l.recs[i].Clone()
	}
	l.behind.owned = len(l.recs)
	l.slots = make([][]byte, 0, 8*loadBatch)
	return nil
}

// stop ends the file, as next has returned an error for what begins at start: it goes back to the
// last mark, if that is possible and something stands behind it.
func (l *loader) stop(err error, start int64) error {
	if errors.Is(err, errCut) {
		err = l.sc.cutOrDamaged()
	}
	whole := errors.Is(err, io.EOF)
	if l.behind.on && (whole || errors.Is(err, errCut)) && (len(l.recs) > 0 || l.unit) {
		return l.goBack()
	}
	if ferr := l.flush(); ferr != nil {
		return ferr
	}
	return l.ended(err, start)
}

// goBack leaves out what stands behind the last mark.
func (l *loader) goBack() error {
	clear(l.recs)
	records := len(l.recs)
	l.recs, l.at = []resp.Args(nil), nil
	l.a.marks.known = true
	l.a.log.Warn("the AOF of a replica ends behind its last mark: the rest is cut off, and will come from the primary",
		"file", l.path, "offset", l.behind.at, "bytes", l.size-l.behind.at, "records", records)
	l.report(l.behind.at)
	return l.shorten(l.behind.at)
}
