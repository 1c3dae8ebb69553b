//go:build unix

package cluster

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const heirKeys = 300

// heirValue is what a key has: all of them are more than what connections hold of them.
func heirValue(i int) string { return fmt.Sprint("v", i, strings.Repeat("x", 64<<10)) }

// fill makes the keys.
func (n *node) fill(t *testing.T) {
	t.Helper()
	for i := range heirKeys {
		n.say(t, fmt.Sprintf("set key:%d %s", i, heirValue(i)))
	}
}

// migrate has all slots moved to a node, and returns how that has ended.
func (n *node) migrate(t *testing.T, to *node) (state string) {
	t.Helper()
	n.await(t, "cluster migrateslots slotsrange 0 16383 node "+to.id, "OK")
	return n.moved(t)
}

// moved waits until a node's last move has ended, and returns how.
func (n *node) moved(t *testing.T) (state string) {
	t.Helper()
	awaitThat(t, func() (bool, string) {
		got := n.flat("cluster getslotmigrations")
		first, _, _ := strings.Cut(got, "target_node") // of RESP3's maps, which are printed in order of their keys
		_, state, _ = strings.Cut(first, "state:")
		state, _, _ = strings.Cut(state, " ")
		return state == "success" || state == "failed", got
	})
	return state
}

// finds fails the test unless one of the nodes has all keys.
func finds(t *testing.T, nodes ...*node) {
	t.Helper()
	missing := 0
	for i := range heirKeys {
		awaitThat(t, func() (bool, string) {
			down := ""
			for _, n := range nodes {
				got := n.flat(fmt.Sprint("get key:", i))
				if got == heirValue(i) {
					return true, ""
				} else if strings.HasPrefix(got, "CLUSTERDOWN") { // it could not renew its lease in time, and will
					down = got
				}
			}
			if down == "" {
				missing++
			}
			return down == "", down
		})
	}
	if missing > 0 {
		t.Errorf("%d of %d keys are lost", missing, heirKeys)
	}
}

// TestMoveOutlivesTarget: what a replica of the source has acknowledged is still there when a target dies at the moment at which it gets
// the slots: it does not get them before a replica of its own has the keys. A replica that takes nothing makes the
// move fail.
func TestMoveOutlivesTarget(t *testing.T) {
	t.Parallel()
	coordinator := "file:" + filepath.Join(t.TempDir(), "topology.json")
	a, b, r := run(t, coordinator), run(t, coordinator), run(t, coordinator)
	a.say(t, "cluster addslotsrange 0 16383")
	for _, n := range []*node{b, r} {
		n.say(t, fmt.Sprintf("cluster meet 127.0.0.1 %d", a.Port))
	}
	r.await(t, "cluster replicate "+b.id, "OK")
	r.await(t, "info replication", "master_link_status:up")
	a.await(t, "cluster info", "cluster_state:ok")
	a.fill(t)
	r.stop(t)
	ended := a.migrate(t, b)
	b.kill()
	r.goOn(t)
	r.await(t, "cluster nodes", "myself,master")
	r.await(t, "cluster info", "cluster_state:ok")
	finds(t, a, r)
	if ended != "failed" {
		t.Error("slots have moved to a primary whose replica had none of their keys")
	}
	b.launch(t)
	b.await(t, "info replication", "master_link_status:up")
	awaitThat(t, func() (bool, string) { // it has been written down that b may lead
		got := a.migrate(t, r)
		return got == "success", got
	})
	r.kill()
	b.leads(t, "other")
	finds(t, b)
}

// TestMoveHeirThatMayLead: a replica that does not lead by itself is none that slots which come are safe with.
func TestMoveHeirThatMayLead(t *testing.T) {
	t.Parallel()
	coordinator := "file:" + filepath.Join(t.TempDir(), "topology.json")
	a, b := run(t, coordinator), run(t, coordinator)
	q, r := run(t, coordinator, "--cluster-replica-no-failover", "yes"), run(t, coordinator)
	a.say(t, "cluster addslotsrange 0 16383")
	for _, n := range []*node{b, q, r} {
		n.say(t, fmt.Sprintf("cluster meet 127.0.0.1 %d", a.Port))
	}
	for _, n := range []*node{q, r} {
		n.await(t, "cluster replicate "+b.id, "OK")
		n.await(t, "info replication", "master_link_status:up")
	}
	b.await(t, "cluster nodes", "slave,nofailover "+b.id)
	a.await(t, "cluster info", "cluster_state:ok")
	a.say(t, "set k v")
	r.stop(t)
	if got := a.migrate(t, b); got != "failed" {
		t.Error("slots have moved to a primary whose only replica that may lead has none of their keys: ", got)
	}
	b.await(t, "cluster forget "+r.id, "OK")
	awaitThat(t, func() (bool, string) { // nobody is left who may lead
		got := a.migrate(t, b)
		return got == "success", got
	})
	r.goOn(t)
}

