// Command types compares the data types of redis-server and Kring: server CPU per
// command on collections of a million elements, and resident bytes per element.
//
// As in tests/load/bench, CPU is utime plus stime of the server process around each run
// of redis-benchmark, the servers take turns, and the figure is the median over the
// rounds.
package main

import (
	"flag"
	"fmt"

	"github.com/kringdb/kring/tests/load/internal/kit"
)

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 3, "rounds over all mixes")
	flag.IntVar(&o.requests, "requests", 1_000_000, "requests of a run")
	flag.IntVar(&o.elements, "elements", 1_000_000, "elements of each collection")
	flag.IntVar(&o.clients, "clients", 50, "connections of redis-benchmark")
	flag.StringVar(&o.only, "mixes", "", "comma-separated parts of the names of the mixes to run")
	cpu := flag.Bool("cpu", true, "measure CPU per command")
	memory := flag.Bool("memory", true, "measure bytes per element")
	strict := flag.Bool("strict", false, "exit with 1 when a bound is missed")
	flag.Parse()
	kit.Run(func(s *kit.Servers) error {
		missed := 0
		for _, part := range []struct {
			on  bool
			run func(*kit.Servers, options) (int, error)
		}{{*memory, runMemory}, {*cpu, runCPU}} {
			if !part.on {
				continue
			}
			n, err := part.run(s, o)
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

type options struct {
	rounds, requests, elements, clients int
	only                                string
}
