package stream

import (
	"unsafe"

	"github.com/kringdb/kring/store/arena"
)

// Consumer is a consumer of a group. It is valid until it is deleted, or its stream
// moves.
type Consumer struct{ b named }

func consumerAt(a arena.Addr) Consumer { return Consumer{named{a, consumerHeaderBytes}} }

func (c Consumer) at(off int) unsafe.Pointer { return unsafe.Add(c.b.a.Ptr(), off) }
func (c Consumer) tree() tree                { return tree{c.at(consumerPending), ownedWidth} }

// IsNone tells whether c is no consumer.
func (c Consumer) IsNone() bool { return c.b.a == 0 }

// Name returns a view of the consumer's name.
func (c Consumer) Name() []byte { return c.b.name() }

// Pending returns how many entries it has not acknowledged.
func (c Consumer) Pending() int64 { return c.tree().count() }

// Seen returns when the consumer last tried to get entries, in ms since 1970.
func (c Consumer) Seen() int64 { return *(*int64)(c.at(consumerSeen)) }

// SetSeen sets it.
func (c Consumer) SetSeen(ms int64) { *(*int64)(c.at(consumerSeen)) = ms }

// Active returns when the consumer last got entries, in ms since 1970, or NeverActive.
func (c Consumer) Active() int64 { return *(*int64)(c.at(consumerActive)) }

// SetActive sets it.
func (c Consumer) SetActive(ms int64) { *(*int64)(c.at(consumerActive)) = ms }

// FindConsumer returns the group's consumer with that name, or none.
func (g Group) FindConsumer(name []byte) Consumer {
	t := g.consumers()
	if i, ok := t.find(name); ok {
		return Consumer{t.block(i)}
	}
	return Consumer{}
}

// CreateConsumer adds a consumer unless one of that name exists.
func (g Group) CreateConsumer(ar *arena.Arena, name []byte, nowMs int64) (c Consumer, ok bool) {
	t := g.consumers()
	i, found := t.find(name)
	if found {
		return Consumer{}, false
	}
	c = Consumer{newNamed(ar, consumerHeaderBytes, name)}
	c.SetSeen(nowMs)
	c.SetActive(NeverActive)
	t.insert(ar, i, c.b)
	return c, true
}

// DeleteConsumer removes a consumer with its pending entries, which nobody owns then,
// and returns how many these were.
func (g Group) DeleteConsumer(ar *arena.Arena, name []byte) (pending int64, ok bool) {
	t := g.consumers()
	i, ok := t.find(name)
	if !ok {
		return 0, false
	}
	c := Consumer{t.block(i)}
	pending = c.Pending()
	var own cursor
	for more := own.seekGE(c.tree(), ID{}); more; more = own.next() {
		var of cursor
		of.find(g.tree(), own.id())
		g.tree().remove(ar, &of)
	}
	for gone := false; !gone; {
		_, gone = c.freeSome(ar, 1<<30)
	}
	t.drop(ar, i)
	return pending, true
}

// Delivery is a pending entry: delivered to a consumer and not acknowledged.
type Delivery struct {
	ID       ID
	AtMs     int64 // last delivered, ms since 1970, 0 to 2^48-1
	Count    int64 // how often, up to MaxDeliveries
	Consumer Consumer
}

// The two words of a pending record: time 48 | count's low 16; consumer>>3 40 | count's
// high 24.
const (
	timeBits     = 48
	timeMask     = 1<<timeBits - 1
	lowCountBits = 64 - timeBits
	addrBits     = 40
	addrMask     = 1<<addrBits - 1
)

func (d *Delivery) store(rec unsafe.Pointer) {
	n := uint64(min(max(d.Count, 0), MaxDeliveries))
	*(*uint64)(rec) = uint64(d.AtMs)&timeMask | n<<timeBits
	*(*uint64)(unsafe.Add(rec, wordBytes)) = uint64(d.Consumer.b.a)>>3 | n>>lowCountBits<<addrBits
}

func (d *Delivery) load(c *cursor) {
	w, v := *c.word(0), *c.word(1)
	d.ID = c.id()
	d.AtMs = int64(w & timeMask)
	d.Count = int64(w>>timeBits | v>>addrBits<<lowCountBits)
	d.Consumer = ownerIn(v)
}

// ownerIn returns the consumer in the second word of a pending record.
func ownerIn(v uint64) Consumer { return consumerAt(arena.Addr(v & addrMask << 3)) }

// Delivered returns the pending entry id.
func (g Group) Delivered(id ID) (d Delivery, ok bool) {
	var c cursor
	if !c.find(g.tree(), id) {
		return d, false
	}
	d.load(&c)
	return d, true
}

// Deliver makes d.ID pending for d.Consumer, a consumer of g, whoever owned it before.
func (g Group) Deliver(ar *arena.Arena, d *Delivery) {
	var c cursor
	if c.find(g.tree(), d.ID) {
		if old := ownerIn(*c.word(1)); old != d.Consumer {
			var own cursor
			own.find(old.tree(), d.ID)
			old.tree().remove(ar, &own)
			d.Consumer.tree().insert(ar, d.ID)
		}
		d.store(unsafe.Pointer(c.word(0)))
		return
	}
	d.store(g.tree().insert(ar, d.ID))
	d.Consumer.tree().insert(ar, d.ID)
}

// Ack removes the pending entry id and tells whether it was there.
func (g Group) Ack(ar *arena.Arena, id ID) bool {
	var c, own cursor
	if !c.find(g.tree(), id) {
		return false
	}
	owner := ownerIn(*c.word(1))
	g.tree().remove(ar, &c)
	own.find(owner.tree(), id)
	owner.tree().remove(ar, &own)
	return true
}

// Deliveries walks over pending entries in ascending order of id. It is valid until the
// group's pending entries change in number; Save keeps it.
type Deliveries struct {
	Delivery // the current one

	group Group
	cur   cursor // in the group's tree, or in the consumer's
	own   bool
	more  bool // cur is at a record that Next has not returned
}

// Start readies it for g's pending entries with id >= from: those of c, if it is not
// none, else all.
func (it *Deliveries) Start(g Group, c Consumer, from ID) {
	it.group, it.own = g, !c.IsNone()
	if it.own {
		it.more = it.cur.seekGE(c.tree(), from)
	} else {
		it.more = it.cur.seekGE(g.tree(), from)
	}
}

// Next goes to the next one and tells whether there is one.
func (it *Deliveries) Next() bool {
	if !it.more {
		return false
	}
	if it.own {
		it.Delivery, _ = it.group.Delivered(it.cur.id())
	} else {
		it.load(&it.cur)
	}
	it.more = it.cur.next()
	return true
}

// Save stores the current one's time and count.
func (it *Deliveries) Save() {
	var c cursor
	if c.find(it.group.tree(), it.ID) {
		it.store(unsafe.Pointer(c.word(0)))
	}
}

// CountPending returns how many pending entries with id >= from the consumer has, but at
// most limit.
func (c Consumer) CountPending(from ID, limit int64) (n int64) {
	if from.IsZero() {
		return min(c.Pending(), limit)
	}
	var cur cursor
	for more := cur.seekGE(c.tree(), from); more && n < limit; more = cur.next() {
		n++
	}
	return n
}

// PendingEnds returns the first and the last pending id; ok is false without any.
func (g Group) PendingEnds() (first, last ID, ok bool) {
	var c cursor
	if !c.seekGE(g.tree(), ID{}) {
		return first, last, false
	}
	first = c.id()
	c.last(g.tree())
	return first, c.id(), true
}
