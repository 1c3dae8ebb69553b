package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

// side is a kind of server, of which all of a part are.
type side struct {
	s      *kit.Servers
	name   string
	launch func(args ...string) (*harness.Server, error)
}

// sides are both, in the order of the figures.
func sides(s *kit.Servers) [2]side {
	return [2]side{{s, "redis", s.Redis}, {s, "kring", s.Kring}}
}

// start launches one with what all have.
func (d *side) start(more ...string) (*harness.Server, error) {
	args := []string{"--repl-diskless-sync-delay", "0", "--client-output-buffer-limit", "replica 0 0 0"}
	return d.launch(append(args, more...)...)
}

// attach launches a replica, and returns after how long it follows the stream, not counting its start.
func (d *side) attach(primary *harness.Server) (replica *harness.Server, took time.Duration, err error) {
	if replica, err = d.start(); err != nil {
		return nil, 0, err
	}
	c, err := replica.Dial()
	if err != nil {
		return nil, 0, err
	}
	defer c.Close()
	begin := time.Now()
	if v, err := c.Do("REPLICAOF", "127.0.0.1", strconv.Itoa(primary.Port)); err != nil || v.IsError() {
		return nil, 0, fmt.Errorf("REPLICAOF: %v %v", v, err)
	}
	for time.Since(begin) < patience {
		v, err := c.Do("INFO", "replication")
		if err == nil && field(v, "master_link_status") == "up" {
			return replica, time.Since(begin), nil
		}
		time.Sleep(poll)
	}
	return nil, 0, fmt.Errorf("the replica does not come:\n%s", replica.Output())
}

// pair is a primary with data, and a replica that has them.
type pair struct {
	primary, replica *harness.Server
	took             time.Duration // until the replica had its copy
}

// pair launches one.
func (d *side) pair(keys int) (p pair, err error) {
	if p.primary, err = d.start(); err != nil {
		return p, err
	}
	err = kit.Fill(p.primary, kit.FillSpec{Keys: keys, Key: kit.BenchKey, Value: []byte(strings.Repeat("x", valueBytes))})
	if err == nil {
		p.replica, p.took, err = d.attach(p.primary)
	}
	if err != nil {
		_ = p.primary.Kill()
	}
	return p, err
}

// field is a field of INFO.
func field(v rawclient.Value, name string) string {
	for line := range strings.Lines(v.Str) {
		if key, val, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":"); ok && key == name {
			return val
		}
	}
	return ""
}

// level waits until the replica has what the primary has; nobody writes.
func level(primary, replica *harness.Server) error {
	p, err := primary.Dial()
	if err != nil {
		return err
	}
	defer p.Close()
	r, err := replica.Dial()
	if err != nil {
		return err
	}
	defer r.Close()
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(5 * poll) {
		want, err1 := p.Do("INFO", "replication")
		got, err2 := r.Do("INFO", "replication")
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		if field(want, "master_repl_offset") == field(got, "slave_repl_offset") {
			return nil
		}
	}
	return fmt.Errorf("the replica does not follow:\n%s", replica.Output())
}

// blast sends SETs of random keys by pipelines over some connections, as fast as they are answered. What is sent is
// made before, so that little of the machine is taken by who sends.
func blast(srv *harness.Server, sets, keys int, value string) error {
	var all sync.WaitGroup
	errs := make(chan error, streamConns)
	for range streamConns {
		all.Go(func() {
			if err := blastOne(srv, sets/streamConns/pipeline, keys, value); err != nil {
				errs <- err
			}
		})
	}
	all.Wait()
	close(errs)
	return <-errs
}

// madeBatches is how many pipelines a connection sends in turn.
const madeBatches = 256

func blastOne(srv *harness.Server, batches, keys int, value string) error {
	made := make([][]byte, min(madeBatches, batches))
	for i := range made {
		for range pipeline {
			made[i] = kit.AppendCommand(made[i], []byte("SET"), kit.BenchKey(nil, rand.IntN(keys)), []byte(value))
		}
	}
	conn, err := net.Dial(srv.Network, srv.Addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	in := make([]byte, pipeline*len("+OK\r\n"))
	for i := range batches {
		if err := kit.Exchange(conn, made[i%len(made)], in); err != nil {
			return err
		}
	}
	return nil
}
