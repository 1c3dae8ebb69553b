package command

import (
	"fmt"
	"time"
)

var debugSpecs = []*Spec{{
	Name: "debug", Arity: -2, Flags: Admin | NoScript | Loading | Stale | ProtectedDebug | Slow | Sweeps, Group: GroupServer, Handler: debug,
	Since: "1.0.0", Complexity: "Depends on subcommand.", Summary: "Commands for developers and tests of the server.",
}}

var debugHelp = []string{
	"DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
	"CHANGE-REPL-ID",
	"    Begins a new history: no replica can go on from the one that it follows.",
	"DICT-RESIZING <0|1>, PAUSE-CRON <0|1>, QUICKLIST-PACKED-THRESHOLD <size>,",
	"REPLYBUFFER <PEAK-RESET-TIME <NEVER|RESET|ms>|RESIZING <0|1>>",
	"    Are taken, for tests of Redis, and change nothing: they concern parts that Kring does not have.",
	"DIGEST",
	"    Shows a number that is the same for the same data.",
	"DIGEST-VALUE <key> [<key> ...]",
	"    The same of single values.",
	"ERROR <text>",
	"    Replies an error with this text.",
	"LOADAOF",
	"    Writes what waits to be written, empties all databases and loads the append only file.",
	"LOG <text>",
	"    Writes this text to the log.",
	"OBJECT <key>",
	"    Shows low level info about a key and its value.",
	"PANIC",
	"    Ends the server at once, as a crash does: nothing is saved.",
	"POPULATE <count> [<prefix> [<size>]]",
	"    Makes strings, named key:<number> or <prefix>:<number>, that are not there yet.",
	"PROTOCOL <string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false>",
	"    Replies something of that kind.",
	"RELOAD [NOSAVE] [NOFLUSH] [MERGE]",
	"    Saves a snapshot and loads it. NOSAVE loads what was saved before; NOFLUSH does not empty the",
	"    databases first: a key or library that is there already is an error, unless MERGE lets it be replaced. After",
	"    an error without NOFLUSH the data are as before; with it, what came before the error stays.",
	"SEGFAULT",
	"    Does what PANIC does.",
	"SET-ACTIVE-EXPIRE <0|1>",
	"    Setting it to 0 stops the removal of keys that have expired and are not read.",
	"SLEEP <seconds>",
	"    Holds up this connection; other clients are served. Decimals are allowed.",
	"HELP",
	"    Prints this help.",
}

// debugSleep lets the time pass, unless the call is halted meanwhile.
func debugSleep(c *Ctx, d time.Duration) {
	for until := time.Now().Add(d); d > 0 && !c.Halted(); d = time.Until(until) {
		time.Sleep(min(d, sleepStep))
	}
}

// debug runs on a worker, so that SLEEP holds up nobody else.
func debug(c *Ctx) {
	sub := c.Args[1]
	switch n := len(c.Args); {
	case n == 2 && equalFold(sub, "help"):
		c.W.Array(len(debugHelp))
		for _, l := range debugHelp {
			c.W.Simple(l)
		}
	case n == 3 && equalFold(sub, "sleep"):
		c.Lane.Unlocked(func() { debugSleep(c, parseSeconds(c.Args[2])) })
		c.W.OK()
	case n == 3 && equalFold(sub, "set-active-expire"):
		c.Host.Process.SetActiveExpire(string(c.Args[2]) != "0")
		c.W.OK()
	case n == 2 && equalFold(sub, "loadaof"):
		errText := ""
		c.Lane.Unlocked(func() { errText = c.Host.Persistence.LoadAOF() })
		if errText != "" {
			c.W.Error(errText)
			return
		}
		c.W.OK()
	case equalFold(sub, "reload"):
		debugReload(c)
	case n == 2 && equalFold(sub, "digest"):
		debugDigest(c)
	case n >= 2 && equalFold(sub, "digest-value"):
		debugDigestValue(c)
	case n >= 3 && n <= 5 && equalFold(sub, "populate"):
		debugPopulate(c)
	case n == 3 && equalFold(sub, "protocol"):
		debugProtocol(c)
	case n == 3 && equalFold(sub, "object"):
		debugObject(c)
	case n == 3 && equalFold(sub, "error"):
		c.W.Error(string(c.Args[2]))
	case n == 3 && equalFold(sub, "log"):
		c.Host.Process.Log(string(c.Args[2]))
		c.W.OK()
	case n == 2 && (equalFold(sub, "segfault") || equalFold(sub, "panic")):
		c.W.Error(c.Host.Process.Crash(upper(string(sub))))
	case n == 2 && equalFold(sub, "change-repl-id"):
		c.Host.Replicas.Renew()
		c.W.OK()
	case debugKnob(c):
	default:
		c.W.Error("ERR unknown subcommand or wrong number of arguments for '" + CText(sub, 128) + "'. Try DEBUG HELP.")
	}
}

func debugObject(c *Ctx) {
	k := c.Store.MakeKey(c.Args[2])
	c.Store.Lock(k.Shard)
	defer c.Store.Unlock(k.Shard)
	e := c.Store.Find(c.DB, k, c.Now)
	if e.A == 0 {
		c.W.Error(ErrNoSuchKey)
		return
	}
	m := imagesOf(c)
	length, err := m.length(e)
	if err != nil {
		c.W.Error("ERR " + err.Error())
		return
	}
	c.W.Simple(fmt.Sprintf("Value at:0x%x refcount:%d encoding:%s serializedlength:%d lru:%d lru_seconds_idle:%d",
		uint64(e.A), refCount(c, e), e.Encoding(), length, e.Clock(), idleSeconds(c, e.Clock())))
	m.tidy(int(length))
}

func debugReload(c *Ctx) {
	var o ReloadOptions
	for _, a := range c.Args[2:] {
		switch {
		case equalFold(a, "nosave"):
			o.NoSave = true
		case equalFold(a, "noflush"):
			o.NoFlush = true
		case equalFold(a, "merge"):
			o.Merge = true
		default:
			c.W.Error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")
			return
		}
	}
	errText := ""
	c.Lane.Unlocked(func() { errText = c.Host.Persistence.Reload(o) })
	if errText != "" {
		c.W.Error(errText)
		return
	}
	c.W.OK()
}
