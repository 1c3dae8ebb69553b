// Command cluster measures what being a node of a cluster costs, against a server that is none and against redis-server as
// a node, in the same run; moving slots, against redis-cli's reshard between two redis-servers; what six nodes ask of etcd
// at rest; and counting the keys of a slot.
//
// CPU is utime plus stime of the server process. The servers of a part take turns, and the figure is the median over the rounds
// of a round's ratio.
package main

import (
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

// The bounds.
const (
	plainBound = 1.03 // CPU as a node over that as none
	redisBound = 0.40 // CPU over redis-server's
	moveBound  = 0.2  // wall of a move over reshard's
	otherBound = 10 * time.Millisecond
	pauseBound = 50 * time.Millisecond
	restBound  = 5.0 // requests a second
	countBound = 50 * time.Microsecond

	redisShare = 4 // redis-server, which takes several times as long, gets this part of the commands
	slots      = 16384
	valueBytes = 64
	patience   = 2 * time.Minute
	poll       = 2 * time.Millisecond
)

type options struct {
	rounds, requests, keys, moved, counted int
	rest                                   time.Duration
	parts                                  string
	strict                                 bool
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "rounds of the commands")
	flag.IntVar(&o.requests, "requests", 2_000_000, "commands of a round")
	flag.IntVar(&o.keys, "keys", 1_000_000, "keys that the commands choose from")
	flag.IntVar(&o.moved, "moved", 1_000_000, "keys that are moved; the source has as many that stay")
	flag.IntVar(&o.counted, "counted", 10_000_000, "keys among which those of a slot are counted")
	flag.DurationVar(&o.rest, "rest", 30*time.Second, "for how long six nodes rest")
	flag.StringVar(&o.parts, "parts", "commands,move,rest,count", "what to measure")
	flag.BoolVar(&o.strict, "strict", false, "exit with 1 when a bound is missed")
	flag.Parse()
	kit.Run(func(s *kit.Servers) error { return run(s, &o) })
}

func run(s *kit.Servers, o *options) error {
	var t table
	wanted := strings.Split(o.parts, ",")
	for _, part := range []struct {
		name string
		run  func(*kit.Servers, *options, *table) error
	}{{"commands", commands}, {"move", moves}, {"rest", rest}, {"count", count}} {
		if !slices.Contains(wanted, part.name) {
			continue
		}
		if err := part.run(s, o, &t); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		s.End()
	}
	if o.strict && t.missed > 0 {
		return fmt.Errorf("%d bounds missed", t.missed)
	}
	return nil
}

// table prints what was measured, and counts the bounds that were missed.
type table struct{ missed int }

func (t *table) line(ok bool, format string, args ...any) {
	if !ok {
		t.missed++
	}
	fmt.Printf(format+"  %s\n", append(args, kit.Verdict(ok))...)
}

// within prints a duration with its bound.
func (t *table) within(what string, d, bound time.Duration) {
	t.line(d <= bound, "%-52s %10v (at most %v)", what, d.Round(time.Microsecond), bound)
}

// node starts a node of a cluster; coordinator is empty for redis-server.
func node(launch func(args ...string) (*harness.Server, error), coordinator string, more ...string) (*harness.Server, error) {
	args := []string{"--cluster-enabled", "yes", "--cluster-node-timeout", "5000"}
	if coordinator != "" {
		args = append(args, "--cluster-coordinator", coordinator)
	}
	bus, err := harness.FreePort() // that of clients, and 10000, may be no port at all
	if err != nil {
		return nil, err
	}
	return launch(append(append(args, "--cluster-port", strconv.Itoa(bus)), more...)...)
}

// ask sends a command in words, and returns the reply, or the error.
func ask(s *harness.Server, line string) (string, error) {
	c, err := s.Dial()
	if err != nil {
		return "", err
	}
	defer c.Close()
	c.Timeout = patience
	v, err := c.Do(strings.Fields(line)...)
	if err == nil && v.IsError() {
		err = fmt.Errorf("%s at %s: %s", line, s.Name, v.Str)
	}
	return v.Text(), err
}

// until asks until the reply has a text in it.
func until(s *harness.Server, line, want string) error {
	last := ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(poll) {
		text, err := ask(s, line)
		if err == nil && strings.Contains(text, want) {
			return nil
		}
		last = text
	}
	return fmt.Errorf("%s at %s: %q, not %q", line, s.Name, last, want)
}

// alone has a node serve all slots.
func alone(s *harness.Server) error {
	if _, err := ask(s, fmt.Sprint("cluster addslotsrange 0 ", slots-1)); err != nil {
		return err
	}
	return until(s, "cluster info", "cluster_state:ok")
}

// commands measures GET and SET -P 64.
func commands(s *kit.Servers, o *options, t *table) error {
	plain, err := s.Kring()
	if err != nil {
		return err
	}
	clustered, err := node(s.Kring, "file")
	if err != nil {
		return err
	}
	redis, err := node(s.Redis, "")
	if err != nil {
		return err
	}
	kit.Banner(redis, plain)
	all := []*harness.Server{plain, clustered, redis}
	for i, srv := range all {
		if i > 0 {
			if err := alone(srv); err != nil {
				return err
			}
		}
		if err := kit.Fill(srv, kit.FillSpec{Keys: o.keys, Key: kit.BenchKey, Value: []byte(strings.Repeat("x", valueBytes))}); err != nil {
			return err
		}
	}
	for _, command := range []string{"get", "set"} {
		var us [3][]float64
		for round := range o.rounds {
			for turn := range all {
				at := (turn + round) % len(all)
				requests := o.requests
				if at == 2 {
					requests /= redisShare
				}
				r, err := kit.Bench(all[at], requests, "-t", command, "-P", "64", "-c", "50", "-r", strconv.Itoa(o.keys), "-d", strconv.Itoa(valueBytes))
				if err != nil {
					return err
				}
				us[at] = append(us[at], r.CPUMicros)
			}
		}
		for _, against := range []struct {
			name  string
			at    int
			bound float64
		}{{"no node", 0, plainBound}, {"redis-server as a node", 2, redisBound}} {
			var ratios []float64
			for i, v := range us[1] {
				ratios = append(ratios, v/us[against.at][i])
			}
			ratio := kit.Median(ratios)
			t.line(ratio <= against.bound, "%-52s %10.3f us %10.3f us ratio %.3f (at most %.2f)", strings.ToUpper(command)+" -P 64 as a node, against "+against.name,
				kit.Median(us[1]), kit.Median(us[against.at]), ratio, against.bound)
		}
	}
	return nil
}
