package server

import (
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/persistence"
	"github.com/kringdb/kring/store"
)

// rewriteSource is the store as a rewrite of the AOF copies it: a snapshot, as commands.
// Entries come from the rewriter's own steps and from whoever changes what the snapshot
// has not passed yet; either way they go to a buffer of their shard, under its lock, and
// the rewriter takes the buffers to the file. So nobody but the rewriter waits for the
// disk. What others hand over takes memory until it is written: when it becomes much, the
// sessions that write are held up before their next batch.
type rewriteSource struct {
	srv     *Server
	aof     *persistence.AOF
	sn      *store.Snapshot
	shards  []sourceShard
	full    [store.MaxShards / 64]atomic.Uint64 // shards with full buffers
	pending atomic.Int64                        // bytes in all buffers
	taken   [][]byte                            // drain's, empty between its calls
	stepped bool                                // the snapshot is complete
	turn    int                                 // the shard that Next takes next

	reported time.Time // when the log was last told how far it is
	written  int64     // bytes that Next has given

	pool struct { // innermost
		sync.Mutex
		free [][]byte
	}
}

// sourceShard is guarded by its shard's lock.
type sourceShard struct {
	rb   command.Rebuild // Out is the buffer being filled, nil: none
	db   int             // database of its last entry
	full [][]byte
}

const (
	// sourceStep is how many entries one step of a rewrite visits under a shard's lock.
	sourceStep = 128
	// sourceChunkBytes is the size of a buffer; it counts as full when sourceFullBytes of
	// it are used.
	sourceChunkBytes = 32 << 10
	sourceFullBytes  = 24 << 10
	// sourceDrainBytes is from when on the rewriter takes all buffers before it steps on.
	sourceDrainBytes = 2 << 20
	// sourceTakeBytes is about how much the rewriter takes at once.
	sourceTakeBytes = 1 << 20
	// sourceCrowdedBytes is from when on sessions are held up, sourceRoomBytes until when.
	sourceCrowdedBytes = 16 << 20
	sourceRoomBytes    = 14 << 20
	// sourceReport is how often the log is told how far a rewrite is.
	sourceReport = time.Second
)

func newRewriteSource(s *Server, a *persistence.AOF) *rewriteSource {
	return &rewriteSource{srv: s, aof: a, shards: make([]sourceShard, s.store.Shards()), reported: time.Now()}
}

// crowded tells whether a rewrite has more than most bytes waiting to be written.
func (k *aofKeeper) crowded(most int64) bool {
	src := k.source.Load()
	return src != nil && src.pending.Load() > most
}

// Cut implements persistence.Source.
func (src *rewriteSource) Cut(atCut func(pos uint64)) (err error) {
	s := src.srv
	src.sn, err = s.cut(src, func(pos uint64) {
		s.aof.source.Store(src)
		atCut(pos)
		if src.aof.State() != persistence.Off {
			s.journal.aof.Store(src.aof)
		}
	})
	return err
}

// SnapshotEntry implements store.SnapshotSink.
func (src *rewriteSource) SnapshotEntry(shard, db int, e store.Entry) {
	sh := &src.shards[shard]
	if sh.rb.Out == nil {
		sh.rb.Out, sh.db = src.buffer(), -1
	}
	before := len(sh.rb.Out)
	if db != sh.db {
		sh.db = db
		sh.rb.Begin(2, "SELECT")
		sh.rb.Int(int64(db))
	}
	sh.rb.Entry(e)
	src.pending.Add(int64(len(sh.rb.Out) - before))
	if len(sh.rb.Out) >= sourceFullBytes {
		sh.full = append(sh.full, sh.rb.Out)
		sh.rb.Out = nil
		src.full[shard>>6].Or(1 << (shard & 63))
	}
}

// buffer returns an empty buffer.
func (src *rewriteSource) buffer() []byte {
	src.pool.Lock()
	defer src.pool.Unlock()
	if n := len(src.pool.free); n > 0 {
		b := src.pool.free[n-1]
		src.pool.free = src.pool.free[:n-1]
		return b
	}
	return make([]byte, 0, sourceChunkBytes)
}

// Next implements persistence.Source. It steps on only while little waits to be written.
func (src *rewriteSource) Next(dst []byte) (out []byte, done bool) {
	defer func(had int) { src.report(time.Now(), len(out)-had) }(len(dst))
	runtime.Gosched() // else a reactor might wait until the scheduler preempts
	if !src.stepped && src.pending.Load() <= sourceDrainBytes {
		src.stepped = src.sn.Step(sourceStep)
	}
	if !src.stepped && src.pending.Load() <= sourceDrainBytes {
		for i := range src.full {
			for w := src.full[i].Swap(0); w != 0; w &= w - 1 {
				dst = src.drain(uint32(i<<6|bits.TrailingZeros64(w)), dst, false)
			}
		}
		return dst, false
	}
	// Nobody fills buffers any more, or they are many: take all, in turn, so much at once.
	for n := 0; n < len(src.shards) && len(dst) < sourceTakeBytes; n++ {
		dst = src.drain(uint32(src.turn), dst, true)
		src.turn = (src.turn + 1) % len(src.shards)
	}
	src.srv.wakeThrottled()
	return dst, src.stepped && src.pending.Load() == 0
}

// report tells the log how far the rewrite is, if it is time; more bytes go to the file.
func (src *rewriteSource) report(now time.Time, more int) {
	src.written += int64(more)
	if now.Sub(src.reported) >= sourceReport {
		src.reported = now
		done, of := src.sn.Passed()
		src.srv.log.Info("rewriting the AOF", "percent", 100*done/of, "bytes", src.written)
	}
}

// drain appends what a shard's full buffers hold to dst, with all also that of the one
// being filled.
func (src *rewriteSource) drain(shard uint32, dst []byte, all bool) []byte {
	st, sh := src.srv.store, &src.shards[shard]
	st.Lock(shard)
	src.taken, sh.full = sh.full, src.taken
	if all && len(sh.rb.Out) > 0 {
		src.taken = append(src.taken, sh.rb.Out)
		sh.rb.Out = nil
	}
	st.Unlock(shard)
	for i, b := range src.taken {
		dst = append(dst, b...)
		src.pending.Add(-int64(len(b)))
		if cap(b) == sourceChunkBytes {
			src.pool.Lock()
			src.pool.free = append(src.pool.free, b[:0])
			src.pool.Unlock()
		}
		src.taken[i] = nil
	}
	src.taken = src.taken[:0]
	return dst
}

// End implements persistence.Source.
func (src *rewriteSource) End() {
	src.sn.End()
	src.srv.aof.source.Store(nil)
	src.srv.wakeThrottled()
}
