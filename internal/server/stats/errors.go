package stats

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// Errors counts error replies by their first word. Any goroutine may use it.
type Errors struct {
	mu struct {
		sync.Mutex
		counts map[string]int64
	}
}

// ErrorCount is one line of INFO errorstats.
type ErrorCount struct {
	Kind  string
	Count int64
}

// mostKindBytes is how much of an error reply is looked at for the end of its first word, as in Redis.
const mostKindBytes = 31

// Add counts the error reply text, in which line ends stand for blanks. One whose first word does not end soon, or is all, is an ERR.
func (e *Errors) Add(text string) {
	kind := "ERR"
	if end := strings.IndexAny(text[:min(len(text), mostKindBytes)], " \r\n"); end >= 0 {
		kind = text[:end]
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.mu.counts == nil {
		e.mu.counts = map[string]int64{}
	}
	if _, known := e.mu.counts[kind]; !known {
		if len(e.mu.counts) >= maxErrorKinds {
			return
		}
		kind = strings.Clone(kind)
	}
	e.mu.counts[kind]++
}

// All returns the counts in order of their words.
func (e *Errors) All() []ErrorCount {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []ErrorCount
	for _, k := range slices.Sorted(maps.Keys(e.mu.counts)) {
		out = append(out, ErrorCount{k, e.mu.counts[k]})
	}
	return out
}

// Reset forgets all counts.
func (e *Errors) Reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	clear(e.mu.counts)
}
