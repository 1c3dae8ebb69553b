package server

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/kringdb/kring/command"
	slots "github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/replication"
	"github.com/kringdb/kring/persistence/journal"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// This file is the server as who moves slots sees it: cluster.Mover.

// Keys implements cluster.Mover.
func (h nodeHouse) Keys() store.BySlot {
	by, _ := h.Store.BySlot()
	return by
}

// Journal implements cluster.Mover.
func (h nodeHouse) Journal() *journal.Journal { return &h.Server.Journal.Log }

// Table implements cluster.Mover.
func (h nodeHouse) Table() *command.Table { return h.Server.Table }

// Limits implements cluster.Mover.
func (h nodeHouse) Limits() *command.Limits { return h.Server.Limits.Load() }

// Libraries implements cluster.Mover.
func (h nodeHouse) Libraries() int { return len(h.Scripts.Engine.Libraries()) }

// Dial implements cluster.Mover.
func (h nodeHouse) Dial(ctx context.Context, addr string, encrypted bool) (net.Conn, error) {
	return connectTo(ctx, h.listeners, addr, nil, encrypted)
}

// HoldWrites implements cluster.Mover.
func (h nodeHouse) HoldWrites(atCut func() bool) {
	h.Gates.LockAll()
	if atCut() {
		h.clients.Pauses.Hold()
	}
	h.Gates.UnlockAll()
}

// ReleaseWrites implements cluster.Mover.
func (h nodeHouse) ReleaseWrites() { h.clients.Pauses.Release() }

// Cut implements cluster.Mover.
func (h nodeHouse) Cut(f func()) {
	h.Gates.LockAll()
	f()
	h.Gates.UnlockAll()
}

// Places implements cluster.Mover.
func (h nodeHouse) Places() *admit.Slots {
	if h.Guard.Load()&exec.GuardReplica != 0 {
		return nil
	}
	return h.Slots.Load()
}

// Replay implements cluster.Mover.
func (h nodeHouse) Replay(calls []resp.Args, unit bool, may func() bool) (ran bool, err error) {
	return h.mover.run(calls, unit, may)
}

// Secure implements cluster.Mover.
func (h nodeHouse) Secure(ctx context.Context, synced bool) error {
	a := h.Server.Journal.AOF.Load()
	if a == nil {
		return nil
	}
	if synced {
		return a.Flush()
	}
	reached := a.Wrote
	if h.Always() {
		reached = a.Durable
	}
	for end := h.Server.Journal.Log.End(); reached() < end; {
		if err := a.Failure(); err != nil {
			return err
		}
		a.Kick()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(secureTick):
		}
	}
	return a.Failure()
}

// secureTick is how often who waits for the AOF looks.
const secureTick = time.Millisecond

// Crammed implements cluster.Mover.
func (h nodeHouse) Crammed() bool {
	return h.Guard.Load()&exec.GuardMemory != 0 && h.Env.OverLimit() && h.Opts.MaxMemoryPolicy.Load() == options.PolicyNoEviction
}

// DeleteForeign implements cluster.House.
func (h nodeHouse) DeleteForeign(slot slots.Slot, names [][]byte, still func() bool) bool {
	may := func() bool {
		s := h.Places()
		return s != nil && s.Places[slot] == admit.Elsewhere && still()
	}
	for some := range slices.Chunk(names, resp.MaxBatch) {
		var calls []resp.Args
		for _, name := range some {
			calls = append(calls, resp.Args{[]byte("DEL"), name})
		}
		if ran, err := h.mover.run(calls, false, may); !ran || err != nil {
			return false
		}
	}
	return true
}

// mover executes what is done to keys because their slots move. Whoever uses it holds nothing.
type mover struct {
	mu struct {
		sync.Mutex
		stream *exec.Replayer
		batch  replication.Batch
	}
}

func (m *mover) init(ex *exec.Executor) {
	m.mu.stream = exec.NewReplayer(ex, func([]byte, int) {})
}

// errRefusedHere: what one node has done does not work on the other.
var errRefusedHere = errors.New("a call that creates or changes a key fails here")

// run executes calls, at most resp.MaxBatch unless they are a unit, if may, which is asked under the gate under which they
// run, allows it; it tells whether it did.
func (m *mover) run(calls []resp.Args, unit bool, may func() bool) (ran bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := &m.mu.batch
	b.Calls, b.Unit = calls, unit
	b.Ends = append(b.Ends[:0], make([]int, len(calls))...)
	failed := m.mu.stream.Errors.Load()
	err = m.mu.stream.RunIf(b, func() bool {
		ran = may()
		return ran
	})
	b.Calls = nil
	if err == nil && m.mu.stream.Errors.Load() != failed {
		err = errRefusedHere
	}
	return ran, err
}
