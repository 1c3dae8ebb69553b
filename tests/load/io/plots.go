//go:build linux

package main

import (
	"fmt"
	"image/color"
	"os"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// colors are the models', readable beside each other by everyone.
var colors = []color.Color{color.RGBA{0x1f, 0x5f, 0xa8, 0xff}, color.RGBA{0xe0, 0x8a, 0x1e, 0xff}, color.RGBA{0x4d, 0x9a, 0x54, 0xff}}

// series is the bars or points of one model.
type series struct {
	name   string
	values []float64
}

// plots draws what the tables say into dir.
func (r *results) plots(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if len(r.Load) > 0 {
		for _, value := range []int{smallValueBytes, largeValueBytes} {
			for _, f := range []struct {
				file, title, unit string
				get               func(loadRow) float64
			}{
				{"throughput", "Throughput", "1000 commands per second", func(l loadRow) float64 { return l.PerSecond / 1000 }},
				{"cpu", "Server CPU", "us per command", func(l loadRow) float64 { return l.CPUMicros }},
				{"p999", "p99.9 latency", "ms", func(l loadRow) float64 { return l.P999 }},
			} {
				labels, all := r.loadSeries(value, f.get)
				title := fmt.Sprintf("%s, values of %s", f.title, size(value))
				file := fmt.Sprintf("%s-%s.svg", f.file, map[int]string{smallValueBytes: "small", largeValueBytes: "large"}[value])
				if err := bars(filepath.Join(dir, file), title, f.unit, labels, all); err != nil {
					return err
				}
			}
		}
	}
	if len(r.Idle) > 0 {
		labels, all := r.idleSeries(func(i idleRow) float64 { return i.PerConnection })
		return bars(filepath.Join(dir, "idle-memory.svg"), "User memory per idle connection", "bytes", labels, all)
	}
	return nil
}

func (r *results) loadSeries(value int, get func(loadRow) float64) (labels []string, all []series) {
	models := modelsIn(r.Load, func(l loadRow) string { return l.Model })
	all = make([]series, len(models))
	r.eachMix(func(_ string, rows []loadRow) {
		if rows[0].Value != value {
			return
		}
		labels = append(labels, fmt.Sprintf("%s -P %d", rows[0].Op, rows[0].Pipeline))
		for i, row := range rows {
			all[i].name = row.Model
			all[i].values = append(all[i].values, get(row))
		}
	})
	return labels, all
}

// idleSeries takes each number of connections once: from this machine if it has that many.
func (r *results) idleSeries(get func(idleRow) float64) (labels []string, all []series) {
	for _, m := range modelsIn(r.Idle, func(i idleRow) string { return i.Model }) {
		s := series{name: m}
		seen := map[int]bool{}
		for _, i := range r.Idle {
			if i.Model == m && !seen[i.Connections] {
				seen[i.Connections] = true
				s.values = append(s.values, get(i))
				if len(all) == 0 {
					labels = append(labels, thousands(i.Connections))
				}
			}
		}
		all = append(all, s)
	}
	return labels, all
}

// bars draws a group of bars for each label.
func bars(path, title, unit string, labels []string, all []series) error {
	p := plot.New()
	p.Title.Text = title
	p.Y.Label.Text = unit
	p.Y.Min = 0
	p.Legend.Top = true
	width := vg.Points(barPoints)
	for i, s := range all {
		b, err := plotter.NewBarChart(plotter.Values(s.values), width)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		b.Color, b.LineStyle.Width = colors[i%len(colors)], 0
		b.Offset = width * vg.Length(float64(i)-float64(len(all)-1)/2)
		p.Add(b)
		p.Legend.Add(s.name, b)
	}
	p.NominalX(labels...)
	return p.Save(plotWidth, plotHeight, path)
}
