package kit

import (
	"runtime"
	"sync"
	"time"
)

// Canary measures this machine's own pauses.
type Canary struct {
	stop  chan struct{}
	done  sync.WaitGroup
	worst time.Duration
}

// NewCanary starts one.
func NewCanary() *Canary {
	c := &Canary{stop: make(chan struct{})}
	c.done.Go(func() {
		runtime.LockOSThread()
		// A thread that ends takes the servers with it that it has started (Pdeathsig).
		defer runtime.UnlockOSThread()
		for {
			select {
			case <-c.stop:
				return
			default:
			}
			begin := time.Now()
			time.Sleep(canaryInterval)
			c.worst = max(c.worst, time.Since(begin)-canaryInterval)
		}
	})
	return c
}

// End stops the canary and gives its longest oversleep.
func (c *Canary) End() time.Duration {
	close(c.stop)
	c.done.Wait()
	return c.worst
}
