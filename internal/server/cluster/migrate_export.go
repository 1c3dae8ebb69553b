package cluster

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/command/image"
	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/str"
)

// export is a move of slots where the keys come from. It goes through the keys of its slots, slot by slot, and follows the
// journal: of a key that it has passed the target gets every change, of one that it has yet to pass it needs none. A
// call with keys of both kinds is sent as what it has made of those that were passed.
type export struct {
	m    *migrations
	j    *job
	ctx  context.Context
	rung chan struct{}

	taking   sync.Mutex // one chunk at a time is made; tried, never waited for, by a worker that has its gate
	streamed bool       // the target knows that all keys have been gone through; under taking

	mu struct { // below shard locks and the journal's, for a copy
		sync.Mutex
		out     []byte
		at      int    // the slot of j.slots that is being gone through
		cursor  uint64 // how far in it
		failed  string // "": it has not
		state   string // with failed
		held    bool   // writes wait, and all has been sent
		images  images
		scratch recordScratch
	}
}

// images makes calls that create a key as it is.
type images struct {
	out     image.Exporter
	enc     *rdb.Encoder
	scratch []byte
}

// append appends to dst the call that makes a key what e is. The lock of e's shard is held.
func (m *images) append(dst []byte, e entry.Entry) []byte {
	if e.Type() == entry.String && str.Len(e) <= chunkBytes {
		val := str.Bytes(e, m.scratch)
		if deadline := e.Deadline(); deadline != 0 {
			dst = resp.AppendHeader(dst, '*', 5)
			dst = resp.AppendBulkString(dst, "SET")
			dst = resp.AppendBulk(dst, e.Key())
			dst = resp.AppendBulk(dst, val)
			dst = resp.AppendBulkString(dst, "PXAT")
			return resp.AppendBulkInt(dst, deadline)
		}
		dst = resp.AppendHeader(dst, '*', 3)
		dst = resp.AppendBulkString(dst, "SET")
		dst = resp.AppendBulk(dst, e.Key())
		return resp.AppendBulk(dst, val)
	}
	m.enc.BeginDump()
	m.out.Value(m.enc, &rdb.Meta{Idle: -1, Freq: -1}, e)
	payload, err := m.enc.EndDump()
	if err != nil {
		payload = nil // which the target refuses
	}
	dst = resp.AppendHeader(dst, '*', 6)
	dst = resp.AppendBulkString(dst, "RESTORE")
	dst = resp.AppendBulk(dst, e.Key())
	dst = resp.AppendBulkInt(dst, e.Deadline())
	dst = resp.AppendBulk(dst, payload)
	dst = resp.AppendBulkString(dst, "REPLACE")
	return resp.AppendBulkString(dst, "ABSTTL")
}

// newExport readies a job to move its slots.
func (m *migrations) newExport(j *job) {
	n := m.n
	ctx, cancel := context.WithCancel(n.ctx)
	x := &export{m: m, j: j, ctx: ctx, rung: make(chan struct{}, 1)}
	lim := n.House.Limits()
	x.mu.images.enc = rdb.NewEncoder(rdb.Format{Version: lim.DumpVersion, Compress: lim.DumpCompress, Limits: lim.Images()})
	j.ex, j.cancel = x, cancel
}

// ring has run look.
func (x *export) ring() {
	select {
	case x.rung <- struct{}{}:
	default:
	}
}

// giveUp ends the move, unless the target may take the slots any moment: then who waits for that does.
func (x *export) giveUp(state, why string) {
	x.mu.Lock()
	if x.mu.failed == "" {
		x.mu.state, x.mu.failed = state, why
	}
	x.mu.Unlock()
	x.ring()
}

// failure is why the move has to end, "" if it has not.
func (x *export) failure() (state, why string, held bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.mu.state, x.mu.failed, x.mu.held
}

