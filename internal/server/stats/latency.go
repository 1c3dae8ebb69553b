package stats

import (
	"maps"
	"slices"
	"sync"
)

// Sample is one latency of an event: the worst of its second.
type Sample struct {
	Unix   int64 // seconds
	Millis int64
}

// Event is a source of latency as LATENCY LATEST shows it.
type Event struct {
	Name        string
	Last        Sample
	WorstMillis int64    // since the last reset
	Samples     []Sample // the oldest first
}

// Latency keeps the samples of events. Any goroutine may use it.
type Latency struct {
	mu struct {
		sync.Mutex
		events map[string]*Event
	}
}

// Add notes a latency. Of several in one second the worst is kept.
func (l *Latency) Add(name string, unix, millis int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.events == nil {
		l.mu.events = map[string]*Event{}
	}
	e := l.mu.events[name]
	if e == nil {
		e = &Event{Name: name}
		l.mu.events[name] = e
	}
	e.WorstMillis = max(e.WorstMillis, millis)
	if n := len(e.Samples); n > 0 && e.Samples[n-1].Unix == unix {
		e.Samples[n-1].Millis = max(e.Samples[n-1].Millis, millis)
	} else {
		if n == maxSamples {
			e.Samples = e.Samples[1:]
		}
		e.Samples = append(e.Samples, Sample{unix, millis})
	}
	e.Last = e.Samples[len(e.Samples)-1]
}

// Latest returns all events, in order of name.
func (l *Latency) Latest() []Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []Event
	for _, name := range slices.Sorted(maps.Keys(l.mu.events)) {
		e := *l.mu.events[name]
		e.Samples = slices.Clone(e.Samples)
		out = append(out, e)
	}
	return out
}

// Reset forgets the named events, all without names, and returns how many there were.
func (l *Latency) Reset(names ...string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := len(l.mu.events)
	if len(names) == 0 {
		clear(l.mu.events)
	}
	for _, n := range names {
		delete(l.mu.events, n)
	}
	return before - len(l.mu.events)
}
