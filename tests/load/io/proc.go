//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kringdb/kring/tests/internal/harness"
)

// process is what /proc says of a server.
type process struct {
	rss, anon     int64 // bytes
	threads       int
	reads, writes int64 // system calls
	readBytes     int64
	switches      int64 // voluntary context switches of all threads
	cpu           int64 // nanoseconds; finer than the ticks of the process's account
}

func look(srv *harness.Server) (p process, err error) {
	dir := fmt.Sprintf("/proc/%d", srv.PID)
	status, err := numbers(dir + "/status")
	if err != nil {
		return p, err
	}
	p.threads = int(status["Threads"])
	maps, err := numbers(dir + "/smaps_rollup") // walks the pages: status is off by what each processor has not told yet
	if err != nil {
		return p, err
	}
	p.rss, p.anon = maps["Rss"]<<10, maps["Anonymous"]<<10
	counts, err := numbers(dir + "/io")
	if err != nil {
		return p, err
	}
	p.reads, p.writes, p.readBytes = counts["syscr"], counts["syscw"], counts["rchar"]
	tasks, err := filepath.Glob(dir + "/task/*")
	for _, t := range tasks {
		if n, err := numbers(t + "/status"); err == nil { // a thread may have ended
			p.switches += n["voluntary_ctxt_switches"]
		}
		if b, err := os.ReadFile(t + "/schedstat"); err == nil {
			n, _, _ := strings.Cut(string(b), " ")
			ns, _ := strconv.ParseInt(n, 10, 64) // 0 where the kernel keeps no such account
			p.cpu += ns
		}
	}
	return p, err
}

// numbers reads lines of the form "name: number".
func numbers(path string) (map[string]int64, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m := map[string]int64{}
	for line := range strings.Lines(string(b)) {
		name, rest, _ := strings.Cut(line, ":")
		if f := strings.Fields(rest); len(f) > 0 {
			if n, err := strconv.ParseInt(f[0], 10, 64); err == nil {
				m[name] = n
			}
		}
	}
	return m, nil
}
