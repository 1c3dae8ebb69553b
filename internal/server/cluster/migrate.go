package cluster

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/persistence/journal"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// This file is the moves of slots with all their keys at once: those that this node has begun (exports), and those by
// which it gets slots (imports). The node that has the slots tells the other one, which asks for their keys, a chunk at
// a time: those that there are and, as soon as a key has been sent, what changes of it. At the end writes pause where
// the keys come from, the last chunk goes over, and the other one takes the slots in one change of the topology.

// Mover is the server as who moves slots sees it.
type Mover interface {
	Keys() store.BySlot
	Journal() *journal.Journal
	Table() *command.Table
	Limits() *command.Limits
	// Libraries is how many libraries of functions there are.
	Libraries() int
	// Dial connects to a node.
	Dial(ctx context.Context, addr string, encrypted bool) (net.Conn, error)
	// HoldWrites calls atCut at a moment when nothing is under way and, if that returns true, has what may write wait from
	// then on, until ReleaseWrites. The caller holds nothing.
	HoldWrites(atCut func() bool)
	ReleaseWrites()
	// Cut calls f at such a moment.
	Cut(f func())
	// Places are the slots as calls see them.
	Places() *admit.Slots
	// Replay executes calls, or all of them as a unit, as those of a primary. It does nothing, and returns false, if may, which
	// is called under the gate under which they run, does so. The caller holds nothing.
	Replay(calls []resp.Args, unit bool, may func() bool) (ran bool, err error)
	// Secure returns when what has been executed is as safe as what clients are told is done: in the AOF, if there is one, and synced if
	// that is what clients are told, or asked for. The caller holds nothing.
	Secure(ctx context.Context, synced bool) error
	// AskAcks has replicas say how far they are, and Reached tells whether a node that follows this one has said that it has the stream
	// of replication up to an offset. The caller holds nothing.
	AskAcks()
	Reached(node string, offset int64) bool
	// Crammed tells whether the store holds more than it may, and nothing can be evicted.
	Crammed() bool
}

const (
	// chunkBytes is how much of the keys one reply has, about; finalBytes how much may be left when writes begin to
	// wait, and pendingBytes how much a target that does not ask may let gather.
	chunkBytes   = 256 << 10
	finalBytes   = 512 << 10
	pendingBytes = 256 << 20
	// walkStep is how many keys are taken under one hold of a lock.
	walkStep = 64
	// keptJobs is how many moves that have ended are told of.
	keptJobs = 1000
	// settleTick is how often a node looks whether its slots have gone, settleTime for how long before it makes sure that they
	// do not.
	settleTick = 5 * time.Millisecond
	settleTime = 3 * time.Second
	// heirTime is for how long the target waits for a replica to have the keys that there were, heirPause for how long it does so for
	// what has changed since, while writes wait; heirTick is how often it looks.
	heirTime  = 5 * time.Second
	heirPause = time.Second
	heirTick  = time.Millisecond
	// announceRest is after how long a node is asked again to take slots that it is giving back still.
	announceRest = 20 * time.Millisecond
)

// migrations are the moves of a node.
type migrations struct {
	n  *Node
	mu struct { // innermost, for a look or a change
		sync.Mutex
		jobs []*job
	}
}

// job is a move of slots, as one of the two nodes has it.
type job struct {
	name    string
	export  bool
	slots   []cluster.Slot
	ranges  cluster.Ranges
	set     store.SlotSet
	source  string // nodes
	target  string
	created time.Time
	term    *admit.Term        // for which the node led when it began
	cancel  context.CancelFunc // ends its goroutine
	ex      *export

	mu struct { // innermost, for a look or a change
		sync.Mutex
		state   string
		message string
		updated time.Time
		heard   time.Time // when the other node was
		over    bool
	}
}

// errNotLeading: the node is the primary, and may not serve.
const errNotLeading = "CLUSTERDOWN the node does not lead its shard"

