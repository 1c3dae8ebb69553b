package server

import (
	"bytes"
	"os"
	"runtime/metrics"
	"strconv"

	"github.com/kringdb/kring/store/arena"
)

// goMemory is what the Go runtime says of itself, read without stopping it.
type goMemory struct {
	liveBytes, heapBytes, totalBytes int64
	gcCPUFraction                    float64
}

func readGoMemory() goMemory {
	samples := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/total:bytes"},
		{Name: "/cpu/classes/gc/total:cpu-seconds"},
		{Name: "/cpu/classes/idle:cpu-seconds"},
		{Name: "/cpu/classes/total:cpu-seconds"},
	}
	metrics.Read(samples)
	g := goMemory{
		liveBytes:  int64(samples[0].Value.Uint64()),
		heapBytes:  int64(samples[1].Value.Uint64()),
		totalBytes: int64(samples[2].Value.Uint64()),
	}
	if busy := samples[5].Value.Float64() - samples[4].Value.Float64(); busy > 0 {
		g.gcCPUFraction = samples[3].Value.Float64() / busy
	}
	return g
}

// residentBytes returns the resident set of this process, 0 where /proc is absent.
func residentBytes() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(b)
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// systemBytes returns the machine's memory, 0 where it is not known.
func systemBytes() int64 {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(b) {
		if f := bytes.Fields(line); len(f) >= 2 && string(f[0]) == "MemTotal:" {
			kb, _ := strconv.ParseInt(string(f[1]), 10, 64) // 0 when the kernel changed its mind
			return kb << 10
		}
	}
	return 0
}

func infoMemory(s *Server, w *infoWriter) {
	g := readGoMemory()
	data := s.store.Used()
	used := data + g.heapBytes
	rss := residentBytes()
	w.num("used_memory", used)
	w.human("used_memory_human", used)
	w.num("used_memory_rss", rss)
	w.human("used_memory_rss_human", rss)
	peak := s.notePeak(used)
	w.num("used_memory_peak", peak)
	w.human("used_memory_peak_human", peak)
	w.num("used_memory_overhead", g.heapBytes)
	w.num("used_memory_dataset", data)
	pool := arena.PoolStats()
	w.num("allocator_allocated", data)
	w.num("allocator_active", pool.InUse)
	w.num("allocator_resident", pool.InUse+pool.FreeResident)
	w.num("maxmemory", s.opts.MaxMemory.Load())
	w.human("maxmemory_human", s.opts.MaxMemory.Load())
	w.num("total_system_memory", systemBytes())
	w.human("total_system_memory_human", systemBytes())
	w.str("maxmemory_policy", s.opts.String("maxmemory-policy"))
	w.str("mem_fragmentation_ratio", strconv.FormatFloat(float64(rss)/float64(max(used, 1)), 'f', 2, 64))
	w.str("mem_allocator", "kring-arena")
	w.num("lazyfree_pending_objects", 0)
	w.num("go_heap_live_bytes", g.liveBytes)
	w.num("go_heap_objects_bytes", g.heapBytes)
	w.num("go_total_bytes", g.totalBytes)
	w.str("go_gc_cpu_fraction", strconv.FormatFloat(g.gcCPUFraction, 'f', 6, 64))
}
