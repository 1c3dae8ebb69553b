package command

import (
	"math"
	"strconv"

	"github.com/kringdb/kring/resp"
)

// debugKnob replies to the subcommands of DEBUG that turn parts of Redis which Kring does not have: tables that
// are resized as a whole, periodic work of the main thread, nodes of lists for one large element, reply
// buffers of a fixed size. Tests turn them so that Redis goes its rare ways, and expect the same replies
// on these. False: the call is none of them.
func debugKnob(c *Ctx) bool {
	errText := ""
	switch sub, n := c.Args[1], len(c.Args); {
	case n == 3 && (equalFold(sub, "dict-resizing") || equalFold(sub, "pause-cron")):
	case n == 3 && equalFold(sub, "quicklist-packed-threshold"):
		if size, ok := memorySize(c.Args[2]); !ok || size > 4<<30-1<<20 { // Redis stays a little below, for headers
			errText = "ERR argument must be a memory value bigger than 1 and smaller than 4gb"
		}
	case n == 4 && equalFold(sub, "replybuffer") && equalFold(c.Args[2], "resizing"):
	case n == 4 && equalFold(sub, "replybuffer") && equalFold(c.Args[2], "peak-reset-time"):
		if _, ok := resp.ParseInt(c.Args[3]); !ok && !equalFold(c.Args[3], "never") && !equalFold(c.Args[3], "reset") {
			errText = ErrNotInteger
		}
	default:
		return false
	}
	if errText != "" {
		c.W.Error(errText)
		return true
	}
	c.W.OK()
	return true
}

// memorySize reads a number of bytes with a unit, as configuration files have it.
func memorySize(b []byte) (n int64, ok bool) {
	digits := 0
	for digits < len(b) && b[digits] >= '0' && b[digits] <= '9' {
		digits++
	}
	unit := int64(0)
	for _, u := range []struct {
		name  string
		bytes int64
	}{{"", 1}, {"b", 1}, {"k", 1000}, {"kb", 1 << 10}, {"m", 1000 * 1000}, {"mb", 1 << 20}, {"g", 1000 * 1000 * 1000}, {"gb", 1 << 30}} {
		if equalFold(b[digits:], u.name) {
			unit = u.bytes
		}
	}
	if digits > 0 { // no digits are 0
		var err error
		if n, err = strconv.ParseInt(string(b[:digits]), 10, 64); err != nil {
			return 0, false
		}
	}
	if unit == 0 || n > math.MaxInt64/unit {
		return 0, false
	}
	return n * unit, true
}
