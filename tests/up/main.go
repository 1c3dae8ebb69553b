// Command up is `make cluster`: it starts an etcd and nodes on free ports, makes them a cluster, tells how to
// connect, and ends all of it by Ctrl-C. What the cluster has is gone then.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
)

const (
	slots = 16384
	// patience is how long the nodes may take to agree.
	patience = time.Minute
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "up:", err)
		os.Exit(1)
	}
}

func run() (err error) {
	primaries := flag.Int("primaries", 3, "shards")
	replicas := flag.Int("replicas", 1, "replicas of each")
	timeout := flag.Int("timeout", 5000, "cluster-node-timeout in milliseconds")
	flag.Parse()
	if *primaries < 1 || *primaries > slots || *replicas < 0 {
		return errors.New("there must be a primary, and no negative number of replicas")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	bin, err := harness.Subject()
	if err != nil {
		return err
	}
	defer harness.Cleanup()
	dir, err := os.MkdirTemp("", "kring-cluster-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	etcd, err := harness.StartEtcd(filepath.Join(dir, "etcd"))
	if err != nil {
		return err
	}
	defer func() { _ = etcd.Kill() }()
	var nodes []*harness.Server
	defer func() {
		for _, n := range nodes {
			err = errors.Join(err, n.Stop())
		}
	}()
	for range *primaries * (1 + *replicas) {
		n, err := harness.Launch(harness.Config{Bin: bin, Args: []string{
			"--cluster-enabled", "yes", "--cluster-coordinator", "etcd://" + etcd.Addr, "--cluster-node-timeout", strconv.Itoa(*timeout),
			"--repl-diskless-sync-delay", "0",
		}})
		if err != nil {
			return err
		}
		nodes = append(nodes, n)
	}
	if err := form(ctx, nodes, *primaries); err != nil {
		return err
	}
	tell(etcd, nodes, *primaries)
	<-ctx.Done()
	fmt.Println("\nending")
	return nil
}

// tell says how to connect.
func tell(etcd *harness.Etcd, nodes []*harness.Server, primaries int) {
	for i, n := range nodes {
		what := "primary"
		if i >= primaries {
			what = fmt.Sprintf("replica of %d", nodes[i%primaries].Port)
		}
		fmt.Printf("%s  pid %d  %s\n", n.Addr, n.PID, what)
	}
	fmt.Printf("etcd at %s\n\n  redis-cli -c -p %d\n\nCtrl-C ends it all.\n", etcd.Addr, nodes[0].Port)
}

// form makes the nodes a cluster: the first ones are primaries of equal parts of the slots, the others their replicas.
func form(ctx context.Context, nodes []*harness.Server, primaries int) error {
	ids := make([]string, len(nodes))
	for i, n := range nodes {
		c, err := n.Dial()
		if err != nil {
			return err
		}
		defer c.Close()
		id, err := c.Do("CLUSTER", "MYID")
		if err != nil {
			return err
		}
		ids[i] = id.Str
		steps := [][]string{{"CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(i * slots / primaries), strconv.Itoa((i+1)*slots/primaries - 1)}}
		if i >= primaries {
			steps = nil
		}
		if i > 0 {
			steps = append(steps, []string{"CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(nodes[0].Port)})
		}
		if i >= primaries {
			steps = append(steps, []string{"CLUSTER", "REPLICATE", ids[i%primaries]})
		}
		for _, step := range steps {
			if err := until(ctx, c, "OK", step...); err != nil {
				return err
			}
		}
	}
	for i, n := range nodes {
		c, err := n.Dial()
		if err != nil {
			return err
		}
		defer c.Close()
		if err := until(ctx, c, "cluster_state:ok", "CLUSTER", "INFO"); err != nil {
			return err
		}
		if i >= primaries {
			if err := until(ctx, c, "master_link_status:up", "INFO", "replication"); err != nil {
				return err
			}
		}
	}
	return nil
}

// until sends a command until the reply has a text in it.
func until(ctx context.Context, c *rawclient.Client, want string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		v, err := c.Do(args...)
		if err != nil {
			return err
		}
		if strings.Contains(v.Str, want) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %q: %w", strings.Join(args, " "), v.Str, ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}
