package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

// syncFigures are those of full copies.
type syncFigures struct {
	wall, besideWall float64 // seconds
	growth           float64 // of memory, of what it was
	slowest, machine time.Duration
}

// measureSync has a replica of each get a full copy, and another one while clients write and read.
func measureSync(s *kit.Servers, o *options, t *table) error {
	var f [2]syncFigures
	for i, d := range sides(s) {
		var err error
		if f[i], err = d.sync(o); err != nil {
			return err
		}
	}
	r, k := &f[0], &f[1]
	t.row(fmt.Sprintf("full copy of %d keys, wall", o.keys), r.wall, k.wall, syncBound, "s", true)
	t.row("the same beside 100,000 SETs a second", r.besideWall, k.besideWall, syncBound, "s", true)
	t.line(k.growth <= growthBound, "%-36s redis %+10.1f %%    kring %+10.1f %% (at most %.0f %%)", "primary's memory beside it, more",
		100*r.growth, 100*k.growth, 100*growthBound)
	t.line(k.slowest <= slowestBound, "%-36s redis %13v kring %13v (at most %v; the machine's own pauses: %v, %v)", "slowest GET beside it",
		r.slowest.Round(time.Microsecond), k.slowest.Round(time.Microsecond), slowestBound, r.machine.Round(time.Microsecond), k.machine.Round(time.Microsecond))
	return nil
}

func (d *side) sync(o *options) (f syncFigures, err error) {
	primary, err := d.start()
	if err != nil {
		return f, err
	}
	defer primary.Kill()
	value := strings.Repeat("x", valueBytes)
	if err = kit.Fill(primary, kit.FillSpec{Keys: o.keys, Key: kit.BenchKey, Value: []byte(value)}); err != nil {
		return f, err
	}
	replica, took, err := d.attach(primary)
	if err != nil {
		return f, err
	}
	f.wall = took.Seconds()
	if err = replica.Kill(); err != nil {
		return f, err
	}
	err = d.beside(primary, o, &f)
	return f, err
}

// beside attaches a replica while clients write and read.
func (d *side) beside(primary *harness.Server, o *options, f *syncFigures) error {
	w := newCrowd()
	value := strings.Repeat("y", valueBytes)
	for range writers {
		w.add(primary, func(c *rawclient.Client) error { return setSome(c, o.keys, value) })
	}
	var mu sync.Mutex
	for range getters {
		w.add(primary, func(c *rawclient.Client) error {
			begin := time.Now()
			_, err := c.Do("GET", string(kit.BenchKey(nil, rand.IntN(o.keys))))
			took := time.Since(begin)
			mu.Lock()
			f.slowest = max(f.slowest, took)
			mu.Unlock()
			time.Sleep(time.Millisecond)
			return err
		})
	}
	time.Sleep(2 * time.Second)
	before, most := float64(kit.ResidentWithChildren(primary.PID)), 0.0
	w.wg.Go(func() {
		for {
			select {
			case <-w.stop:
				return
			case <-time.After(5 * time.Millisecond):
				most = max(most, float64(kit.ResidentWithChildren(primary.PID)))
			}
		}
	})
	canary := kit.NewCanary()
	mu.Lock()
	f.slowest = 0 // from here on
	mu.Unlock()
	replica, took, err := d.attach(primary)
	mu.Lock()
	slowest := f.slowest
	mu.Unlock()
	f.machine = canary.End()
	if werr := w.end(); err == nil {
		err = werr
	}
	f.besideWall, f.growth, f.slowest = took.Seconds(), most/before-1, slowest
	if err == nil {
		err = level(primary, replica)
	}
	if replica != nil {
		_ = replica.Kill()
	}
	return err
}

// crowd are clients that do the same again and again until they are told to end.
type crowd struct {
	stop chan struct{}
	wg   sync.WaitGroup
	errs chan error
}

func newCrowd() *crowd {
	return &crowd{stop: make(chan struct{}), errs: make(chan error, writers+getters)}
}

func (w *crowd) add(srv *harness.Server, fn func(c *rawclient.Client) error) {
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
		w.errs <- err
	})
}

func (w *crowd) end() error {
	close(w.stop)
	w.wg.Wait()
	close(w.errs)
	return <-w.errs
}

// setSome sends a hundred SETs, as often as makes setsPerSec for all writers.
func setSome(c *rawclient.Client, keys int, value string) error {
	const batch = 100
	begin := time.Now()
	for range batch {
		c.Queue("SET", string(kit.BenchKey(nil, rand.IntN(keys))), value)
	}
	_, err := c.Exchange(batch)
	time.Sleep(batch*writers*time.Second/setsPerSec - time.Since(begin))
	return err
}

// measureMemory compares what three replicas take with what one does, under a load.
func measureMemory(s *kit.Servers, o *options, t *table) error {
	for i, d := range sides(s) {
		var bytes [2]float64
		for j, n := range []int{1, 3} {
			var err error
			if bytes[j], err = d.replicas(n, o); err != nil {
				return err
			}
		}
		t.line(i == 0 || bytes[1] <= blocksBound*bytes[0], "%s: backlog and buffers for one replica %.1f MB, for three %.1f MB (ratio %.3f)", d.name, bytes[0]/1e6, bytes[1]/1e6, bytes[1]/bytes[0])
	}
	return nil
}

// replicas is what INFO says of the memory for n replicas when they have followed for a while.
func (d *side) replicas(n int, o *options) (bytes float64, err error) {
	primary, err := d.start("--repl-backlog-size", strconv.Itoa(backlogSize))
	if err != nil {
		return 0, err
	}
	defer primary.Kill()
	for range n {
		replica, _, err := d.attach(primary)
		if err != nil {
			return 0, err
		}
		defer replica.Kill()
	}
	if err := blast(primary, o.sets/3, 10_000, strings.Repeat("x", valueBytes)); err != nil {
		return 0, err
	}
	for _, field := range []string{"mem_replication_backlog", "mem_clients_slaves"} {
		part, _ := kit.Number(primary, field)
		bytes += part
	}
	return bytes, nil
}
