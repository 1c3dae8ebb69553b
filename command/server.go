package command

import (
	"strconv"
	"time"

	"github.com/kringdb/kring/resp"
)

var serverSpecs = []*Spec{
	{
		Name: "dbsize", Arity: 1, Flags: ReadOnly | Fast | KeyspaceCat, Group: GroupServer, Handler: dbSize,
		Since: "1.0.0", Complexity: "O(1)", Summary: "Returns the number of keys of the selected database.",
		Tips: []string{"request_policy:all_shards", "response_policy:agg_sum"},
	},
	{
		Name: "flushall", Arity: -1, Flags: Write | KeyspaceCat | Dangerous | Exclusive, Group: GroupServer, Handler: flushAll,
		Since: "1.0.0", Complexity: "O(1); memory is freed in the background", Summary: "Removes all keys of all databases.",
		Syntax: "[<ASYNC | SYNC>]", Tips: []string{"request_policy:all_shards", "response_policy:all_succeeded"},
	},
	{
		Name: "flushdb", Arity: -1, Flags: Write | KeyspaceCat | Dangerous | Exclusive, Group: GroupServer, Handler: flushDB,
		Since: "1.0.0", Complexity: "O(1); memory is freed in the background", Summary: "Removes all keys of the selected database.",
		Syntax: "[<ASYNC | SYNC>]", Tips: []string{"request_policy:all_shards", "response_policy:all_succeeded"},
	},
	{
		Name: "info", Arity: -1, Flags: Loading | Stale | Dangerous, Group: GroupServer, Handler: info, Cost: serverInfoCost,
		Since: "1.0.0", Complexity: "O(1)", Summary: "Returns information and statistics about the server.", Syntax: "[section...]",
		Tips: []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},
	},
	{
		Name: "lolwut", Arity: -1, Flags: ReadOnly | Fast, Group: GroupServer, Handler: lolwut,
		Since: "5.0.0", Complexity: "O(1)", Summary: "Draws a ring and tells the version.", Syntax: "[VERSION version:integer]",
	},
	{
		Name: "shutdown", Arity: -1, Flags: Admin | NoScript | Loading | Stale | NoMulti | AllowBusy | Slow, Group: GroupServer, Handler: shutdown,
		Since: "1.0.0", Complexity: "O(1)", Summary: "Ends the server.", Syntax: "[<NOSAVE | SAVE>] [NOW] [FORCE] [ABORT]",
	},
	{
		Name: "swapdb", Arity: 3, Flags: Write | Fast | KeyspaceCat | Dangerous | Exclusive, Group: GroupServer, Handler: swapDB,
		Since: "4.0.0", Complexity: "O(S) where S is the number of shards", Summary: "Swaps two databases.", Syntax: "index1:integer index2:integer",
	},
	{
		Name: "time", Arity: 1, Flags: Loading | Stale | Fast, Group: GroupServer, Handler: timeCmd,
		Since: "2.6.0", Complexity: "O(1)", Summary: "Returns the server's clock: seconds and microseconds.", Tips: []string{"nondeterministic_output"},
	},
}

func dbSize(c *Ctx) { c.W.Int(int64(c.Store.Len(c.DB))) }

// flushMode reads the optional ASYNC or SYNC; both detach the data at once here, and the
// memory is freed in the background in either case. What differs is that who caches keys
// and flushes in sync hears of that first, as in Redis since 7.4, which lets the client wait.
func flushMode(c *Ctx) (sync, ok bool) {
	async := len(c.Args) == 2 && equalFold(c.Args[1], "async")
	if len(c.Args) == 1 || async || len(c.Args) == 2 && equalFold(c.Args[1], "sync") {
		return !async, true
	}
	c.W.Error(ErrSyntax)
	return false, false
}

func flushAll(c *Ctx) {
	sync, ok := flushMode(c)
	if !ok {
		return
	}
	n := int64(0)
	for db := range c.Store.Databases() {
		n += int64(c.Store.Len(db))
	}
	c.Store.FlushAll()
	c.Replaced(-1, sync)
	c.Dirty += n + 1
	c.W.OK()
}

