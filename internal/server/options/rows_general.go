package options

import (
	"math"
	"runtime"
)

var generalRows = []Row{
	{Name: "databases", Kind: positive, Default: "16", Group: GroupGeneral, Flags: Immutable,
		Help: "number of databases for SELECT", field: func(o *Options) cell { return &o.Databases }},
	{Name: "loglevel", Kind: levelNames, Default: "notice", Group: GroupGeneral,
		Help: "least level that is logged", field: func(o *Options) cell { return &o.LogLevel }},
	{Name: "logfile", Kind: str, Group: GroupGeneral, Flags: Immutable,
		Help: "file for the log; empty for standard error", field: func(o *Options) cell { return &o.LogFile }},
	{Name: "pidfile", Kind: str, Group: GroupGeneral, Flags: Immutable,
		Help: "file for the process id; empty for none", field: func(o *Options) cell { return &o.PIDFile }},
	{Name: "dir", Kind: dirKind{}, Group: GroupGeneral, Flags: Protected,
		Help: "working directory", field: func(o *Options) cell { return &o.Dir }},
	{Name: "hz", Kind: numberKind{max: math.MaxInt32, fix: func(n int64) int64 { return min(max(n, minHz), maxHz) }}, Default: "10",
		Group: GroupGeneral, State: Accepted, Help: "housekeeping rounds in a second",
		Means: "Kring keeps its own pace: work is driven by deadlines, not by rounds.", field: func(o *Options) cell { return &o.Hz }},
	{Name: "dynamic-hz", Kind: yesNo, Default: "yes", Group: GroupGeneral, State: Accepted,
		Help: "more rounds with more clients", Means: "See hz.", field: func(o *Options) cell { return &o.DynamicHz }},
	{Name: "shutdown-timeout", Kind: natural, Default: "10", Group: GroupGeneral,
		Help:  "seconds to wait for replicas before ending",
		field: func(o *Options) cell { return &o.ShutdownTimeout }},
	{Name: "shutdown-on-sigint", Kind: shutdownNames, Default: "default", Group: GroupGeneral, State: Accepted,
		Help: "how SIGINT ends the server", Means: "SIGINT does what SIGTERM does: shutdown-on-sigterm counts for both.",
		field: func(o *Options) cell { return &o.ShutdownOnSigint }},
	{Name: "shutdown-on-sigterm", Kind: shutdownNames, Default: "default", Group: GroupGeneral,
		Help: "how SIGTERM ends the server", Means: "Without an AOF it waits a minute for a transaction or script that writes: half of one is never saved.",
		field: func(o *Options) cell { return &o.ShutdownOnSigterm }},
	{Name: "loadmodule", Kind: lines, Group: GroupGeneral, State: Later, Flags: FileOnly | Additive,
		Help: "load a module", Means: "Kring loads no modules: their commands do not exist."},
	{Name: "locale-collate", Kind: str, Group: GroupGeneral, State: Accepted,
		Help: "locale of comparisons in SORT ALPHA", Means: "Text is compared by bytes."},
	{Name: "hide-user-data-from-log", Kind: yesNo, Default: "no", Group: GroupGeneral, State: Accepted,
		Help: "keep what clients send out of the log", Means: "Keys, values and arguments never enter the log."},
	{Name: "ignore-warnings", Kind: str, Group: GroupGeneral, State: Accepted,
		Help: "system checks whose failure is no error", Means: "Kring makes no such checks."},
}

var scriptingRows = []Row{
	{Name: "busy-reply-threshold", Aliases: []string{"lua-time-limit"}, Kind: wide, Default: "5000", Group: GroupScripting,
		Help:  "milliseconds after which a script is busy (BUSY); 0 for never",
		field: func(o *Options) cell { return &o.BusyReplyThreshold }},
	{Name: "lua-replicate-commands", Kind: lines, Group: GroupScripting, State: Accepted, Flags: FileOnly,
		Help: "an option of old Redis versions", Means: "Redis ignores it too."},
}

