package options

import "math"

const noEviction = "Nothing is evicted yet: the server grows past the limit."

var memoryRows = []Row{
	{Name: "maxmemory", Kind: bytesIn(0), Default: "0", Group: GroupMemory, State: Later,
		Help: "bytes of data to stay within; 0 for no limit", Means: noEviction, field: func(o *Options) cell { return &o.MaxMemory }},
	{Name: "maxmemory-policy", Kind: policyNames, Default: "noeviction", Group: GroupMemory, State: Later,
		Help: "what to evict at the limit", Means: noEviction, field: func(o *Options) cell { return &o.MaxMemoryPolicy }},
	{Name: "maxmemory-samples", Kind: positive, Default: "5", Group: GroupMemory, State: Later,
		Help: "keys compared to find one to evict", Means: noEviction, field: func(o *Options) cell { return &o.MaxMemorySamples }},
	{Name: "maxmemory-eviction-tenacity", Kind: integer(0, 100), Default: "10", Group: GroupMemory, State: Later,
		Help: "how long one command may evict", Means: noEviction, field: func(o *Options) cell { return &o.EvictionTenacity }},
	{Name: "lfu-log-factor", Kind: natural, Default: "10", Group: GroupMemory, State: Later,
		Help: "how slowly the access counter of LFU saturates", Means: noEviction, field: func(o *Options) cell { return &o.LFULogFactor }},
	{Name: "lfu-decay-time", Kind: natural, Default: "1", Group: GroupMemory, State: Later,
		Help: "minutes after which the access counter of LFU sinks", Means: noEviction, field: func(o *Options) cell { return &o.LFUDecayTime }},
	{Name: "active-expire-effort", Kind: integer(1, 10), Default: "1", Group: GroupMemory, State: Accepted,
		Help: "effort spent on finding expired keys", Means: "Keys are not searched for: a timing wheel knows them.",
		field: func(o *Options) cell { return &o.ActiveExpireEffort }},
	{Name: "activedefrag", Kind: yesNo, Default: "no", Group: GroupMemory, State: Later,
		Help: "compact the memory while running", Means: "Sparse pages are not evacuated yet.",
		field: func(o *Options) cell { return &o.ActiveDefrag }},
	{Name: "active-defrag-ignore-bytes", Kind: bytesIn(1), Default: "104857600", Group: GroupMemory, State: Later,
		Help: "waste below which nothing is compacted", Means: "See activedefrag."},
	{Name: "active-defrag-threshold-lower", Kind: integer(0, 1000), Default: "10", Group: GroupMemory, State: Later,
		Help: "percentage of waste to begin at", Means: "See activedefrag."},
	{Name: "active-defrag-threshold-upper", Kind: integer(0, 1000), Default: "100", Group: GroupMemory, State: Later,
		Help: "percentage of waste for the greatest effort", Means: "See activedefrag."},
	{Name: "active-defrag-cycle-min", Kind: integer(1, 99), Default: "1", Group: GroupMemory, State: Later,
		Help: "least percentage of CPU for it", Means: "See activedefrag."},
	{Name: "active-defrag-cycle-max", Kind: integer(1, 99), Default: "25", Group: GroupMemory, State: Later,
		Help: "largest percentage of CPU for it", Means: "See activedefrag."},
	{Name: "active-defrag-max-scan-fields", Kind: integer(1, math.MaxInt64), Default: "1000", Group: GroupMemory, State: Later,
		Help: "elements of a collection handled at once", Means: "See activedefrag."},
	{Name: "activerehashing", Kind: yesNo, Default: "yes", Group: GroupMemory, State: Accepted,
		Help: "rehash in idle time", Means: "Tables grow by splitting single segments: there is no rehash.",
		field: func(o *Options) cell { return &o.ActiveRehashing }},
}

const lazyMeans = "Large values are always freed in the background."

var lazyFreeRows = []Row{
	{Name: "lazyfree-lazy-eviction", Kind: yesNo, Default: "no", Group: GroupLazyFree, State: Accepted,
		Help: "free evicted values in the background", Means: lazyMeans, field: func(o *Options) cell { return &o.LazyEviction }},
	{Name: "lazyfree-lazy-expire", Kind: yesNo, Default: "no", Group: GroupLazyFree, State: Accepted,
		Help: "free expired values in the background", Means: lazyMeans, field: func(o *Options) cell { return &o.LazyExpire }},
	{Name: "lazyfree-lazy-server-del", Kind: yesNo, Default: "no", Group: GroupLazyFree, State: Accepted,
		Help: "free overwritten values in the background", Means: lazyMeans, field: func(o *Options) cell { return &o.LazyServerDel }},
	{Name: "lazyfree-lazy-user-del", Kind: yesNo, Default: "no", Group: GroupLazyFree, State: Accepted,
		Help: "DEL works as UNLINK", Means: lazyMeans, field: func(o *Options) cell { return &o.LazyUserDel }},
	{Name: "lazyfree-lazy-user-flush", Kind: yesNo, Default: "no", Group: GroupLazyFree, State: Accepted,
		Help: "FLUSHALL and FLUSHDB without a word work as ASYNC", Means: "A flush always detaches the data at once.",
		field: func(o *Options) cell { return &o.LazyUserFlush }},
}

