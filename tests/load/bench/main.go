// Command bench compares throughput and server CPU per command of redis-server and
// Kring: the mixes of the project's table of figures, run in turn over several rounds
// by redis-benchmark against 1,000,000 random keys of 64-byte values.
//
// CPU is utime plus stime of the server process around each run, so it does not depend
// on how busy the client is; the figure of a mix is the median over the rounds.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

// mix is one row of the table.
type mix struct {
	name     string
	pipeline int
	args     []string // of redis-benchmark
	bound    float64  // of Kring's CPU per command over redis-server's; 0 none
	aim      float64
	oneCore  bool // against Kring with --reactors 1
	divisor  int  // of -requests: long commands are sent less often
}

const (
	valueBytes = 64
	keysOfMany = 10
	// manyNumbers is -r of redis-benchmark for keys that are hardly ever drawn twice.
	manyNumbers = "2000000000"
)

func mixes() []mix {
	mset, mget := []string{"MSET"}, []string{"MGET"}
	fresh := []string{"-r", manyNumbers, "MSET"}
	for range keysOfMany {
		fresh = append(fresh, "new:__rand_int__", strings.Repeat("x", valueBytes))
		mset = append(mset, "key:__rand_int__", strings.Repeat("x", valueBytes))
		mget = append(mget, "key:__rand_int__")
	}
	get, set := []string{"-t", "get"}, []string{"-t", "set"}
	return []mix{
		{name: "GET -P 64", pipeline: 64, args: get, bound: 0.22, divisor: 1},
		{name: "SET -P 64", pipeline: 64, args: set, bound: 0.22, divisor: 1},
		{name: "GET -P 16", pipeline: 16, args: get, bound: 0.52, aim: 0.45, divisor: 1},
		{name: "SET -P 16", pipeline: 16, args: set, bound: 0.52, aim: 0.45, divisor: 1},
		{name: "GET, one reactor", pipeline: 1, args: get, bound: 1.00, oneCore: true, divisor: 10},
		{name: "SET, one reactor", pipeline: 1, args: set, bound: 1.00, oneCore: true, divisor: 10},
		{name: "GET", pipeline: 1, args: get, divisor: 10},
		{name: "SET", pipeline: 1, args: set, divisor: 10},
		{name: "INCR -P 64", pipeline: 64, args: []string{"-t", "incr"}, bound: 0.40, divisor: 1},
		{name: "MSET of 10 -P 16", pipeline: 16, args: mset, bound: 0.40, divisor: 10},
		{name: "MSET of 10 new keys -P 16", pipeline: 16, args: fresh, bound: 0.30, divisor: 20},
		{name: "MGET of 10 -P 16", pipeline: 16, args: mget, bound: 0.40, divisor: 10},
	}
}

type options struct {
	rounds, requests, keys, clients, threads int
	only                                     string
	strict, list                             bool
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "rounds over all mixes")
	flag.IntVar(&o.requests, "requests", 2_000_000, "requests of a pipelined run (a tenth without pipeline and for MSET, MGET)")
	flag.IntVar(&o.keys, "keys", 1_000_000, "random keys")
	flag.IntVar(&o.clients, "clients", 50, "connections of redis-benchmark")
	flag.IntVar(&o.threads, "threads", 0, "threads of redis-benchmark; 0 its single loop")
	flag.StringVar(&o.only, "mixes", "", "comma-separated parts of the names of the mixes to run")
	flag.BoolVar(&o.strict, "strict", false, "exit with 1 when a bound is missed")
	flag.BoolVar(&o.list, "list", false, "list the mixes")
	flag.Parse()
	if o.list {
		for _, m := range mixes() {
			fmt.Println(m.name)
		}
		return
	}
	kit.Run(func(s *kit.Servers) error { return run(s, o) })
}

func (o options) wants(m mix) bool {
	if o.only == "" {
		return true
	}
	return slices.ContainsFunc(strings.Split(o.only, ","), func(part string) bool {
		return strings.Contains(strings.ToLower(m.name), strings.ToLower(strings.TrimSpace(part)))
	})
}

// row collects a mix's results: index 0 redis-server, 1 Kring.
type row struct {
	mix
	results [2][]kit.Result
}

