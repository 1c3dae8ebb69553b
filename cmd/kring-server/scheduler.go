package main

import (
	"os"
	"runtime"
	"strconv"

	"github.com/kringdb/kring/internal/server/options"
)

// settleReactors turns "reactors 0" into a number, so that CONFIG GET shows what runs:
// one for each CPU that the process may use, as the Go runtime counts them.
func settleReactors(opts *options.Options) error {
	if opts.Reactors.Load() != 0 {
		return nil
	}
	return opts.Settle("reactors", strconv.Itoa(runtime.GOMAXPROCS(0)))
}

// tuneScheduler lets the workers run beside the reactors. With as many Ps as reactors,
// a reactor that comes back from its poller while a worker runs would wait until Go
// preempts the worker, 10 ms later; with more of them the kernel decides, which wakes
// a thread that slept at once. The environment wins. Goroutines that serve need none of
// this: they are what Go's scheduler is made for.
func tuneScheduler(opts *options.Options) {
	if opts.IOModel.Load() == options.ModelGoroutine {
		return
	}
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(int(opts.Reactors.Load()) + extraProcs)
	}
}
