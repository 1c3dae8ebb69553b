package probe

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

// Probe is a running measurement.
type Probe struct {
	clients []*client
	stop    chan struct{}
	wg      sync.WaitGroup
}

type client struct {
	c    *rawclient.Client
	took []time.Duration
	err  error
}

// Start connects n clients, each of which sends GET key every so often until End. The key
// must exist.
func Start(network, addr, key string, n int, every time.Duration) (*Probe, error) {
	p := &Probe{stop: make(chan struct{})}
	for range n {
		c, err := rawclient.Dial(network, addr)
		if err != nil {
			p.close()
			return nil, err
		}
		p.clients = append(p.clients, &client{c: c})
	}
	for i, c := range p.clients {
		first := time.Now().Add(every * time.Duration(i) / time.Duration(n))
		p.wg.Go(func() { c.run(key, first, every, p.stop) })
	}
	return p, nil
}

func (c *client) run(key string, due time.Time, every time.Duration, stop chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		begin := due
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
			begin = time.Now()
		}
		v, err := c.c.Do("GET", key)
		if err == nil && (v.IsError() || v.Str == "") {
			err = fmt.Errorf("GET %s: %s", key, v)
		}
		if err != nil {
			c.err = err
			return
		}
		c.took = append(c.took, time.Since(begin))
		due = due.Add(every)
	}
}

// End stops the clients and gives what they waited, in ascending order.
func (p *Probe) End() ([]time.Duration, error) {
	close(p.stop)
	p.wg.Wait()
	p.close()
	var all []time.Duration
	for _, c := range p.clients {
		if c.err != nil {
			return nil, c.err
		}
		all = append(all, c.took...)
	}
	slices.Sort(all)
	return all, nil
}

func (p *Probe) close() {
	for _, c := range p.clients {
		_ = c.c.Close()
	}
}

// At is a percentile of sorted waits.
func At(sorted []time.Duration, percent float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(float64(len(sorted))*percent/100), len(sorted)-1)]
}
