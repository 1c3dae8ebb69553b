//go:build linux

package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

// idlePlan is what part idle does, here or in the guest.
type idlePlan struct {
	Steps         []int // numbers of connections, ascending
	Active        int
	ActiveSeconds float64
	Rest          time.Duration // before the idle server's memory is read, and while its CPU is watched
	LastOnly      bool          // work is only for the last step: closing connections takes its time, too
	Model         string
	Args          []string // of the server
}

// runIdle measures every model with the steps that this machine's limit of open files
// allows.
func runIdle(s *kit.Servers, o options) ([]idleRow, error) {
	files, err := raiseFiles(o.steps[len(o.steps)-1] + spareFiles)
	if err != nil {
		return nil, err
	}
	var here []int
	for _, n := range o.steps {
		if n+spareFiles <= files {
			here = append(here, n)
			continue
		}
		fmt.Fprintf(os.Stderr, "%d connections are more than the %d open files that this machine allows a process: part guest measures them\n", n, files)
	}
	if len(here) == 0 {
		return nil, nil
	}
	var rows []idleRow
	for _, m := range o.models {
		got, err := o.plan(m, here).run(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		rows = append(rows, got...)
	}
	return rows, nil
}

// runGuests measures every model in the guest, with the last two steps: one that was
// measured here as well, and one that may be too large for that.
func runGuests(o options) ([]idleRow, error) {
	var rows []idleRow
	for _, m := range o.models {
		p := o.plan(m, o.steps[max(0, len(o.steps)-2):])
		p.LastOnly = true
		got, err := runGuest(o, p)
		if err != nil {
			return nil, fmt.Errorf("%s (sh tests/load/io/guest.sh prepares the virtual machine): %w", m.name, err)
		}
		rows = append(rows, got...)
	}
	return rows, nil
}

func (o options) plan(m model, steps []int) idlePlan {
	return idlePlan{Steps: steps, Active: o.active, ActiveSeconds: o.activeSeconds, Rest: settleTime, Model: m.name, Args: m.args}
}

// replaceIdle puts new rows in the place of the old ones that were measured in the guest,
// or of those that were not.
func (r *results) replaceIdle(guest bool, measure func() ([]idleRow, error)) error {
	rows, err := measure()
	if len(rows) == 0 {
		return err
	}
	old := slices.DeleteFunc(r.Idle, func(i idleRow) bool { return i.Guest == guest })
	if r.Idle = append(old, rows...); !guest {
		r.Idle = append(rows, old...)
	}
	return err
}

// run measures one model on the machine that it runs on.
func (p idlePlan) run(s *kit.Servers) ([]idleRow, error) {
	most := p.Steps[len(p.Steps)-1]
	if _, err := raiseFiles(most + spareFiles); err != nil {
		return nil, err
	}
	// The limit of what a client may have open is inherited; the server raises its own too.
	srv, err := s.Kring(append(p.Args[:len(p.Args):len(p.Args)], "--maxclients", strconv.Itoa(most+spareFiles/2), "--tcp-backlog", "4096")...)
	if err != nil {
		return nil, err
	}
	defer s.End()
	c, err := srv.Dial()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if _, err := c.Do("SET", "key", "sixteen bytes or"); err != nil {
		return nil, err
	}
	reactors, _ := kit.Number(srv, "reactors")
	time.Sleep(p.Rest)
	base, err := kit.Look(srv)
	if err != nil {
		return nil, err
	}
	crowd := newCrowd(srv.Port)
	defer crowd.close()
	var rows []idleRow
	before := idleRow{Anon: base.Anon}
	for _, n := range p.Steps {
		row := idleRow{Model: p.Model, Connections: n, Active: min(p.Active, n), Reactors: int(reactors)}
		if err := row.rest(srv, crowd, p.Rest); err != nil {
			return nil, fmt.Errorf("%d connections: %w", n, err)
		}
		row.PerConnection = float64(row.Anon-before.Anon) / float64(n-before.Connections)
		before = row
		rows = append(rows, row)
		fmt.Fprintf(os.Stderr, "%-10s %d connections opened in %.1f s: %.0f bytes each\n", row.Model, n, row.ConnectSeconds, row.PerConnection)
	}
	// The work comes afterwards, with fewer and fewer connections, so that what it leaves
	// in pools is not taken for what connections cost.
	for i := len(rows) - 1; i >= 0; i-- {
		row := &rows[i]
		if p.LastOnly && i < len(rows)-1 {
			row.Active = 0
			continue
		}
		if err := row.work(srv, crowd, p); err != nil {
			return nil, fmt.Errorf("%d connections at work: %w", row.Connections, err)
		}
		fmt.Fprintf(os.Stderr, "%-10s %d connections, %d threads, %d of them at work: %.0f/s, %.2f us CPU, p99 %.2f ms\n",
			row.Model, row.Connections, row.Threads, row.Active, row.PerSecond, row.CPUMicros, row.P99)
	}
	return rows, nil
}

// rest opens the connections that are missing and looks at the idle server.
func (row *idleRow) rest(srv *harness.Server, crowd *crowd, settle time.Duration) error {
	begin := time.Now()
	if err := crowd.grow(row.Connections); err != nil {
		return err
	}
	row.ConnectSeconds = time.Since(begin).Seconds()
	time.Sleep(settle)
	now, err := kit.Look(srv)
	if err != nil {
		return err
	}
	row.RSSBytes, row.Anon, row.Threads = now.RSS, now.Anon, now.Threads
	heap, _ := kit.Number(srv, "go_heap_objects_bytes")
	row.HeapBytes = int64(heap)
	if now, err = kit.Look(srv); err != nil { // INFO is over
		return err
	}
	time.Sleep(settle)
	after, err := kit.Look(srv)
	row.IdleCPUPerMinute = float64(after.CPU-now.CPU) / 1e9 / settle.Minutes()
	return err
}

// work lets some of the connections work while the others stay.
func (row *idleRow) work(srv *harness.Server, crowd *crowd, p idlePlan) error {
	if err := crowd.shrink(row.Connections, srv); err != nil {
		return err
	}
	before, err := srv.CPU()
	if err != nil {
		return err
	}
	begin := time.Now()
	samples, err := crowd.work(row.Active, time.Duration(p.ActiveSeconds*float64(time.Second)),
		kit.AppendCommand(nil, []byte("GET"), []byte("key")), len("$16\r\nsixteen bytes or\r\n"))
	if err != nil {
		return err
	}
	row.ActiveSeconds = time.Since(begin).Seconds()
	after, err := srv.CPU()
	if err != nil {
		return err
	}
	ms := func(percent float64) float64 { return float64(samples.At(percent).Microseconds()) / 1000 }
	row.PerSecond = float64(len(samples)) / row.ActiveSeconds
	row.CPUMicros = float64((after - before).Microseconds()) / float64(len(samples))
	row.P50, row.P99, row.P999 = ms(50), ms(99), ms(99.9)
	time.Sleep(p.Rest)
	now, err := kit.Look(srv)
	row.AnonAfter, row.Threads = now.Anon, max(row.Threads, now.Threads)
	return err
}