var observeRows = []Row{
	{Name: "slowlog-log-slower-than", Kind: integer(-1, math.MaxInt64), Default: "10000", Group: GroupObserve,
		Help:  "microseconds from which a command enters the slow log; -1 for none",
		field: func(o *Options) cell { return &o.SlowlogLogSlowerThan }},
	{Name: "slowlog-max-len", Kind: wide, Default: "128", Group: GroupObserve,
		Help: "entries of the slow log", field: func(o *Options) cell { return &o.SlowlogMaxLen }},
	{Name: "latency-monitor-threshold", Kind: wide, Default: "0", Group: GroupObserve,
		Help:  "milliseconds from which an event enters LATENCY; 0 for none",
		field: func(o *Options) cell { return &o.LatencyThreshold }},
	{Name: "latency-tracking", Kind: yesNo, Default: "yes", Group: GroupObserve,
		Help: "measure the latency of each command", field: func(o *Options) cell { return &o.LatencyTracking }},
	{Name: "latency-tracking-info-percentiles", Kind: percentileKind{}, Default: "50 99 99.9", Group: GroupObserve,
		Help:  "percentiles shown by INFO latencystats",
		field: func(o *Options) cell { return &o.LatencyPercentiles }},
	{Name: "notify-keyspace-events", Kind: eventKind{}, Group: GroupObserve,
		Help:  "keyspace events to publish, as letters; empty for none",
		field: func(o *Options) cell { return &o.NotifyKeyspaceEvents }},
}

const noProcess = "The process is left as it was started."

var hostRows = []Row{
	{Name: "daemonize", Kind: yesNo, Default: "no", Group: GroupHost, State: Accepted, Flags: Immutable | WarnIfSet,
		Help:  "run in the background",
		Means: "Kring stays in the foreground: let systemd, a container or the shell put it into the background.",
		field: func(o *Options) cell { return &o.Daemonize }},
	{Name: "supervised", Kind: supervisedNames, Default: "no", Group: GroupHost, Flags: Immutable,
		Help: "tell systemd that the server is ready", field: func(o *Options) cell { return &o.Supervised }},
	{Name: "syslog-enabled", Kind: yesNo, Default: "no", Group: GroupHost, State: Later, Flags: Immutable,
		Help: "log to the system log too", Means: "The log goes to logfile or standard error only."},
	{Name: "syslog-ident", Kind: str, Default: "redis", Group: GroupHost, State: Later, Flags: Immutable,
		Help: "name in the system log", Means: "See syslog-enabled."},
	{Name: "syslog-facility", Kind: oneOf("user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"),
		Default: "local0", Group: GroupHost, State: Later, Flags: Immutable, Help: "facility in the system log", Means: "See syslog-enabled."},
	{Name: "always-show-logo", Kind: yesNo, Default: "no", Group: GroupHost, State: Accepted, Flags: Immutable,
		Help: "draw the logo at start", Means: "Kring draws none."},
	{Name: "set-proc-title", Kind: yesNo, Default: "yes", Group: GroupHost, State: Accepted, Flags: Immutable,
		Help: "change the process title", Means: noProcess},
	{Name: "proc-title-template", Kind: textKind{check: titleTemplate}, Default: "{title} {listen-addr} {server-mode}", Group: GroupHost,
		State: Accepted, Help: "form of the process title", Means: noProcess},
	{Name: "crash-log-enabled", Kind: yesNo, Default: "yes", Group: GroupHost, State: Accepted,
		Help: "log the state at a crash", Means: "The Go runtime always prints its stacks to standard error."},
	{Name: "crash-memcheck-enabled", Kind: yesNo, Default: "yes", Group: GroupHost, State: Accepted,
		Help: "test the memory at a crash", Means: "Memory is not tested."},
	{Name: "oom-score-adj", Kind: oneOf("no", "yes", "relative", "absolute"), Default: "no", Group: GroupHost,
		Help: "tell the kernel whom to kill first when memory is short"},
	{Name: "oom-score-adj-values", Kind: oomKind{}, Default: "0 200 800", Group: GroupHost,
		Help: "scores of a primary, a replica and a child"},
	{Name: "disable-thp", Kind: yesNo, Default: "yes", Group: GroupHost, State: Accepted, Flags: Immutable,
		Help: "no transparent huge pages for this process", Means: "Huge pages do not hurt Kring: it never forks. See huge-pages.",
		field: func(o *Options) cell { return &o.DisableTHP }},
	{Name: "io-threads", Kind: integer(1, 128), Default: "1", Group: GroupHost, State: Accepted, Flags: Immutable,
		Help: "threads that read and write for clients", Means: "Commands themselves run in parallel: see reactors."},
	{Name: "io-threads-do-reads", Kind: yesNo, Default: "no", Group: GroupHost, State: Accepted, Flags: Immutable,
		Help: "those threads read too", Means: "See reactors."},
	{Name: "server_cpulist", Aliases: []string{"server-cpulist"}, Kind: str, Group: GroupHost, State: Later, Flags: Immutable,
		Help: "processors of the server", Means: "Threads are not pinned; taskset and cpusets work."},
	{Name: "bio_cpulist", Aliases: []string{"bio-cpulist"}, Kind: str, Group: GroupHost, State: Later, Flags: Immutable,
		Help: "processors of background threads", Means: "Threads are not pinned."},
	{Name: "aof_rewrite_cpulist", Aliases: []string{"aof-rewrite-cpulist"}, Kind: str, Group: GroupHost, State: Later, Flags: Immutable,
		Help: "processors of an AOF rewrite", Means: "Threads are not pinned."},
	{Name: "bgsave_cpulist", Aliases: []string{"bgsave-cpulist"}, Kind: str, Group: GroupHost, State: Later, Flags: Immutable,
		Help: "processors of a snapshot", Means: "Threads are not pinned."},
	{Name: "jemalloc-bg-thread", Kind: yesNo, Default: "yes", Group: GroupHost, State: Accepted,
		Help: "background thread of the allocator", Means: "Kring has its own arena."},
	{Name: "use-exit-on-panic", Kind: yesNo, Default: "no", Group: GroupHost, State: Accepted, Flags: Hidden,
		Help: "exit instead of aborting at a crash", Means: "The Go runtime ends the process, with exit status 2."},
	{Name: "watchdog-period", Kind: natural, Default: "0", Group: GroupHost, State: Accepted, Flags: Hidden,
		Help: "milliseconds after which a stuck server is reported", Means: "There is no watchdog."},
}

