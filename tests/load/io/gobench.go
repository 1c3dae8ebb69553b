//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/kringdb/kring/tests/internal/harness"
)

// goBenchmarks are run as they stand in the source, beside what they measure.
var goBenchmarks = []struct{ pkg, pattern string }{
	{"netio", "^BenchmarkNodes$"},
	{"resp", "^BenchmarkArguments$"},
}

// runGoBenchmarks runs them and reads what they print.
func runGoBenchmarks() ([]benchRow, error) {
	root, err := harness.ProductRoot()
	if err != nil {
		return nil, err
	}
	var rows []benchRow
	for _, b := range goBenchmarks {
		cmd := exec.Command("go", "test", "-run", "^$", "-bench", b.pattern, "-benchmem", "-benchtime", "300ms", "./"+b.pkg)
		cmd.Dir = root
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, os.Stderr
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("go test -bench in %s: %w\n%s", b.pkg, err, out.Bytes())
		}
		got := parseBenchmarks(b.pkg, out.String())
		if len(got) == 0 {
			return nil, fmt.Errorf("%s has no benchmark %s", b.pkg, b.pattern)
		}
		rows = append(rows, got...)
	}
	return rows, nil
}

var procsSuffix = regexp.MustCompile(`-\d+$`)

// parseBenchmarks reads lines of the form "BenchmarkX-2  1000  12.3 ns/op  0 B/op".
func parseBenchmarks(pkg, text string) []benchRow {
	var rows []benchRow
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		row := benchRow{Package: pkg, Name: procsSuffix.ReplaceAllString(f[0], ""), Values: map[string]float64{}}
		for i := 2; i+1 < len(f); i += 2 {
			if v, err := strconv.ParseFloat(f[i], 64); err == nil {
				row.Values[f[i+1]] = v
			}
		}
		rows = append(rows, row)
	}
	return rows
}
