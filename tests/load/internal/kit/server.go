package kit

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/kringdb/kring/tests/internal/harness"
)

// Servers is a set of running servers that end together.
type Servers struct{ all []*harness.Server }

// Redis starts the oracle.
func (s *Servers) Redis(args ...string) (*harness.Server, error) {
	bin, err := harness.Oracle()
	if err != nil {
		return nil, err
	}
	return s.launch("redis", bin, append([]string{"--appendonly", "no"}, args...))
}

// Kring starts the subject.
func (s *Servers) Kring(args ...string) (*harness.Server, error) {
	bin, err := harness.Subject()
	if err != nil {
		return nil, err
	}
	return s.launch("kring", bin, args)
}

// Other starts any other program that takes Redis's options, by the name that it is shown with.
func (s *Servers) Other(name, bin string, args ...string) (*harness.Server, error) {
	return s.launch(name, bin, args)
}

func (s *Servers) launch(name, bin string, args []string) (*harness.Server, error) {
	srv, err := harness.Launch(harness.Config{Bin: bin, Args: args})
	if err != nil {
		return nil, err
	}
	srv.Name = name
	s.all = append(s.all, srv)
	return srv, nil
}

// End kills every server that still runs; nothing that load programs leave is worth a
// clean end.
func (s *Servers) End() {
	for _, srv := range s.all {
		_ = srv.Kill()
	}
	s.all = nil
}

// Number reads a number of INFO; ok is false when the server does not tell it.
func Number(srv *harness.Server, field string) (n float64, ok bool) {
	c, err := srv.Dial()
	if err != nil {
		return 0, false
	}
	defer c.Close()
	text, err := harness.Info(c, field)
	if err != nil || text == "" {
		return 0, false
	}
	n, err = strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	return n, err == nil
}

// Processor is the name of this machine's processor.
func Processor() string {
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(b)) {
			if name, val, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				return strings.TrimSpace(val)
			}
		}
	}
	return "unknown processor"
}

// Banner prints what figures depend on: the machine and the two versions.
func Banner(servers ...*harness.Server) {
	fmt.Printf("%s, %d processors, %s\n", Processor(), runtime.NumCPU(), runtime.GOOS)
	for _, s := range servers {
		c, err := s.Dial()
		if err != nil {
			continue
		}
		version, _ := harness.Info(c, "kring_version")
		if version == "" {
			version, _ = harness.Info(c, "redis_version")
		}
		fmt.Printf("%s %s\n", s.Name, version)
		_ = c.Close()
	}
}

// Run is the frame of a load program's main: it reports an error, ends what Subject
// built, and exits with 1 on an error.
//
// More processors than there are: a goroutine that takes times must not wait for
// another one's turn, only for the machine.
func Run(fn func(s *Servers) error) {
	runtime.GOMAXPROCS(runtime.NumCPU() + extraProcessors)
	var s Servers
	err := fn(&s)
	s.End()
	harness.Cleanup()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// Verdict renders a bound that was kept or missed.
func Verdict(ok bool) string {
	if ok {
		return "ok"
	}
	return "MISSED"
}
