package observe

import (
	"sync"
	"sync/atomic"

	"github.com/kringdb/kring/internal/server/stats"
	"github.com/kringdb/kring/netio"
)

// Counters counts what an executor did. Plain fields, the owner's: others read what it
// has shown.
type Counters struct {
	Commands    int64
	Hits        int64
	Misses      int64
	Errors      int64
	Batches     int64
	Slow        int64
	InputBytes  int64
	OutputBytes int64
	PerSecond   int64 // commands per second, lately
	TurnsPerSec int64 // of a reactor: turns per second, lately
	TurnNanos   int64 // and how long one took
	InPerSec    int64 // bytes per second, lately
	OutPerSec   int64

	// When it was shown:
	Net       netio.Counts
	CallNanos int64 // what the calls of a reactor took
	calls     int64 // stats.Table.Changes of the calls by command
	turn      int64 // the reactor's turn, from its start on
}

// Add adds what another executor counted.
func (a *Counters) Add(b *Counters) {
	a.Commands += b.Commands
	a.Hits += b.Hits
	a.Misses += b.Misses
	a.Errors += b.Errors
	a.Batches += b.Batches
	a.Slow += b.Slow
	a.InputBytes += b.InputBytes
	a.OutputBytes += b.OutputBytes
	a.PerSecond += b.PerSecond
	a.TurnsPerSec += b.TurnsPerSec
	a.TurnNanos = max(a.TurnNanos, b.TurnNanos)
	a.InPerSec += b.InPerSec
	a.OutPerSec += b.OutPerSec
	a.Net.Turns += b.Net.Turns
	a.Net.Reads += b.Net.Reads
	a.Net.Writes += b.Net.Writes
	a.Net.BusyNanos += b.Net.BusyNanos
	a.CallNanos += b.CallNanos
}

// Shown is what a reactor shows of its counters, as they were after its last batch or
// tick, so that nobody needs to ask for them and wait for the answer.
type Shown struct {
	mu struct {
		sync.Mutex
		counters Counters
	}
}

// show shows c.
func (s *Shown) show(c *Counters) {
	s.mu.Lock()
	s.mu.counters = *c
	s.mu.Unlock()
}

// AddTo adds what was shown last to sum.
func (s *Shown) AddTo(sum *Counters) {
	s.mu.Lock()
	sum.Add(&s.mu.counters)
	s.mu.Unlock()
}

// callChanges is stats.Table.Changes of the calls, as shown last.
func (s *Shown) callChanges() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.counters.calls
}

// turn is the reactor's last turn, as shown.
func (s *Shown) turn() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.counters.turn
}

// ShownCalls is what a reactor shows of its calls by command: a copy, which it makes only while
// somebody has lately asked for them.
type ShownCalls struct {
	mu struct {
		sync.Mutex
		cmds    *stats.Table // nil before the first copy
		changes int64        // stats.Table.Changes of what was copied
		atMs    int64        // when, milliseconds since 1970
	}
}

// show copies cmds, the reactor's.
func (s *ShownCalls) show(cmds *stats.Table, nowMs int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.cmds == nil {
		s.mu.cmds = stats.NewTable(cmds.Len())
	}
	s.mu.cmds.Follow(cmds)
	s.mu.changes, s.mu.atMs = cmds.Changes(), nowMs
}

// isOf tells whether the copy is of a moment after so many changes, or of lately.
func (s *ShownCalls) isOf(changes, nowMs int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.changes >= changes || Within(nowMs-s.mu.atMs, FreshMs)
}

// AddTo adds the copy to sum.
func (s *ShownCalls) AddTo(sum *stats.Sum) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.cmds != nil {
		sum.Add(s.mu.cmds)
	}
}

// Within tells whether a time that has passed is from 0 to most: it is negative when somebody has
// set the system's clock back.
func Within(passed, most int64) bool { return uint64(passed) <= uint64(most) }

// Wanted says until when reactors show what they copy only for those who ask: for a while after somebody
// has asked for it.
type Wanted struct{ untilMs atomic.Int64 }

// Ask says that somebody asks now.
func (w *Wanted) Ask(nowMs int64) {
	if !Within(w.untilMs.Load()-nowMs-wantedMs/2, wantedMs/2) {
		w.untilMs.Store(nowMs + wantedMs)
	}
}

// Is tells whether somebody has asked lately.
func (w *Wanted) Is(nowMs int64) bool { return Within(w.untilMs.Load()-nowMs, wantedMs) }

// Published is where a worker adds up its counters for others to read.
type Published struct {
	mu struct {
		sync.Mutex
		sum  Counters
		cmds *stats.Table // nil before the first call
	}
}

// publish adds the counters and the calls by command.
func (p *Published) publish(c *Counters, cmds *stats.Table) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mu.sum.Add(c)
	if p.mu.cmds == nil {
		p.mu.cmds = stats.NewTable(cmds.Len())
	}
	p.mu.cmds.Add(cmds)
}

// AddTo adds the counters to sum.
func (p *Published) AddTo(sum *Counters) {
	p.mu.Lock()
	sum.Add(&p.mu.sum)
	p.mu.Unlock()
}

// AddCalls adds the calls by command to sum.
func (p *Published) AddCalls(sum *stats.Sum) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.cmds != nil {
		sum.Add(p.mu.cmds)
	}
}

// Reset forgets everything.
func (p *Published) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mu.sum = Counters{}
	if p.mu.cmds != nil {
		p.mu.cmds.Reset()
	}
}

// rates is the last reading of what the rates are made from.
type rates struct {
	atMs, commands, in, out int64
	net                     netio.Counts
}

// sample sets the rates of c from what has happened since the last sample, about once a second. now
// is in milliseconds, net what the reactor has done; zero if it is none. It tells whether there is
// something to sample again: rates that are not zero, or are not to stay so.
func (r *rates) sample(c *Counters, now int64, net netio.Counts) (again bool) {
	moved := c.Commands != r.commands || c.InputBytes != r.in || c.OutputBytes != r.out
	passed := now - r.atMs
	if passed < sampleMs {
		return moved || c.PerSecond|c.InPerSec|c.OutPerSec|c.TurnsPerSec != 0
	}
	c.PerSecond = (c.Commands - r.commands) * 1000 / passed
	c.InPerSec = (c.InputBytes - r.in) * 1000 / passed
	c.OutPerSec = (c.OutputBytes - r.out) * 1000 / passed
	turns := net.Turns - r.net.Turns
	c.TurnsPerSec = turns * 1000 / passed
	c.TurnNanos = (net.BusyNanos - r.net.BusyNanos) / max(turns, 1)
	*r = rates{now, c.Commands, c.InputBytes, c.OutputBytes, net}
	if !moved { // what turns there were the sampling itself has made
		c.TurnsPerSec, c.TurnNanos = 0, 0
	}
	return moved
}
