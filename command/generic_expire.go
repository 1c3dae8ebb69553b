package command

import (
	"math"

	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
)

const expireSyntax = " [<NX | XX | GT | LT>]"

var expireSpecs = []*Spec{
	expireSpec("expire", "seconds:integer", "1.0.0", "Sets the time to live of a key in seconds.", func(c *Ctx) { expire(c, 1000, false) }),
	expireSpec("pexpire", "milliseconds:integer", "2.6.0", "Sets the time to live of a key in milliseconds.", func(c *Ctx) { expire(c, 1, false) }),
	expireSpec("expireat", "unix-time-seconds:unix-time", "1.2.0", "Sets the deadline of a key to a Unix time in seconds.", func(c *Ctx) { expire(c, 1000, true) }),
	expireSpec("pexpireat", "unix-time-milliseconds:unix-time", "2.6.0", "Sets the deadline of a key to a Unix time in milliseconds.", func(c *Ctx) { expire(c, 1, true) }),
	ttlSpec("ttl", "1.0.0", "Returns the time to live of a key in seconds.", true, func(c *Ctx, d int64) int64 { return (max(d-c.Now, 0) + 500) / 1000 }),
	ttlSpec("pttl", "2.6.0", "Returns the time to live of a key in milliseconds.", true, func(c *Ctx, d int64) int64 { return max(d-c.Now, 0) }),
	ttlSpec("expiretime", "7.0.0", "Returns the deadline of a key as a Unix time in seconds.", false, func(_ *Ctx, d int64) int64 { return d/1000 + (d%1000+500)/1000 }),
	ttlSpec("pexpiretime", "7.0.0", "Returns the deadline of a key as a Unix time in milliseconds.", false, func(_ *Ctx, d int64) int64 { return d }),
	{
		Name: "persist", Arity: 2, Flags: Write | Fast, Group: GroupGeneric, Handler: persist, Keys: []KeySpec{KeyAt(1, KeyRW|KeyUpdate)},
		Since: "2.2.0", Complexity: "O(1)", Summary: "Takes the deadline off a key.", Syntax: "key",
	},
}

func expireSpec(name, when, since, summary string, h Handler) *Spec {
	return &Spec{
		Name: name, Arity: -3, Flags: Write | Fast, Group: GroupGeneric, Handler: h, Keys: []KeySpec{KeyAt(1, KeyRW|KeyUpdate)},
		Since: since, Complexity: "O(1)", Summary: summary, Syntax: "key " + when + expireSyntax,
	}
}

// ttlSpec declares a command that shows a deadline d (milliseconds since 1970)
// through show.
func ttlSpec(name, since, summary string, random bool, show func(c *Ctx, d int64) int64) *Spec {
	s := &Spec{
		Name: name, Arity: 2, Flags: ReadOnly | Fast, Group: GroupGeneric, Keys: []KeySpec{KeyAt(1, KeyRO|KeyAccess)},
		Since: since, Complexity: "O(1)", Summary: summary, Syntax: "key",
		Handler: func(c *Ctx) {
			e := readQuietly(c, c.Keys[0])
			switch {
			case e.A == 0:
				c.W.Int(-2)
			case e.Deadline() == 0:
				c.W.Int(-1)
			default:
				c.W.Int(show(c, e.Deadline()))
			}
		},
	}
	if random {
		s.Tips = []string{"nondeterministic_output"}
	}
	return s
}

// readQuietly finds a key for a command that only looks at its metadata: it counts as
// hit or miss, but is no access to the value.
func readQuietly(c *Ctx, k store.Key) entry.Entry {
	e := c.Store.Find(c.DB, k, c.Now)
	if e.A == 0 {
		c.miss(k)
	} else {
		c.Hits++
	}
	return e
}

// expireCond is the set of conditions NX, XX, GT and LT.
type expireCond uint8

const (
	expireNX expireCond = 1 << iota
	expireXX
	expireGT
	expireLT
)

func parseExpireCond(c *Ctx) (cond expireCond, ok bool) {
	for _, a := range c.Args[3:] {
		switch {
		case equalFold(a, "nx"):
			cond |= expireNX
		case equalFold(a, "xx"):
			cond |= expireXX
		case equalFold(a, "gt"):
			cond |= expireGT
		case equalFold(a, "lt"):
			cond |= expireLT
		default:
			c.W.Error("ERR Unsupported option " + CText(a, len(a)))
			return 0, false
		}
	}
	if cond&expireNX != 0 && cond&(expireXX|expireGT|expireLT) != 0 {
		c.W.Error("ERR NX and XX, GT or LT options at the same time are not compatible")
		return 0, false
	}
	if cond&expireGT != 0 && cond&expireLT != 0 {
		c.W.Error("ERR GT and LT options at the same time are not compatible")
		return 0, false
	}
	return cond, true
}

// allows tells whether a key with deadline old (0: none) may get the new one. No
// deadline counts as infinitely far away.
func (cond expireCond) allows(old, deadline int64) bool {
	switch {
	case cond&expireNX != 0 && old != 0,
		cond&expireXX != 0 && old == 0,
		cond&expireGT != 0 && (old == 0 || deadline <= old),
		cond&expireLT != 0 && old != 0 && deadline >= old:
		return false
	}
	return true
}

// deadlineMs turns a time argument in units of unit milliseconds into an absolute
// deadline; ok is false on overflow.
func deadlineMs(n, unit, now int64, absolute bool) (ms int64, ok bool) {
	if unit == 1000 {
		if n > math.MaxInt64/1000 || n < math.MinInt64/1000 {
			return 0, false
		}
		n *= 1000
	}
	if absolute {
		return n, true
	}
	if n > math.MaxInt64-now {
		return 0, false
	}
	return n + now, true
}

func expire(c *Ctx, unit int64, absolute bool) {
	cond, ok := parseExpireCond(c)
	if !ok {
		return
	}
	n, ok := c.Int(2)
	if !ok {
		return
	}
	ms, ok := deadlineMs(n, unit, c.wallMs(), absolute)
	if !ok {
		c.W.Error("ERR invalid expire time in '" + c.Spec.Name + "' command")
		return
	}
	k := c.Keys[0]
	e := c.Find(k)
	if e.A == 0 || !cond.allows(e.Deadline(), ms) {
		c.W.Int(0)
		return
	}
	if ms <= c.Now {
		c.Store.Delete(c.DB, k)
		c.Changed(k, EventDel, 1)
		c.Effect("DEL", c.Args[1])
	} else {
		c.Store.SetDeadline(c.DB, k, e, ms)
		c.Changed(k, EventExpire, 1)
		deadlineEffect(c, ms)
	}
	c.W.Int(1)
}

// deadlineEffect records that the call's key got a deadline, in milliseconds since 1970.
func deadlineEffect(c *Ctx, ms int64) {
	c.BeginEffect(3, "PEXPIREAT")
	c.EffectArg(c.Args[1])
	c.EffectInt(ms)
}

func persist(c *Ctx) {
	k := c.Keys[0]
	e := c.Find(k)
	if e.A == 0 || e.Deadline() == 0 {
		c.W.Int(0)
		return
	}
	c.Store.SetDeadline(c.DB, k, e, 0)
	c.Changed(k, EventPersist, 1)
	c.W.Int(1)
}
