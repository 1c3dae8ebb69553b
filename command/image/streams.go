package image

import (
	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/stream"
)

// streamStage is what of a stream is written next.
type streamStage uint8

const (
	nodesStage    streamStage = iota // a node, with all of its entries
	groupStage                       // a group, what it knows of itself
	pendingStage                     // its pending entries
	consumerStage                    // a consumer of it
	ownedStage                       // what the consumer has pending
)

// streamCursor is how far a stream has been written.
type streamCursor struct {
	stage    streamStage
	id       stream.ID // from which id on, in its stage
	group    int
	consumer int
}

// streamStride writes a node of a stream, or some of what follows the nodes, and tells whether that
// was the last.
func (x *Exporter) streamStride(enc *rdb.Encoder, e entry.Entry) (done bool) {
	c := &x.cursor.stream
	if c.stage == nodesStage {
		if x.streamNode(enc, e) {
			c.stage = groupStage
		}
		return false
	}
	if c.stage == groupStage && c.group == stream.Groups(e) {
		return true
	}
	g := stream.GroupAt(e, c.group)
	switch c.stage {
	case groupStage:
		enc.Group(&rdb.Group{Name: g.Name(), Last: idOf(g.LastID()), Read: g.EntriesRead(), Pending: int(g.Pending()), Consumers: g.Consumers()})
		c.stage, c.id = pendingStage, stream.ID{}
	case pendingStage:
		if c.deliveries(g, stream.Consumer{}, func(d *stream.Delivery) {
			enc.Pending(&rdb.Pending{ID: idOf(d.ID), Time: d.AtMs, Count: uint64(d.Count)})
		}) {
			c.stage, c.consumer = consumerStage, 0
		}
	case consumerStage:
		if c.consumer == g.Consumers() {
			c.stage, c.group = groupStage, c.group+1
			return false
		}
		of := g.Consumer(c.consumer)
		enc.Consumer(&rdb.Consumer{Name: of.Name(), Seen: of.Seen(), Active: of.Active(), Pending: int(of.Pending())})
		c.stage, c.id = ownedStage, stream.ID{}
	case ownedStage:
		if c.deliveries(g, g.Consumer(c.consumer), func(d *stream.Delivery) { enc.Owned(idOf(d.ID)) }) {
			c.stage, c.consumer = consumerStage, c.consumer+1
		}
	}
	return false
}

// streamNode writes the node in which the id of the cursor is, and tells whether that was the last.
func (x *Exporter) streamNode(enc *rdb.Encoder, e entry.Entry) (done bool) {
	c := &x.cursor.stream
	var it stream.Iter
	it.Start(e, c.id, stream.MaxID, false)
	for begun := false; it.Next(); begun = true {
		if it.BeginsNode() {
			if begun {
				c.id = it.ID()
				return false
			}
			enc.NextNode()
		}
		enc.Entry(idOf(it.ID()), x.pairs(&it))
	}
	return true
}

// deliveries gives some of the deliveries of g, or of one of its consumers, to write, and tells whether they were the last.
func (c *streamCursor) deliveries(g stream.Group, of stream.Consumer, write func(d *stream.Delivery)) (done bool) {
	var it stream.Deliveries
	it.Start(g, of, c.id)
	for n := 0; it.Next(); n++ {
		if n == partStride {
			c.id = it.ID
			return false
		}
		write(&it.Delivery)
	}
	return true
}
