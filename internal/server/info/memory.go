package info

import (
	"fmt"
	"sync"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/process"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/arena"
)

// totalSystemBytes is process.SystemBytes, which does not change.
var totalSystemBytes = sync.OnceValue(process.SystemBytes)

// Crowd is what INFO tells of all clients together.
type Crowd struct {
	Bytes      int64 // their buffers
	LargestIn  int64 // the largest input buffer
	LargestOut int64 // and the largest output
	Listening  int64 // those that listen to channels
	Watching   int64 // those that watch keys
	Watched    int64 // the keys that they watch
}

// Add adds the clients of another reactor.
func (a *Crowd) Add(b *Crowd) {
	a.Bytes += b.Bytes
	a.LargestIn = max(a.LargestIn, b.LargestIn)
	a.LargestOut = max(a.LargestOut, b.LargestOut)
	a.Listening += b.Listening
	a.Watching += b.Watching
	a.Watched += b.Watched
}

// processMemory is what the system says of the process, which takes long to ask for: as in
// Redis it may be some time old.
type processMemory struct {
	mu struct {
		sync.Mutex
		at, heapAt time.Time
		heap       process.GoMemory
		resident   int64
	}
}

// measured returns the memory of the Go runtime, at most heapFreshMs old, and the resident set, at most
// processFreshMs old.
func (p *processMemory) measured() (process.GoMemory, int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Sub(p.mu.at) > processFreshMs*time.Millisecond {
		p.mu.resident, p.mu.at = process.ResidentBytes(), now
	}
	if now.Sub(p.mu.heapAt) > heapFreshMs*time.Millisecond {
		p.mu.heap, p.mu.heapAt = process.ReadGoMemory(), now
	}
	return p.mu.heap, p.mu.resident
}

// memoryReport says where the memory goes; clients is what they take, st the store's accounts.
// Databases are left out. What is in use is the
// sum of what is accounted for, not what the Go heap holds: that grows and shrinks with its garbage.
func (s *Source) memoryReport(clients int64, st *store.Stats) command.MemoryReport {
	pool := arena.PoolStats()
	buffered, backlog := s.House.AOFBuffer(), s.House.Replication().Backlog.Bytes
	own := s.ownBytes(clients, buffered, backlog)
	_, rss := s.measured()
	r := command.MemoryReport{
		Total: st.UsedBytes + own, Startup: s.StartupBytes, Clients: clients, AOFBuffer: buffered, Backlog: backlog,
		Overhead: own + st.TableBytes, Dataset: st.UsedBytes - st.TableBytes, Tables: st.TableBytes,
		Allocated: st.UsedBytes, Active: pool.InUse, Resident: pool.InUse + pool.FreeResident, RSS: rss,
		Keys: st.Keys, Evicting: s.Options.MaxMemory.Load() > 0,
	}
	r.NotCounted = max(r.Total-(st.UsedBytes-st.DeadBytes+s.StartupBytes), 0)
	r.Peak = s.notePeak(r.Total)
	return r
}

// ownBytes is what is in use beside the store.
func (s *Source) ownBytes(clients, buffered, backlog int64) int64 {
	return s.StartupBytes + clients + s.House.Tracking().Bytes + buffered + backlog
}

// Report implements command.MemoryHost.
func (s *Source) Report(c *command.Ctx) command.MemoryReport {
	st, dbs := s.Store.Accounts()
	r := s.memoryReport(s.House.Look(c).Bytes, &st)
	for _, k := range dbs {
		r.Databases = append(r.Databases, command.DatabaseMemory{DB: k.DB, Table: s.Store.TableBytes(k.DB)})
	}
	return r
}

// AllocatorReport implements command.MemoryHost.
func (s *Source) AllocatorReport() string {
	p, st := arena.PoolStats(), s.Store.Stats()
	shared, inShared := arena.Commons()
	return fmt.Sprintf("address space reserved: %d\nhighest address used: %d\npages and spans in use: %d\nlive blocks: %d\n"+
		"of these tables: %d\nshared pages: %d\nlive blocks in them: %d\nfree and resident: %d\ngiven back so far: %d\nhuge pages: %t\nvalues waiting to be freed: %d\n",
		p.Reserved, p.HighWater, p.InUse, st.UsedBytes, st.TableBytes, shared, inShared,
		p.FreeResident, p.GivenBack, p.HugePages, st.Pending)
}

