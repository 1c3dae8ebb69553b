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
// spans shards. It is called by whoever changes what the snapshot has not
// passed, and by Snapshot.Step: concurrently for different shards, never for one, and
// always with that shard's lock held. db is the database's number at the cut. e and
// all views of it are valid during the call only; it may be expired. The sink must not
// call the store.
//
// A large value comes by portions (SnapshotValue). straight says that it is begun by Step,
// which will hand over nothing else until it has come to the value's end, or has found that others have come to
// it: a step of its own tells that. Others may begin and end other values meanwhile.
type SnapshotSink interface {
	SnapshotEntry(shard, db int, e Entry)
	SnapshotLarge(shard, db int, straight bool) SnapshotValue
}

// SnapshotValue takes a large value, portion by portion, until Portion says that it has all of it.
// Between the calls the lock may be let go and e may come to stand elsewhere, but it is as it was.
type SnapshotValue interface {
	Portion(e Entry) (done bool)
}

// snapshots holds the running snapshot and numbers them.
type snapshots struct {
	mu struct {
		sync.Mutex
		running *Snapshot
		epoch   uint32
		closed  bool
	}
	runs atomic.Bool // one does
}

func (ss *snapshots) close() {
	ss.mu.Lock()
	ss.mu.closed, ss.mu.running = true, nil
	ss.mu.Unlock()
}

// Snapshot is the progress of one snapshot. One goroutine at a time calls its methods.
type Snapshot struct {
	s     *upkeep
	sink  SnapshotSink
	epoch uint32 // what has this version, or a later one, has been handed over

	// Where Step is: the position in its database in its shard. It goes through the shards
	// twice: the second time for the large values, of which the first time none is handed over.
	shard, db int
	pos       uint64
	large     bool // the second time

	// swapped tells Step that databases changed places: it begins its shard anew and
	// skips quickly what it has passed.
	swapped atomic.Bool
}

