package cluster

import (
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/kringdb/kring/internal/cluster"
)

// shownMoves is how many moves of slots that have ended a report has.
const shownMoves = 10

// Report is the cluster as one node sees it, at one moment.
type Report struct {
	Down    bool // the node serves nothing
	Epoch   uint64
	Nodes   []NodeReport
	Moves   []MoveReport // the newest first
	Relayed Relayed
}

// NodeReport is a node of the cluster.
type NodeReport struct {
	ID, Addr, Shard string
	Myself          bool
	Primary         bool
	Failed          bool // its lease has ended
	Leads           bool // it may serve its shard's slots
	Slots           int  // of its shard, if it is the primary
	Ranges          string
}

// MoveReport is a move of slots from or to the node.
type MoveReport struct {
	Name, State, Message string
	Source, Target       string // nodes
	Export               bool
	Slots                int
	Over                 bool
	Took                 time.Duration // so far, or until it was over
}

// ReportOf makes one. Any goroutine may call it.
func ReportOf(n *Node) Report {
	t := n.topology()
	v := &View{Topology: t, Myself: n.ID()}
	r := Report{Down: n.slots(t).Down, Epoch: t.Epoch(), Relayed: n.relay.totals()}
	for _, s := range t.Shards() {
		for _, m := range v.members(s) {
			p := n.peer(m.ID)
			port := m.Port
			if port == 0 {
				port = m.TLSPort
			}
			node := NodeReport{ID: m.ID, Addr: net.JoinHostPort(m.IP, strconv.Itoa(port)), Shard: s.ID, Myself: m.ID == n.ID(), Primary: s.Primary == m.ID, Failed: p.Failed}
			if node.Primary {
				node.Leads, node.Slots, node.Ranges = !p.Leaderless, s.Slots.Len(), rangesText(s.Slots)
			}
			r.Nodes = append(r.Nodes, node)
		}
	}
	over := 0
	for _, j := range n.moves.all() {
		if m := j.report(); !m.Over || over < shownMoves {
			r.Moves = append(r.Moves, m)
			if m.Over {
				over++
			}
		}
	}
	return r
}

// rangesText is ranges as CLUSTER NODES has them.
func rangesText(rs cluster.Ranges) string {
	var text []string
	for _, r := range rs {
		text = append(text, r.String())
	}
	return strings.Join(text, " ")
}

// report is how far the job is.
func (j *job) report() MoveReport {
	j.mu.Lock()
	defer j.mu.Unlock()
	m := MoveReport{Name: j.name, State: j.mu.state, Message: j.mu.message, Source: j.source, Target: j.target, Export: j.export, Slots: len(j.slots), Over: j.mu.over}
	m.Took = time.Since(j.created)
	if m.Over {
		m.Took = j.mu.updated.Sub(j.created)
	}
	return m
}
