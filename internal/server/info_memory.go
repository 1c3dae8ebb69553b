package server

import (
	"fmt"
	"strconv"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/process"
	"github.com/kringdb/kring/store/arena"
)

// addClient adds what the client's buffers take.
func (a *execStats) addClient(se *session) {
	a.clientBytes += se.bytes()
	a.largestIn = max(a.largestIn, int64(se.conn.In().Len()+se.parser.Buffered()))
	a.largestOut = max(a.largestOut, int64(se.conn.OutBytes()))
	if se.subCount > 0 {
		a.listening++
	}
	if se.watching != nil {
		if n := se.watching.n.Load(); n > 0 {
			a.watching++
			a.watched += int64(n)
		}
	}
}

// bytes is what the session takes with its buffers, what it watches and listens to, and what
// it waits with. It runs on the session's reactor.
func (s *session) bytes() int64 {
	n := int64(sessionBytes + s.conn.In().Len() + s.parser.Buffered() + s.conn.OutBytes())
	if s.tx != nil {
		n += s.tx.calls.held
	}
	if s.watching != nil {
		n += s.watching.bytes.Load()
	}
	if s.more != nil {
		n += s.more.subs.Bytes()
	}
	if t := s.track.Load(); t != nil {
		n += t.Bytes()
	}
	if s.blocked != nil {
		n += s.argvBytes() + int64(waiterBytes+len(s.blocked.nodes)*waiterKeyBytes)
	}
	return n
}

// memoryReport says where the memory goes; clients is what they take. What is in use is the
// sum of what is accounted for, not what the Go heap holds: that grows and shrinks with its garbage.
func (s *Server) memoryReport(clients int64) command.MemoryReport {
	pool, st := arena.PoolStats(), s.store.Stats()
	aof := s.aof.current()
	own := startupBytes + clients + s.tracking.Stats().Bytes
	buffered := int64(0)
	if aof != nil {
		buffered = aof.Pending()
		own += buffered
	}
	r := command.MemoryReport{
		Total: st.UsedBytes + own, Startup: startupBytes, Clients: clients, AOFBuffer: buffered,
		Overhead: own + st.TableBytes, Dataset: st.UsedBytes - st.TableBytes, Tables: st.TableBytes,
		Allocated: st.UsedBytes, Active: pool.InUse, Resident: pool.InUse + pool.FreeResident, RSS: process.ResidentBytes(),
		Keys: st.Keys, Evicting: s.opts.MaxMemory.Load() > 0,
	}
	r.NotCounted = max(r.Total-(st.UsedBytes-st.DeadBytes+startupBytes), 0)
	r.Peak = s.notePeak(r.Total)
	for db := range s.store.Databases() {
		if s.store.Len(db) > 0 {
			r.Databases = append(r.Databases, command.DatabaseMemory{DB: db, Table: s.store.TableBytes(db)})
		}
	}
	return r
}

// Report implements command.MemoryHost.
func (h memoryHost) Report(c *command.Ctx) command.MemoryReport {
	sum, _ := h.srv.sumStats(c)
	return h.srv.memoryReport(sum.clientBytes)
}

// Purge implements command.MemoryHost.
func (h memoryHost) Purge() {
	arena.Purge()
	if h.srv.ownsProcess {
		process.FreeHeap()
	}
}

// AllocatorReport implements command.MemoryHost.
func (h memoryHost) AllocatorReport() string {
	p, st := arena.PoolStats(), h.srv.store.Stats()
	return fmt.Sprintf("address space reserved: %d\nhighest address used: %d\npages and spans in use: %d\nlive blocks: %d\n"+
		"of these tables: %d\nfree and resident: %d\ngiven back so far: %d\nhuge pages: %t\nvalues waiting to be freed: %d\n",
		p.Reserved, p.HighWater, p.InUse, st.UsedBytes, st.TableBytes, p.FreeResident, p.GivenBack, p.HugePages, st.Pending)
}

func infoMemory(s *Server, w *infoWriter) {
	r, g, st := s.memoryReport(w.sum.clientBytes), process.ReadGoMemory(), s.store.Stats()
	both := func(name string, n int64) {
		w.num(name, n)
		w.human(name+"_human", n)
	}
	ratio := func(name string, f float64) { w.str(name, strconv.FormatFloat(f, 'f', 2, 64)) }
	percent := func(name string, f float64) { w.str(name, strconv.FormatFloat(f, 'f', 2, 64)+"%") }
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
	both("total_system_memory", process.SystemBytes())
	infoScriptMemory(w)
	both("maxmemory", s.opts.MaxMemory.Load())
	w.str("maxmemory_policy", s.opts.String("maxmemory-policy"))
	ratio("allocator_frag_ratio", r.AllocatorFragmentation())
	w.num("allocator_frag_bytes", r.Active-r.Allocated)
	ratio("allocator_rss_ratio", r.AllocatorRSS())
	w.num("allocator_rss_bytes", r.Resident-r.Active)
	ratio("rss_overhead_ratio", r.RSSOverhead())
	w.num("rss_overhead_bytes", r.RSS-r.Resident)
	ratio("mem_fragmentation_ratio", r.Fragmentation())
	w.num("mem_fragmentation_bytes", r.RSS-r.Total)
	w.num("mem_not_counted_for_evict", r.NotCounted)
	w.num("mem_replication_backlog", 0)
	w.num("mem_total_replication_buffers", 0)
	w.num("mem_clients_slaves", 0)
	w.num("mem_clients_normal", r.Clients)
	w.num("mem_cluster_links", 0)
	w.num("mem_aof_buffer", r.AOFBuffer)
	w.str("mem_allocator", "kring-arena")
	w.num("mem_overhead_db_hashtable_rehashing", 0)
	w.num("active_defrag_running", s.keeper.Stats.DefragRunning.Load())
	w.num("lazyfree_pending_objects", st.Pending)
	w.num("lazyfreed_objects", int64(st.Freed)-s.base.freed.Load())
	w.num("go_heap_live_bytes", g.LiveBytes)
	w.num("go_heap_objects_bytes", g.HeapBytes)
	w.num("go_total_bytes", g.TotalBytes)
	w.num("go_heap_given_back_bytes", s.keeper.GivenBack())
	w.str("go_gc_cpu_fraction", strconv.FormatFloat(g.GCCPUFraction, 'f', 6, 64))
}

// infoScriptMemory writes the fields about scripts, of which there are none.
func infoScriptMemory(w *infoWriter) {
	for _, name := range []string{"used_memory_lua", "used_memory_vm_eval"} {
		w.num(name, 0)
	}
	w.human("used_memory_lua_human", 0)
	for _, name := range []string{
		"used_memory_scripts_eval", "number_of_cached_scripts", "number_of_functions", "number_of_libraries", "used_memory_vm_functions", "used_memory_vm_total",
	} {
		w.num(name, 0)
	}
	w.human("used_memory_vm_total_human", 0)
	w.num("used_memory_functions", 0)
	w.num("used_memory_scripts", 0)
	w.human("used_memory_scripts_human", 0)
}