// defaultModel is the reactor wherever package netio has a Poller.
var defaultModel = func() string {
	switch runtime.GOOS {
	case "linux", "darwin", "freebsd", "netbsd", "openbsd", "dragonfly":
		return "reactor"
	}
	return "goroutine"
}()

var kringRows = []Row{
	{Name: "reactors", Kind: integer(0, 1024), Default: "0", Group: GroupKring, Flags: Immutable,
		Help: "reactors that serve clients; 0 for one per CPU", field: func(o *Options) cell { return &o.Reactors }},
	{Name: "shards", Kind: numberKind{min: 1, max: maxShards, check: powerOfTwo}, Default: "256", Group: GroupKring, Flags: Immutable,
		Help: "shards of the keyspace, a power of two", field: func(o *Options) cell { return &o.Shards }},
	{Name: "io-model", Kind: modelNames, Default: defaultModel, Group: GroupKring, Flags: Immutable,
		Help:  "who serves connections: reactors, or a goroutine for each",
		field: func(o *Options) cell { return &o.IOModel }},
	{Name: "pprof-address", Kind: textKind{hint: "host:port"}, Group: GroupKring, Flags: Immutable,
		Help: "address of an HTTP listener for Go's profiles; empty for none", field: func(o *Options) cell { return &o.PprofAddress }},
	{Name: "lua-memory-limit", Kind: bytesIn(1 << 20), Default: "268435456", Group: GroupKring,
		Help:  "memory that a script may take; beyond it, the script fails with \"not enough memory\"",
		field: func(o *Options) cell { return &o.LuaMemoryLimit }},
	{Name: "http-address", Kind: textKind{hint: "host:port"}, Group: GroupKring, Flags: Immutable,
		Help:  "address of an HTTP listener for /metrics and the page with live charts; empty for none",
		field: func(o *Options) cell { return &o.HTTPAddress }},
	{Name: "huge-pages", Kind: yesNo, Default: "yes", Group: GroupKring, Flags: Immutable,
		Help:  "ask the system for huge pages (2 MB) for the data: about a fifth less CPU per command",
		field: func(o *Options) cell { return &o.HugePages }},
}
