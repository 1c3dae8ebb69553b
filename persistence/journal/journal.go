package journal

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Record is what Append is given, and Subscriber.Record gets: in registers, because memory that all
// processors write to is what a record costs most.
type Record struct {
	Body  []byte // commands, encoded as multibulk, with a SELECT wherever the database changes between two
	First int    // the database of the first command
	Last  int    // that of the last one
	Unit  bool   // there are several, which belong together
	End   uint64 // the position behind the record; set by Append
}

// Subscriber is given every record. Whoever has state that Record changes guards it by the
// journal's lock (Lock), so that a record costs one mutex, however many subscribers there are.
type Subscriber interface {
	// Record takes a record: it copies what it wants, keeps no reference, does not block and
	// does not call the journal, which is locked.
	Record(r Record)
}

// Journal is the log. The zero Journal has no subscriber and is ready for use.
type Journal struct {
	subs atomic.Pointer[[]Subscriber] // nil: none; changed with mu held, never in place
	end  atomic.Uint64                // changed with mu held

	mu sync.Mutex
}

// On tells whether anybody subscribes: whether changes are to be recorded. What is asked under
// a shard's lock holds until the lock is released, as far as subscribers come and go at cuts.
func (j *Journal) On() bool { return j.subs.Load() != nil }

// End is the position behind the last record. Any goroutine may ask.
func (j *Journal) End() uint64 { return j.end.Load() }

// Append gives a record to all subscribers and returns the position behind it. The caller
// holds the locks of all shards that it concerns; body, not empty, stays the caller's. The
// arguments are those of Record.
func (j *Journal) Append(first, last int, body []byte, unit bool) (end uint64) {
	j.mu.Lock()
	end = j.end.Load() + uint64(len(body))
	if subs := j.subs.Load(); subs != nil {
		r := Record{Body: body, First: first, Last: last, Unit: unit, End: end}
		for _, s := range *subs {
			s.Record(r)
		}
	}
	j.end.Store(end)
	j.mu.Unlock()
	return end
}

// StepLocked moves the end by one without a record, and returns the new one: so what a subscriber appends between
// two records has a position. The journal is locked.
func (j *Journal) StepLocked() (end uint64) { return j.end.Add(1) }

// Lock keeps records from being appended, for a few instructions: it guards the state of
// subscribers.
func (j *Journal) Lock() { j.mu.Lock() }

// Unlock ends Lock.
func (j *Journal) Unlock() { j.mu.Unlock() }

// At calls f with the journal locked, at the position that it is given. If the caller keeps
// everything from being changed meanwhile, that is a cut. f may call SubscribeLocked,
// UnsubscribeLocked and SubscribedLocked.
func (j *Journal) At(f func(pos uint64)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	f(j.end.Load())
}

// SubscribeLocked gives s every record from now on. The journal is locked.
func (j *Journal) SubscribeLocked(s Subscriber) {
	var list []Subscriber
	if old := j.subs.Load(); old != nil {
		list = slices.Clone(*old)
	}
	list = append(list, s)
	j.subs.Store(&list)
}

// UnsubscribeLocked ends that; nothing happens if s does not subscribe. The journal is locked.
func (j *Journal) UnsubscribeLocked(s Subscriber) {
	old := j.subs.Load()
	if old == nil {
		return
	}
	list := slices.DeleteFunc(slices.Clone(*old), func(o Subscriber) bool { return o == s })
	if len(list) == 0 {
		j.subs.Store(nil)
		return
	}
	j.subs.Store(&list)
}

// SubscribedLocked tells whether s subscribes. The journal is locked.
func (j *Journal) SubscribedLocked(s Subscriber) bool {
	subs := j.subs.Load()
	return subs != nil && slices.Contains(*subs, s)
}
