package command

import (
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/hash"
)

// The arguments of the commands on field deadlines end in FIELDS, a number, and that many
// fields.
const (
	fieldsSyntax      = " FIELDS (numfields:integer field...)"
	fieldsComplexity  = "O(N) where N is the number of fields."
	errFieldsMissing  = "ERR Mandatory argument FIELDS is missing or not at the right position"
	errFieldsPositive = "ERR Number of fields must be a positive integer"
	errFieldsGreater  = "ERR Parameter `numFields` should be greater than 0"
	errFieldsCount    = "ERR The `numfields` parameter must match the number of arguments"
	errFieldTime      = "ERR invalid expire time, must be >= 0"
)

var hashTTLSpecs = []*Spec{
	fieldExpireSpec("hexpire", "seconds:integer", "Sets the time to live of fields in seconds.", func(c *Ctx) { fieldExpire(c, 1000, false) }),
	fieldExpireSpec("hpexpire", "milliseconds:integer", "Sets the time to live of fields in milliseconds.", func(c *Ctx) { fieldExpire(c, 1, false) }),
	fieldExpireSpec("hexpireat", "unix-time-seconds:unix-time", "Sets the deadline of fields to a Unix time in seconds.", func(c *Ctx) { fieldExpire(c, 1000, true) }),
	fieldExpireSpec("hpexpireat", "unix-time-milliseconds:unix-time", "Sets the deadline of fields to a Unix time in milliseconds.", func(c *Ctx) { fieldExpire(c, 1, true) }),
	fieldTTLSpec("httl", "Returns the time to live of fields in seconds.", true, func(c *Ctx, d int64) int64 { return (d - c.Now + 999) / 1000 }),
	fieldTTLSpec("hpttl", "Returns the time to live of fields in milliseconds.", true, func(c *Ctx, d int64) int64 { return d - c.Now }),
	fieldTTLSpec("hexpiretime", "Returns the deadline of fields as a Unix time in seconds.", false, func(_ *Ctx, d int64) int64 { return (d + 999) / 1000 }),
	fieldTTLSpec("hpexpiretime", "Returns the deadline of fields as a Unix time in milliseconds.", false, func(_ *Ctx, d int64) int64 { return d }),
	{
		Name: "hpersist", Arity: -5, Flags: Write | Fast, Group: GroupHash, Handler: hpersist, Keys: []KeySpec{KeyAt(1, KeyRW|KeyUpdate)},
		Since: "7.4.0", Complexity: fieldsComplexity, Summary: "Takes the deadline off fields.", Syntax: "key" + fieldsSyntax,
	},
}

func fieldExpireSpec(name, when, summary string, h Handler) *Spec {
	return &Spec{
		Name: name, Arity: -6, Flags: Write | DenyOOM | Fast, Group: GroupHash, Handler: h, Keys: []KeySpec{KeyAt(1, KeyRW|KeyUpdate)},
		Since: "7.4.0", Complexity: fieldsComplexity, Summary: summary, Syntax: "key " + when + expireSyntax + fieldsSyntax,
	}
}

// fieldTTLSpec declares a command that shows a deadline d (milliseconds since 1970)
// through show.
func fieldTTLSpec(name, summary string, random bool, show func(c *Ctx, d int64) int64) *Spec {
	s := &Spec{
		Name: name, Arity: -5, Flags: ReadOnly | Fast, Group: GroupHash, Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)},
		Since: "7.4.0", Complexity: fieldsComplexity, Summary: summary, Syntax: "key" + fieldsSyntax,
		Handler: func(c *Ctx) { fieldTTL(c, show) },
	}
	if random {
		s.Tips = []string{"nondeterministic_output"}
	}
	return s
}

