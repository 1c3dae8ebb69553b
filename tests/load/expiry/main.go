// Command expiry measures how long after their deadlines keys expire: many keys whose
// deadlines are spread over a minute, while clients read and write others. The lateness
// is what a subscriber of the keyspace event "expired" sees; of Kring also what it
// measures itself (INFO). With -spread 0 all keys have one deadline, and the latency of
// the clients is what matters.
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

type config struct {
	keys, clients int
	spread        time.Duration
	events        bool
}

const (
	// lead is how long before the first deadline the keys must be there.
	lead = 20 * time.Second
	// patience is for how long after the last deadline events are awaited.
	patience = 20 * time.Second

	p99Bound, maxBound = 10 * time.Millisecond, 50 * time.Millisecond
)

func main() {
	var c config
	flag.IntVar(&c.keys, "keys", 1_000_000, "keys with a deadline")
	flag.IntVar(&c.clients, "clients", 10, "clients at work meanwhile")
	flag.DurationVar(&c.spread, "spread", time.Minute, "over which the deadlines are spread")
	events := flag.Bool("events", true, "subscribe to keyspace events; without them only Kring tells how late it was")
	redis := flag.Bool("redis", true, "measure redis-server too")
	strict := flag.Bool("strict", false, "exit with 1 when Kring is too late")
	flag.Parse()
	c.events = *events
	kit.Run(func(s *kit.Servers) error {
		starts := []func(...string) (*harness.Server, error){s.Kring}
		if *redis {
			starts = append(starts, s.Redis)
		}
		fmt.Printf("%d keys, deadlines over %v, %d clients\n\n%-6s %-9s %9s %9s %9s %9s\n", c.keys, c.spread, c.clients, "", "", "count", "p50", "p99", "max")
		bad := false
		for i, start := range starts {
			classes := ""
			if *events {
				classes = "Ex"
			}
			srv, err := start("--notify-keyspace-events", classes)
			if err != nil {
				return err
			}
			late, busy, err := measure(srv, c)
			if err != nil {
				return fmt.Errorf("%s: %w", srv.Name, err)
			}
			late.Sort()
			verdict := ""
			if i == 0 && c.spread > 0 && len(late) > 0 {
				ok := late.At(99) <= p99Bound && late.Max() <= maxBound
				bad, verdict = bad || !ok, kit.Verdict(ok)
			}
			show(srv.Name, "late", late, verdict)
			show(srv.Name, "a client", busy, "")
			if p99, ok := kit.Number(srv, "expire_late_p99_milliseconds"); ok {
				longest, _ := kit.Number(srv, "expire_late_max_milliseconds")
				fmt.Printf("%-6s by its own measure: p99 %.0f ms, max %.0f ms\n", srv.Name, p99, longest)
			}
			s.End()
		}
		if *strict && bad {
			return fmt.Errorf("keys expired too late")
		}
		return nil
	})
}

func show(name, what string, l kit.Samples, verdict string) {
	l.Sort()
	fmt.Printf("%-6s %-9s %9d %9s %9s %9s  %s\n", name, what, len(l), round(l.At(50)), round(l.At(99)), round(l.Max()), verdict)
}

func round(d time.Duration) string { return d.Round(10 * time.Microsecond).String() }

// measure returns the lateness of the keys and the latency of the clients' commands from
// the first deadline on.
func measure(srv *harness.Server, c config) (late, busy kit.Samples, err error) {
	first := time.Now().Add(lead).UnixMilli()
	last := first + c.spread.Milliseconds()
	events := make(<-chan kit.Samples)
	if c.events {
		if events, err = listen(srv, c.keys, time.UnixMilli(last).Add(patience)); err != nil {
			return nil, nil, err
		}
	}
	err = kit.Pipe(srv, kit.PipeSpec{Count: c.keys, Command: func(dst []byte, i int) []byte {
		at := first
		if span := last - first; span > 0 {
			at += rand.Int64N(span)
		}
		name := fmt.Appendf(nil, "due:%d:%d", at, i)
		return kit.AppendCommand(dst, []byte("SET"), name, []byte("value"), []byte("PXAT"), strconv.AppendInt(nil, at, 10))
	}})
	if err != nil {
		return nil, nil, err
	}
	if time.Now().UnixMilli() > first {
		return nil, nil, fmt.Errorf("filling took longer than %v", lead)
	}
	stop := work(srv, c.clients, first)
	if c.events {
		late = <-events
	}
	if wait := time.Until(time.UnixMilli(last).Add(2 * time.Second)); wait > 0 { // without events
		time.Sleep(wait)
	}
	return late, stop(), nil
}

// listen subscribes to expirations and delivers their lateness when count have come, or
// at the end; nothing at once if the server has no such events.
func listen(srv *harness.Server, count int, end time.Time) (<-chan kit.Samples, error) {
	out := make(chan kit.Samples, 1)
	cl, err := srv.Dial()
	if err != nil {
		return nil, err
	}
	v, err := cl.Do("SUBSCRIBE", "__keyevent@0__:expired")
	if err != nil || v.IsError() {
		cl.Close()
		out <- nil
		return out, err
	}
	go func() {
		defer cl.Close()
		var late kit.Samples
		for len(late) < count && time.Now().Before(end) {
			cl.Timeout = time.Until(end)
			v, err := cl.Receive()
			if err != nil || len(v.Elems) != 3 {
				break
			}
			now := time.Now()
			parts := strings.Split(v.Elems[2].Text(), ":")
			if at, err := strconv.ParseInt(parts[min(1, len(parts)-1)], 10, 64); err == nil {
				late = append(late, now.Sub(time.UnixMilli(at)))
			}
		}
		out <- late
	}()
	return out, nil
}

// work lets clients read and write; the function that it returns ends them and tells how
// long their commands took from a moment on.
func work(srv *harness.Server, clients int, from int64) func() kit.Samples {
	var ended atomic.Bool
	var wg sync.WaitGroup
	var mu sync.Mutex
	var all kit.Samples
	for i := range clients {
		wg.Go(func() {
			cl, err := srv.Dial()
			if err != nil {
				return
			}
			defer cl.Close()
			rng := rand.New(rand.NewPCG(uint64(i), 1))
			var mine kit.Samples
			for !ended.Load() {
				name := strconv.Itoa(rng.IntN(100_000))
				began := time.Now()
				if rng.IntN(2) == 0 {
					_, err = cl.Do("SET", name, "value")
				} else {
					_, err = cl.Do("GET", name)
				}
				if err != nil {
					break
				}
				if began.UnixMilli() >= from {
					mine = append(mine, time.Since(began))
				}
			}
			mu.Lock()
			all = append(all, mine...)
			mu.Unlock()
		})
	}
	return func() kit.Samples {
		ended.Store(true)
		wg.Wait()
		return all
	}
}
