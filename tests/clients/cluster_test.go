package clients

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kringdb/kring/tests/internal/harness"
)

// startCluster has redis-cli make a cluster of three nodes, which share a file, in a directory.
func startCluster(t *testing.T) (nodes []*harness.Server) {
	t.Helper()
	shared := filepath.Join(t.TempDir(), "topology.json")
	args := []string{"--cluster", "create", "--cluster-yes"}
	for range 3 {
		s := start(t, "--cluster-enabled", "yes", "--cluster-coordinator", "file:"+shared)
		nodes = append(nodes, s)
		args = append(args, s.Addr)
	}
	out := tool(t, nodes[0], "", "redis-cli", args...)
	if !strings.Contains(out, "[OK] All 16384 slots covered.") {
		t.Fatal(out)
	}
	return nodes
}

func TestCluster(t *testing.T) {
	nodes := startCluster(t)
	t.Run("redis-cli", func(t *testing.T) { clusterByCLI(t, nodes) })
	t.Run("go-redis", func(t *testing.T) { clusterByGoRedis(t, nodes) })
	t.Run("redis-py", func(t *testing.T) { clusterByScript(t, nodes, "/usr/bin/python3", "scripts/redispycluster.py") })
	t.Run("ioredis", func(t *testing.T) { clusterByScript(t, nodes, "node", "node/iorediscluster.js") })
	t.Run("redis-benchmark", func(t *testing.T) {
		out, stderr, err := runTool(nodes[0], "", toolTimeout, "redis-benchmark", "--cluster", "-t", "set,get", "-n", "10000", "-r", "1000", "-P", "8", "-q")
		if err != nil || strings.Contains(out+stderr, "rror") || !strings.Contains(out, "requests per second") {
			t.Errorf("%v\n%s%s", err, out, stderr)
		}
	})
}

func clusterByCLI(t *testing.T, nodes []*harness.Server) {
	for i := range 20 {
		if got := cli(t, nodes[i%3], "-c", "SET", fmt.Sprint("cli", i), fmt.Sprint(i)); !strings.HasSuffix(got, "OK\n") {
			t.Error(got)
		}
		if got := cli(t, nodes[(i+1)%3], "-c", "GET", fmt.Sprint("cli", i)); !strings.HasSuffix(got, fmt.Sprintln(i)) {
			t.Error(got)
		}
	}
	for _, c := range []struct{ args, want string }{
		{"--cluster check ADDR", "[OK] All nodes agree about slots configuration."},
		{"--cluster info ADDR", "[OK] 20 keys in 3 masters."},
		{"--cluster call ADDR PING", ": PONG"},
		{"--cluster rebalance ADDR", "No rebalancing needed!"},
	} {
		out, stderr, err := runTool(nodes[1], "", toolTimeout, "redis-cli", strings.Fields(strings.ReplaceAll(c.args, "ADDR", nodes[1].Addr))...)
		if err != nil || !strings.Contains(out, c.want) {
			t.Errorf("%s: %v\n%s%s", c.args, err, out, stderr)
		}
	}
	reshard(t, nodes)
}

// reshard moves slots, with keys in them, key by key.
func reshard(t *testing.T, nodes []*harness.Server) {
	from, to := strings.TrimSpace(cli(t, nodes[0], "CLUSTER", "MYID")), strings.TrimSpace(cli(t, nodes[1], "CLUSTER", "MYID"))
	before := strings.TrimSpace(cli(t, nodes[0], "CLUSTER", "GETKEYSINSLOT", "0", "10"))
	if before != "" {
		t.Errorf("keys in slot 0: %q", before)
	}
	cli(t, nodes[0], "SET", "{3560}key", "moves") // slot 0, by CLUSTER KEYSLOT of redis-server 7.0
	out := tool(t, nodes[0], "", "redis-cli", "--cluster", "reshard", nodes[0].Addr, "--cluster-from", from, "--cluster-to", to, "--cluster-slots", "3", "--cluster-yes")
	if strings.Contains(out, "[ERR]") {
		t.Error(out)
	}
	if got := cli(t, nodes[1], "GET", "{3560}key"); got != "moves\n" {
		t.Errorf("%q\n%s", got, out)
	}
	if got := cli(t, nodes[0], "GET", "{3560}key"); !strings.HasPrefix(got, "MOVED 0 "+nodes[1].Addr) {
		t.Errorf("%q", got)
	}
}

func clusterByGoRedis(t *testing.T, nodes []*harness.Server) {
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{nodes[2].Addr}})
	t.Cleanup(func() { _ = c.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	for i := range 100 {
		key := fmt.Sprint("go", i)
		if err := c.Set(ctx, key, i, 0).Err(); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Get(ctx, key).Int(); err != nil || got != i {
			t.Fatal(got, err)
		}
	}
	if cmds, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range 100 {
			p.Incr(ctx, fmt.Sprint("go", i))
		}
		return nil
	}); err != nil || cmds[99].(*redis.IntCmd).Val() != 100 {
		t.Error(cmds, err)
	}
	if cmds, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.Set(ctx, "{go}a", "1", 0)
		p.Incr(ctx, "{go}a")
		return nil
	}); err != nil || cmds[1].(*redis.IntCmd).Val() != 2 {
		t.Error(cmds, err)
	}
	if err := c.MGet(ctx, "go1", "go2").Err(); err == nil || !strings.HasPrefix(err.Error(), "CROSSSLOT") {
		t.Error(err)
	}
	if got, err := c.Eval(ctx, "return redis.call('get', KEYS[1])", []string{"{go}a"}).Text(); err != nil || got != "2" {
		t.Error(got, err)
	}
	sub := c.SSubscribe(ctx, "channel")
	defer sub.Close()
	if _, err := sub.Receive(ctx); err != nil {
		t.Fatal(err)
	}
	if n, err := c.SPublish(ctx, "channel", "text").Result(); err != nil || n != 1 {
		t.Error(n, err)
	}
	if m, err := sub.ReceiveMessage(ctx); err != nil || m.Payload != "text" {
		t.Error(m, err)
	}
	if n, err := c.DBSize(ctx).Result(); err != nil || n < 101 {
		t.Error(n, err)
	}
}

// clusterByScript runs a script, which prints "ok" when it has come to its end.
func clusterByScript(t *testing.T, nodes []*harness.Server, command ...string) {
	ctx, cancel := context.WithTimeout(context.Background(), scriptTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "HOST=127.0.0.1", fmt.Sprint("PORT=", nodes[0].Port))
	out, err := cmd.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "ok" {
		t.Errorf("%v: %s", err, out)
	}
}
