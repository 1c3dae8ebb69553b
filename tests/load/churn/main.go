// Command churn compares redis-server and Kring as caches at their limit: values of changing
// sizes are set, deleted and made longer, hashes among them, while maxmemory evicts. Shown is
// what the memory holds after that: resident set, keys per MB of it, and the CPU and the
// slowest replies that it took.
package main

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

const (
	batch       = 16
	maxValue    = 20 << 10
	keysOfCache = 2_000_000
	megabyte    = 1 << 20

	// What Kring may take of maxmemory in resident memory, and say of its fragmentation.
	residentBound      = 1.07
	fragmentationBound = 1.10
)

// sizes are the distributions of the lengths of values.
var sizes = []struct {
	name string
	draw func(r *rand.Rand) int
}{
	{"pareto", func(r *rand.Rand) int { return min(int(64/math.Pow(1-r.Float64(), 1/1.2)), maxValue) }},
	{"uniform", func(r *rand.Rand) int { return 1 + r.IntN(2000) }},
	{"steps", func(r *rand.Rand) int { return []int{40, 100, 300, 900, 3000, 9000}[r.IntN(6)] }},
}

// result is what a server made of it.
type result struct {
	rss, keys, frag, ops, cpu float64
	blocks, pages, free       float64 // allocator_allocated, active and resident of INFO, in MB
	slowest, p999             time.Duration
}

func main() {
	seconds := flag.Int("seconds", 60, "how long each server is loaded")
	limit := flag.Int("mb", 150, "maxmemory")
	only := flag.String("sizes", "pareto,uniform,steps", "distributions of the sizes")
	redis := flag.Bool("redis", true, "measure redis-server too")
	strict := flag.Bool("strict", false, "exit with 1 when a bound is missed")
	flag.Parse()
	kit.Run(func(s *kit.Servers) error {
		starts := []func(...string) (*harness.Server, error){s.Kring}
		if *redis {
			starts = append(starts, s.Redis)
		}
		return run(s, starts, time.Duration(*seconds)*time.Second, *limit, strings.Split(*only, ","), *strict)
	})
}

func run(s *kit.Servers, starts []func(...string) (*harness.Server, error), length time.Duration, limit int, only []string, strict bool) error {
	fmt.Printf("maxmemory %d MB, allkeys-lru, %v\n\n%-8s %-6s %9s %9s %9s %9s %9s %12s %14s %9s %10s %9s %9s\n", limit, length,
		"sizes", "", "resident", "blocks", "pages", "with free", "keys", "keys per MB", "fragmentation", "us/op", "ops/s", "p99.9", "slowest")
	missed := 0
	for _, d := range sizes {
		if !slices.Contains(only, d.name) {
			continue
		}
		for i, start := range starts {
			srv, err := start("--maxmemory", strconv.Itoa(limit)+"mb", "--maxmemory-policy", "allkeys-lru")
			if err != nil {
				return err
			}
			r, err := load(srv, d.draw, length)
			if err != nil {
				return fmt.Errorf("%s: %w", srv.Name, err)
			}
			s.End()
			verdict := ""
			if i == 0 {
				ok := r.rss <= residentBound*float64(limit) && r.frag <= fragmentationBound
				if verdict = kit.Verdict(ok); !ok {
					missed++
				}
			}
			fmt.Printf("%-8s %-6s %6.1f MB %9.1f %9.1f %9.1f %9.0f %12.0f %14.2f %9.2f %10.0f %9v %9v  %s\n", d.name, srv.Name, r.rss, r.blocks, r.pages, r.free, r.keys, r.keys/r.rss, r.frag,
				r.cpu, r.ops, r.p999.Round(10*time.Microsecond), r.slowest.Round(10*time.Microsecond), verdict)
		}
	}
	if strict && missed > 0 {
		return errors.New("bounds missed")
	}
	return nil
}

// load churns one server.
func load(srv *harness.Server, draw func(*rand.Rand) int, length time.Duration) (r result, err error) {
	c, err := srv.Dial()
	if err != nil {
		return r, err
	}
	defer c.Close()
	rng := rand.New(rand.NewPCG(1, 2))
	value := strings.Repeat("v", maxValue)
	var took []time.Duration
	before, err := srv.CPU()
	if err != nil {
		return r, err
	}
	began := time.Now()
	for time.Since(began) < length {
		for range batch {
			key := "key:" + strconv.Itoa(rng.IntN(keysOfCache))
			switch n := draw(rng); rng.IntN(20) {
			case 0, 1:
				c.Queue("DEL", key)
			case 2, 3, 4:
				c.Queue("APPEND", key, value[:min(n, 1000)])
			case 5, 6, 7:
				c.Queue("HSET", "h"+key, "f"+strconv.Itoa(rng.IntN(8)), value[:min(n, 1000)], "g"+strconv.Itoa(rng.IntN(8)), value[:min(n, 200)])
			default:
				c.Queue("SET", key, value[:n])
			}
		}
		sent := time.Now()
		if _, err := c.Exchange(batch); err != nil {
			return r, err
		}
		took = append(took, time.Since(sent))
	}
	r.ops = float64(len(took)*batch) / time.Since(began).Seconds()
	after, err := srv.CPU()
	if err != nil {
		return r, err
	}
	r.cpu = (after - before).Seconds() * 1e6 / float64(len(took)*batch)
	slices.Sort(took)
	r.slowest, r.p999 = took[len(took)-1], took[len(took)*999/1000]
	rss, err := srv.RSS()
	if err != nil {
		return r, err
	}
	r.rss = float64(rss) / megabyte
	r.frag, _ = kit.Number(srv, "mem_fragmentation_ratio")
	for field, to := range map[string]*float64{"allocated": &r.blocks, "active": &r.pages, "resident": &r.free} {
		*to, _ = kit.Number(srv, "allocator_"+field)
		*to /= megabyte
	}
	v, err := c.Do("DBSIZE")
	r.keys = float64(v.Int)
	return r, err
}
