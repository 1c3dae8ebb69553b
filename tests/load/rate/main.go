//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

const (
	// replyTimeout is how long the last replies of a run may take.
	replyTimeout = time.Minute
	// settle is between the opening of connections, or the last reply, and what is measured.
	settle = 500 * time.Millisecond
	// pause is between two runs; lead is at the begin of one, and its latencies do not count.
	pause = 50 * time.Millisecond
	lead  = 50 * time.Millisecond
	// restLength is for how long a server at rest is looked at, and callsLength that of the run in
	// which system calls are counted.
	restLength  = 4 * time.Second
	callsLength = time.Second

	// judgedRate is the rate whose CPU has a bound: of Redis's. restBound is the CPU at rest,
	// of one processor. noise is by how much a latency may exceed Redis's.
	judgedRate = 20_000
	cpuBound   = 1.0
	restBound  = 0.003
	noise      = 1.1
)

// callNames are the system calls that are counted by name; the first are those that read and write.
var callNames = []string{"read", "write", "recvfrom", "sendto", "epoll_wait", "epoll_pwait", "epoll_ctl", "futex", "sched_yield", "nanosleep"}

type options struct {
	rates           []float64
	length          time.Duration
	clients, rounds int
	load            load
	beside          []string
	args            []string
	strict          bool
}

// row is what one run, or the median of several, has shown; all but latencies per request.
type row struct {
	cpu, switches  float64
	p50, p99, p999 float64
	done           float64 // requests per second
	calls          map[string]float64
}

func main() {
	o := options{load: load{keys: 100_000}}
	rates := flag.String("rates", "5000,20000,60000", "requests per second")
	seconds := flag.Float64("seconds", 0.35, "length of a run")
	flag.IntVar(&o.rounds, "rounds", 24, "runs per server and rate")
	flag.IntVar(&o.clients, "clients", 50, "connections")
	flag.Float64Var(&o.load.reads, "reads", 0.9, "share of GET; the others are SET")
	value := flag.Int("value", 64, "bytes of a value")
	args := flag.String("args", "", "options of Kring's server")
	flag.Func("beside", "command line of one more server, measured too; may be repeated", func(s string) error {
		o.beside = append(o.beside, s)
		return nil
	})
	flag.BoolVar(&o.strict, "strict", false, "exit with 1 when a bound is missed")
	flag.Parse()
	for r := range strings.SplitSeq(*rates, ",") {
		perSecond, err := strconv.ParseFloat(r, 64)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		o.rates = append(o.rates, perSecond)
	}
	o.length = time.Duration(*seconds * float64(time.Second))
	o.load.value, o.args = []byte(strings.Repeat("v", *value)), strings.Fields(*args)
	kit.Run(func(s *kit.Servers) error { return run(s, o) })
}

func run(s *kit.Servers, o options) error {
	servers, err := launch(s, o)
	if err != nil {
		return err
	}
	kit.Banner(servers...)
	fmt.Printf("%d connections, one request at a time, %.0f%% GET, values of %d bytes; %d rounds of %v\n",
		o.clients, 100*o.load.reads, len(o.load.value), o.rounds, o.length)
	perf := kit.CanCountCalls()
	if perf != nil {
		fmt.Println(perf)
	}
	missed := 0
	for _, rate := range o.rates {
		n, err := runRate(servers, rate, perf == nil, o)
		if err != nil {
			return err
		}
		missed += n
	}
	n, err := runRest(servers, o)
	if missed += n; err == nil && missed > 0 && o.strict {
		err = fmt.Errorf("%d bounds missed", missed)
	}
	return err
}

// launch starts Redis, Kring, and what is to be measured beside them, with the same keys.
func launch(s *kit.Servers, o options) ([]*harness.Server, error) {
	var servers []*harness.Server
	add := func(srv *harness.Server, err error) error {
		if err == nil {
			servers = append(servers, srv)
			err = kit.Fill(srv, kit.FillSpec{Keys: o.load.keys, Key: kit.BenchKey, Value: o.load.value})
		}
		return err
	}
	if err := errors.Join(add(s.Redis()), add(s.Kring(o.args...))); err != nil {
		return nil, err
	}
	for i, line := range o.beside {
		words := strings.Fields(line)
		if err := add(s.Other("beside"+strconv.Itoa(i+1), words[0], words[1:]...)); err != nil {
			return nil, err
		}
	}
	return servers, nil
}

// runRate measures all servers at one rate; the first is Redis, and the second is judged.
func runRate(servers []*harness.Server, rate float64, calls bool, o options) (missed int, err error) {
	of := make([][]row, len(servers))
	clients := make([]*client, len(servers))
	for i, srv := range servers {
		if clients[i], err = connect(srv, o.clients, uint64(i), o.load); err != nil {
			return 0, err
		}
		defer clients[i].close()
	}
	time.Sleep(settle)
	for round := range o.rounds {
		for i := range servers {
			at := (i + round) % len(servers)
			r, err := measure(servers[at], clients[at], rate, o.length)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", servers[at].Name, err)
			}
			of[at] = append(of[at], r)
		}
	}
	fmt.Printf("\n%.0f requests a second\n  %-9s %9s %9s %9s %9s %9s %9s %7s %9s   %s\n", rate, "", "done/s", "us CPU", "switches", "p50 us", "p99 us", "p99.9 us",
		"calls", "others", "of them")
	var redis row
	for i, srv := range servers {
		r := medians(of[i])
		if calls {
			if r.calls, err = countCalls(srv, rate, o); err != nil {
				return 0, err
			}
		}
		fmt.Printf("  %-9s %9.0f %9.2f %9.3f %9.0f %9.0f %9.0f %7.2f %9.3f   %s\n",
			srv.Name, r.done, r.cpu, r.switches, r.p50, r.p99, r.p999, r.calls[""], r.others(), r.byName())
		if i == 0 {
			redis = r
			continue
		}
		fmt.Printf("  %-9s %9s %9.2f %9.2f %9.2f %9.2f %9.2f\n", "  ratio", "", r.cpu/redis.cpu, r.switches/redis.switches, r.p50/redis.p50,
			r.p99/redis.p99, r.p999/redis.p999)
		if i == 1 {
			missed += judge(rate, r, redis)
		}
	}
	return missed, nil
}