// The states in which a job ends.
const (
	stateSuccess   = "success"
	stateFailed    = "failed"
	stateCancelled = "cancelled"
)

func newJob(name string, slots []cluster.Slot, source, target string) *job {
	now := time.Now()
	slices.Sort(slots)
	j := &job{name: name, slots: slots, source: source, target: target, created: now}
	j.ranges = ranges(slots)
	for _, slot := range slots {
		j.set.Add(slot)
	}
	j.mu.state, j.mu.updated, j.mu.heard = "connecting", now, now
	return j
}

// to brings the job into a state, unless it is over.
func (j *job) to(state, message string) (changed bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.mu.over {
		return false
	}
	j.mu.over = state == stateSuccess || state == stateFailed || state == stateCancelled
	if changed = j.mu.state != state; changed {
		j.mu.state, j.mu.message, j.mu.updated = state, message, time.Now()
	}
	return changed
}

// reigns tells whether the node has led since the job began. If another one has meanwhile, be it for a moment, the data are that one's: it has
// deleted what had come of slots that are not its shard's, and this node may have got a copy of all, which is no change of a key.
func (j *job) reigns(n *Node) bool { return j.term != nil && n.leading() == j.term }

func (j *job) over() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.mu.over
}

// hear notes that the other node has been heard of.
func (j *job) hear() {
	j.mu.Lock()
	j.mu.heard = time.Now()
	j.mu.Unlock()
}

// find returns a job that is under way, nil if there is none with this name.
func (m *migrations) find(name string, export bool) *job {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, j := range m.mu.jobs {
		if j.name == name && j.export == export && !j.over() {
			return j
		}
	}
	return nil
}

// add notes jobs, unless one of their slots moves already: that it returns, else -1.
func (m *migrations) add(jobs ...*job) (busy int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var moving store.SlotSet
	for _, j := range m.mu.jobs {
		if !j.over() {
			for i := range moving {
				moving[i] |= j.set[i]
			}
		}
	}
	for _, j := range jobs {
		for _, slot := range j.slots {
			if moving.Has(slot) {
				return int(slot)
			}
			moving.Add(slot)
		}
	}
	m.mu.jobs = append(m.mu.jobs, jobs...)
	for i := 0; len(m.mu.jobs) > keptJobs && i < len(m.mu.jobs); {
		if m.mu.jobs[i].over() {
			m.mu.jobs = slices.Delete(m.mu.jobs, i, i+1)
		} else {
			i++
		}
	}
	return -1
}

// all returns the jobs, the last one first.
func (m *migrations) all() []*job {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := slices.Clone(m.mu.jobs)
	slices.Reverse(all)
	return all
}

// Begin implements command.ClusterMigrations.
func (m *migrations) Begin(c *command.Ctx, orders []command.SlotOrder) {
	if exec.Of(c).InScript() {
		c.W.Error("ERR slots cannot be moved by a script")
		return
	}
	t, n := m.n.topology(), m.n
	var jobs []*job
	for _, o := range orders {
		if text := m.refuse(t, o); text != "" {
			c.W.Error(text)
			return
		}
		j := newJob(cluster.NewID(), o.Slots, n.ID(), o.Node)
		j.export, j.term = true, n.leading()
		m.newExport(j)
		jobs = append(jobs, j)
	}
	if busy := m.add(jobs...); busy >= 0 {
		for _, j := range jobs {
			j.cancel()
		}
		c.W.Error(fmt.Sprintf("ERR Slot %d is already being moved, or named twice", busy))
		return
	}
	for _, j := range jobs {
		n.wait.Go(j.ex.run)
	}
	c.W.OK()
}

