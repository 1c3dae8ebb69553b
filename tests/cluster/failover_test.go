//go:build unix

package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// pair is a shard of two nodes that has all slots.
func pair(t *testing.T, coordinator string, args ...string) (primary, replica *node) {
	t.Helper()
	primary, replica = run(t, coordinator, args...), run(t, coordinator, args...)
	form(t, 1, []*node{primary, replica})
	return primary, replica
}

// TestFailoverByKill: the replica takes a dead primary's place with all that WAIT has acknowledged, and the primary
// becomes its replica when it is back, without a full copy where it has kept its data.
func TestFailoverByKill(t *testing.T) {
	t.Parallel()
	e := startEtcd(t)
	a, b := pair(t, "etcd://"+e.Addr+"/x", "--appendonly", "yes")
	for i := range 100 {
		a.say(t, fmt.Sprintf("set {k}%d v%d", i, i))
	}
	if got := a.flat("wait 1 60000"); got != "1" {
		t.Fatal(got)
	}
	begin := time.Now()
	a.kill()
	t.Log("without a primary for", b.leads(t, "other").Sub(begin))
	for i := range 100 {
		if got := b.say(t, fmt.Sprintf("get {k}%d", i)); got != fmt.Sprintf("v%d", i) {
			t.Fatal(i, got)
		}
	}
	if got := b.flat("cluster nodes"); !strings.Contains(got, a.id+" 127.0.0.1:"+fmt.Sprint(a.Port)) || !strings.Contains(got, "slave,fail "+b.id) {
		t.Error(got)
	}
	a.launch(t)
	a.await(t, "info replication", "master_link_status:up")
	a.await(t, "role", "slave 127.0.0.1 "+fmt.Sprint(b.Port))
	b.await(t, "cluster nodes", "slave "+b.id)
	if got := a.say(t, "get {k}0"); !strings.Contains(got, "MOVED") {
		t.Error(got)
	}
	if got := b.flat("info stats"); !strings.Contains(got, "sync_partial_ok:1") {
		t.Error("no partial synchronisation", got)
	}
}

// TestForcedThenGone: a replica that was forced to lead, while its primary was dead, and died before that one's lease had ended, leaves the
// primary to lead again, with all data, when it is back first.
func TestForcedThenGone(t *testing.T) {
	t.Parallel()
	e := startEtcd(t)
	a, b := pair(t, "etcd://"+e.Addr+"/x", "--appendonly", "yes", "--cluster-node-timeout", "5000")
	a.await(t, "set k v", "OK")
	a.await(t, "wait 1 60000", "1")
	awaitThat(t, func() (bool, string) { // it is not known at once that it may
		a.kill()
		got := b.flat("cluster failover force")
		if got != "OK" {
			a.launch(t)
		}
		return got == "OK", got
	})
	b.kill()
	a.launch(t)
	a.leads(t, "other")
	if got := a.say(t, "get k"); got != "v" {
		t.Error(got)
	}
	b.launch(t)
	b.await(t, "info replication", "master_link_status:up")
	b.await(t, "role", "slave 127.0.0.1 "+fmt.Sprint(a.Port))
}

// TestFailoverByStop: a primary that was stopped, and goes on after another has taken its place, takes no write and
// shows nothing.
func TestFailoverByStop(t *testing.T) {
	t.Parallel()
	e := startEtcd(t)
	a, b := pair(t, "etcd://"+e.Addr+"/x")
	a.say(t, "set k old")
	c := a.Connect(t)
	if v, err := c.Do("GET", "k"); err != nil || !strings.Contains(fmt.Sprint(v), "old") {
		t.Fatal(v, err)
	}
	a.stop(t)
	b.leads(t, "other")
	b.say(t, "set k new")
	// These wait in its socket, and are the first that it sees.
	c.Queue("SET", "k", "wrong")
	c.Queue("GET", "k")
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	a.goOn(t)
	for range 2 {
		v, err := c.Receive()
		if err == nil && !strings.Contains(fmt.Sprint(v), "CLUSTERDOWN") && !strings.Contains(fmt.Sprint(v), "MOVED") {
			t.Errorf("a primary that was stopped replies %v", v)
		}
	}
	a.await(t, "role", "slave 127.0.0.1 "+fmt.Sprint(b.Port))
	if got := b.say(t, "get k"); got != "new" {
		t.Error(got)
	}
}

// TestEtcdStopped: without etcd primaries whose replicas are there go on, and so do those that have none; nothing fails
// over; a primary whose replica cannot promise stops before its lease can have ended. All of it heals by itself.
func TestEtcdStopped(t *testing.T) {
	t.Parallel()
	e := startEtcd(t)
	coordinator := "etcd://" + e.Addr + "/x"
	nodes := []*node{run(t, coordinator), run(t, coordinator), run(t, coordinator), run(t, coordinator)}
	form(t, 2, nodes[:3]) // the second primary has no replica
	a, b, r := nodes[0], nodes[1], nodes[2]
	if err := e.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Signal(syscall.SIGCONT) }()
	goesOn(t, 3*lease, func() string {
		if got := a.flat("set {b}a 1"); got != "OK" { // slot 3300
			return "a primary whose replica promises: " + got
		}
		if got := b.flat("set {a}b 1"); got != "OK" { // slot 15495
			return "a primary without replicas: " + got
		}
		return ""
	})
	w := watch()
	defer w.end()
	r.stop(t)
	begin := time.Now()
	a.await(t, "set {b}a 1", "CLUSTERDOWN")
	if d := w.between(begin, time.Now()); d > 2*lease {
		t.Errorf("it took %v to stop", d)
	}
	if got := a.flat("get {b}a"); !strings.Contains(got, "CLUSTERDOWN") {
		t.Error(got)
	}
	r.goOn(t)
	a.await(t, "set {b}a 2", "OK")
	if err := e.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	goesOn(t, 2*lease, func() string {
		if got := b.flat("set {a}b 1"); got != "OK" {
			return "when etcd is back: " + got
		}
		return ""
	})
	a.await(t, "set {b}a 3", "OK")
	a.await(t, "cluster nodes", "myself,master")
}

