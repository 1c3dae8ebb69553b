package command

import (
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/stream"
)

// addOptions are what XADD and XTRIM have before the id or instead of it.
type addOptions struct {
	trim     stream.Trimming
	trims    bool
	limited  bool // LIMIT was given
	noMake   bool // NOMKSTREAM
	id       stream.ID
	autoID   bool // the id is *
	autoSeq  bool // the id is ms-*
	rest     int  // index of the first argument behind
	trimFrom int  // index of MAXLEN or MINID
}

// parse reads the options of XADD, up to the id, or of XTRIM. It replies the error itself.
func (o *addOptions) parse(c *Ctx, add bool) bool {
	i := 2
	for ; i < len(c.Args); i++ {
		arg, more := c.Args[i], len(c.Args)-1-i
		switch {
		case add && len(arg) == 1 && arg[0] == '*':
			o.autoID, o.rest = true, i+1
			return o.check(c, add)
		case more > 0 && (equalFold(arg, "maxlen") || equalFold(arg, "minid")):
			next, ok := o.threshold(c, i)
			if !ok {
				return false
			}
			i = next
		case more > 0 && equalFold(arg, "limit"):
			n, ok := c.Int(i + 1)
			if !ok {
				return false
			}
			if n < 0 {
				c.W.Error("ERR The LIMIT argument must be >= 0.")
				return false
			}
			o.trim.Limit, o.limited = n, true
			i++
		case add && equalFold(arg, "nomkstream"):
			o.noMake = true
		case add:
			id, ok := parseStreamID(arg, 0, true, &o.autoSeq)
			if !ok {
				c.W.Error(errStreamID)
				return false
			}
			o.id, o.rest = id, i+1
			return o.check(c, add)
		default:
			c.W.Error(ErrSyntax)
			return false
		}
	}
	o.rest = i
	return o.check(c, add)
}

// threshold reads MAXLEN or MINID at i and returns the index of its last argument.
func (o *addOptions) threshold(c *Ctx, i int) (last int, ok bool) {
	if o.trims {
		c.W.Error("ERR syntax error, MAXLEN and MINID options at the same time are not compatible")
		return 0, false
	}
	o.trims, o.trimFrom = true, i
	o.trim.ByID = equalFold(c.Args[i], "minid")
	i++
	if i+1 < len(c.Args) && len(c.Args[i]) == 1 && (c.Args[i][0] == '~' || c.Args[i][0] == '=') {
		o.trim.Approx = c.Args[i][0] == '~'
		i++
	}
	if o.trim.ByID {
		o.trim.Min, ok = streamID(c, i)
		return i, ok
	}
	if o.trim.Len, ok = c.Int(i); ok && o.trim.Len < 0 {
		c.W.Error("ERR The MAXLEN argument must be >= 0.")
		ok = false
	}
	return i, ok
}

// check is what follows the parsing: which options go together, and the default limit.
func (o *addOptions) check(c *Ctx, add bool) bool {
	switch {
	case o.trim.Limit != 0 && !o.trims:
		c.W.Error("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy")
	case !add && !o.trims:
		c.W.Error("ERR syntax error, XTRIM must be called with a trimming strategy")
	case c.Obey: // what the limit left was recorded as the length
		o.trim.Limit = 0
		return true
	case o.limited && !o.trim.Approx:
		c.W.Error("ERR syntax error, LIMIT cannot be used without the special ~ option")
	default:
		if o.trim.Approx && !o.limited {
			o.trim.Limit = defaultTrimLimit(c.Limits)
		}
		return true
	}
	return false
}

// defaultTrimLimit is how many entries an approximate trimming removes at most.
func defaultTrimLimit(l *Limits) int64 {
	n := int64(l.StreamNodeEntries) * trimLimitNodes
	if n <= 0 {
		return trimLimitEntries
	}
	return min(n, trimLimitMax)
}

func bounds(l *Limits) stream.Bounds {
	return stream.Bounds{NodeBytes: l.StreamNodeBytes, NodeEntries: l.StreamNodeEntries}
}

