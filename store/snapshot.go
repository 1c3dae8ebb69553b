package store

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/dict"
)

// ErrSnapshotRunning is returned by BeginSnapshot while another snapshot runs.
var ErrSnapshotRunning = errors.New("store: a snapshot is running")

// SnapshotSink takes the entries of a snapshot, each exactly once, in no order that
// spans shards. It is called by whoever changes a segment that the snapshot has not
// passed, and by Snapshot.Step: concurrently for different shards, never for one, and
// always with that shard's lock held. db is the database's number at the cut. e and
// all views of it are valid during the call only; it may be expired. The sink must not
// call the store.
//
// A large entry comes to SnapshotPart, again and again until that says that it has all of
// it: first tells the first call, between the others the lock may have been let go, and e
// may stand elsewhere, but is as it was. Until then no other entry comes in parts.
type SnapshotSink interface {
	SnapshotEntry(shard, db int, e Entry)
	SnapshotPart(shard, db int, e Entry, first bool) (done bool)
}

// segmentPart is how far the entries of a segment, whose values are large, have been handed
// over. A segment does not change before all of it is (preserve), but entries may move.
type segmentPart struct {
	origin uint32 // of its table
	start  uint64 // of its positions
	at     int    // how many entries the sink has had, in their order
	begun  bool   // and a part of the next one
}

// snapshots holds the running snapshot and numbers them.
type snapshots struct {
	mu struct {
		sync.Mutex
		running *Snapshot
		epoch   uint32
		closed  bool
	}
}

func (ss *snapshots) close() {
	ss.mu.Lock()
	ss.mu.closed, ss.mu.running = true, nil
	ss.mu.Unlock()
}

// Snapshot is the progress of one snapshot. One goroutine at a time calls its methods.
type Snapshot struct {
	s     *Store
	sink  SnapshotSink
	epoch uint32 // a segment of this version, or a later one, has been handed over

	// Where Step is: the position in its database in its shard.
	shard, db int
	pos       uint64
	heavy     bool // the next step is in a segment with large values

	// swapped tells Step that databases changed places: it begins its shard anew and
	// skips quickly what it has passed.
	swapped atomic.Bool
}

// BeginSnapshotAt makes the cut: the snapshot will show every database as it is now. At
// that moment, while all shards are locked, it calls atCut, unless that is nil. Taking all
// shard locks itself, it cuts between commands whose shards are locked together; a caller
// for whom a cut between two commands is not enough holds all gates.
func (s *Store) BeginSnapshotAt(sink SnapshotSink, atCut func()) (*Snapshot, error) {
	ss := &s.snapshot
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.mu.closed {
		return nil, ErrClosed
	}
	if ss.mu.running != nil {
		return nil, ErrSnapshotRunning
	}
	ss.mu.epoch++
	sn := &Snapshot{s: s, sink: sink, epoch: ss.mu.epoch}
	ss.mu.running = sn
	s.LockAll()
	for i := range s.numDBs << s.shardBits {
		s.databases[i].origin = uint32(i >> s.shardBits)
	}
	if s.beside {
		for i := s.numDBs << s.shardBits; i < len(s.databases); i++ {
			s.databases[i].passed = sn.epoch // it shows nothing of them
		}
	}
	for i := range s.shards {
		s.shards[i].mu.snap = sn
	}
	if atCut != nil {
		atCut()
	}
	s.UnlockAll()
	return sn, nil
}

// Step hands at least want more entries to the sink, those of whole segments, unless
// the snapshot is complete or a shard has no more; it tells whether it is complete.
// It takes one shard lock itself and holds it for that long.
func (sn *Snapshot) Step(want int) (done bool) {
	if sn.shard == len(sn.s.shards) {
		return true
	}
	sh := &sn.s.shards[sn.shard]
	if sn.heavy {
		// Announced before the lock is taken: who comes to the lock meanwhile does not wait.
		sh.long.Add(1)
		defer sh.long.Add(-1)
	}
	sh.mu.Lock()
	if sh.mu.snap == sn && !sn.stepLocked(sh, want) {
		sh.mu.Unlock()
		return false
	}
	sh.mu.snap = nil
	held := len(sh.mu.corpses) > 0
	sh.mu.Unlock()
	if held {
		sn.s.reap.wake(uint32(sn.shard))
	}
	sn.shard, sn.db, sn.pos = sn.shard+1, 0, 0
	if sn.shard < len(sn.s.shards) {
		return false
	}
	sn.End()
	return true
}

// stepLocked is Step within one shard; it tells whether the shard is complete.
func (sn *Snapshot) stepLocked(sh *shard, want int) bool {
	shard := uint32(sn.shard)
	if sn.swapped.Swap(false) {
		sn.db, sn.pos = 0, 0
	}
	if sn.heavy = sh.mu.part != nil; sn.heavy {
		sn.stepPart(sh) // what is begun is ended before all else
		return false
	}
	for emitted := 0; emitted < want; {
		for sn.db < sn.s.numDBs && sn.s.at(sn.db, shard).passed >= sn.epoch {
			sn.db, sn.pos = sn.db+1, 0
		}
		if sn.db == sn.s.numDBs {
			return sn.corpsesLocked(sh)
		}
		d := sn.s.at(sn.db, shard)
		seg, next, done := d.table.NextSegment(sn.pos)
		if sn.owesMuch(&d.table, seg) {
			start, _ := seg.Range()
			sh.mu.part = &segmentPart{origin: d.origin, start: start}
			sn.heavy = true
			return false
		}
		emitted += sn.emit(shard, d.origin, &d.table, seg)
		sn.pos = next
		if done {
			d.passed = sn.epoch
		}
	}
	return false
}

