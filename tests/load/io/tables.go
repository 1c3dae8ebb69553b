//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// document writes the tables between the markers of IO-MODELS.md and draws the plots. A
// table without figures stays as it is.
func (r *results) document(dir string) error {
	path := filepath.Join(dir, "IO-MODELS.md")
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text := string(b)
	for name, table := range map[string]string{
		"machine":   r.Machine.table(),
		"load":      r.loadTable(),
		"latency":   r.latencyTable(),
		"io":        r.ioTable(),
		"calls":     r.callTable(),
		"idle":      r.idleTable(),
		"active":    r.activeTable(),
		"nodes":     r.nodeTable(),
		"go-nodes":  r.benchTable("netio", "BenchmarkNodes/"),
		"arguments": r.benchTable("resp", "BenchmarkArguments/"),
		"wins":      r.wins(),
	} {
		if table == "" {
			continue
		}
		if text, err = between(text, name, table); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	if err := r.plots(filepath.Join(dir, "io")); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// between puts new text between the two markers of a name.
func between(text, name, new string) (string, error) {
	begin, end := "<!-- begin "+name+" -->\n", "<!-- end "+name+" -->"
	head, rest, ok1 := strings.Cut(text, begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		return "", fmt.Errorf("the markers of %q are missing", name)
	}
	return head + begin + new + end + tail, nil
}

// table is a Markdown table.
type table struct{ b strings.Builder }

func (t *table) row(cells ...string) {
	t.b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

func (t *table) head(cells ...string) {
	t.row(cells...)
	t.b.WriteString(strings.Repeat("|---", len(cells)) + "|\n")
}

func (m machine) table() string {
	if m.Date == "" {
		return ""
	}
	return fmt.Sprintf("%s, %d processors; %s; %s; Kring at commit %s; measured %s. One process may open %s files.\n",
		m.CPU, m.Processors, m.Kernel, m.Go, m.Commit, m.Date, thousands(m.OpenFiles))
}

// modelsIn lists the models in the order in which they were measured.
func modelsIn[T any](rows []T, model func(T) string) []string {
	var names []string
	for _, row := range rows {
		if n := model(row); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

// pairs renders a figure under each model, and the last one's ratio to the first's.
func pairs(format string, values []float64) []string {
	var cells []string
	for _, v := range values {
		cells = append(cells, fmt.Sprintf(format, v))
	}
	return cells
}

// eachMix walks the mixes of part load in their order.
func (r *results) eachMix(f func(label string, rows []loadRow)) (models []string) {
	models = modelsIn(r.Load, func(l loadRow) string { return l.Model })
	for i := 0; i+len(models) <= len(r.Load); i += len(models) {
		of := r.Load[i : i+len(models)]
		f(fmt.Sprintf("%s %s, pipeline %d", of[0].Op, size(of[0].Value), of[0].Pipeline), of)
	}
	return models
}

func column[T any](rows []T, get func(T) float64) []float64 {
	var values []float64
	for _, row := range rows {
		values = append(values, get(row))
	}
	return values
}

func headings(models []string, groups ...string) []string {
	cells := []string{"command"}
	for _, g := range groups {
		for _, m := range models {
			cells = append(cells, g+" "+m)
		}
	}
	return cells
}

// mixTable is a table with a row for each mix and a group of columns for each figure.
func (r *results) mixTable(groups []string, formats []string, gets []func(loadRow) float64) string {
	if len(r.Load) == 0 {
		return ""
	}
	var t table
	t.head(headings(modelsIn(r.Load, func(l loadRow) string { return l.Model }), groups...)...)
	r.eachMix(func(label string, rows []loadRow) {
		cells := []string{label}
		for i, get := range gets {
			cells = append(cells, pairs(formats[i], column(rows, get))...)
		}
		t.row(cells...)
	})
	return t.b.String()
}

func (r *results) loadTable() string {
	return r.mixTable([]string{"k/s", "CPU us", "of it user us"}, []string{"%.1f", "%.2f", "%.2f"}, []func(loadRow) float64{
		func(l loadRow) float64 { return l.PerSecond / 1000 },
		func(l loadRow) float64 { return l.CPUMicros },
		func(l loadRow) float64 { return l.User },
	})
}

func (r *results) latencyTable() string {
	return r.mixTable([]string{"p50 ms", "p99 ms", "p99.9 ms"}, []string{"%.2f", "%.2f", "%.2f"}, []func(loadRow) float64{
		func(l loadRow) float64 { return l.P50 },
		func(l loadRow) float64 { return l.P99 },
		func(l loadRow) float64 { return l.P999 },
	})
}

func (r *results) ioTable() string {
	return r.mixTable([]string{"switches", "threads"}, []string{"%.3f", "%.0f"},
		[]func(loadRow) float64{
			func(l loadRow) float64 { return l.Switches },
			func(l loadRow) float64 { return float64(l.Threads) },
		})
}

func (r *results) callTable() string {
	if len(r.Calls) == 0 {
		return ""
	}
	var t table
	cells := []string{"GET 16 B", "all"}
	for _, g := range callGroups {
		cells = append(cells, strings.Join(g, ", "))
	}
	t.head(append(cells, "others")...)
	for _, c := range r.Calls {
		cells := []string{fmt.Sprintf("%s, pipeline %d", c.Model, c.Pipeline), fmt.Sprintf("%.3f", c.Total)}
		rest := c.Total
		for _, g := range callGroups {
			sum := 0.0
			for _, name := range g {
				sum += c.ByName[name]
			}
			cells = append(cells, fmt.Sprintf("%.3f", sum))
			rest -= sum
		}
		t.row(append(cells, fmt.Sprintf("%.3f", max(rest, 0)))...)
	}
	return t.b.String()
}

// place names the machine of a row of part idle.
func (i idleRow) place() string {
	if i.Guest {
		return "emulated"
	}
	return "this machine"
}

func (r *results) idleTable() string {
	if len(r.Idle) == 0 {
		return ""
	}
	var t table
	t.head("connections", "model", "machine", "bytes per connection", "resident MB", "Go heap MB", "threads", "connected per s", "idle CPU, s per minute")
	for _, i := range r.Idle {
		threads := fmt.Sprint(i.Threads)
		if i.Reactors > 0 {
			threads = fmt.Sprintf("%d (%d reactors)", i.Threads, i.Reactors)
		}
		t.row(thousands(i.Connections), i.Model, i.place(), fmt.Sprintf("**%.0f**", i.PerConnection), mega(i.RSSBytes), mega(i.HeapBytes),
			threads, fmt.Sprintf("%.0f", float64(i.opened(r.Idle))/i.ConnectSeconds), fmt.Sprintf("%.2f", i.IdleCPUPerMinute))
	}
	return t.b.String()
}

// opened is how many connections the row's step has added.
func (i idleRow) opened(rows []idleRow) int {
	n := 0
	for _, o := range rows {
		if o.Model == i.Model && o.Guest == i.Guest && o.Connections < i.Connections {
			n = max(n, o.Connections)
		}
	}
	return i.Connections - n
}

func (r *results) activeTable() string {
	if len(r.Idle) == 0 {
		return ""
	}
	var t table
	t.head("at work", "of", "model", "machine", "per s", "CPU us", "p50 ms", "p99 ms", "p99.9 ms")
	for _, i := range r.Idle {
		if i.Active == 0 {
			continue
		}
		t.row(thousands(i.Active), thousands(i.Connections), i.Model, i.place(), thousands(int(i.PerSecond)), fmt.Sprintf("%.2f", i.CPUMicros),
			fmt.Sprintf("%.2f", i.P50), fmt.Sprintf("%.2f", i.P99), fmt.Sprintf("%.2f", i.P999))
	}
	return t.b.String()
}

func (r *results) nodeTable() string {
	if len(r.Nodes) == 0 {
		return ""
	}
	mixes := modelsIn(r.Nodes, func(n nodeRow) string { return n.Mix })
	cells := []string{"nodes"}
	for _, m := range mixes {
		cells = append(cells, m+": k/s", "CPU us")
	}
	var t table
	t.head(append(cells, "bytes of a connection with half a command")...)
	for i := range len(r.Nodes) / len(mixes) {
		first := r.Nodes[i]
		label := size(first.Node)
		if !first.Pooled {
			label += ", no pool"
		}
		cells := []string{label}
		for j := range mixes {
			n := r.Nodes[j*len(r.Nodes)/len(mixes)+i]
			cells = append(cells, fmt.Sprintf("%.1f", n.PerSecond/1000), fmt.Sprintf("%.2f", n.CPUMicros))
		}
		t.row(append(cells, fmt.Sprintf("%.0f", first.BusyBytes))...)
	}
	return t.b.String()
}

func (r *results) benchTable(pkg, prefix string) string {
	var t table
	t.head("case", "ns", "bytes allocated", "allocations")
	n := 0
	for _, b := range r.Go {
		name, ok := strings.CutPrefix(b.Name, prefix)
		if b.Package != pkg || !ok {
			continue
		}
		n++
		t.row(strings.ReplaceAll(name, "/", ", "), fmt.Sprintf("%.1f", b.Values["ns/op"]), fmt.Sprintf("%.0f", b.Values["B/op"]), fmt.Sprintf("%.0f", b.Values["allocs/op"]))
	}
	if n == 0 {
		return ""
	}
	return t.b.String()
}

// wins lists where each model was better than the other by more than the noise.
func (r *results) wins() string {
	if len(r.Load) == 0 {
		return ""
	}
	better := map[string][]string{}
	models := r.eachMix(func(label string, rows []loadRow) {
		for _, f := range []struct {
			name string
			get  func(loadRow) float64
			more bool // is better
		}{
			{"throughput", func(l loadRow) float64 { return l.PerSecond }, true},
			{"CPU", func(l loadRow) float64 { return l.CPUMicros }, false},
			{"p99.9", func(l loadRow) float64 { return l.P999 }, false},
		} {
			for i, row := range rows {
				other := rows[(i+1)%len(rows)]
				ratio := f.get(row) / max(f.get(other), 1e-9)
				if !f.more {
					ratio = 1 / max(ratio, 1e-9)
				}
				if len(rows) == 2 && ratio > 1+noise {
					better[row.Model] = append(better[row.Model], fmt.Sprintf("%s of %s (%.2f times)", f.name, label, ratio))
				}
			}
		}
	})
	var b strings.Builder
	for _, m := range models {
		list := "nothing"
		if len(better[m]) > 0 {
			list = strings.Join(better[m], "; ")
		}
		fmt.Fprintf(&b, "- **%s** is better by more than %.0f%% in %d of %d figures: %s.\n", m, noise*100, len(better[m]), len(r.Load)/len(models)*3, list)
	}
	return b.String()
}

func mega(n int64) string { return fmt.Sprintf("%.1f", float64(n)/(1<<20)) }

// thousands separates the digits of a number in threes.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
