package cluster

import (
	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/persistence/journal"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// This file is what an export takes from the journal.

// recordScratch is what the calls of a record are read into.
type recordScratch struct {
	args   resp.Args
	idx    []int
	passed []store.Key // keys of the job's slots that have been sent
	ends   []int       // where the calls of the record end
	takes  []bool      // whether each goes to the target
}

// Record implements journal.Subscriber. Whoever appends holds the locks of all shards that the record
// concerns, or all gates, so that nobody goes through their keys.
func (x *export) Record(r journal.Record) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.mu.failed != "" || x.mu.held {
		return
	}
	s := &x.mu.scratch
	s.passed, s.ends, s.takes = s.passed[:0], s.ends[:0], s.takes[:0]
	mixed, taken := false, 0
	for at := 0; at < len(r.Body); {
		args, n, _, err := resp.ScanCommand(r.Body[at:], s.args[:0])
		if err != nil || n == 0 {
			x.failLocked("a record of the journal cannot be read")
			return
		}
		s.args = args
		passed, others, all := x.keysOf(args)
		if all {
			x.failLocked("all keys have been deleted")
			return
		}
		mixed = mixed || passed > 0 && others > 0
		at += n
		s.ends, s.takes = append(s.ends, at), append(s.takes, passed > 0)
		if passed > 0 {
			taken++
		}
	}
	switch {
	case mixed:
		x.appendImages()
	case taken > 1:
		x.mu.out = append(x.mu.out, "*1\r\n$5\r\nMULTI\r\n"...)
		x.appendTaken(r.Body)
		x.mu.out = append(x.mu.out, "*1\r\n$4\r\nEXEC\r\n"...)
	case taken == 1:
		x.appendTaken(r.Body)
	}
	clear(s.passed)
	clear(s.args[:cap(s.args)])
	if len(x.mu.out) > pendingBytes {
		x.failLocked("more changes than the target has taken")
	}
}

// failLocked is giveUp for who holds the lock.
func (x *export) failLocked(why string) {
	if x.mu.failed == "" {
		x.mu.state, x.mu.failed = stateFailed, why
	}
	x.mu.out = nil
	x.ring()
}

// keysOf counts the keys of a call that have been sent to the target, and notes them, and the other ones; all tells
// that it is about all keys there are.
func (x *export) keysOf(args resp.Args) (passed, others int, all bool) {
	n, s := x.m.n, &x.mu.scratch
	spec := n.House.Table().Lookup(args[0])
	if spec != nil && spec.Subs != nil && len(args) > 1 {
		spec = spec.LookupSub(args[1])
	}
	if spec == nil {
		return 0, 0, false
	}
	switch spec.FullName {
	case "flushall", "flushdb", "swapdb":
		return 0, 0, true
	}
	if spec.Flags&command.PubSub != 0 {
		return 0, 0, false
	}
	idx, _ := spec.AppendKeys(s.idx[:0], args)
	s.idx = idx
	by := n.House.Keys()
	for _, i := range idx {
		k := by.Key(args[i])
		slot := by.Of(&k)
		if !x.j.set.Has(slot) || !x.passedLocked(by, slot, &k) {
			others++
			continue
		}
		passed++
		s.passed = append(s.passed, k)
	}
	return passed, others, false
}

// passedLocked tells whether a key, if it is there, has been sent.
func (x *export) passedLocked(by store.BySlot, slot cluster.Slot, k *store.Key) bool {
	if x.mu.at == len(x.j.slots) {
		return true
	}
	switch now := x.j.slots[x.mu.at]; {
	case slot < now:
		return true
	case slot > now:
		return false
	}
	return by.Passed(k, x.mu.cursor)
}

// appendTaken appends the calls of a record that the target is to execute.
func (x *export) appendTaken(body []byte) {
	s, from := &x.mu.scratch, 0
	for i, end := range s.ends {
		if s.takes[i] {
			x.mu.out = append(x.mu.out, body[from:end]...)
		}
		from = end
	}
}

// appendImages appends what the keys of a record that have been sent are now.
func (x *export) appendImages() {
	by := x.m.n.House.Keys()
	x.mu.out = append(x.mu.out, "*1\r\n$5\r\nMULTI\r\n"...)
	for i := range x.mu.scratch.passed {
		k := x.mu.scratch.passed[i]
		x.mu.out = resp.AppendHeader(x.mu.out, '*', 2)
		x.mu.out = resp.AppendBulkString(x.mu.out, "DEL")
		x.mu.out = resp.AppendBulk(x.mu.out, k.Name)
		if e := by.FindRaw(k); e.A != 0 {
			x.mu.out = x.mu.images.append(x.mu.out, e)
		}
	}
	x.mu.out = append(x.mu.out, "*1\r\n$4\r\nEXEC\r\n"...)
}