// fieldArgs parses FIELDS numfields field... from argument at to the end; it replies the
// error itself. notPositive is the error for a number below 1.
func fieldArgs(c *Ctx, at int, notPositive string) (fields resp.Args, ok bool) {
	if at+1 >= len(c.Args) || !equalFold(c.Args[at], "fields") {
		c.W.Error(errFieldsMissing)
		return nil, false
	}
	n, ok := resp.ParseInt(c.Args[at+1])
	if !ok || n < 1 {
		c.W.Error(notPositive)
		return nil, false
	}
	if fields = c.Args[at+2:]; n != int64(len(fields)) {
		c.W.Error(errFieldsCount)
		return nil, false
	}
	return fields, true
}

// fieldDeadline reads argument i as a time in units of unit milliseconds and returns it
// in milliseconds since 1970; it replies the error itself.
func fieldDeadline(c *Ctx, i int, unit int64, absolute bool) (ms int64, ok bool) {
	n, ok := c.Int(i)
	if !ok {
		return 0, false
	}
	if n < 0 {
		c.W.Error(errFieldTime)
		return 0, false
	}
	if ms, ok = deadlineMs(n, unit, c.wallMs(), absolute); !ok || ms > hash.MaxDeadlineMs {
		c.W.Error("ERR invalid expire time in '" + c.Spec.Name + "' command")
		return 0, false
	}
	return ms, true
}

func fieldCond(a []byte) expireCond {
	switch {
	case equalFold(a, "nx"):
		return expireNX
	case equalFold(a, "xx"):
		return expireXX
	case equalFold(a, "gt"):
		return expireGT
	case equalFold(a, "lt"):
		return expireLT
	}
	return 0
}

// replyEach replies n times the same number.
func replyEach(c *Ctx, n int, v int64) {
	c.W.Array(n)
	for range n {
		c.W.Int(v)
	}
}

// What HEXPIRE and its kin reply for a field.
const (
	replyMissing   = -2
	replyTimeless  = -1
	replyUntouched = 0
	replySet       = 1
	replyDeleted   = 2
)

// effectFieldArgs counts name, key, deadline, FIELDS and the number of fields.
const effectFieldArgs = 5

func fieldExpire(c *Ctx, unit int64, absolute bool) {
	var ed hashEdit
	if !ed.open(c) {
		return
	}
	ms, ok := fieldDeadline(c, 2, unit, absolute)
	if !ok {
		return
	}
	at := 3
	cond := fieldCond(c.Args[3])
	if cond != 0 {
		at++
	}
	fields, ok := fieldArgs(c, at, errFieldsGreater)
	if !ok {
		return
	}
	if ed.e.A == 0 {
		replyEach(c, len(fields), replyMissing)
		return
	}
	ed.beforeDue()
	var done fieldChanges
	c.W.Array(len(fields))
	for i, field := range fields {
		c.W.Int(ed.expireAt(c, &done, i, field, cond, ms))
	}
	done.report(c, &ed, fields, ms)
	ed.close(c)
}

// fieldChanges collects which of a call's fields got a deadline and which were deleted.
type fieldChanges struct {
	set, deleted   int
	isSet, deletes []int // indexes, for the effects
}

// expireAt gives the i-th field the deadline ms, or deletes it if that has passed, and
// returns the reply.
func (ed *hashEdit) expireAt(c *Ctx, done *fieldChanges, i int, field []byte, cond expireCond, ms int64) int64 {
	_, old, ok := hash.Lookup(ed.e, field, c.Now)
	switch {
	case !ok:
		return replyMissing
	case !cond.allows(old, ms):
		return replyUntouched
	case ms <= c.Now:
		ed.e, _ = hash.Delete(ed.ar, ed.e, field)
		done.deleted++
		if c.Effects.On {
			done.deletes = append(done.deletes, i)
		}
		return replyDeleted
	}
	ed.e = hash.SetDeadline(ed.ar, ed.e, field, ms)
	done.set++
	if c.Effects.On {
		done.isSet = append(done.isSet, i)
	}
	return replySet
}

