package command

import (
	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store/hash"
)

const fieldTimeSyntax = "EX seconds:integer | PX milliseconds:integer | EXAT unix-time-seconds:unix-time | PXAT unix-time-milliseconds:unix-time"

var hashExSpecs = []*Spec{
	{
		Name: "hgetdel", Arity: -5, Flags: Write | Fast, Group: GroupHash, Handler: hgetdel, ByArgs: true, Keys: []KeySpec{KeyAt(1, KeyRW|KeyAccess|KeyDelete)},
		Since: "8.0.0", Complexity: fieldsComplexity, Summary: "Returns the values of fields and removes them.", Syntax: "key" + fieldsSyntax,
	},
	{
		Name: "hgetex", Arity: -5, Flags: Write | Fast, Group: GroupHash, Handler: hgetex,
		Keys:  []KeySpec{{Flags: KeyRW | KeyAccess | KeyUpdate, Index: 1, Step: 1, Notes: "RW and UPDATE because it changes the TTL"}},
		Since: "8.0.0", Complexity: fieldsComplexity, Summary: "Returns the values of fields and sets or removes their deadline.",
		Syntax: "key [<" + fieldTimeSyntax + " | PERSIST>]" + fieldsSyntax,
	},
	{
		Name: "hsetex", Arity: -6, Flags: Write | DenyOOM | Fast, Group: GroupHash, Handler: hsetex, ByArgs: true, Keys: []KeySpec{KeyAt(1, KeyRW|KeyUpdate)},
		Since: "8.0.0", Complexity: fieldsComplexity, Summary: "Sets fields of a hash and their deadline.",
		Syntax: "key [<FNX | FXX>] [<" + fieldTimeSyntax + " | KEEPTTL>] FIELDS (numfields:integer (field value)...)",
	},
}

func hgetdel(c *Ctx) {
	var ed hashEdit
	if !ed.open(c) {
		return
	}
	fields, ok := fieldArgs(c, 2, errFieldsPositive)
	if !ok {
		return
	}
	c.W.Array(len(fields))
	n := 0
	for _, field := range fields {
		ed.expire(c, field)
		replyField(c, ed.e, field)
		if ed.e.A == 0 {
			continue
		}
		var ok bool
		if ed.e, ok = hash.Delete(ed.ar, ed.e, field); ok {
			n++
		}
	}
	if n > 0 {
		c.Changed(ed.k, EventHDel, n)
		c.BeginEffect(2+len(fields), "HDEL")
		c.EffectArg(ed.k.Name)
		for _, field := range fields {
			c.EffectArg(field)
		}
	}
	ed.close(c)
}

// fieldTime is the parsed EX, PX, EXAT, PXAT, PERSIST or KEEPTTL of HGETEX and HSETEX.
type fieldTime struct {
	at       int // argument index of the number, 0: none
	unit     int64
	absolute bool
	keep     bool // KEEPTTL or PERSIST
}

// take parses argument i if it is one of the four words with a number behind, and
// returns how many arguments it took.
func (t *fieldTime) take(c *Ctx, i int) int {
	a := c.Args[i]
	switch {
	case equalFold(a, "ex"):
		t.unit, t.absolute = 1000, false
	case equalFold(a, "px"):
		t.unit, t.absolute = 1, false
	case equalFold(a, "exat"):
		t.unit, t.absolute = 1000, true
	case equalFold(a, "pxat"):
		t.unit, t.absolute = 1, true
	default:
		return 0
	}
	t.at = i + 1
	return 2
}

func hgetex(c *Ctx) {
	var ed hashEdit
	if !ed.open(c) {
		return
	}
	var t fieldTime
	at := 2 + t.take(c, 2)
	if at == 2 && equalFold(c.Args[2], "persist") {
		t.keep = true
		at++
	}
	fields, ok := fieldArgs(c, at, errFieldsPositive)
	if !ok {
		return
	}
	ms := int64(0)
	if t.at != 0 {
		if ms, ok = fieldDeadline(c, t.at, t.unit, t.absolute); !ok {
			return
		}
	}
	ed.beforeDue()
	c.W.Array(len(fields))
	var done fieldChanges
	persisted := 0
	for i, field := range fields {
		replyField(c, ed.e, field)
		switch {
		case ed.e.A == 0:
		case t.at != 0:
			ed.expireAt(c, &done, i, field, 0, ms)
		case t.keep:
			if _, d, ok := hash.Lookup(ed.e, field, c.Now); ok && d != 0 {
				ed.e = hash.SetDeadline(ed.ar, ed.e, field, 0)
				persisted++
			}
		}
	}
	if persisted > 0 {
		c.Changed(ed.k, EventHPersist, persisted)
		c.BeginEffect(4+len(fields), "HPERSIST")
		c.EffectArg(ed.k.Name)
		for _, a := range c.Args[at:] {
			c.EffectArg(a)
		}
	}
	done.report(c, &ed, fields, ms)
	ed.close(c)
}