// TestMoveKilledAsItEnds kills the target as soon as it has the slots, at about the time at which the source sees it.
func TestMoveKilledAsItEnds(t *testing.T) {
	t.Parallel()
	coordinator := "file:" + filepath.Join(t.TempDir(), "topology.json")
	nodes := []*node{run(t, coordinator), run(t, coordinator), run(t, coordinator)}
	a, pair := nodes[0], nodes[1:]
	a.say(t, "cluster addslotsrange 0 16383")
	for _, n := range pair {
		n.say(t, fmt.Sprintf("cluster meet 127.0.0.1 %d", a.Port))
	}
	pair[1].await(t, "cluster replicate "+pair[0].id, "OK")
	a.await(t, "cluster info", "cluster_state:ok")
	a.fill(t)
	for range 3 {
		b, r := pair[0], pair[1]
		r.await(t, "info replication", "master_link_status:up")
		awaitThat(t, func() (bool, string) {
			a.await(t, "cluster migrateslots slotsrange 0 16383 node "+b.id, "OK")
			for end := time.Now().Add(patience); time.Now().Before(end); {
				if got := a.flat("get key:0"); strings.Contains(got, "MOVED") {
					return true, ""
				} else if strings.Contains(a.flat("cluster getslotmigrations"), "state:failed target_node:"+b.id) {
					return false, got // it is not known yet that r may lead
				}
			}
			return false, "the slots do not move"
		})
		b.kill()
		r.leads(t, "other")
		finds(t, r)
		b.launch(t)
		b.await(t, "info replication", "master_link_status:up")
		r.await(t, "del other", "")
		awaitThat(t, func() (bool, string) {
			got := r.migrate(t, a)
			return got == "success", got
		})
		finds(t, a)
		pair[0], pair[1] = r, b
	}
}

// TestFailoverDuringMove: when the target's replica leads for a while, in the midst of a move, and deletes what had come, the move fails, or
// begins again, and no key is lost.
func TestFailoverDuringMove(t *testing.T) {
	t.Parallel()
	coordinator := "file:" + filepath.Join(t.TempDir(), "topology.json")
	long := []string{"--cluster-node-timeout", "60000"} // the source is stopped for a part of it
	a, b, r := run(t, coordinator, long...), run(t, coordinator, long...), run(t, coordinator, long...)
	a.say(t, "cluster addslotsrange 0 16383")
	for _, n := range []*node{b, r} {
		n.say(t, fmt.Sprintf("cluster meet 127.0.0.1 %d", a.Port))
	}
	r.await(t, "cluster replicate "+b.id, "OK")
	r.await(t, "info replication", "master_link_status:up")
	a.await(t, "cluster info", "cluster_state:ok")
	a.fill(t)
	a.await(t, "cluster migrateslots slotsrange 0 16383 node "+b.id, "OK")
	awaitThat(t, func() (bool, string) {
		got := b.flat("cluster getslotmigrations")
		if strings.Contains(got, "state:receiving") {
			return true, ""
		}
		if strings.HasPrefix(a.flat("get key:0"), "MOVED") && b.migrate(t, a) == "success" { // it was over before it was looked at
			a.await(t, "cluster migrateslots slotsrange 0 16383 node "+b.id, "OK")
		}
		return false, got
	})
	a.stop(t)
	for _, to := range []*node{r, b} {
		to.takesOver(t)
		to.await(t, "role", "[master")
	}
	a.goOn(t)
	a.moved(t)
	finds(t, a, b)
	awaitThat(t, func() (bool, string) {
		if strings.HasPrefix(a.flat("get key:0"), "MOVED") {
			return true, ""
		}
		got := a.migrate(t, b)
		return got == "success", got
	})
	finds(t, b)
}
