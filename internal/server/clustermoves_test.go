package server

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/cluster"
)

// startPair runs two nodes that know each other; the first one has all slots.
func startPair(t *testing.T, directives ...string) (nodes []*Server, a, b *testClient) {
	nodes = startNodes(t, 2, directives...)
	a, b = dial(t, nodes[0]), dial(t, nodes[1])
	a.say("cluster addslotsrange 0 16383", "OK")
	a.say(fmt.Sprint("cluster meet 127.0.0.1 ", nodes[1].Port()), "OK")
	a.until("get b", "nil")
	b.until("get b", fmt.Sprintf("MOVED 3300 127.0.0.1:%d", nodes[0].Port()))
	return nodes, a, b
}

// startTrio runs three nodes that know each other: the first one has all slots, the second one none, and the third one follows one
// of them, whose index is given.
func startTrio(t *testing.T, followed int, directives ...string) (nodes []*Server, a, b, r *testClient) {
	nodes = startNodes(t, 3, append([]string{"repl-diskless-sync-delay", "0"}, directives...)...)
	a, b, r = dial(t, nodes[0]), dial(t, nodes[1]), dial(t, nodes[2])
	a.say("cluster addslotsrange 0 16383", "OK")
	for _, n := range nodes[1:] {
		a.say(fmt.Sprint("cluster meet 127.0.0.1 ", n.Port()), "OK")
	}
	a.until("get b", "nil")
	r.until("cluster replicate "+[]*testClient{a, b}[followed].flat("cluster myid"), "OK")
	return nodes, a, b, r
}

// moved waits until the last move of slots that a node tells of has ended, and returns how.
func (c *testClient) moved() string {
	c.t.Helper()
	got := ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		got = c.flat("cluster getslotmigrations")
		first, _, _ := strings.Cut(got, "cow_size")
		for _, state := range []string{"success", "failed", "cancelled"} {
			if strings.Contains(first, "state "+state) {
				return state
			}
		}
	}
	c.t.Fatalf("slots move for a minute: %s", got)
	return ""
}

// TestMoveSlots moves keys of all types, with deadlines and without, to a node with a replica.
func TestMoveSlots(t *testing.T) {
	nodes, a, b, r := startTrio(t, 1)
	idA, idB := a.flat("cluster myid"), b.flat("cluster myid")
	for i := range 3000 {
		a.say(fmt.Sprintf("set key:%d v%d", i, i), "OK")
	}
	for _, line := range []string{
		"rpush {b}list 1 2 3", "sadd {b}set x y", "hset {b}hash f v", "zadd {b}zset 1 m", "xadd {b}stream 1-1 f v", "set {b}num 12 px 10000000",
		"set {b}gone x px 1", "setrange {b}large 300000 x", "pfadd {b}hll a b", "set stays 1", "hset {b}ttl f v g w", "hpexpire {b}ttl 10000000 fields 1 f",
	} {
		if got := a.flat(line); strings.Contains(got, "ERR") {
			t.Fatalf("%s: %s", line, got)
		}
	}
	b.say("cluster migrateslots slotsrange 0 10 node "+idA, "ERR I'm not the owner of hash slot 0")
	a.say("cluster migrateslots slotsrange 0 10 node "+idA, "ERR Target node has the slots already")
	a.say("cluster migrateslots slotsrange 0 10 node x", "ERR Unknown node x")
	a.say("cluster migrateslots slotsrange 0 10 10 12 node "+idB, "ERR Slot 10 is already being moved, or named twice")
	a.say("cluster migrateslots slotsrange 0 8000 9000 16382 node "+idB, "OK")
	if got := a.moved(); got != "success" {
		t.Fatal(got, a.flat("cluster getslotmigrations"))
	}
	want := []struct{ line, want string }{
		{"lrange {b}list 0 -1", "[1 2 3]"}, {"scard {b}set", "2"}, {"hget {b}hash f", "v"}, {"zscore {b}zset m", "1"}, {"xlen {b}stream", "1"}, {"get {b}num", "12"},
		{"get {b}gone", "nil"}, {"strlen {b}large", "300001"}, {"pfcount {b}hll", "2"}, {"hget {b}ttl f", "v"},
	}
	for _, w := range want {
		b.say(w.line, w.want)
	}
	if got := b.flat("pttl {b}num"); len(got) != 7 {
		t.Error("time to live", got)
	}
	if got := b.flat("hpttl {b}ttl fields 2 f g"); len(got) != len("[9999999 -1]") {
		t.Error(got)
	}
	a.say("get b", fmt.Sprintf("MOVED 3300 127.0.0.1:%d", nodes[1].Port()))
	keys := 0
	for i := range 3000 {
		key := fmt.Sprintf("key:%d", i)
		c := a
		if slot := cluster.KeySlot([]byte(key)); slot <= 8000 || slot >= 9000 && slot <= 16382 {
			c = b
			keys++
		}
		c.say("get "+key, fmt.Sprint("v", i))
	}
	a.until("dbsize", fmt.Sprint(3000-keys))
	r.until("dbsize", b.flat("dbsize"))
	if got := b.moved(); got != "success" {
		t.Error(got)
	}
}