func writeMemory(s *Source, w *writer) {
	st, _ := w.accounts(s.Store)
	r := s.memoryReport(w.crowd.Bytes, st)
	g, _ := s.measured()
	both := func(name string, n int64) {
		w.num(name, n)
		w.human(name, n)
	}
	ratio := func(name string, f float64) { w.ratio(name, f, "") }
	percent := func(name string, f float64) { w.ratio(name, f, "%") }
	both("used_memory", r.Total)
	both("used_memory_rss", r.RSS)
	both("used_memory_peak", r.Peak)
	percent("used_memory_peak_perc", r.PeakPercent())
	w.num("used_memory_overhead", r.Overhead)
	w.num("used_memory_startup", r.Startup)
	w.num("used_memory_dataset", r.Dataset)
	percent("used_memory_dataset_perc", r.DatasetPercent())
	w.num("allocator_allocated", r.Allocated)
	w.num("allocator_active", r.Active)
	w.num("allocator_resident", r.Resident)
	w.num("allocator_muzzy", 0)
	both("total_system_memory", totalSystemBytes())
	writeScriptMemory(s, w)
	both("maxmemory", s.Options.MaxMemory.Load())
	w.str("maxmemory_policy", s.Options.String("maxmemory-policy"))
	ratio("allocator_frag_ratio", r.AllocatorFragmentation())
	w.num("allocator_frag_bytes", r.Active-r.Allocated)
	ratio("allocator_rss_ratio", r.AllocatorRSS())
	w.num("allocator_rss_bytes", r.Resident-r.Active)
	ratio("rss_overhead_ratio", r.RSSOverhead())
	w.num("rss_overhead_bytes", r.RSS-r.Resident)
	ratio("mem_fragmentation_ratio", r.Fragmentation())
	w.num("mem_fragmentation_bytes", r.RSS-r.Total)
	w.num("mem_not_counted_for_evict", r.NotCounted)
	w.num("mem_replication_backlog", r.Backlog)
	w.num("mem_total_replication_buffers", r.Backlog)
	w.num("mem_clients_slaves", 0)
	w.num("mem_clients_normal", r.Clients)
	w.num("mem_cluster_links", 0)
	w.num("mem_aof_buffer", r.AOFBuffer)
	w.str("mem_allocator", "kring-arena")
	w.num("mem_overhead_db_hashtable_rehashing", 0)
	w.num("active_defrag_running", s.Keeper.Stats.DefragRunning.Load())
	w.num("lazyfree_pending_objects", st.Pending)
	w.num("lazyfreed_objects", int64(st.Freed)-s.base.freed.Load())
	w.num("go_heap_live_bytes", g.LiveBytes)
	w.num("go_heap_objects_bytes", g.HeapBytes)
	w.num("go_total_bytes", g.TotalBytes)
	w.num("go_heap_given_back_bytes", s.Keeper.GivenBack())
	w.sec("go_gc_cpu_fraction", "", g.GCCPUFraction)
}

// writeScriptMemory writes the fields about scripts.
func writeScriptMemory(s *Source, w *writer) {
	sc := s.Scripts()
	evalVM, functionVM := sc.EvalVMBytes, sc.FunctionVMBytes
	w.num("used_memory_lua", evalVM)
	w.num("used_memory_vm_eval", evalVM)
	w.human("used_memory_lua", evalVM)
	w.num("used_memory_scripts_eval", sc.ScriptBytes)
	w.num("number_of_cached_scripts", sc.Scripts)
	w.num("number_of_functions", sc.Functions)
	w.num("number_of_libraries", sc.Libraries)
	w.num("used_memory_vm_functions", functionVM)
	w.num("used_memory_vm_total", evalVM+functionVM)
	w.human("used_memory_vm_total", evalVM+functionVM)
	w.num("used_memory_functions", sc.LibraryBytes)
	w.num("used_memory_scripts", sc.ScriptBytes+sc.LibraryBytes)
	w.human("used_memory_scripts", sc.ScriptBytes+sc.LibraryBytes)
}

// LookAtMemory notes how much is in use, so that the peak is that of all times, and not of those at which
// somebody asked. The clients are counted as at the last look at them. Any goroutine may call it.
func (s *Source) LookAtMemory() {
	s.notePeak(s.Store.Stats().UsedBytes + s.ownBytes(s.House.Crowd().Bytes, s.House.AOFBuffer(), s.House.Replication().Backlog.Bytes))
}

// notePeak remembers and returns the highest use of memory seen.
func (s *Source) notePeak(used int64) int64 {
	for {
		peak := s.peak.Load()
		if used <= peak {
			return peak
		}
		if s.peak.CompareAndSwap(peak, used) {
			return used
		}
	}
}