func xadd(c *Ctx) {
	var o addOptions
	if !o.parse(c, true) {
		return
	}
	items := c.Args[min(o.rest, len(c.Args)):]
	if len(items) < 2 || len(items)%2 == 1 {
		c.wrongArity()
		return
	}
	if !o.autoID && !o.autoSeq && o.id.IsZero() {
		c.W.Error("ERR The ID specified in XADD must be greater than 0-0")
		return
	}
	k := c.Keys[0]
	e := c.Find(k)
	if !c.IsType(e, entry.Stream) {
		return
	}
	if e.A == 0 && o.noMake {
		c.W.Null()
		return
	}
	id, ok := nextStreamID(c, e, &o)
	if !ok {
		return
	}
	if !stream.Fits(items) {
		c.W.Error("ERR Elements are too large to be stored")
		return
	}
	if e.A == 0 {
		e, _ = findStream(c, k, true)
	}
	ar := c.Store.Edit(c.DB, k)
	stream.Append(ar, e, id, items, bounds(c.Limits))
	c.Changed(k, EventXAdd, 1)
	if o.trims && stream.Trim(ar, e, &o.trim) > 0 {
		c.Changed(k, EventXTrim, 0)
	}
	if c.Effects.On && (o.autoID || o.autoSeq || o.trim.Approx) {
		addEffect(c, e, &o, id)
	}
	replyStreamID(c, id)
}

// nextStreamID returns the id of the entry that XADD adds; it replies the error itself.
func nextStreamID(c *Ctx, e entry.Entry, o *addOptions) (id stream.ID, ok bool) {
	var last stream.ID
	if e.A != 0 {
		last = stream.LastID(e)
	}
	if last == stream.MaxID {
		c.W.Error("ERR The stream has exhausted the last possible ID, unable to add more items")
		return id, false
	}
	id = o.id
	switch {
	case o.autoID && uint64(c.wallMs()) > last.Ms:
		return stream.ID{Ms: uint64(c.wallMs())}, true
	case o.autoID:
		return last.Next()
	case o.autoSeq && id.Ms == last.Ms:
		id.Seq = last.Seq + 1 // after the greatest it is 0, which is refused
	}
	if !last.Less(id) {
		c.W.Error("ERR The ID specified in XADD is equal or smaller than the target stream top item")
		return id, false
	}
	return id, true
}

// addEffect records an XADD with its id and with what its trimming came to.
func addEffect(c *Ctx, e entry.Entry, o *addOptions, id stream.ID) {
	items := c.Args[o.rest:]
	n := 3 + len(items)
	if o.trims {
		n += 3
	}
	c.BeginEffect(n, "XADD")
	c.EffectArg(c.Args[1])
	if o.trims {
		trimEffect(c, e, o)
	}
	effectID(c, id)
	for _, a := range items {
		c.EffectArg(a)
	}
}

// trimEffect adds the three arguments that trim exactly to what e is now.
func trimEffect(c *Ctx, e entry.Entry, o *addOptions) {
	c.EffectArg(c.Args[o.trimFrom])
	effectWord(c, "=")
	if !o.trim.ByID {
		n := o.trim.Len
		if o.trim.Approx {
			n = stream.Len(e)
		}
		c.EffectInt(n)
		return
	}
	least := o.trim.Min
	if o.trim.Approx {
		if least = stream.FirstID(e); stream.Len(e) == 0 {
			least = stream.MaxID
		}
	}
	effectID(c, least)
}

func xtrim(c *Ctx) {
	var o addOptions
	if !o.parse(c, false) {
		return
	}
	k := c.Keys[0]
	e, ok := findStream(c, k, false)
	if !ok {
		return
	}
	if e.A == 0 {
		c.W.Int(0)
		return
	}
	n := stream.Trim(c.Store.Edit(c.DB, k), e, &o.trim)
	if n > 0 {
		c.Changed(k, EventXTrim, int(n))
		if o.trim.Approx {
			c.BeginEffect(5, "XTRIM")
			c.EffectArg(c.Args[1])
			trimEffect(c, e, &o)
		}
	}
	c.W.Int(n)
}

// trimCost estimates what XTRIM removes. Whole nodes go quickly.
func trimCost(c *Ctx) int64 {
	e, ok := c.estimated(0, entry.Stream)
	if !ok {
		return 0
	}
	return stream.Nodes(e)
}
