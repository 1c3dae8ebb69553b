//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

type options struct {
	parts         []string
	models        []model
	rounds        int
	scale         float64
	steps         []int
	active        int
	activeSeconds float64
	guest         string
	results, docs string
	strict        bool
	console       bool
}

// The parts; guest takes longer than all others together, so it is run only when it is
// asked for.
var (
	usualParts = []string{"load", "calls", "idle", "nodes", "go"}
	allParts   = append([]string{"guest"}, usualParts...)
)

func main() {
	if inGuest() {
		runInGuest()
		return
	}
	var o options
	parts := flag.String("parts", strings.Join(usualParts, ","), "parts to run, also guest; \"none\" only writes the document anew")
	models := flag.String("models", "reactor,goroutine", "I/O models")
	steps := flag.String("steps", "1000,10000,100000", "numbers of idle connections, ascending")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds over each mix of part load")
	flag.Float64Var(&o.scale, "scale", 1, "factor of the requests of part load")
	flag.IntVar(&o.active, "active", 1000, "connections at work among the idle ones")
	flag.Float64Var(&o.activeSeconds, "active-seconds", 3, "how long they work")
	flag.StringVar(&o.guest, "guest-kernel", guestKernel, "kernel of part guest's virtual machine")
	flag.StringVar(&o.results, "results", filepath.Join(os.TempDir(), "kring-bench-io.json"), "where figures are kept between runs")
	flag.StringVar(&o.docs, "docs", harness.FromRoot("docs"), "directory of IO-MODELS.md and io/*.svg; \"\" writes neither")
	flag.BoolVar(&o.strict, "strict", false, "exit with 1 when a bound is missed")
	flag.BoolVar(&o.console, "console", false, "show the virtual machine's console")
	flag.Parse()
	o.parts, o.models = strings.Split(*parts, ","), modelsOf(*models)
	for n := range strings.SplitSeq(*steps, ",") {
		i, err := strconv.Atoi(n)
		if err != nil || i < 1 {
			fmt.Fprintln(os.Stderr, "error: -steps: not a number:", n)
			os.Exit(2)
		}
		o.steps = append(o.steps, i)
	}
	for _, p := range o.parts {
		if p != "none" && !slices.Contains(allParts, p) {
			fmt.Fprintln(os.Stderr, "error: -parts: there is no part", p)
			os.Exit(2)
		}
	}
	kit.Run(func(s *kit.Servers) error { return run(s, o) })
}

// run runs the parts. A part that fails loses no figures of the others.
func run(s *kit.Servers, o options) error {
	r, err := load(o.results)
	if err != nil {
		return err
	}
	var failed error
	for _, p := range o.parts {
		if p == "none" {
			continue
		}
		r.Machine = describe()
		begin := time.Now()
		if err := r.part(s, o, p); err != nil {
			failed = errors.Join(failed, fmt.Errorf("part %s: %w", p, err))
			s.End()
			continue
		}
		if err := r.save(o.results); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "part %s took %.0f s\n", p, time.Since(begin).Seconds())
	}
	fmt.Println("results:", o.results)
	if o.docs != "" {
		if err := r.document(o.docs); err != nil {
			return errors.Join(failed, err)
		}
	}
	missed := r.bounds()
	if !o.strict {
		missed = nil
	}
	return errors.Join(failed, missed)
}

func (r *results) part(s *kit.Servers, o options, name string) (err error) {
	switch name {
	case "load":
		err = replace(&r.Load, func() ([]loadRow, error) { return runLoad(s, o) })
	case "calls":
		err = replace(&r.Calls, func() ([]callRow, error) { return runCalls(s, o) })
	case "idle":
		err = r.replaceIdle(false, func() ([]idleRow, error) { return runIdle(s, o) })
	case "guest":
		err = r.replaceIdle(true, func() ([]idleRow, error) { return runGuests(o) })
	case "nodes":
		err = replace(&r.Nodes, func() ([]nodeRow, error) { return runNodes(s, o) })
	case "go":
		err = replace(&r.Go, runGoBenchmarks)
	}
	return err
}

// replace puts new figures in the place of old ones, if there are any.
func replace[T any](old *[]T, measure func() ([]T, error)) error {
	rows, err := measure()
	if len(rows) > 0 {
		*old = rows
	}
	return err
}

// bounds judges what the project promises, and prints it.
func (r *results) bounds() error {
	var missed error
	for _, row := range r.Idle {
		if row.Model != reactorModel || row.Connections < minJudgedConnections {
			continue
		}
		ok := row.PerConnection <= maxIdleBytes && row.Threads <= row.Reactors+maxThreadsMore
		fmt.Printf("%d idle connections: %.0f bytes each (at most %d), %d threads (at most %d): %s\n",
			row.Connections, row.PerConnection, maxIdleBytes, row.Threads, row.Reactors+maxThreadsMore, kit.Verdict(ok))
		if !ok {
			missed = fmt.Errorf("a bound of %d idle connections is missed", row.Connections)
		}
	}
	return missed
}