// TestNodeCutOff: a primary that cannot reach etcd, while its replica can, stops, and the replica takes its place; it
// becomes the replica's when it is back.
func TestNodeCutOff(t *testing.T) {
	t.Parallel()
	e := startEtcd(t)
	p := through(t, e.Addr)
	a := run(t, "etcd://"+p.addr+"/x")
	b := run(t, "etcd://"+e.Addr+"/x")
	form(t, 1, []*node{a, b})
	a.say(t, "set k 1")
	p.set(true)
	begin := time.Now()
	awaitThat(t, func() (bool, string) {
		replica := b.flat("get k")
		got := a.flat("set k 2")
		if got == "OK" && slices.Contains([]string{"1", "2", redis.Nil.Error()}, replica) {
			t.Fatal("both lead at once: ", replica)
		}
		return strings.HasPrefix(got, "CLUSTERDOWN"), got
	})
	down := time.Since(begin)
	t.Logf("the primary led for %v, the replica after %v", down, b.leads(t, "k").Sub(begin))
	if got := a.flat("set k 2"); !strings.Contains(got, "CLUSTERDOWN") {
		t.Error("both lead at once: ", got)
	}
	p.set(false)
	a.await(t, "role", "slave 127.0.0.1 "+fmt.Sprint(b.Port))
	a.await(t, "info replication", "master_link_status:up")
}

// TestReplicaGoesToOrphan: when a primary has lost its only replica, one of another shard's two goes there, with the data of its new
// primary.
func TestReplicaGoesToOrphan(t *testing.T) {
	t.Parallel()
	e := startEtcd(t)
	var nodes []*node
	for range 5 {
		nodes = append(nodes, run(t, "etcd://"+e.Addr+"/x"))
	}
	form(t, 2, nodes[:4])
	a, b, lost := nodes[0], nodes[1], nodes[2]
	nodes[4].await(t, fmt.Sprintf("cluster meet 127.0.0.1 %d", a.Port), "OK")
	nodes[4].await(t, "cluster replicate "+b.id, "OK")
	b.await(t, "info replication", "connected_slaves:2")
	a.await(t, "set {b}a 1", "OK") // slot 3300
	lost.kill()
	var comes *node
	awaitThat(t, func() (bool, string) {
		role := ""
		for _, comes = range nodes[3:] {
			if role = comes.flat("role"); strings.Contains(role, "127.0.0.1 "+fmt.Sprint(a.Port)) {
				return true, ""
			}
		}
		return false, role
	})
	comes.await(t, "info replication", "master_link_status:up")
	b.await(t, "info replication", "connected_slaves:1")
	comes.takesOver(t)
	comes.leads(t, "{b}b")
	if got := comes.say(t, "get {b}a"); got != "1" {
		t.Error("it has not got the data: ", got)
	}
}

// takesOver has a replica lead, without loss. It may not be known yet that it may, and a primary goes on when a replica is too slow for it.
func (n *node) takesOver(t *testing.T) {
	t.Helper()
	said, asked := "", time.Time{}
	awaitThat(t, func() (bool, string) {
		if said != "OK" || time.Since(asked) > 10*time.Second {
			said, asked = n.flat("cluster failover"), time.Now()
		}
		return strings.Contains(n.flat("cluster nodes"), "myself,master"), said
	})
}

// TestManualFailover: while clients write as fast as they can, no acknowledged write is lost, and there is hardly a
// pause.
func TestManualFailover(t *testing.T) {
	t.Parallel()
	e := startEtcd(t)
	a, b := pair(t, "etcd://"+e.Addr+"/x")
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{a.Addr, b.Addr}, MaxRedirects: 20, MinRetryBackoff: time.Millisecond, ReadTimeout: patience})
	defer c.Close()
	stop := make(chan struct{})
	var writers sync.WaitGroup
	var counts, worst [4]int64
	for w := range counts {
		writers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				begin := time.Now()
				n, err := c.Incr(context.Background(), fmt.Sprint("n", w)).Result()
				worst[w] = max(worst[w], int64(time.Since(begin)))
				if counts[w]++; err != nil || n != counts[w] {
					t.Errorf("%d after %d: %v", n, counts[w]-1, err)
					return
				}
			}
		})
	}
	leader, other := a, b
	for range 6 {
		other.await(t, "info replication", "master_link_status:up")
		other.takesOver(t)
		leader, other = other, leader
	}
	close(stop)
	writers.Wait()
	t.Logf("%v calls; the slowest took %v", counts, time.Duration(slices.Max(worst[:])))
	if got := leader.flat("cluster failover"); got != "ERR You should send CLUSTER FAILOVER to a replica" {
		t.Error(got)
	}
	if got := other.flat("cluster failover now"); got != "ERR syntax error" {
		t.Error(got)
	}
	for _, how := range []string{"force", "takeover"} {
		other.await(t, "info replication", "master_link_status:up")
		other.await(t, "cluster failover "+how, "OK") // it may not be known at once that it may
		other.leads(t, "x")
		leader, other = other, leader
	}
}
