package options

import (
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sync"
)

// Options are the values of all options of one server. The fields are the ones that
// code reads; the others are reached by name. Any goroutine may read; changes go
// through Set once the server runs.
type Options struct {
	// Network
	Port, TLSPort, UnixSocketPerm, TCPBacklog, TCPKeepAlive, Timeout Int // seconds for the last two
	Bind                                                             Words
	UnixSocket                                                       Text
	ProtectedMode                                                    Bool

	// General
	LogLevel, Supervised, Databases                  Int
	LogFile, PIDFile, Dir, PprofAddress, HTTPAddress Text
	Daemonize, HugePages, DisableTHP                 Bool
	ShutdownTimeout                                  Int // seconds
	ShutdownOnSigint, ShutdownOnSigterm              Int // Shutdown... bits
	Reactors, Shards, IOModel, Hz                    Int
	DynamicHz, ActiveRehashing, ActiveDefrag         Bool
	EnableDebug, EnableProtected, EnableModules      Int // Allow... constants

	// Clients and security
	MaxClients, MaxMemoryClients, QueryBufferLimit, ProtoMaxBulkLen Int // bytes, but the first; percent if negative
	OutputLimits                                                    Value[OutputLimits]
	TrackingTableMaxKeys, ACLLogMaxLen                              Int
	RequirePass                                                     Text

	// Memory
	MaxMemory, MaxMemoryPolicy, MaxMemorySamples, EvictionTenacity      Int
	LFULogFactor, LFUDecayTime, ActiveExpireEffort                      Int
	DefragIgnoreBytes, DefragThresholdLower, DefragThresholdUpper       Int // bytes, percent, percent
	DefragCycleMin, DefragCycleMax                                      Int // percent
	LazyEviction, LazyExpire, LazyServerDel, LazyUserDel, LazyUserFlush Bool

	// Persistence
	AppendOnly, NoAppendFsyncOnRewrite, AOFLoadTruncated, AOFUseRDBPreamble, AOFTimestamps, AOFIncrementalFsync Bool
	AppendFsync, AutoAOFRewritePercentage, AutoAOFRewriteMinSize, RDBVersion                                    Int
	AppendFilename, AppendDirname, DBFilename                                                                   Text
	Save                                                                                                        Value[[]SavePoint]
	RDBCompression, RDBChecksum, RDBIncrementalFsync, StopWritesOnBgsaveError                                   Bool

	// Scripting, slow log, latency, events
	BusyReplyThreshold, LuaMemoryLimit                    Int // milliseconds, bytes
	SlowlogLogSlowerThan, SlowlogMaxLen, LatencyThreshold Int // microseconds, entries, milliseconds
	LatencyTracking                                       Bool
	LatencyPercentiles                                    Value[[]float64]
	NotifyKeyspaceEvents                                  Int // Event... bits

	// Data structures
	HashMaxListpackEntries, HashMaxListpackValue, SetMaxIntsetEntries, SetMaxListpackEntries, SetMaxListpackValue Int
	ZSetMaxListpackEntries, ZSetMaxListpackValue, ListMaxListpackSize, ListCompressDepth, HLLSparseMaxBytes       Int
	StreamNodeMaxBytes, StreamNodeMaxEntries                                                                      Int

	ReplicaOptions
	PrimaryOptions
	ClusterOptions

	cells    []cell   // by row
	path     string   // the configuration file, absolute, "" for none; constant after Load
	warnings []string // constant after Load

	mu struct {
		sync.Mutex
		hooks    map[int][]func() error
		lines    map[int]func(have [][]string) [][]string // what CONFIG REWRITE writes for FileOnly rows
		included map[int]bool                             // rows that an included file set
		fileSaid map[int]string                           // their values after the main file was read
		settled  map[int]string                           // rows whose values the start has worked out, and those
		seen     map[int]bool                             // rows that a directive set
		places   map[int]place                            // where the last of them stands
		at       place                                    // of the directive that is being read
		warned   []int                                    // the rows of warnings
		tolerate func(*LoadError)                         // of Check: takes an error, and loading goes on
	}
}

// ReplicaOptions are the options of a server that follows a primary.
type ReplicaOptions struct {
	ReplicaOf                                        Text // host and port, empty: none
	MasterAuth, MasterUser                           Text
	BindSource, ReplicaAnnounceIP                    Text
	ReplicaAnnouncePort, ReplicaPriority             Int
	ServeStaleData, ReplicaReadOnly, IgnoreMaxMemory Bool
	ReplicaAnnounced                                 Bool
	ReplTimeout                                      Int // seconds
	ReplDisklessLoad                                 Int // Diskless... constants
	PropagationErrors                                Int // Propagation... constants
	TLSReplication, TLSCluster                       Bool
}

// PrimaryOptions are the options of a server that others follow.
type PrimaryOptions struct {
	ReplBacklogSize, ReplBacklogTTL            Int // bytes, seconds
	ReplPingPeriod                             Int // seconds
	ReplDisklessDelay, ReplDisklessMaxReplicas Int // seconds, replicas
	MinReplicasToWrite, MinReplicasMaxLag      Int // replicas, seconds
	ReplDisklessSync, ReplDisableTCPNoDelay    Bool
}