// TestMovesBesideFailovers: while all slots move, one of the two ends lets its replica lead. Whatever comes of the move, the slots are
// one shard's, with all that was written.
func TestMovesBesideFailovers(t *testing.T) {
	nodes, a, b, r := startTrio(t, 0)
	s := dial(t, startNode(t, nodes[0]))
	s.say(fmt.Sprint("cluster meet 127.0.0.1 ", nodes[0].Port()), "OK")
	s.until("cluster replicate "+b.flat("cluster myid"), "OK")
	conns, ids := [4]*testClient{a, b, r, s}, [4]string{}
	for i, c := range conns {
		c.until("ping", "PONG") // not while it loads a copy
		ids[i] = c.flat("cluster myid")
	}
	leads := [2]int{0, 1} // of each shard; the other one is two further on
	has := 0
	const keys = 5000
	for i := range keys {
		a.send(encode("set", fmt.Sprint("key:", i), strings.Repeat("x", 200)))
	}
	for range keys {
		a.reply()
	}
	ended := map[string]int{}
	for round := range 8 {
		source, target := leads[has], leads[1-has]
		side := round / 2 % 2 // of which end the primary changes
		old := [2]int{source, target}[side]
		next := (old + 2) % 4
		for _, i := range []int{0, 1, 2, 3} {
			if i != leads[0] && i != leads[1] {
				conns[i].untilHas("info replication", "master_link_status:up")
			}
		}
		conns[source].until("cluster migrateslots slotsrange 0 16383 node "+ids[target], "OK")
		time.Sleep(time.Duration(round*3) * time.Millisecond)
		conns[next].takesOver()
		how := conns[source].moved()
		ended[how]++
		leads[[2]int{has, 1 - has}[side]] = next
		if how == "success" {
			has = 1 - has
		}
		conns[leads[has]].until("dbsize", fmt.Sprint(keys))
		conns[leads[1-has]].until("dbsize", "0")
		conns[leads[has]].until("strlen key:0", "200") // it may learn just now that it leads
	}
	t.Log(ended)
}

// counters increments keys on whichever node has them, until stop is closed, and keeps what each must be then.
type counters struct {
	nodes []*Server
	names []string
	want  []atomic.Int64
	worst atomic.Int64 // of the time between two increments of a client, in nanoseconds
	stop  chan struct{}
	wait  sync.WaitGroup
}

func (k *counters) run(t *testing.T, clients int) {
	k.stop = make(chan struct{})
	for i := range clients {
		k.wait.Go(func() {
			var conns []*testClient
			for _, s := range k.nodes {
				conns = append(conns, dial(t, s))
			}
			at := 0
			for n := i; ; n += clients {
				select {
				case <-k.stop:
					return
				default:
				}
				which := n % len(k.names)
				began := time.Now()
				for tries := 0; ; tries++ {
					got := conns[at].flat("incr " + k.names[which])
					if strings.HasPrefix(got, "MOVED") {
						at = 1 - at
						continue
					}
					if strings.ContainsAny(got, "ACDEFGHIJKLMNOPQRSTUVWXYZ") {
						t.Errorf("incr %s: %s", k.names[which], got)
						return
					}
					break
				}
				k.want[which].Add(1)
				if d := int64(time.Since(began)); d > k.worst.Load() {
					k.worst.Store(d)
				}
			}
		})
	}
}

