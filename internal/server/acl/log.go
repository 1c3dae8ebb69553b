package acl

import "sync"

// LogEntry is one line of ACL LOG.
type LogEntry struct {
	ID          int64
	Count       int64
	Reason      Denied
	Context     string // toplevel, multi or lua
	Object      string // the command, key, channel, or AUTH
	User        string
	ClientInfo  string
	CreatedMs   int64 // milliseconds since 1970
	LastUpdated int64
}

// Log keeps the latest denials, the newest first. Any goroutine may use it.
type Log struct {
	mu struct {
		sync.Mutex
		entries []LogEntry
		nextID  int64
	}
}

// Add notes a denial. One that equals an entry of the last minute is counted there,
// which moves to the front; most is acllog-max-len.
func (l *Log) Add(e LogEntry, nowMs int64, most int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.mu.entries
	e.Count, e.CreatedMs, e.LastUpdated, e.ID = 1, nowMs, nowMs, l.mu.nextID
	at := -1
	for i := range list {
		o := &list[i]
		if o.Reason == e.Reason && o.Context == e.Context && o.Object == e.Object && o.User == e.User && nowMs-o.LastUpdated <= logMergeMs {
			e.ID, e.Count, e.CreatedMs = o.ID, o.Count+1, o.CreatedMs
			at = i
			break
		}
	}
	if at >= 0 {
		list = append(list[:at], list[at+1:]...)
	} else {
		l.mu.nextID++
	}
	list = append([]LogEntry{e}, list...)
	l.mu.entries = list[:min(len(list), max(most, 0))]
}

// Latest returns up to n entries, the newest first.
func (l *Log) Latest(n int) []LogEntry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]LogEntry(nil), l.mu.entries[:min(n, len(l.mu.entries))]...)
}

// Reset forgets all entries.
func (l *Log) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.entries = nil
}
