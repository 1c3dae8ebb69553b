package rdb

import (
	"encoding/binary"
	"errors"
	"slices"
)

// ID is the id of an entry of a stream.
type ID struct{ Ms, Seq uint64 }

// Compare orders ids.
func (a ID) Compare(b ID) int {
	switch {
	case a.Ms != b.Ms:
		if a.Ms < b.Ms {
			return -1
		}
		return 1
	case a.Seq < b.Seq:
		return -1
	case a.Seq > b.Seq:
		return 1
	}
	return 0
}

const (
	idBytes      = 16
	flagDeleted  = 1 // of an entry: it is not there any more
	flagSameKeys = 2 // its fields are those of the node
)

// StreamInfo is what a stream knows of itself beside entries and groups.
type StreamInfo struct {
	Length                  uint64 // entries, as the file claims it
	Last, First, MaxDeleted ID
	Added                   uint64 // entries that were ever added
	Old                     bool   // the file knew neither First, MaxDeleted nor Added: they follow from the entries
	Groups                  uint64
	Nodes                   uint64 // to write: nodes that will follow, 0 if unknown
}

// Group is a group of a stream.
type Group struct {
	Name      []byte
	Last      ID
	Read      int64 // entries read, -1: unknown; also where StreamInfo.Old
	Pending   int   // pending entries of all its consumers
	Consumers int   // claimed
}

// Consumer is a consumer of a group.
type Consumer struct {
	Name         []byte
	Seen, Active int64 // Unix time in milliseconds; Active -1: never
	Pending      int
}

// Pending is an entry that a consumer has not acknowledged.
type Pending struct {
	ID    ID
	Time  int64 // of delivery, Unix time in milliseconds
	Count uint64
	owned bool
}

// streamDecoder is the part of a Decoder for streams.
type streamDecoder struct {
	key    text
	node   text
	master ID
	fields []int // where in the node its fields begin, and behind the last one
	alive  int64 // what the node's header says, less what has been read
	dead   int64

	prev   ID // the entry before, to check the order
	any    bool
	id     ID
	live   ID    // the last entry that is not deleted
	shared bool  // the fields are the node's
	pairs  int64 // of the entry that have not been read
	at     packed
	skip   int64 // elements of the entry, for the count at its end

	info      StreamInfo
	groups    uint64
	consumers uint64
	pending   []Pending
	owned     uint64
	owners    int
	group     text
	consumer  text
	state     streamState
}

type streamState uint8

const (
	inNodes streamState = iota
	inGroups
	streamEnded
)

func (s *streamDecoder) begin() {
	// XSETID may have lowered the last id below that of a deleted entry: live counts.
	s.prev, s.live, s.any = ID{}, ID{}, false
	s.pairs = 0
	s.groups, s.consumers, s.owned, s.owners = 0, 0, 0, 0
	s.pending = s.pending[:0]
	s.state = inNodes
}

var (
	errEntry = errors.New("a damaged entry of a stream")
	errOrder = errors.New("the ids of a stream do not rise")
	errOwner = errors.New("the pending entries of a group and of its consumers differ")
)

// ID returns that of the entry that Next has found; Pairs how many pairs it has that
// NextPair has not returned.
func (d *Decoder) ID() ID     { return d.stream.id }
func (d *Decoder) Pairs() int { return int(d.stream.pairs) }

// nextEntry finds the next entry that is not deleted.
func (d *Decoder) nextEntry() bool {
	s := &d.stream
	for s.pairs > 0 { // the entry before was not read to its end
		if !d.NextPair() {
			return false
		}
	}
	for {
		if !d.walking {
			if d.left == 0 {
				return false // the trailer follows, or another part
			}
			d.left--
			if err := d.openStreamNode(); err != nil {
				return d.fail(err)
			}
			d.walking = true
		}
		more, err := d.pack.more()
		if err != nil {
			return d.fail(err)
		}
		if !more {
			if s.alive != 0 || s.dead != 0 {
				return d.fail(errEntry)
			}
			d.walking = false
			continue
		}
		deleted, err := d.entry()
		if err != nil {
			return d.fail(err)
		}
		if !deleted {
			return true
		}
		for s.pairs > 0 {
			if !d.NextPair() {
				return false
			}
		}
	}
}

// number reads an element of a node that must be one.
func (d *Decoder) number() (int64, error) {
	if err := d.follow(&d.extra); err != nil {
		return 0, err
	}
	if !d.extra.isNum {
		return 0, errEntry
	}
	return d.extra.num, nil
}

