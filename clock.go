package kring

import (
	"time"

	"github.com/kringdb/kring/internal/server/clock"
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
type Clock struct{ data *clock.Clock }

// NewClock makes a clock that stands at a time; at the present one if that is zero.
func NewClock(at time.Time) *Clock { return &Clock{clock.New(at)} }

// Now returns the clock's time.
func (c *Clock) Now() time.Time { return c.data.Now() }

// Advance moves the clock on, and returns when what fell due has happened: keys are gone,
// their events published, clients that had waited long enough answered.
func (c *Clock) Advance(d time.Duration) { c.data.Advance(d) }

// Set is Advance to a certain time, also to one that is past; it brings nothing back.
func (c *Clock) Set(at time.Time) { c.data.Set(at) }
