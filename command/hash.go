package command

import (
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/hash"
)

var hashSpecs = []*Spec{
	{
		Name: "hset", Arity: -4, Flags: Write | DenyOOM | Fast, Group: GroupHash, Handler: hset, Member: 2, ByArgs: true, Keys: []KeySpec{KeyAt(1, KeyRW|KeyUpdate)},
		Since: "2.0.0", Complexity: "O(N) where N is the number of field/value pairs.",
		Summary: "Sets fields of a hash.", Syntax: "key (field value)...",
	},
	{
		Name: "hmset", Arity: -4, Flags: Write | DenyOOM | Fast, Group: GroupHash, Handler: hset, Member: 2, ByArgs: true, Keys: []KeySpec{KeyAt(1, KeyRW|KeyUpdate)},
		Since: "2.0.0", Complexity: "O(N) where N is the number of field/value pairs.",
		Summary: "Sets fields of a hash.", Syntax: "key (field value)...",
		Deprecated: "4.0.0", ReplacedBy: "`HSET` with multiple field-value pairs",
	},
	{
		Name: "hsetnx", Arity: 4, Flags: Write | DenyOOM | Fast, Group: GroupHash, Handler: hsetnx, Member: 2, Keys: []KeySpec{KeyAt(1, KeyRW|KeyInsert)},
		Since: "2.0.0", Complexity: "O(1)", Summary: "Sets a field of a hash unless it exists.", Syntax: "key field value",
	},
	{
		Name: "hget", Arity: 3, Flags: ReadOnly | Fast, Group: GroupHash, Handler: hget, Member: 2, Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)},
		Since: "2.0.0", Complexity: "O(1)", Summary: "Returns the value of a field of a hash.", Syntax: "key field",
	},
	{
		Name: "hmget", Arity: -3, Flags: ReadOnly | Fast, Group: GroupHash, Handler: hmget, Member: 2, ByArgs: true, Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)},
		Since: "2.0.0", Complexity: "O(N) where N is the number of fields.", Summary: "Returns the values of several fields of a hash.", Syntax: "key field...",
	},
	{
		Name: "hdel", Arity: -3, Flags: Write | Fast, Group: GroupHash, Handler: hdel, Member: 2, ByArgs: true, Keys: []KeySpec{KeyAt(1, KeyRW|KeyDelete)},
		Since: "2.0.0", Complexity: "O(N) where N is the number of fields.", Summary: "Removes fields of a hash, and the hash with its last field.", Syntax: "key field...",
	},
	{
		Name: "hlen", Arity: 2, Flags: ReadOnly | Fast, Group: GroupHash, Handler: hlen, Keys: []KeySpec{KeyAt(1, KeyRO)},
		Since: "2.0.0", Complexity: "O(1)", Summary: "Returns the number of fields of a hash.", Syntax: "key",
	},
	{
		Name: "hstrlen", Arity: 3, Flags: ReadOnly | Fast, Group: GroupHash, Handler: hstrlen, Member: 2, Keys: []KeySpec{KeyAt(1, KeyRO)},
		Since: "3.2.0", Complexity: "O(1)", Summary: "Returns the length in bytes of a field's value.", Syntax: "key field",
	},
	{
		Name: "hexists", Arity: 3, Flags: ReadOnly | Fast, Group: GroupHash, Handler: hexists, Member: 2, Keys: []KeySpec{KeyAt(1, KeyRO)},
		Since: "2.0.0", Complexity: "O(1)", Summary: "Tells whether a hash has a field.", Syntax: "key field",
	},
}

// hashEdit is a writing command's way into the hash of its only key: open it, change ed.e
// by the functions of package hash, close it.
type hashEdit struct {
	k     store.Key
	ar    *arena.Arena
	lim   hash.Limits
	was   entry.Entry // as the keyspace has it, the zero Entry if the key is missing
	e     entry.Entry // as it is now; zero until create if the key was missing
	timed bool        // a field has a deadline, once beforeDue was called
	tail  int         // effects recorded before the command's own: fields that had expired
}