// check ends the increments and compares what has been counted.
func (k *counters) check(t *testing.T, has int) {
	t.Helper()
	close(k.stop)
	k.wait.Wait()
	c := dial(t, k.nodes[has])
	sum := int64(0)
	for i, name := range k.names {
		want := k.want[i].Load()
		sum += want
		if want > 0 {
			c.say("get "+name, fmt.Sprint(want))
		}
	}
	t.Logf("%d increments, the slowest took %v", sum, time.Duration(k.worst.Load()))
}

// TestCountersMove increments counters while all slots move to and fro: no increment is lost, none is done twice.
func TestCountersMove(t *testing.T) {
	moves, others := 20, 20_000
	if testing.Short() { // with the race detector, which has a move take ten times as long
		moves, others = 6, 5_000
	}
	nodes, a, b := startPair(t)
	k := &counters{nodes: nodes, want: make([]atomic.Int64, 300)}
	for i := range k.want {
		k.names = append(k.names, fmt.Sprint("counter:", i%200, "{", i%150, "}"))
	}
	for i := range others {
		a.send(encode("set", fmt.Sprint("other:", i), "x"))
	}
	for range others {
		a.reply()
	}
	ids := []string{a.flat("cluster myid"), b.flat("cluster myid")}
	k.run(t, 4)
	conns, at := []*testClient{a, b}, 0
	for range moves {
		conns[at].until("cluster migrateslots slotsrange 0 16383 node "+ids[1-at], "OK")
		if got := conns[at].moved(); got != "success" {
			t.Fatal(conns[at].flat("cluster getslotmigrations"))
		}
		at = 1 - at
	}
	k.check(t, at)
}

// TestElementsMove moves elements between lists of one slot, by LMOVE, RENAME and transactions, while the slot moves to and fro:
// each element is in one list all the time.
func TestElementsMove(t *testing.T) {
	nodes, a, b := startPair(t)
	const lists, elements = 3000, 6000
	moves := 20
	if testing.Short() { // as for counters
		moves = 8
	}
	for i := range elements {
		a.send(encode("rpush", fmt.Sprint("{b}", i%lists), fmt.Sprint("e", i)))
	}
	for range elements {
		a.reply()
	}
	stop := make(chan struct{})
	var wait sync.WaitGroup
	for i := range 3 {
		wait.Go(func() {
			conns, at := []*testClient{dial(t, nodes[0]), dial(t, nodes[1])}, 0
			for n := i * 1000; ; n += 7 {
				select {
				case <-stop:
					return
				default:
				}
				from, to := fmt.Sprint("{b}", n%lists), fmt.Sprint("{b}", n*31%lists)
				got := conns[at].flat(fmt.Sprintf("lmove %s %s left right", from, to))
				if n%2 == 0 && !strings.HasPrefix(got, "MOVED") {
					c := conns[at]
					c.send(encode("multi") + encode("lmove", to, from, "right", "left") + encode("renamenx", from, "{b}new"+from) + encode("exec"))
					for range 3 {
						c.reply()
					}
					got = c.reply()
				}
				if strings.HasPrefix(got, "MOVED") {
					at = 1 - at
				}
			}
		})
	}
	ids, conns, at := []string{a.flat("cluster myid"), b.flat("cluster myid")}, []*testClient{a, b}, 0
	for range moves {
		conns[at].until("cluster migrateslots slotsrange 3300 3300 node "+ids[1-at], "OK")
		if got := conns[at].moved(); got != "success" {
			t.Fatal(conns[at].flat("cluster getslotmigrations"))
		}
		at = 1 - at
	}
	close(stop)
	wait.Wait()
	seen := map[string]int{}
	for _, key := range strings.Fields(strings.Trim(conns[at].flat("keys *"), "[]")) {
		for _, e := range strings.Fields(strings.Trim(conns[at].flat("lrange "+key+" 0 -1"), "[]")) {
			seen[e]++
		}
	}
	if len(seen) != elements {
		t.Errorf("%d elements, not %d", len(seen), elements)
	}
	for e, n := range seen {
		if n != 1 {
			t.Errorf("element %s is there %d times", e, n)
		}
	}
}

