// Command aof compares the append only files of Kring and redis-server on the same disk
// in the same run: CPU per pipelined command under everysec, throughput and commands per
// fsync under always, the rate of loading, and what clients notice of a rewrite.
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

const (
	valueBytes = 64
	// The bounds: Kring's CPU per command over redis-server's, its throughput under always
	// over redis-server's, commands per fsync with groupWriters connections, rate of
	// loading over redis-server's.
	cpuBound        = 0.45
	throughputBound = 1.0
	perSyncBound    = 4.0
	loadBound       = 2.0
	groupWriters    = 8
	alwaysClients   = 50
	alwaysDivisor   = 20 // requests without a pipeline, against -requests
)

type options struct {
	rounds, requests, keys, loadKeys int
	parts                            string
	strict                           bool
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "rounds over the parts cpu and always")
	flag.IntVar(&o.requests, "requests", 2_000_000, "requests of a pipelined run")
	flag.IntVar(&o.keys, "keys", 1_000_000, "random keys")
	flag.IntVar(&o.loadKeys, "load-keys", 5_000_000, "keys of the parts load and rewrite")
	flag.StringVar(&o.parts, "parts", "cpu,always,load,rewrite", "what to measure")
	flag.BoolVar(&o.strict, "strict", false, "exit with 1 when a bound is missed")
	flag.Parse()
	kit.Run(func(s *kit.Servers) error { return run(s, o) })
}

func run(s *kit.Servers, o options) error {
	missed := 0
	for _, p := range []struct {
		name string
		f    func(*kit.Servers, options) (int, error)
	}{{"cpu", measureCPU}, {"always", measureAlways}, {"load", measureLoad}, {"rewrite", measureRewrite}} {
		if !strings.Contains(o.parts, p.name) {
			continue
		}
		n, err := p.f(s, o)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		missed += n
		s.End()
	}
	if o.strict && missed > 0 {
		return fmt.Errorf("%d bounds missed", missed)
	}
	return nil
}

// pair starts both servers with an AOF under a policy and without rewrites of their own.
func pair(s *kit.Servers, policy string) (redis, kring *harness.Server, err error) {
	args := []string{"--appendonly", "yes", "--appendfsync", policy, "--auto-aof-rewrite-percentage", "0", "--aof-use-rdb-preamble", "no"}
	if redis, err = s.Redis(args...); err != nil {
		return nil, nil, err
	}
	if kring, err = s.Kring(args...); err != nil {
		return nil, nil, err
	}
	return redis, kring, nil
}

// judge prints a figure with its bound and returns 1 if it was missed.
func judge(text string, ok bool) int {
	fmt.Printf("%s  %s\n", text, kit.Verdict(ok))
	if ok {
		return 0
	}
	return 1
}

// measureCPU compares the CPU per pipelined command under everysec.
func measureCPU(s *kit.Servers, o options) (missed int, err error) {
	redis, kring, err := pair(s, "everysec")
	if err != nil {
		return 0, err
	}
	kit.Banner(redis, kring)
	both := [2]*harness.Server{redis, kring}
	for _, srv := range both {
		if err := kit.Fill(srv, kit.FillSpec{Keys: o.keys, Key: kit.BenchKey, Value: []byte(strings.Repeat("x", valueBytes))}); err != nil {
			return 0, err
		}
	}
	for _, test := range []string{"get", "set"} {
		var cpu, rate [2][]float64
		for round := range o.rounds {
			for i := range both {
				at := (i + round) % 2
				r, err := kit.Bench(both[at], o.requests, "-t", test, "-c", "50", "-P", "64", "-r", strconv.Itoa(o.keys), "-d", strconv.Itoa(valueBytes))
				if err != nil {
					return missed, err
				}
				cpu[at], rate[at] = append(cpu[at], r.CPUMicros), append(rate[at], r.PerSecond)
			}
		}
		ratio := kit.Median(cpu[1]) / kit.Median(cpu[0])
		missed += judge(fmt.Sprintf("%s -P 64, everysec: redis %.3f us (%.0f/s), kring %.3f us (%.0f/s), ratio %.3f (bound %.2f)", strings.ToUpper(test),
			kit.Median(cpu[0]), kit.Median(rate[0]), kit.Median(cpu[1]), kit.Median(rate[1]), ratio, cpuBound), ratio <= cpuBound)
	}
	return missed, nil
}

// measureAlways compares throughput under always, and counts commands per fsync.
func measureAlways(s *kit.Servers, o options) (missed int, err error) {
	redis, kring, err := pair(s, "always")
	if err != nil {
		return 0, err
	}
	both := [2]*harness.Server{redis, kring}
	requests := max(o.requests/alwaysDivisor, 1000)
	bench := func(srv *harness.Server, clients int) (kit.Result, error) {
		return kit.Bench(srv, requests, "-t", "set", "-c", strconv.Itoa(clients), "-r", strconv.Itoa(o.keys), "-d", strconv.Itoa(valueBytes))
	}
	var rate, p99 [2][]float64
	var perSync []float64
	for round := range o.rounds {
		for i := range both {
			at := (i + round) % 2
			r, err := bench(both[at], alwaysClients)
			if err != nil {
				return missed, err
			}
			rate[at], p99[at] = append(rate[at], r.PerSecond), append(p99[at], r.P99Millis)
		}
		before, _ := kit.Number(kring, "aof_fsyncs")
		if _, err := bench(kring, groupWriters); err != nil {
			return missed, err
		}
		after, ok := kit.Number(kring, "aof_fsyncs")
		if !ok || after == before {
			return missed, fmt.Errorf("INFO counts no fsyncs")
		}
		perSync = append(perSync, float64(requests)/(after-before))
	}
	ratio := kit.Median(rate[1]) / kit.Median(rate[0])
	missed += judge(fmt.Sprintf("SET, always, %d connections: redis %.0f/s (p99 %.2f ms), kring %.0f/s (p99 %.2f ms), ratio %.2f (bound %.2f)", alwaysClients,
		kit.Median(rate[0]), kit.Median(p99[0]), kit.Median(rate[1]), kit.Median(p99[1]), ratio, throughputBound), ratio >= throughputBound)
	missed += judge(fmt.Sprintf("SET, always, %d connections: %.1f commands per fsync (bound %.0f)", groupWriters, kit.Median(perSync), perSyncBound),
		kit.Median(perSync) >= perSyncBound)
	return missed, nil
}

// rewriteAndWait runs BGREWRITEAOF to its end.
func rewriteAndWait(srv *harness.Server) error {
	c, err := srv.Dial()
	if err != nil {
		return err
	}
	defer c.Close()
	if v, err := c.Do("BGREWRITEAOF"); err != nil || v.IsError() {
		return fmt.Errorf("BGREWRITEAOF: %v %v", v, err)
	}
	for {
		running, err := harness.Info(c, "aof_rewrite_in_progress")
		if err != nil {
			return err
		}
		if running == "0" {
			break
		}
		pause()
	}
	if status, _ := harness.Info(c, "aof_last_bgrewrite_status"); status != "ok" {
		fmt.Fprintln(os.Stderr, srv.Output())
		return fmt.Errorf("the rewrite of %s failed", srv.Name)
	}
	return nil
}
