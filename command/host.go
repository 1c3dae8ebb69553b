package command

import "github.com/kringdb/kring/store"

// Client is the connection that sent a command, as the handlers see it. All methods
// are called on the connection's own executor.
type Client interface {
	ID() int64
	Select(db int)                // of calls to come; Ctx.DB is the handler's affair
	Proto() int                   // 2 or 3
	SetProto(int)                 // takes effect with the next reply
	Authenticated() bool          //
	SetAuthenticated(user string) //
	User() string                 //
	Name() string                 //
	SetName(string)               // "" removes it
	SetLib(attr, value string)    // attr: "lib-name" or "lib-ver"
	SetReply(ReplyMode)           //
	Pushing(on bool)              // what is written between on and off is no reply: CLIENT REPLY does not concern it
	SetNoEvict(bool)              //
	SetNoTouch(bool)              //
	SetReadOnly(bool)             // READONLY and READWRITE
	SetAsking()                   // ASKING
	Reset()                       // RESET: everything back to a fresh connection
	BeginMulti() bool             // MULTI; false: it is open already
	InMulti() bool                //
	DiscardMulti() bool           // drops queue and watches; false: there is no MULTI
	Unwatch()                     // forgets all watched keys
	Monitor() bool                // MONITOR; false: it does already
	CloseAfterReply()             // QUIT, CLIENT KILL of oneself
	AppendInfo(dst []byte) []byte // the CLIENT INFO line, without newline

	// What the client listens to.
	Subscribe(kind SubKind, name []byte)
	Unsubscribe(kind SubKind, name []byte)
	Subscribed(kind SubKind) [][]byte // names
	Subscriptions(kind SubKind) int   // how many
	Listening() bool                  // to anything

	Tracking() Tracking   // its client-side caching
	SetTracking(Tracking) // all gates are held; Caching and Broken become false
	SetCaching()          // CLIENT CACHING

	// Watch breaks the next transaction if k, whose shard is locked, changes; there
	// tells whether it exists now.
	Watch(db int, k store.Key, there bool)
}

// ReplyMode is the state set by CLIENT REPLY.
type ReplyMode uint8

const (
	ReplyOn ReplyMode = iota
	ReplyOff
	ReplySkip
)

// ClientFilter selects connections for CLIENT KILL and CLIENT LIST. Zero fields
// select everything.
type ClientFilter struct {
	IDs        []int64 // any of these
	Addr       *string
	LocalAddr  *string
	User       string
	Type       string // normal, master, replica, pubsub
	MaxAgeSecs int64
	SkipID     int64 // never this one (SKIPME)
}

// ConfigPair is one line of CONFIG GET.
type ConfigPair struct{ Name, Value string }

// ShutdownOptions are the modifiers of SHUTDOWN.
type ShutdownOptions struct{ Save, NoSave, Now, Force, Abort bool }

// Host is the running server as the handlers see it, by subject. A method that has to know who
// asks, or that waits for the reactors, takes the caller's Ctx: there is one Host for all. A
// returned error text is a whole reply error, prefix included; empty means success.
type Host struct {
	Table       *Table
	Config      ConfigHost
	Users       UsersHost
	Clients     ClientsHost
	PubSub      PubSubHost
	Stats       StatsHost
	Memory      MemoryHost
	Persistence PersistenceHost
	Process     ProcessHost
	Peers       PeersHost
	Scripts     ScriptsHost
	Replica     ReplicaHost
	Replicas    ReplicasHost
	Cluster     ClusterHost // nil: the server is no node of a cluster
}

// mode is what HELLO calls the server.
func (h *Host) mode() string {
	if h.Cluster != nil {
		return "cluster"
	}
	return "standalone"
}

// role is what HELLO says of the server's part in replication. ROLE and INFO have older words for it.
func (h *Host) role() string {
	if h.Replicas.IsReplica() {
		return "replica"
	}
	return "master"
}

// ReplicaHost is the server as a replica. Its methods let go of the caller's gate: from workers only.
type ReplicaHost interface {
	// Follow makes the server a replica of another one; same: it is already.
	Follow(c *Ctx, host string, port int) (same bool)
	// Unfollow makes it a primary.
	Unfollow(c *Ctx)
}

// ReplicasHost is the server as somebody whom others follow.
type ReplicasHost interface {
	// Role is what ROLE shows.
	Role() Role
	// Sync makes the caller's connection a replica's, unless it says why not.
	Sync(c *Ctx, q SyncRequest) (errText string)
	// Tell notes what REPLCONF says of the caller's connection.
	Tell(c *Ctx, what ReplicaFact, n int64, text string)
	// Acknowledge notes up to which offset a replica has the stream, and has it in its AOF (-1: it does not say).
	Acknowledge(c *Ctx, offset, durable int64)
	// Promised notes that the caller, a replica, will not lead its shard for a time, as it was asked with a number.
	Promised(c *Ctx, number, ms int64)

	// Offset is the offset behind what the caller's client has written last. Acked is how many
	// replicas have the stream up to there, or have it in their AOFs; any goroutine may ask that.
	Offset(c *Ctx) int64
	Acked(offset int64, durable bool) (replicas int64)
	// AskAcks has all replicas say how far they are.
	AskAcks(c *Ctx)
	// Renew gives the history new names: no replica can go on from the old ones.
	Renew()
	// IsReplica tells whether the server follows another one.
	IsReplica() bool

	// Failover begins to have a replica take the server's place: from a worker only. AbortFailover ends that.
	Failover(c *Ctx, o FailoverOptions) (errText string)
	AbortFailover() (errText string)
}

