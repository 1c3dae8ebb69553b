package command

import (
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
)

var stringSetSpecs = []*Spec{
	{
		Name: "set", Arity: -3, Flags: Write | DenyOOM, Group: GroupString,
		Keys: []KeySpec{{
			Flags: KeyRW | KeyAccess | KeyUpdate | KeyVariableFlags, Index: 1, Step: 1,
			Notes: "RW and ACCESS due to the optional `GET` argument",
		}},
		VariableFlags: func(args resp.Args) KeyFlag {
			for _, a := range args[3:] {
				if equalFold(a, "get") {
					return KeyRW | KeyAccess | KeyUpdate
				}
			}
			return KeyOW | KeyUpdate
		},
		Handler: set,
		Since:   "1.0.0", Complexity: "O(1)",
		Summary: "Sets the string value of a key, whatever it held before.",
		Syntax: "key value [<NX | XX | IFEQ comparison-value | IFNE comparison-value>] [GET] [<EX seconds:integer | PX milliseconds:integer | " +
			"EXAT unix-time-seconds:unix-time | PXAT unix-time-milliseconds:unix-time | KEEPTTL>]",
	},
	{
		Name: "setnx", Arity: 3, Flags: Write | DenyOOM | Fast, Group: GroupString,
		Keys: []KeySpec{KeyAt(1, KeyOW|KeyInsert)}, Handler: setNX,
		Since: "1.0.0", Complexity: "O(1)",
		Summary: "Sets the string value of a key that does not exist.",
		Syntax:  "key value", Deprecated: "2.6.12", ReplacedBy: "`SET` with the `NX` argument",
	},
	{
		Name: "setex", Arity: 4, Flags: Write | DenyOOM, Group: GroupString,
		Keys: []KeySpec{KeyAt(1, KeyOW|KeyUpdate)}, Handler: setEx,
		Since: "2.0.0", Complexity: "O(1)",
		Summary: "Sets the string value and the expiration in seconds of a key.",
		Syntax:  "key seconds:integer value", Deprecated: "2.6.12", ReplacedBy: "`SET` with the `EX` argument",
	},
	{
		Name: "psetex", Arity: 4, Flags: Write | DenyOOM, Group: GroupString,
		Keys: []KeySpec{KeyAt(1, KeyOW|KeyUpdate)}, Handler: psetEx,
		Since: "2.6.0", Complexity: "O(1)",
		Summary: "Sets the string value and the expiration in milliseconds of a key.",
		Syntax:  "key milliseconds:integer value", Deprecated: "2.6.12", ReplacedBy: "`SET` with the `PX` argument",
	},
	{
		Name: "mset", Arity: -3, Flags: Write | DenyOOM, Group: GroupString,
		Keys: []KeySpec{KeyRange(1, -1, 2, KeyOW|KeyUpdate)}, Handler: mset,
		Since: "1.0.1", Complexity: "O(N) where N is the number of keys.",
		Summary: "Sets the string values of several keys at once.",
		Syntax:  "(key value)...",
		Tips:    []string{"request_policy:multi_shard", "response_policy:all_succeeded"},
	},
	{
		Name: "msetnx", Arity: -3, Flags: Write | DenyOOM, Group: GroupString,
		Keys: []KeySpec{KeyRange(1, -1, 2, KeyOW|KeyInsert)}, Handler: msetNX,
		Since: "1.0.1", Complexity: "O(N) where N is the number of keys.",
		Summary: "Sets the string values of several keys at once if none of them exists.",
		Syntax:  "(key value)...",
		Tips:    []string{"request_policy:multi_shard", "response_policy:agg_min"},
	},
}

// overwrite stores val under k as a plain SET does. Nobody needs to know whether the
// key existed, except those who listen for keys that expire.
func overwrite(c *Ctx, k store.Key, val []byte) {
	if c.AllChanges {
		c.Store.Find(c.DB, k, c.Now)
	}
	c.Store.SetString(c.DB, k, val, 0)
	c.Changed(k, EventSet, 1)
}

// setOptions are the options of SET and GETEX.
type setOptions struct {
	nx, xx, get, keepTTL, persist bool

	compare int  // index of the value to compare with (IFEQ, IFNE), 0: none
	differ  bool // IFNE: the values must differ

	expire   int  // index of the expiry argument, 0: none
	unit     byte // which option gave it: 'e' EX, 'p' PX, 'E' EXAT, 'P' PXAT
	seconds  bool // in seconds, not milliseconds
	relative bool // from now, not since 1970
}

