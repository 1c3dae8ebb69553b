package server

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/server/admin"
)

// TestClusterState: what the window, the metrics and CLUSTER INFO tell of a cluster, also of a shard without its primary.
func TestClusterState(t *testing.T) {
	args := []string{"cluster-enabled", "yes", "cluster-coordinator", "file:" + filepath.Join(t.TempDir(), "topology.json"), "cluster-node-timeout", "500"}
	s := startServer(t, args...)
	other, end := runServer(t, args...)
	ended := false
	defer func() {
		if !ended {
			end()
		}
	}()
	a, b := dial(t, s), dial(t, other)
	idA, idB := a.flat("cluster myid"), b.flat("cluster myid")
	a.say("cluster addslotsrange 0 9999", "OK")
	b.say("cluster addslotsrange 10000 16383", "OK")
	a.say(fmt.Sprint("cluster meet 127.0.0.1 ", other.Port()), "OK")
	infoHas := func(want ...string) {
		t.Helper()
		text, missing := "", ""
		for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			text, missing = a.do("cluster", "info"), ""
			for _, w := range want {
				if !strings.Contains(text, w+"\r\n") {
					missing = w
				}
			}
			if missing == "" {
				return
			}
		}
		t.Fatalf("no %s in %q", missing, text)
	}
	infoHas("cluster_state:ok", "cluster_slots_ok:16384", "cluster_slots_pfail:0", "cluster_slots_fail:0", "cluster_known_nodes:2", "cluster_size:2")
	b.until("get a", "nil")
	b.say("set a 1", "OK") // slot 15495
	const library = "#!lua name=mine\nredis.register_function('read', function(keys) return redis.call('get', keys[1]) end)"
	if got := b.do("function", "load", library); got != "mine" {
		t.Error(got)
	}
	b.say("cluster migrateslots slotsrange 15495 15495 node "+idA, "OK")
	a.until("get a", "1")
	a.say("fcall read 1 a", "1") // it had no functions
	a.say("publish news x", "0")
	infoHas("cluster_stats_messages_publish_sent:1", "cluster_stats_messages_sent:1")
	var c *admin.Cluster
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if c = s.source.State().Cluster; len(c.Moves) > 0 && c.Moves[0].Over {
			break
		}
	}
	if len(c.Nodes) != 2 || c.Down || c.Sent != 1 || c.Dropped != 0 || c.Epoch == 0 {
		t.Errorf("%+v", c)
	}
	for _, n := range c.Nodes {
		slots, ranges := 6383, "10000-15494 15496-16383"
		if n.ID == idA {
			slots, ranges = 10001, "0-9999 15495"
		}
		if !n.Primary || !n.Leads || n.Failed || n.Myself != (n.ID == idA) || n.Slots != slots || n.Ranges != ranges {
			t.Errorf("%+v, not %d slots: %s", n, slots, ranges)
		}
	}
	if len(c.Moves) != 1 || c.Moves[0].Export || c.Moves[0].Slots != 1 || c.Moves[0].Other != idB || c.Moves[0].State != "success" {
		t.Errorf("%+v", c.Moves)
	}
	end()
	ended = true
	infoHas("cluster_state:fail", "cluster_slots_ok:10001", "cluster_slots_fail:6383", "cluster_known_nodes:2")
	a.say("get a", "1")
	if got := startServer(t).source.State().Cluster; got != nil {
		t.Errorf("a server that is no node has %+v", got)
	}
}
