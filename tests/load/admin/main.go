// Command admin measures what looking at Kring costs: the server's CPU with the window
// open, which asks for /api/state every two seconds, and the time of GET /metrics, with
// many keys; INFO's CPU against redis-server's, and what others notice of it.
package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kringdb/kring/tests/internal/browser"
	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

const (
	// every is how often the page asks.
	every = 2 * time.Second
	// shareBound is the part of a core that an open page may cost, in percent.
	shareBound = 1.0
	// metricsBound is how long GET /metrics may take.
	metricsBound = 10 * time.Millisecond
)

type config struct {
	keys, clients, scrapes int
	rounds, calls, pings   int
	length                 time.Duration
}

func main() {
	var c config
	flag.IntVar(&c.keys, "keys", 1_000_000, "keys")
	flag.IntVar(&c.clients, "clients", 100, "idle connections")
	flag.IntVar(&c.scrapes, "scrapes", 50, "calls of /metrics")
	flag.DurationVar(&c.length, "time", 30*time.Second, "for how long CPU is measured, without and with the page")
	flag.IntVar(&c.rounds, "rounds", 3, "rounds of INFO")
	flag.IntVar(&c.pings, "pings", 4000, "pings beside a client that asks for INFO")
	flag.IntVar(&c.calls, "calls", 5000, "calls of INFO in a round")
	parts := flag.String("parts", "page,info,beside", "what is measured: page, info, beside")
	strict := flag.Bool("strict", false, "exit with 1 when a bound is passed")
	flag.Parse()
	kit.Run(func(s *kit.Servers) error {
		kept := true
		for _, part := range []struct {
			name string
			run  func(*kit.Servers, config) (bool, error)
		}{{"page", run}, {"info", infoCosts}, {"beside", infoBeside}} {
			if !slices.Contains(strings.Split(*parts, ","), part.name) {
				continue
			}
			ok, err := part.run(s, c)
			s.End()
			if err != nil {
				return err
			}
			kept = kept && ok
		}
		if *strict && !kept {
			return fmt.Errorf("a bound is passed")
		}
		return nil
	})
}

func run(s *kit.Servers, c config) (ok bool, err error) {
	port, err := harness.FreePort()
	if err != nil {
		return false, err
	}
	base := "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	srv, err := s.Kring("--http-address", strings.TrimPrefix(base, "http://"))
	if err != nil {
		return false, err
	}
	if err := kit.Fill(srv, kit.FillSpec{Keys: c.keys, Key: kit.BenchKey, Value: []byte(strings.Repeat("x", 64))}); err != nil {
		return false, err
	}
	for range c.clients {
		conn, err := srv.Dial()
		if err != nil {
			return false, err
		}
		defer conn.Close()
		if err := browser.Prepare(conn); err != nil { // calls of many kinds, so that there is something to tell
			return false, err
		}
	}
	time.Sleep(every) // until what followed has settled
	idle, err := share(srv, c.length, func() error { return nil })
	if err != nil {
		return false, err
	}
	page, err := share(srv, c.length, func() error { _, err := get(base + "/api/state"); return err })
	if err != nil {
		return false, err
	}
	cost := page - idle
	fmt.Printf("%d keys, %d clients\n\nCPU of one core    at rest %.2f %%, with the page open %.2f %%: the page costs %.2f %% (bound %.0f %%) %s\n",
		c.keys, c.clients, idle, page, cost, shareBound, kit.Verdict(cost < shareBound))
	var times kit.Samples
	size := 0
	for range c.scrapes {
		begin := time.Now()
		if size, err = get(base + "/metrics"); err != nil {
			return false, err
		}
		times = append(times, time.Since(begin))
	}
	times.Sort()
	ok = times.At(99) < metricsBound
	fmt.Printf("GET /metrics       median %v, p99 %v, %d KB (bound %v) %s\n", times.At(50).Round(time.Microsecond), times.At(99).Round(time.Microsecond),
		size>>10, metricsBound, kit.Verdict(ok))
	return ok && cost < shareBound, nil
}

// share returns the part of a core, in percent, that the server takes while look is
// called as often as the page asks.
func share(srv *harness.Server, length time.Duration, look func() error) (float64, error) {
	before, err := srv.CPU()
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	for next := begin; time.Since(begin) < length; time.Sleep(time.Until(next)) {
		if err := look(); err != nil {
			return 0, err
		}
		next = next.Add(every)
	}
	took := time.Since(begin)
	after, err := srv.CPU()
	return 100 * (after - before).Seconds() / took.Seconds(), err
}

func get(url string) (size int, err error) {
	r, err := http.Get(url)
	if err != nil {
		return 0, err
	}
	defer r.Body.Close()
	n, err := io.Copy(io.Discard, r.Body)
	if err == nil && r.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, r.Status)
	}
	return int(n), err
}
