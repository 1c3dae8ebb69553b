package server

import (
	"errors"
	"net"

	"github.com/kringdb/kring/command"
	slots "github.com/kringdb/kring/internal/cluster"
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
	s.node, err = cluster.Open(cluster.Config{House: nodeHouse{s}, Options: s.Opts, Log: s.Log, Coordinator: s.embedded.Coordinator})
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
	if now := h.role.history.Primary(); now == nil || *now != p {
		h.role.replicate(&p)
	}
}

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
