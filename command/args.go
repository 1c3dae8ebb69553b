package command

import (
	"math"

	"github.com/kringdb/kring/resp"
)

// deadlineArg reads argument i as an expiry time, in seconds or milliseconds, from
// now or since 1970, and returns it in milliseconds since 1970. It replies an error
// for what is no integer, not positive, or overflows.
func (c *Ctx) deadlineArg(i int, seconds, relative bool) (int64, bool) {
	t, ok := c.Int(i)
	if !ok {
		return 0, false
	}
	bad := t <= 0
	if seconds {
		bad = bad || t > math.MaxInt64/1000
		t *= 1000
	}
	if relative {
		t += c.wallMs()
	}
	if bad || t <= 0 {
		c.W.Error("ERR invalid expire time in '" + c.Spec.FullName + "' command")
		return 0, false
	}
	return t, true
}

// wrongArity replies what the dispatcher replies for a wrong number of arguments;
// for handlers whose arguments come in groups.
func (c *Ctx) wrongArity() {
	c.W.Error("ERR wrong number of arguments for '" + c.Spec.FullName + "' command")
}

// intArg parses argument i without a reply; what is no integer is 0 and false.
func (c *Ctx) intArg(i int) (int64, bool) { return resp.ParseInt(c.Args[i]) }

// atLeast parses argument i as an integer of at least low; otherwise it replies msg.
func (c *Ctx) atLeast(i int, low int64, msg string) (int64, bool) {
	n, ok := c.intArg(i)
	if !ok || n < low {
		c.W.Error(msg)
		return 0, false
	}
	return n, true
}

// positive parses argument i as an integer of at least 0; otherwise it replies msg.
func (c *Ctx) positive(i int, msg string) (int64, bool) { return c.atLeast(i, 0, msg) }

// notMin parses argument i as an integer whose negative is one too.
func (c *Ctx) notMin(i int) (int64, bool) {
	n, ok := c.Int(i)
	if ok && n == math.MinInt64 {
		c.W.Error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")
		return 0, false
	}
	return n, ok
}

// intOption parses argument i; the error names the option.
func (c *Ctx) intOption(i int, name string) (int64, bool) {
	n, ok := resp.ParseInt(c.Args[i])
	if !ok {
		c.W.Error("ERR Invalid " + name + " for " + upper(c.Spec.Name))
	}
	return n, ok
}
