// Command hitratio compares how well redis-server and Kring choose what to evict. Both
// get the same maxmemory in bytes: what redis-server takes for a tenth of the keys. Then
// a cache's clients run the same trace on each: GET keys by a Zipf distribution, SET what
// was missing. Shown is the share of GETs that hit, after a warm-up.
package main

import (
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

// batch is how many GETs go in one pipeline.
const batch = 64

// trace draws keys: numbers below len(cum) by a Zipf distribution, ranks shuffled so that
// a key's number says nothing.
type trace struct {
	cum  []float64
	name []int32
}

func newTrace(keys int, skew float64, seed uint64) *trace {
	t := &trace{cum: make([]float64, keys), name: make([]int32, keys)}
	sum := 0.0
	for i := range t.cum {
		sum += 1 / math.Pow(float64(i+1), skew)
		t.cum[i] = sum
	}
	for i := range t.cum {
		t.cum[i] /= sum
	}
	for i, n := range rand.New(rand.NewPCG(seed, 1)).Perm(keys) {
		t.name[i] = int32(n)
	}
	return t
}

func (t *trace) draw(rng *rand.Rand) int {
	i, _ := slices.BinarySearch(t.cum, rng.Float64())
	return int(t.name[min(i, len(t.name)-1)])
}

// best is the hit ratio of a cache that always holds the n keys asked for most.
func (t *trace) best(n int) float64 {
	if n <= 0 {
		return 0
	}
	return t.cum[min(n, len(t.cum))-1]
}

// config is what is asked of both servers.
type config struct {
	keys, requests, valueBytes int
	skew                       float64
}

// result is what one server made of it.
type result struct {
	ratio   float64
	held    int
	used    float64
	elapsed time.Duration
}

func main() {
	var c config
	flag.IntVar(&c.keys, "keys", 1_000_000, "keys of the trace")
	flag.IntVar(&c.requests, "requests", 3_000_000, "GETs per run; the first third is the warm-up")
	flag.IntVar(&c.valueBytes, "value", 100, "bytes of a value")
	flag.Float64Var(&c.skew, "skew", 0.99, "exponent of the Zipf distribution")
	policies := flag.String("policies", "allkeys-lru,allkeys-lfu", "maxmemory-policy settings to compare")
	runs := flag.Int("runs", 1, "runs of each, to see the noise")
	strict := flag.Bool("strict", false, "exit with 1 when Kring's ratio is lower")
	equal := flag.Bool("equal", false, "let Kring hold as many keys as redis-server does, to compare the policies alone")
	flag.Parse()
	kit.Run(func(s *kit.Servers) error {
		return run(s, c, strings.Split(*policies, ","), *runs, *strict, *equal)
	})
}

func run(s *kit.Servers, c config, policies []string, runs int, strict, equal bool) error {
	tr := newTrace(c.keys, c.skew, 7)
	limit, err := sizeOf(s, s.Redis, c)
	if err != nil {
		return err
	}
	kringLimit := limit
	if equal {
		if kringLimit, err = sizeOf(s, s.Kring, c); err != nil {
			return err
		}
	}
	fmt.Printf("%d keys, %d-byte values, Zipf %.2f, %d GETs; maxmemory %d (redis-server), %d (Kring)\n\n", c.keys, c.valueBytes, c.skew,
		c.requests, limit, kringLimit)
	fmt.Printf("%-14s %-6s %9s %9s %12s %9s %11s\n", "", "", "hit ratio", "keys held", "best of held", "used MB", "GETs/s")
	missed := 0
	for _, policy := range policies {
		for range runs {
			var ratios [2]float64
			for i, start := range []func(...string) (*harness.Server, error){s.Redis, s.Kring} {
				srv, err := start("--maxmemory", strconv.Itoa([]int{limit, kringLimit}[i]), "--maxmemory-policy", policy)
				if err != nil {
					return err
				}
				r, err := play(srv, tr, c)
				if err != nil {
					return fmt.Errorf("%s: %w", srv.Name, err)
				}
				ratios[i] = r.ratio
				verdict := ""
				if i == 1 {
					verdict = kit.Verdict(ratios[1] >= ratios[0])
					if ratios[1] < ratios[0] {
						missed++
					}
				}
				fmt.Printf("%-14s %-6s %8.2f%% %9d %11.2f%% %9.1f %11.0f  %s\n", policy, srv.Name, 100*r.ratio, r.held, 100*tr.best(r.held),
					r.used/(1<<20), float64(c.requests)/r.elapsed.Seconds(), verdict)
				s.End()
			}
		}
	}
	if strict && missed > 0 {
		return fmt.Errorf("%d ratios are lower than redis-server's", missed)
	}
	return nil
}

// sizeOf returns the used_memory of a server that holds a tenth of the keys.
func sizeOf(s *kit.Servers, start func(...string) (*harness.Server, error), c config) (int, error) {
	srv, err := start()
	if err != nil {
		return 0, err
	}
	defer s.End()
	val := []byte(strings.Repeat("v", c.valueBytes))
	base, _ := kit.Number(srv, "used_memory")
	err = kit.Pipe(srv, kit.PipeSpec{Count: c.keys / 10, Command: func(dst []byte, i int) []byte {
		return kit.AppendCommand(dst, []byte("SET"), kit.BenchKey(nil, i), val)
	}})
	if err != nil {
		return 0, err
	}
	if srv.Name == "kring" { // whose Go heap does not count
		used, _ := kit.Number(srv, "used_memory")
		apart, _ := kit.Number(srv, "mem_not_counted_for_evict")
		return int(used - apart), nil
	}
	used, ok := kit.Number(srv, "used_memory")
	if !ok || base == 0 {
		return 0, fmt.Errorf("%s tells no used_memory", srv.Name)
	}
	return int(used), nil
}

// play runs the trace.
func play(srv *harness.Server, t *trace, c config) (r result, err error) {
	cl, err := srv.Dial()
	if err != nil {
		return r, err
	}
	defer cl.Close()
	rng := rand.New(rand.NewPCG(42, 43))
	val := strings.Repeat("v", c.valueBytes)
	hits, asked := 0, 0
	keys := make([]string, batch)
	began := time.Now()
	for done := 0; done < c.requests; done += batch {
		for i := range keys {
			keys[i] = string(kit.BenchKey(nil, t.draw(rng)))
			cl.Queue("GET", keys[i])
		}
		replies, err := cl.Exchange(batch)
		if err != nil {
			return r, err
		}
		sets := 0
		for i, v := range replies {
			if !v.IsNull() {
				if done >= c.requests/3 {
					hits++
				}
				continue
			}
			cl.Queue("SET", keys[i], val)
			sets++
		}
		if done >= c.requests/3 {
			asked += batch
		}
		if sets > 0 {
			if replies, err = cl.Exchange(sets); err != nil {
				return r, err
			}
			for _, v := range replies {
				if v.IsError() {
					return r, fmt.Errorf("SET: %s", v)
				}
			}
		}
	}
	r.elapsed = time.Since(began)
	r.ratio = float64(hits) / float64(asked)
	size, err := cl.Do("DBSIZE")
	if err != nil {
		return r, err
	}
	r.held = int(size.Int)
	r.used, _ = kit.Number(srv, "used_memory")
	return r, nil
}
