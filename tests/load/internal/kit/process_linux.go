package kit

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
)

// Process is what /proc says of a server.
type Process struct {
	RSS, Anon int64 // bytes
	Threads   int
	Switches  int64         // voluntary context switches of all threads
	CPU       time.Duration // finer than the ticks of the process's account
}

// Look reads what /proc says of a server now.
func Look(srv *harness.Server) (p Process, err error) {
	dir := fmt.Sprintf("/proc/%d", srv.PID)
	maps, err := numbers(dir + "/smaps_rollup") // walks the pages: status is off by what each processor has not told yet
	if err != nil {
		return p, err
	}
	p.RSS, p.Anon = maps["Rss"]<<10, maps["Anonymous"]<<10
	return p, p.lookAtThreads(dir)
}

// LookAtThreads is Look for the threads alone, which costs the server nothing.
func LookAtThreads(srv *harness.Server) (p Process, err error) {
	return p, p.lookAtThreads(fmt.Sprintf("/proc/%d", srv.PID))
}

func (p *Process) lookAtThreads(dir string) error {
	tasks, err := filepath.Glob(dir + "/task/*")
	for _, t := range tasks {
		if n, err := numbers(t + "/status"); err == nil { // a thread may have ended
			p.Threads++
			p.Switches += n["voluntary_ctxt_switches"]
		}
		if b, err := os.ReadFile(t + "/schedstat"); err == nil {
			n, _, _ := strings.Cut(string(b), " ")
			ns, _ := strconv.ParseInt(n, 10, 64) // 0 where the kernel keeps no such account
			p.CPU += time.Duration(ns)
		}
	}
	return err
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
