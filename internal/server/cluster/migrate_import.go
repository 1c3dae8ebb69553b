package cluster

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/persistence/journal"
	"github.com/kringdb/kring/resp"
)

// intake is a move of slots where the keys go. They are put where they will be; as the slots are another shard's, and
// hidden, nobody sees them before the topology gives them to this node's.
type intake struct {
	m     *migrations
	j     *job
	ctx   context.Context
	wiped atomic.Bool                 // all keys of this node have been deleted meanwhile
	seen  atomic.Pointer[admit.Slots] // of which it is known that all slots of the job are Elsewhere
	args  resp.Args
	calls []resp.Args
}

// beginImport begins to take the slots of a job, or says why not.
func (m *migrations) beginImport(j *job) (refusal string) {
	n, t := m.n, m.n.topology()
	from := t.Node(j.source)
	mine := t.Shard(t.Node(n.ID()).Shard)
	switch {
	case n.own():
		return "ERR this node has a coordinator of its own"
	case from == nil || t.Shard(from.Shard).Primary != j.source:
		return string(unknown(j.source))
	case mine.Primary != n.ID():
		return "ERR Target node is not a master"
	case n.leading() == nil:
		return errNotLeading
	}
	j.term = n.leading()
	for _, slot := range j.slots {
		if owner := t.Owner(slot); owner == nil || owner.ID != from.Shard || mine.Importing[slot] != "" {
			return fmt.Sprintf("ERR hash slot %d is not the source's alone", slot)
		}
	}
	if busy := m.add(j); busy >= 0 {
		return fmt.Sprintf("TRYAGAIN Slot %d is already being moved", busy) // or has been, a moment ago
	}
	ctx, cancel := context.WithCancel(n.ctx)
	j.cancel = cancel
	in := &intake{m: m, j: j, ctx: ctx}
	n.wait.Go(in.run)
	return ""
}

// run takes the keys, and the slots.
func (in *intake) run() {
	n, j := in.m.n, in.j
	defer j.cancel()
	n.sweeper.expect(n, j.slots, true)
	n.remember()
	jr := n.House.Journal()
	n.House.Cut(func() { jr.At(func(uint64) { jr.SubscribeLocked(in) }) })
	w, err := in.m.call(in.ctx, j.source)
	if err == nil {
		err = in.fetchFunctions(w)
	}
	if err == nil {
		err = in.take(w)
	}
	n.sweeper.expect(n, j.slots, false)
	n.House.Cut(func() { jr.At(func(uint64) { jr.UnsubscribeLocked(in) }) })
	if err == nil {
		j.to(stateSuccess, "")
		n.Log.Info("slots have come", "source", j.source, "slots", len(j.slots))
		_ = w.ask("CLUSTER", "SYNCSLOTS", "TAKEN", j.name) // it would see it by itself
		w.Close()
	} else {
		if w != nil {
			w.Close() // a chunk may be under way on it
		}
		j.to(stateFailed, err.Error())
		n.Log.Warn("slots do not come", "source", j.source, "error", err)
		n.sweeper.lose(n, j.slots)
		in.tell(err)
	}
	n.remember()
}

// tell tells the source that the move has failed.
func (in *intake) tell(why error) {
	w, err := in.m.call(in.ctx, in.j.source)
	if err != nil {
		return // it finds out by itself
	}
	_ = w.ask("CLUSTER", "SYNCSLOTS", "FAILED", in.j.name, why.Error())
	w.Close()
}

var (
	errNotReigning = errors.New("another node has led this node's shard meanwhile")
	errNotAbroad   = errors.New("the slots are not the source's any more, or this node is no primary")
	errWiped       = errors.New("all keys of the target have been deleted")
	errNoHeir      = errors.New("no replica of the target that may take its place has acknowledged the keys in time")
	errCrammed     = errors.New("the target's memory is full")
)

// take takes all chunks, and then the slots.
func (in *intake) take(w *wire) error {
	n, j := in.m.n, in.j
	for _, slot := range j.slots { // what an earlier try has left
		if n.House.Keys().Count(0, slot) > 0 && !n.clearSlot(slot, func() bool { return true }) {
			return errNotAbroad
		}
	}
	j.to("receiving", "")
	chunks, secured, done := make(chan chunk), make(chan struct{}), make(chan struct{})
	defer close(done)
	go func() { // one chunk is asked for while another one is executed
		for {
			c := w.next(j.name)
			select {
			case chunks <- c:
			case <-done:
				return
			}
			if c.err != nil || c.final {
				return
			}
			if c.first { // the last one may come next, and writes wait from then on
				select {
				case <-secured:
				case <-done:
					return
				}
			}
		}
	}()
	for {
		var c chunk
		select {
		case c = <-chunks:
		case <-in.ctx.Done():
			return in.ctx.Err()
		}
		if c.err != nil {
			return c.err
		}
		j.hear()
		if !j.reigns(n) {
			return errNotReigning
		}
		if n.House.Crammed() {
			return errCrammed
		}
		if err := in.execute(c.calls); err != nil {
			return err
		}
		switch {
		case in.wiped.Load():
			return errWiped
		case c.final:
			offset, err := in.secure(false, heirPause)
			if err != nil {
				return err
			}
			return in.own(c.epoch, offset)
		case c.first:
			if _, err := in.secure(true, heirTime); err != nil {
				return err
			}
			close(secured)
		case len(c.calls) == 0:
			time.Sleep(time.Millisecond) // the source has nothing more yet
		}
	}
}

