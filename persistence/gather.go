package persistence

import (
	"sync/atomic"
	"time"
)

// company is what is known of those who append under always, and who of them syncs (see writer.weigh). It is guarded by writer.mu, but for the atomics.
type company struct {
	rivals bool // since the last sync somebody else has wanted to
	lonely int  // syncs since there were any
	by     int  // who has written last, see AOF.WriteBy
	gather gather
	quick  atomic.Bool // who has appended syncs by himself
	brief  atomic.Bool // and so do those who can wait for each other
}

// gather is how those who sync by themselves under always, while syncs are brief, come to share them. Two reactors that each
// sync what they have appended take turns, each with half of the records; and a goroutine that waits for both of them
// costs more than the sync. So who is about to sync looks first whether as many have appended as did before, the last sync's
// and those that came beside it; if not, he says so to his caller, who serves whoever has come meanwhile, and tries again at once.
// Whoever of them finds all there, or that nobody comes any more, syncs for all.
type gather struct {
	want  uint64    // records, 0: nobody is waited for
	seen  uint64    // at the last look
	by    [2]int    // who look, plus one: others are told
	vain  int       // looks at which there were no more than before
	since time.Time // the first look
	grown time.Time // the last one at which there were more
}

// beginGather says, after a sync, how many are to come before the next one. mu is held.
func (w *writer) beginGather() {
	w.gather = gather{}
	if w.syncMean < gatherLeast {
		return
	}
	came := w.s.count.Load() - w.counted
	if want := (w.shared + came) * gatherParts / (gatherParts + 1); want > 1 {
		w.gather.want = want
	}
}

// awaited tells whether others are to be waited for before what has been appended is synced, and with again whether the caller
// is one of those who look whether they come. mu is held.
func (w *writer) awaited(by int) (wait, again bool) {
	g := &w.gather
	n := w.s.count.Load() - w.counted
	if g.want == 0 || n == 0 || w.quick.Load() || !w.brief.Load() {
		return false, false
	}
	now := time.Now()
	if g.since.IsZero() {
		g.since = now
	}
	if n > g.seen {
		g.seen, g.grown, g.vain = n, now, 0
	} else {
		g.vain++
	}
	if n >= g.want || now.Sub(g.since) >= gatherMax || g.vain >= gatherLooks && now.Sub(g.grown) >= gatherPause {
		g.want = 0
		return false, false
	}
	for i, who := range g.by {
		if who == 0 || who == by+1 {
			g.by[i] = by + 1
			return true, true
		}
	}
	return true, false
}