// SyncRequest is what a replica asks for.
type SyncRequest struct {
	PSYNC    bool   // else SYNC
	ID       string // of the history that it has; "?": none
	Offset   int64  // of the first byte that it wants, counted from 1
	TakeOver bool   // the server, which follows the one who asks, is to become the primary
}

// FailoverOptions are the modifiers of FAILOVER.
type FailoverOptions struct {
	To        bool // a replica is named
	Host      string
	Port      int64
	Force     bool  // go on when the time is over
	TimeoutMs int64 // 0: none
}

// Role is a server in replication.
type Role struct {
	Offset   int64         // of the stream, -1: a replica is not connected
	Replicas []ReplicaRole // those that follow
	Host     string        // of the primary, "": the server is one
	Port     int
	State    string // of the link to it
}

// ReplicaRole is a replica as its primary sees it.
type ReplicaRole struct {
	IP     string
	Port   int
	Offset int64 // that it has acknowledged
}

// ReplicaFact is what a replica says of itself.
type ReplicaFact uint8

const (
	ReplicaPort    ReplicaFact = iota // that it listens on
	ReplicaIP                         // that it is to be shown with
	ReplicaEOF                        // it understands a copy whose length is not told
	ReplicaPSYNC2                     // it understands that a history has got another name
	ReplicaVersion                    // of the software, which Redis tells from 7.2 on
	ReplicaRDBOnly                    // it wants a copy, and no stream
	ReplicaFilter                     // it wants a copy that has nothing but these: FilterFunctions or 0
	ReplicaNode                       // its id as a node of a cluster
)

// FilterFunctions is the bit of ReplicaFilter that stands for libraries of functions.
const FilterFunctions = 1

// ConfigHost is the options.
type ConfigHost interface {
	Get(patterns [][]byte) []ConfigPair
	// Set and Rewrite let go of the caller's gate: from workers only.
	Set(c *Ctx, pairs [][]byte) (errText string)
	Rewrite(c *Ctx) (errText string)
}

// ClientsHost is all connections.
type ClientsHost interface {
	// The three below ask every reactor and wait for it: only from a Slow command.
	AppendList(c *Ctx, dst []byte, f *ClientFilter) []byte
	Kill(c *Ctx, f *ClientFilter) (killed int)
	Unblock(c *Ctx, id int64, withError bool) bool // false: it was not blocked

	// Pause lets commands wait, all or those that may write. All gates are held.
	Pause(forMs int64, all bool)
	Unpause()

	Has(id int64) bool // whether it is connected
}

// PubSubHost is the channels, and who listens to them.
type PubSubHost interface {
	// Publish sends a message to all who listen, here and at others: replicas, or nodes of the cluster. It returns how many
	// hear it here. Deliver is that for those here alone.
	Publish(c *Ctx, kind SubKind, channel, message []byte) (heard int)
	Deliver(c *Ctx, kind SubKind, channel, message []byte) (heard int)
	Channels(kind SubKind, pattern []byte) []string // in use; pattern nil: all
	CountChannels(kind SubKind) int                 // how many are in use
	Listeners(kind SubKind, channel []byte) int     // who listens to one
}

// ReloadOptions are the modifiers of DEBUG RELOAD.
type ReloadOptions struct{ NoSave, NoFlush, Merge bool }

// PersistenceHost is the AOF and the snapshots.
type PersistenceHost interface {
	RewriteAOF() (waits bool, errText string) // begins a rewrite in the background, or has it wait for its turn
	LoadAOF() (errText string)                // empties everything and loads the AOF, see DEBUG LOADAOF

	// Written is the position of the journal behind what the caller's client has written last.
	// Synced tells whether there is an AOF, and whether it is synced up to a position; any
	// goroutine may call it.
	Written(c *Ctx) (pos uint64)
	Synced(pos uint64) (on, synced bool)

	Save() (errText string)                               // saves a snapshot, and waits for that
	BeginSave(schedule bool) (waits bool, errText string) // in the background; schedule: after another job, if one runs
	LastSave() int64                                      // seconds since 1970
	Reload(o ReloadOptions) (errText string)              // DEBUG RELOAD
}

// ProcessHost is the process that the server runs in.
type ProcessHost interface {
	Shutdown(o ShutdownOptions) (errText string) // on success the process ends; no reply is sent
	SetActiveExpire(on bool)
	Log(text string) // DEBUG LOG
	// Crash ends the process as it stands, for tests of what then happens; it returns only if that may not be.
	Crash(word string) (errText string)
}
