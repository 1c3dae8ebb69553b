// Command soak works a server for a long time and watches it: several clients write,
// overwrite, grow, expire and delete keys of their own, each checking every reply against
// a model; others scan, list and come and go. It fails on a wrong reply, on a server that
// ends, and on memory that keeps growing although the data does not.
package main

import (
	"errors"
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

const (
	reportInterval = 10 * time.Second
	warmUpShare    = 4 // memory is compared with the reading after a quarter of the time
	growthBound    = 1.3
	growthSlack    = 64 << 20
)

type options struct {
	length       time.Duration
	writers      int
	keysOfWriter int
	seed         uint64
}

func main() {
	var o options
	flag.DurationVar(&o.length, "time", 10*time.Minute, "how long")
	flag.IntVar(&o.writers, "writers", 6, "clients that write and check")
	flag.IntVar(&o.keysOfWriter, "keys", 20_000, "keys of each writer")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "seed of all choices")
	flag.Parse()
	kit.Run(func(s *kit.Servers) error { return run(s, o) })
}

// job is what all clients share.
type job struct {
	srv  *harness.Server
	stop atomic.Bool
	ops  atomic.Int64
	mu   struct {
		sync.Mutex
		err error // the first
	}
}

func (j *job) fail(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.mu.err == nil {
		j.mu.err = err
	}
	j.stop.Store(true)
}

func run(s *kit.Servers, o options) error {
	srv, err := s.Kring()
	if err != nil {
		return err
	}
	fmt.Printf("seed %d, %v\n", o.seed, o.length)
	kit.Banner(srv)
	j := &job{srv: srv}
	var wg sync.WaitGroup
	for i := range o.writers {
		wg.Go(func() {
			if err := newWriter(j, o, i).run(); err != nil {
				j.fail(fmt.Errorf("writer %d: %w", i, err))
			}
		})
	}
	for name, fn := range map[string]func(*job) error{"scanner": scanLoop, "lister": listLoop, "visitor": visitLoop} {
		wg.Go(func() {
			if err := fn(j); err != nil {
				j.fail(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	err = watch(j, o.length)
	j.stop.Store(true)
	wg.Wait()
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.mu.err != nil {
		return fmt.Errorf("%w\n--- output of the server ---\n%s", j.mu.err, srv.Output())
	}
	if err == nil {
		err = srv.Stop()
	}
	return err
}

// watch reports until the time is over and judges the memory.
func watch(j *job, length time.Duration) error {
	begin := time.Now()
	var warm int64
	for !j.stop.Load() && time.Since(begin) < length {
		time.Sleep(min(reportInterval, length-time.Since(begin))) // the interval of the report
		if !j.srv.Alive() {
			j.fail(errors.New("the server has ended"))
			return nil
		}
		rss, err := j.srv.RSS()
		if err != nil {
			return err
		}
		files, _ := j.srv.OpenFiles()
		cpu, _ := j.srv.CPU()
		used, _ := kit.Number(j.srv, "used_memory")
		fmt.Printf("%7s  %12d commands  RSS %5d MB  used_memory %5.0f MB  %4d files  CPU %v\n",
			time.Since(begin).Round(time.Second), j.ops.Load(), rss>>20, used/(1<<20), files, cpu.Round(time.Second))
		if warm == 0 && time.Since(begin) > length/warmUpShare {
			warm = rss
		}
		if warm > 0 && float64(rss) > growthBound*float64(warm)+growthSlack {
			return fmt.Errorf("memory grew from %d MB to %d MB", warm>>20, rss>>20)
		}
	}
	return nil
}