// ClusterOptions are the options of a node of a cluster.
type ClusterOptions struct {
	ClusterEnabled, FullCoverage, ReadsWhenDown, ShardChannelsWhenDown           Bool
	ClusterConfigFile, ClusterCoordinator, ClusterIP, ClusterHostname            Text
	ClusterPort, ClusterAnnouncePort, ClusterAnnounceTLSPort, ClusterAnnounceBus Int
	ClusterEndpoint                                                              Int // Endpoint... constants
	NodeTimeout, ValidityFactor                                                  Int // milliseconds; times that
	LinkSendBuffer                                                               Int // bytes; 0: as many as there is room for by default
	ReplicaNoFailover, ReplicaMigration                                          Bool
	MigrationBarrier                                                             Int // replicas
	CoordinatorUser, CoordinatorPassword                                         Text
	CoordinatorCA, CoordinatorCert, CoordinatorKey                               Text // files
}

// New returns the defaults.
func New() *Options {
	o := &Options{cells: make([]cell, len(rows))}
	for i := range rows {
		if f := rows[i].field; f != nil {
			o.cells[i] = f(o)
		} else {
			o.cells[i] = rows[i].Kind.newCell()
		}
		o.cells[i].store(defaults[i])
	}
	o.mu.hooks = map[int][]func() error{}
	o.mu.lines = map[int]func([][]string) [][]string{}
	o.mu.included = map[int]bool{}
	o.mu.fileSaid = map[int]string{}
	o.mu.seen = map[int]bool{}
	o.mu.places = map[int]place{}
	return o
}

// Int returns the value of a number, memory or enum option by name. Like Bool and
// String it panics on a name that the table does not have: that is a mistake in the
// program, not of its user.
func (o *Options) Int(name string) int { return int(o.value(name).(int64)) }

// Bool returns the value of a yes/no option by name.
func (o *Options) Bool(name string) bool { return o.value(name).(bool) }

// String returns any option's value by name, in CONFIG GET's form.
func (o *Options) String(name string) string {
	e, ok := lookup(name)
	if !ok {
		panic("options: no option " + name)
	}
	return o.text(e.row)
}

func (o *Options) value(name string) any {
	e, ok := lookup(name)
	if !ok {
		panic("options: no option " + name)
	}
	return o.cells[e.row].load()
}

// text is a row's value as CONFIG GET shows it.
func (o *Options) text(row int) string {
	s := rows[row].Kind.text(o.cells[row].load())
	if _, isDir := rows[row].Kind.(dirKind); isDir && s == "" {
		if wd, err := os.Getwd(); err == nil {
			return wd
		}
	}
	return s
}

// Assign sets an option as a directive of a file would, immutable ones too: for
// programs that embed the server, and for tests. It
// runs no hooks. The error is the reason alone.
func (o *Options) Assign(name string, words ...string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.directiveLocked(name, words, false)
}

// Settle is Assign for a value that the start works out of what files and flags say: CONFIG REWRITE
// leaves their words as they are.
func (o *Options) Settle(name string, words ...string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.directiveLocked(name, words, false); err != nil {
		return err
	}
	e, _ := lookup(name)
	if o.mu.settled == nil {
		o.mu.settled = map[int]string{}
	}
	o.mu.settled[int(e.row)] = rows[e.row].Kind.text(o.cells[e.row].load())
	return nil
}

// Number returns a numeric option by its name, for tables of options.
func (o *Options) Number(name string) *Int {
	e, ok := lookup(name)
	if !ok {
		panic("options: no option " + name)
	}
	return o.cells[e.row].(*Int)
}

// OnChange registers what is to happen after CONFIG SET has changed the option: apply
// reads the new value from o. If it returns an error, its text goes to the client, all
// values of the CONFIG SET return to the old ones and the hooks that already ran are
// called again; the failed one must leave things as they were. Hooks of an option run
// in the order of registration, under a lock: they must not call Set, Assign, OnChange or
// Rewrite. Reading is always allowed, also for others whom a hook waits for.
func (o *Options) OnChange(name string, apply func() error) {
	e, ok := lookup(name)
	if !ok {
		panic("options: no option " + name)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.mu.hooks[e.row] = append(o.mu.hooks[e.row], apply)
}

// File returns the absolute path of the configuration file, "" if there is none.
func (o *Options) File() string { return o.path }

// Warnings returns what loading found worth telling, a line each; they are for the log.
func (o *Options) Warnings() []string { return o.warnings }

// Lines returns the directives of an option that only files have (rename-command,
// user, loadmodule), each in words, without the name.
func (o *Options) Lines(name string) [][]string { return splitLines(o.value(name).([]string)) }

// splitLines splits lines that linesKind has made.
func splitLines(lines []string) [][]string {
	out := make([][]string, len(lines))
	for i, l := range lines {
		words, err := SplitLine(l)
		if err != nil {
			panic(err) // linesKind quotes
		}
		out[i] = words
	}
	return out
}

// OnRewrite registers what an option that only files have is to say after CONFIG REWRITE:
// current gets the directives that there are, each in words without the name, and returns
// those that there are to be; the same if they are right as they are.
func (o *Options) OnRewrite(name string, current func(have [][]string) [][]string) {
	e, ok := lookup(name)
	if !ok {
		panic("options: no option " + name)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.mu.lines[e.row] = current
}

// Path returns name resolved against the working directory option dir.
func (o *Options) Path(name string) string {
	if dir := o.Dir.Load(); dir != "" && !filepath.IsAbs(name) {
		return filepath.Join(dir, name)
	}
	return name
}

// LevelVerbose is the slog level of loglevel verbose: between debug and notice, which
// is slog's Info.
const LevelVerbose slog.Level = -2

// SlogLevel is the least slog level that loglevel lets through.
func (o *Options) SlogLevel() slog.Level {
	switch o.LogLevel.Load() {
	case LogDebug:
		return slog.LevelDebug
	case LogVerbose:
		return LevelVerbose
	case LogNotice:
		return slog.LevelInfo
	case LogWarning:
		return slog.LevelWarn
	}
	return math.MaxInt32 // nothing
}
