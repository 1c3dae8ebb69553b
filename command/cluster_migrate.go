package command

import (
	"github.com/kringdb/kring/internal/cluster"
)

// These are the commands that move slots with all their keys at once, as Valkey 9 has them.

// ClusterMigrations is a node of a cluster as one that moves slots. Its methods reply.
type ClusterMigrations interface {
	Begin(c *Ctx, orders []SlotOrder)
	List(c *Ctx)
	Cancel(c *Ctx)
	// Sync is what nodes say to each other: CLUSTER SYNCSLOTS.
	Sync(c *Ctx)
}

// SlotOrder asks to move slots to a node.
type SlotOrder struct {
	Slots []cluster.Slot
	Node  string
}

const (
	clusterMoves = clusterChanges | Dangerous

	migrateSlotsSyntax = "(SLOTSRANGE (start-slot:integer end-slot:integer)... NODE node-id)..."
)

func clusterMoving(name string, arity int, f func(ClusterMigrations, *Ctx), summary, syntax string) *Spec {
	return clusterVaries(name, arity, clusterMoves, func(h ClusterHost, c *Ctx) { f(h.Migrations(), c) }, "9.0.0", summary, syntax)
}

// migrateSlots is CLUSTER MIGRATESLOTS.
func migrateSlots(h ClusterMigrations, c *Ctx) {
	var orders []SlotOrder
	for i := 2; i < len(c.Args); {
		var o SlotOrder
		if o, i = slotOrderAt(c, i); i == 0 {
			return
		}
		orders = append(orders, o)
	}
	h.Begin(c, orders)
}

// slotOrderAt reads an order from the arguments at i on, and returns where the next one is, or replies the error and
// returns 0.
func slotOrderAt(c *Ctx, i int) (o SlotOrder, next int) {
	if !equalFold(c.Args[i], "slotsrange") {
		c.W.Error(ErrSyntax)
		return o, 0
	}
	for i++; i+1 < len(c.Args) && !equalFold(c.Args[i], "node"); i += 2 {
		var ok bool
		if o.Slots, ok = slotRange(c, i, o.Slots); !ok {
			return o, 0
		}
	}
	if i+1 >= len(c.Args) || len(o.Slots) == 0 {
		c.W.Error(ErrSyntax)
		return o, 0
	}
	o.Node = string(c.Args[i+1])
	return o, i + 2
}

func listMigrations(h ClusterMigrations, c *Ctx) { h.List(c) }

// cancelMigrations is CLUSTER CANCELSLOTMIGRATIONS.
func cancelMigrations(h ClusterMigrations, c *Ctx) {
	if len(c.Args) > 3 || len(c.Args) == 3 && !equalFold(c.Args[2], "all") {
		c.W.Error(ErrSyntax)
		return
	}
	h.Cancel(c)
}

func syncSlots(h ClusterMigrations, c *Ctx) { h.Sync(c) }
