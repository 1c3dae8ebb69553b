//go:build unix

package repl

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kringdb/kring/tests/internal/harness"
)

// TestSentinelClients: clients that ask Sentinel where the primary and its replicas are, go-redis, redis-py and ioredis,
// go on with the new primary when the old one is killed, and find what they had written.
func TestSentinelClients(t *testing.T) {
	g := newGuarded(t)
	g.awaitCalm()
	var ports []string
	for _, s := range g.sentinels {
		_, port, _ := net.SplitHostPort(s.Addr)
		ports = append(ports, port)
	}
	clients := map[string]func(restart func()) error{
		"go-redis": func(restart func()) error { return goRedisThrough(ports, restart) },
		"redis-py": func(restart func()) error {
			return scriptThrough(ports, restart, "/usr/bin/python3", "tests/clients/scripts/redispysentinel.py")
		},
		"ioredis": func(restart func()) error {
			return scriptThrough(ports, restart, "node", "tests/clients/node/ioredissentinel.js")
		},
	}
	var ready, ended sync.WaitGroup
	over := make(chan struct{})
	for name, client := range clients {
		ready.Add(1)
		ended.Add(1)
		go func() {
			defer ended.Done()
			once := sync.OnceFunc(ready.Done)
			defer once()
			if err := client(func() {
				once()
				<-over
			}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}()
	}
	ready.Wait()
	if !t.Failed() {
		old := g.primary()
		if err := g.servers[old].Kill(); err != nil {
			t.Error(err)
		}
		g.awaitOther(old, false)
		g.launch(old) // else WAIT has nobody who acknowledges, if a sentinel is late to reconfigure the other one
	}
	close(over)
	ended.Wait()
}

// clientTimeout bounds what a client does.
const clientTimeout = 5 * time.Minute

// goRedisThrough uses go-redis before and after restart.
func goRedisThrough(ports []string, restart func()) error {
	ctx, cancel := context.WithTimeout(context.Background(), clientTimeout)
	defer cancel()
	var guards []string
	for _, port := range ports {
		guards = append(guards, "127.0.0.1:"+port)
	}
	primary := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: groupName, SentinelAddrs: guards})
	defer primary.Close()
	replica := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: groupName, SentinelAddrs: guards, ReplicaOnly: true})
	defer replica.Close()
	again := func(f func() error) error {
		for {
			err := f()
			if err == nil || ctx.Err() != nil {
				return err
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	write := func(key string) error {
		return again(func() error {
			if err := primary.Set(ctx, key, key, 0).Err(); err != nil {
				return err
			}
			if n, err := primary.Wait(ctx, 1, time.Second).Result(); err != nil || n < 1 {
				return fmt.Errorf("WAIT says %d, %v", n, err)
			}
			return has(ctx, primary, key)
		})
	}
	where := func() (port string) {
		_ = again(func() error {
			got, err := primary.ConfigGet(ctx, "port").Result()
			port = got["port"]
			return err
		})
		return port
	}
	if err := write("go:before"); err != nil {
		return err
	}
	if err := again(func() error { return has(ctx, replica, "go:before") }); err != nil {
		return err
	}
	if err := again(func() error {
		text, err := replica.Info(ctx, "replication").Result()
		if err == nil && !strings.Contains(text, "role:slave") {
			err = fmt.Errorf("the client of replicas is at\n%s", text)
		}
		return err
	}); err != nil {
		return err
	}
	before := where()
	restart()
	if err := write("go:after"); err != nil {
		return err
	}
	if now := where(); now == before || now == "" {
		return fmt.Errorf("it writes to %q, before the failover to %q", now, before)
	}
	if err := again(func() error { return has(ctx, primary, "go:before") }); err != nil {
		return err
	}
	return again(func() error { return has(ctx, replica, "go:after") })
}

// has tells whether a client finds a key, whose value is its name.
func has(ctx context.Context, c *redis.Client, key string) error {
	got, err := c.Get(ctx, key).Result()
	if err == nil && got != key {
		err = fmt.Errorf("GET %s says %q", key, got)
	}
	return err
}

// scriptThrough runs a script, which says RESTART when it wants the failover, goes on when it is told GO, and says done at the end.
func scriptThrough(ports []string, restart func(), command, script string) error {
	ctx, cancel := context.WithTimeout(context.Background(), clientTimeout)
	defer cancel()
	path := harness.FromRoot(script)
	cmd := exec.CommandContext(ctx, command, path)
	cmd.Dir = filepath.Dir(path)
	cmd.Env = append(os.Environ(), "HOST=127.0.0.1", "PORTS="+strings.Join(ports, ","))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	last := ""
	for in := bufio.NewScanner(stdout); in.Scan(); {
		if last = in.Text(); last == "RESTART" {
			restart()
			if _, err := io.WriteString(stdin, "GO\n"); err != nil {
				break
			}
		}
	}
	if err := cmd.Wait(); err != nil || last != "done" {
		return fmt.Errorf("%v, after %q\n%s", err, last, stderr.String())
	}
	return nil
}
