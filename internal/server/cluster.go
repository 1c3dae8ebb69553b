package server

import (
	"errors"
	"net"
	"time"

	"github.com/kringdb/kring/command"
	slots "github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/internal/server/admin"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/internal/server/cluster"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/internal/server/replication"
	"github.com/kringdb/kring/internal/server/session"
)

// This file is the server as its node of a cluster sees it.

// openNode makes the server a node of a cluster, if the options say so. Nothing is served yet.
func openNode(s *Server) (err error) {
	if !s.Opts.ClusterEnabled.Load() {
		return nil
	}
	if s.Opts.ReplicaOf.Load() != "" {
		return errors.New("replicaof directive not allowed in cluster mode")
	}
	s.Slots.Store(&admit.Slots{Down: true})
	s.SetGuard(exec.GuardCluster, true)
	s.node, err = cluster.Open(cluster.Config{House: nodeHouse{s}, Options: s.Opts, Log: s.Log, Coordinator: s.embedded.Coordinator, Remote: s.embedded.Remote})
	if err == nil {
		s.Host.Cluster = s.node
	}
	return err
}

// databasesOf is how many databases there are: of a cluster one.
func databasesOf(o *options.Options) int {
	if o.ClusterEnabled.Load() {
		return 1
	}
	return int(o.Databases.Load())
}

// nodeHouse implements cluster.House.
type nodeHouse struct{ *Server }

// Ports implements cluster.House.
func (h nodeHouse) Ports() (plain, encrypted int) {
	tcp, tls := h.listeners.ByKind()
	return portOf(tcp), portOf(tls)
}

// portOf is the first TCP port among addresses, 0 if there is none.
func portOf(addrs []net.Addr) int {
	for _, a := range addrs {
		if t, ok := a.(*net.TCPAddr); ok {
			return t.Port
		}
	}
	return 0
}

// ByTLS implements cluster.House.
func (h nodeHouse) ByTLS(c command.Client) bool { return session.ByTLS(c) }

// Install implements cluster.House.
func (h nodeHouse) Install(now *admit.Slots) {
	h.Gates.LockAll()
	h.Slots.Store(now)
	h.Gates.UnlockAll()
}

// Follow implements cluster.House.
func (h nodeHouse) Follow(host string, port int) {
	p := replication.Primary{Host: host, Port: port}
	if now := h.role.history.Primary(); now == nil || *now != p || h.role.frozen.Load() {
		h.role.replicate(&p)
	}
}

// Following implements cluster.House.
func (h nodeHouse) Following() bool { return h.role.history.Primary() != nil }

// Freeze implements cluster.House.
func (h nodeHouse) Freeze() (offset int64, known bool) {
	r := &h.role
	r.changes.Lock()
	defer r.changes.Unlock()
	r.link.Stop()
	r.frozen.Store(true)
	return r.backlog.Offset(), r.history.Primary() != nil && r.backlog.Active()
}

// History implements cluster.House.
func (h nodeHouse) History() (id, before string, until int64) {
	ids := h.role.history.IDs()
	return ids.ID, ids.Second, ids.Until
}

// Fed implements cluster.House.
func (h nodeHouse) Fed(host string, port int) (id string, ok bool) {
	r := &h.role
	id = r.history.IDs().ID
	p := r.history.Primary()
	ok = p != nil && *p == replication.Primary{Host: host, Port: port} && r.up.Load() && !r.frozen.Load()
	return id, ok && r.history.IDs().ID == id // it may have come to follow another one meanwhile
}

// Silent implements cluster.House.
func (h nodeHouse) Silent() time.Duration {
	st, ok := h.role.link.Status()
	switch {
	case !ok:
		return 0
	case st.Up:
		return max(st.LastIO, 0)
	}
	return st.DownFor
}

// AskPromises implements cluster.House.
func (h nodeHouse) AskPromises(number int64) { h.role.feed.AskPromises(number) }

// Promise implements cluster.House.
func (h nodeHouse) Promise(number int64, d time.Duration) { h.role.link.Promise(number, d) }

// PauseWrites implements cluster.House.
func (h nodeHouse) PauseWrites() {
	h.role.pauseWrites()
	h.AskAcks()
}

// AskAcks implements cluster.Mover.
func (h nodeHouse) AskAcks() {
	h.role.feed.AskAcks()
	h.role.feed.Flush()
}

// Reached implements cluster.Mover.
func (h nodeHouse) Reached(node string, offset int64) bool { return h.role.feed.Reached(node, offset) }

// PauseAll implements cluster.House.
func (h nodeHouse) PauseAll() {
	h.Gates.LockAll()
	h.clients.Pauses.Begin(failoverPauseMs, true)
	h.Gates.UnlockAll()
}

// ResumeCalls implements cluster.House.
func (h nodeHouse) ResumeCalls() {
	h.role.feed.Quiet(false)
	h.clients.Pauses.Cancel()
}

// CaughtUp implements cluster.House.
func (h nodeHouse) CaughtUp(node string) bool { return h.role.feed.CaughtUp(node) }

// Lead implements cluster.House.
func (h nodeHouse) Lead() {
	if h.role.history.Primary() != nil {
		h.role.replicate(nil)
	}
}

// EndStrayed implements cluster.House.
func (h nodeHouse) EndStrayed() { h.clients.EndStrayed() }

// Offset implements cluster.House.
func (h nodeHouse) Offset() int64 { return h.role.backlog.Offset() }

// Loading implements cluster.House.
func (h nodeHouse) Loading() bool { return h.Guard.Load()&exec.GuardLoading != 0 }

// Empty implements cluster.House.
func (h nodeHouse) Empty() bool { return h.Store.Len(0) == 0 }

// Redirection implements exec.House.
func (h execHouse) Redirection(c command.Client, slot slots.Slot, ask bool) string {
	return h.node.Redirection(c, slot, ask)
}

// Cluster implements info.House.
func (h infoHouse) Cluster() *admin.Cluster {
	if h.node == nil {
		return nil
	}
	r := cluster.ReportOf(h.node)
	c := &admin.Cluster{Down: r.Down, Epoch: r.Epoch, Nodes: []admin.ClusterNode{}, Moves: []admin.SlotMove{}, Dropped: r.Relayed.Dropped}
	for kind := range r.Relayed.Sent {
		c.Sent += r.Relayed.Sent[kind]
		c.Received += r.Relayed.Received[kind]
	}
	for _, n := range r.Nodes {
		c.Nodes = append(c.Nodes, admin.ClusterNode(n))
	}
	for _, m := range r.Moves {
		other := m.Target
		if !m.Export {
			other = m.Source
		}
		c.Moves = append(c.Moves, admin.SlotMove{Slots: m.Slots, Export: m.Export, Other: other, State: m.State, Message: m.Message, Over: m.Over, Ms: m.Took.Milliseconds()})
	}
	return c
}
