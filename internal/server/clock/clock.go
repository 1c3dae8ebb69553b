package clock

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// Clock is a time that stands still until somebody moves it; package kring says what goes by
// it. All methods are safe for any goroutine. Those that ask for the time may be called of
// nil, which is the real time.
type Clock struct {
	ms atomic.Int64 // since 1970
	mu struct {
		sync.Mutex
		followers map[Follower]bool
	}
}

// Follower is a server that goes by a Clock.
type Follower interface {
	// CatchUp returns when everything has happened that is due by the clock. Any goroutine may
	// call it that holds nothing but the clock.
	CatchUp()
}

// New makes a clock that stands at a time; at the present one if that is zero.
func New(at time.Time) *Clock {
	c := new(Clock)
	c.mu.followers = map[Follower]bool{}
	if at.IsZero() {
		at = time.Now()
	}
	c.ms.Store(heldMs(at))
	return c
}

// firstTime and lastTime bound a Clock. Deadlines and ids of streams are
// milliseconds since 1970, so there is nothing before; the end leaves room for deadlines
// behind it.
var (
	firstTime = time.UnixMilli(1)
	lastTime  = time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)
)

// heldMs is a time in milliseconds, held within the bounds of a Clock.
func heldMs(at time.Time) int64 {
	switch {
	case at.Before(firstTime):
		at = firstTime
	case at.After(lastTime):
		at = lastTime
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
	c.moveLocked(heldMs(time.UnixMilli(c.ms.Load()).Add(d)))
}

// Set is Advance to a certain time, also to one that is past; it brings nothing back.
func (c *Clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moveLocked(heldMs(at))
}

func (c *Clock) moveLocked(ms int64) {
	c.ms.Store(ms)
	var wg sync.WaitGroup
	for f := range maps.Clone(c.mu.followers) {
		wg.Go(f.CatchUp)
	}
	wg.Wait()
}

// Follow has f catch up whenever the clock is moved, until Unfollow.
func (c *Clock) Follow(f Follower) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.followers[f] = true
}

// Unfollow ends Follow.
func (c *Clock) Unfollow(f Follower) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.mu.followers, f)
}

// Wall returns the time of the data in milliseconds since 1970, when the real one is realMs.
func (c *Clock) Wall(realMs int64) int64 {
	if c != nil {
		return c.ms.Load()
	}
	return realMs
}

// NowMs is the time of the data at this moment, in milliseconds since 1970.
func (c *Clock) NowMs() int64 {
	if c != nil {
		return c.ms.Load()
	}
	return time.Now().UnixMilli()
}
