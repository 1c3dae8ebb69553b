package command

import (
	"bytes"
	"strconv"

	"github.com/kringdb/kring/resp"
)

const (
	replicaFlags = Admin | NoScript | Stale | NoAsyncLoading | Slow
	syncFlags    = Admin | NoScript | NoAsyncLoading | NoMulti

	// mostHostBytes is how long REPLCONF ip-address may be.
	mostHostBytes = 255
)

var replicationSpecs = []*Spec{
	{
		Name: "failover", Arity: -1, Flags: Admin | NoScript | Stale | Slow, Group: GroupServer, Handler: failover, Since: "6.2.0", Complexity: "O(1)",
		Summary: "Lets a replica take this server's place.", Syntax: "[TO (host port:integer [FORCE])] [ABORT] [TIMEOUT milliseconds:integer]",
	},
	{
		Name: "psync", Arity: -3, Flags: syncFlags, Group: GroupServer, Handler: psync, Since: "2.8.0", Complexity: "O(N) where N is what the replica lacks",
		Summary: "Begins the replication to a replica, if possible where it ended.", Syntax: "replicationid offset:integer",
	},
	{
		Name: "replconf", Arity: -1, Flags: Admin | NoScript | Loading | Stale | AllowBusy, Group: GroupServer, Handler: replConf,
		Since: "3.0.0", Complexity: "O(1)", Summary: "Tells what a replica has, before it begins.",
	},
	replicaOfSpec("replicaof", "5.0.0"),
	replicaOfSpec("slaveof", "1.0.0"),
	{
		Name: "role", Arity: 1, Flags: NoScript | Loading | Stale | Fast | Dangerous | AdminCat, Group: GroupServer, Handler: role,
		Since: "2.8.12", Complexity: "O(1)", Summary: "Returns the server's role in replication.",
	},
	{
		Name: "sync", Arity: 1, Flags: syncFlags, Group: GroupServer, Handler: startSync, Since: "1.0.0", Complexity: "O(N) where N is the number of all keys",
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
		Summary: "Makes the server a replica of another one, or (NO ONE) a primary.",
		Syntax:  "<(host port:integer) | (NO ONE)>",
	}
	if name == "slaveof" {
		s.Deprecated, s.ReplacedBy = "5.0.0", "`REPLICAOF`"
	}
	return s
}

// role describes the server in replication.
func role(c *Ctx) {
	r := c.Host.Replicas.Role()
	if r.Host != "" {
		c.W.Array(5)
		c.W.BulkString("slave")
		c.W.BulkString(r.Host)
		c.W.Int(int64(r.Port))
		c.W.BulkString(r.State)
		c.W.Int(r.Offset)
		return
	}
	c.W.Array(3)
	c.W.BulkString("master")
	c.W.Int(r.Offset)
	c.W.Array(len(r.Replicas))
	for _, p := range r.Replicas {
		c.W.Array(3)
		c.W.BulkString(p.IP)
		c.W.BulkString(strconv.Itoa(p.Port))
		c.W.BulkString(strconv.FormatInt(p.Offset, 10))
	}
}

// psync begins a replica's stream, where it says that it is, or with a copy. What answers is the
// stream's own writer.
func psync(c *Ctx) {
	offset, ok := c.Int(2)
	if !ok {
		return
	}
	takeOver := len(c.Args) > 3 && equalFold(c.Args[3], "failover")
	if errText := c.Host.Replicas.Sync(c, SyncRequest{PSYNC: true, ID: string(c.Args[1]), Offset: offset, TakeOver: takeOver}); errText != "" {
		c.W.Error(errText)
	}
}

func startSync(c *Ctx) {
	if errText := c.Host.Replicas.Sync(c, SyncRequest{ID: "?", Offset: -1}); errText != "" {
		c.W.Error(errText)
	}
}

