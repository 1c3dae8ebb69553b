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
	Mover
	slots    atomic.Pointer[admit.Slots]
	installs atomic.Int64
	rounds   chan struct{} // gets something for each round of attend

	following bool
	history   string
	fed       bool
	silent    time.Duration
}

func (h *house) Ports() (plain, encrypted int)                          { return 6379, 0 }
func (h *house) ByTLS(command.Client) bool                              { return false }
func (h *house) Follow(string, int)                                     {}
func (h *house) Lead()                                                  {}
func (h *house) Offset() int64                                          { return 0 }
func (h *house) Loading() bool                                          { return false }
func (h *house) Empty() bool                                            { return true }
func (h *house) DeleteForeign(cluster.Slot, [][]byte, func() bool) bool { return false }
func (h *house) Places() *admit.Slots                                   { return nil }
func (h *house) Following() bool                                        { return h.following }
func (h *house) Freeze() (int64, bool)                                  { return 0, true }
func (h *house) History() (string, string, int64)                       { return h.history, "", -1 }
func (h *house) Fed(string, int) (string, bool)                         { return h.history, h.fed }
func (h *house) Silent() time.Duration                                  { return h.silent }
func (h *house) AskPromises(int64)                                      {}
func (h *house) Promise(int64, time.Duration)                           {}
func (h *house) PauseWrites()                                           {}
func (h *house) PauseAll()                                              {}
func (h *house) ResumeCalls()                                           {}
func (h *house) CaughtUp(string) bool                                   { return true }

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
	for !h.slots.Load().All { // it leads by then
		select {
		case <-h.rounds:
		case <-time.After(time.Minute):
			t.Fatal("the slots have not been installed")
		}
	}
	time.Sleep(100 * time.Millisecond) // one that does not rest goes through thousands of rounds
	if got := h.installs.Load(); got > 20 {
		t.Errorf("slots were installed %d times", got)
	}
}

// TestPromiseIsKept: a node that has promised not to lead does not after a restart either, until the time is over.
func TestPromiseIsKept(t *testing.T) {
	dir := t.TempDir()
	open := func() *Node {
		o := options.New()
		if err := o.Assign("dir", dir); err != nil {
			t.Fatal(err)
		}
		n, err := Open(Config{House: &house{}, Options: o, Log: slog.New(slog.DiscardHandler), Coordinator: cluster.NewMemory()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(n.Close)
		return n
	}
	n := open()
	if ok, _ := n.mayClaim(); !ok {
		t.Fatal("a new node may not lead")
	}
	if n.answer(1); n.tenure.mu.idle.After(time.Now()) {
		t.Error("it has promised although the coordinator is there")
	}
	_ = n.Coordinator.Close()
	n.settled()
	n.answer(2)
	if ok, wait := n.mayClaim(); ok || wait <= 0 || wait > n.ttl() {
		t.Error("it may lead in spite of its promise", wait)
	}
	again := open()
	if ok, wait := again.mayClaim(); ok || wait <= 0 {
		t.Error("it may lead after a restart in spite of its promise", wait)
	}
	again.forgetPromise()
	if !again.tenure.kept.Load() {
		t.Error("the promise was forgotten before its time")
	}
	again.tenure.mu.idle = time.Now()
	if again.forgetPromise(); again.tenure.kept.Load() {
		t.Error("the promise is kept for ever")
	}
	if ok, _ := open().mayClaim(); !ok {
		t.Error("a promise whose time is over holds after a restart")
	}
}

// TestPromiseDuringClaim: a node whose claim to lead may yet succeed promises nothing.
func TestPromiseDuringClaim(t *testing.T) {
	o := options.New()
	if err := o.Assign("dir", t.TempDir()); err != nil {
		t.Fatal(err)
	}
	n, err := Open(Config{House: &house{}, Options: o, Log: slog.New(slog.DiscardHandler), Coordinator: cluster.NewMemory()})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if ok, _ := n.mayClaim(); !ok {
		t.Fatal("a new node may not lead")
	}
	_ = n.Coordinator.Close()
	if n.answer(1); n.tenure.mu.idle.After(time.Now()) {
		t.Error("it has promised while a claim is under way")
	}
}

// TestTermByPromises: a leader without its coordinator goes on as long as all heirs promise, and no longer.
func TestTermByPromises(t *testing.T) {
	o := options.New()
	if err := o.Assign("dir", t.TempDir()); err != nil {
		t.Fatal(err)
	}
	m := cluster.NewMemory()
	n, err := Open(Config{House: &house{}, Options: o, Log: slog.New(slog.DiscardHandler), Coordinator: m})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	lease, err := m.Grant(t.Context(), time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Millisecond)
	n.lead(lease, []string{"a", "b"})
	term := n.leading()
	n.askHeirs()
	n.Promised("a", 1, time.Hour)
	n.Promised("a", 7, time.Hour) // nobody has asked for it
	n.Promised("c", 1, time.Hour)
	if !term.Lapsed() {
		t.Error("it goes on although an heir has not promised")
	}
	n.Promised("b", 1, time.Hour)
	if term.Lapsed() {
		t.Error("it does not go on although all have promised")
	}
	n.abdicate()
	n.Promised("b", 1, 2*time.Hour)
	if !term.Lapsed() {
		t.Error("it goes on after it has abdicated")
	}
	n.lead(lease, nil)
	if n.askHeirs(); n.leading().Lapsed() {
		t.Error("a leader without heirs does not go on")
	}
}