// setExCall is a parsed HSETEX.
type setExCall struct {
	fnx, fxx bool
	time     fieldTime
	deadline int64 // 0 none, or hash.KeepTTL
	pairs    resp.Args
}

const errSetExTimes = "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified"

// parse replies the error itself.
func (s *setExCall) parse(c *Ctx) bool {
	i := 2
	for ; i < len(c.Args) && !equalFold(c.Args[i], "fields"); i++ {
		a := c.Args[i]
		isTime := s.time.at != 0 || s.time.keep
		switch {
		case equalFold(a, "fnx"), equalFold(a, "fxx"):
			if s.fnx || s.fxx {
				c.W.Error("ERR Only one of FXX or FNX arguments can be specified")
				return false
			}
			s.fnx = equalFold(a, "fnx")
			s.fxx = !s.fnx
		case equalFold(a, "keepttl"):
			if isTime {
				c.W.Error(errSetExTimes)
				return false
			}
			s.time.keep, s.deadline = true, hash.KeepTTL
		default:
			n := s.time.take(c, i)
			switch {
			case n == 0:
				c.W.Error("ERR unknown argument: " + CText(a, len(a)))
				return false
			case isTime:
				c.W.Error(errSetExTimes)
				return false
			case i+1 >= len(c.Args):
				c.W.Error("ERR missing expire time")
				return false
			}
			i++
			var ok bool
			if s.deadline, ok = fieldDeadline(c, s.time.at, s.time.unit, s.time.absolute); !ok {
				return false
			}
		}
	}
	return s.parsePairs(c, i)
}

// parsePairs parses the rest from FIELDS, which is at i, on.
func (s *setExCall) parsePairs(c *Ctx, i int) bool {
	if i+1 >= len(c.Args) {
		c.W.Error(errFieldsMissing)
		return false
	}
	n, ok := resp.ParseInt(c.Args[i+1])
	if !ok || n < 1 {
		c.W.Error("ERR invalid number of fields")
		return false
	}
	if s.pairs = c.Args[i+2:]; len(s.pairs)%2 != 0 || n != int64(len(s.pairs)/2) {
		c.wrongArity()
		return false
	}
	return true
}

func hsetex(c *Ctx) {
	var ed hashEdit
	if !ed.open(c) {
		return
	}
	var s setExCall
	if !s.parse(c) || !pairsFit(c, s.pairs) {
		return
	}
	if !s.allowed(c, &ed) {
		c.W.Int(0)
		return
	}
	ed.create(c)
	n := len(s.pairs) / 2
	if s.time.at != 0 && s.deadline <= c.Now {
		s.setDead(c, &ed, n)
	} else {
		ed.beforeDue()
		ed.setPairs(c, s.pairs, s.deadline)
		c.Changed(ed.k, EventHSet, n)
		if s.time.at != 0 {
			ed.noteDue(c, s.deadline)
			c.Changed(ed.k, EventHExpire, 0)
		}
		ed.setEffect(c, s.pairs)
	}
	ed.close(c)
	c.W.Int(1)
}

// allowed tells whether FNX or FXX let the call go on.
func (s *setExCall) allowed(c *Ctx, ed *hashEdit) bool {
	if !s.fnx && !s.fxx {
		return true
	}
	for i := 0; i < len(s.pairs); i += 2 {
		there := false
		if ed.e.A != 0 {
			_, there = hash.Get(ed.e, s.pairs[i], c.Now)
		}
		if there == s.fnx {
			return false
		}
	}
	return true
}

// setDead sets fields with a deadline that has passed: they are gone at once.
func (s *setExCall) setDead(c *Ctx, ed *hashEdit, n int) {
	c.Changed(ed.k, EventHSet, n)
	c.BeginEffect(2+n, "HDEL")
	c.EffectArg(ed.k.Name)
	for i := 0; i < len(s.pairs); i += 2 {
		ed.e, _ = hash.Delete(ed.ar, ed.e, s.pairs[i])
		c.EffectArg(s.pairs[i])
	}
	c.Changed(ed.k, EventHDel, n)
}
