//go:build unix

package cluster

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
)

const (
	moveKeys     = 3000
	moveRounds   = 6
	movePatience = 2 * time.Minute
)

// movers are two nodes that share a file, and keep their data in AOFs.
type movers struct {
	t    *testing.T
	args []string
	mu   sync.Mutex // guards node
	node [2]*harness.Server
	dirs [2]string
}

func (m *movers) start(i int) {
	m.t.Helper()
	s, err := harness.Launch(harness.Config{Bin: harness.SubjectBin(m.t), Dir: m.dirs[i], Args: m.args})
	if err != nil {
		m.t.Fatal(err)
	}
	m.mu.Lock()
	m.node[i] = s
	m.mu.Unlock()
}

func (m *movers) server(i int) *harness.Server {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.node[i]
}

func (m *movers) dial(i int) (*rawclient.Client, error) { return m.server(i).Dial() }

// say sends a command to a node, and returns the reply in one line.
func (m *movers) say(i int, line string) string {
	return m.server(i).Say(line)
}

// until says it again until the reply satisfies ok.
func (m *movers) until(i int, line string, ok func(reply string) bool) string {
	m.t.Helper()
	last := ""
	for end := time.Now().Add(movePatience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if last = m.say(i, line); ok(last) {
			return last
		}
	}
	m.t.Fatalf("node %d, %s: %q", i, line, last)
	return ""
}

// counter is a key that is incremented: by at least sure, and by unsure more at most.
type counter struct{ sure, unsure atomic.Int64 }

// count increments counters, on whichever node has them, until stop is closed.
func (m *movers) count(from int, all []counter, stop chan struct{}) {
	var c *rawclient.Client
	at := 0
	for n := from; ; n += 17 {
		select {
		case <-stop:
			return
		default:
		}
		k := &all[n%len(all)]
		for {
			var err error
			if c == nil {
				if c, err = m.dial(at); err != nil {
					at = 1 - at
					time.Sleep(time.Millisecond)
					break
				}
			}
			v, err := c.Do("INCR", fmt.Sprint("counter:", n%len(all)))
			if err != nil {
				k.unsure.Add(1)
				_ = c.Close()
				c = nil
				break
			}
			if strings.HasPrefix(v.Text(), "MOVED") {
				_ = c.Close()
				c, at = nil, 1-at
				continue
			}
			if v.Kind == rawclient.Int {
				k.sure.Add(1)
			}
			break
		}
	}
}

// TestMovesSurviveKills kills either end of a move of all slots at any moment: afterwards all slots are one node's, with every
// increment that was acknowledged and none twice, and nothing is left of them at the other.
func TestMovesSurviveKills(t *testing.T) {
	t.Parallel()
	m := &movers{t: t, dirs: [2]string{t.TempDir(), t.TempDir()}}
	m.args = []string{"--cluster-enabled", "yes", "--appendonly", "yes", "--cluster-coordinator", "file:" + filepath.Join(t.TempDir(), "topology.json"),
		"--cluster-node-timeout", fmt.Sprint(lease.Milliseconds())}
	for i := range m.node {
		m.start(i)
		t.Cleanup(func() { _ = m.node[i].Kill() })
	}
	ids := [2]string{m.say(0, "cluster myid"), m.say(1, "cluster myid")}
	m.say(0, "cluster addslotsrange 0 16383")
	m.say(0, fmt.Sprint("cluster meet 127.0.0.1 ", m.node[1].Port))
	m.until(1, "get x", func(r string) bool { return strings.Contains(r, "MOVED") })
	all := make([]counter, moveKeys)
	stop := make(chan struct{})
	var wait sync.WaitGroup
	for i := range 3 {
		wait.Go(func() { m.count(i*1000, all, stop) })
	}
	defer func() {
		close(stop)
		wait.Wait()
	}()
	rnd, owner, swaps := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano()))), 0, 0
	for range moveRounds {
		m.until(owner, "cluster migrateslots slotsrange 0 16383 node "+ids[1-owner], func(r string) bool { return strings.Contains(r, "OK") })
		time.Sleep(time.Duration(rnd.IntN(150)) * time.Millisecond) // any moment of the move
		victim := rnd.IntN(2)
		_ = m.node[victim].Kill() // its error is how it ended
		m.start(victim)
		// Whose the slots are is certain when the move has ended on the node that was not killed.
		m.until(1-victim, "cluster getslotmigrations", func(r string) bool {
			first, _, _ := strings.Cut(r, "cow_size")
			return r == "*0[]" || strings.Contains(first, "success") || strings.Contains(first, "failed") // *0[]: it was killed before it told the other
		})
		has := m.until(1-victim, "get x", func(r string) bool { return !strings.Contains(r, "CLUSTERDOWN") })
		was := owner
		if owner = 1 - victim; strings.Contains(has, "MOVED") {
			owner = victim
		}
		if was != owner {
			swaps++
		}
		m.until(owner, "get x", func(r string) bool {
			return !strings.Contains(r, "MOVED") && !strings.Contains(r, "CLUSTERDOWN") && !strings.Contains(r, "LOADING")
		})
		m.until(1-owner, "dbsize", func(r string) bool { return r == "0" })
		m.compare(owner, all)
	}
	t.Logf("%d of %d moves have come to their end", swaps, moveRounds)
}

// compare asks a node for all counters, which are being incremented.
func (m *movers) compare(owner int, all []counter) {
	m.t.Helper()
	c, err := m.dial(owner)
	if err != nil {
		m.t.Fatal(err)
	}
	defer c.Close()
	for i := range all {
		least := all[i].sure.Load()
		var v rawclient.Value
		awaitThat(m.t, func() (bool, string) {
			if v, err = c.Do("GET", fmt.Sprint("counter:", i)); err != nil {
				m.t.Fatal(err)
			}
			return !strings.HasPrefix(v.Text(), "CLUSTERDOWN"), v.Text() // it could not renew its lease in time, and will
		})
		got, _ := strconv.ParseInt(v.Text(), 10, 64)
		// What is under way counts as one more for each client.
		if most := all[i].sure.Load() + all[i].unsure.Load() + 3; got < least || got > most {
			m.t.Errorf("counter %d is %s, and should be %d to %d", i, v, least, most)
		}
	}
}
