package image

import (
	"errors"
	"fmt"

	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/hash"
	"github.com/kringdb/kring/store/list"
	"github.com/kringdb/kring/store/set"
	"github.com/kringdb/kring/store/str"
	"github.com/kringdb/kring/store/stream"
	"github.com/kringdb/kring/store/zset"
)

var (
	errTwice = errors.New("an element occurs twice")
	errFirst = errors.New("an entry of a stream has the id 0-0")
	errLarge = errors.New("an entry of a stream is too large")
	errSize  = errors.New("a value longer than a string may be")
	errLong  = errors.New("the key, or an element, is longer than one may be")
)

// packedBytes is up to which length elements may stay packed that were, whatever the thresholds are now. A value that is packed is one
// block, and a few strings of the greatest length, which take little room in a payload when they are compressed, are more than a block may be.
const packedBytes = 1 << 20

// maxTime is the latest time of delivery that a pending entry can have, in ms since 1970.
const maxTime = 1<<48 - 1

// An Importer makes entries from images, one after the other:
//
//	Begin, Part for each part, then Adopt; or Drop, after an error
//
// One goroutine uses it at a time, which holds the lock of the key's shard during every call,
// and may let go of it between them.
type Importer struct {
	st  *store.Store
	lim rdb.Limits
	max int64 // bytes of a string
	// most is entry.MaxElementBytes, but for tests.
	most int
	dec  rdb.Decoder

	key  store.Key
	name []byte // of key, kept
	spec entry.Spec
	open bool // there is an entry

	str    str.Build
	list   list.Build
	set    set.Build
	zset   zset.Build
	hash   hash.Build
	stream stream.Build

	ar    *arena.Arena
	run   rdb.Run
	room  []byte // what items point to
	ends  []int
	items [][]byte
}

// NewImporter returns an importer into st. Values have the encodings that lim asks for, and
// strings at most maxBytes bytes.
func NewImporter(st *store.Store, lim rdb.Limits, maxBytes int64) *Importer {
	return &Importer{st: st, lim: lim, max: maxBytes, most: entry.MaxElementBytes}
}

// Begin begins a value of key k, with a deadline (milliseconds since 1970, 0 for none) and an
// access clock.
func (im *Importer) Begin(k store.Key, deadline int64, clock uint32) {
	im.name = append(im.name[:0], k.Name...)
	im.key = k
	im.key.Name = im.name
	im.spec = entry.Spec{Deadline: deadline, Clock: clock}
}

// Part adds v, a part of the value: the first, the last, or both. After an error all that
// was built is gone.
func (im *Importer) Part(v *rdb.Value, first, last bool) error {
	im.dec.Open(v, first)
	if first {
		if len(im.name) > im.most {
			return errLong
		}
		im.create(v)
	}
	err := im.elements()
	if err == nil {
		err = im.dec.Err()
	}
	if err == nil && last {
		err = im.end()
	}
	if err != nil {
		im.Drop()
	}
	return err
}

// create begins the value in the form that it will have, as far as v tells.
func (im *Importer) create(v *rdb.Value) {
	im.ar = im.st.Edit(0, im.key)
	units := int(min(v.Total, 1<<30))
	lim := im.lim
	if v.IsPacked() {
		units = 0 // elements, of which there is a limit, in any number of units
		for _, n := range []*int{&lim.HashValue, &lim.SetValue, &lim.ZSetValue} {
			*n = max(*n, packedBytes) // it was packed with what it has
		}
	}
	im.open = true
	switch im.dec.Kind() {
	case rdb.String:
		im.str = str.NewBuild(im.ar, im.name, im.spec, 0)
	case rdb.List:
		im.list = list.NewBuild(im.ar, im.name, im.spec, int64(units), im.lim.ListSize)
	case rdb.Set:
		im.set = set.NewBuild(im.ar, im.name, im.spec, units, set.Limits{IntEntries: lim.SetInts, Entries: lim.SetEntries, ValueBytes: lim.SetValue})
	case rdb.ZSet:
		im.zset = zset.NewBuild(im.ar, im.name, im.spec, units, 0, zset.Limits{Entries: lim.ZSetEntries, ValueBytes: lim.ZSetValue})
	case rdb.Hash:
		im.hash.Begin(im.ar, im.name, im.spec, units, hash.Limits{Entries: lim.HashEntries, ValueBytes: lim.HashValue})
	case rdb.Stream:
		im.stream = stream.NewBuild(im.ar, im.name, im.spec, im.bounds())
	}
}

func (im *Importer) bounds() stream.Bounds {
	return stream.Bounds{NodeBytes: im.lim.StreamNodeBytes, NodeEntries: im.lim.StreamNodeEntries}
}

