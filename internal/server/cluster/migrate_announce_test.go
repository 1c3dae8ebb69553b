package cluster

import (
	"bufio"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/persistence/journal"
)

// source is the server of a node whose slots go to another one.
type source struct {
	dialHouse
	log  journal.Journal
	held atomic.Int64 // how often writes have been held up, and not let go
}

func (h *source) Limits() *command.Limits   { return &command.Limits{} }
func (h *source) Journal() *journal.Journal { return &h.log }
func (h *source) Cut(f func())              { f() }
func (h *source) ReleaseWrites()            { h.held.Add(-1) }

func (h *source) HoldWrites(atCut func() bool) {
	if atCut() {
		h.held.Add(1)
	}
}

// TestHeldWithoutReply: the source of a move hears no reply when it tells the target of it, which has got to the end all the same. Writes,
// which wait by then, go on when it is known whose the slots are: the target's, or the source's for good.
func TestHeldWithoutReply(t *testing.T) {
	t.Parallel()
	for _, taken := range []bool{true, false} {
		h := &source{dialHouse: dialHouse{conns: make(chan net.Conn, 1)}}
		o := options.New()
		if err := o.Assign("dir", t.TempDir()); err != nil {
			t.Fatal(err)
		}
		n, err := Open(Config{House: h, Options: o, Log: slog.New(slog.DiscardHandler), Coordinator: cluster.NewMemory()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(n.Close)
		if err := n.Begin(); err != nil {
			t.Fatal(err)
		}
		to, shard, slots := cluster.NewID(), cluster.NewID(), cluster.Ranges{{First: 0, Last: 2}}
		change := func(edit func(d *cluster.Draft) error) {
			t.Helper()
			if _, err := n.directory.Change(t.Context(), edit); err != nil {
				t.Fatal(err)
			}
		}
		change(func(d *cluster.Draft) error {
			d.Join(cluster.Node{ID: to, IP: "127.0.0.1", Port: 1}, shard)
			return d.AddSlots(n.mine(d).ID, slots)
		})
		lease, err := n.Coordinator.Grant(t.Context(), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		n.lead(lease, nil)
		j := newJob("move", []cluster.Slot{0, 1, 2}, n.ID(), to)
		j.export, j.term = true, n.leading()
		n.moves.newExport(j)
		j.ex.mu.out = make([]byte, 1<<20)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			j.ex.run()
		}()
		target := told(t, h)
		epoch, held := j.ex.hold()
		if !held || h.held.Load() != 1 {
			t.Fatal("the move does not get to its end")
		}
		if taken {
			change(func(d *cluster.Draft) error { return d.Give(shard, slots) })
		}
		target.Close()
		select {
		case <-ended:
		case <-time.After(time.Minute):
			t.Fatal("the move does not end")
		}
		if h.held.Load() != 0 {
			t.Error("writes wait for ever")
		}
		j.mu.Lock()
		state := j.mu.state
		j.mu.Unlock()
		mine := n.topology().Shard(n.topology().Node(n.ID()).Shard)
		if taken && state != stateSuccess || !taken && (state != stateFailed || mine.Epoch == epoch) {
			t.Errorf("the slots are the target's: %v; the move: %s, in epoch %d, then %d", taken, state, epoch, mine.Epoch)
		}
		if j.ex.mu.out != nil || j.ex.mu.images.enc != nil {
			t.Error("what was gathered is kept")
		}
	}
}

// told is the target's end of the connection on which it is told of a move, when it has been.
func told(t *testing.T, h *source) net.Conn {
	t.Helper()
	var conn net.Conn
	select {
	case conn = <-h.conns:
	case <-time.After(time.Minute):
		t.Fatal("no connection")
	}
	in := bufio.NewReader(conn)
	for range 1 + 2*8 { // CLUSTER SYNCSLOTS BEGIN name source SLOTSRANGE first last
		if _, err := in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	return conn
}
