// Command collide attacks the table: it sets 1,000,000 distinct keys whose unseeded XXH64
// is one and the same number, and compares the rate with random keys of the same length.
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

const (
	ratioBound = 0.5
	valueBytes = 8
)

func main() {
	keys := flag.Int("keys", 1_000_000, "keys of each kind")
	rounds := flag.Int("rounds", 3, "rounds")
	redis := flag.Bool("redis", false, "measure redis-server too")
	strict := flag.Bool("strict", false, "exit with 1 when the bound is missed")
	flag.Parse()
	kit.Run(func(s *kit.Servers) error {
		if err := verify(*keys); err != nil {
			return err
		}
		ratio, err := compare(s, s.Kring, *keys, *rounds)
		if err != nil {
			return err
		}
		ok := ratio >= ratioBound
		fmt.Printf("ratio %.2f (bound %.2f) %s\n", ratio, ratioBound, kit.Verdict(ok))
		if *redis {
			if _, err := compare(s, s.Redis, *keys, *rounds); err != nil {
				return err
			}
		}
		if *strict && !ok {
			return fmt.Errorf("bound missed")
		}
		return nil
	})
}

// randomKey gives the random key number i, as long as a colliding one.
func randomKey(dst []byte, i int) []byte {
	r := rand.NewPCG(uint64(i), 0x5bd1e995)
	for range keyWords {
		dst = appendWord(dst, r.Uint64())
	}
	return dst
}

// compare gives the colliding keys' rate over the random keys', medians of the rounds,
// each on a fresh server.
func compare(s *kit.Servers, start func(...string) (*harness.Server, error), keys, rounds int) (float64, error) {
	var rates, cpu [2][]float64
	name := ""
	for range rounds {
		for kind, key := range []func([]byte, int) []byte{randomKey, collidingKey} {
			srv, err := start()
			if err != nil {
				return 0, err
			}
			name = srv.Name
			begin := time.Now()
			err = kit.Fill(srv, kit.FillSpec{Keys: keys, Key: key, Value: []byte(strings.Repeat("v", valueBytes))})
			if err != nil {
				return 0, fmt.Errorf("%s: %w", srv.Name, err)
			}
			rates[kind] = append(rates[kind], float64(keys)/time.Since(begin).Seconds())
			used, err := srv.CPU()
			if err != nil {
				return 0, err
			}
			cpu[kind] = append(cpu[kind], float64(used.Microseconds())/float64(keys))
			s.End()
		}
	}
	normal, hostile := kit.Median(rates[0]), kit.Median(rates[1])
	fmt.Printf("%s: random keys %.0f SET/s (%.2f us CPU), colliding keys %.0f SET/s (%.2f us CPU)\n",
		name, normal, kit.Median(cpu[0]), hostile, kit.Median(cpu[1]))
	return hostile / normal, nil
}