// stepPart hands over a part of the segment that is handed over in parts, wherever its table
// is now.
func (sn *Snapshot) stepPart(sh *shard) {
	p, shard := sh.mu.part, uint32(sn.shard)
	t := sn.tableOf(sh, p.origin)
	if t == nil {
		sh.mu.part = nil
		return
	}
	seg, _, _ := t.NextSegment(p.start)
	i, size, full := 0, int64(0), false
	t.EachInSegment(seg, func(a arena.Addr) {
		e := Entry{A: a}
		if i++; i <= p.at || full {
			return
		}
		outside := outsideBytes(e)
		if outside > largeValueBytes {
			if full = true; size == 0 {
				p.begun = !sn.sink.SnapshotPart(int(shard), int(p.origin), e, !p.begun)
				if !p.begun {
					p.at++
				}
			}
			return
		}
		sn.sink.SnapshotEntry(int(shard), int(p.origin), e)
		p.at++
		size += outside + entryPartBytes
		full = size > largeValueBytes
	})
	if p.at == i {
		seg.SetVersion(uint64(sn.epoch))
		sh.mu.part = nil
	}
}

// tableOf returns the table that had number origin at the cut and has yet to be passed: of
// a database or, after a flush, of a corpse. nil: there is none.
func (sn *Snapshot) tableOf(sh *shard, origin uint32) *dict.Table {
	for db := range sn.s.numDBs {
		if d := sn.s.at(db, uint32(sn.shard)); d.origin == origin && d.passed < sn.epoch {
			return &d.table
		}
	}
	for _, c := range sh.mu.corpses {
		for i := range c.tables {
			if t := &c.tables[i]; t.owed && t.origin == origin {
				return &t.table
			}
		}
	}
	return nil
}

// corpsesLocked hands over what a flush detached since the cut, a table at a time.
func (sn *Snapshot) corpsesLocked(sh *shard) bool {
	for _, c := range sh.mu.corpses {
		for i := range c.tables {
			t := &c.tables[i]
			if !t.owed {
				continue
			}
			for pos, done := uint64(0), false; !done; {
				var seg dict.SegmentRef
				seg, pos, done = t.table.NextSegment(pos)
				sn.emit(uint32(sn.shard), t.origin, &t.table, seg)
			}
			t.owed = false
			return false
		}
	}
	return true
}

// emit hands the segment's entries to the sink unless it has had them: all that are left, if
// it has had a part.
func (sn *Snapshot) emit(shard, origin uint32, t *dict.Table, seg dict.SegmentRef) (n int) {
	if seg == 0 || seg.Version() >= uint64(sn.epoch) {
		return 0
	}
	had := segmentPart{}
	if p := sn.s.shards[shard].mu.part; p != nil && p.origin == origin {
		if start, _ := seg.Range(); start == p.start {
			had = *p
			sn.s.shards[shard].mu.part = nil
		}
	}
	t.EachInSegment(seg, func(a arena.Addr) {
		e := Entry{A: a}
		switch {
		case n < had.at:
		case n == had.at && had.begun:
			for !sn.sink.SnapshotPart(int(shard), int(origin), e, false) {
			}
		default:
			sn.sink.SnapshotEntry(int(shard), int(origin), e)
		}
		n++
	})
	seg.SetVersion(uint64(sn.epoch))
	return n
}

// owesMuch tells whether the snapshot has still to have a segment with so much in it that
// handing it over takes long.
func (sn *Snapshot) owesMuch(t *dict.Table, seg dict.SegmentRef) bool {
	if seg == 0 || seg.Version() >= uint64(sn.epoch) {
		return false
	}
	sum := int64(0)
	t.EachInSegment(seg, func(a arena.Addr) { sum += outsideBytes(Entry{A: a}) })
	return sum > heavySegmentBytes
}

// Snapshotting tells whether a snapshot has yet to finish a shard, which is locked.
func (s *Store) Snapshotting(shard uint32) bool { return s.shards[shard].mu.snap != nil }

// OwesMuch tells whether a change of k in database db has to hand over so large a
// pre-image first, that it is better made by a long command (SetLong). The shard is
// locked.
func (s *Store) OwesMuch(db int, k Key) bool {
	sn := s.shards[k.Shard].mu.snap
	if sn == nil {
		return false
	}
	d := s.at(db, k.Shard)
	return d.passed < sn.epoch && sn.owesMuch(&d.table, d.table.SegmentOf(k.Hash))
}

// preserve is called before an entry of hash h is inserted, changed or deleted: a snapshot
// that runs in the shard is handed the segment as it is. It is small enough to stand in its
// callers.
func (sh *shard) preserve(shard uint32, d *database, h uint64) {
	if sh.mu.snap != nil {
		sh.handOver(shard, d, h)
	}
}

func (sh *shard) handOver(shard uint32, d *database, h uint64) {
	sn := sh.mu.snap
	if d.passed >= sn.epoch {
		return
	}
	seg := d.table.SegmentOf(h)
	if seg == 0 {
		// The table's first segment will have version 0, but it is after the cut.
		d.passed = sn.epoch
		return
	}
	sn.emit(shard, d.origin, &d.table, seg)
}

// End ends the snapshot, complete or not. After a complete one it does nothing more.
// It takes the shard locks itself, one at a time.
func (sn *Snapshot) End() {
	ss := &sn.s.snapshot
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.mu.running != sn {
		return
	}
	for i := range sn.s.shards {
		sh := &sn.s.shards[i]
		sh.mu.Lock()
		if sh.mu.snap == sn {
			sh.mu.snap, sh.mu.part = nil, nil
			for _, c := range sh.mu.corpses {
				c.settle()
			}
			sn.s.reap.wake(uint32(i))
		}
		sh.mu.Unlock()
	}
	sn.shard = len(sn.s.shards)
	ss.mu.running = nil
}
