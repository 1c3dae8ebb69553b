package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/kringdb/kring/command/image"
	"github.com/kringdb/kring/persistence"
	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/store"
)

// Loader loads a file into a store that nobody else changes meanwhile, or beside what others use.
type Loader struct {
	Store    *store.Store
	Limits   rdb.Limits
	MaxBytes int64        // of a string
	Clocks   image.Clocks //
	Verify   bool         // compare the checksum
	// Now is the time at which keys count as expired, and are left out; 0: none does. Of a file that is of a
	// history of replication all are kept: those who follow have them, and are told when they are deleted.
	Now int64
	// First is the number of the database that the file's first one is loaded into: that of OpenBeside for one that is
	// loaded beside what others use, 0 else.
	First int
	// Merge lets a key replace one that is there; else that is an error.
	Merge bool
	// Interrupted tells whether to give up, with persistence.ErrInterrupted.
	Interrupted func() bool
	Progress    *persistence.Progress

	// What there was.
	Keys, Expired, Empty atomic.Int64
	Functions            [][]byte
	Aux                  map[string]string

	now     atomic.Int64    // Now, as far as it counts for this file
	filling *batch          // nil: none
	batches chan *batch     // of whole values, for whichever worker is free
	parts   []chan rdb.Item // of values in parts: all of one value to one worker
	claimed uint64          // keys for which tables were made
	turn    int             // whose the next value in parts is
	ahead   chan struct{}   // has one for every partBytes of parts that wait
	failure atomic.Pointer[rdb.Error]
	ended   sync.WaitGroup
	spare   sync.Pool // of *batch
}

var (
	errDuplicate = errors.New("the key stands in the file twice")
	errMeanwhile = errors.New("another part of the file was damaged")
)

// Load reads one file from in and returns what follows it, and the offset at which that
// begins. An error that the file is to blame for is an *rdb.Error.
func (l *Loader) Load(in io.Reader) (rest io.Reader, end int64, err error) {
	l.Aux = map[string]string{}
	l.now.Store(l.Now)
	l.spare.New = func() any { return newBatch(l.Store.Shards()) }
	l.start()
	r := rdb.NewReader(in, l.Verify)
	r.Share(partBytes)
	err = l.read(r)
	l.flush()
	close(l.batches)
	for _, c := range l.parts {
		close(c)
	}
	l.ended.Wait()
	if f := l.failure.Load(); f != nil && (err == io.EOF || errors.Is(err, errMeanwhile)) {
		return nil, 0, f
	}
	if err != io.EOF {
		return nil, 0, err
	}
	l.Progress.Loaded.Store(r.Offset())
	return r.Rest(), r.Offset(), nil
}

// start starts the workers: so many as processors for whole values, and as many for values in
// parts. A file that is merged has one, which keeps its order: there the last of two counts.
func (l *Loader) start() {
	n := runtime.GOMAXPROCS(0)
	if l.Merge {
		n = 1
	}
	l.batches = make(chan *batch, n*queuedBatches)
	l.ahead = make(chan struct{}, aheadParts)
	for i := range n {
		w := l.newWorker(i * l.Store.Shards() / n)
		if l.Merge {
			l.ended.Go(w.run)
			break
		}
		c := make(chan rdb.Item, aheadParts)
		l.parts = append(l.parts, c)
		l.ended.Go(w.run)
		l.ended.Go(func() { l.newWorker(0).build(c) })
	}
}

// read hands everything to the workers. It returns io.EOF at the end.
func (l *Loader) read(r *rdb.Reader) error {
	whole := true
	for n := 0; ; n++ {
		if n%lookItems == 0 || !whole {
			if err := l.goOn(r); err != nil {
				return err
			}
		}
		if l.filling == nil {
			l.filling = l.spare.Get().(*batch)
		}
		it := l.filling.room()
		if err := r.Next(it); err != nil {
			l.filling.n-- // not an item
			return err
		}
		if it.Kind != rdb.ItemKey {
			l.note(it)
			l.filling.n--
			continue
		}
		if it.DB >= l.Store.Databases() {
			l.filling.n--
			return &rdb.Error{Offset: it.Offset, DB: it.DB, Key: bytes.Clone(it.Key), Err: ErrDatabase(l.Store)}
		}
		it.DB += l.First
		whole = it.First && it.Last
		if !whole && !l.Merge {
			l.filling.n--
			l.handPart(it)
		} else if l.filling.bytes += len(it.Body); l.filling.n == batchItems || l.filling.bytes >= batchBytes {
			l.flush()
		}
	}
}

// ErrDatabase is what is wrong with a key of a database that there is not.
func ErrDatabase(st *store.Store) error {
	return fmt.Errorf("there are %d databases only: see the option databases", st.Databases())
}

// goOn tells how far the file is, or why it is of no use to go on.
func (l *Loader) goOn(r *rdb.Reader) error {
	if l.failure.Load() != nil {
		return errMeanwhile
	}
	if l.Interrupted() {
		return persistence.ErrInterrupted
	}
	l.Progress.Loaded.Store(r.Offset())
	l.Progress.Records.Store(l.Keys.Load())
	return nil
}

// note takes what is no key.
func (l *Loader) note(it *rdb.Item) {
	switch it.Kind {
	case rdb.ItemAux:
		l.Aux[string(it.Key)] = string(it.Text)
		if string(it.Key) == "repl-id" {
			l.now.Store(0)
		}
	case rdb.ItemFunction:
		l.Functions = append(l.Functions, bytes.Clone(it.Text))
	case rdb.ItemSizes:
		// What is claimed counts as far as the length of the input allows, for all databases together.
		if n := min(it.Keys, uint64(l.Progress.Total.Load())/leastKeyBytes-l.claimed); it.DB < l.Store.Databases() {
			l.claimed += n
			l.Store.Reserve(l.First+it.DB, int(n))
		}
	}
}

// handPart hands a part of a value to the worker that has the value. It waits while so much
// waits already that the memory for it would be too much.
func (l *Loader) handPart(it *rdb.Item) {
	if it.First {
		l.turn = (l.turn + 1) % len(l.parts)
	}
	for range aheadOf(it) {
		l.ahead <- struct{}{}
	}
	l.parts[l.turn] <- *it
}

// aheadOf returns how many places a part takes of those that may wait.
func aheadOf(it *rdb.Item) int { return 1 + min(len(it.Body)/partBytes, aheadParts-1) }

// flush gives the batch that was filled to the workers; it waits while they have enough to do.
func (l *Loader) flush() {
	if b := l.filling; b != nil && b.n > 0 {
		l.batches <- b
		l.filling = nil
	}
}

// fail keeps the error, unless there is one from further ahead in the file.
func (l *Loader) fail(it *rdb.Item, err error) {
	e := &rdb.Error{Offset: it.Offset, DB: it.DB - l.First, Key: bytes.Clone(it.Key), Err: err}
	for {
		was := l.failure.Load()
		if was != nil && was.Offset <= e.Offset || l.failure.CompareAndSwap(was, e) {
			return
		}
	}
}
