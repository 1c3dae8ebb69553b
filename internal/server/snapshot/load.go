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

// Loader loads a file into a store that nobody else changes meanwhile.
type Loader struct {
	Store    *store.Store
	Limits   rdb.Limits
	MaxBytes int64        // of a string
	Clocks   image.Clocks //
	Verify   bool         // compare the checksum
	// Now is the time at which keys count as expired, and are left out; 0: none does. Of a file that is of a
	// history of replication all are kept: those who follow have them, and are told when they are deleted.
	Now int64
	// Merge lets a key replace one that is there; else that is an error.
	Merge bool
	// Interrupted tells whether to give up, with persistence.ErrInterrupted.
	Interrupted func() bool
	Progress    *persistence.Progress

	// What there was.
	Keys, Expired, Empty atomic.Int64
	Functions            [][]byte
	Aux                  map[string]string

	now     atomic.Int64 // Now, as far as it counts for this file
	workers []*loadWorker
	failure atomic.Pointer[rdb.Error]
	ended   sync.WaitGroup
	spare   sync.Pool // of *batch
}

// batch is work for a worker.
type batch struct {
	items []rdb.Item
	keys  []store.Key
	room  []byte // what they point to
}

// loadWorker builds the values of its shards.
type loadWorker struct {
	l    *Loader
	in   chan *batch
	next *batch // being filled by the reader
	im   *image.Importer
	skip bool // the parts that follow are of a key that is left out

	places [aheadItems]store.Place // of look-ahead
	stamps [aheadItems]uint32
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
	l.spare.New = func() any { return new(batch) }
	for range runtime.GOMAXPROCS(0) {
		w := &loadWorker{l: l, in: make(chan *batch, queuedBatches), im: image.NewImporter(l.Store, l.Limits, l.MaxBytes)}
		l.workers = append(l.workers, w)
		l.ended.Add(1)
		go w.run()
	}
	r := rdb.NewReader(in, l.Verify)
	err = l.read(r)
	for _, w := range l.workers {
		w.flush()
		close(w.in)
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

// read hands everything to the workers. It returns io.EOF at the end.
func (l *Loader) read(r *rdb.Reader) error {
	var it rdb.Item
	for n := 0; ; n++ {
		if err := r.Next(&it); err != nil {
			return err
		}
		switch it.Kind {
		case rdb.ItemAux:
			l.Aux[string(it.Key)] = string(it.Text)
			if string(it.Key) == "repl-id" {
				l.now.Store(0)
			}
		case rdb.ItemFunction:
			l.Functions = append(l.Functions, bytes.Clone(it.Text))
		case rdb.ItemKey:
			if it.DB >= l.Store.Databases() {
				return &rdb.Error{Offset: it.Offset, DB: it.DB, Key: bytes.Clone(it.Key),
					Err: fmt.Errorf("there are %d databases only: see the option databases", l.Store.Databases())}
			}
			l.hand(&it)
		}
		if n%batchItems == 0 || !it.Last {
			if l.failure.Load() != nil {
				return errMeanwhile
			}
			if l.Interrupted() {
				return persistence.ErrInterrupted
			}
			l.Progress.Loaded.Store(r.Offset())
			l.Progress.Records.Store(l.Keys.Load())
		}
	}
}

// hand puts a copy of the item into the batch of the worker who has its key's shard.
func (l *Loader) hand(it *rdb.Item) {
	k := l.Store.MakeKey(it.Key)
	w := l.workers[int(k.Shard)%len(l.workers)]
	if w.next == nil {
		w.next = l.spare.Get().(*batch)
	}
	b := w.next
	b.items = append(b.items, *it)
	kept := &b.items[len(b.items)-1]
	b.room = kept.Keep(b.room)
	k.Name = kept.Key
	b.keys = append(b.keys, k)
	if len(b.items) == batchItems || len(b.room) >= batchBytes {
		w.flush()
	}
}

// flush sends the batch; it waits while the worker has enough to do.
func (w *loadWorker) flush() {
	if w.next != nil {
		w.in <- w.next
		w.next = nil
	}
}

func (w *loadWorker) run() {
	defer w.l.ended.Done()
	for b := range w.in {
		for i := range b.items {
			if w.l.failure.Load() != nil {
				break
			}
			if i%aheadItems == 0 {
				w.ahead(b, i)
			}
			if err := w.item(&b.items[i], b.keys[i]); err != nil {
				it := &b.items[i]
				w.l.failure.CompareAndSwap(nil, &rdb.Error{Offset: it.Offset, DB: it.DB, Key: bytes.Clone(it.Key), Err: err})
			}
		}
		if cap(b.room) <= 2*batchBytes {
			clear(b.items)
			clear(b.keys)
			b.items, b.keys, b.room = b.items[:0], b.keys[:0], b.room[:0]
			w.l.spare.Put(b)
		}
	}
	w.im.Drop() // a value whose end never came; nobody else is here
}

// ahead asks for the places in the table where the next items' keys belong, so that the
// processor waits for many of them at once.
func (w *loadWorker) ahead(b *batch, i int) {
	keys := b.keys[i:min(i+aheadItems, len(b.keys))]
	w.l.Store.TouchBuckets(b.items[i].DB, keys, w.places[:], w.stamps[:])
}

// item builds a value, or a part of one.
func (w *loadWorker) item(it *rdb.Item, k store.Key) error {
	l := w.l
	if it.First {
		if w.skip = it.Deadline > 0 && it.Deadline <= l.now.Load(); w.skip {
			l.Expired.Add(1)
		}
	}
	if w.skip {
		return nil
	}
	l.Store.Lock(k.Shard)
	defer l.Store.Unlock(k.Shard)
	if it.First {
		if !l.Merge && l.Store.FindRaw(it.DB, k).A != 0 {
			return errDuplicate
		}
		w.im.Begin(k, it.Deadline, l.Clocks.Of(it.Idle, it.Freq))
	}
	switch err := w.im.Part(&it.Value, it.First, it.Last); {
	case errors.Is(err, rdb.ErrEmpty): // as Redis, which has written such keys
		l.Empty.Add(1)
		return nil
	case err != nil:
		return err
	}
	if it.Last {
		w.im.Adopt(it.DB)
		l.Keys.Add(1)
	}
	return nil
}