// open finds the hash. ok is false, with the reply written, for another type.
func (ed *hashEdit) open(c *Ctx) (ok bool) {
	ed.k = c.Keys[0]
	ed.was = c.Find(ed.k)
	if !c.IsType(ed.was, entry.Hash) {
		return false
	}
	ed.e = ed.was
	ed.lim = hash.Limits{Entries: c.Limits.HashEntries, ValueBytes: c.Limits.HashValueBytes}
	ed.ar = c.Store.Edit(c.DB, ed.k)
	return true
}

// create makes an empty hash for a missing key.
func (ed *hashEdit) create(c *Ctx) {
	if ed.e.A != 0 {
		return
	}
	ed.was = c.Store.Create(c.DB, ed.k, entry.Hash, entry.Listpack, hash.EmptyBytes)
	ed.e = ed.was
	hash.Init(ed.e)
}

// expire removes field if it has expired, so that the command finds it missing.
func (ed *hashEdit) expire(c *Ctx, field []byte) {
	if ed.e.A == 0 {
		return
	}
	if d := hash.NextDeadline(ed.e); d != 0 && d <= c.Now {
		ed.expireDue(c, field)
	}
}

func (ed *hashEdit) expireDue(c *Ctx, field []byte) {
	if _, d, ok := hash.Lookup(ed.e, field, 0); ok && d != 0 && d <= c.Now {
		ed.e, _ = hash.Delete(ed.ar, ed.e, field)
		c.FieldsGone++
		c.Changed(ed.k, EventHExpired, 1)
		c.Effect("HDEL", ed.k.Name, field)
		ed.tail = c.Effects.N
	}
}

// close puts the hash, which may have moved, back into the keyspace, and deletes the key
// if the hash is empty. It comes after the reports of what was done.
func (ed *hashEdit) close(c *Ctx) {
	if ed.e.A == 0 {
		return
	}
	if ed.e != ed.was {
		ed.e = c.Store.Settle(c.DB, ed.k, ed.was, ed.e)
	}
	if hash.Len(ed.e) == 0 {
		c.Store.Delete(c.DB, ed.k)
		c.Changed(ed.k, EventDel, 0)
	}
}

// verbatim records the call itself where the expiry of fields was recorded before it.
func (ed *hashEdit) verbatim(c *Ctx) {
	if ed.tail > 0 {
		c.EffectCall()
	}
}

// setEffect records that fields were set: by an HSET, which takes their deadlines off, and
// an HPEXPIREAT for those that have one now, in a row the same one. So the record can be
// read by every server that knows deadlines of fields, and by all where there are none.
func (ed *hashEdit) setEffect(c *Ctx, pairs resp.Args) {
	if !c.Effects.On {
		return
	}
	c.BeginEffect(2+len(pairs), "HSET")
	c.EffectArg(ed.k.Name)
	for _, a := range pairs {
		c.EffectArg(a)
	}
	if hash.NextDeadline(ed.e) == 0 {
		return
	}
	deadlineOf := func(i int) int64 {
		_, d, _ := hash.Lookup(ed.e, pairs[i], 0)
		return d
	}
	for i, next := 0, 0; i < len(pairs); i = next {
		d := deadlineOf(i)
		for next = i + 2; next < len(pairs) && deadlineOf(next) == d; {
			next += 2
		}
		if d == 0 {
			continue
		}
		c.BeginEffect(effectFieldArgs+(next-i)/2, "HPEXPIREAT")
		c.EffectArg(ed.k.Name)
		c.EffectInt(d)
		c.EffectArg(fieldsWord)
		c.EffectInt(int64((next - i) / 2))
		for ; i < next; i += 2 {
			c.EffectArg(pairs[i])
		}
	}
}

// hset is HSET and HMSET.
func hset(c *Ctx) {
	pairs := c.Args[2:]
	if len(pairs)%2 != 0 {
		c.wrongArity()
		return
	}
	var ed hashEdit
	if !ed.open(c) || !pairsFit(c, pairs) {
		return
	}
	created := 0
	n, fits := 0, false
	if ed.e.A == 0 {
		n, fits = hash.Plan(&ed.lim, pairs)
	}
	if fits {
		ed.was = c.Store.Create(c.DB, ed.k, entry.Hash, entry.Listpack, n)
		ed.e = hash.Fill(ed.ar, ed.was, pairs)
		created = hash.Len(ed.e)
	} else {
		ed.create(c)
		created = ed.setPairs(c, pairs, 0)
	}
	c.Changed(ed.k, EventHSet, len(pairs)/2)
	ed.verbatim(c)
	ed.close(c)
	if len(c.Spec.Name) == len("hset") {
		c.W.Int(int64(created))
	} else {
		c.W.OK()
	}
}

