//go:build linux

package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

// callGroups are the system calls that are counted by name, as they share a column; all
// together are counted too.
var callGroups = [][]string{{"read", "readv"}, {"write", "writev"}, {"epoll_wait", "epoll_pwait"}, {"epoll_ctl"}, {"futex"}, {"sched_yield"}, {"nanosleep"}}

var errNoPerf = errors.New("perf cannot count system calls here (Debian: linux-perf; needs tracefs and root): the part calls is left out")

// runCalls counts the system calls of short runs. The kernel counts, so unlike under
// strace batches form as they do without being watched.
func runCalls(s *kit.Servers, o options) ([]callRow, error) {
	if exec.Command("perf", "stat", "-e", "raw_syscalls:sys_enter", "true").Run() != nil {
		return nil, errNoPerf
	}
	servers, err := launch(s, o.models)
	if err != nil {
		return nil, err
	}
	defer s.End()
	var rows []callRow
	for _, m := range mixes() {
		if m.value != smallValueBytes || m.op != "GET" {
			continue
		}
		for i, srv := range servers {
			if err := m.fill(srv); err != nil {
				return nil, err
			}
			counts, err := counted(srv, func() error {
				_, err := kit.Bench(srv, m.requests, m.args()...)
				return err
			})
			if err != nil {
				return nil, err
			}
			row := callRow{Model: o.models[i].name, Pipeline: m.pipeline, ByName: map[string]float64{}}
			for name, n := range counts {
				per := float64(n) / float64(m.requests)
				if name == "" {
					row.Total = per
				} else {
					row.ByName[name] = per
				}
			}
			rows = append(rows, row)
			fmt.Fprintf(os.Stderr, "%-10s pipeline %d: %.3f system calls per command\n", row.Model, row.Pipeline, row.Total)
		}
	}
	return rows, nil
}

// counted runs f while perf counts the server's system calls; "" is the sum of all.
func counted(srv *harness.Server, f func() error) (map[string]int64, error) {
	events := []string{"raw_syscalls:sys_enter"}
	for _, name := range slices.Concat(callGroups...) {
		events = append(events, "syscalls:sys_enter_"+name)
	}
	cmd := exec.Command("perf", "stat", "-x", ",", "-p", strconv.Itoa(srv.PID), "-e", strings.Join(events, ","))
	var out bytes.Buffer
	cmd.Stderr = &out
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	time.Sleep(perfStart)
	err := f()
	if e := cmd.Process.Signal(syscall.SIGINT); err == nil {
		err = e
	}
	_ = cmd.Wait() // perf reports the interrupt
	if err != nil {
		return nil, err
	}
	r := csv.NewReader(&out)
	r.FieldsPerRecord, r.Comment = -1, '#'
	lines, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	counts := map[string]int64{}
	for _, l := range lines {
		if len(l) < 3 {
			continue
		}
		if n, err := strconv.ParseInt(l[0], 10, 64); err == nil {
			_, name, _ := strings.Cut(l[2], "sys_enter")
			counts[strings.TrimPrefix(name, "_")] = n
		}
	}
	if counts[""] == 0 {
		return nil, fmt.Errorf("perf counted nothing: %q", out.String())
	}
	return counts, nil
}
