package command

import (
	"strconv"

	"github.com/kringdb/kring/resp"
)

// There is no replication: the server is a primary without replicas. What can be said about
// that is said as Redis says it; what would begin replication is refused.

const (
	errNoReplication = "ERR there is no replication: this server cannot be a replica, nor have any"

	replicaFlags = Admin | NoScript | Stale | NoAsyncLoading | Slow
	syncFlags    = Admin | NoScript | NoAsyncLoading | NoMulti | Refused

	// mostHostBytes is how long REPLCONF ip-address may be.
	mostHostBytes = 255
)

var replicationSpecs = []*Spec{
	{
		Name: "failover", Arity: -1, Flags: Admin | NoScript | Stale | Refused, Group: GroupServer, Handler: failover, Since: "6.2.0", Complexity: "O(1)",
		Summary: "Lets a replica take this server's place.", Syntax: "[TO (host port:integer [FORCE])] [ABORT] [TIMEOUT milliseconds:integer]",
	},
	{
		Name: "psync", Arity: -3, Flags: syncFlags, Group: GroupServer, Handler: noReplicas, Since: "2.8.0", Complexity: "O(N) where N is what the replica lacks",
		Summary: "Begins the replication to a replica, if possible where it ended.", Syntax: "replicationid offset:integer",
	},
	{
		Name: "replconf", Arity: -1, Flags: Admin | NoScript | Loading | Stale | AllowBusy | Refused, Group: GroupServer, Handler: replConf,
		Since: "3.0.0", Complexity: "O(1)", Summary: "Tells what a replica has, before it begins.",
	},
	replicaOfSpec("replicaof", "5.0.0"),
	replicaOfSpec("slaveof", "1.0.0"),
	{
		Name: "role", Arity: 1, Flags: NoScript | Loading | Stale | Fast | Dangerous | AdminCat, Group: GroupServer, Handler: role,
		Since: "2.8.12", Complexity: "O(1)", Summary: "Returns the server's role in replication.",
	},
	{
		Name: "sync", Arity: 1, Flags: syncFlags, Group: GroupServer, Handler: noReplicas, Since: "1.0.0", Complexity: "O(N) where N is the number of all keys",
		Summary: "Begins the replication to a replica.",
	},
	{
		Name: "wait", Arity: 3, Flags: Blocking | ConnectionCat, Group: GroupGeneric, ACLGroups: []Group{GroupConnection}, Handler: wait,
		Since: "3.0.0", Complexity: "O(1)", Summary: "Waits until so many replicas have what this client has written.",
		Syntax: "numreplicas:integer timeout:integer", Tips: waitTips,
	},
	{
		Name: "waitaof", Arity: 4, Flags: Blocking | ConnectionCat, Group: GroupGeneric, ACLGroups: []Group{GroupConnection}, Handler: waitAOF,
		Since: "7.2.0", Complexity: "O(1)", Summary: "Waits until what this client has written is synced to the AOF, here and on so many replicas.",
		Syntax: "numlocal:integer numreplicas:integer timeout:integer", Tips: waitTips,
	},
}

var waitTips = []string{"request_policy:all_shards", "response_policy:agg_min"}

func replicaOfSpec(name, since string) *Spec {
	s := &Spec{
		Name: name, Arity: 3, Flags: replicaFlags, Group: GroupServer, Handler: replicaOf, Since: since, Complexity: "O(1)",
		Summary: "Makes the server a replica of another one, or (NO ONE) a primary, which it is.",
		Syntax:  "<(host port:integer) | (NO ONE)>",
	}
	if name == "slaveof" {
		s.Deprecated, s.ReplacedBy = "5.0.0", "`REPLICAOF`"
	}
	return s
}

// role describes a primary without replicas.
func role(c *Ctx) {
	c.W.Array(3)
	c.W.BulkString("master")
	c.W.Int(0)
	c.W.Array(0)
}

func noReplicas(c *Ctx) { c.W.Error(errNoReplication) }

func replicaOf(c *Ctx) {
	if equalFold(c.Args[1], "no") && equalFold(c.Args[2], "one") {
		c.Host.Replica.Unfollow(c)
		c.W.OK()
		return
	}
	port, ok := resp.ParseInt(c.Args[2])
	switch {
	case !ok || port < 0 || port > 65535:
		c.W.Error("ERR Invalid master port")
	case c.Host.Replica.Follow(c, string(c.Args[1]), int(port)):
		c.W.Simple("OK Already connected to specified master")
	default:
		c.W.OK()
	}
}

