package kit

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kringdb/kring/tests/internal/harness"
)

// Percentiles are latencies in milliseconds, as redis-benchmark's client saw them.
type Percentiles struct{ P50, P99, P999 float64 }

// BenchPercentiles is Bench with more percentiles than redis-benchmark prints as CSV.
func BenchPercentiles(srv *harness.Server, requests int, args ...string) (Result, Percentiles, error) {
	out, r, err := bench(srv, requests, args)
	if err != nil {
		return r, Percentiles{}, err
	}
	p, err := parseText(out, &r)
	return r, p, err
}

// parseText reads what redis-benchmark prints for people.
func parseText(text string, r *Result) (p Percentiles, err error) {
	text = strings.ReplaceAll(text, "\r", "\n")
	_, rest, ok1 := strings.Cut(text, "Latency by percentile distribution:")
	table, rest, ok2 := strings.Cut(rest, "Cumulative distribution")
	_, rest, ok3 := strings.Cut(rest, "throughput summary:")
	rps, _, ok4 := strings.Cut(strings.TrimSpace(rest), " ")
	if r.PerSecond, err = strconv.ParseFloat(rps, 64); err != nil || !(ok1 && ok2 && ok3 && ok4) {
		return p, fmt.Errorf("redis-benchmark printed %q", text)
	}
	for line := range strings.Lines(table) {
		var percent, ms float64
		if n, _ := fmt.Sscanf(line, "%f%% <= %f milliseconds", &percent, &ms); n != 2 {
			continue
		}
		for _, at := range []struct {
			percent float64
			field   *float64
		}{{50, &p.P50}, {99, &p.P99}, {99.9, &p.P999}} {
			if percent >= at.percent && *at.field == 0 {
				*at.field = ms
			}
		}
	}
	if p.P999 == 0 {
		return p, fmt.Errorf("redis-benchmark printed %q", text)
	}
	r.P99Millis = p.P99
	return p, nil
}
