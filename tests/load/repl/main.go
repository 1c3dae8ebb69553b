// Command repl compares replication of Kring with that of redis-server, both ends alike, in the same run: the
// CPU of a primary and of its replica per SET, what a pair carries without lag, a full copy, alone and beside
// writers and readers, the memory for several replicas, and how long there is no primary when redis-sentinel
// has to find another one.
package main

import (
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/kringdb/kring/tests/load/internal/kit"
)

// The bounds: Kring over redis-server, but for those of growth (of memory) and slowest.
const (
	primaryBound  = 0.40
	replicaBound  = 0.50
	streamBound   = 1.5 // at least
	syncBound     = 0.5
	growthBound   = 0.15
	slowestBound  = 10 * time.Millisecond
	blocksBound   = 1.1 // memory for three replicas over that for one: a block more or less
	failoverBound = 1.0

	pipeline    = 64
	streamConns = 8
	valueBytes  = 64
	backlogSize = 64 << 20
	getters     = 10
	writers     = 4
	setsPerSec  = 100_000
	patience    = 2 * time.Minute
	poll        = 2 * time.Millisecond
)

type options struct {
	keys, sets, rounds, failovers int
	parts                         string
	strict                        bool
}

func (o *options) has(part string) bool {
	for p := range strings.SplitSeq(o.parts, ",") {
		if p == part {
			return true
		}
	}
	return false
}

func main() {
	var o options
	flag.IntVar(&o.keys, "keys", 1_000_000, "keys of a full copy")
	flag.IntVar(&o.sets, "sets", 3_000_000, "SETs of a round of the stream")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds of the stream, of which the median counts")
	flag.IntVar(&o.failovers, "failovers", 3, "failovers of each, of which the median counts")
	flag.StringVar(&o.parts, "parts", "stream,sync,memory,failover", "what to measure")
	flag.BoolVar(&o.strict, "strict", false, "exit with 1 when a bound is missed")
	flag.Parse()
	kit.Run(func(s *kit.Servers) error { return run(s, &o) })
}

// table prints what was measured, and counts the bounds that were missed.
type table struct{ missed int }

// row is a figure of both; most: the ratio may not be larger than the bound, else not smaller.
func (t *table) row(what string, redis, kring, bound float64, unit string, most bool) {
	ratio := kring / redis
	ok := ratio <= bound == most
	word := "at most"
	if !most {
		word = "at least"
	}
	t.line(ok, "%-36s redis %10.3f %-4s kring %10.3f %-4s ratio %.3f (%s %.2f)", what, redis, unit, kring, unit, ratio, word, bound)
}

// line is any other one.
func (t *table) line(ok bool, format string, args ...any) {
	if !ok {
		t.missed++
	}
	fmt.Printf(format+"  %s\n", append(args, kit.Verdict(ok))...)
}

func run(s *kit.Servers, o *options) error {
	var t table
	for _, part := range []struct {
		name string
		run  func(*kit.Servers, *options, *table) error
	}{{"stream", measureStream}, {"sync", measureSync}, {"memory", measureMemory}, {"failover", measureFailover}} {
		if !o.has(part.name) {
			continue
		}
		if err := part.run(s, o, &t); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	if o.strict && t.missed > 0 {
		return fmt.Errorf("%d bounds missed", t.missed)
	}
	return nil
}
