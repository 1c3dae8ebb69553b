// Command messages compares what goes through the server beside plain reads and writes:
// messages to many subscribers, PUBLISH without any, transactions, GET while users, slow
// log, latency tracking and statistics are all on, a million subscriptions, and the memory
// of client-side caching.
//
// CPU is utime plus stime of the server process; redis-server and Kring take turns, and
// the figure is the median over the rounds.
package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

type options struct{ rounds, subscribers, messages, requests, keys int }

// part is one row: how it is measured on one server, in microseconds of its CPU per unit.
type part struct {
	id    string // for -parts
	name  string
	bound float64 // of Kring's figure over redis-server's
	run   func(srv *harness.Server, o options) (float64, error)
}

var parts = []part{
	{"single", "message to 1,000 subscribers, single PUBLISH", 1.0, func(s *harness.Server, o options) (float64, error) { return deliver(s, o, 1) }},
	{"pipelined", "message to 1,000 subscribers, PUBLISH -P 64", 0.5, func(s *harness.Server, o options) (float64, error) { return deliver(s, o, 64) }},
	{"publish", "PUBLISH without subscriber -P 64", 0.45, publish},
	{"multi", "MULTI, 3 commands, EXEC, pipelined", 0.5, transactions},
	{"watched", "GET -P 64, everything on", 0.40, getWatched},
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 3, "rounds over all parts")
	flag.IntVar(&o.subscribers, "subscribers", 1000, "subscribers of the channel")
	flag.IntVar(&o.messages, "messages", 3000, "messages to them")
	flag.IntVar(&o.requests, "requests", 1_000_000, "requests of the other parts")
	flag.IntVar(&o.keys, "keys", 100_000, "random keys")
	only := flag.String("parts", "", "only these, with commas between them: single, pipelined, publish, multi, watched, subscriptions, tracking; empty for all")
	strict := flag.Bool("strict", false, "exit with 1 when a bound is missed")
	flag.Parse()
	wanted := func(id string) bool { return *only == "" || slices.Contains(strings.Split(*only, ","), id) }
	kit.Run(func(s *kit.Servers) error {
		missed, err := run(s, o, slices.DeleteFunc(slices.Clone(parts), func(p part) bool { return !wanted(p.id) }))
		if err == nil && wanted("subscriptions") {
			s.End()
			var n int
			n, err = manySubscriptions(s)
			missed += n
		}
		if err == nil && wanted("tracking") {
			s.End()
			var n int
			n, err = trackingMemory(s)
			missed += n
		}
		if err == nil && *strict && missed > 0 {
			err = errors.New("bounds missed")
		}
		return err
	})
}

// run measures the parts that take turns on two servers.
func run(s *kit.Servers, o options, parts []part) (missed int, err error) {
	if len(parts) == 0 {
		return 0, nil
	}
	redis, err := s.Redis("--client-output-buffer-limit", "pubsub 0 0 0")
	if err != nil {
		return 0, err
	}
	kring, err := s.Kring("--client-output-buffer-limit", "pubsub 0 0 0")
	if err != nil {
		return 0, err
	}
	kit.Banner(redis, kring)
	pair := [2]*harness.Server{redis, kring}
	for _, srv := range pair {
		if err := kit.Fill(srv, kit.FillSpec{Keys: o.keys, Key: kit.BenchKey, Value: []byte("0123456789abcdef")}); err != nil {
			return 0, err
		}
	}
	fmt.Printf("%d rounds; medians; server CPU in us per message, call or transaction\n\n%-46s %9s %9s %7s %6s\n", o.rounds, "", "redis us", "kring us", "ratio", "bound")
	for _, p := range parts {
		var us [2][]float64
		for round := range o.rounds {
			for i := range pair {
				at := (i + round) % 2
				v, err := p.run(pair[at], o)
				if err != nil {
					return 0, fmt.Errorf("%s on %s: %w", p.name, pair[at].Name, err)
				}
				us[at] = append(us[at], v)
			}
		}
		r, k := kit.Median(us[0]), kit.Median(us[1])
		ok := k/r <= p.bound
		if !ok {
			missed++
		}
		fmt.Printf("%-46s %9.3f %9.3f %7.3f %6.2f  %s\n", p.name, r, k, k/r, p.bound, kit.Verdict(ok))
	}
	return missed, nil
}
