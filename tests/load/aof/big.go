package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

const (
	// noticeBound is what a client may notice of a rewrite, growthBound by how much
	// resident memory may grow.
	noticeBound = 10 * time.Millisecond
	growthBound = 0.15
	// loadTimeout bounds a start with a large file.
	loadTimeout = 10 * time.Minute
	// writersBeside is how many connections write while a rewrite runs.
	writersBeside = 4
)

func pause() { time.Sleep(20 * time.Millisecond) }

// measureLoad compares how fast the servers load a file of their own.
func measureLoad(s *kit.Servers, o options) (missed int, err error) {
	var took [2]time.Duration
	redis, kring, err := pair(s, "everysec")
	if err != nil {
		return 0, err
	}
	for i, srv := range []*harness.Server{redis, kring} {
		if took[i], err = loadTime(srv, o.loadKeys); err != nil {
			return 0, err
		}
	}
	ratio := took[0].Seconds() / took[1].Seconds()
	return judge(fmt.Sprintf("loading %d keys: redis %.2f s, kring %.2f s, %.1f times its rate (bound %.1f)", o.loadKeys, took[0].Seconds(), took[1].Seconds(),
		ratio, loadBound), ratio >= loadBound), nil
}

// loadTime fills a server, lets it rewrite its file and end, and starts it again on it.
func loadTime(srv *harness.Server, keys int) (time.Duration, error) {
	if err := kit.Fill(srv, kit.FillSpec{Keys: keys, Key: kit.BenchKey, Value: []byte(strings.Repeat("x", valueBytes))}); err != nil {
		return 0, err
	}
	if err := rewriteAndWait(srv); err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "kring-aof-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir+"/appendonlydir", os.DirFS(srv.Dir+"/appendonlydir")); err != nil {
		return 0, err
	}
	if err := srv.Kill(); err != nil {
		return 0, err
	}
	bin, err := harness.Subject()
	if srv.Name == "redis" {
		bin, err = harness.Oracle()
	}
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	again, err := harness.Spawn(harness.Config{Bin: bin, Dir: dir, Args: []string{"--appendonly", "yes", "--aof-use-rdb-preamble", "no"}})
	if err != nil {
		return 0, err
	}
	defer func() { _ = again.Kill() }()
	for time.Since(begin) < loadTimeout && again.Alive() {
		if c, err := again.Dial(); err == nil {
			v, err := c.Do("PING")
			_ = c.Close()
			if err == nil && v.Str == "PONG" {
				return time.Since(begin), nil
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	return 0, fmt.Errorf("%s does not load its file: %s", srv.Name, again.Output())
}

// measureRewrite looks at latency and memory while a rewrite runs beside clients.
func measureRewrite(s *kit.Servers, o options) (missed int, err error) {
	redis, kring, err := pair(s, "everysec")
	if err != nil {
		return 0, err
	}
	for _, srv := range []*harness.Server{redis, kring} {
		if err := kit.Fill(srv, kit.FillSpec{Keys: o.loadKeys, Key: kit.BenchKey, Value: []byte(strings.Repeat("x", valueBytes))}); err != nil {
			return 0, err
		}
	}
	for _, srv := range []*harness.Server{redis, kring} {
		canary := kit.NewCanary()
		worst, grown, took, err := besideRewrite(srv, o.loadKeys)
		machine := canary.End()
		if err != nil {
			return missed, err
		}
		text := fmt.Sprintf("rewrite of %d keys by %s in %.1f s: slowest reply %v (bound %v; the machine's own pauses: %v), resident memory +%.1f%% (bound %.0f%%)",
			o.loadKeys, srv.Name, took.Seconds(), worst, noticeBound, machine, 100*grown, 100*growthBound)
		if srv == redis {
			fmt.Println(text)
			continue
		}
		missed += judge(text, worst <= noticeBound && grown <= growthBound)
	}
	return missed, nil
}

// besideRewrite runs a rewrite while clients write, and one measures.
func besideRewrite(srv *harness.Server, keys int) (worst time.Duration, grown float64, took time.Duration, err error) {
	before, err := srv.RSS()
	if err != nil {
		return 0, 0, 0, err
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range writersBeside {
		wg.Go(func() {
			d := writeUntil(srv, keys, stop)
			mu.Lock()
			worst = max(worst, d)
			mu.Unlock()
		})
	}
	peak := before
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
				if n, err := srv.RSS(); err == nil {
					peak = max(peak, n)
				}
			}
		}
	})
	begin := time.Now()
	err = rewriteAndWait(srv)
	took = time.Since(begin)
	close(stop)
	wg.Wait()
	return worst, float64(peak-before) / float64(before), took, err
}

// writeUntil sends one SET or GET after the other and gives the slowest reply.
func writeUntil(srv *harness.Server, keys int, stop <-chan struct{}) (worst time.Duration) {
	c, err := srv.Dial()
	if err != nil {
		return time.Hour
	}
	defer c.Close()
	value := strings.Repeat("y", valueBytes)
	for i := 0; ; i++ {
		select {
		case <-stop:
			return worst
		default:
		}
		key := string(kit.BenchKey(nil, rand.IntN(keys)))
		begin := time.Now()
		if i%2 == 0 {
			_, err = c.Do("SET", key, value)
		} else {
			_, err = c.Do("GET", key)
		}
		if err != nil {
			return time.Hour
		}
		worst = max(worst, time.Since(begin))
	}
}
