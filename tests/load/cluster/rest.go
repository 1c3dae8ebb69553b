package main

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

// startEtcd starts an etcd until the function that it returns is called.
func startEtcd() (e *harness.Etcd, end func(), err error) {
	dir, err := os.MkdirTemp("", "kring-bench-etcd-")
	if err != nil {
		return nil, nil, err
	}
	if e, err = harness.StartEtcd(dir); err != nil {
		os.RemoveAll(dir)
		return nil, nil, err
	}
	return e, func() {
		_ = e.Kill()
		os.RemoveAll(dir)
	}, nil
}

// rest counts what six nodes of three shards ask of etcd at rest, with the default timeout.
func rest(s *kit.Servers, o *options, t *table) error {
	etcd, end, err := startEtcd()
	if err != nil {
		return err
	}
	defer end()
	const primaries = 3
	var nodes []*harness.Server
	for i := range 2 * primaries {
		n, err := node(s.Kring, "etcd://"+etcd.Addr+"/rest", "--repl-diskless-sync-delay", "0", "--cluster-node-timeout", "15000")
		if err != nil {
			return err
		}
		nodes = append(nodes, n)
		if i < primaries {
			if _, err := ask(n, fmt.Sprintf("cluster addslotsrange %d %d", i*slots/primaries, (i+1)*slots/primaries-1)); err != nil {
				return err
			}
		}
		if i > 0 {
			if _, err := ask(n, fmt.Sprint("cluster meet 127.0.0.1 ", nodes[0].Port)); err != nil {
				return err
			}
		}
	}
	for i, n := range nodes[primaries:] {
		id, err := ask(nodes[i], "cluster myid")
		if err != nil {
			return err
		}
		if err := until(n, "cluster replicate "+id, "OK"); err != nil {
			return err
		}
		if err := until(n, "info replication", "master_link_status:up"); err != nil {
			return err
		}
	}
	time.Sleep(2 * time.Second)
	before, err := received(etcd)
	if err != nil {
		return err
	}
	time.Sleep(o.rest)
	after, err := received(etcd)
	if err != nil {
		return err
	}
	rate := (after - before) / o.rest.Seconds()
	t.line(rate <= restBound, "%-52s %10.3f/s (at most %v)", "requests to etcd of six nodes at rest", rate, restBound)
	return nil
}

// received is how many messages clients have sent to etcd: a call is one, and so is each message of a stream.
func received(e *harness.Etcd) (total float64, err error) {
	reply, err := http.Get("http://" + e.Addr + "/metrics")
	if err != nil {
		return 0, err
	}
	defer reply.Body.Close()
	found := false
	for in := bufio.NewScanner(reply.Body); in.Scan(); {
		if line := in.Text(); strings.HasPrefix(line, "grpc_server_msg_received_total{") {
			n, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
			if err != nil {
				return 0, err
			}
			total, found = total+n, true
		}
	}
	if !found {
		return 0, fmt.Errorf("etcd does not tell how much it was asked: %s", reply.Status)
	}
	return total, nil
}

// count times COUNTKEYSINSLOT, one call after the other, beside the time of PING, which is the connection's.
func count(s *kit.Servers, o *options, t *table) error {
	n, err := node(s.Kring, "file")
	if err != nil {
		return err
	}
	if err := alone(n); err != nil {
		return err
	}
	if err := kit.Fill(n, kit.FillSpec{Keys: o.counted, Key: kit.BenchKey, Value: []byte("v")}); err != nil {
		return err
	}
	c, err := n.Dial()
	if err != nil {
		return err
	}
	defer c.Close()
	const calls = 10_000
	var median [2]time.Duration
	keys := int64(0)
	for i, words := range [][]string{{"PING"}, {"CLUSTER", "COUNTKEYSINSLOT", "7"}} {
		var took kit.Samples
		for range calls {
			begin := time.Now()
			v, err := c.Do(words...)
			if err != nil || v.IsError() {
				return fmt.Errorf("%v: %v %w", words, v, err)
			}
			took = append(took, time.Since(begin))
			keys = v.Int
		}
		took.Sort()
		median[i] = took.At(50)
	}
	t.within(fmt.Sprintf("COUNTKEYSINSLOT, %d keys among %d", keys, o.counted), median[1], countBound)
	fmt.Printf("  PING in the same way: %v\n", median[0])
	return nil
}
