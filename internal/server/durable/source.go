package durable

import (
	"time"

	"github.com/kringdb/kring/internal/server/snapshot"
	"github.com/kringdb/kring/persistence"
	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/store"
)

// rewriteSource is the store as a rewrite of the AOF copies it: a snapshot, as images or as
// commands.
type rewriteSource struct {
	disk   *Disk
	aof    *persistence.AOF
	image  bool
	copy   *snapshot.Copy
	stream *snapshot.Stream // of images
	libs   []byte           // of commands: what loads the libraries of functions, until Next has given it
	mark   persistence.Mark // of commands: what stands behind them

	report  snapshot.Report
	written int64 // bytes that Next has given
}

func newRewriteSource(s *Disk, a *persistence.AOF) *rewriteSource {
	return &rewriteSource{disk: s, aof: a, image: s.Opts.AOFUseRDBPreamble.Load()}
}

// Image implements persistence.Source.
func (src *rewriteSource) Image() bool { return src.image }

// Cut implements persistence.Source.
func (src *rewriteSource) Cut(atCut func(pos uint64)) (err error) {
	s := src.disk
	at := func(pos uint64) {
		atCut(pos)
		if !src.image {
			src.libs = s.Scripts.RecordLibraries()
			var about rdb.About
			s.house.AboutHistory(&about)
			src.mark = persistence.Mark{ID: about.ReplID, Offset: about.ReplOffset, DB: about.ReplDB}
		}
		if src.aof.State() != persistence.Off {
			s.Journal.AOF.Store(src.aof)
		}
	}
	if src.image {
		src.copy, src.stream, err = s.ImageCopy(true, false, at)
		return err
	}
	src.copy = snapshot.NewCopy(s.Store, snapshot.Commands)
	return src.copy.Begin(func(sink store.SnapshotSink) (*store.Snapshot, error) { return s.Cut(sink, at) })
}

// Next implements persistence.Source.
func (src *rewriteSource) Next(dst []byte) (out []byte, done bool, err error) {
	had := len(dst)
	if src.image {
		out, done, err = src.stream.Next(dst)
	} else {
		out, done, err = src.copy.Next(append(dst, src.libs...))
		src.libs = nil
		if done && err == nil && src.mark.ID != "" {
			out = persistence.AppendMark(out, &src.mark)
		}
	}
	src.tell(time.Now(), len(out)-had)
	return out, done, err
}

// tell tells the log how far the rewrite is, if it is time; more bytes go to the file.
func (src *rewriteSource) tell(now time.Time, more int) {
	src.written += int64(more)
	if src.report.Due(now) {
		entries, of := src.copy.Progress()
		src.disk.Log.Info("rewriting the AOF", "percent", 100*entries/max(of, 1), "bytes", src.written)
	}
}

// End implements persistence.Source.
func (src *rewriteSource) End() { src.copy.End() }
