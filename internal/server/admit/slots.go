package admit

import (
	"bytes"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/cluster"
)

// This file is what a node of a cluster asks of calls with keys.

// Place is whose a hash slot is, as a node sees it.
type Place uint8

const (
	Nobodys   Place = iota // no shard's
	Elsewhere              // another shard's
	Here                   // this node's
	Leaving                // this node's, and its keys go to another shard, one by one
	Coming                 // another shard's, and its keys come here, one by one
	Followed               // of the primary that this node follows
)

// Slots are all hash slots as a node sees them. They never change.
type Slots struct {
	Places [cluster.Slots]Place
	All    bool // all are Here, and nothing of the following is true

	Down         bool // the cluster serves nothing, but for
	DownReads    bool // reads
	DownChannels bool // and shard channels
	Held         bool // the slots are about to be another node's: who calls waits for that. Down as well

	Term    *Term  // for how long the slots that are this node's may be served; nil: they may not, or for ever
	Without *Slots // what takes the place of these when the term is over; not nil with a Term
}

// Serves tells whether a call with keys in this slot alone may run, whatever it does. It may also be
// false for one that may.
func (s *Slots) Serves(slot cluster.Slot) bool {
	return s.All || !s.Down && s.Places[slot%cluster.Slots] == Here
}

// Reach is the hash slots that calls use. The zero Reach is none.
type Reach struct {
	slot    cluster.Slot // the first one
	any     bool
	several bool // different keys
	crosses bool // different slots
	first   []byte
}

// Add adds the keys and shard channels of a call, which live as long as the Reach.
func (r *Reach) Add(call *command.Call) {
	if call.Spec.Flags&command.PubSub != 0 {
		r.addChannels(call)
		return
	}
	for i := range call.Keys {
		r.add(call.Keys[i].Name)
	}
}

// addChannels adds shard channels, which are in slots as keys are. Other channels are in none.
func (r *Reach) addChannels(call *command.Call) {
	spec := call.Spec
	if len(spec.Keys) == 0 {
		return
	}
	first, last := 1, len(call.Args)-1
	if spec.Channels != nil {
		first, last, _ = spec.Channels(call.Args)
	}
	for _, name := range call.Args[first : last+1] {
		r.add(name)
	}
}

func (r *Reach) add(name []byte) {
	slot := cluster.KeySlot(name)
	if !r.any {
		r.slot, r.any, r.first = slot, true, name
		return
	}
	r.several = r.several || !bytes.Equal(name, r.first)
	r.crosses = r.crosses || slot != r.slot
}

// Note adds the keys of a call that do not live on. Whether several differ is told only of a slot
// that comes to this node.
func (r *Reach) Note(call *command.Call, s *Slots) {
	before := r.any
	r.Add(call)
	switch {
	case before || !r.any:
	case s.Places[r.slot] == Coming:
		r.first = bytes.Clone(r.first)
	default:
		r.first = nil
	}
}

// JudgeSlots decides whether a call, or an EXEC with what is queued, may run on this node.
func JudgeSlots(c *Caller, call *command.Call) Verdict {
	flags := call.Spec.Flags
	if checksOf[c.As]&queue != 0 {
		flags = c.flagsOf(flags)
	}
	return c.judgeSlots(call, flags)
}

// judgeSlots is JudgeSlots for flags that stand for what is queued, too.
func (c *Caller) judgeSlots(call *command.Call, flags command.Flag) Verdict {
	s := c.Slots
	var r Reach
	if flags&command.Exec == 0 {
		r.Add(call)
	} else if checksOf[c.As]&queue != 0 && c.Is&Queueing != 0 {
		r = c.Reach
	}
	if !r.any {
		return Verdict{}
	}
	v := Verdict{Slot: r.slot, Place: s.Places[r.slot]}
	place, channels := v.Place, flags&command.PubSub != 0
	switch {
	case s.Held && checksOf[c.As]&paused != 0:
		v.Ruling = Wait
	case place == Nobodys:
		v.Ruling = NotServed
	case r.crosses:
		v.Ruling = CrossSlot
	case s.Down && channels && !s.DownChannels, s.Down && !channels && !s.DownReads:
		v.Ruling = IsDown
	case s.Down && !channels && flags&command.Write != 0:
		v.Ruling = IsDownForWrites
	case place == Here:
	case (place == Leaving || place == Coming) && flags&command.OwnLocks != 0: // MIGRATE, which moves them
	case place == Leaving && !channels:
		v.Open = true
	case place == Leaving:
	case place == Coming && (c.Is&Asks != 0 || flags&command.Asking != 0):
		v.Open = r.several && !channels
	case place == Followed && (channels || c.Is&ReadsReplica != 0 && flags&command.Write == 0):
	default:
		v.Ruling = Moved
	}
	if c.As == Script && v.Ruling == Run && c.Reach.any && c.Reach.slot != r.slot {
		v.Ruling = CrossSlot
	}
	return v
}

// JudgeOpen decides about a call that may run only if its keys are here: of those there are some,
// and others missing, or not.
func (v Verdict) JudgeOpen(here, missing int) Ruling {
	switch {
	case missing == 0:
		return Run
	case here > 0 || v.Place == Coming:
		return TryAgain
	}
	return Ask
}
