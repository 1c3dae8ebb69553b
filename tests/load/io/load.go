//go:build linux

package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

// mix is what redis-benchmark does in one run.
type mix struct {
	op              string
	value, pipeline int
	requests        int
	clients, keys   int
}

func mixes() []mix {
	var all []mix
	for _, v := range []struct {
		value, clients, keys int
		requests             [3]int // by pipeline: about a second each
	}{
		{smallValueBytes, smallClients, smallKeys, [3]int{100_000, 800_000, 1_600_000}},
		{largeValueBytes, largeClients, largeKeys, [3]int{16_000, 16_000, 16_000}},
	} {
		for i, pipeline := range pipelines {
			for _, op := range []string{"GET", "SET"} {
				all = append(all, mix{op, v.value, pipeline, v.requests[i], v.clients, v.keys})
			}
		}
	}
	return all
}

func (m mix) args() []string {
	return []string{"-t", strings.ToLower(m.op), "-P", strconv.Itoa(m.pipeline), "-c", strconv.Itoa(m.clients),
		"-d", strconv.Itoa(m.value), "-r", strconv.Itoa(m.keys)}
}

// fill loads the keys that the mix reads.
func (m mix) fill(srv *harness.Server) error {
	batch := kit.FillBatchCommands
	if m.value == largeValueBytes {
		batch = 8
	}
	return kit.Fill(srv, kit.FillSpec{Keys: m.keys, Key: kit.BenchKey, Value: []byte(strings.Repeat("x", m.value)), Batch: batch})
}

// model is an I/O model and how it is asked for.
type model struct {
	name string
	args []string
}

func modelsOf(list string) []model {
	var all []model
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		m := model{name: name}
		if name != reactorModel {
			m.args = []string{"--io-model", name}
		}
		all = append(all, m)
	}
	return all
}

// runLoad measures every mix under every model, which take turns in going first, and
// keeps the medians of the rounds.
func runLoad(s *kit.Servers, o options) ([]loadRow, error) {
	servers, err := launch(s, o.models)
	if err != nil {
		return nil, err
	}
	defer s.End()
	var rows []loadRow
	last := 0
	for _, m := range mixes() {
		if m.value != last {
			last = m.value
			for _, srv := range servers {
				if err := m.fill(srv); err != nil {
					return nil, err
				}
			}
		}
		samples := make([][]loadRow, len(servers))
		for round := range o.rounds {
			for i := range servers {
				at := (i + round) % len(servers)
				row, err := m.measure(servers[at], o)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", o.models[at].name, err)
				}
				row.Model = o.models[at].name
				samples[at] = append(samples[at], row)
			}
		}
		for _, of := range samples {
			rows = append(rows, medians(of))
			r := rows[len(rows)-1]
			fmt.Fprintf(os.Stderr, "%-10s %s of %d, pipeline %d: %.0f/s, %.2f us CPU, p99.9 %.2f ms\n",
				r.Model, r.Op, r.Value, r.Pipeline, r.PerSecond, r.CPUMicros, r.P999)
		}
	}
	return rows, nil
}

func launch(s *kit.Servers, models []model, extra ...string) ([]*harness.Server, error) {
	var all []*harness.Server
	for _, m := range models {
		srv, err := s.Kring(append(m.args[:len(m.args):len(m.args)], extra...)...)
		if err != nil {
			return nil, err
		}
		all = append(all, srv)
	}
	return all, nil
}

// measure is one run.
func (m mix) measure(srv *harness.Server, o options) (loadRow, error) {
	n := max(int(float64(m.requests)*o.scale), m.clients*m.pipeline)
	before, err := kit.Look(srv)
	if err != nil {
		return loadRow{}, err
	}
	res, lat, err := kit.BenchPercentiles(srv, n, m.args()...)
	if err != nil {
		return loadRow{}, err
	}
	after, err := kit.Look(srv)
	if err != nil {
		return loadRow{}, err
	}
	per := func(d int64) float64 { return float64(d) / float64(n) }
	row := loadRow{
		Op: m.op, Value: m.value, Pipeline: m.pipeline, Clients: m.clients, Requests: n,
		PerSecond: res.PerSecond, CPUMicros: res.CPUMicros, User: res.UserMicros,
		P50: lat.P50, P99: lat.P99, P999: lat.P999,
		Switches: per(after.Switches - before.Switches), Threads: after.Threads, RSSBytes: after.RSS,
	}
	return row, nil
}

// medians merges the rounds of one mix under one model.
func medians(of []loadRow) loadRow {
	r := of[0]
	r.Measured = len(of)
	for _, get := range []func(*loadRow) *float64{
		func(r *loadRow) *float64 { return &r.PerSecond },
		func(r *loadRow) *float64 { return &r.CPUMicros },
		func(r *loadRow) *float64 { return &r.User },
		func(r *loadRow) *float64 { return &r.P50 },
		func(r *loadRow) *float64 { return &r.P99 },
		func(r *loadRow) *float64 { return &r.P999 },
		func(r *loadRow) *float64 { return &r.Switches },
	} {
		values := make([]float64, len(of))
		for i := range of {
			values[i] = *get(&of[i])
		}
		*get(&r) = kit.Median(values)
	}
	for i := range of {
		r.Threads, r.RSSBytes = max(r.Threads, of[i].Threads), max(r.RSSBytes, of[i].RSSBytes)
	}
	return r
}
