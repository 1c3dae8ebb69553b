//go:build unix

package cluster

import (
	"strings"
	"testing"
)

// TestStartWithoutEtcd: a node that does not reach etcd when it starts says CLUSTERDOWN, and joins when it does: a new one, and
// one that has slots and data.
func TestStartWithoutEtcd(t *testing.T) {
	e := startEtcd(t)
	p := through(t, e.Addr)
	p.set(true)
	n := run(t, "etcd://"+p.addr+"/x", "--appendonly", "yes")
	if got := n.flat("set k v"); !strings.HasPrefix(got, "CLUSTERDOWN") {
		t.Error(got)
	}
	p.set(false)
	awaitThat(t, func() (bool, string) {
		got := n.flat("cluster addslotsrange 0 16383")
		return got == "OK", got
	})
	n.leads(t, "k")
	n.kill()
	p.set(true)
	n.launch(t)
	for _, line := range []string{"get k", "set k v", "mset k v"} {
		if got := n.flat(line); !strings.HasPrefix(got, "CLUSTERDOWN") {
			t.Errorf("%s: %s", line, got)
		}
	}
	p.set(false)
	n.await(t, "get k", "x")
	n.await(t, "cluster info", "cluster_state:ok")
}
