// Command lua measures Kring's Lua beside lua5.1: each program of programs/ is run by both
// in turn, in a process of its own, and the shortest times are compared. Time is the wall
// clock's; the processor time beside it shows what garbage collection takes elsewhere.
package main

import (
	"bytes"
	"embed"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kringdb/kring/internal/lua"
)

//go:embed programs
var programs embed.FS

// ratioBound is what the geometric mean of the ratios of time may be.
const ratioBound = 2.5

func main() {
	run := flag.String("run", "", "run this file, and nothing else")
	rounds := flag.Int("rounds", 5, "how often each program is run")
	only := flag.String("only", "", "names of programs, with commas; none means all")
	strict := flag.Bool("strict", false, "exit with 1 when Kring is too slow")
	flag.Parse()
	if *run != "" {
		if err := execute(*run); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	mean, err := compare(*rounds, *only)
	if err == nil && *strict && mean > ratioBound {
		err = fmt.Errorf("%.2f times the time of lua5.1, more than %.1f", mean, ratioBound)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// execute runs one file as a script, with a print.
func execute(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	st := lua.NewState(lua.Options{Hook: func() error { return nil }})
	st.Globals().SetString(lua.Intern("print"), lua.FunctionValue(lua.NewFunction("print", func(t *lua.Thread) int {
		for i := range t.NArgs() {
			s, _ := t.Text(t.Arg(i)).AsString()
			if i > 0 {
				fmt.Print("\t")
			}
			fmt.Print(s.String())
		}
		fmt.Println()
		return 0
	})))
	p, err := lua.Compile(string(text), "@"+filepath.Base(file))
	if err != nil {
		return err
	}
	_, err = st.Run(st.Load(p))
	return err
}

func compare(rounds int, only string) (mean float64, err error) {
	dir, err := os.MkdirTemp("", "bench-lua")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	entries, err := programs.ReadDir("programs")
	if err != nil {
		return 0, err
	}
	fmt.Printf("%-12s %12s %12s %8s %12s %12s\n", "program", "lua5.1 ms", "kring ms", "ratio", "lua5.1 CPU", "kring CPU")
	logs, n := 0.0, 0
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".lua")
		if only != "" && !slices.Contains(strings.Split(only, ","), name) {
			continue
		}
		text, err := programs.ReadFile(path.Join("programs", e.Name()))
		if err != nil {
			return 0, err
		}
		file := filepath.Join(dir, e.Name())
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return 0, err
		}
		theirs, ours, err := measure(rounds, []string{"lua5.1", file}, []string{self, "-run", file})
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		ratio := ours.wall / theirs.wall
		logs += math.Log(ratio)
		n++
		fmt.Printf("%-12s %12.1f %12.1f %8.2f %12.1f %12.1f\n", name, theirs.wall, ours.wall, ratio, theirs.cpu, ours.cpu)
	}
	if n == 0 {
		return 0, fmt.Errorf("no such program")
	}
	mean = math.Exp(logs / float64(n))
	fmt.Printf("%-12s %34.2f  (bound %.1f)\n", "mean", mean, ratioBound)
	return mean, nil
}

// times are in milliseconds.
type times struct{ wall, cpu float64 }

// measure runs both commands in turn and returns the shortest times of each. Both must
// print the same.
func measure(rounds int, a, b []string) (ta, tb times, err error) {
	ta, tb = times{math.Inf(1), math.Inf(1)}, times{math.Inf(1), math.Inf(1)}
	for range rounds {
		outA, errA := once(a, &ta)
		outB, errB := once(b, &tb)
		switch {
		case errA != nil:
			return ta, tb, errA
		case errB != nil:
			return ta, tb, errB
		case !bytes.Equal(outA, outB):
			return ta, tb, fmt.Errorf("one prints %q, the other %q", outA, outB)
		}
	}
	return ta, tb, nil
}

func once(args []string, best *times) ([]byte, error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stderr = os.Stderr
	begin := time.Now()
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", args[0], err)
	}
	best.wall = min(best.wall, time.Since(begin).Seconds()*1000)
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	best.cpu = min(best.cpu, cpu.Seconds()*1000)
	return out, nil
}