func flushDB(c *Ctx) {
	sync, ok := flushMode(c)
	if !ok {
		return
	}
	c.Dirty += int64(c.Store.Len(c.DB))
	c.Store.FlushDB(c.DB)
	c.Replaced(c.DB, sync)
	c.W.OK()
}

func swapDB(c *Ctx) {
	if c.Host.Cluster != nil {
		c.W.Error("ERR SWAPDB is not allowed in cluster mode")
		return
	}
	a, ok := resp.ParseInt(c.Args[1])
	if !ok || a != int64(int32(a)) {
		c.W.Error("ERR invalid first DB index")
		return
	}
	b, ok := resp.ParseInt(c.Args[2])
	if !ok || b != int64(int32(b)) {
		c.W.Error("ERR invalid second DB index")
		return
	}
	n := int64(c.Store.Databases())
	if a < 0 || b < 0 || a >= n || b >= n {
		c.W.Error(ErrDBIndex)
		return
	}
	c.Store.SwapDB(int(a), int(b))
	c.Replaced(int(a), false)
	c.Replaced(int(b), false)
	c.Dirty++
	c.W.OK()
}

// serverInfoCost sends the sections that are made by asking all reactors to the slow lane.
func serverInfoCost(c *Ctx) int64 {
	if c.Host.Stats.InfoIsLong(c, c.Args[1:]) {
		return SlowCost + 1
	}
	return 0
}

func info(c *Ctx) { c.Host.Stats.Info(c, c.Args[1:]) }

func timeCmd(c *Ctx) {
	now := time.Now()
	if c.NowIsFixed {
		now = time.UnixMilli(c.Now)
	}
	c.W.Array(2)
	c.W.BulkInt(now.Unix())
	c.W.BulkInt(int64(now.Nanosecond() / 1000))
}

const ringArt = `    .-""-.
  .'  ..  '.
 /  .'  '.  \
|  :  ()  :  |
 \  '.__.'  /
  '.      .'
    '-..-'
`

func lolwut(c *Ctx) {
	if len(c.Args) >= 3 && equalFold(c.Args[1], "version") {
		if _, ok := c.Int(2); !ok {
			return
		}
	}
	c.W.Verbatim("txt", []byte(ringArt+"Redis ver. "+Version+" (Kring)\n"))
}

// SavesFirst tells whether a call of SHUTDOWN may have to save before the server ends: it does not while a
// script is busy.
func SavesFirst(args resp.Args) bool {
	o, ok := parseShutdown(args)
	return ok && !o.NoSave && !o.Abort
}

func parseShutdown(args resp.Args) (o ShutdownOptions, ok bool) {
	for _, a := range args[1:] {
		switch {
		case equalFold(a, "nosave"):
			o.NoSave = true
		case equalFold(a, "save"):
			o.Save = true
		case equalFold(a, "now"):
			o.Now = true
		case equalFold(a, "force"):
			o.Force = true
		case equalFold(a, "abort"):
			o.Abort = true
		default:
			return o, false
		}
	}
	return o, !(o.Save && o.NoSave) && !(o.Abort && (o.Save || o.NoSave || o.Now || o.Force))
}

func shutdown(c *Ctx) {
	o, ok := parseShutdown(c.Args)
	if !ok {
		c.W.Error(ErrSyntax)
		return
	}
	text := ""
	c.Lane.Unlocked(func() { text = c.Host.Process.Shutdown(o) }) // it may save
	if text != "" {
		c.W.Error(text)
		return
	}
	if o.Abort {
		c.W.OK()
		return
	}
	c.Client.CloseAfterReply() // like Redis: the connection ends without a reply
}

// parseSeconds parses DEBUG SLEEP's argument as C's strtod does: what is no number
// is 0.
func parseSeconds(b []byte) time.Duration {
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil || !(f > 0) {
		return 0
	}
	return time.Duration(min(f, maxSleepSeconds) * float64(time.Second))
}
