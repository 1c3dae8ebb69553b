//go:build linux

package main

import (
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
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
				if err := dots(filepath.Join(dir, file), title, f.unit, labels, all); err != nil {
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

// frame is a plot with a label for each group of figures, and room for the legend above
// the largest of them.
func frame(title, unit string, labels []string) *plot.Plot {
	p := plot.New()
	p.Title.Text = title
	p.Y.Label.Text = unit
	p.Legend.Top = true
	p.Legend.Padding = vg.Points(3)
	p.NominalX(labels...)
	p.X.Min, p.X.Max = -0.6, float64(len(labels))-0.4
	return p
}

func largest(all []series) (most float64) {
	for _, s := range all {
		most = max(most, slices.Max(s.values))
	}
	return most
}

// bars draws a group of bars for each label.
func bars(path, title, unit string, labels []string, all []series) error {
	p := frame(title, unit, labels)
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
	p.X.Min, p.X.Max = -0.6, float64(len(labels))-0.4
	p.Y.Min, p.Y.Max = 0, largest(all)*1.3
	return p.Save(plotWidth, plotHeight, path)
}

// dots draws a point for each figure over a logarithmic axis: with and without a pipeline
// they differ by orders of magnitude.
func dots(path, title, unit string, labels []string, all []series) error {
	p := frame(title+" (logarithmic)", unit, labels)
	p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	p.Add(plotter.NewGrid())
	least := math.Inf(1)
	for i, s := range all {
		var points plotter.XYs
		for at, v := range s.values {
			v = max(v, leastPlotted)
			least = min(least, v)
			points = append(points, plotter.XY{X: float64(at) + dotOffset*(float64(i)-float64(len(all)-1)/2), Y: v})
		}
		sc, err := plotter.NewScatter(points)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		sc.Color, sc.Shape, sc.Radius = colors[i%len(colors)], draw.CircleGlyph{}, vg.Points(4)
		p.Add(sc)
		p.Legend.Add(s.name, sc)
	}
	p.X.Min, p.X.Max = -0.6, float64(len(labels))-0.4
	p.Y.Min, p.Y.Max = least/1.5, largest(all)*3
	return p.Save(plotWidth, plotHeight, path)
}
