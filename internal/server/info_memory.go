package server

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/process"
	"github.com/kringdb/kring/netio"
	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/arena"
)

// totalSystemBytes is process.SystemBytes, which does not change.
var totalSystemBytes = sync.OnceValue(process.SystemBytes)

// crowd is what INFO tells of all clients together.
type crowd struct {
	bytes      int64 // their buffers
	largestIn  int64 // the largest input buffer
	largestOut int64 // and the largest output
	listening  int64 // those that listen to channels
	watching   int64 // those that watch keys
	watched    int64 // the keys that they watch
}

func (a *crowd) add(b *crowd) {
	a.bytes += b.bytes
	a.largestIn = max(a.largestIn, b.largestIn)
	a.largestOut = max(a.largestOut, b.largestOut)
	a.listening += b.listening
	a.watching += b.watching
	a.watched += b.watched
}

// crowdSums is the last look at all clients. They belong to their reactors, so that a look
// asks all of those; who looks again within crowdFreshMs is told the same.
type crowdSums struct {
	mu struct {
		sync.Mutex
		at  time.Time
		sum crowd
	}
}

// known returns the last look, and whether it is fresh.
func (c *crowdSums) known() (sum crowd, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.sum, time.Since(c.mu.at) < crowdFreshMs*time.Millisecond
}

// lookAtClients takes a look, by whoever has a way to ask the reactors.
func (s *Server) lookAtClients(ask func(func(*netio.Reactor, *executor))) crowd {
	parts := make([]crowd, len(s.execs))
	ask(func(r *netio.Reactor, _ *executor) {
		eachSession(r, func(se *session) { parts[r.Index()].addClient(se) })
	})
	var sum crowd
	for i := range parts {
		sum.add(&parts[i])
	}
	c := &s.crowd
	c.mu.Lock()
	c.mu.at, c.mu.sum = time.Now(), sum
	c.mu.Unlock()
	return sum
}

// clientsFor is what is known of the clients: a call on a worker, which may ask the
// reactors, takes a look if the last one is old.
func (s *Server) clientsFor(c *command.Ctx) crowd {
	sum, fresh := s.crowd.known()
	if !fresh && executorOf(c).Reactor < 0 {
		sum = s.lookAtClients(func(f func(*netio.Reactor, *executor)) { s.askReactors(c, f) })
	}
	return sum
}

// processMemory is what the system says of the process, which takes long to ask for: as in
// Redis it may be some time old.
type processMemory struct {
	mu struct {
		sync.Mutex
		at       time.Time
		heap     process.GoMemory
		resident int64
	}
}

// measured returns the memory of the Go runtime and the resident set, at most
// processFreshMs old.
func (p *processMemory) measured() (process.GoMemory, int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); now.Sub(p.mu.at) > processFreshMs*time.Millisecond {
		p.mu.heap, p.mu.resident, p.mu.at = process.ReadGoMemory(), process.ResidentBytes(), now
	}
	return p.mu.heap, p.mu.resident
}

// addClient adds what the client's buffers take.
func (a *crowd) addClient(se *session) {
	a.bytes += se.bytes()
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

// memoryReport says where the memory goes; clients is what they take, st the store's accounts.
// Databases are left out. What is in use is the
// sum of what is accounted for, not what the Go heap holds: that grows and shrinks with its garbage.
func (s *Server) memoryReport(clients int64, st *store.Stats) command.MemoryReport {
	pool := arena.PoolStats()
	aof := s.aof.current()
	own := startupBytes + clients + s.tracking.Stats().Bytes
	buffered := int64(0)
	if aof != nil {
		buffered = aof.Pending()
		own += buffered
	}
	_, rss := s.measured()
	r := command.MemoryReport{
		Total: st.UsedBytes + own, Startup: startupBytes, Clients: clients, AOFBuffer: buffered,
		Overhead: own + st.TableBytes, Dataset: st.UsedBytes - st.TableBytes, Tables: st.TableBytes,
		Allocated: st.UsedBytes, Active: pool.InUse, Resident: pool.InUse + pool.FreeResident, RSS: rss,
		Keys: st.Keys, Evicting: s.opts.MaxMemory.Load() > 0,
	}
	r.NotCounted = max(r.Total-(st.UsedBytes-st.DeadBytes+startupBytes), 0)
	r.Peak = s.notePeak(r.Total)
	return r
}

// Report implements command.MemoryHost.
func (h memoryHost) Report(c *command.Ctx) command.MemoryReport {
	s := h.srv
	st := s.store.Stats()
	r := s.memoryReport(s.clientsFor(c).bytes, &st)
	for _, k := range s.store.Keyspace() {
		r.Databases = append(r.Databases, command.DatabaseMemory{DB: k.DB, Table: s.store.TableBytes(k.DB)})
	}
	return r
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
	st := w.storeStats(s.store)
	r := s.memoryReport(w.crowd.bytes, st)
	g, _ := s.measured()
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
	both("total_system_memory", totalSystemBytes())
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
