package cluster

import (
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/options"
)

// house is a server that does nothing but to remember its slots.
type house struct {
	slots    atomic.Pointer[admit.Slots]
	installs atomic.Int64
	rounds   chan struct{} // gets something for each round of attend
}

func (h *house) Ports() (plain, encrypted int) { return 6379, 0 }
func (h *house) ByTLS(command.Client) bool     { return false }
func (h *house) Follow(string, int)            {}
func (h *house) Lead()                         {}
func (h *house) Offset() int64                 { return 0 }
func (h *house) Loading() bool                 { return false }
func (h *house) Empty() bool                   { return true }

func (h *house) Install(s *admit.Slots) {
	h.slots.Store(s)
	h.installs.Add(1)
}

func (h *house) EndStrayed() {
	select {
	case h.rounds <- struct{}{}:
	default:
	}
}

// TestNodeRests: a node does something when the topology or an option changes, and nothing otherwise.
func TestNodeRests(t *testing.T) {
	h := &house{rounds: make(chan struct{}, 1)}
	o := options.New()
	if err := o.Assign("dir", t.TempDir()); err != nil {
		t.Fatal(err)
	}
	n, err := Open(Config{House: h, Options: o, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Coordinator: cluster.NewMemory()})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if err := n.Begin(); err != nil {
		t.Fatal(err)
	}
	n.Attend()
	<-h.rounds
	if _, err := n.directory.Change(t.Context(), func(d *cluster.Draft) error {
		return d.AddSlots(n.mine(d).ID, cluster.Ranges{{First: 0, Last: cluster.Slots - 1}})
	}); err != nil {
		t.Fatal(err)
	}
	<-h.rounds
	if !h.slots.Load().All {
		t.Error("the slots have not been installed")
	}
	time.Sleep(100 * time.Millisecond) // one that does not rest goes through thousands of rounds
	if got := h.installs.Load(); got > 20 {
		t.Errorf("slots were installed %d times", got)
	}
}