// report tells the keyspace, the observers and the journal what happened.
func (done *fieldChanges) report(c *Ctx, ed *hashEdit, fields resp.Args, ms int64) {
	if done.set > 0 {
		ed.noteDue(c, ms)
		c.Changed(ed.k, EventHExpire, done.set)
		if c.Effects.On {
			c.BeginEffect(effectFieldArgs+done.set, "HPEXPIREAT")
			c.EffectArg(ed.k.Name)
			c.EffectInt(ms)
			c.EffectArg(fieldsWord)
			c.EffectInt(int64(done.set))
			for _, i := range done.isSet {
				c.EffectArg(fields[i])
			}
		}
	}
	if done.deleted > 0 {
		c.Changed(ed.k, EventHDel, done.deleted)
		if c.Effects.On {
			c.BeginEffect(2+done.deleted, "HDEL")
			c.EffectArg(ed.k.Name)
			for _, i := range done.deletes {
				c.EffectArg(fields[i])
			}
		}
	}
}

var fieldsWord = []byte("FIELDS")

// beforeDue comes before the first change that may lead to noteDue.
func (ed *hashEdit) beforeDue() { ed.timed = ed.e.A != 0 && hash.NextDeadline(ed.e) > 0 }

// noteDue tells the keyspace that a field falls due at ms. The entry goes back into its
// slot first.
func (ed *hashEdit) noteDue(c *Ctx, ms int64) {
	if ed.e != ed.was {
		ed.e = c.Store.Settle(c.DB, ed.k, ed.was, ed.e)
		ed.was = ed.e
	}
	c.Store.NoteDue(c.DB, ed.k, ed.e, ms)
	c.Store.CountDue(c.DB, ed.k, ed.timed, true)
	ed.timed = true
}

func fieldTTL(c *Ctx, show func(c *Ctx, d int64) int64) {
	e, ok := readHash(c)
	if !ok {
		return
	}
	fields, ok := fieldArgs(c, 2, errFieldsPositive)
	if !ok {
		return
	}
	if e.A == 0 {
		replyEach(c, len(fields), replyMissing)
		return
	}
	c.W.Array(len(fields))
	for _, field := range fields {
		_, d, ok := hash.Lookup(e, field, c.Now)
		switch {
		case !ok:
			c.W.Int(replyMissing)
		case d == 0:
			c.W.Int(replyTimeless)
		default:
			c.W.Int(show(c, d))
		}
	}
}

func hpersist(c *Ctx) {
	var ed hashEdit
	if !ed.open(c) {
		return
	}
	fields, ok := fieldArgs(c, 2, errFieldsPositive)
	if !ok {
		return
	}
	if ed.e.A == 0 {
		replyEach(c, len(fields), replyMissing)
		return
	}
	n := 0
	c.W.Array(len(fields))
	for _, field := range fields {
		_, d, ok := hash.Lookup(ed.e, field, c.Now)
		switch {
		case !ok:
			c.W.Int(replyMissing)
		case d == 0:
			c.W.Int(replyTimeless)
		default:
			ed.e = hash.SetDeadline(ed.ar, ed.e, field, 0)
			n++
			c.W.Int(replySet)
		}
	}
	if n > 0 {
		c.Changed(ed.k, EventHPersist, n)
	}
	ed.close(c)
}

// ExpireFields removes expired fields of the hash e, k's entry, and the key with the last
// one, reports and records it. It is for the expirer: the shard is locked, and there is no
// call behind it. Its work is bounded; what is left the hash goes on saying by its next
// deadline.
func ExpireFields(c *Ctx, k store.Key, e entry.Entry) {
	if e.Type() != entry.Hash {
		return
	}
	ar, had := c.Store.Edit(c.DB, k), hash.NextDeadline(e) > 0
	ne, n, _ := hash.ExpireFields(ar, e, c.Now, expireFieldsStep, func(field []byte) {
		c.Effect("HDEL", k.Name, field)
	})
	e = c.Store.Settle(c.DB, k, e, ne)
	c.Store.CountDue(c.DB, k, had, hash.NextDeadline(e) > 0)
	if n > 0 {
		c.FieldsGone += int64(n)
		c.Changed(k, EventHExpired, n)
	}
	if hash.Len(e) == 0 {
		c.Store.Delete(c.DB, k)
		c.Changed(k, EventDel, 0)
	}
}
