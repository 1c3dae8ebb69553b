// Command tls measures what a storm of TLS handshakes does to plain clients: their p99 at
// rest, their p99 while all the handshakes come at once, and the ratio. redis-server is
// measured beside Kring, with the same certificate.
//
// The storm is a process of its own, on one processor and with the lowest priority, since
// it stands for other machines: the client's half of a handshake costs about as much as
// the server's.
package main

import (
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kringdb/kring/internal/testcert"
	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/probe"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

const (
	ratioBound   = 10.0
	stormRole    = "storm"
	stormTimeout = time.Minute
	settle       = 200 * time.Millisecond
)

type options struct {
	handshakes, clients, rounds int
	every, rest                 time.Duration
	rsa, redis                  bool
}

func main() {
	if len(os.Args) == 4 && os.Args[1] == stormRole {
		if err := storm(os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	var o options
	flag.IntVar(&o.handshakes, "handshakes", 2000, "handshakes of a storm, all at once")
	flag.IntVar(&o.clients, "clients", 20, "plain clients")
	flag.IntVar(&o.rounds, "rounds", 3, "storms per server")
	flag.DurationVar(&o.every, "every", 2*time.Millisecond, "how often each of them sends a GET")
	flag.DurationVar(&o.rest, "rest", 3*time.Second, "how long the rest is measured")
	flag.BoolVar(&o.rsa, "rsa", false, "an RSA key of 2048 bits for the server, in place of one on P-256")
	flag.BoolVar(&o.redis, "redis", true, "measure redis-server too")
	strict := flag.Bool("strict", false, "exit with 1 when the bound is missed")
	flag.Parse()
	kit.Run(func(s *kit.Servers) error {
		missed, err := run(s, o)
		if err == nil && *strict && missed {
			err = errors.New("bound missed")
		}
		return err
	})
}

func run(s *kit.Servers, o options) (missed bool, err error) {
	dir, err := os.MkdirTemp("", "kring-tls-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	fmt.Printf("%d plain clients with a GET every %v, beside %d TLS handshakes at once\n", o.clients, o.every, o.handshakes)
	fmt.Printf("  %-14s %10s %10s %10s %10s %8s %9s %10s %12s %10s\n", "", "rest p50", "rest p99", "storm p50", "storm p99", "ratio", "bound", "storm max",
		"storm took", "canary")
	starts := []func(...string) (*harness.Server, error){s.Redis, s.Kring}
	if !o.redis {
		starts = starts[1:]
	}
	for _, start := range starts {
		files, err := harness.NewTLS(dir)
		if err == nil {
			files.CertFile, files.KeyFile, err = files.Issue("server", testcert.Spec{Name: "server", RSA: o.rsa})
		}
		if err != nil {
			return false, err
		}
		srv, err := start(files.Args("--tls-auth-clients", "no", "--tcp-backlog", strconv.Itoa(2*o.handshakes))...)
		if err != nil {
			return false, err
		}
		over, err := measure(srv, files.Addr, o)
		if err != nil {
			return false, fmt.Errorf("%s: %w", srv.Name, err)
		}
		missed = over && srv.IsKring()
		s.End()
	}
	return missed, nil
}

// measure runs the storms against one server; it tells whether the median of the ratios is
// over the bound.
func measure(srv *harness.Server, secure string, o options) (over bool, err error) {
	if err := kit.Fill(srv, kit.FillSpec{Keys: 1, Key: func(b []byte, _ int) []byte { return append(b, "k"...) }, Value: []byte("v")}); err != nil {
		return false, err
	}
	var ratios []float64
	for range o.rounds {
		time.Sleep(settle)
		rest, _, err := waits(srv, o, func() error {
			time.Sleep(o.rest)
			return nil
		})
		if err != nil {
			return false, err
		}
		begin := time.Now()
		during, pause, err := waits(srv, o, func() error { return launchStorm(secure, o.handshakes) })
		if err != nil {
			return false, err
		}
		took := time.Since(begin)
		ratio := float64(probe.At(during, 99)) / float64(probe.At(rest, 99))
		ratios = append(ratios, ratio)
		round := func(d time.Duration) time.Duration { return d.Round(time.Microsecond) }
		fmt.Printf("  %-14s %10v %10v %10v %10v %8.1f %9s %10v %12v %10v\n", srv.Name, round(probe.At(rest, 50)), round(probe.At(rest, 99)),
			round(probe.At(during, 50)), round(probe.At(during, 99)), ratio, "", round(probe.At(during, 100)), took.Round(time.Millisecond), round(pause))
	}
	ratio := kit.Median(ratios)
	over = ratio > ratioBound
	fmt.Printf("  %-14s %*s %8.1f %9.1f %s\n", srv.Name+", median", 43, "", ratio, ratioBound, kit.Verdict(!over))
	return over, nil
}

// waits is what the plain clients wait while f runs, and the longest pause of a process
// that does nothing.
func waits(srv *harness.Server, o options, f func() error) ([]time.Duration, time.Duration, error) {
	p, err := probe.Start(srv.Network, srv.Addr, "k", o.clients, o.every)
	if err != nil {
		return nil, 0, err
	}
	canary := kit.NewCanary()
	err = f()
	pause := canary.End()
	all, failed := p.End()
	return all, pause, errors.Join(err, failed)
}

// launchStorm runs storm in a process of its own.
func launchStorm(addr string, count int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command("nice", "-n", "19", self, stormRole, addr, strconv.Itoa(count))
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the storm: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// storm connects count times at once.
func storm(addr, count string) error {
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	conf := &tls.Config{InsecureSkipVerify: true} //nolint:gosec // what is measured is the server
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			var c *tls.Conn
			if c, errs[i] = tls.Dial("tcp", addr, conf); errs[i] == nil {
				_ = c.SetDeadline(time.Now().Add(stormTimeout))
				_ = c.Close()
			}
		})
	}
	wg.Wait()
	failed := 0
	for _, e := range errs {
		if e != nil {
			failed++
			err = e
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d handshakes failed, the last one: %w", failed, n, err)
	}
	return nil
}
