package admit

import (
	"math"
	"sync/atomic"
	"time"
)

// Term is how long a node of a cluster may show and change the data of its hash slots: another one may do so
// afterwards. Any goroutine may use it.
type Term struct{ until atomic.Int64 } // nanoseconds since begun, by the monotonic clock

// begun is a moment to count from: a time.Time keeps the monotonic clock's reading.
var begun = time.Now()

// NewTerm returns one that lasts until a moment.
func NewTerm(until time.Time) *Term {
	t := &Term{}
	t.until.Store(int64(until.Sub(begun))) // which is negative where a test has a clock of its own
	return t
}

// Extend has it last until a later moment; a term that has lapsed may last again only if nobody else can have
// had the slots meanwhile, which is for the caller to know.
func (t *Term) Extend(until time.Time) {
	next := int64(until.Sub(begun))
	for {
		now := t.until.Load()
		if now == math.MinInt64 || now >= next || t.until.CompareAndSwap(now, next) {
			return
		}
	}
}

// End has it lapse for good.
func (t *Term) End() { t.until.Store(math.MinInt64) }

// Lapsed tells whether it is over.
func (t *Term) Lapsed() bool { return int64(time.Since(begun)) >= t.until.Load() }
