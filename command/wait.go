package command

import (
	"math"
	"math/big"

	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// Wait is a handler's request to block its client.
type Wait struct {
	Keys      []store.Key          // whose changes may let the call succeed
	Done      func() bool          // any goroutine may ask: the waiting is over; nil: nothing but time ends it
	TimeoutMs int64                // 0: for ever
	Over      func(w *resp.Writer) // replies when the waiting is over without success; nil: NullArray
	On        bool
}

// Wait asks that the client be blocked until one of keys changes: then the handler runs
// again, with Resumed set, and either replies or waits on. It returns false where nobody
// may be blocked (MULTI, scripts, loading): the handler replies then what a timeout
// replies. After true the handler returns without a reply. The arguments are kept as
// they stand in Ctx.Args now: a handler that must resolve one only once (XREAD's $)
// stores the result there first.
func (c *Ctx) Wait(keys []store.Key, timeoutMs int64) bool {
	if !c.CanWait {
		return false
	}
	c.Waiting = Wait{Keys: keys, TimeoutMs: timeoutMs, On: true}
	return true
}

// WaitUntil asks that the client be blocked for so long, or until done says that the AOF is synced, or replicas
// have acknowledged, as far as it wants. over, which any goroutine may call, replies then.
// It returns false where nobody may be blocked: the handler calls over itself then.
func (c *Ctx) WaitUntil(done func() bool, timeoutMs int64, over func(w *resp.Writer)) bool {
	if !c.CanWait {
		return false
	}
	c.Waiting = Wait{Done: done, TimeoutMs: timeoutMs, Over: over, On: true}
	return true
}

// Timeout parses argument i as seconds, fractions allowed, and returns milliseconds,
// rounded up; it replies the error itself.
func (c *Ctx) Timeout(i int) (ms int64, ok bool) {
	f, ok := parseDouble(c.Args[i])
	if !ok { // Redis reads a long double: 1e400 is a number, although too large
		var wide big.Float
		if ok = parseLongDouble(&wide, c.Args[i]); ok {
			f, _ = wide.Float64()
		}
	}
	switch {
	case !ok:
		c.W.Error("ERR timeout is not a float or out of range")
		return 0, false
	case f < 0 && c.negativeMs(i):
		c.W.Error("ERR timeout is negative")
		return 0, false
	case f < 0:
		return 0, true
	}
	if f *= 1000; f > math.MaxInt64/2-float64(c.Now) {
		c.W.Error("ERR timeout is out of range")
		return 0, false
	}
	return int64(math.Ceil(f)), true
}

// negativeMs tells whether argument i, negative seconds, is negative as milliseconds,
// rounded up: less than one is none, as a long double has it. None waits for ever.
func (c *Ctx) negativeMs(i int) bool {
	var ms big.Float
	return parseLongDouble(&ms, c.Args[i]) && ms.Mul(&ms, big.NewFloat(1000)).Cmp(big.NewFloat(-1)) <= 0
}

// TimeoutMs parses argument i as milliseconds; it replies the error itself. What it returns can
// be added to the time of day.
func (c *Ctx) TimeoutMs(i int) (ms int64, ok bool) {
	ms, ok = resp.ParseInt(c.Args[i])
	switch {
	case !ok:
		c.W.Error(ErrTimeout)
	case ms < 0:
		c.W.Error("ERR timeout is negative")
		ok = false
	case ms > math.MaxInt64-max(c.Now, 0):
		c.W.Error("ERR timeout is out of range")
		ok = false
	}
	return ms, ok
}
