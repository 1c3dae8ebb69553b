package process

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
)

// GoMemory is what the Go runtime says of itself.
type GoMemory struct {
	LiveBytes, HeapBytes, TotalBytes int64
	GCCPUFraction                    float64 // of the time in which the program computed
}

// ReadGoMemory asks the Go runtime, without stopping it.
func ReadGoMemory() GoMemory {
	samples := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/total:bytes"},
		{Name: "/cpu/classes/gc/total:cpu-seconds"},
		{Name: "/cpu/classes/idle:cpu-seconds"},
		{Name: "/cpu/classes/total:cpu-seconds"},
	}
	metrics.Read(samples)
	g := GoMemory{
		LiveBytes:  int64(samples[0].Value.Uint64()),
		HeapBytes:  int64(samples[1].Value.Uint64()),
		TotalBytes: int64(samples[2].Value.Uint64()),
	}
	if busy := samples[5].Value.Float64() - samples[4].Value.Float64(); busy > 0 {
		g.GCCPUFraction = samples[3].Value.Float64() / busy
	}
	return g
}

// SystemBytes returns the machine's memory, 0 where it is not known.
func SystemBytes() int64 {
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

// FreeHeap gives back what the Go heap has free. It stops the world now and then.
func FreeHeap() {
	runtime.GC() // pools let go of what they hold in the second collection only
	debug.FreeOSMemory()
}