// openStreamNode reads a node's id and its head: how many entries are there and deleted,
// its fields, a zero.
func (d *Decoder) openStreamNode() error {
	s := &d.stream
	if err := d.cur.str(&s.key); err != nil {
		return err
	}
	if len(s.key.bytes) != idBytes {
		return errEntry
	}
	s.master = parseID(s.key.bytes)
	if err := d.cur.str(&s.node); err != nil {
		return err
	}
	if err := d.pack.open(listpack, s.node.bytes); err != nil {
		return err
	}
	var err error
	if s.alive, err = d.number(); err != nil {
		return err
	}
	if s.dead, err = d.number(); err != nil {
		return err
	}
	n, err := d.number()
	if err != nil {
		return err
	}
	if s.alive < 0 || s.dead < 0 || n < 0 {
		return errEntry
	}
	s.fields = s.fields[:0]
	for range n {
		s.fields = append(s.fields, d.pack.off)
		if err := d.follow(&d.elem); err != nil {
			return err
		}
	}
	s.fields = append(s.fields, d.pack.off)
	zero, err := d.number()
	if err == nil && zero != 0 {
		err = errEntry
	}
	return err
}

func parseID(p []byte) ID {
	return ID{binary.BigEndian.Uint64(p), binary.BigEndian.Uint64(p[8:])}
}

// entry reads the head of an entry.
func (d *Decoder) entry() (deleted bool, err error) {
	s := &d.stream
	flags, err := d.number()
	if err != nil {
		return false, err
	}
	ms, err := d.number()
	if err != nil {
		return false, err
	}
	seq, err := d.number()
	if err != nil {
		return false, err
	}
	deleted, s.shared = flags&flagDeleted != 0, flags&flagSameKeys != 0
	s.id = ID{s.master.Ms + uint64(ms), s.master.Seq + uint64(seq)}
	if s.shared {
		s.pairs = int64(len(s.fields) - 1)
		s.skip = s.pairs + 3
		s.at = packed{form: listpack, p: d.pack.p, off: s.fields[0], want: -1}
	} else {
		if s.pairs, err = d.number(); err != nil {
			return false, err
		}
		s.skip = 2*s.pairs + 4
	}
	if deleted {
		s.dead--
	} else {
		s.alive--
		s.live = s.id
	}
	if s.pairs < 0 || s.pairs > int64(len(d.pack.p)) || s.dead < 0 || s.alive < 0 {
		return false, errEntry
	}
	if s.any && s.id.Compare(s.prev) <= 0 {
		return false, errOrder
	}
	s.any, s.prev = true, s.id
	if s.pairs == 0 {
		return deleted, d.endEntry()
	}
	return deleted, nil
}

// endEntry reads the number of elements at the end of an entry.
func (d *Decoder) endEntry() error {
	n, err := d.number()
	if err == nil && n != d.stream.skip {
		err = errEntry
	}
	return err
}

// NextPair reads the next field and value of an entry: Elem and Value, valid until the
// next call.
func (d *Decoder) NextPair() bool {
	s := &d.stream
	if d.err != nil || s.pairs == 0 {
		return false
	}
	s.pairs--
	if s.shared {
		if err := s.at.next(&d.elem); err != nil {
			return d.fail(err)
		}
	} else if err := d.follow(&d.elem); err != nil {
		return d.fail(err)
	}
	if err := d.follow(&d.val); err != nil {
		return d.fail(err)
	}
	if s.pairs == 0 {
		if err := d.endEntry(); err != nil {
			return d.fail(err)
		}
	}
	return true
}

// counts reads lengths.
func (c *cursor) counts(to ...*uint64) (err error) {
	for _, p := range to {
		if *p, err = c.count(); err != nil {
			return err
		}
	}
	return nil
}

// Info reads what stands behind the entries, after Next has returned false for the last
// part. What it says is checked against the entries: no id is above Last.
func (d *Decoder) Info() (info StreamInfo, ok bool) {
	s := &d.stream
	if d.err != nil || s.state != inNodes {
		return s.info, d.err == nil
	}
	s.info = StreamInfo{Old: d.typ < typeStream2}
	in := &s.info
	err := d.cur.counts(&in.Length, &in.Last.Ms, &in.Last.Seq)
	if err == nil && !in.Old {
		err = d.cur.counts(&in.First.Ms, &in.First.Seq, &in.MaxDeleted.Ms, &in.MaxDeleted.Seq, &in.Added)
	}
	if err == nil {
		in.Groups, err = d.cur.count()
	}
	if err == nil && s.live.Compare(in.Last) > 0 {
		err = errOrder
	}
	if err != nil {
		d.fail(err)
		return s.info, false
	}
	s.groups, s.state = in.Groups, inGroups
	return s.info, true
}

