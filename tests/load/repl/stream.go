package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

// streamFigures are those of a round of SETs with a replica attached.
type streamFigures struct{ primary, replica, perSecond, benchmark float64 }

// measureStream has pairs of both carry SETs, by turns.
func measureStream(s *kit.Servers, o *options, t *table) error {
	var all [2][4][]float64
	for range o.rounds {
		for i, d := range sides(s) {
			f, err := d.stream(o)
			if err != nil {
				return err
			}
			for j, v := range []float64{f.primary, f.replica, f.perSecond, f.benchmark} {
				all[i][j] = append(all[i][j], v)
			}
		}
	}
	of := func(what int) (redis, kring float64) { return kit.Median(all[0][what]), kit.Median(all[1][what]) }
	r, k := of(0)
	t.row("primary's CPU per SET, one replica", r, k, primaryBound, "us", true)
	r, k = of(3)
	t.row("the same, redis-benchmark -P 64", r, k, primaryBound, "us", true)
	r, k = of(1)
	t.row("replica's CPU per SET", r, k, replicaBound, "us", true)
	r, k = of(2)
	t.row("SETs a second until both have them", r/1000, k/1000, streamBound, "k", false)
	return nil
}

// stream is one round: a new pair that is warm, and then SETs until the replica has them all.
func (d *side) stream(o *options) (f streamFigures, err error) {
	p, err := d.pair(o.keys)
	if err != nil {
		return f, err
	}
	primary, replica := p.primary, p.replica
	defer primary.Kill()
	defer replica.Kill()
	value := strings.Repeat("x", valueBytes)
	if err = blast(primary, o.sets/10, o.keys, value); err == nil {
		err = level(primary, replica)
	}
	if err != nil {
		return f, err
	}
	before := [2]time.Duration{used(primary), used(replica)}
	begin := time.Now()
	if err = blast(primary, o.sets, o.keys, value); err == nil {
		err = level(primary, replica)
	}
	wall := time.Since(begin)
	per := func(i int, srv *harness.Server) float64 {
		return float64((used(srv) - before[i]).Microseconds()) / float64(o.sets)
	}
	f = streamFigures{primary: per(0, primary), replica: per(1, replica), perSecond: float64(o.sets) / wall.Seconds()}
	if err != nil {
		return f, err
	}
	b, err := kit.Bench(primary, o.sets, "-t", "set", "-P", strconv.Itoa(pipeline), "-r", strconv.Itoa(o.keys))
	f.benchmark = b.CPUMicros
	return f, err
}

// used is the CPU that a server has taken.
func used(srv *harness.Server) time.Duration {
	user, sys, _ := srv.CPUSplit()
	return user + sys
}
