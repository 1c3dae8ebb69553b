package command

// MemoryHost is the part of Host about memory.
type MemoryHost interface {
	// Report asks every reactor: only from a Slow command.
	Report(c *Ctx) MemoryReport
	// Purge gives free memory back to the system.
	Purge()
	// AllocatorReport describes the allocator in lines of text.
	AllocatorReport() string
}

// MemoryReport is where the memory goes, in bytes.
type MemoryReport struct {
	Total, Peak, Startup int64 // in use: now, at most, before there was any data
	Overhead, Dataset    int64 // the two parts of Total: what manages the data, and the data
	Clients, AOFBuffer   int64 // buffers, parts of Overhead
	Backlog              int64 // of replication, the same
	NotCounted           int64 // the part of Total that maxmemory disregards
	Tables               int64 // the tables of all databases, a part of Overhead

	Allocated, Active, Resident, RSS int64 // live blocks, pages that hold them, resident pages, the process

	Keys      int64
	Databases []DatabaseMemory // those with keys
	Evicting  bool             // maxmemory is set
}

// DatabaseMemory is what one database's table takes.
type DatabaseMemory struct {
	DB    int
	Table int64
}

// ratio is a/b, 0 for nothing over nothing.
func ratio(a, b int64) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// DatasetPercent is the data's share of what was not there at the start.
func (r *MemoryReport) DatasetPercent() float64 {
	return 100 * ratio(r.Dataset, max(r.Total-r.Startup, 1))
}

// PeakPercent is how much of the peak is in use.
func (r *MemoryReport) PeakPercent() float64 { return 100 * ratio(r.Total, r.Peak) }

// Fragmentation is how much the process takes for each byte in use.
func (r *MemoryReport) Fragmentation() float64 { return ratio(r.RSS, r.Total) }

// AllocatorFragmentation is how much the pages take for each byte in their blocks.
func (r *MemoryReport) AllocatorFragmentation() float64 { return ratio(r.Active, r.Allocated) }

// AllocatorRSS is how much is resident for each byte of pages in use.
func (r *MemoryReport) AllocatorRSS() float64 { return ratio(r.Resident, r.Active) }

// RSSOverhead is how much the process takes for each byte that the allocator keeps.
func (r *MemoryReport) RSSOverhead() float64 { return ratio(r.RSS, r.Resident) }

// KeyBytes is what a key takes on average.
func (r *MemoryReport) KeyBytes() int64 {
	if r.Keys == 0 {
		return 0
	}
	return max(r.Total-r.Startup, 0) / r.Keys
}