// TestMovesEnd: a move that is cancelled, or whose keys are deleted, leaves all where it was, and nothing at the target.
func TestMovesEnd(t *testing.T) {
	_, a, b := startPair(t)
	idB := b.flat("cluster myid")
	for i := range 20000 {
		a.send(encode("set", fmt.Sprint("key:", i), strings.Repeat("x", 100)))
	}
	for range 20000 {
		a.reply()
	}
	const move = "cluster migrateslots slotsrange 0 16383 node "
	for range 3 {
		a.until(move+idB, "OK")
		a.say("cluster cancelslotmigrations", "OK")
		if got := a.moved(); got != "cancelled" && got != "success" {
			t.Fatal(a.flat("cluster getslotmigrations"))
		} else if got == "success" {
			b.until(move+a.flat("cluster myid"), "OK")
			b.moved()
		}
		a.until("dbsize", "20000")
		b.until("dbsize", "0")
	}
	a.until(move+idB, "OK")
	b.say("flushall", "OK")
	if got := a.moved(); got == "failed" {
		a.until("dbsize", "20000")
		b.until("dbsize", "0")
		a.until(move+idB, "OK")
	}
	a.say("flushall", "OK") // if the move is not over, it ends; else there is nothing here to be deleted
	if got := a.moved(); got == "failed" {
		b.until("dbsize", "0")
		a.say("set key:1 1", "OK")
	} else {
		b.say("dbsize", "20000")
	}
	a.until("dbsize", map[bool]string{true: "0", false: "1"}[a.moved() == "success"])
}

// TestMovesBack: a slot that comes back at once, while its keys are being deleted still, comes back whole.
func TestMovesBack(t *testing.T) {
	_, a, b := startPair(t)
	keys, moves := 40_000, 16
	if testing.Short() { // as for counters
		keys, moves = 15_000, 6
	}
	for i := range keys {
		a.send(encode("set", fmt.Sprint("{b}", i), "x"))
	}
	for range keys {
		a.reply()
	}
	ids := []string{a.flat("cluster myid"), b.flat("cluster myid")}
	conns := []*testClient{a, b}
	for i := range moves {
		conns[i%2].until("cluster migrateslots slotsrange 3300 3300 node "+ids[1-i%2], "OK")
		if got := conns[i%2].moved(); got != "success" {
			t.Fatal(conns[i%2].flat("cluster getslotmigrations"))
		}
		conns[1-i%2].until("cluster countkeysinslot 3300", fmt.Sprint(keys))
	}
}

// TestStraysGo: keys of another shard's slot that a replica has when it becomes the primary are deleted.
func TestStraysGo(t *testing.T) {
	_, a, b, r := startTrio(t, 1)
	b.until("cluster setslot 3300 importing "+a.flat("cluster myid"), "OK")
	b.until("asking", "OK")
	b.say("set b 1", "OK")
	a.say("cluster delslots 3300", "OK") // while the slot is somebody's the key may not be left behind
	b.say("cluster setslot 3300 stable", "OK")
	a.say("cluster addslots 3300", "OK")
	b.say("dbsize", "1")
	r.until("dbsize", "1")
	r.takesOver()
	r.until("dbsize", "0")
	b.until("dbsize", "0")
	for _, c := range []*testClient{b, r} {
		for strings.Contains(c.do("info", "keyspace"), "db0") { // what is hidden counts there
			time.Sleep(time.Millisecond)
		}
	}
}
