package server

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/server/observe"
)

// statCalls is what commandstats say of a command's calls, -1: nothing.
func statCalls(t *testing.T, info, name string) int64 {
	_, rest, ok := strings.Cut(info, "cmdstat_"+name+":calls=")
	if !ok {
		return -1
	}
	n, _, _ := strings.Cut(rest, ",")
	return number(t, n)
}

// onTwoReactors returns a client on each of two reactors.
func onTwoReactors(t *testing.T, s *Server) (on [2]*testClient) {
	for on[0] == nil || on[1] == nil {
		d := dial(t, s)
		at := s.clients.Find(number(t, d.do("CLIENT", "ID"))).Reactor()
		if at < 2 && on[at] == nil {
			on[at] = d
		}
	}
	return on
}

// TestCommandStatsAtRest: the first question is answered exactly, within EXEC as well, and a later one
// soon, when those who were called have gone to sleep.
func TestCommandStatsAtRest(t *testing.T) {
	for _, model := range []string{"reactor", "goroutine"} {
		for _, exec := range []bool{false, true} {
			t.Run(fmt.Sprint(model, exec), func(t *testing.T) {
				s := startServer(t, "io-model", model)
				var all []*testClient
				for range 12 {
					all = append(all, dial(t, s))
				}
				ask := func() string {
					if !exec {
						return all[0].do("INFO", "commandstats", "latencystats")
					}
					all[0].want("OK", "MULTI")
					all[0].want("QUEUED", "INFO", "everything")
					return all[0].do("EXEC")
				}
				for round := range 5 {
					for i, c := range all {
						c.want("OK", "SET", fmt.Sprint("k", i), "v")
					}
					want := int64((round + 1) * len(all))
					got := ask()
					if n := statCalls(t, got, "set"); round == 0 && n != want {
						t.Fatalf("%d calls at the first question, want %d", n, want)
					}
					for end := time.Now().Add(patience); statCalls(t, got, "set") != want; got = ask() {
						if time.Now().After(end) {
							t.Fatalf("%d calls, want %d", statCalls(t, got, "set"), want)
						}
					}
					if !strings.Contains(got, "latency_percentiles_usec_set:p50=") {
						t.Error(got)
					}
				}
				all[1].want("OK", "CONFIG", "RESETSTAT")
				if got := ask(); statCalls(t, got, "set") != -1 || strings.Contains(got, "latency_percentiles_usec_set") {
					t.Errorf("after CONFIG RESETSTAT: %s", got)
				}
			})
		}
	}
}

// TestCommandStatsBesideLoad: while others call, the sums never go back, never exceed what was called,
// and become exact.
func TestCommandStatsBesideLoad(t *testing.T) {
	for _, model := range []string{"reactor", "goroutine"} {
		t.Run(model, func(t *testing.T) {
			s := startServer(t, "io-model", model)
			asker := dial(t, s)
			const clients, calls = 6, 3000
			var load sync.WaitGroup
			for i := range clients {
				c := dial(t, s)
				load.Go(func() {
					for range calls / 10 {
						c.send(strings.Repeat(encode("SET", fmt.Sprint("k", i), "v"), 10))
						for range 10 {
							c.reply()
						}
					}
				})
			}
			last := int64(-1)
			for end := time.Now().Add(patience); last != clients*calls; {
				asker.do("GET", "k0")
				n := statCalls(t, asker.do("INFO", "commandstats"), "set")
				if n < last || n > clients*calls || time.Now().After(end) {
					t.Fatalf("%d calls, %d before", n, last)
				}
				last = n
			}
			load.Wait()
		})
	}
}

// TestCommandStatsWaitForNobody: what a reactor has shown is true until it does something, so that
// nobody waits for it.
func TestCommandStatsWaitForNobody(t *testing.T) {
	s := startServer(t, "io-model", "reactor")
	on := onTwoReactors(t, s)
	on[1].want("nil", "GET", "none")
	on[0].do("INFO", "commandstats")
	release := make(chan struct{})
	defer close(release)
	stuck := make(chan struct{})
	s.Group.Reactors()[1].Post(func() { close(stuck); <-release })
	<-stuck
	for range 100 {
		if got := on[0].do("INFO", "commandstats", "latencystats"); statCalls(t, got, "get") != 1 {
			t.Fatal(got)
		}
	}
	on[0].want("OK", "MULTI")
	on[0].want("QUEUED", "INFO", "commandstats")
	if got := on[0].do("EXEC"); statCalls(t, got, "get") != 1 {
		t.Error(got)
	}
}

// TestInfoAsksNobodyAgain: who asks for INFO every now and then is answered by his reactor, from what all
// have shown; it is a matter for a worker, which wakes everybody, the first time only.
func TestInfoAsksNobodyAgain(t *testing.T) {
	for _, model := range []string{"reactor", "goroutine"} {
		t.Run(model, func(t *testing.T) {
			s := startServer(t, "io-model", model)
			c, other := dial(t, s), dial(t, s)
			other.want("PONG", "PING")
			last := c.infoInt("slow_lane_commands")
			until(t, "INFO asks nobody", func() bool {
				time.Sleep(2 * observe.FreshMs * time.Millisecond)
				before := last
				last = c.infoInt("slow_lane_commands")
				return last == before
			})
			other.want("OK", "WATCH", "k")
			until(t, "the watch shows", func() bool { return c.infoInt("watching_clients") == 1 })
			other.want("OK", "UNWATCH")
			until(t, "its end shows", func() bool { return c.infoInt("watching_clients") == 0 })
		})
	}
}

// TestInfoWithinExec: what INFO has to ask all reactors for is asked within EXEC, too.
func TestInfoWithinExec(t *testing.T) {
	s := startServer(t)
	p, c := dial(t, s), dial(t, s)
	p.send(encode("SUBSCRIBE", "ch"))
	p.reply()
	c.want("OK", "MULTI")
	c.want("QUEUED", "INFO", "clients")
	if got := c.do("EXEC"); !strings.Contains(got, "pubsub_clients:1") {
		t.Error(got)
	}
}

// TestCommandStatsUnasked: nobody copies anything while nobody asks.
func TestCommandStatsUnasked(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	for range 100 {
		c.want("OK", "SET", "a", "x")
	}
	if s.clients.CallsWanted.Is(time.Now().UnixMilli()) {
		t.Error("calls are shown unasked")
	}
	c.do("INFO", "everything")
	if !s.clients.CallsWanted.Is(time.Now().UnixMilli()) && time.Now().UnixMilli() < s.started.UnixMilli()+500 {
		t.Error("a question has not been noticed")
	}
}
