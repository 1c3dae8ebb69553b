package main

import (
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// tuneCollector sets the pace of Go's collector. The Go heap is small, for the data
// live outside it: collecting it rarely costs little memory and saves CPU. The soft
// limit bounds the heap alone (the runtime does not see the arena): should buffers of
// many clients pile up, collections become more frequent before the machine swaps. It
// is a share of the memory rather than a fixed size, so that a heap that really lives
// does not make the collector run all the time. The environment wins over both.
func tuneCollector(log *slog.Logger) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	limit := int64(minGoHeapBytes)
	if total := memoryBytes(); total/goHeapShare > uint64(limit) {
		limit = int64(total / goHeapShare)
	}
	debug.SetMemoryLimit(limit)
	log.Debug("the Go heap has a soft limit", "bytes", limit)
}

// checkAddressSpace tells of a limit of the address space with which Go's runtime would
// sooner or later end the process by itself, without a word that anybody understands.
func checkAddressSpace() error {
	if limit := addressLimit(); limit < minAddressBytes {
		return fmt.Errorf("the limit of the address space ('ulimit -v' of %d, LimitAS of systemd) is too small: "+
			"please allow at least %d KB, or do not limit it; it is maxmemory that bounds what is used", limit>>10, uint64(minAddressBytes>>10))
	}
	return nil
}

// smallestLimit reads the files and returns the least number in them; files that are
// missing or say "max" do not count.
func smallestLimit(start uint64, paths ...string) uint64 {
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 && n < start {
			start = n
		}
	}
	return start
}