// setPairs sets fields, all with one deadline (0 none, or hash.KeepTTL), and returns how
// many were absent.
func (ed *hashEdit) setPairs(c *Ctx, pairs resp.Args, deadline int64) (created int) {
	from := 0
	if deadline == 0 {
		from = hash.Overwrite(ed.e, &ed.lim, pairs)
	}
	for i := from; i < len(pairs); i += 2 {
		ed.expire(c, pairs[i])
		var isNew bool
		if ed.e, isNew = hash.Set(ed.ar, ed.e, &ed.lim, pairs[i], pairs[i+1], deadline); isNew {
			created++
		}
	}
	return created
}

// pairsFit tells whether the store has a place for each field with its value; else it has replied an error.
func pairsFit(c *Ctx, pairs resp.Args) bool {
	for i := 0; i < len(pairs); i += 2 {
		if len(pairs[i])+len(pairs[i+1]) > entry.MaxElementBytes {
			c.W.Error("ERR a field and its value are too long together")
			return false
		}
	}
	return true
}

func hsetnx(c *Ctx) {
	var ed hashEdit
	if !ed.open(c) || !pairsFit(c, c.Args[2:4]) {
		return
	}
	if ed.e.A != 0 {
		if _, ok := hash.Get(ed.e, c.Args[2], c.Now); ok {
			c.W.Int(0)
			return
		}
	}
	ed.create(c)
	ed.setPairs(c, c.Args[2:4], 0)
	c.Changed(ed.k, EventHSet, 1)
	ed.verbatim(c)
	ed.close(c)
	c.W.Int(1)
}

// readHash finds the hash of a reading command's only key. ok is false, with the reply
// written, for another type.
func readHash(c *Ctx) (e entry.Entry, ok bool) {
	e = c.Read(c.Keys[0])
	return e, c.IsType(e, entry.Hash)
}

// replyField replies the value of a field of e, which may be missing, or null.
func replyField(c *Ctx, e entry.Entry, field []byte) {
	if e.A != 0 {
		if val, ok := hash.Get(e, field, c.Now); ok {
			c.W.Bulk(val)
			return
		}
	}
	c.W.Null()
}

func hget(c *Ctx) {
	if e, ok := readHash(c); ok {
		replyField(c, e, c.Args[2])
	}
}

func hmget(c *Ctx) {
	e, ok := readHash(c)
	if !ok {
		return
	}
	c.W.Array(len(c.Args) - 2)
	for _, field := range c.Args[2:] {
		replyField(c, e, field)
	}
}

func hdel(c *Ctx) {
	var ed hashEdit
	if !ed.open(c) {
		return
	}
	n := 0
	if ed.e.A != 0 {
		n = ed.deleteFields(c, c.Args[2:])
	}
	if n > 0 {
		c.Changed(ed.k, EventHDel, n)
		ed.verbatim(c)
	}
	ed.close(c)
	c.W.Int(int64(n))
}

// deleteFields removes fields that have not expired and returns how many there were.
func (ed *hashEdit) deleteFields(c *Ctx, fields resp.Args) (n int) {
	for _, field := range fields {
		ed.expire(c, field)
		var ok bool
		if ed.e, ok = hash.Delete(ed.ar, ed.e, field); ok {
			n++
		}
	}
	return n
}

func hlen(c *Ctx) {
	e, ok := readHash(c)
	switch {
	case !ok:
	case e.A == 0:
		c.W.Int(0)
	default:
		c.W.Int(int64(hash.Visible(e, c.Now)))
	}
}

func hstrlen(c *Ctx) {
	e, ok := readHash(c)
	if !ok {
		return
	}
	var val []byte
	if e.A != 0 {
		val, _ = hash.Get(e, c.Args[2], c.Now)
	}
	c.W.Int(int64(len(val)))
}

func hexists(c *Ctx) {
	e, ok := readHash(c)
	if !ok {
		return
	}
	if e.A != 0 {
		if _, ok := hash.Get(e, c.Args[2], c.Now); ok {
			c.W.Int(1)
			return
		}
	}
	c.W.Int(0)
}