// run sees to it that the move ends.
func (x *export) run() {
	defer x.forget()
	defer x.j.cancel()
	n := x.m.n
	jr := n.House.Journal()
	n.House.Cut(func() { jr.At(func(uint64) { jr.SubscribeLocked(x) }) })
	defer n.House.Cut(func() { jr.At(func(uint64) { jr.UnsubscribeLocked(x) }) })
	n.remember()
	defer n.remember()
	conn, err := x.announce()
	if err != nil {
		x.giveUp(stateFailed, err.Error())
		state, why, held := x.failure()
		if held { // the target has been told, and got to the end, although its reply has not come
			x.settle()
			return
		}
		x.j.to(state, why)
		n.Log.Warn("slots cannot be moved", "target", x.j.target, "error", err)
		return
	}
	defer conn.Close()
	gone := make(chan struct{})
	n.wait.Go(func() { // the target says nothing on it: it ends with the target
		defer close(gone)
		_, _ = io.Copy(io.Discard, conn)
	})
	for t := time.NewTicker(time.Second); ; {
		select {
		case <-x.ctx.Done():
			t.Stop()
			return
		case <-gone:
			x.giveUp(stateFailed, "the target has closed the connection")
			gone = nil
		case <-x.rung:
		case <-t.C:
			x.look()
		}
		state, why, held := x.failure()
		switch {
		case held:
			t.Stop()
			x.settle()
			return
		case why != "":
			t.Stop()
			x.j.to(state, why)
			n.Log.Warn("a move of slots has ended", "target", x.j.target, "state", state, "reason", why)
			return
		}
	}
}

// forget frees what a move that has ended has gathered: it is told of for long.
func (x *export) forget() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.mu.failed != "" || x.mu.held { // so nothing is gathered any more
		x.mu.out, x.mu.images, x.mu.scratch = nil, images{}, recordScratch{}
	}
}

// look gives up a move whose target is silent, or whose slots are not here any more.
func (x *export) look() {
	n, t := x.m.n, x.m.n.topology()
	x.j.mu.Lock()
	silent := time.Since(x.j.mu.heard)
	x.j.mu.Unlock()
	if silent > time.Duration(n.Options.ReplTimeout.Load())*time.Second {
		x.giveUp(stateFailed, "the target does not ask for more")
	}
	if !x.j.reigns(n) {
		x.giveUp(stateFailed, errNotReigning.Error())
	}
	if text := x.m.refuse(t, command.SlotOrder{Slots: x.j.slots, Node: x.j.target}); text != "" {
		x.giveUp(stateFailed, text)
	}
}

// next replies what the target is to execute next. It runs on a worker, whose gate keeps what holds all gates away: what that does
// is recorded after it has let go of the shards' locks.
func (x *export) next(c *command.Ctx) {
	if !x.taking.TryLock() {
		c.W.Error("ERR the target asks twice at once")
		return
	}
	defer x.taking.Unlock()
	for {
		x.mu.Lock()
		full, walked := len(x.mu.out) >= chunkBytes, x.mu.at == len(x.j.slots)
		final := walked && len(x.mu.out) <= finalBytes
		failed := x.mu.failed
		x.mu.Unlock()
		switch {
		case failed != "":
			c.W.Error("ERR " + failed)
			return
		case final && x.streamed:
			x.j.to("failover-paused", "")
			epoch, held := uint64(0), false
			exec.Of(c).WithoutGates(func() { epoch, held = x.hold() })
			if held {
				x.send(c, "final", epoch)
				x.ring()
				return
			}
			continue
		case full || walked:
			state := "more"
			if walked && !x.streamed {
				x.streamed, state = true, "streaming"
				x.j.to(state, "")
			}
			x.send(c, state, 0)
			return
		}
		x.j.to("snapshotting", "")
		x.walk()
		c.Lane.Yield()
		runtime.Gosched() // reactors come first
	}
}

// send replies what has gathered.
func (x *export) send(c *command.Ctx, state string, epoch uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	c.W.Array(3)
	c.W.BulkString(state)
	c.W.Int(int64(epoch))
	c.W.Bulk(x.mu.out)
	if x.mu.out = x.mu.out[:0]; cap(x.mu.out) > 4*chunkBytes {
		x.mu.out = nil
	}
}

