// Command latency measures what must not stall anybody: a table that grows to 20,000,000
// keys, KEYS * over 2,000,000 keys beside ten clients' GETs, and the deletion of
// collections of 5,000,000 elements beside them.
//
// A reply's time is taken from the write of its pipeline to the arrival of the pipeline's
// last reply, so the slowest reply is never understated. The canary's longest oversleep
// stands beside it: a pause that the canary saw too is this machine's.
package main

import (
	"flag"
	"fmt"

	"github.com/kringdb/kring/tests/load/internal/kit"
)

func main() {
	growth := flag.Bool("growth", true, "run the growth load")
	keys := flag.Bool("keys", true, "run KEYS beside GETs")
	var g growthOptions
	flag.IntVar(&g.keys, "growth-keys", 20_000_000, "keys of the growth load")
	flag.IntVar(&g.batch, "growth-batch", 16, "commands per pipeline of the growth load")
	flag.BoolVar(&g.redis, "growth-redis", false, "run the growth load on redis-server too")
	var k keysOptions
	flag.IntVar(&k.keys, "stall-keys", 2_000_000, "keys that KEYS walks")
	flag.IntVar(&k.clients, "stall-clients", 10, "clients doing GETs")
	flag.DurationVar(&k.length, "stall-time", defaultStallTime, "length of the measurement per server")
	del := flag.Bool("del", true, "run DEL of large collections beside GETs")
	var d delOptions
	flag.IntVar(&d.elements, "del-elements", 5_000_000, "elements of a deleted collection")
	flag.IntVar(&d.clients, "del-clients", 10, "clients doing GETs")
	strict := flag.Bool("strict", false, "exit with 1 when a bound is missed")
	flag.Parse()
	kit.Run(func(s *kit.Servers) error {
		missed := 0
		if *growth {
			n, err := runGrowth(s, g)
			if err != nil {
				return err
			}
			missed += n
		}
		if *keys {
			n, err := runKeys(s, k)
			if err != nil {
				return err
			}
			missed += n
		}
		if *del {
			n, err := runDel(s, d)
			if err != nil {
				return err
			}
			missed += n
		}
		if *strict && missed > 0 {
			return fmt.Errorf("%d bounds missed", missed)
		}
		return nil
	})
}
