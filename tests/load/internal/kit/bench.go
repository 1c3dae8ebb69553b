package kit

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
)

// Result is one run of redis-benchmark.
type Result struct {
	PerSecond   float64 // commands per second, as the client saw them
	CPUMicros   float64 // server CPU per command
	UserMicros  float64 // the part of it in user mode
	P99Millis   float64
	WallSeconds float64
}

// Bench runs redis-benchmark with the arguments against a server and takes the server's
// utime and stime around it.
func Bench(srv *harness.Server, requests int, args ...string) (Result, error) {
	out, cost, err := bench(srv, requests, append([]string{"--csv"}, args...))
	if err != nil {
		return Result{}, err
	}
	r, err := parseCSV(out)
	r.UserMicros, r.CPUMicros, r.WallSeconds = cost.UserMicros, cost.CPUMicros, cost.WallSeconds
	return r, err
}

// bench runs redis-benchmark and gives what it printed and what it cost.
func bench(srv *harness.Server, requests int, args []string) (string, Result, error) {
	full := append([]string{"-h", "127.0.0.1", "-p", strconv.Itoa(srv.Port), "-n", strconv.Itoa(requests)}, args...)
	if srv.Network == "unix" {
		full = append([]string{"-s", srv.Addr, "-n", strconv.Itoa(requests)}, args...)
	}
	cmd := exec.Command("redis-benchmark", full...)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	user0, sys0, err := srv.CPUSplit()
	if err != nil {
		return "", Result{}, err
	}
	begin := time.Now()
	if err := cmd.Run(); err != nil {
		return "", Result{}, fmt.Errorf("redis-benchmark %s: %w\n%s%s", strings.Join(full, " "), err, out.String(), stderr.String())
	}
	wall := time.Since(begin)
	user1, sys1, err := srv.CPUSplit()
	if err != nil {
		return "", Result{}, err
	}
	perCommand := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(requests) }
	var r Result
	r.UserMicros = perCommand(user1 - user0)
	r.CPUMicros = r.UserMicros + perCommand(sys1-sys0)
	r.WallSeconds = wall.Seconds()
	return out.String(), r, nil
}

// parseCSV reads --csv: a heading, then one line per test.
func parseCSV(text string) (Result, error) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) < 2 || len(rows[1]) < 8 {
		return Result{}, fmt.Errorf("redis-benchmark printed %q", text)
	}
	rps, err1 := strconv.ParseFloat(rows[1][1], 64)
	p99, err2 := strconv.ParseFloat(rows[1][6], 64)
	if err1 != nil || err2 != nil {
		return Result{}, fmt.Errorf("redis-benchmark printed %q", text)
	}
	return Result{PerSecond: rps, P99Millis: p99}, nil
}