// BeginSnapshotAt makes the cut: the snapshot will show every database as it is now. At
// that moment, while all shards are locked, it calls atCut, unless that is nil. Taking all
// shard locks itself, it cuts between commands whose shards are locked together; a caller
// for whom a cut between two commands is not enough holds all gates.
func (s *upkeep) BeginSnapshotAt(sink SnapshotSink, atCut func()) (*Snapshot, error) {
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
	ss.runs.Store(true)
	s.LockAll()
	for i := range s.numDBs << s.shardBits {
		s.databases[i].origin = uint32(i >> s.shardBits)
	}
	if s.beside {
		for i := s.numDBs << s.shardBits; i < len(s.databases); i++ {
			s.databases[i].passed, s.databases[i].origin = sn.epoch, noOrigin // it shows nothing of them
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

// noOrigin is the origin of a table that was not there at the cut.
const noOrigin = ^uint32(0)

// Step hands at least want more entries to the sink, or much of their bytes, or a portion of a large value, unless
// the snapshot is complete or a shard has no more; it tells whether it is complete.
// It takes one shard lock itself and holds it for that long.
func (sn *Snapshot) Step(want int) (done bool) {
	if sn.shard == len(sn.s.shards) {
		return true
	}
	sh := &sn.s.shards[sn.shard]
	if sn.large {
		// Announced before the lock is taken: who comes to the lock meanwhile does not wait.
		sh.long.Add(1)
		defer sh.long.Add(-1)
	}
	sh.mu.Lock()
	if sh.mu.snap == sn && !sn.stepLocked(sh, want) {
		sh.mu.Unlock()
		return false
	}
	held := false
	if sh.mu.owed == nil || sn.large {
		held = sh.leave()
	}
	sh.mu.Unlock()
	if held {
		sn.s.reap.wake(uint32(sn.shard))
	}
	sn.shard, sn.db, sn.pos = sn.shard+1, 0, 0
	if sn.shard < len(sn.s.shards) {
		return false
	}
	if !sn.large {
		sn.large, sn.shard = true, 0
		return false
	}
	sn.End()
	return true
}

// leave forgets the snapshot in the shard, and tells whether there is something that waited for that to
// be freed. The shard is locked.
func (sh *shard) leave() (held bool) {
	sh.mu.snap, sh.mu.owed = nil, nil
	for _, c := range sh.mu.corpses {
		c.settle()
	}
	return len(sh.mu.corpses) > 0
}

// stepLocked is Step within one shard; it tells whether the shard is complete, as far as this time goes.
func (sn *Snapshot) stepLocked(sh *shard, want int) bool {
	if sn.large {
		return sn.stepLarge(sh)
	}
	if sn.swapped.Swap(false) {
		sn.db, sn.pos = 0, 0
	}
	shard, budget := uint32(sn.shard), stepBudget{want, stepBytes}
	for {
		for sn.db < sn.s.inUse() && sn.s.at(sn.db, shard).passed >= sn.epoch { // what is served may be parked beside
			sn.db, sn.pos = sn.db+1, 0
		}
		if sn.db >= sn.s.inUse() {
			break
		}
		d := sn.s.at(sn.db, shard)
		pos, done := sn.stepTable(shard, d.origin, &d.table, sn.pos, &budget)
		if sn.pos = pos; !done {
			return false
		}
		d.passed = sn.epoch
	}
	for _, c := range sh.mu.corpses { // what a flush has detached since the cut
		for i := range c.tables {
			t, done := &c.tables[i], true
			if t.owed && !t.passed {
				if t.scan, done = sn.stepTable(shard, t.origin, &t.table, t.scan, &budget); !done {
					return false
				}
				t.passed = true
			}
		}
	}
	return true
}

// stepBudget is what a step may still hand over.
type stepBudget struct {
	entries int
	bytes   int64
}

func (b *stepBudget) spent() bool { return b.entries <= 0 || b.bytes <= 0 }

// stepTable hands over what is owed of a table from the position pos on, as far as the budget goes, and returns
// where to go on, or done.
func (sn *Snapshot) stepTable(shard uint32, origin uint32, t *dict.Table, pos uint64, budget *stepBudget) (next uint64, done bool) {
	for !done {
		var seg dict.SegmentRef
		seg, next, done = t.NextSegment(pos)
		if seg != 0 && seg.Version() < uint64(sn.epoch) {
			for left := seg.AllParts() &^ seg.Passed(uint64(sn.epoch)); left != 0; left &= left - 1 {
				if budget.spent() {
					return pos, false
				}
				sn.emit(shard, origin, seg, left&-left, largeValueBytes, budget)
			}
		}
		pos = next
	}
	return 0, true
}

// emit hands the entries in some parts of a segment to the sink, but those that it has had, and those that hold more than large
// bytes outside, which will follow. It counts them in what is left of the budget.
func (sn *Snapshot) emit(shard, origin uint32, seg dict.SegmentRef, parts uint64, large int64, left *stepBudget) {
	had := seg.Passed(uint64(sn.epoch))
	if parts &^= had; parts == 0 {
		return
	}
	seg.EachInParts(parts, func(a arena.Addr) {
		e := Entry{A: a}
		outside := outsideBytes(e)
		left.entries--
		left.bytes -= int64(e.Size())
		if outside > large && sn.owe(shard, origin, sn.s.ops.Hash(e.A), e) {
			return
		}
		left.bytes -= outside
		sn.sink.SnapshotEntry(int(shard), int(origin), e)
	})
	if had |= parts; had == seg.AllParts() {
		seg.SetVersion(uint64(sn.epoch))
	} else {
		seg.SetPassed(uint64(sn.epoch), had)
	}
}

// SnapshotRuns tells whether a snapshot runs. Any goroutine may ask; the answer may be old when it comes.
func (s *upkeep) SnapshotRuns() bool { return s.snapshot.runs.Load() }

// Snapshotting tells whether a snapshot has yet to finish a shard, which is locked.
func (s *upkeep) Snapshotting(shard uint32) bool { return s.shards[shard].mu.snap != nil }

// OwesMuch tells whether a change of k in database db has to hand over so large a
// pre-image first, that it is better made by a long command (SetLong), after HandOver. The shard is
// locked.
func (s *upkeep) OwesMuch(db int, k Key) bool {
	sh, d := &s.shards[k.Shard], s.at(db, k.Shard)
	sn := sh.mu.snap
	if sn == nil || !sn.owesAny(d, k.Hash) && sh.mu.owed.find(d.origin, k.Hash) == nil {
		return false
	}
	e := s.FindRaw(db, k)
	return e.A != 0 && outsideBytes(e) > largeValueBytes
}

// owesAny tells whether the place of an entry of hash h has not been passed.
func (sn *Snapshot) owesAny(d *database, h uint64) bool {
	if d.passed >= sn.epoch {
		return false
	}
	seg, epoch := d.table.SegmentOf(h), uint64(sn.epoch)
	return seg != 0 && seg.Version() < epoch && seg.PartsOf(h)&^seg.Passed(epoch) != 0
}

// HandOver hands over a portion of what a change of k in database db has to hand over first, and tells whether there
// is more. It takes the shard's lock itself, for so long: who calls it again and again, before he takes the
// lock for his change, keeps nobody else from the shard.
func (s *upkeep) HandOver(db int, k Key) (more bool) {
	s.Lock(k.Shard)
	defer s.Unlock(k.Shard)
	if !s.OwesMuch(db, k) {
		return false
	}
	sh, d := &s.shards[k.Shard], s.at(db, k.Shard)
	sh.mu.snap.pass(k.Shard, d, k.Hash)
	v := sh.mu.owed.find(d.origin, k.Hash)
	return v != nil && !sh.mu.snap.portion(k.Shard, &d.table, v, false)
}

// preserve is called before an entry of hash h is inserted, changed or deleted: a snapshot
// that runs in the shard is handed what stands there, as it is. It is small enough to stand in its
// callers.
func (sh *shard) preserve(shard uint32, d *database, h uint64) {
	if sh.mu.snap != nil {
		sh.handOver(shard, d, h)
	}
}

func (sh *shard) handOver(shard uint32, d *database, h uint64) {
	sn := sh.mu.snap
	sn.pass(shard, d, h)
	if v := sh.mu.owed.find(d.origin, h); v != nil {
		for !sn.portion(shard, &d.table, v, false) {
		}
	}
}

// pass hands over the parts of d that an entry of hash h stands in, or will. If the change may rebuild the
// segment, that is all of it.
func (sn *Snapshot) pass(shard uint32, d *database, h uint64) {
	if d.passed >= sn.epoch {
		return
	}
	seg := d.table.SegmentOf(h)
	switch {
	case seg == 0:
		// The table's first segment will have version 0, but it is after the cut.
		d.passed = sn.epoch
	case seg.Version() >= uint64(sn.epoch):
	case d.table.Stays(seg):
		sn.emit(shard, d.origin, seg, seg.PartsOf(h), largeValueBytes, &stepBudget{})
	default:
		sn.emit(shard, d.origin, seg, seg.AllParts(), rebuiltValueBytes, &stepBudget{})
	}
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
		held := sh.mu.snap == sn && sh.leave()
		sh.mu.Unlock()
		if held {
			sn.s.reap.wake(uint32(i))
		}
	}
	sn.shard, sn.large = len(sn.s.shards), true
	ss.mu.running = nil
	ss.runs.Store(false)
}
