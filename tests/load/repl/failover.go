package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

// group is what three sentinels know the servers by.
const group = "mymaster"

// measureFailover kills primaries that three sentinels look after, and takes the time until a write is
// accepted again.
func measureFailover(s *kit.Servers, o *options, t *table) error {
	var all [2][]float64
	for range o.failovers {
		for i, d := range sides(s) {
			took, err := d.failover()
			if err != nil {
				return fmt.Errorf("%s: %w", d.name, err)
			}
			all[i] = append(all[i], took.Seconds())
		}
	}
	fmt.Printf("failovers: redis %.2f s, kring %.2f s\n", all[0], all[1])
	t.row("no primary that takes writes", kit.Median(all[0]), kit.Median(all[1]), failoverBound, "s", true)
	return nil
}

// failover is one of them, with servers of its own.
func (d *side) failover() (time.Duration, error) {
	primary, err := d.start()
	if err != nil {
		return 0, err
	}
	defer primary.Kill()
	var replicas []*harness.Server
	for range 2 {
		r, _, err := d.attach(primary)
		if err != nil {
			return 0, err
		}
		defer r.Kill()
		replicas = append(replicas, r)
	}
	var sentinels []*harness.Server
	for range 3 {
		s, err := sentinel(primary.Port)
		if err != nil {
			return 0, err
		}
		defer os.RemoveAll(s.Dir)
		defer s.Kill()
		sentinels = append(sentinels, s)
	}
	if err := calm(sentinels); err != nil {
		return 0, err
	}
	begin := time.Now()
	if err := primary.Kill(); err != nil {
		return 0, err
	}
	for time.Since(begin) < patience {
		for _, r := range replicas {
			if c, err := r.Dial(); err == nil {
				v, err := c.Do("SET", "written", "1")
				c.Close()
				if err == nil && !v.IsError() {
					return time.Since(begin), nil
				}
			}
		}
		time.Sleep(poll)
	}
	return 0, fmt.Errorf("there is no primary:\n%s", sentinels[0].Output())
}

// sentinel launches one that looks after the primary at a port.
func sentinel(primary int) (*harness.Server, error) {
	bin, err := harness.Oracle()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "kring-sentinel-")
	if err != nil {
		return nil, err
	}
	port, err := harness.FreePort()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "sentinel.conf")
	text := fmt.Sprintf("port %d\nbind 127.0.0.1\nsentinel monitor %s 127.0.0.1 %d 2\nsentinel down-after-milliseconds %s 1000\nsentinel failover-timeout %s 6000\n",
		port, group, primary, group, group)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return harness.Launch(harness.Config{Bin: bin, Bare: true, Args: []string{path, "--sentinel"}, Dir: dir, Network: "tcp",
		Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))})
}

// calm waits until all sentinels know each other and both replicas.
func calm(sentinels []*harness.Server) error {
	var last rawclient.Value
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(10 * poll) {
		known := 0
		for _, s := range sentinels {
			c, err := s.Dial()
			if err != nil {
				return err
			}
			last, err = c.Do("SENTINEL", "MASTER", group)
			c.Close()
			if err != nil {
				return err
			}
			replicas, _ := last.Lookup("num-slaves")
			others, _ := last.Lookup("num-other-sentinels")
			flags, _ := last.Lookup("flags")
			if replicas.Str == "2" && others.Str == "2" && flags.Str == "master" {
				known++
			}
		}
		if known == len(sentinels) {
			return nil
		}
	}
	return fmt.Errorf("the sentinels do not know all: %v", last)
}
