// Command scripts compares what scripts cost in redis-server and Kring: server CPU per call of
// counters, limiters and JSON, the memory of cached scripts, the throughput on two reactors, and
// what scripts without end do to others.
//
// As in tests/load/bench, CPU is utime plus stime of the server process around each run of
// redis-benchmark, the servers take turns, and the figure is the median over the rounds.
package main

import (
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/kringdb/kring/tests/load/internal/kit"
)

type options struct {
	rounds, requests, keys, clients int
	only                            string
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 3, "rounds over all rows")
	flag.IntVar(&o.requests, "requests", 1_000_000, "requests of a pipelined run (a fraction for those that take longer)")
	flag.IntVar(&o.keys, "keys", 1_000_000, "random keys")
	flag.IntVar(&o.clients, "clients", 50, "connections of redis-benchmark")
	flag.StringVar(&o.only, "rows", "", "comma-separated parts of the names of the rows to run")
	strict := flag.Bool("strict", false, "exit with 1 when a bound is missed")
	flag.Parse()
	kit.Run(func(s *kit.Servers) error {
		missed := 0
		for _, part := range []func(*kit.Servers, options) (int, error){runCPU, runText, runParallel, runMemory, runEndless} {
			n, err := part(s, o)
			if err != nil {
				return err
			}
			missed += n
			s.End()
		}
		if *strict && missed > 0 {
			return fmt.Errorf("%d bounds missed", missed)
		}
		return nil
	})
}

// wants tells whether the row is to be run.
func (o options) wants(name string) bool {
	return o.only == "" || slices.ContainsFunc(strings.Split(o.only, ","), func(part string) bool {
		return strings.Contains(strings.ToLower(name), strings.ToLower(strings.TrimSpace(part)))
	})
}

// judge prints a row with its bound and returns 1 if it misses that.
func judge(name string, value, bound float64, unit, about string) (missed int) {
	ok := value <= bound
	if !ok {
		missed = 1
	}
	fmt.Printf("%-44s %8.3f %s (bound %.2f)  %s  %s\n", name, value, unit, bound, kit.Verdict(ok), about)
	return missed
}
