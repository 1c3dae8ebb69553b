//go:build unix

package cluster

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/redis/go-redis/v9"
)

const (
	pairs       = 5
	registers   = 3 // of each pair
	clientsEach = 3 // of a register: the first one writes
	// The bounds of the time without a primary that takes writes, for a lease of 2 s. A machine that is too busy to
	// renew leases in time has other troubles.
	boundMedian, boundWorst = 2500 * time.Millisecond, 4 * time.Second
)

// failovers is how many there are in TestRegisters; $KRING_FAILOVERS for more.
func failovers() int {
	if n, err := strconv.Atoi(os.Getenv("KRING_FAILOVERS")); err == nil && n > 0 {
		return n
	}
	return 50
}

// call is what is done to a register.
type call struct {
	register int
	write    bool
	value    int // written
}

// model is registers of integers, each by itself.
var model = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		all := make([][]porcupine.Operation, registers)
		for _, o := range history {
			r := o.Input.(call).register
			all[r] = append(all[r], o)
		}
		return all
	},
	Init: func() any { return 0 },
	Step: func(state, input, output any) (bool, any) {
		if c := input.(call); c.write {
			return true, c.value
		}
		return output.(int) == state.(int), state
	},
	Equal: func(a, b any) bool { return a == b },
}

// history is what clients of one pair did.
type history struct {
	begin time.Time
	mu    sync.Mutex
	ops   []porcupine.Operation
}

func (h *history) now() int64 { return int64(time.Since(h.begin)) }

// client calls a register at whichever node of a pair takes it, until stop is closed. A call counts when a replica has
// what it wrote, or all that the primary had when it read: it is done by WAIT. Of one that does not get so far a
// write may have happened, at any time; a read tells nothing.
func (h *history) client(id int, nodes [2]*node, stop <-chan struct{}) {
	var to [2]*redis.Client
	for i, n := range nodes {
		to[i] = redis.NewClient(&redis.Options{
			Addr: n.Addr, MaxRetries: -1, DialTimeout: 300 * time.Millisecond, ReadTimeout: 700 * time.Millisecond, DialerRetries: 1, PoolSize: 1, DisableIdentity: true,
		})
		defer to[i].Close()
	}
	c := call{register: id / clientsEach, write: id%clientsEach == 0}
	key := fmt.Sprintf("r%d", c.register)
	at := 0
	for n := 1; ; n++ {
		select {
		case <-stop:
			return
		case <-time.After(3 * time.Millisecond):
		}
		c.value = n
		o := porcupine.Operation{ClientId: id, Input: c, Call: h.now()}
		var set *redis.StatusCmd
		var get *redis.StringCmd
		var waited *redis.Cmd
		_, _ = to[at].Pipelined(context.Background(), func(p redis.Pipeliner) error {
			if c.write {
				set = p.Set(context.Background(), key, n, 0)
			} else {
				get = p.Get(context.Background(), key)
				set = p.Set(context.Background(), "{"+key+"}"+strconv.Itoa(id), n, 0)
			}
			waited = p.Do(context.Background(), "wait", 1, 500)
			return nil
		})
		o.Return = h.now()
		replicas, err := waited.Int()
		safe := set.Err() == nil && err == nil && replicas >= 1
		switch {
		case safe && c.write:
		case safe:
			o.Output, _ = get.Int() // 0: there is none yet
			if get.Err() != nil && get.Err() != redis.Nil {
				continue
			}
		default:
			at = 1 - at
			if !c.write || refused(set.Err()) {
				continue
			}
			o.Return = math.MaxInt64
		}
		h.mu.Lock()
		h.ops = append(h.ops, o)
		h.mu.Unlock()
	}
}

// refused tells whether an error says that the call was not run.
func refused(err error) bool {
	return err != nil && slices.ContainsFunc([]string{"MOVED ", "CLUSTERDOWN ", "READONLY ", "LOADING ", "connection refused"}, func(s string) bool {
		return strings.Contains(err.Error(), s)
	})
}

