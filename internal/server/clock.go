package server

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/netio"
)

// Clock is a time that stands still until somebody moves it: for tests, see Options.Clock.
// Several servers may have one clock. All methods are safe for any goroutine; its time has
// milliseconds, like that of all deadlines. Times before 1970 and after the year 9999 count as
// the first millisecond and the last of what lies between.
//
// What follows it: deadlines of keys and of the fields of hashes, by which they expire;
// TTL, OBJECT IDLETIME and whatever else shows a time of the data; TIME; the ids that XADD
// makes and the idle times of streams. A client that is blocked gives up when its timeout
// has passed by the clock or by the real time, whichever comes first, for at the other end
// somebody really waits. What concerns connections and files, such as the option timeout,
// CLIENT PAUSE, ages in CLIENT LIST, uptime and the AOF's syncs, goes by the real time.
type Clock struct {
	ms atomic.Int64 // since 1970
	mu struct {
		sync.Mutex
		servers map[*Server]bool
	}
}

// NewClock makes a clock that stands at a time; at the present one if that is zero.
func NewClock(at time.Time) *Clock {
	c := new(Clock)
	c.mu.servers = map[*Server]bool{}
	if at.IsZero() {
		at = time.Now()
	}
	c.ms.Store(clockMs(at))
	return c
}

// firstClockTime and lastClockTime bound a Clock. Deadlines and ids of streams are
// milliseconds since 1970, so there is nothing before; the end leaves room for deadlines
// behind it.
var (
	firstClockTime = time.UnixMilli(1)
	lastClockTime  = time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)
)

// clockMs is a time in milliseconds, held within the bounds of a Clock.
func clockMs(at time.Time) int64 {
	switch {
	case at.Before(firstClockTime):
		at = firstClockTime
	case at.After(lastClockTime):
		at = lastClockTime
	}
	return at.UnixMilli()
}

// Now returns the clock's time.
func (c *Clock) Now() time.Time { return time.UnixMilli(c.ms.Load()) }

// Advance moves the clock on, and returns when what fell due has happened: keys are gone,
// their events published, clients that had waited long enough answered.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moveLocked(clockMs(time.UnixMilli(c.ms.Load()).Add(d)))
}

// Set is Advance to a certain time, also to one that is past; it brings nothing back.
func (c *Clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moveLocked(clockMs(at))
}

func (c *Clock) moveLocked(ms int64) {
	c.ms.Store(ms)
	var wg sync.WaitGroup
	for s := range maps.Clone(c.mu.servers) {
		wg.Go(s.catchUp)
	}
	wg.Wait()
}

func (c *Clock) add(s *Server) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.servers[s] = true
}

func (c *Clock) remove(s *Server) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.mu.servers, s)
}

// catchUp waits until everything has happened that is due by the server's clock.
func (s *Server) catchUp() {
	if !s.keeper.ExpireDue() {
		return
	}
	s.askUnlocked(func(_ *netio.Reactor, ex *executor) { ex.timeOut(s.nowMs()) })
}

// timeOut ends the waiting of the reactor's clients whose time has come by the Clock.
func (ex *executor) timeOut(now int64) {
	due := slices.DeleteFunc(slices.Clone(ex.timers), func(w *waiter) bool { return w.clockDeadline > now })
	slices.SortFunc(due, func(a, b *waiter) int { return cmp.Compare(a.clockDeadline, b.clockDeadline) })
	for _, w := range due {
		w.s.wakeWith(w, "")
	}
}

// wall returns the time of the data in milliseconds since 1970, when the real one is realMs.
func (s *Server) wall(realMs int64) int64 {
	if s.embedded.Clock != nil {
		return s.embedded.Clock.ms.Load()
	}
	return realMs
}

// nowMs is the time of the data at this moment.
func (s *Server) nowMs() int64 {
	if s.embedded.Clock != nil {
		return s.embedded.Clock.ms.Load()
	}
	return time.Now().UnixMilli()
}
