package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

// syncFigures are those of full copies.
type syncFigures struct {
	wall, besideWall float64 // seconds
	growth           float64 // of memory, of what it was
	slowest, machine time.Duration
	slowestAlone     time.Duration // the slowest GET in the second before
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
	us := func(d time.Duration) time.Duration { return d.Round(time.Microsecond) }
	t.line(k.slowest <= slowestBound, "%-36s redis %13v kring %13v (at most %v; in the second before: %v, %v; the machine's own pauses: %v, %v)", "slowest GET beside it",
		us(r.slowest), us(k.slowest), slowestBound, us(r.slowestAlone), us(k.slowestAlone), us(r.machine), us(k.machine))
	return nil
}

func (d *side) sync(o *options) (f syncFigures, err error) {
	p, err := d.pair(o.keys)
	if err != nil {
		return f, err
	}
	defer p.primary.Kill()
	f.wall = p.took.Seconds()
	if err = p.replica.Kill(); err != nil {
		return f, err
	}
	err = d.beside(p.primary, o, &f)
	return f, err
}

// beside attaches a replica while clients write and read.
func (d *side) beside(primary *harness.Server, o *options, f *syncFigures) error {
	w := kit.NewCrowd()
	load := &kit.Load{Keys: o.keys, Value: strings.Repeat("y", valueBytes), Writers: writers, Getters: getters, SetsPerSec: setsPerSec}
	load.Join(w, primary)
	time.Sleep(time.Second)
	load.Slowest()
	time.Sleep(time.Second)
	f.slowestAlone = load.Slowest()
	before, most := float64(kit.ResidentWithChildren(primary.PID)), 0.0
	w.Each(5*time.Millisecond, func() { most = max(most, float64(kit.ResidentWithChildren(primary.PID))) })
	canary := kit.NewCanary()
	replica, took, err := d.attach(primary)
	f.slowest = load.Slowest()
	f.machine = canary.End()
	if werr := w.End(); err == nil {
		err = werr
	}
	f.besideWall, f.growth = took.Seconds(), most/before-1
	if err == nil {
		err = level(primary, replica)
	}
	if replica != nil {
		_ = replica.Kill()
	}
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