// elements adds what the decoder finds.
func (im *Importer) elements() error {
	d := &im.dec
	switch d.Kind() {
	case rdb.String:
		for d.Next() {
			if int64(len(d.Elem())) > im.max {
				return errSize
			}
			im.str.Whole(d.Elem()) // a string has one part, and one element
		}
	case rdb.List:
		for d.Next() {
			if len(d.Elem()) > im.most {
				return errLong
			}
			im.list.Add(d.Elem())
		}
	case rdb.Set:
		for d.Next() {
			if len(d.Elem()) > im.most {
				return errLong
			}
			if !im.set.Add(d.Elem()) {
				return errTwice
			}
		}
	case rdb.ZSet:
		for d.Next() {
			if len(d.Elem()) > im.most {
				return errLong
			}
			if !im.zset.Add(d.Elem(), d.Score()) {
				return errTwice
			}
		}
	case rdb.Hash:
		if run := &im.run; d.Run(run) {
			if 2*run.Longest > im.most && len(run.Bytes) > im.most {
				return errLong
			}
			if d.Err() == nil && !im.hash.AddRun(run.Bytes, run.N/2, run.Longest) {
				return errTwice
			}
			return nil
		}
		for d.Next() {
			if len(d.Elem())+len(d.Value()) > im.most {
				return errLong
			}
			if !im.hash.Add(d.Elem(), d.Value(), d.Deadline()) {
				return errTwice
			}
		}
	case rdb.Stream:
		return im.entries()
	}
	return nil
}

// entries adds those of a stream.
func (im *Importer) entries() error {
	d := &im.dec
	for d.Next() {
		id := d.ID()
		if id == (rdb.ID{}) {
			return errFirst
		}
		im.room, im.ends, im.items = im.room[:0], im.ends[:0], im.items[:0]
		for d.NextPair() {
			im.room = append(im.room, d.Elem()...)
			im.ends = append(im.ends, len(im.room))
			im.room = append(im.room, d.Value()...)
			im.ends = append(im.ends, len(im.room))
		}
		if d.Err() != nil {
			return d.Err()
		}
		from := 0
		for _, end := range im.ends {
			im.items = append(im.items, im.room[from:end])
			from = end
		}
		if !stream.Fits(im.items) {
			return errLarge
		}
		im.stream.Add(streamID(id), im.items)
	}
	return nil
}

func streamID(id rdb.ID) stream.ID { return stream.ID{Ms: id.Ms, Seq: id.Seq} }

// end completes the value.
func (im *Importer) end() error {
	if im.dec.Kind() == rdb.Stream {
		return im.trailer()
	}
	if im.dec.Count() == 0 {
		return rdb.ErrEmpty
	}
	return nil
}

// trailer adds what a stream knows besides its entries.
func (im *Importer) trailer() error {
	d := &im.dec
	info, ok := d.Info()
	if !ok {
		return d.Err()
	}
	e := im.stream.Entry()
	if info.Length != uint64(stream.Len(e)) {
		return fmt.Errorf("a stream that claims %d entries has %d", info.Length, stream.Len(e))
	}
	if info.Old {
		info.Added = info.Length
	}
	im.stream.Counters(streamID(info.Last), streamID(info.MaxDeleted), info.Added)
	for g := (rdb.Group{}); d.NextGroup(&g); {
		if info.Old {
			g.Read = stream.ReadUpTo(e, streamID(g.Last))
		}
		if len(g.Name) > im.most {
			return errLong
		}
		to, fresh := im.stream.Group(g.Name, streamID(g.Last), g.Read)
		if !fresh {
			return errTwice
		}
		for c := (rdb.Consumer{}); d.NextConsumer(&c); {
			if err := im.consumer(to, &c); err != nil {
				return err
			}
		}
	}
	return d.Err()
}

// consumer adds one, with what it has pending.
func (im *Importer) consumer(g stream.Group, c *rdb.Consumer) error {
	if len(c.Name) > im.most {
		return errLong
	}
	of, fresh := g.CreateConsumer(im.ar, c.Name, c.Seen)
	if !fresh {
		return errTwice
	}
	of.SetActive(c.Active)
	for p := (rdb.Pending{}); im.dec.NextPending(&p); {
		count := int64(min(p.Count, stream.MaxDeliveries))
		g.Deliver(im.ar, &stream.Delivery{ID: streamID(p.ID), AtMs: min(max(p.Time, 0), maxTime), Count: count, Consumer: of})
	}
	return im.dec.Err()
}

// entry returns what was built: the zero Entry if there is none.
func (im *Importer) entry() entry.Entry {
	switch im.dec.Kind() {
	case rdb.String:
		return im.str.Entry()
	case rdb.List:
		return im.list.Entry()
	case rdb.Set:
		return im.set.Entry()
	case rdb.ZSet:
		return im.zset.Entry()
	case rdb.Hash:
		return im.hash.Entry()
	}
	return im.stream.Entry()
}

// Adopt makes the value that of its key in db, whatever that held.
func (im *Importer) Adopt(db int) {
	im.st.Adopt(db, im.key, im.entry())
	im.forget()
}

// AdoptNew is Adopt for a key that should be absent. It tells whether it is; if not, all that
// was built is gone.
func (im *Importer) AdoptNew(db int) bool {
	if !im.st.AdoptNew(db, im.key, im.entry()) {
		im.Drop()
		return false
	}
	im.forget()
	return true
}

// Drop frees a value that is not adopted, if there is one.
func (im *Importer) Drop() {
	if !im.open {
		return
	}
	if e := im.entry(); e.A != 0 {
		im.st.Drop(im.key.Shard, e)
	}
	im.forget()
}

// forget lets go of the value, and of what was needed for it.
func (im *Importer) forget() {
	im.open = false
	im.str, im.list = str.Build{}, list.Build{}
	if cap(im.room) > wholeBytes {
		im.room = nil
	}
	if cap(im.run.Bytes) > wholeBytes {
		im.run = rdb.Run{}
	}
}