// hold has writes wait. All that they have done so far is in the journal, and so in what is sent, when it returns; epoch is
// that of the shard, which the target's change is bound to. It does not if the move has failed.
func (x *export) hold() (epoch uint64, held bool) {
	n := x.m.n
	n.House.HoldWrites(func() bool {
		x.mu.Lock()
		defer x.mu.Unlock()
		if !x.j.reigns(n) && x.mu.failed == "" {
			x.mu.state, x.mu.failed = stateFailed, errNotReigning.Error()
		}
		x.mu.held = x.mu.failed == ""
		held = x.mu.held
		t := n.topology()
		epoch = t.Shard(t.Node(n.ID()).Shard).Epoch
		return held
	})
	return epoch, held
}

// walk goes on through the keys by a step.
func (x *export) walk() {
	by := x.m.n.House.Keys()
	x.mu.Lock()
	slot := x.j.slots[x.mu.at]
	x.mu.Unlock()
	by.Locked(slot, func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		if x.mu.failed != "" {
			return
		}
		x.mu.cursor = by.WalkLocked(0, slot, x.mu.cursor, walkStep, func(e store.Entry) {
			x.mu.out = x.mu.images.append(x.mu.out, e)
		})
		if x.mu.cursor == 0 {
			x.mu.at++
		}
	})
}

// settle waits, while writes do, until the target has the slots, or it is certain that it will not get them. When the server ends
// before, they wait until its end.
func (x *export) settle() {
	n := x.m.n
	end := time.Now().Add(settleTime)
	for x.ctx.Err() == nil {
		_ = n.directory.Refresh(x.ctx)
		t := n.topology()
		if x.gone(t) {
			x.j.to(stateSuccess, "")
			n.House.ReleaseWrites() // those who wait are sent to the target
			n.Log.Info("slots have moved", "target", x.j.target, "slots", len(x.j.slots))
			return
		}
		state, why, _ := x.failure()
		if why != "" || time.Now().After(end) {
			if why == "" {
				state, why = stateFailed, "the target has not taken the slots in time"
			}
			if x.keep() {
				x.j.to(state, why)
				n.House.ReleaseWrites()
				n.Log.Warn("a move of slots has ended", "target", x.j.target, "state", state, "reason", why)
				return
			}
		}
		select {
		case <-x.ctx.Done():
		case <-x.rung:
		case <-time.After(settleTick):
		}
	}
}

// gone tells whether the slots are the target's.
func (x *export) gone(t *cluster.Topology) bool {
	to := t.Node(x.j.target)
	if to == nil {
		return false
	}
	for _, slot := range x.j.slots {
		if owner := t.Owner(slot); owner == nil || owner.ID != to.Shard {
			return false
		}
	}
	return true
}

// errGone: the slots are not the node's any more.
const errGone = refusal("ERR the slots are not here any more")

// keep gives the node's shard another epoch, which what the target may have under way is not made for, if it still has the
// slots. It returns true when they are not going to leave any more.
func (x *export) keep() bool {
	n := x.m.n
	_, err := n.directory.Change(x.ctx, func(d *cluster.Draft) error {
		mine := n.mine(d)
		for _, slot := range x.j.slots {
			if d.Owner(slot) != mine.ID {
				return errGone
			}
		}
		return d.Bump(mine.ID)
	})
	if err == errGone { // perhaps to somebody else: they have no place here
		return !x.gone(n.topology())
	}
	return err == nil
}

// announce tells the target, and returns the connection on which it was told.
func (x *export) announce() (io.ReadCloser, error) {
	p, err := x.m.call(x.ctx, x.j.target)
	if err != nil {
		return nil, err
	}
	words := []string{"CLUSTER", "SYNCSLOTS", "BEGIN", x.j.name, x.j.source, "SLOTSRANGE"}
	for _, r := range x.j.ranges {
		words = append(words, strconv.Itoa(int(r.First)), strconv.Itoa(int(r.Last)))
	}
	for end := time.Now().Add(p.timeout); ; {
		if err = p.ask(words...); err == nil {
			return p, nil
		}
		_, why, _ := x.failure()
		if !strings.HasPrefix(err.Error(), "TRYAGAIN") || why != "" || time.Now().After(end) {
			break
		}
		select {
		case <-x.ctx.Done():
		case <-x.rung:
			x.ring() // for run
		case <-time.After(announceRest):
		}
	}
	p.Close()
	return nil, fmt.Errorf("the target refuses: %w", err)
}
