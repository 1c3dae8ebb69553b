package kit

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
)

// Crowd are clients that do the same again and again until they are told to end.
type Crowd struct {
	stop chan struct{}
	wg   sync.WaitGroup
	mu   sync.Mutex
	err  error // the first
}

// NewCrowd returns one without clients.
func NewCrowd() *Crowd { return &Crowd{stop: make(chan struct{})} }

// Add adds n clients of srv, each with a connection of its own, that call fn. One that fails does so no more.
func (w *Crowd) Add(srv *harness.Server, n int, fn func(c *rawclient.Client) error) {
	for range n {
		w.wg.Go(func() {
			c, err := srv.Dial()
			for err == nil {
				select {
				case <-w.stop:
					c.Close()
					return
				default:
					err = fn(c)
				}
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.err == nil {
				w.err = err
			}
		})
	}
}

// Each calls fn again and again, at intervals, until the crowd ends.
func (w *Crowd) Each(interval time.Duration, fn func()) {
	w.wg.Go(func() {
		for {
			select {
			case <-w.stop:
				return
			case <-time.After(interval):
				fn()
			}
		}
	})
}

// End ends the clients, waits for them, and returns the first error of any.
func (w *Crowd) End() error {
	close(w.stop)
	w.wg.Wait()
	return w.err
}

// A Load is what the writers and the readers do beside whom a copy is made.
type Load struct {
	Keys             int    // of BenchKey
	Value            string // that is written
	Writers, Getters int
	SetsPerSec       int // by all writers

	mu      sync.Mutex
	slowest time.Duration
}

// Join adds the load's clients to a crowd.
func (l *Load) Join(w *Crowd, srv *harness.Server) {
	w.Add(srv, l.Writers, l.setSome)
	w.Add(srv, l.Getters, func(c *rawclient.Client) error {
		begin := time.Now()
		_, err := c.Do("GET", string(BenchKey(nil, rand.IntN(l.Keys))))
		took := time.Since(begin)
		l.mu.Lock()
		l.slowest = max(l.slowest, took)
		l.mu.Unlock()
		time.Sleep(getPause)
		return err
	})
}

// setSome sends some SETs, as often as makes SetsPerSec for all writers.
func (l *Load) setSome(c *rawclient.Client) error {
	begin := time.Now()
	for range setBatch {
		c.Queue("SET", string(BenchKey(nil, rand.IntN(l.Keys))), l.Value)
	}
	_, err := c.Exchange(setBatch)
	time.Sleep(time.Duration(setBatch*l.Writers)*time.Second/time.Duration(l.SetsPerSec) - time.Since(begin))
	return err
}

// Slowest is how long the slowest GET took since it was asked for last.
func (l *Load) Slowest() (d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d, l.slowest = l.slowest, 0
	return d
}
