package command

import "github.com/kringdb/kring/resp"

// Effects collects what one call records in the journal. A handler whose call would not
// do the same again (a random choice, a relative deadline, a floating point result)
// says by Ctx.Effect what it did; without any, the dispatcher records the call as it
// came, if Ctx.Dirty grew.
type Effects struct {
	On    bool   // there is a journal; otherwise nothing is collected
	Bytes []byte // commands, encoded as multibulk
	N     int    // how many
	None  bool   // nothing is to be recorded, see Ctx.NoEffect
}

// Reset readies e for the next call.
func (e *Effects) Reset() { e.Bytes, e.N, e.None = e.Bytes[:0], 0, false }

// Effect adds a command to the effects that the journal records instead of the call. It
// is executed in the database Ctx.DB. It copies its arguments.
func (c *Ctx) Effect(name string, args ...[]byte) {
	if !c.Effects.On {
		return
	}
	e := &c.Effects
	e.N++
	e.Bytes = resp.AppendHeader(e.Bytes, '*', len(args)+1)
	e.Bytes = resp.AppendBulkString(e.Bytes, name)
	for _, a := range args {
		e.Bytes = resp.AppendBulk(e.Bytes, a)
	}
}

// BeginEffect adds a command of n arguments, its name included, that follow by EffectArg.
func (c *Ctx) BeginEffect(n int, name string) {
	if !c.Effects.On {
		return
	}
	c.Effects.N++
	c.Effects.Bytes = resp.AppendHeader(c.Effects.Bytes, '*', n)
	c.Effects.Bytes = resp.AppendBulkString(c.Effects.Bytes, name)
}

// EffectArg adds the next argument of the command that BeginEffect began.
func (c *Ctx) EffectArg(a []byte) {
	if c.Effects.On {
		c.Effects.Bytes = resp.AppendBulk(c.Effects.Bytes, a)
	}
}

// EffectInt is EffectArg for a number.
func (c *Ctx) EffectInt(n int64) {
	if c.Effects.On {
		c.Effects.Bytes = resp.AppendBulkInt(c.Effects.Bytes, n)
	}
}

// EffectCall adds the call itself: for one that has effects before its own, or that changes
// something although it does not count as a change.
func (c *Ctx) EffectCall() {
	c.BeginEffect(len(c.Args), c.Spec.Name)
	for _, a := range c.Args[1:] {
		c.EffectArg(a)
	}
}

// NoEffect says that the call, although it counts as a change, leaves nothing to record.
func (c *Ctx) NoEffect() { c.Effects.None = true }