func replicaOf(c *Ctx) {
	if c.Host.Cluster != nil {
		c.W.Error("ERR REPLICAOF not allowed in cluster mode.")
		return
	}
	if equalFold(c.Args[1], "no") && equalFold(c.Args[2], "one") {
		c.Host.Replica.Unfollow(c)
		c.W.OK()
		return
	}
	port, ok := resp.ParseInt(c.Args[2])
	switch {
	case !ValidHost(c.Args[1]):
		c.W.Error("ERR Invalid master host")
	case !ok || port < 0 || port > 65535:
		c.W.Error("ERR Invalid master port")
	case c.Host.Replica.Follow(c, string(c.Args[1]), int(port)):
		c.W.Simple("OK Already connected to specified master")
	default:
		c.W.OK()
	}
}

// ValidHost tells whether text may be an address or the name of a host: INFO and ROLE show it in lines of
// fields, in which nothing may stand that ends a field or a line. "" is one: none is known.
func ValidHost(text []byte) bool {
	for _, b := range text {
		if b <= ' ' || b >= 0x7f || b == ',' || b == '=' || b == '"' {
			return false
		}
	}
	return true
}

// replConf notes what a replica says of itself before PSYNC, and of its progress afterwards.
func replConf(c *Ctx) {
	if len(c.Args)%2 == 0 {
		c.W.Error(ErrSyntax)
		return
	}
	h := c.Host.Replicas
	for i := 1; i < len(c.Args); i += 2 {
		switch name, value := c.Args[i], c.Args[i+1]; {
		case equalFold(name, "capa"):
			if equalFold(value, "eof") {
				h.Tell(c, ReplicaEOF, 1, "")
			} else if equalFold(value, "psync2") {
				h.Tell(c, ReplicaPSYNC2, 1, "")
			}
		case equalFold(name, "node"):
			h.Tell(c, ReplicaNode, 0, string(value))
		case equalFold(name, "promise"):
			replicaPromise(c, i)
			return
		case equalFold(name, "version"):
			h.Tell(c, ReplicaVersion, 0, "")
		case equalFold(name, "ack"):
			replicaAck(c, i)
			return
		case equalFold(name, "getack"):
			return // it is for a stream of replication, and has no reply
		case equalFold(name, "listening-port"):
			port, ok := c.Int(i + 1)
			if !ok {
				return
			}
			h.Tell(c, ReplicaPort, port, "")
		case equalFold(name, "ip-address"):
			if len(value) > mostHostBytes {
				c.W.Error("ERR REPLCONF ip-address provided by replica instance is too long: " + strconv.Itoa(len(value)) + " bytes")
				return
			}
			if !ValidHost(value) {
				c.W.Error("ERR REPLCONF ip-address provided by replica instance is no address and no name of a host")
				return
			}
			h.Tell(c, ReplicaIP, 0, string(value))
		case equalFold(name, "rdb-only"):
			on, ok := zeroOrOne(c, i+1)
			if !ok {
				return
			}
			h.Tell(c, ReplicaRDBOnly, on, "")
		case equalFold(name, "rdb-filter-only"):
			only, unknown := rdbFilter(value)
			h.Tell(c, ReplicaFilter, only, "")
			if unknown != nil {
				c.W.Error("ERR Unsupported rdb-filter-only option: " + CText(unknown, len(unknown)))
				return
			}
		default:
			c.W.Error("ERR Unrecognized REPLCONF option: " + CText(name, len(name)))
			return
		}
	}
	c.W.OK()
}

// rdbFilter reads the words of REPLCONF rdb-filter-only up to the first one that is unknown: what a copy is to have, and
// nothing else.
func rdbFilter(words []byte) (only int64, unknown []byte) {
	for word := range bytes.FieldsSeq(words) {
		if !equalFold(word, "functions") {
			return only, word
		}
		only |= FilterFunctions
	}
	return only, nil
}

