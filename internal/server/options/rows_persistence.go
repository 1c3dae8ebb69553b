package options

import "math"

const (
	noDelay = "Nothing is slowed down on purpose."
)

var snapshotRows = []Row{
	{Name: "save", Kind: saveKind{}, Default: "3600 1 300 100 60 10000", Group: GroupSnapshot, Flags: Additive,
		Help:  "take a snapshot after so many seconds if there were so many changes; \"\" for never",
		field: func(o *Options) cell { return &o.Save }},
	{Name: "dbfilename", Kind: textKind{check: fileName("dbfilename", true)}, Default: "dump.rdb", Group: GroupSnapshot,
		Flags: Protected, Help: "name of the snapshot's file", field: func(o *Options) cell { return &o.DBFilename }},
	{Name: "rdbcompression", Kind: yesNo, Default: "yes", Group: GroupSnapshot,
		Help: "compress strings in a snapshot", field: func(o *Options) cell { return &o.RDBCompression }},
	{Name: "rdbchecksum", Kind: yesNo, Default: "yes", Group: GroupSnapshot, Flags: Immutable,
		Help: "checksum at the end of a snapshot", field: func(o *Options) cell { return &o.RDBChecksum }},
	{Name: "stop-writes-on-bgsave-error", Kind: yesNo, Default: "yes", Group: GroupSnapshot,
		Help: "refuse writes after a failed snapshot", field: func(o *Options) cell { return &o.StopWritesOnBgsaveError }},
	{Name: "rdb-save-incremental-fsync", Kind: yesNo, Default: "yes", Group: GroupSnapshot,
		Help: "sync a snapshot piece by piece", field: func(o *Options) cell { return &o.RDBIncrementalFsync }},
	{Name: "rdb-del-sync-files", Kind: yesNo, Default: "no", Group: GroupSnapshot, State: Accepted,
		Help: "delete snapshots made for replicas", Means: "A file that is made for replicas goes when the last of them has been sent it."},
	{Name: "sanitize-dump-payload", Kind: oneOf("no", "yes", "clients"), Default: "no", Group: GroupSnapshot, State: Accepted,
		Help:  "verify what RESTORE and a snapshot bring",
		Means: "All is always verified, element by element: values are built from their elements, whoever sends them."},
	{Name: "rdb-version", Kind: integer(10, 12), Default: "11", Group: GroupSnapshot,
		Help:  "version of the format that is written; deadlines of hash fields need 12, and get it",
		field: func(o *Options) cell { return &o.RDBVersion }},
	{Name: "rdb-key-save-delay", Kind: integer(math.MinInt32, math.MaxInt32), Default: "0", Group: GroupSnapshot, State: Accepted, Flags: Hidden,
		Help: "microseconds to wait per saved key, for tests", Means: noDelay},
	{Name: "loading-process-events-interval-bytes", Kind: integer(1024, math.MaxInt32), Default: "2097152", Group: GroupSnapshot,
		State: Accepted, Flags: Hidden,
		Help: "bytes loaded between two looks at clients", Means: "Clients are answered all the time: loading has a goroutine of its own."},
	{Name: "key-load-delay", Kind: integer(math.MinInt32, math.MaxInt32), Default: "0", Group: GroupSnapshot, State: Accepted, Flags: Hidden,
		Help: "microseconds to wait per loaded key, for tests", Means: noDelay},
}

var appendOnlyRows = []Row{
	{Name: "appendonly", Kind: yesNo, Default: "no", Group: GroupAppendOnly,
		Help: "log every write to the append only file", field: func(o *Options) cell { return &o.AppendOnly }},
	{Name: "appendfilename", Kind: textKind{check: fileName("appendfilename", false)}, Default: "appendonly.aof", Group: GroupAppendOnly,
		Flags: Immutable, Help: "stem of its files' names", field: func(o *Options) cell { return &o.AppendFilename }},
	{Name: "appenddirname", Kind: textKind{check: dirName("appenddirname")}, Default: "appendonlydir", Group: GroupAppendOnly,
		Flags: Immutable, Help: "directory of its files", field: func(o *Options) cell { return &o.AppendDirname }},
	{Name: "appendfsync", Kind: fsyncNames, Default: "everysec", Group: GroupAppendOnly,
		Help: "when it is synced to disk", field: func(o *Options) cell { return &o.AppendFsync }},
	{Name: "no-appendfsync-on-rewrite", Kind: yesNo, Default: "no", Group: GroupAppendOnly,
		Help: "do not sync while it is rewritten", field: func(o *Options) cell { return &o.NoAppendFsyncOnRewrite }},
	{Name: "auto-aof-rewrite-percentage", Kind: natural, Default: "100", Group: GroupAppendOnly,
		Help: "growth that starts a rewrite; 0 for never", field: func(o *Options) cell { return &o.AutoAOFRewritePercentage }},
	{Name: "auto-aof-rewrite-min-size", Kind: bytesIn(0), Default: "67108864", Group: GroupAppendOnly,
		Help: "size below which it is not rewritten", field: func(o *Options) cell { return &o.AutoAOFRewriteMinSize }},
	{Name: "aof-load-truncated", Kind: yesNo, Default: "yes", Group: GroupAppendOnly,
		Help: "load a file whose end was cut", field: func(o *Options) cell { return &o.AOFLoadTruncated }},
	{Name: "aof-use-rdb-preamble", Kind: yesNo, Default: "yes", Group: GroupAppendOnly,
		Help: "begin a rewritten file with a snapshot", field: func(o *Options) cell { return &o.AOFUseRDBPreamble }},
	{Name: "aof-timestamp-enabled", Kind: yesNo, Default: "no", Group: GroupAppendOnly,
		Help: "note the time in it", field: func(o *Options) cell { return &o.AOFTimestamps }},
	{Name: "aof-rewrite-incremental-fsync", Kind: yesNo, Default: "yes", Group: GroupAppendOnly,
		Help: "sync a rewrite piece by piece", field: func(o *Options) cell { return &o.AOFIncrementalFsync }},
	{Name: "aof-disable-auto-gc", Kind: yesNo, Default: "no", Group: GroupAppendOnly, State: Later,
		Help: "keep files that are no longer needed", Means: "Files that are no longer needed are deleted always."},
}
