package clients

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"

	"github.com/kringdb/kring/tests/internal/harness"
)

const (
	// moves is how often slots move while clients count, settle how long one may take, and failoverTimeout is
	// cluster-node-timeout.
	moves           = 4
	settle          = time.Minute
	failoverTimeout = 1000
)

// shards is a cluster of two primaries, the first of which has a replica.
type shards struct {
	t     *testing.T
	nodes [3]*harness.Server // primaries and the replica
	ids   [3]string
}

// startShards starts one.
func startShards(t *testing.T) *shards {
	t.Helper()
	s := &shards{t: t}
	shared := filepath.Join(t.TempDir(), "topology.json")
	for i := range s.nodes {
		n, err := harness.Launch(harness.Config{Bin: harness.SubjectBin(t), Args: []string{
			"--cluster-enabled", "yes", "--cluster-coordinator", "file:" + shared, "--cluster-node-timeout", fmt.Sprint(failoverTimeout), "--repl-diskless-sync-delay", "0"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = n.Kill() })
		s.nodes[i] = n
		s.ids[i] = s.say(i, "cluster myid")
	}
	s.until(0, "cluster addslotsrange 0 8191", "OK")
	s.until(1, "cluster addslotsrange 8192 16383", "OK")
	for i := 1; i < 3; i++ {
		s.until(i, fmt.Sprint("cluster meet 127.0.0.1 ", s.nodes[0].Port), "OK")
	}
	s.until(2, "cluster replicate "+s.ids[0], "OK")
	s.until(2, "info replication", "master_link_status:up")
	for i := range s.nodes {
		s.until(i, "cluster info", "cluster_state:ok")
	}
	return s
}

// say sends a command to a node, and returns the reply as text.
func (s *shards) say(i int, line string) string {
	return s.nodes[i].Say(line)
}

// until says it until the reply has a text in it.
func (s *shards) until(i int, line, want string) {
	s.t.Helper()
	got := ""
	for end := time.Now().Add(settle); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if got = s.say(i, line); strings.Contains(got, want) {
			return
		}
	}
	s.t.Fatalf("%s at node %d: %q, not %q", line, i, got, want)
}

// upset moves slots to and fro, and then kills the first primary, whose replica takes its place.
func (s *shards) upset() {
	s.t.Helper()
	for i := range moves {
		from, to := i%2, (i+1)%2
		s.until(from, fmt.Sprint("cluster migrateslots slotsrange 0 4095 node ", s.ids[to]), "OK")
		s.owns(to)
	}
	_ = s.nodes[0].Kill()
	s.owns(2)
}

// owns waits until a node serves slot 0.
func (s *shards) owns(i int) {
	s.t.Helper()
	s.until(i, "set {3560}x 1", "OK") // slot 0, by CLUSTER KEYSLOT of redis-server 7.0
}

// counting is a client that increments a counter, as often as it is told that it did.
type counting struct {
	name string
	incr func(key string) error
	said atomic.Int64
}

// run increments until stop is closed, and a few times more; by then it must find out soon where the slots are.
func (c *counting) run(stop chan struct{}) error {
	var over time.Time
	after := 0
	for n := 0; after < 20; n++ {
		select {
		case <-stop:
			if over.IsZero() {
				over = time.Now()
			}
		default:
		}
		err := c.incr(fmt.Sprint(c.name, ":", n%64))
		if err == nil {
			c.said.Add(1)
			if !over.IsZero() {
				after++
			}
			continue
		}
		after = 0
		if !over.IsZero() && time.Since(over) > settle {
			return fmt.Errorf("%s, when all is over: %w", c.name, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return nil
}

// TestClusterUpset: clients go on while slots move and a primary is killed, by themselves; what they were told was counted is
// there, but for what no replica could have when the primary was killed.
// It takes a minute, until the last of them has found the new primary, so it is for make soak (CLUSTER_UPSET).
func TestClusterUpset(t *testing.T) {
	if os.Getenv("CLUSTER_UPSET") == "" {
		t.Skip("CLUSTER_UPSET is not set")
	}
	s := startShards(t)
	ctx, cancel := context.WithTimeout(context.Background(), 2*settle)
	defer cancel()
	goRedis := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{s.nodes[1].Addr}, MaxRedirects: 8, DialTimeout: time.Second})
	defer goRedis.Close()
	rueid, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{s.nodes[1].Addr}, DisableCache: true})
	if err != nil {
		t.Fatal(err)
	}
	defer rueid.Close()
	cliC := func(key string) error {
		out, stderr, err := runTool(s.nodes[1], "", toolTimeout, "redis-cli", "-c", "incr", key)
		if _, bad := strconv.ParseInt(strings.TrimSpace(out), 10, 64); err == nil && bad != nil {
			err = errors.New(out + stderr)
		}
		return err
	}
	all := []*counting{
		{name: "go-redis", incr: func(key string) error { return goRedis.Incr(ctx, key).Err() }},
		{name: "rueidis", incr: func(key string) error { return rueid.Do(ctx, rueid.B().Incr().Key(key).Build()).Error() }},
		{name: "redis-cli", incr: cliC},
	}
	stop := make(chan struct{})
	var running sync.WaitGroup
	for _, c := range all {
		running.Go(func() {
			if err := c.run(stop); err != nil {
				t.Error(err)
			}
		})
	}
	for _, command := range [][]string{{"node", "node/ioredisupset.js"}, {"/usr/bin/python3", "scripts/redispyupset.py"}} {
		cmd := exec.CommandContext(ctx, command[0], command[1:]...)
		cmd.Env = append(cmd.Environ(), "HOST=127.0.0.1", fmt.Sprint("PORT=", s.nodes[1].Port))
		in, err := cmd.StdinPipe() // its end is when all is over
		if err != nil {
			t.Fatal(err)
		}
		out := &strings.Builder{}
		cmd.Stdout, cmd.Stderr = out, out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		running.Go(func() {
			<-stop
			_ = in.Close()
			if err := cmd.Wait(); err != nil || !strings.Contains(out.String(), "ok") {
				t.Errorf("%v: %v\n%s", command, err, out)
			}
		})
	}
	s.upset()
	close(stop)
	running.Wait()
	for _, c := range all {
		sum := int64(0)
		for n := range 64 {
			v, err := goRedis.Get(ctx, fmt.Sprint(c.name, ":", n)).Int64()
			if err != nil && !errors.Is(err, redis.Nil) {
				t.Fatal(err)
			}
			sum += v
		}
		said := c.said.Load()
		t.Logf("%s: told of %d, there are %d", c.name, said, sum)
		if said < 20 || sum < said-unreplicated {
			t.Errorf("%s: told of %d, there are %d", c.name, said, sum)
		}
	}
	out, stderr, err := runTool(s.nodes[1], "", toolTimeout, "redis-benchmark", "--cluster", "-t", "set,get", "-n", "2000", "-r", "1000", "-q")
	if err != nil || !strings.Contains(out, "requests per second") {
		t.Errorf("redis-benchmark, when all is over: %v\n%s%s", err, out, stderr)
	}
}

// unreplicated is how many increments of a client, which sends one after the other, may be acknowledged and not yet sent to
// the replica when the primary is killed.
const unreplicated = 50
