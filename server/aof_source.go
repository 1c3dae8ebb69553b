package server

import (
	"math/bits"
	"sync/atomic"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/persistence"
	"github.com/kringdb/kring/store"
)

// rewriteSource is the store as a rewrite of the AOF copies it: a snapshot, as commands.
// Entries come from the rewriter's own steps and from whoever changes what the snapshot
// has not passed yet; either way they go to a buffer of their shard, under its lock, and
// the rewriter takes the buffers to the file. So nobody but the rewriter waits for the
// disk; what others hand over takes memory until it is written.
type rewriteSource struct {
	srv     *Server
	aof     *persistence.AOF
	sn      *store.Snapshot
	shards  []sourceShard
	full    [store.MaxShards / 64]atomic.Uint64 // shards with much in their buffer
	pending atomic.Int64                        // bytes in all buffers
	spare   []byte
}

// sourceShard is guarded by its shard's lock.
type sourceShard struct {
	rb command.Rebuild
	db int
}

const (
	// sourceStep is how many entries one step of a rewrite visits under a shard's lock.
	sourceStep = 128
	// sourceFullBytes is from when on a shard's buffer is taken.
	sourceFullBytes = 32 << 10
	// sourcePendingBytes is from when on all are.
	sourcePendingBytes = 8 << 20
)

func newRewriteSource(s *Server, a *persistence.AOF) *rewriteSource {
	return &rewriteSource{srv: s, aof: a, shards: make([]sourceShard, s.store.Shards())}
}

// Cut implements persistence.Source. All gates: between the change and the record of an
// exclusive command there is no other lock. The shard locks: expiry and eviction.
func (src *rewriteSource) Cut(atCut func()) (err error) {
	s := src.srv
	s.gates.lockAll()
	defer s.gates.unlockAll()
	src.sn, err = s.store.BeginSnapshotAt(src, func() {
		if src.aof.State() != persistence.Off {
			atCut()
			if s.journal.to.Load() == nil {
				s.aof.publish(src.aof)
			}
		}
	})
	return err
}

// SnapshotEntry implements store.SnapshotSink.
func (src *rewriteSource) SnapshotEntry(shard, db int, e store.Entry) {
	sh := &src.shards[shard]
	before := len(sh.rb.Out)
	if before == 0 {
		sh.db = -1
	}
	if db != sh.db {
		sh.db = db
		sh.rb.Begin(2, "SELECT")
		sh.rb.Int(int64(db))
	}
	sh.rb.Entry(e)
	src.pending.Add(int64(len(sh.rb.Out) - before))
	if len(sh.rb.Out) >= sourceFullBytes {
		src.full[shard>>6].Or(1 << (shard & 63))
	}
}

// Next implements persistence.Source.
func (src *rewriteSource) Next(dst []byte) (out []byte, done bool) {
	done = src.sn.Step(sourceStep)
	if done || src.pending.Load() > sourcePendingBytes {
		for i := range src.shards {
			dst = src.drain(uint32(i), dst)
		}
		return dst, done
	}
	for i := range src.full {
		for w := src.full[i].Swap(0); w != 0; w &= w - 1 {
			dst = src.drain(uint32(i<<6|bits.TrailingZeros64(w)), dst)
		}
	}
	return dst, false
}

// drain appends what a shard's buffer holds to dst.
func (src *rewriteSource) drain(shard uint32, dst []byte) []byte {
	st, sh := src.srv.store, &src.shards[shard]
	st.Lock(shard)
	got := sh.rb.Out
	sh.rb.Out = src.spare
	st.Unlock(shard)
	src.pending.Add(-int64(len(got)))
	dst = append(dst, got...)
	src.spare = nil
	if cap(got) <= 4*sourceFullBytes {
		src.spare = got[:0]
	}
	return dst
}

// End implements persistence.Source.
func (src *rewriteSource) End() { src.sn.End() }