// NextGroup reads the next group, after Info: its consumers must have been read.
func (d *Decoder) NextGroup(g *Group) bool {
	s := &d.stream
	if d.err != nil || s.state != inGroups {
		return false
	}
	if s.consumers > 0 || s.owned > 0 {
		return d.fail(errors.New("consumers were left unread"))
	}
	if s.owners != len(s.pending) {
		return d.fail(errOwner)
	}
	if s.groups == 0 {
		s.state = streamEnded
		return d.end()
	}
	s.groups--
	err := d.cur.str(&s.group)
	if err == nil {
		err = d.cur.counts(&g.Last.Ms, &g.Last.Seq)
	}
	g.Name, g.Read = s.group.bytes, -1
	if err == nil && !s.info.Old {
		var read uint64
		read, err = d.cur.count()
		g.Read = max(int64(read), -1)
	}
	if err == nil {
		err = d.readPending()
	}
	if err == nil {
		s.consumers, err = d.cur.count()
	}
	if err == nil && s.consumers > uint64(d.cur.left()) {
		err = errShort
	}
	if err != nil {
		return d.fail(err)
	}
	g.Pending, g.Consumers = len(s.pending), int(s.consumers)
	return true
}

// readPending reads the pending entries of a group, so that their consumers find them.
func (d *Decoder) readPending() error {
	s := &d.stream
	s.pending, s.owners = s.pending[:0], 0
	n, err := d.cur.count()
	if err != nil {
		return err
	}
	if n > uint64(d.cur.left())/(idBytes+8) {
		return errShort
	}
	s.pending = slices.Grow(s.pending, int(n))
	for range n {
		p, err := d.cur.take(idBytes + 8)
		if err != nil {
			return err
		}
		count, err := d.cur.count()
		if err != nil {
			return err
		}
		s.pending = append(s.pending, Pending{ID: parseID(p), Time: signed(p[idBytes:]), Count: count})
	}
	byID := func(a, b Pending) int { return a.ID.Compare(b.ID) }
	if !slices.IsSortedFunc(s.pending, byID) {
		slices.SortFunc(s.pending, byID)
	}
	for i := 1; i < len(s.pending); i++ {
		if s.pending[i].ID == s.pending[i-1].ID {
			return errOwner
		}
	}
	return nil
}

// NextConsumer reads the next consumer of the group.
func (d *Decoder) NextConsumer(c *Consumer) bool {
	s := &d.stream
	for s.owned > 0 { // what was left unread of the one before
		var p Pending
		if !d.NextPending(&p) {
			return false
		}
	}
	if d.err != nil || s.consumers == 0 {
		return false
	}
	s.consumers--
	err := d.cur.str(&s.consumer)
	var seen, active uint64
	if err == nil {
		seen, err = d.cur.uint64()
	}
	active = seen // before version 11 nobody knew better
	if err == nil && d.typ >= typeStream3 {
		active, err = d.cur.uint64()
	}
	if err == nil {
		s.owned, err = d.cur.count()
	}
	if err == nil && s.owned > uint64(len(s.pending)) {
		err = errOwner
	}
	if err != nil {
		return d.fail(err)
	}
	*c = Consumer{Name: s.consumer.bytes, Seen: int64(seen), Active: int64(active), Pending: int(s.owned)}
	return true
}

// NextPending reads the next pending entry of the consumer.
func (d *Decoder) NextPending(p *Pending) bool {
	s := &d.stream
	if d.err != nil || s.owned == 0 {
		return false
	}
	s.owned--
	b, err := d.cur.take(idBytes)
	if err != nil {
		return d.fail(err)
	}
	i, ok := slices.BinarySearchFunc(s.pending, parseID(b), func(p Pending, id ID) int { return p.ID.Compare(id) })
	if !ok || s.pending[i].owned {
		return d.fail(errOwner)
	}
	s.pending[i].owned = true
	s.owners++
	*p = s.pending[i]
	return true
}