// replicaAck notes REPLCONF ACK offset [FACK offset], whose option stands at argument i. It has no reply.
func replicaAck(c *Ctx, i int) {
	offset, ok := resp.ParseInt(c.Args[i+1])
	if !ok {
		return
	}
	durable := int64(-1)
	if i+3 < len(c.Args) && equalFold(c.Args[i+2], "fack") {
		if n, ok := resp.ParseInt(c.Args[i+3]); ok {
			durable = n
		}
	}
	c.Host.Replicas.Acknowledge(c, offset, durable)
}

// replicaPromise notes REPLCONF PROMISE number FOR milliseconds, whose option stands at argument i. It has no reply.
func replicaPromise(c *Ctx, i int) {
	if i+3 >= len(c.Args) {
		return
	}
	number, ok := resp.ParseInt(c.Args[i+1])
	ms, ok2 := resp.ParseInt(c.Args[i+3])
	if ok && ok2 {
		c.Host.Replicas.Promised(c, number, ms)
	}
}

// failover has a replica take the server's place, or gives that up.
func failover(c *Ctx) {
	h := c.Host.Replicas
	if c.Host.Cluster != nil { // the topology says who the primary is
		c.W.Error("ERR FAILOVER not allowed in cluster mode. Use CLUSTER FAILOVER command instead.")
		return
	}
	if len(c.Args) == 2 && equalFold(c.Args[1], "abort") {
		replyOK(c, h.AbortFailover())
		return
	}
	var o FailoverOptions
	for i := 1; i < len(c.Args); i++ {
		left := len(c.Args) - 1 - i
		switch word := c.Args[i]; {
		case equalFold(word, "timeout") && left >= 1 && o.TimeoutMs == 0:
			i++
			ms, ok := c.Int(i)
			if !ok {
				return
			}
			if ms <= 0 {
				c.W.Error("ERR FAILOVER timeout must be greater than 0")
				return
			}
			o.TimeoutMs = ms
		case equalFold(word, "to") && left >= 2 && !o.To:
			i += 2
			port, ok := c.Int(i)
			if !ok {
				return
			}
			o.To, o.Host, o.Port = true, string(c.Args[i-1]), port
		case equalFold(word, "force") && !o.Force:
			o.Force = true
		default:
			c.W.Error(ErrSyntax)
			return
		}
	}
	replyOK(c, h.Failover(c, o))
}

// replyOK replies an error, or OK.
func replyOK(c *Ctx, errText string) {
	if errText != "" {
		c.W.Error(errText)
		return
	}
	c.W.OK()
}

const (
	errWaitReplica = "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be " +
		"writable (which is not the default) writes to replicas are just local and are not propagated."
	errWaitAOFReplica = "ERR WAITAOF cannot be used with replica instances. Please also note that writes to replicas are just local and are not propagated."
)

// wait waits until so many replicas have what the client has written.
func wait(c *Ctx) {
	h := c.Host.Replicas
	if h.IsReplica() {
		c.W.Error(errWaitReplica)
		return
	}
	replicas, ok := c.Int(1)
	if !ok {
		return
	}
	timeout, ok := c.TimeoutMs(2)
	if !ok {
		return
	}
	offset := h.Offset(c)
	done := func() bool { return h.Acked(offset, false) >= replicas }
	over := func(w *resp.Writer) { w.Int(h.Acked(offset, false)) }
	if done() || !c.WaitUntil(done, timeout, over) {
		over(c.W)
		return
	}
	h.AskAcks(c)
}

const errAOFOff = "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."

// waitAOF waits for the AOF to be synced up to what the client has written, and for the AOFs of
// replicas.
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
	p, h := c.Host.Persistence, c.Host.Replicas
	if h.IsReplica() {
		c.W.Error(errWaitAOFReplica)
		return
	}
	pos, offset := p.Written(c), h.Offset(c)
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
		w.Int(h.Acked(offset, true))
	}
	done := func() bool {
		on, synced := p.Synced(pos)
		return local > 0 && !on || (local == 0 || synced) && h.Acked(offset, true) >= replicas
	}
	if done() || !c.WaitUntil(done, timeout, over) {
		over(c.W)
		return
	}
	if replicas > 0 {
		h.AskAcks(c)
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