// judge compares Kring's figures with the bounds.
func judge(rate float64, r, redis row) (missed int) {
	check := func(what string, ok bool) {
		if !ok {
			missed++
			fmt.Printf("    %s %s\n", what, kit.Verdict(ok))
		}
	}
	if rate == judgedRate {
		check(fmt.Sprintf("CPU at most %.2f of Redis's", cpuBound), r.cpu <= cpuBound*redis.cpu)
	}
	latency := func(what string, d, of float64) {
		check(fmt.Sprintf("%s at most %.2f of Redis's", what, noise), d <= noise*of)
	}
	latency("p50", r.p50, redis.p50)
	latency("p99", r.p99, redis.p99)
	latency("p99.9", r.p999, redis.p999)
	return missed
}

// measure is one run.
func measure(srv *harness.Server, c *client, rate float64, length time.Duration) (r row, err error) {
	time.Sleep(pause)
	before, err := kit.LookAtThreads(srv)
	if err != nil {
		return r, err
	}
	begin := time.Now()
	count, samples, err := c.run(rate, length)
	if err != nil {
		return r, err
	}
	took := time.Since(begin)
	after, err := kit.LookAtThreads(srv)
	n := float64(count)
	micros := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
	return row{
		cpu: micros(after.CPU-before.CPU) / n, switches: float64(after.Switches-before.Switches) / n,
		p50: micros(samples.At(50)), p99: micros(samples.At(99)), p999: micros(samples.At(99.9)),
		done: n / took.Seconds(),
	}, err
}

// countCalls counts the system calls per request, by name, in a run of its own.
func countCalls(srv *harness.Server, rate float64, o options) (map[string]float64, error) {
	c, err := connect(srv, o.clients, 0, o.load)
	if err != nil {
		return nil, err
	}
	defer c.close()
	n := 0
	counts, err := kit.CountCalls(srv, callNames, func() error {
		var err error
		n, _, err = c.run(rate, callsLength)
		return err
	})
	per := map[string]float64{}
	for name, count := range counts {
		per[name] = float64(count) / float64(max(n, 1))
	}
	return per, err
}

// others is the system calls per request but those that read and write.
func (r *row) others() float64 {
	n := r.calls[""]
	for _, name := range callNames[:4] {
		n -= r.calls[name]
	}
	return n
}

// byName lists the calls that there are at least one of in a hundred requests.
func (r *row) byName() string {
	var b strings.Builder
	for _, name := range callNames {
		if r.calls[name] >= 0.01 {
			fmt.Fprintf(&b, " %s %.2f", name, r.calls[name])
		}
	}
	return b.String()
}

func medians(of []row) row {
	median := func(get func(*row) float64) float64 {
		values := make([]float64, len(of))
		for i := range of {
			values[i] = get(&of[i])
		}
		return kit.Median(values)
	}
	return row{
		cpu: median(func(r *row) float64 { return r.cpu }), switches: median(func(r *row) float64 { return r.switches }),
		p50: median(func(r *row) float64 { return r.p50 }), p99: median(func(r *row) float64 { return r.p99 }),
		p999: median(func(r *row) float64 { return r.p999 }), done: median(func(r *row) float64 { return r.done }),
	}
}

// runRest measures what the servers take while their clients are silent.
func runRest(servers []*harness.Server, o options) (missed int, err error) {
	fmt.Printf("\nat rest, %d connections\n  %-9s %14s %12s\n", o.clients, "", "CPU of a core", "switches/s")
	for i, srv := range servers {
		c, err := connect(srv, o.clients, 0, o.load)
		if err != nil {
			return missed, err
		}
		time.Sleep(settle)
		before, err := kit.LookAtThreads(srv)
		if err != nil {
			return missed, err
		}
		begin := time.Now()
		time.Sleep(restLength)
		after, err := kit.LookAtThreads(srv)
		took := time.Since(begin)
		c.close()
		if err != nil {
			return missed, err
		}
		share := float64(after.CPU-before.CPU) / float64(took)
		verdict := ""
		if i == 1 {
			if ok := share <= restBound; !ok {
				missed++
				verdict = fmt.Sprintf("bound %.1f%% %s", 100*restBound, kit.Verdict(ok))
			}
		}
		fmt.Printf("  %-9s %13.2f%% %12.0f %s\n", srv.Name, 100*share, float64(after.Switches-before.Switches)/took.Seconds(), verdict)
	}
	return missed, nil
}