// TestRegisters: primaries are killed and stopped again and again while registers are written and read. No read is
// stale, no write that WAIT has acknowledged is lost, and there is a primary again within the bounds.
func TestRegisters(t *testing.T) {
	e := startEtcd(t)
	w := watch()
	var mu sync.Mutex
	var gaps []time.Duration
	rounds := (failovers() + pairs - 1) / pairs
	t.Run("pairs", func(t *testing.T) {
		for i := range pairs {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				a, b := pair(t, fmt.Sprintf("etcd://%s/%d", e.Addr, i))
				got := duel(t, [2]*node{a, b}, rounds, w)
				mu.Lock()
				gaps = append(gaps, got...)
				mu.Unlock()
			})
		}
	})
	if len(gaps) == 0 {
		t.Fatal("no failover")
	}
	stood := w.end()
	slices.Sort(gaps)
	median, worst := gaps[len(gaps)/2], gaps[len(gaps)-1]
	t.Logf("%d failovers: without a primary for %v, at worst %v; the test stood still for %v", len(gaps), median, worst, stood)
	if median > boundMedian || worst > boundWorst {
		t.Errorf("more than %v, %v: %v", boundMedian, boundWorst, gaps)
	}
}

// watchdog knows when this process stood still, as other jobs of the machine may have it and the nodes stopped.
type watchdog struct {
	quit chan struct{}
	done chan struct{}
	mu   sync.Mutex
	last time.Time // when it looked last
	gone []span    // when it did not
}

// span is from one moment to another.
type span struct{ from, to time.Time }

const (
	// watchTick is how often the watchdog looks, and lateTick by how much later it does so when the process counts as standing still.
	watchTick = 10 * time.Millisecond
	lateTick  = 200 * time.Millisecond
)

// watch begins to look.
func watch() *watchdog {
	w := &watchdog{quit: make(chan struct{}), done: make(chan struct{}), last: time.Now()}
	go func() {
		defer close(w.done)
		tick := time.NewTicker(watchTick)
		defer tick.Stop()
		for {
			select {
			case <-w.quit:
				return
			case <-tick.C:
				w.look()
			}
		}
	}()
	return w
}

func (w *watchdog) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if now.Sub(w.last) > watchTick+lateTick {
		w.gone = append(w.gone, span{w.last.Add(watchTick), now})
	}
	w.last = now
}

// between is how much of a time the process was going.
func (w *watchdog) between(from, to time.Time) time.Duration {
	w.look()
	w.mu.Lock()
	defer w.mu.Unlock()
	d := to.Sub(from)
	for _, s := range w.gone {
		if s.from.Before(from) {
			s.from = from
		}
		if s.to.After(to) {
			s.to = to
		}
		d -= max(s.to.Sub(s.from), 0)
	}
	return d
}

// end ends it, and returns for how long the process stood still in all.
func (w *watchdog) end() (stood time.Duration) {
	close(w.quit)
	<-w.done
	for _, s := range w.gone {
		stood += s.to.Sub(s.from)
	}
	return stood
}

// TestWatchdog: of a time only what the process stood still in it is taken off.
func TestWatchdog(t *testing.T) {
	begin := time.Now()
	at := func(s int) time.Time { return begin.Add(time.Duration(s) * time.Second) }
	w := &watchdog{last: time.Now(), gone: []span{{at(2), at(5)}, {at(8), at(9)}}}
	for _, c := range []struct{ from, to, want int }{{0, 1, 1}, {0, 10, 6}, {3, 4, 0}, {4, 6, 1}, {5, 8, 3}, {0, 3, 2}} {
		if got := w.between(at(c.from), at(c.to)); got != time.Duration(c.want)*time.Second {
			t.Errorf("%d to %d: %v, not %d s", c.from, c.to, got, c.want)
		}
	}
}

// duel has the nodes of a pair fail in turn, and returns for how long there was no primary each time, without what the test stood still.
func duel(t *testing.T, nodes [2]*node, rounds int, w *watchdog) (gaps []time.Duration) {
	h := &history{begin: time.Now()}
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for id := range registers * clientsEach {
		clients.Go(func() { h.client(id, nodes, stop) })
	}
	for round := range rounds {
		old, next := nodes[round%2], nodes[1-round%2]
		time.Sleep(time.Duration(round*97%1000) * time.Millisecond) // at any time between two renewals
		begin := time.Now()
		if round%4 < 2 {
			old.kill()
		} else {
			old.stop(t)
		}
		gaps = append(gaps, w.between(begin, next.leads(t, "other")))
		if round%4 < 2 {
			old.launch(t)
		} else {
			old.goOn(t)
		}
		old.await(t, "role", "slave 127.0.0.1 "+fmt.Sprint(next.Port))
		old.await(t, "info replication", "master_link_status:up")
		if t.Failed() {
			break
		}
	}
	close(stop)
	clients.Wait()
	if got := porcupine.CheckOperationsTimeout(model, h.ops, time.Minute); got != porcupine.Ok {
		t.Errorf("the registers of %d calls are no registers: %v", len(h.ops), got)
	}
	return gaps
}
