package persistence

import "time"

// Stats is what INFO tells of an AOF.
type Stats struct {
	State           State
	Rewriting       bool
	RewriteSecs     int64 // of the one that runs, -1: none
	LastRewriteSecs int64 // -1: there was none
	LastRewriteOK   bool
	SizeBytes       int64 // all files that the manifest names
	BaseBytes       int64 // what they were after the last rewrite, or at the start
	BufferedBytes   int64 // not yet written
	Syncs           int64
	DelayedSyncs    int64 // rounds that found the last second's sync still running
	SyncRunning     bool
}

// Stats returns the counters.
func (a *AOF) Stats() Stats {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := &a.mu.rewrite
	s := Stats{
		State: a.State(), Rewriting: a.rewriting.Load(), RewriteSecs: -1, LastRewriteSecs: -1, LastRewriteOK: !r.failed,
		SizeBytes: a.sizeLocked(), BaseBytes: a.mu.base, BufferedBytes: a.Pending(),
		Syncs: a.counts.syncs.Load(), DelayedSyncs: a.counts.delayed.Load(), SyncRunning: a.writer.sync.busy.Load(),
	}
	if !r.begun.IsZero() {
		s.RewriteSecs = int64(time.Since(r.begun).Seconds())
	}
	if r.done {
		s.LastRewriteSecs = r.lastSecs
	}
	return s
}

// ResetStats has the syncs counted anew.
func (a *AOF) ResetStats() {
	a.counts.syncs.Store(0)
	a.counts.delayed.Store(0)
}

func (a *AOF) sizeLocked() int64 {
	size := a.mu.older
	if t := a.mu.current; t != nil {
		size += t.size.Load()
	}
	return size
}

// WantsRewrite tells whether it is time for a rewrite: because the data is not complete
// without one, or because the files have grown by percent since the last one and are
// larger than minBytes. percent 0 switches the latter off. After a failed attempt it
// waits, longer each time.
func (a *AOF) WantsRewrite(now time.Time, percent, minBytes int64) bool {
	if a.rewriting.Load() {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Before(a.mu.rewrite.after) {
		return false
	}
	switch a.State() {
	case Starting, Broken:
		return true
	case Off:
		return false
	}
	size, base := a.sizeLocked(), max(a.mu.base, 1)
	return percent > 0 && size > minBytes && (size-base)*100/base >= percent
}
