package command

// Flag is a bit of a command's behaviour. The names in flagNames are those COMMAND
// INFO shows; flags without a name there are Kring's own.
type Flag uint64

const (
	Write            Flag = 1 << iota // may change data
	ReadOnly                          // reads data, never changes it
	DenyOOM                           // refused while above maxmemory
	Admin                             // administration: @admin, @dangerous
	PubSub                            // pub/sub related
	NoScript                          // not allowed from scripts
	Blocking                          // may block its client
	Loading                           // allowed while loading
	Stale                             // allowed on a stale replica
	SkipMonitor                       // not shown by MONITOR
	SkipSlowlog                       // not kept in the slow log
	Fast                              // O(1) or O(log N): @fast
	NoAuth                            // allowed before AUTH
	MayReplicate                      // may send replication traffic
	NoAsyncLoading                    // refused during an async load
	NoMulti                           // refused inside MULTI
	MovableKeys                       // keys are not at fixed places (derived)
	AllowBusy                         // allowed while a script is busy
	NoMandatoryKeys                   // may be called without any key
	ProtectedDebug                    // refused unless enable-debug-command allows it to the client
	ProtectedModules                  // the same with enable-module-command
	Dangerous                         // @dangerous without @admin
	KeyspaceCat                       // @keyspace although the group says otherwise
	ConnectionCat                     // @connection although the group says otherwise
	AdminCat                          // @admin without Admin
	Asking                            // as if ASKING came before it

	Exclusive       // runs with all gates held: nothing else touches the store
	Slow            // always runs on a worker (the slow lane)
	AtOnce          // runs within MULTI, too, where all others are queued
	WhileSubscribed // allowed to a RESP2 client that listens to channels
	Exec            // runs what its client has queued
	Vital           // answers for the server's health: refused like a write when the AOF has failed
	KeepsCaching    // CLIENT CACHING concerns the call after it
	OwnLocks        // takes the locks of its keys by itself, see Lane.UnderLock
	Sweeps          // goes through the keyspace, locking a shard at a time
	Refused         // there only to be refused as Redis does, or in words of our own: it counts as not there
	InAOF           // stands in an AOF although it is no write
	MayWrite        // may change data, though it is no write: what CLIENT PAUSE WRITE holds up as well
	Script          // runs a script: with all gates held, on a worker unless the script is quick
	ByText          // the script that its first argument is
	BySHA           // the script whose SHA-1 that is
)

// Protected are the flags of commands that an option allows to nobody, to local clients or to all.
const Protected = ProtectedDebug | ProtectedModules

// flagNames lists the flags in the order and with the names of COMMAND INFO.
var flagNames = []struct {
	flag Flag
	name string
}{
	{Write, "write"},
	{ReadOnly, "readonly"},
	{DenyOOM, "denyoom"},
	{Admin, "admin"},
	{PubSub, "pubsub"},
	{NoScript, "noscript"},
	{Blocking, "blocking"},
	{Loading, "loading"},
	{Stale, "stale"},
	{SkipMonitor, "skip_monitor"},
	{SkipSlowlog, "skip_slowlog"},
	{Asking, "asking"},
	{Fast, "fast"},
	{NoAuth, "no_auth"},
	{NoMandatoryKeys, "no_mandatory_keys"},
	{NoAsyncLoading, "no_async_loading"},
	{NoMulti, "no_multi"},
	{MovableKeys, "movablekeys"},
	{AllowBusy, "allow_busy"},
}

// Names returns the flag names as COMMAND INFO shows them.
func (f Flag) Names() []string {
	var out []string
	for _, fn := range flagNames {
		if f&fn.flag != 0 {
			out = append(out, fn.name)
		}
	}
	return out
}
