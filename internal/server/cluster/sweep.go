package cluster

import (
	"runtime"
	"sync"

	"github.com/kringdb/kring/internal/cluster"
	"github.com/kringdb/kring/internal/server/admit"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
)

// This file removes the keys of slots that another shard has got, in the background. Nobody sees them
// meanwhile.

// sweepStep is how many keys are deleted at once.
const sweepStep = 32

// sweeper knows the slots whose keys are not this node's.
type sweeper struct {
	mu struct { // innermost, for a look or a change
		sync.Mutex
		lost   store.SlotSet // whose keys are to be deleted
		coming store.SlotSet // whose keys come here, until they are this node's
	}
	rung    chan struct{}
	write   sync.Mutex    // while it is written which slots move
	written store.SlotSet // that, the last time
}

// lose notes slots whose keys are to be deleted; who deletes them is Node.sweep. Slots that come here are left to who takes them.
func (sw *sweeper) lose(n *Node, slots []cluster.Slot) {
	if len(slots) == 0 {
		return
	}
	sw.mu.Lock()
	for _, slot := range slots {
		if !sw.mu.coming.Has(slot) {
			sw.mu.lost.Add(slot)
		}
	}
	sw.show(n)
	sw.mu.Unlock()
	select {
	case sw.rung <- struct{}{}:
	default:
	}
}

// expect says that the keys of slots come here, or do not any more.
func (sw *sweeper) expect(n *Node, slots []cluster.Slot, on bool) {
	sw.mu.Lock()
	defer sw.mu.Unlock()
	for _, slot := range slots {
		if on {
			sw.mu.coming.Add(slot)
			sw.mu.lost.Remove(slot) // who takes it deletes what is left there, and sweep nothing any more
		} else {
			sw.mu.coming.Remove(slot)
		}
	}
	sw.show(n)
}

// loseStrays is for a server that has begun to lead: what it has of other shards' slots had come to the one before it, or was
// being deleted there. Nobody else deletes it.
func (n *Node) loseStrays() {
	places := n.House.Places()
	if places == nil {
		return
	}
	keys := n.House.Keys()
	var strays []cluster.Slot
	for i, place := range places.Places {
		if slot := cluster.Slot(i); place == admit.Elsewhere && keys.Count(0, slot) > 0 {
			strays = append(strays, slot)
		}
	}
	n.sweeper.lose(n, strays)
}

// show tells the store which slots are to be hidden. The lock is held.
func (sw *sweeper) show(n *Node) {
	foreign := sw.mu.lost
	for i := range foreign {
		foreign[i] |= sw.mu.coming[i]
	}
	if foreign == (store.SlotSet{}) {
		n.House.Keys().SetForeign(nil)
		return
	}
	n.House.Keys().SetForeign(&foreign)
}

// lostSlots are the slots that one topology after the other takes from this node for another shard.
func lostSlots(before, now *admit.Slots) (lost []cluster.Slot) {
	if before == nil {
		return nil
	}
	for i, place := range now.Places {
		if was := before.Places[i]; place == admit.Elsewhere && (was == admit.Here || was == admit.Leaving) {
			lost = append(lost, cluster.Slot(i))
		}
	}
	return lost
}

// sweep deletes the keys of lost slots, until the node ends.
func (n *Node) sweep() {
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-n.sweeper.rung:
		}
		for i := range cluster.Slots {
			if slot := cluster.Slot(i); n.sweeper.has(slot) && n.ctx.Err() == nil {
				if n.clearSlot(slot, func() bool { return n.sweeper.has(slot) }) || n.sweeper.has(slot) {
					n.sweeper.swept(n, slot)
				}
			}
		}
		n.remember()
	}
}

func (sw *sweeper) has(slot cluster.Slot) bool {
	sw.mu.Lock()
	defer sw.mu.Unlock()
	return sw.mu.lost.Has(slot)
}

// swept notes that nothing is left to be deleted in a slot.
func (sw *sweeper) swept(n *Node, slot cluster.Slot) {
	if n.ctx.Err() != nil {
		return
	}
	sw.mu.Lock()
	defer sw.mu.Unlock()
	sw.mu.lost.Remove(slot)
	sw.show(n)
}

// clearSlot deletes the keys of a slot, as long as that is another shard's, and still, which is asked under the gate under which
// keys are deleted, says so; it returns false if it is not any more.
func (n *Node) clearSlot(slot cluster.Slot, still func() bool) bool {
	var block []byte
	var names [][]byte
	for n.ctx.Err() == nil {
		block, names = block[:0], names[:0]
		n.House.Keys().Walk(0, slot, 0, sweepStep, func(e entry.Entry) {
			from := len(block)
			block = append(block, e.Key()...)
			names = append(names, block[from:len(block):len(block)])
		})
		if len(names) == 0 {
			return true
		}
		if !n.House.DeleteForeign(slot, names, still) {
			return false
		}
		runtime.Gosched() // reactors come first
	}
	return false
}

// remember writes down, in the node's own file, which slots move and which are to be swept: after a sudden end their keys, if the
// slots are another shard's, are none of this node's.
func (n *Node) remember() {
	n.sweeper.write.Lock()
	defer n.sweeper.write.Unlock()
	n.sweeper.mu.Lock()
	set := n.sweeper.mu.lost
	for i := range set {
		set[i] |= n.sweeper.mu.coming[i]
	}
	n.sweeper.mu.Unlock()
	for _, j := range n.moves.all() {
		if !j.over() {
			for i := range set {
				set[i] |= j.set[i]
			}
		}
	}
	if set == n.sweeper.written {
		return
	}
	var slots []cluster.Slot
	for i := range cluster.Slots {
		if slot := cluster.Slot(i); set.Has(slot) {
			slots = append(slots, slot)
		}
	}
	if err := cluster.SetMoving(n.ctx, n.self, ranges(slots)); err != nil {
		n.Log.Warn("the node cannot write down which slots move", "error", err)
		return
	}
	n.sweeper.written = set
}

// recall sees to slots that were moving when the node ended. What another node may be about to do with them it cannot any
// more when recall has returned: the shard has another epoch.
func (n *Node) recall() error {
	rs, err := cluster.Moving(n.ctx, n.self)
	if err != nil || len(rs) == 0 {
		return err
	}
	n.sweeper.write.Lock()
	for slot := range rs.All() {
		n.sweeper.written.Add(slot)
	}
	n.sweeper.write.Unlock()
	t, err := n.directory.Change(n.ctx, func(d *cluster.Draft) error {
		if mine := n.mine(d); mine.Primary == n.ID() {
			return d.Bump(mine.ID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	mine, slots := t.Shard(t.Node(n.ID()).Shard), []cluster.Slot{}
	for slot := range rs.All() {
		if owner := t.Owner(slot); owner != nil && owner != mine {
			slots = append(slots, slot)
		}
	}
	n.sweeper.lose(n, slots)
	if len(slots) == 0 {
		n.remember()
	}
	return nil
}