const noType = "The type does not exist yet."

var dataRows = []Row{
	{Name: "hash-max-listpack-entries", Aliases: []string{"hash-max-ziplist-entries"}, Kind: wide, Default: "512", Group: GroupData, State: Working,
		Help: "fields up to which a hash is packed", Means: noType, field: func(o *Options) cell { return &o.HashMaxListpackEntries }},
	{Name: "hash-max-listpack-value", Aliases: []string{"hash-max-ziplist-value"}, Kind: bytesIn(0), Default: "64", Group: GroupData, State: Working,
		Help: "longest field or value of a packed hash", Means: noType, field: func(o *Options) cell { return &o.HashMaxListpackValue }},
	{Name: "list-max-listpack-size", Aliases: []string{"list-max-ziplist-size"}, Kind: integer(math.MinInt32, math.MaxInt32), Default: "-2",
		Group: GroupData, State: Later, Help: "size of a list's nodes: elements, or -1 to -5 for 4 to 64 KB", Means: noType,
		field: func(o *Options) cell { return &o.ListMaxListpackSize }},
	{Name: "list-compress-depth", Kind: natural, Default: "0", Group: GroupData, State: Later,
		Help: "nodes at a list's ends that stay uncompressed; 0 for all", Means: noType, field: func(o *Options) cell { return &o.ListCompressDepth }},
	{Name: "list-max-ziplist-entries", Kind: lines, Group: GroupData, State: Accepted, Flags: FileOnly,
		Help: "an option of old Redis versions", Means: "Redis ignores it too."},
	{Name: "list-max-ziplist-value", Kind: lines, Group: GroupData, State: Accepted, Flags: FileOnly,
		Help: "an option of old Redis versions", Means: "Redis ignores it too."},
	{Name: "set-max-intset-entries", Kind: wide, Default: "512", Group: GroupData, State: Working,
		Help: "elements up to which a set of integers is packed", field: func(o *Options) cell { return &o.SetMaxIntsetEntries }},
	{Name: "set-max-listpack-entries", Kind: wide, Default: "128", Group: GroupData, State: Working,
		Help: "elements up to which a set is packed", field: func(o *Options) cell { return &o.SetMaxListpackEntries }},
	{Name: "set-max-listpack-value", Kind: bytesIn(0), Default: "64", Group: GroupData, State: Working,
		Help: "longest element of a packed set", field: func(o *Options) cell { return &o.SetMaxListpackValue }},
	{Name: "zset-max-listpack-entries", Aliases: []string{"zset-max-ziplist-entries"}, Kind: wide, Default: "128", Group: GroupData, State: Working,
		Help: "elements up to which a sorted set is packed", field: func(o *Options) cell { return &o.ZSetMaxListpackEntries }},
	{Name: "zset-max-listpack-value", Aliases: []string{"zset-max-ziplist-value"}, Kind: bytesIn(0), Default: "64", Group: GroupData, State: Working,
		Help: "longest element of a packed sorted set", field: func(o *Options) cell { return &o.ZSetMaxListpackValue }},
	{Name: "hll-sparse-max-bytes", Kind: bytesIn(0), Default: "3000", Group: GroupData, State: Later,
		Help: "bytes up to which a HyperLogLog is sparse", Means: noType, field: func(o *Options) cell { return &o.HLLSparseMaxBytes }},
	{Name: "stream-node-max-bytes", Kind: bytesIn(0), Default: "4096", Group: GroupData, State: Later,
		Help: "bytes of a stream's node; 0 for no bound", Means: noType, field: func(o *Options) cell { return &o.StreamNodeMaxBytes }},
	{Name: "stream-node-max-entries", Kind: wide, Default: "100", Group: GroupData, State: Later,
		Help: "entries of a stream's node; 0 for no bound", Means: noType, field: func(o *Options) cell { return &o.StreamNodeMaxEntries }},
}