// secure returns when what has been executed here outlives this process, by the AOF, and this node, by a replica; for that it waits as
// long as limit. The result is up to which offset that is.
func (in *intake) secure(synced bool, limit time.Duration) (offset int64, err error) {
	n := in.m.n
	if err := n.House.Secure(in.ctx, synced); err != nil {
		return 0, err
	}
	offset = n.House.Offset()
	for end := time.Now().Add(limit); !in.inherited(offset); {
		if time.Now().After(end) {
			return 0, errNoHeir
		}
		n.House.AskAcks()
		select {
		case <-in.ctx.Done():
			return 0, in.ctx.Err()
		case <-time.After(heirTick):
		}
	}
	return offset, nil
}

// inherited tells whether the data up to an offset of the stream would still be there if the node died now: one of those that may
// lead then has acknowledged them, or there are none. If none of them runs, it is false, too: the first one that is back would
// lead without the data.
func (in *intake) inherited(offset int64) bool {
	n := in.m.n
	heirs := n.mayInherit()
	for _, id := range heirs {
		if n.House.Reached(id, offset) {
			return true
		}
	}
	return len(heirs) == 0
}

// abroad tells whether all slots of the job are another shard's, and the server a primary. It is called with a gate held.
func (in *intake) abroad() bool {
	s := in.m.n.House.Places()
	if s == nil {
		return false
	}
	if s == in.seen.Load() {
		return true
	}
	for _, slot := range in.j.slots {
		if s.Places[slot] != admit.Elsewhere {
			return false
		}
	}
	in.seen.Store(s)
	return true
}

// execute executes what a chunk has.
func (in *intake) execute(b []byte) error {
	in.calls, in.args = in.calls[:0], in.args[:0]
	unit := false
	flush := func() error {
		if len(in.calls) == 0 {
			return nil
		}
		ran, err := in.m.n.House.Replay(in.calls, unit, in.abroad)
		if err == nil && !ran {
			err = errNotAbroad
		}
		in.calls, in.args = in.calls[:0], in.args[:0]
		runtime.Gosched() // reactors come first
		return err
	}
	for len(b) > 0 {
		args, n, _, err := resp.ScanCommand(b, in.args)
		if err != nil || n == 0 {
			return errors.Join(err, errors.New("the source has sent what is no call"))
		}
		call := args[len(in.args):len(args):len(args)]
		b = b[n:]
		begins, ends := command.EqualFold(call[0], "multi"), command.EqualFold(call[0], "exec")
		if !begins && !ends {
			in.args = args
			in.calls = append(in.calls, call)
			if unit || len(in.calls) < resp.MaxBatch {
				continue
			}
		}
		if err := flush(); err != nil {
			return err
		}
		unit = begins || unit && !ends
	}
	return flush()
}

// own gives the slots to this node's shard, if they are the source's, whose shard has had no other change since it let them go. An heir
// has the data up to offset.
func (in *intake) own(epoch uint64, offset int64) error {
	n, j := in.m.n, in.j
	j.to("taking-over", "")
	edit := func(d *cluster.Draft) error {
		mine := n.mine(d)
		if in.owned(d, mine.ID) {
			return nil // an earlier try has succeeded, although it did not look so
		}
		from, _ := d.Node(j.source)
		source, ok := d.Shard(from.Shard)
		switch {
		case mine.Primary != n.ID():
			return refusal("this node is no primary any more")
		case !j.reigns(n):
			return refusal(errNotReigning.Error())
		case !ok || source.Primary != j.source || source.Epoch != epoch:
			return refusal("the source has kept its slots")
		}
		for _, slot := range j.slots {
			if d.Owner(slot) != source.ID {
				return errNotAbroad
			}
		}
		if !in.inherited(offset) { // who had it may have gone to another shard: another one may get it, until the source keeps its slots
			return errNoHeir
		}
		return d.Give(mine.ID, j.ranges)
	}
	whole := false
	n.House.HoldWrites(func() bool { // FLUSHALL waits
		whole = !in.wiped.Load()
		return whole
	})
	if !whole {
		return errWiped
	}
	defer n.House.ReleaseWrites()
	for {
		_, err := n.directory.Change(in.ctx, edit)
		var no refusal
		if err == nil || err == errNotAbroad || errors.As(err, &no) {
			return err
		}
		// The coordinator may have made the change, or make it yet: it is tried until it is known.
		select {
		case <-in.ctx.Done():
			return in.ctx.Err()
		case <-time.After(settleTick):
		}
	}
}

// owned tells whether the slots are a shard's.
func (in *intake) owned(d *cluster.Draft, shard string) bool {
	for _, slot := range in.j.slots {
		if d.Owner(slot) != shard {
			return false
		}
	}
	return true
}

// Record implements journal.Subscriber: it looks for what deletes all keys.
func (in *intake) Record(r journal.Record) {
	if !in.wiped.Load() && wipes(r.Body) {
		in.wiped.Store(true)
	}
}

// wipes tells whether a record has a call that deletes all keys.
func wipes(body []byte) bool {
	var room [8][]byte
	for len(body) > 0 {
		args, n, _, err := resp.ScanCommand(body, room[:0])
		if err != nil || n == 0 {
			return true
		}
		if command.EqualFold(args[0], "flushall") || command.EqualFold(args[0], "flushdb") {
			return true
		}
		body = body[n:]
	}
	return false
}
