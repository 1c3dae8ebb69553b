package command

import (
	"cmp"
	"slices"

	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
)

// These are the commands that look at the keys of hash slots. In a cluster the store is by slots, so
// each costs what its slots hold.

// bySlot is the store of a cluster's node.
func bySlot(c *Ctx) store.BySlot {
	by, _ := c.Store.BySlot()
	return by
}

// HasKeysIn tells whether there are keys in a slot.
func HasKeysIn(c *Ctx, slot cluster.Slot) bool { return bySlot(c).Count(c.DB, slot) > 0 }

func countKeysInSlot(h ClusterHost, c *Ctx) {
	slot, ok := c.Int(2)
	switch {
	case !ok:
	case slot < 0 || slot >= cluster.Slots:
		c.W.Error(errNoSuchSlot)
	default:
		c.W.Int(int64(bySlot(c).Seen(c.DB, cluster.Slot(slot))))
	}
}

func getKeysInSlot(_ ClusterHost, c *Ctx) {
	slot, ok := c.Int(2)
	if !ok {
		return
	}
	most, ok := c.Int(3)
	if !ok {
		return
	}
	if slot < 0 || slot >= cluster.Slots || most < 0 {
		c.W.Error("ERR Invalid slot or number of keys")
		return
	}
	var l nameList
	by := bySlot(c)
	for cursor := uint64(0); most > 0 && !c.Halted() && by.Seen(c.DB, cluster.Slot(slot)) > 0; {
		cursor = by.Walk(c.DB, cluster.Slot(slot), cursor, int(min(most-int64(len(l.ends)), keysStep)), func(e entry.Entry) {
			if int64(len(l.ends)) < most && !e.Expired(c.Now) {
				l.add(e.Key())
			}
		})
		if cursor == 0 || int64(len(l.ends)) >= most {
			break
		}
		c.Lane.Yield()
	}
	l.write(c)
}

// slotKeys is a line of CLUSTER SLOT-STATS.
type slotKeys struct{ slot, keys int }

// slotStats is CLUSTER SLOT-STATS: of the slots of this node's shard it tells how many keys each has.
func slotStats(h ClusterHost, c *Ctx) {
	first, last, order, ok := slotStatsArgs(c)
	if !ok {
		return
	}
	by := bySlot(c)
	var lines []slotKeys
	for slot := first; slot <= last; slot++ {
		if h.Owns(cluster.Slot(slot)) {
			lines = append(lines, slotKeys{slot, by.Count(c.DB, cluster.Slot(slot))})
		}
	}
	if order.on {
		slices.SortStableFunc(lines, func(a, b slotKeys) int { return order.sign * cmp.Compare(a.keys, b.keys) })
		lines = lines[:min(len(lines), order.limit)]
	}
	c.W.Array(len(lines))
	for _, l := range lines {
		c.W.Array(2)
		c.W.Int(int64(l.slot))
		c.W.Map(1)
		c.W.BulkString("key-count")
		c.W.Int(int64(l.keys))
	}
}

// slotOrder is what ORDERBY asks for: sign is -1 for the greatest first.
type slotOrder struct {
	on          bool
	sign, limit int
}

// slotStatsArgs reads what CLUSTER SLOT-STATS is asked for, or replies the error.
func slotStatsArgs(c *Ctx) (first, last int, order slotOrder, ok bool) {
	switch args := c.Args[2:]; {
	case equalFold(args[0], "slotsrange") && len(args) == 3:
		from, ok := slotArg(c, 3)
		if !ok {
			return 0, 0, order, false
		}
		to, ok := slotArg(c, 4)
		if ok && from > to {
			c.W.Error("ERR Start slot number " + string(args[1]) + " is greater than end slot number " + string(args[2]))
			ok = false
		}
		return int(from), int(to), order, ok
	case equalFold(args[0], "orderby"):
		order, ok = slotOrderArgs(c, args[1:])
		return 0, cluster.Slots - 1, order, ok
	}
	c.W.Error(ErrSyntax)
	return 0, 0, order, false
}

func slotOrderArgs(c *Ctx, args resp.Args) (order slotOrder, ok bool) {
	order = slotOrder{on: true, sign: -1, limit: cluster.Slots}
	if !equalFold(args[0], "key-count") {
		c.W.Error("ERR Unrecognized sort metric for ORDERBY.")
		return order, false
	}
	for args = args[1:]; len(args) > 0; args = args[1:] {
		switch {
		case equalFold(args[0], "asc"):
			order.sign = 1
		case equalFold(args[0], "desc"):
			order.sign = -1
		case equalFold(args[0], "limit") && len(args) > 1:
			n, ok := resp.ParseInt(args[1])
			if !ok || n < 1 || n > cluster.Slots {
				c.W.Error("ERR Limit has to lie in between 1 and 16384 (maximum number of slots).")
				return order, false
			}
			order.limit = int(n)
			args = args[1:]
		default:
			c.W.Error(ErrSyntax)
			return order, false
		}
	}
	return order, true
}
