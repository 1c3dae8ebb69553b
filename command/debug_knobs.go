package command

import (
	"github.com/kringdb/kring/internal/memsize"
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
		if size, fits, ok := memsize.Parse(string(c.Args[2])); !ok || !fits || size > 4<<30-1<<20 { // Redis stays a little below, for headers
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
