//go:build linux

package main

import (
	"fmt"
	"os"
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
	Model         string
	Args          []string // of the server
}

// runIdle measures every model: with the steps that this machine's limit of open files
// allows, and in the guest, if there is one, with all of them.
func runIdle(s *kit.Servers, o options) ([]idleRow, error) {
	most := o.steps[len(o.steps)-1]
	files, err := raiseFiles(most + spareFiles)
	if err != nil {
		return nil, err
	}
	var here []int
	for _, n := range o.steps {
		if n+spareFiles <= files {
			here = append(here, n)
		}
	}
	var rows []idleRow
	for _, m := range o.models {
		p := idlePlan{Steps: here, Active: o.active, ActiveSeconds: o.activeSeconds, Model: m.name, Args: m.args}
		got, err := p.run(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		rows = append(rows, got...)
	}
	if len(here) == len(o.steps) || o.guest == "off" {
		return rows, nil
	}
	there := o.steps[max(0, len(o.steps)-2):] // two, to compare the one that is measured here as well
	for _, m := range o.models {
		p := idlePlan{Steps: there, Active: o.active, ActiveSeconds: o.activeSeconds, Model: m.name, Args: m.args}
		got, err := runGuest(o, p)
		if err != nil {
			return rows, fmt.Errorf("%d connections need more than the %d open files that this machine allows a process, "+
				"and the guest that would allow them failed (tests/load/io/guest.sh): %w", most, files, err)
		}
		rows = append(rows, got...)
	}
	return rows, nil
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
	time.Sleep(settleTime)
	base, err := look(srv)
	if err != nil {
		return nil, err
	}
	crowd := newCrowd(srv.Port)
	defer crowd.close()
	var rows []idleRow
	before := idleRow{Anon: base.anon}
	for _, n := range p.Steps {
		row := idleRow{Model: p.Model, Connections: n, Active: min(p.Active, n), Reactors: int(reactors)}
		if err := row.rest(srv, crowd); err != nil {
			return nil, fmt.Errorf("%d connections: %w", n, err)
		}
		row.PerConnection = float64(row.Anon-before.Anon) / float64(n-before.Connections)
		before = row
		rows = append(rows, row)
	}
	// The work comes afterwards, with fewer and fewer connections, so that what it leaves
	// in pools is not taken for what connections cost.
	for i := len(rows) - 1; i >= 0; i-- {
		row := &rows[i]
		if err := row.work(srv, crowd, p.ActiveSeconds); err != nil {
			return nil, fmt.Errorf("%d connections at work: %w", row.Connections, err)
		}
		fmt.Fprintf(os.Stderr, "%-10s %d connections: %.0f bytes each, %d threads; %d at work: %.0f/s, %.2f us CPU, p99 %.2f ms\n",
			row.Model, row.Connections, row.PerConnection, row.Threads, row.Active, row.PerSecond, row.CPUMicros, row.P99)
	}
	return rows, nil
}

// rest opens the connections that are missing and looks at the idle server.
func (row *idleRow) rest(srv *harness.Server, crowd *crowd) error {
	begin := time.Now()
	if err := crowd.grow(row.Connections); err != nil {
		return err
	}
	row.ConnectSeconds = time.Since(begin).Seconds()
	time.Sleep(settleTime)
	now, err := look(srv)
	if err != nil {
		return err
	}
	row.RSSBytes, row.Anon, row.Threads = now.rss, now.anon, now.threads
	heap, _ := kit.Number(srv, "go_heap_objects_bytes")
	row.HeapBytes = int64(heap)
	before, err := srv.CPU()
	if err != nil {
		return err
	}
	time.Sleep(idleWatch)
	after, err := srv.CPU()
	row.IdleCPUPerMinute = (after - before).Seconds() / idleWatch.Minutes()
	return err
}

// work lets some of the connections work while the others stay.
func (row *idleRow) work(srv *harness.Server, crowd *crowd, seconds float64) error {
	if err := crowd.shrink(row.Connections, srv); err != nil {
		return err
	}
	before, err := srv.CPU()
	if err != nil {
		return err
	}
	begin := time.Now()
	samples, err := crowd.work(row.Active, time.Duration(seconds*float64(time.Second)),
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
	time.Sleep(settleTime)
	now, err := look(srv)
	row.AnonAfter, row.Threads = now.anon, max(row.Threads, now.threads)
	return err
}
