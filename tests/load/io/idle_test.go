//go:build linux

package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

func TestMain(m *testing.M) {
	code := m.Run()
	harness.Cleanup()
	os.Exit(code)
}

// TestIdleConnections holds what an idle connection costs in memory and threads. The bound
// has slack for the steps in which a Go heap grows, which weigh more on so few of them;
// make bench-io measures 100,000.
func TestIdleConnections(t *testing.T) {
	if testing.Short() {
		t.Skip("opens thousands of connections")
	}
	var s kit.Servers
	defer s.End()
	const step = 2000
	p := idlePlan{Steps: []int{step / 2, step * 3 / 2}, Active: 100, ActiveSeconds: 0.1, Rest: 200 * time.Millisecond, Model: reactorModel}
	rows, err := p.run(&s)
	if err != nil {
		t.Fatal(err)
	}
	last := rows[len(rows)-1]
	if last.PerConnection > maxIdleBytes {
		t.Errorf("an idle connection takes %.0f bytes, at most %d are allowed", last.PerConnection, maxIdleBytes)
	}
	if last.Threads > last.Reactors+maxThreadsMore {
		t.Errorf("%d threads with %d reactors", last.Threads, last.Reactors)
	}
	if last.PerSecond == 0 || last.P999 == 0 {
		t.Errorf("no work was done: %+v", last)
	}
}

func TestBetween(t *testing.T) {
	const text = "a\n<!-- begin x -->\nold\n<!-- end x -->\nb"
	got, err := between(text, "x", "new\n")
	if err != nil || got != strings.Replace(text, "old", "new", 1) {
		t.Error(got, err)
	}
	if _, err := between(text, "y", ""); err == nil {
		t.Error("no error without markers")
	}
}

func TestParseBenchmarks(t *testing.T) {
	rows := parseBenchmarks("netio", "goos: linux\nBenchmarkNodes/64B/pooled-2 \t 1000000\t 139.4 ns/op\t 3 B/op\t 1 allocs/op\nPASS\n")
	if len(rows) != 1 || rows[0].Name != "BenchmarkNodes/64B/pooled" || rows[0].Values["ns/op"] != 139.4 || rows[0].Values["allocs/op"] != 1 {
		t.Error(rows)
	}
}

// TestDocument: every table has its place in the document, and figures find it.
func TestDocument(t *testing.T) {
	dir := t.TempDir()
	b, err := os.ReadFile("../../../docs/IO-MODELS.md")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/IO-MODELS.md", b, 0o600); err != nil {
		t.Fatal(err)
	}
	var r results
	r.Machine = describe()
	for _, m := range mixes() {
		for i, name := range []string{reactorModel, "goroutine"} {
			r.Load = append(r.Load, loadRow{Model: name, Op: m.op, Value: m.value, Pipeline: m.pipeline, PerSecond: float64(1e5 + i), CPUMicros: float64(2 + i), P999: 1})
		}
	}
	r.Calls = []callRow{{Model: reactorModel, Pipeline: 1, Total: 2.5, ByName: map[string]float64{"read": 1}}}
	r.Idle = []idleRow{{Model: reactorModel, Connections: 1234567, PerConnection: 456.4, ConnectSeconds: 1}}
	for _, v := range nodeVariants() {
		r.Nodes = append(r.Nodes, nodeRow{Node: v.kb << 10, Pooled: v.pooled, Mix: "m", BusyBytes: 98765})
	}
	r.Go = []benchRow{{"netio", "BenchmarkNodes/x", map[string]float64{"ns/op": 1}}, {"resp", "BenchmarkArguments/y", map[string]float64{"ns/op": 1}}}
	if err := r.document(dir); err != nil {
		t.Fatal(err)
	}
	if b, err = os.ReadFile(dir + "/IO-MODELS.md"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1,234,567", "**456**", "98765", "reactor** is better by more than 5% in 12 of 36"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("the document does not say %q", want)
		}
	}
	plots, err := os.ReadDir(dir + "/io")
	if err != nil || len(plots) != 7 {
		t.Error(len(plots), "plots", err)
	}
}
