package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

const (
	textBound     = 1.15 // EVAL of a cached text of 1 KB over EVALSHA
	cachedScripts = 10_000
	cachedKB      = 10.0 // at most, for each of them
	endless       = 20
	endlessTime   = 3 * time.Second
	pingMillis    = 5.0
)

// runText compares EVAL of a cached text with EVALSHA.
func runText(s *kit.Servers, o options) (missed int, err error) {
	const name = "EVAL of 1 KB, cached, over EVALSHA, -P 16"
	if !o.wants(name) {
		return 0, nil
	}
	kring, err := s.Kring()
	if err != nil {
		return 0, err
	}
	text := incr + " --" + strings.Repeat(" comment", 124)
	sha, err := load(kring, text)
	if err != nil {
		return 0, err
	}
	var cpu [2][]kit.Result
	for range max(o.rounds, 3) {
		for i, call := range [][]string{{"EVAL", text}, {"EVALSHA", sha}} {
			res, err := kit.Bench(kring, o.requests/2, o.arguments(16, o.keys, append(call, "1", "counter:__rand_int__"))...)
			if err != nil {
				return 0, err
			}
			cpu[i] = append(cpu[i], res)
		}
	}
	get := func(k kit.Result) float64 { return k.CPUMicros }
	a, b := median(cpu[0], get), median(cpu[1], get)
	return judge(name, a/b, textBound, "times", fmt.Sprintf("%.3f us, %.3f us", a, b)), nil
}

// runMemory tells what cached scripts take.
func runMemory(s *kit.Servers, o options) (missed int, err error) {
	const name = "memory of a cached script"
	if !o.wants(name) {
		return 0, nil
	}
	redis, err := s.Redis()
	if err != nil {
		return 0, err
	}
	kring, err := s.Kring()
	if err != nil {
		return 0, err
	}
	var kb [2]float64
	for i, srv := range []*harness.Server{redis, kring} {
		before, err := srv.RSS()
		if err != nil {
			return 0, err
		}
		if err := loadMany(srv); err != nil {
			return 0, err
		}
		after, err := srv.RSS()
		if err != nil {
			return 0, err
		}
		kb[i] = float64(after-before) / cachedScripts / 1024
	}
	return judge(name, kb[1], cachedKB, "KB", fmt.Sprintf("redis-server %.3f KB; growth of the resident set, %d scripts", kb[0], cachedScripts)), nil
}

// loadMany caches many scripts.
func loadMany(srv *harness.Server) error {
	c, err := srv.Dial()
	if err != nil {
		return err
	}
	defer c.Close()
	for i := range cachedScripts {
		c.Queue("SCRIPT", "LOAD", fmt.Sprintf("local number = %d\n%s", i, limiter))
		if i%100 < 99 {
			continue
		}
		replies, err := c.Exchange(100)
		if err != nil {
			return err
		}
		for _, v := range replies {
			if v.IsError() {
				return fmt.Errorf("SCRIPT LOAD: %s", v.Str)
			}
		}
	}
	return nil
}

// runEndless runs scripts without end in many connections, and measures PING of another.
func runEndless(s *kit.Servers, o options) (missed int, err error) {
	const name = "PING beside 20 endless scripts, longest"
	if !o.wants(name) {
		return 0, nil
	}
	kring, err := s.Kring()
	if err != nil {
		return 0, err
	}
	ended := make(chan error, endless)
	for range endless {
		c, err := kring.Dial()
		if err != nil {
			return 0, err
		}
		defer c.Close()
		c.Timeout = time.Minute
		go func() {
			_, err := c.Do("EVAL", "while true do end", "0")
			ended <- err
		}()
	}
	c, err := kring.Dial()
	if err != nil {
		return 0, err
	}
	defer c.Close()
	var took kit.Samples
	canary := kit.NewCanary()
	for begin := time.Now(); time.Since(begin) < endlessTime; time.Sleep(time.Millisecond) {
		at := time.Now()
		if _, err := c.Do("PING"); err != nil {
			return 0, err
		}
		took = append(took, time.Since(at))
	}
	late := canary.End()
	took.Sort()
	kills, err := killAll(c, ended)
	if err != nil {
		return 0, err
	}
	about := fmt.Sprintf("p99 %v, median %v; a sleeping process was late by %v; ended by %d calls of SCRIPT KILL", took.At(99), took.At(50), late, kills)
	return judge(name, float64(took.Max().Microseconds())/1000, pingMillis, "ms", about), nil
}

// killAll sends SCRIPT KILL until all scripts have ended.
func killAll(c *rawclient.Client, ended chan error) (kills int, err error) {
	for left, end := endless, time.Now().Add(time.Minute); left > 0; {
		if time.Now().After(end) {
			return kills, fmt.Errorf("%d scripts still run", left)
		}
		if _, err := c.Do("SCRIPT", "KILL"); err != nil {
			return kills, err
		}
		kills++
		for more := true; more; {
			select {
			case err := <-ended:
				if err != nil {
					return kills, err
				}
				left--
			case <-time.After(2 * time.Millisecond):
				more = false
			}
		}
	}
	return kills, nil
}