// replConf accepts what a replica says of itself before PSYNC, which then refuses it.
func replConf(c *Ctx) {
	if len(c.Args)%2 == 0 {
		c.W.Error(ErrSyntax)
		return
	}
	for i := 1; i < len(c.Args); i += 2 {
		switch name, value := c.Args[i], c.Args[i+1]; {
		case equalFold(name, "capa"), equalFold(name, "version"):
		case equalFold(name, "ack"), equalFold(name, "getack"):
			return // they are for a stream of replication, and have no reply
		case equalFold(name, "listening-port"):
			if _, ok := c.Int(i + 1); !ok {
				return
			}
		case equalFold(name, "ip-address"):
			if len(value) > mostHostBytes {
				c.W.Error("ERR REPLCONF ip-address provided by replica instance is too long: " + strconv.Itoa(len(value)) + " bytes")
				return
			}
		case equalFold(name, "rdb-only"):
			if _, ok := zeroOrOne(c, i+1); !ok {
				return
			}
		case equalFold(name, "rdb-filter-only"):
			if len(value) > 0 && !equalFold(value, "functions") {
				c.W.Error("ERR Unsupported rdb-filter-only option: " + CText(value, len(value)))
				return
			}
		default:
			c.W.Error("ERR Unrecognized REPLCONF option: " + CText(name, len(name)))
			return
		}
	}
	c.W.OK()
}

// failover checks its arguments; there is nobody who could take over.
func failover(c *Ctx) {
	if len(c.Args) == 2 && equalFold(c.Args[1], "abort") {
		c.W.Error("ERR No failover in progress.")
		return
	}
	to, timeout, force := false, false, false
	for i := 1; i < len(c.Args); i++ {
		left := len(c.Args) - 1 - i
		switch word := c.Args[i]; {
		case equalFold(word, "timeout") && left >= 1 && !timeout:
			i++
			ms, ok := c.Int(i)
			if !ok {
				return
			}
			if ms <= 0 {
				c.W.Error("ERR FAILOVER timeout must be greater than 0")
				return
			}
			timeout = true
		case equalFold(word, "to") && left >= 2 && !to:
			i += 2
			if _, ok := c.Int(i); !ok {
				return
			}
			to = true
		case equalFold(word, "force") && !force:
			force = true
		default:
			c.W.Error(ErrSyntax)
			return
		}
	}
	c.W.Error("ERR FAILOVER requires connected replicas.")
}

// wait waits for replicas, which never come, unless none is asked for.
func wait(c *Ctx) {
	replicas, ok := c.Int(1)
	if !ok {
		return
	}
	timeout, ok := c.TimeoutMs(2)
	if !ok {
		return
	}
	over := func(w *resp.Writer) { w.Int(0) }
	if replicas <= 0 || !c.WaitUntil(0, timeout, over) {
		over(c.W)
	}
}

const errAOFOff = "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."

// waitAOF waits for the AOF to be synced up to what the client has written, and for replicas,
// which never come.
func waitAOF(c *Ctx) {
	local, ok := zeroOrOne(c, 1)
	if !ok {
		return
	}
	replicas, ok := c.positive(2, "ERR value is out of range, must be positive")
	if !ok {
		return
	}
	timeout, ok := c.TimeoutMs(3)
	if !ok {
		return
	}
	p := c.Host.Persistence
	pos := p.Written(c)
	over := func(w *resp.Writer) {
		on, synced := p.Synced(pos)
		if !on && local > 0 {
			w.Error(errAOFOff)
			return
		}
		w.Array(2)
		if synced {
			w.Int(1)
		} else {
			w.Int(0)
		}
		w.Int(0)
	}
	on, synced := p.Synced(pos)
	until := pos
	if replicas > 0 {
		until = 0 // the sync alone is not enough
	}
	if local > 0 && !on || replicas <= 0 && (local == 0 || synced) || !c.WaitUntil(until, timeout, over) {
		over(c.W)
	}
}

// zeroOrOne parses argument i as one of these; it replies the error itself.
func zeroOrOne(c *Ctx, i int) (int64, bool) {
	n, ok := c.Int(i)
	if ok && n != 0 && n != 1 {
		c.W.Error("ERR value is out of range, value must between 0 and 1")
		return 0, false
	}
	return n, ok
}
