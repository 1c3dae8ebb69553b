package feed

import (
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/replication"
	"github.com/kringdb/kring/persistence"
)

// house is a server in which no job can run, because of err.
type house struct {
	House
	asked func()
	err   error
}

func (h house) Promised(string, int64, time.Duration) {}

func (h house) Job(func(stop <-chan struct{}) error, <-chan struct{}) error {
	h.asked()
	return h.err
}

// client is the connection of a replica.
type client struct{}

func (client) Addr() string { return "127.0.0.1:1" }
func (client) Hangup(error) {}

func newFeed(h House) *Feed {
	return New(Config{House: h, Options: options.New(), Log: slog.New(slog.DiscardHandler), History: replication.NewHistory(), Backlog: &replication.Backlog{}})
}

// TestFailedJobs: a copy that could not be begun is asked for again by the next tick, and not at once.
func TestFailedJobs(t *testing.T) {
	asked := 0
	h := house{err: errors.New("no job can run")}
	f := newFeed(&h)
	h.asked = func() { // each call happens after the one before
		if asked++; asked > 2 {
			f.mu.Lock()
			f.mu.closed = true
			f.mu.Unlock()
		}
	}
	r := f.NewReplica(client{})
	f.enqueue(r)
	f.ended.Wait()
	if asked != 1 {
		t.Errorf("a copy was asked for %d times", asked)
	}
	f.schedule(f.mu.since)
	f.ended.Wait()
	if asked != 2 || len(f.mu.waiting) != 1 {
		t.Errorf("with the next tick it was asked for %d times, for %d replicas", asked, len(f.mu.waiting))
	}
}

// TestCopyForThoseWhoAreGone: who comes while a copy is made whose replicas have all gone need not wait for the next tick.
func TestCopyForThoseWhoAreGone(t *testing.T) {
	asked := 0
	h := house{err: errNobodyLeft}
	f := newFeed(&h)
	h.asked = func() { // each call happens after the one before
		asked++
		h.err = errors.New("no job can run") // of the next one
	}
	f.enqueue(f.NewReplica(client{}))
	f.ended.Wait()
	if asked != 2 {
		t.Errorf("a copy was asked for %d times", asked)
	}
}

// pieces is a copy of one piece.
type pieces struct{}

func (pieces) Next(dst []byte) ([]byte, bool, error) { return append(dst, "REDIS"...), true, nil }
func (pieces) End()                                  {}

// TestNobodyJoinsWrittenFile: who comes when a file is written, whose readers may be gone, waits for the next copy.
func TestNobodyJoinsWrittenFile(t *testing.T) {
	f := newFeed(&house{})
	f.Backlog.BeginLocked(1<<20, 0)
	w := &transfer{f: f, want: Want{Old: true}, fs: persistence.OS{}, path: filepath.Join(t.TempDir(), "copy.rdb"), made: make(chan struct{})}
	w.refs.Store(1)
	f.mu.file, f.mu.running = w, true
	early, late := f.NewReplica(client{}), f.NewReplica(client{})
	f.enqueue(early)
	if n, err := w.write(pieces{}, nil); n != 5 || err != nil {
		t.Fatal(n, err)
	}
	f.enqueue(late)
	if len(early.turn) != 1 || len(late.turn) != 0 || len(f.mu.waiting) != 1 {
		t.Errorf("%d and %d take part, %d wait", len(early.turn), len(late.turn), len(f.mu.waiting))
	}
	early.drain()
	if found, _ := filepath.Glob(w.path); len(found) > 0 {
		t.Error("the file has stayed")
	}
}