func run(s *kit.Servers, o options) error {
	var rows []*row
	oneCore := false
	for _, m := range mixes() {
		if o.wants(m) {
			rows = append(rows, &row{mix: m})
			oneCore = oneCore || m.oneCore
		}
	}
	if len(rows) == 0 {
		return fmt.Errorf("no mix has %q in its name", o.only)
	}
	redis, err := s.Redis()
	if err != nil {
		return err
	}
	kring, err := s.Kring()
	if err != nil {
		return err
	}
	single := kring
	if oneCore {
		if single, err = s.Kring("--reactors", "1"); err != nil {
			return err
		}
	}
	kit.Banner(redis, kring)
	for _, srv := range uniq(redis, kring, single) {
		if err := fill(srv, o.keys); err != nil {
			return fmt.Errorf("%s: %w", srv.Name, err)
		}
	}
	for round := range o.rounds {
		for _, r := range rows {
			pair := [2]*harness.Server{redis, kring}
			if r.oneCore {
				pair[1] = single
			}
			if err := r.run(pair, o, round); err != nil {
				return err
			}
		}
		fmt.Fprintf(os.Stderr, "round %d of %d done\n", round+1, o.rounds)
	}
	return print(rows, o)
}

func uniq(all ...*harness.Server) []*harness.Server {
	var out []*harness.Server
	for _, s := range all {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// fill loads what the mixes read, so that no run measures a growing table.
func fill(srv *harness.Server, keys int) error {
	spec := kit.FillSpec{Keys: keys, Key: kit.BenchKey, Value: []byte(strings.Repeat("x", valueBytes))}
	if err := kit.Fill(srv, spec); err != nil {
		return err
	}
	return kit.Fill(srv, kit.FillSpec{Keys: keys, Key: kit.CounterKey, Value: []byte("0")})
}

// run measures one mix on both servers, which takes turns in going first.
func (r *row) run(pair [2]*harness.Server, o options, round int) error {
	args := []string{"-c", strconv.Itoa(o.clients), "-P", strconv.Itoa(r.pipeline), "-r", strconv.Itoa(o.keys), "-d", strconv.Itoa(valueBytes)}
	if o.threads > 0 {
		args = append(args, "--threads", strconv.Itoa(o.threads))
	}
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

func column(results []kit.Result, get func(kit.Result) float64) []float64 {
	out := make([]float64, len(results))
	for i, r := range results {
		out[i] = get(r)
	}
	return out
}

func print(rows []*row, o options) error {
	fmt.Printf("\n%d rounds, %d requests, %d keys, %d-byte values, %d clients; medians; CPU in us per command (user)\n\n",
		o.rounds, o.requests, o.keys, valueBytes, o.clients)
	fmt.Printf("%-26s %10s %10s %15s %15s %7s %13s %6s  %s\n",
		"mix", "redis k/s", "kring k/s", "redis us", "kring us", "ratio", "(of rounds)", "bound", "")
	missed := 0
	for _, r := range rows {
		var rps, cpu, user [2]float64
		for i, res := range r.results {
			rps[i] = kit.Median(column(res, func(r kit.Result) float64 { return r.PerSecond })) / 1000
			cpu[i] = kit.Median(column(res, func(r kit.Result) float64 { return r.CPUMicros }))
			user[i] = kit.Median(column(res, func(r kit.Result) float64 { return r.UserMicros }))
		}
		ratios := make([]float64, len(r.results[0]))
		for i := range ratios {
			ratios[i] = r.results[1][i].CPUMicros / r.results[0][i].CPUMicros
		}
		ratio := cpu[1] / cpu[0]
		bound, verdict := "", ""
		if r.bound > 0 {
			ok := ratio <= r.bound
			bound, verdict = fmt.Sprintf("%.2f", r.bound), kit.Verdict(ok)
			if !ok {
				missed++
			} else if r.aim > 0 && ratio <= r.aim {
				verdict += fmt.Sprintf(" (aim %.2f reached)", r.aim)
			}
		}
		fmt.Printf("%-26s %10.0f %10.0f %7.3f (%.3f) %7.3f (%.3f) %7.3f %6.3f-%.3f %6s  %s\n", r.name, rps[0], rps[1],
			cpu[0], user[0], cpu[1], user[1], ratio, slices.Min(ratios), slices.Max(ratios), bound, verdict)
	}
	if o.strict && missed > 0 {
		return fmt.Errorf("%d bounds missed", missed)
	}
	return nil
}
