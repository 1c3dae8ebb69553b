package snapshot

import (
	"errors"

	"github.com/kringdb/kring/command/image"
	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/store"
)

// batch is work for a worker: items in their order in the file, and an order by shards, so that
// a shard is locked once for all of its items, and its memory fills in a row.
type batch struct {
	items []rdb.Item
	n     int
	bytes int // of their values

	shard []uint32    // of each item's key
	keys  []store.Key // by shards
	at    []uint16    // which item each of them is of
	first []int32     // by shard: where its keys begin in keys, and as the last, how many there are
}

func newBatch(shards int) *batch {
	return &batch{
		items: make([]rdb.Item, batchItems), shard: make([]uint32, batchItems), keys: make([]store.Key, batchItems),
		at: make([]uint16, batchItems), first: make([]int32, shards+1),
	}
}

// room returns the next item, to be filled.
func (b *batch) room() *rdb.Item {
	b.n++
	return &b.items[b.n-1]
}

// sort brings the keys of the batch's items into the order of shards, and of the file in each.
func (b *batch) sort(st *store.Store) {
	clear(b.first)
	for i := range b.items[:b.n] {
		s := st.ShardOf(b.items[i].Key)
		b.shard[i] = s
		b.first[s]++
	}
	sum := int32(0)
	for s, n := range b.first {
		b.first[s] = sum
		sum += n
	}
	for i := range b.items[:b.n] {
		s := b.shard[i]
		to := b.first[s]
		b.first[s]++
		b.at[to] = uint16(i)
		st.SetKeyOf(&b.keys[to], b.items[i].Key, s)
	}
	copy(b.first[1:], b.first) // each is now where the next one begins
	b.first[0] = 0
}

// loadWorker builds values.
type loadWorker struct {
	l    *Loader
	im   *image.Importer
	from int   // the shard that it begins with, not that of the others
	busy []int // shards whose lock another one had
	skip bool  // the parts that follow are of a key that is left out
	key  store.Key

	keys int64 // built since others were told

	asked  int // for the places of how many of a batch's keys was asked
	places [aheadItems]store.Place
}

func (l *Loader) newWorker(from int) *loadWorker {
	return &loadWorker{l: l, from: from, im: image.NewImporter(l.Store, l.Limits, l.MaxBytes)}
}

// run builds the values of batches.
func (w *loadWorker) run() {
	for b := range w.l.batches {
		switch {
		case w.l.failure.Load() != nil:
		case w.l.Merge:
			w.inOrder(b)
		default:
			b.sort(w.l.Store)
			w.batch(b)
		}
		w.tell()
		clear(b.items[:b.n])
		clear(b.keys[:b.n])
		b.n, b.bytes = 0, 0
		w.l.spare.Put(b)
	}
	w.drop()
}

// inOrder builds the values of b in their order in the file, parts among them.
func (w *loadWorker) inOrder(b *batch) {
	for i := range b.items[:b.n] {
		if !w.locked(&b.items[i]) {
			return
		}
	}
}

// locked builds a value, or a part of one, and tells whether it could.
func (w *loadWorker) locked(it *rdb.Item) bool {
	if it.First {
		w.key = w.l.Store.MakeKey(it.Key)
	}
	w.l.Store.Lock(w.key.Shard)
	err := w.item(it, w.key)
	w.l.Store.Unlock(w.key.Shard)
	if err != nil {
		w.l.fail(it, err)
	}
	return err == nil
}

// batch builds the values of b, shard by shard.
func (w *loadWorker) batch(b *batch) {
	st, shards := w.l.Store, len(b.first)-1
	w.busy, w.asked = w.busy[:0], -1
	for i := range shards {
		s := w.from + i
		if s >= shards {
			s -= shards
		}
		switch {
		case b.first[s] == b.first[s+1]:
		case st.TryLock(uint32(s)):
			w.inShard(b, s)
		default:
			w.busy = append(w.busy, s)
		}
	}
	for _, s := range w.busy {
		st.Lock(uint32(s))
		w.inShard(b, s)
	}
}

// inShard builds b's values of a shard, which it unlocks.
func (w *loadWorker) inShard(b *batch, s int) {
	defer w.l.Store.Unlock(uint32(s))
	from, end := int(b.first[s]), int(b.first[s+1])
	for k := from; k < end; k++ {
		if k%aheadItems == 0 || k == from {
			w.ask(b, k)
		}
		it := &b.items[b.at[k]]
		if err := w.item(it, b.keys[k]); err != nil {
			w.l.fail(it, err)
			return
		}
	}
}

// ask asks for what the keys of b from number k on will need, for the next ones of its order,
// whatever their shards are: the processor waits for many of them at once, and works
// meanwhile.
func (w *loadWorker) ask(b *batch, k int) {
	if w.asked < k || w.asked > k+2*aheadItems { // another batch, or a shard that was busy
		w.asked = k
	}
	for w.asked < min(k+aheadItems, b.n) {
		n := min(aheadItems, b.n-w.asked)
		w.l.Store.TouchInserts(b.items[b.at[w.asked]].DB, b.keys[w.asked:w.asked+n], w.places[:])
		w.asked += n
	}
}

// build builds values that come in parts. A part holds its shard for some milliseconds, the
// time between two does not.
func (w *loadWorker) build(parts <-chan rdb.Item) {
	for it := range parts {
		if w.l.failure.Load() == nil {
			w.locked(&it)
		}
		w.tell()
		for range aheadOf(&it) {
			<-w.l.ahead
		}
	}
	w.drop()
}

// tell adds to the loader's count: not for each key, since workers would wait for each other
// at it.
func (w *loadWorker) tell() {
	w.l.Keys.Add(w.keys)
	w.keys = 0
}

// drop frees a value whose end never came.
func (w *loadWorker) drop() {
	w.l.Store.Lock(w.key.Shard)
	w.im.Drop()
	w.l.Store.Unlock(w.key.Shard)
}

// item builds a value, or a part of one. Its key's shard is locked.
func (w *loadWorker) item(it *rdb.Item, k store.Key) error {
	l := w.l
	if it.First {
		if w.skip = it.Deadline > 0 && it.Deadline <= l.now.Load(); w.skip {
			l.Expired.Add(1)
		} else {
			w.im.Begin(k, it.Deadline, l.Clocks.Of(it.Idle, it.Freq))
		}
	}
	if w.skip {
		return nil
	}
	err := w.im.Part(&it.Value, it.First, it.Last)
	switch {
	case err == nil:
	case errors.Is(err, rdb.ErrEmpty): // as Redis, which has written such keys
		l.Empty.Add(1)
		return nil
	default:
		return err
	}
	switch {
	case !it.Last:
		return nil
	case l.Merge:
		w.im.Adopt(it.DB)
	case !w.im.AdoptNew(it.DB):
		return errDuplicate
	}
	w.keys++
	return nil
}
