package command

import (
	"strconv"
	"strings"
)

var (
	memoryTips      = []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"}
	memoryPurgeTips = []string{"request_policy:all_shards", "response_policy:all_succeeded"}
)

var memorySpecs = []*Spec{
	{
		Name: "memory", Arity: -2, Group: GroupServer, Since: "4.0.0", Complexity: "Depends on subcommand.",
		Summary: "Commands about memory.",
		Subs: []*Spec{
			{
				Name: "usage", Arity: -3, Flags: ReadOnly, Keys: []KeySpec{KeyAt(2, KeyRO)}, Group: GroupServer, Handler: memoryUsage,
				Since: "4.0.0", Complexity: "O(1)", Summary: "Returns the exact number of bytes that a key and its value take.",
				Syntax: "key [SAMPLES count:integer]",
			},
			{
				Name: "stats", Arity: 2, Flags: Slow, Group: GroupServer, Handler: memoryStats, Tips: memoryTips,
				Since: "4.0.0", Complexity: "O(S) where S is the number of shards", Summary: "Returns where the memory goes.",
			},
			{
				Name: "doctor", Arity: 2, Flags: Slow, Group: GroupServer, Handler: memoryDoctor, Tips: memoryTips,
				Since: "4.0.0", Complexity: "O(S) where S is the number of shards", Summary: "Tells what about the memory looks unhealthy.",
			},
			{
				Name: "malloc-stats", Arity: 2, Flags: Slow, Group: GroupServer, Handler: memoryMallocStats, Tips: memoryTips,
				Since: "4.0.0", Complexity: "O(1)", Summary: "Returns the state of the allocator.",
			},
			{
				Name: "purge", Arity: 2, Flags: Slow, Group: GroupServer, Handler: memoryPurge, Tips: memoryPurgeTips,
				Since: "4.0.0", Complexity: "Depends on how much memory is free.", Summary: "Gives free memory back to the system.",
			},
			helpSpec(GroupServer, "4.0.0"),
		},
	},
}

func memoryUsage(c *Ctx) {
	for i := 3; i < len(c.Args); i += 2 {
		if !equalFold(c.Args[i], "samples") || i+1 == len(c.Args) {
			c.W.Error(ErrSyntax)
			return
		}
		n, ok := c.Int(i + 1)
		if !ok {
			return
		}
		if n < 0 {
			c.W.Error(ErrSyntax)
			return
		}
	}
	e := c.Store.Find(c.DB, c.Keys[0], c.Now)
	if e.A == 0 {
		c.W.Null()
		return
	}
	c.W.Int(c.Store.MemoryUsage(e))
}

func memoryStats(c *Ctx) {
	r := c.Host.Memory.Report(c)
	ints := func(name string, n int64) {
		c.W.BulkString(name)
		c.W.Int(n)
	}
	floats := func(name string, f float64) {
		c.W.BulkString(name)
		c.W.Double(f)
	}
	c.W.Map(memoryStatsFields + len(r.Databases))
	ints("peak.allocated", r.Peak)
	ints("total.allocated", r.Total)
	ints("startup.allocated", r.Startup)
	ints("replication.backlog", r.Backlog)
	ints("clients.slaves", 0)
	ints("clients.normal", r.Clients)
	ints("cluster.links", 0)
	ints("aof.buffer", r.AOFBuffer)
	ints("lua.caches", 0)
	ints("functions.caches", 0)
	for _, d := range r.Databases {
		c.W.BulkString("db." + strconv.Itoa(d.DB))
		c.W.Map(2)
		ints("overhead.hashtable.main", d.Table)
		ints("overhead.hashtable.expires", 0) // the same table
	}
	ints("overhead.db.hashtable.lut", r.Tables)
	ints("overhead.db.hashtable.rehashing", 0)
	ints("db.dict.rehashing.count", 0)
	ints("overhead.total", r.Overhead)
	ints("keys.count", r.Keys)
	ints("keys.bytes-per-key", r.KeyBytes())
	ints("dataset.bytes", r.Dataset)
	floats("dataset.percentage", r.DatasetPercent())
	floats("peak.percentage", r.PeakPercent())
	ints("allocator.allocated", r.Allocated)
	ints("allocator.active", r.Active)
	ints("allocator.resident", r.Resident)
	ints("allocator.muzzy", 0)
	floats("allocator-fragmentation.ratio", r.AllocatorFragmentation())
	ints("allocator-fragmentation.bytes", r.Active-r.Allocated)
	floats("allocator-rss.ratio", r.AllocatorRSS())
	ints("allocator-rss.bytes", r.Resident-r.Active)
	floats("rss-overhead.ratio", r.RSSOverhead())
	ints("rss-overhead.bytes", r.RSS-r.Resident)
	floats("fragmentation", r.Fragmentation())
	ints("fragmentation.bytes", r.RSS-r.Total)
}

// memoryStatsFields is how many fields MEMORY STATS has besides the databases.
const memoryStatsFields = 31

// doctorMinBytes is how much must be in use for a diagnosis.
const doctorMinBytes = 5 << 20

func memoryDoctor(c *Ctx) {
	r := c.Host.Memory.Report(c)
	c.W.Verbatim("txt", []byte(diagnosis(&r)))
}

// diagnosis is the text of MEMORY DOCTOR.
func diagnosis(r *MemoryReport) string {
	if r.Allocated < doctorMinBytes {
		return "There is next to no data here: ask again when there is some.\n"
	}
	var b strings.Builder
	note := func(bad bool, text string) {
		if bad {
			b.WriteString(" * " + text + "\n\n")
		}
	}
	note(r.PeakPercent() < 66, "The peak was more than one and a half times what is in use now. Memory that was freed goes back to the system "+
		"within seconds; mem_fragmentation_ratio may be high until then.")
	note(r.AllocatorFragmentation() > 1.4 && r.Active-r.Allocated > 10<<20, "The pages of the data are badly filled. Compaction moves blocks together "+
		"when more than 15% is unused; with activedefrag yes it begins earlier and may take more time.")
	note(r.AllocatorRSS() > 1.25 && r.Resident-r.Active > 10<<20, "Much free memory is still resident. MEMORY PURGE gives it back at once.")
	note(r.RSSOverhead() > 1.5 && r.RSS-r.Resident > 64<<20, "The process takes much more than its data: look at go_heap_objects_bytes in INFO memory, "+
		"and at the buffers of clients in CLIENT LIST.")
	note(r.Clients > 200<<20, "The clients' buffers take more than 200 MB: maxmemory-clients and client-output-buffer-limit bound them.")
	if b.Len() == 0 {
		return "Nothing about the memory looks unhealthy.\n"
	}
	return "What looks unhealthy about the memory:\n\n" + b.String()
}

func memoryMallocStats(c *Ctx) { c.W.Verbatim("txt", []byte(c.Host.Memory.AllocatorReport())) }

func memoryPurge(c *Ctx) {
	c.Lane.Unlocked(c.Host.Memory.Purge)
	c.W.OK()
}
