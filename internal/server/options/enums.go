package options

import "math"

// Log levels, the values of loglevel.
const (
	LogDebug int64 = iota
	LogVerbose
	LogNotice
	LogWarning
	LogNothing
)

// Eviction policies, the values of maxmemory-policy.
const (
	PolicyVolatileLRU int64 = iota
	PolicyVolatileLFU
	PolicyVolatileRandom
	PolicyVolatileTTL
	PolicyAllKeysLRU
	PolicyAllKeysLFU
	PolicyAllKeysRandom
	PolicyNoEviction
)

// When the append only file is synced, the values of appendfsync.
const (
	FsyncEverySecond int64 = iota
	FsyncAlways
	FsyncNo
)

// Who may use a protected feature, the values of enable-debug-command and its like.
const (
	AllowNo int64 = iota
	AllowYes
	AllowLocal // only from the loopback interface or a unix socket
)

// Shutdown flags, the bits of shutdown-on-sigint and shutdown-on-sigterm; 0 is default.
const (
	ShutdownSave int64 = 1 << iota
	ShutdownNoSave
	ShutdownNow
	ShutdownForce
)

// I/O models, the values of io-model.
const (
	ModelReactor int64 = iota
	ModelGoroutine
)

// What clients of a cluster are told to connect to, the values of cluster-preferred-endpoint-type.
const (
	EndpointIP int64 = iota
	EndpointHostname
	EndpointUnknown
)

// Supervision, the values of supervised.
const (
	SupervisedUpstart int64 = iota
	SupervisedSystemd
	SupervisedAuto
	SupervisedNo
)

var (
	levelNames  = enumKind{names: []string{"debug", "verbose", "notice", "warning", "nothing"}}
	policyNames = enumKind{names: []string{"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
		"allkeys-lru", "allkeys-lfu", "allkeys-random", "noeviction"}}
	fsyncNames    = enumKind{names: []string{"everysec", "always", "no"}}
	allowNames    = enumKind{names: []string{"no", "yes", "local"}}
	shutdownNames = enumKind{names: []string{"default", "save", "nosave", "now", "force"},
		values: []int64{0, ShutdownSave, ShutdownNoSave, ShutdownNow, ShutdownForce}, flags: true}
	modelNames      = enumKind{names: []string{"reactor", "goroutine"}}
	supervisedNames = enumKind{names: []string{"upstart", "systemd", "auto", "no"}}
)

// Shorthands for the rows.
var (
	yesNo    = boolKind{}
	str      = textKind{}
	natural  = integer(0, math.MaxInt32)
	positive = integer(1, math.MaxInt32)
	wide     = integer(0, math.MaxInt64)
	portKind = integer(0, 65535)
	lines    = linesKind{}
)

func oneOf(names ...string) kind { return enumKind{names: names} }

// How a full copy is loaded, the values of repl-diskless-load.
const (
	DisklessDisabled int64 = iota // from a file
	DisklessOnEmpty               // as it comes, if there are no data here
	DisklessSwap                  // as it comes, beside the data that are here
)

// What an error in the stream of the primary does, the values of propagation-error-behavior.
const (
	PropagationIgnore int64 = iota
	PropagationPanic
	PropagationPanicOnReplicas
)