// refuse says why slots cannot be moved to a node, "" if they can.
func (m *migrations) refuse(t *cluster.Topology, o command.SlotOrder) string {
	n := m.n
	mine := t.Shard(t.Node(n.ID()).Shard)
	to := t.Node(o.Node)
	switch {
	case n.own():
		return "ERR nodes that each have a coordinator of their own cannot move slots to each other"
	case mine.Primary != n.ID():
		return "ERR slots are moved by the primary that has them"
	case n.leading() == nil:
		return errNotLeading
	case to == nil || !(&View{Topology: t, Myself: n.ID()}).sees(to):
		return string(unknown(o.Node))
	case t.Shard(to.Shard).Primary != o.Node:
		return "ERR Target node is not a master"
	case to.Shard == mine.ID:
		return "ERR Target node has the slots already"
	}
	for _, slot := range o.Slots {
		switch {
		case t.Owner(slot) != mine:
			return fmt.Sprintf("ERR I'm not the owner of hash slot %d", slot)
		case mine.Migrating[slot] != "":
			return fmt.Sprintf("ERR the keys of hash slot %d are being moved one by one", slot)
		}
	}
	return ""
}

// List implements command.ClusterMigrations.
func (m *migrations) List(c *command.Ctx) {
	all := m.all()
	c.W.Array(len(all))
	for _, j := range all {
		j.mu.Lock()
		state, message, updated, heard := j.mu.state, j.mu.message, j.mu.updated, j.mu.heard
		j.mu.Unlock()
		operation := "IMPORT"
		if j.export {
			operation = "EXPORT"
		}
		var text []string
		for _, r := range j.ranges {
			text = append(text, fmt.Sprintf("%d-%d", r.First, r.Last))
		}
		c.W.Map(11)
		for _, pair := range [][2]string{{"name", j.name}, {"operation", operation}, {"slot_ranges", strings.Join(text, " ")},
			{"target_node", j.target}, {"source_node", j.source}} {
			c.W.BulkString(pair[0])
			c.W.BulkString(pair[1])
		}
		for _, pair := range []struct {
			name string
			at   time.Time
		}{{"create_time", j.created}, {"last_update_time", updated}, {"last_ack_time", heard}} {
			c.W.BulkString(pair.name)
			c.W.Int(pair.at.Unix())
		}
		c.W.BulkString("state")
		c.W.BulkString(state)
		c.W.BulkString("message")
		c.W.BulkString(message)
		c.W.BulkString("cow_size")
		c.W.Int(0)
	}
}

// Cancel implements command.ClusterMigrations.
func (m *migrations) Cancel(c *command.Ctx) {
	for _, j := range m.all() {
		if j.export {
			j.ex.giveUp(stateCancelled, "CLUSTER CANCELSLOTMIGRATIONS")
		}
	}
	c.W.OK()
}

// Sync implements command.ClusterMigrations: CLUSTER SYNCSLOTS BEGIN name source SLOTSRANGE first last..., which the source
// says, and of the target NEXT name, TAKEN name, FAILED name why.
func (m *migrations) Sync(c *command.Ctx) {
	verb, name := string(c.Args[2]), string(c.Args[3])
	if exec.Of(c).InScript() {
		c.W.Error(command.ErrSyntax)
		return
	}
	if strings.EqualFold(verb, "begin") && len(c.Args) >= 8 && len(c.Args)%2 == 0 {
		if slots, ok := command.SlotRanges(c, 6); ok {
			exec.Of(c).WithoutGates(func() { _ = m.n.directory.Refresh(m.n.ctx) }) // the source may know more
			if text := m.beginImport(newJob(name, slots, string(c.Args[4]), m.n.ID())); text != "" {
				c.W.Error(text)
				return
			}
			c.W.OK()
		}
		return
	}
	j := m.find(name, true)
	switch {
	case j == nil:
		c.W.Error("ERR there is no such move of slots")
	case strings.EqualFold(verb, "next"):
		j.hear()
		j.ex.next(c)
	case strings.EqualFold(verb, "taken"):
		j.ex.ring()
		c.W.OK()
	case strings.EqualFold(verb, "failed") && len(c.Args) == 5:
		j.ex.giveUp(stateFailed, string(c.Args[4]))
		c.W.OK()
	default:
		c.W.Error(command.ErrSyntax)
	}
}
