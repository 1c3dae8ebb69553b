package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

// mix is one row of the CPU table.
type mix struct {
	name     string
	args     []string // the command, for redis-benchmark
	bound    float64  // of Kring's CPU per command over redis-server's
	pipeline int
	divisor  int // of -requests: long commands are sent less often
}

const rand = "__rand_int__"

var mixes = []mix{
	{"HSET, 1M fields", []string{"HSET", hashKey, fieldPrefix + rand, value16}, 0.45, 64, 1},
	{"HGET, 1M fields", []string{"HGET", hashKey, fieldPrefix + rand}, 0.45, 64, 1},
	{"HSET of 3, small hashes", []string{"HSET", "small:" + rand, "name", value16, "mail", value16, "age", "42"}, 0.45, 64, 1},
	{"SADD, 1M members", []string{"SADD", setKey, memberPrefix + rand}, 0.50, 64, 1},
	{"SISMEMBER, 1M members", []string{"SISMEMBER", setKey, memberPrefix + rand}, 0.50, 64, 1},
	{"LPUSH", []string{"LPUSH", listKey, value16}, 0.45, 64, 1},
	{"LPOP", []string{"LPOP", listKey}, 0.70, 64, 1},
	{"LRANGE 0 99", []string{"LRANGE", listKey, "0", "99"}, 0.60, 16, 10},
	{"ZADD, 1M members", []string{"ZADD", zsetKey, rand, memberPrefix + rand}, 0.30, 64, 1},
	{"ZRANK", []string{"ZRANK", zsetKey, memberPrefix + rand}, 0.35, 64, 1},
	{"ZRANGEBYSCORE LIMIT 0 10", []string{"ZRANGEBYSCORE", zsetKey, rand, "+inf", "LIMIT", "0", "10"}, 0.35, 64, 4},
	{"ZSCORE", []string{"ZSCORE", zsetKey, memberPrefix + rand}, 0.45, 64, 1},
	{"XADD", []string{"XADD", "stream", "*", "field", value16}, 0.35, 64, 1},
	{"PFADD", []string{"PFADD", "log", memberPrefix + rand}, 0.40, 64, 1},
}

// row collects a mix's results: index 0 redis-server, 1 Kring.
type row struct {
	mix
	results [2][]kit.Result
}

func runCPU(s *kit.Servers, o options) (missed int, err error) {
	redis, err := s.Redis()
	if err != nil {
		return 0, err
	}
	kring, err := s.Kring()
	if err != nil {
		return 0, err
	}
	kit.Banner(redis, kring)
	pair := [2]*harness.Server{redis, kring}
	for _, srv := range pair {
		for _, fill := range []filler{fillHash, fillSet, fillZSet, fillList} {
			if err := fill(srv, o.elements); err != nil {
				return 0, fmt.Errorf("%s: %w", srv.Name, err)
			}
		}
	}
	var rows []*row
	for _, m := range mixes {
		if o.wants(m.name) {
			rows = append(rows, &row{mix: m})
		}
	}
	for round := range o.rounds {
		for _, r := range rows {
			if err := r.run(pair, o, round); err != nil {
				return 0, err
			}
		}
		fmt.Fprintf(os.Stderr, "round %d of %d done\n", round+1, o.rounds)
	}
	return print(rows, o), nil
}

func (o options) wants(name string) bool {
	return o.only == "" || slices.ContainsFunc(strings.Split(o.only, ","), func(part string) bool {
		return strings.Contains(strings.ToLower(name), strings.ToLower(strings.TrimSpace(part)))
	})
}

// run measures one mix on both servers, which take turns in going first.
func (r *row) run(pair [2]*harness.Server, o options, round int) error {
	args := []string{"-c", strconv.Itoa(o.clients), "-P", strconv.Itoa(r.pipeline), "-r", strconv.Itoa(o.elements)}
	args = append(args, r.args...)
	for i := range pair {
		at := (i + round) % 2
		res, err := kit.Bench(pair[at], max(o.requests/r.divisor, 1), args...)
		if err != nil {
			return fmt.Errorf("%s on %s: %w", r.name, pair[at].Name, err)
		}
		r.results[at] = append(r.results[at], res)
	}
	return nil
}

func print(rows []*row, o options) (missed int) {
	fmt.Printf("\n%d rounds, %d requests, %d elements, %d clients; medians; server CPU in us per command\n\n%-26s %9s %9s %8s %8s %7s %13s %6s\n",
		o.rounds, o.requests, o.elements, o.clients, "mix", "redis k/s", "kring k/s", "redis us", "kring us", "ratio", "(of rounds)", "bound")
	for _, r := range rows {
		var rps, cpu [2]float64
		for i, res := range r.results {
			var p, c []float64
			for _, one := range res {
				p, c = append(p, one.PerSecond/1000), append(c, one.CPUMicros)
			}
			rps[i], cpu[i] = kit.Median(p), kit.Median(c)
		}
		ratios := make([]float64, len(r.results[0]))
		for i := range ratios {
			ratios[i] = r.results[1][i].CPUMicros / r.results[0][i].CPUMicros
		}
		ratio := cpu[1] / cpu[0]
		ok := ratio <= r.bound
		if !ok {
			missed++
		}
		fmt.Printf("%-26s %9.0f %9.0f %8.3f %8.3f %7.3f %6.3f-%.3f %6.2f  %s\n", r.name, rps[0], rps[1], cpu[0], cpu[1], ratio,
			slices.Min(ratios), slices.Max(ratios), r.bound, kit.Verdict(ok))
	}
	return missed
}
