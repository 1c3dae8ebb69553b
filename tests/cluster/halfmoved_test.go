//go:build unix

package cluster

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestHalfMoved: a move of a slot, key by key, that was left half done is ended forwards or back by hand, and by redis-cli; no key is lost, be
// it that the target is started again meanwhile. What has gone over cannot be left behind.
func TestHalfMoved(t *testing.T) {
	t.Parallel()
	coordinator := "file:" + filepath.Join(t.TempDir(), "topology.json")
	a, b := run(t, coordinator, "--appendonly", "yes"), run(t, coordinator, "--appendonly", "yes")
	a.say(t, "cluster addslotsrange 0 16383")
	b.say(t, fmt.Sprintf("cluster meet 127.0.0.1 %d", a.Port))
	for _, n := range []*node{a, b} {
		n.await(t, "cluster info", "cluster_state:ok")
	}
	const keys, slot = 40, "3300"
	for i := range keys {
		a.say(t, fmt.Sprintf("set {b}%d v%d", i, i))
	}
	migrate := func(from, to *node, first, last int) {
		t.Helper()
		line := fmt.Sprintf("migrate 127.0.0.1 %d ", to.Port) + "%s 0 60000"
		for i := first; i < last; i++ {
			from.await(t, fmt.Sprintf(line, fmt.Sprint("{b}", i)), "OK") // who was killed does not lead yet
		}
	}
	// half has half of the keys go over, and the target end suddenly.
	half := func() {
		t.Helper()
		a.say(t, "cluster setslot "+slot+" migrating "+b.id)
		b.say(t, "cluster setslot "+slot+" importing "+a.id)
		migrate(a, b, 0, keys/2)
		b.kill()
		b.launch(t)
		b.await(t, "cluster info", "cluster_state:ok")
		if got := a.say(t, "get {b}0"); !strings.HasPrefix(got, "ASK "+slot) {
			t.Error(got)
		}
		if got := b.flat("cluster setslot " + slot + " stable"); !strings.HasPrefix(got, "ERR hash slot "+slot+" has keys here") {
			t.Error(got)
		}
	}
	all := func(n *node) {
		t.Helper()
		n.await(t, "get {b}0", "v0")
		for i := range keys {
			if got := n.say(t, fmt.Sprintf("get {b}%d", i)); got != fmt.Sprint("v", i) {
				t.Fatal(i, got)
			}
		}
		for _, n := range []*node{a, b} {
			awaitThat(t, func() (bool, string) {
				got := n.flat("cluster nodes")
				return !strings.Contains(got, "["+slot), "the slot is still open: " + got
			})
		}
	}
	half()
	a.say(t, "cluster setslot "+slot+" stable")
	migrate(b, a, 0, keys/2)
	b.say(t, "cluster setslot "+slot+" stable")
	all(a)

	half()
	migrate(a, b, keys/2, keys)
	b.say(t, "cluster setslot "+slot+" node "+b.id)
	all(b)
	b.say(t, "cluster setslot "+slot+" migrating "+a.id)
	a.say(t, "cluster setslot "+slot+" importing "+b.id)
	migrate(b, a, 0, keys)
	a.say(t, "cluster setslot "+slot+" node "+a.id)
	all(a)

	half() // one of them is the owner then: with as many keys on both, the first one
	if out, err := exec.CommandContext(t.Context(), "redis-cli", "--cluster", "fix", a.Addr).CombinedOutput(); err != nil || strings.Contains(string(out), "ERR") {
		t.Fatalf("redis-cli --cluster fix: %v\n%s", err, out)
	}
	all(a)
	if out, err := exec.CommandContext(t.Context(), "redis-cli", "--cluster", "check", b.Addr).CombinedOutput(); err != nil {
		t.Errorf("redis-cli --cluster check: %v\n%s", err, out)
	}
}