// parse reads the options from argument i on, for SET or for GETEX. On an unknown
// or contradictory option it replies a syntax error. A repeated expiry option
// overrides the first, as in Redis; two different ones contradict each other.
func (o *setOptions) parse(c *Ctx, i int, forSet bool) bool {
	for ; i < len(c.Args); i++ {
		arg := c.Args[i]
		more := i+1 < len(c.Args)
		switch {
		case forSet && equalFold(arg, "nx") && !o.xx && o.compare == 0:
			o.nx = true
		case forSet && equalFold(arg, "xx") && !o.nx && o.compare == 0:
			o.xx = true
		case forSet && more && (equalFold(arg, "ifeq") || equalFold(arg, "ifne")) && !o.nx && !o.xx && o.compare == 0:
			o.compare, o.differ = i+1, !equalFold(arg, "ifeq")
			i++
		case forSet && equalFold(arg, "get"):
			o.get = true
		case forSet && equalFold(arg, "keepttl") && o.unit == 0:
			o.keepTTL = true
		case !forSet && equalFold(arg, "persist") && o.unit == 0:
			o.persist = true
		case more && equalFold(arg, "ex") && o.setExpire('e', i+1),
			more && equalFold(arg, "px") && o.setExpire('p', i+1),
			more && equalFold(arg, "exat") && o.setExpire('E', i+1),
			more && equalFold(arg, "pxat") && o.setExpire('P', i+1):
			i++
		default:
			c.W.Error(ErrSyntax)
			return false
		}
	}
	return true
}

// setExpire notes the expiry argument at index i; false when another option forbids it.
func (o *setOptions) setExpire(unit byte, i int) bool {
	if o.keepTTL || o.persist || o.unit != 0 && o.unit != unit {
		return false
	}
	o.unit, o.expire = unit, i
	o.seconds = unit|0x20 == 'e'
	o.relative = unit >= 'a'
	return true
}

func set(c *Ctx) {
	if len(c.Args) > 3 {
		setWithOptions(c)
		return
	}
	overwrite(c, c.Keys[0], c.Args[2])
	c.W.OK()
}

func setWithOptions(c *Ctx) {
	var o setOptions
	if !o.parse(c, 3, true) {
		return
	}
	deadline := int64(0)
	if o.expire != 0 {
		var ok bool
		if deadline, ok = c.deadlineArg(o.expire, o.seconds, o.relative); !ok {
			return
		}
	}
	k := c.Keys[0]
	var e entry.Entry
	if o.get {
		e = c.Read(k)
		if !replyString(c, e) {
			return
		}
	} else {
		e = c.Find(k)
	}
	if o.compare != 0 && !o.get && !c.IsType(e, entry.String) {
		return
	}
	if o.nx && e.A != 0 || o.xx && e.A == 0 || o.compare != 0 && !comparesAs(c, e, c.Args[o.compare], o.differ) {
		if !o.get {
			c.W.Null()
		}
		return
	}
	if o.keepTTL && e.A != 0 {
		deadline = store.KeepTTL
	}
	c.Store.SetString(c.DB, k, c.Args[2], deadline)
	c.Changed(k, EventSet, 1)
	switch {
	case o.expire != 0:
		c.Changed(k, EventExpire, 0)
		setEffect(c, c.Args[2], deadline)
	case o.compare != 0 && o.keepTTL:
		c.Effect("SET", c.Args[1], c.Args[2], wordKeepTTL)
	case o.compare != 0: // other servers may not know the condition
		c.Effect("SET", c.Args[1], c.Args[2])
	}
	if !o.get {
		c.W.OK()
	}
}

func setNX(c *Ctx) {
	k := c.Keys[0]
	e := c.Find(k)
	if e.A != 0 {
		c.W.Int(0)
		return
	}
	c.Store.SetString(c.DB, k, c.Args[2], 0)
	c.Changed(k, EventSet, 1)
	c.W.Int(1)
}

func setEx(c *Ctx) { setWithTTL(c, true) }

func psetEx(c *Ctx) { setWithTTL(c, false) }

func setWithTTL(c *Ctx, seconds bool) {
	deadline, ok := c.deadlineArg(2, seconds, true)
	if !ok {
		return
	}
	k := c.Keys[0]
	c.Find(k) // so that a key which has expired ends first
	c.Store.SetString(c.DB, k, c.Args[3], deadline)
	c.Changed(k, EventSet, 1)
	c.Changed(k, EventExpire, 0)
	setEffect(c, c.Args[3], deadline)
	c.W.OK()
}

// setEffect records a SET of the call's key with a deadline in milliseconds since 1970.
func setEffect(c *Ctx, val []byte, deadline int64) {
	c.BeginEffect(5, "SET")
	c.EffectArg(c.Args[1])
	c.EffectArg(val)
	c.EffectArg(wordPXAT)
	c.EffectInt(deadline)
}

var wordPXAT = []byte("PXAT")

func mset(c *Ctx) {
	if len(c.Args)%2 == 0 {
		c.wrongArity()
		return
	}
	for i := range c.Keys {
		overwrite(c, c.Keys[i], c.Args[2*i+2])
	}
	c.W.OK()
}

func msetNX(c *Ctx) {
	if len(c.Args)%2 == 0 {
		c.wrongArity()
		return
	}
	for i := range c.Keys {
		if c.Find(c.Keys[i]).A != 0 {
			c.W.Int(0)
			return
		}
	}
	for i := range c.Keys {
		overwrite(c, c.Keys[i], c.Args[2*i+2])
	}
	c.W.Int(1)
}
