package command

import (
	"bytes"
	"math"

	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/stream"
)

// readOptions are the arguments of XREAD and XREADGROUP.
type readOptions struct {
	count           int64 // entries of each stream at most
	blockMs         int64 // -1: do not wait; 0: for ever
	noAck           bool
	group, consumer []byte
	first, n        int // index of the first key; how many keys, and then ids
}

const errXReadGroupID = " ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying " +
	"a proper ID, or use the > ID to get new messages. The "

// parse reads everything up to the keys. It replies the error itself.
func (o *readOptions) parse(c *Ctx) bool {
	o.count, o.blockMs = math.MaxInt64, -1
	groups := c.Spec.Name == "xreadgroup"
	for i := 1; i < len(c.Args) && o.first == 0; i++ {
		arg, more := c.Args[i], len(c.Args)-1-i
		ok := true
		switch {
		case more > 0 && equalFold(arg, "block"):
			i++
			o.blockMs, ok = c.TimeoutMs(i)
		case more > 0 && equalFold(arg, "count"):
			i++
			if o.count, ok = c.Int(i); ok && o.count <= 0 {
				o.count = math.MaxInt64
			}
		case more > 0 && equalFold(arg, "streams"):
			o.first, o.n = i+1, more/2
			if ok = more%2 == 0; !ok {
				sign := "$"
				if groups {
					sign = ">"
				}
				c.W.Error("ERR Unbalanced '" + c.Spec.FullName + "' list of streams: for each stream key an ID or '" + sign + "' must be specified.")
			}
		case more > 1 && equalFold(arg, "group"):
			if ok = groups; !ok {
				c.W.Error("ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.")
			}
			o.group, o.consumer = c.Args[i+1], c.Args[i+2]
			i += 2
		case equalFold(arg, "noack"):
			if ok = groups; !ok {
				c.W.Error("ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.")
			}
			o.noAck = true
		default:
			ok = false
			c.W.Error(ErrSyntax)
		}
		if !ok {
			return false
		}
	}
	switch {
	case o.first == 0:
		c.W.Error(ErrSyntax)
	case groups && o.group == nil:
		c.W.Error("ERR Missing GROUP option for XREADGROUP")
	case !o.keysAgree(c):
		c.W.Error(ErrSyntax)
	default:
		return true
	}
	return false
}

// keysAgree tells whether the keys are those whose shards are locked: the key specs find
// them by the first word STREAMS, which may be the name of a consumer.
func (o *readOptions) keysAgree(c *Ctx) bool {
	if len(c.Keys) != o.n {
		return false
	}
	for i := range c.Keys {
		if !bytes.Equal(c.Keys[i].Name, c.Args[o.first+i]) {
			return false
		}
	}
	return true
}

// ids is room for the ids of as many streams as most calls name.
type readIDs [8]stream.ID

func xread(c *Ctx) {
	var o readOptions
	if !o.parse(c) {
		return
	}
	var room readIDs
	ids := room[:0]
	for i := range o.n {
		e := c.Read(c.Keys[i])
		if c.Resumed && e.A != 0 && e.Type() != entry.Stream {
			e = entry.Entry{} // another type does not end the waiting
		}
		if !c.IsType(e, entry.Stream) {
			return
		}
		id, ok := readID(c, o.first+o.n+i, e)
		if !ok {
			return
		}
		ids = append(ids, id)
	}
	served := 0
	for i, id := range ids {
		if e := c.Read(c.Keys[i]); hasNewer(e, id) { // Redis looks twice, too, which shows in its counters
			served++
		}
	}
	if served == 0 {
		o.wait(c)
		return
	}
	replyServed(c, served)
	for i, id := range ids {
		e := c.Store.Find(c.DB, c.Keys[i], c.Now)
		if !hasNewer(e, id) {
			continue
		}
		replyStreamName(c, c.Keys[i].Name)
		from, _ := id.Next()
		replyEntries(c, e, from, stream.MaxID, o.count, false)
	}
}

// replyStreamName begins what one stream contributes.
func replyStreamName(c *Ctx, name []byte) {
	if c.W.Proto() != resp.RESP3 {
		c.W.Array(2)
	}
	c.W.Bulk(name)
}

// hasNewer tells whether e is a stream with an entry behind id.
func hasNewer(e entry.Entry, id stream.ID) bool {
	return e.A != 0 && e.Type() == entry.Stream && stream.Len(e) > 0 && id.Less(stream.LastID(e)) && id.Less(stream.TopID(e))
}

// wait blocks the client, or replies what a timeout replies. What $ and + stand for is
// settled now.
func (o *readOptions) wait(c *Ctx) {
	if o.blockMs >= 0 && c.CanWait {
		for i := o.first + o.n; i < len(c.Args); i++ {
			if a := c.Args[i]; len(a) == 1 && (a[0] == '$' || a[0] == '+') {
				id, _ := readID(c, i, c.Store.Find(c.DB, c.Keys[i-o.first-o.n], c.Now))
				c.Args[i] = appendStreamID(nil, id)
			}
		}
		if c.Wait(c.Keys, o.blockMs) {
			return
		}
	}
	c.W.NullArray()
}

// readID parses argument i as an id of XREAD for the stream e, or none. It replies the
// error itself.
func readID(c *Ctx, i int, e entry.Entry) (id stream.ID, ok bool) {
	if a := c.Args[i]; len(a) == 1 {
		switch a[0] {
		case '>':
			c.W.Error("ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.")
			return id, false
		case '+', '$':
			if e.A == 0 || e.Type() != entry.Stream {
				return id, true
			}
			if a[0] == '+' && stream.Len(e) > 0 {
				id, _ = stream.TopID(e).Prev() // so that the last entry is newer
				return id, true
			}
			return stream.LastID(e), true
		}
	}
	return streamID(c, i)
}

// readCost estimates what XREAD and XREADGROUP visit.
func readCost(c *Ctx) int64 {
	n := len(c.Keys)
	sum := int64(0)
	if len(c.Args) < 2*n {
		return 0
	}
	for i := range c.Keys {
		e, ok := c.estimated(i, entry.Stream)
		if !ok || stream.Len(e) <= SlowCost {
			continue
		}
		id, ok := parseStreamID(c.Args[len(c.Args)-n+i], 0, true, nil)
		if !ok && c.Spec.Name == "xreadgroup" {
			if g := stream.FindGroup(e, groupArg(c)); !g.IsNone() {
				id, ok = g.LastID(), true
			}
		}
		if ok {
			sum += stream.Estimate(e, id, stream.MaxID)
		}
	}
	if sum <= SlowCost {
		return sum
	}
	for i := 1; i+1 < len(c.Args); i++ {
		if equalFold(c.Args[i], "count") {
			if count, ok := resp.ParseInt(c.Args[i+1]); ok && count > 0 {
				return min(sum, count*int64(n))
			}
		}
	}
	return sum
}

// groupArg returns the word behind GROUP.
func groupArg(c *Ctx) []byte {
	for i := 1; i+1 < len(c.Args); i++ {
		if equalFold(c.Args[i], "group") {
			return c.Args[i+1]
		}
	}
	return nil
}

// replyServed begins the reply for n streams: a map, in RESP2 an array of pairs.
func replyServed(c *Ctx, n int) {
	if c.W.Proto() == resp.RESP3 {
		c.W.Map(n)
		return
	}
	c.W.Array(n)
}
