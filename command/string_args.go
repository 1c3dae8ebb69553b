package command

import "math"

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
