package kit

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
)

// ErrNoPerf says that perf cannot count system calls on this machine.
var ErrNoPerf = errors.New("perf cannot count system calls here (Debian: linux-perf; needs tracefs and root)")

// CanCountCalls returns nil or ErrNoPerf.
func CanCountCalls() error {
	if exec.Command("perf", "stat", "-e", "raw_syscalls:sys_enter", "true").Run() != nil {
		return ErrNoPerf
	}
	return nil
}

// CountCalls runs f while perf counts the server's system calls, those named and, as "", the
// sum of all. The kernel counts, so unlike under strace batches form as they do without being
// watched.
func CountCalls(srv *harness.Server, names []string, f func() error) (map[string]int64, error) {
	events := []string{"raw_syscalls:sys_enter"}
	for _, name := range names {
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
