package compat

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
)

// fired counts over the whole run; ran names the tests that would make differences fire.
var (
	fired = map[string]int{}
	ran   = map[string]bool{}
)

func TestMain(m *testing.M) {
	code := m.Run()
	harness.Cleanup()
	if code == 0 && ran["TestCases"] && ran["TestGenerated"] {
		for _, d := range Differences {
			if fired[d.Name] == 0 {
				fmt.Printf("difference %q was needed nowhere in this run: does it still hold?\n", d.Name)
			}
		}
	}
	os.Exit(code)
}

// startPair runs both servers for the length of a test.
func startPair(t *testing.T) *Pair {
	t.Helper()
	p, err := Launch(harness.OracleBin(t), harness.SubjectBin(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Side{p.Oracle, p.Subject} {
		harness.Bind(t, s.Server)
		t.Cleanup(s.dropAll)
	}
	return p
}

func envNumber(t *testing.T, name string, otherwise int64) int64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatalf("%s=%q: %v", name, text, err)
	}
	return n
}

// TestCases runs the hand-written sequences, each in both protocols.
func TestCases(t *testing.T) {
	p := startPair(t)
	for _, g := range Groups {
		for _, c := range g.Cases {
			for _, proto := range []string{"2", "3"} {
				t.Run(g.Name+"/"+c.Name+"/resp"+proto, func(t *testing.T) { runCase(t, p, c, proto) })
			}
		}
	}
	noteFired(t, p)
}

// runCase shows every step of a case that disagrees, not only the first: a step's
// mismatch seldom changes the next one's meaning.
func runCase(t *testing.T, p *Pair, c Case, proto string) {
	steps, err := ParseSteps(c.Lines)
	if err != nil {
		t.Fatal(err)
	}
	if proto == "3" {
		steps = append([]Step{{Args: []string{"HELLO", "3"}}}, steps...)
	}
	m, err := p.RunAll(steps)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range m {
		if at.Step == len(steps) {
			t.Errorf("%s", at)
			continue
		}
		t.Errorf("step %d: %s\n%s", at.Step, steps[at.Step], at)
	}
}

// TestGenerated compares generated sequences.
func TestGenerated(t *testing.T) {
	compareGenerated(t, NewG, int(envNumber(t, "COMPAT_COMMANDS", DefaultCommandsCount)))
}

// TestExtremes compares sequences in which half of the commands have numbers at the edges
// of what integers and doubles hold.
func TestExtremes(t *testing.T) {
	compareGenerated(t, NewExtremeG, int(envNumber(t, "COMPAT_COMMANDS", DefaultCommandsCount))/extremesShare)
}

// compareGenerated runs sequences of a generator until so many commands are compared.
func compareGenerated(t *testing.T, generator func(seed uint64) *G, want int) {
	p := startPair(t)
	seed := envNumber(t, "COMPAT_SEED", time.Now().UnixNano()%1_000_000_000)
	t.Logf("COMPAT_SEED=%d, %d commands", seed, want)
	begin, sent, reported := time.Now(), 0, map[string]int{}
	for n := 0; sent < want; n++ {
		// Each sequence has a seed of its own, so that it can be had alone.
		steps := generator(uint64(seed) + uint64(n)).Sequence()
		sent += len(steps)
		all, err := p.RunAll(steps)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed+int64(n), err, Script(steps))
		}
		// One report per command: the first finding must not hide the others.
		for _, m := range all {
			name := stepName(steps, m.Step)
			if reported[name]++; reported[name] == 1 {
				report(t, p, seed+int64(n), steps, m)
				break
			}
		}
		if len(reported) >= reportedMismatchesMax {
			t.Fatalf("%d commands mismatch: giving up", len(reported))
		}
	}
	t.Logf("%d commands in %v", sent, time.Since(begin).Round(time.Millisecond))
	for name, n := range reported {
		t.Logf("%s: %d mismatches", name, n)
	}
	noteFired(t, p)
}

// report shrinks a failing sequence to what still shows a mismatch of the same command.
func report(t *testing.T, p *Pair, seed int64, steps []Step, first *Mismatch) {
	name := stepName(steps, first.Step)
	find := func(s []Step) *Mismatch {
		all, err := p.RunAll(s)
		for _, m := range all {
			if err == nil && stepName(s, m.Step) == name {
				return m
			}
		}
		return nil
	}
	again := func(s []Step) bool { return find(s) != nil }
	if !again(steps) {
		t.Errorf("seed %d: a mismatch that did not come back\nat step %d: %s\n%s\nthe whole sequence:\n%s",
			seed, first.Step, stepText(steps, first.Step), first, Script(steps))
		return
	}
	small := Shrink(steps, again)
	m := find(small)
	if m == nil {
		small, m = steps, first
	}
	t.Errorf("mismatch (COMPAT_SEED=%d COMPAT_COMMANDS=1 generates it); %d steps, shrunk to %d:\n%s  at: %s\n%s",
		seed, len(steps), len(small), Script(small), stepText(small, m.Step), m)
}

// stepName names the command of a mismatch; the final keyspace has a name of its own.
func stepName(steps []Step, i int) string {
	if i >= len(steps) {
		return "the final keyspace"
	}
	if steps[i].Op != "" {
		return "!" + steps[i].Op
	}
	return steps[i].Name()
}

func stepText(steps []Step, i int) string {
	if i >= len(steps) {
		return "the final keyspace"
	}
	return steps[i].String()
}

// noteFired adds a pair's differences to the run's.
func noteFired(t *testing.T, p *Pair) {
	t.Helper()
	ran[t.Name()] = true
	for name, n := range p.Fired {
		fired[name] += n
		t.Logf("difference %q: %d times", name, n)
	}
}

// TestGeneratorIsRepeatable: the same seed gives the same commands.
func TestGeneratorIsRepeatable(t *testing.T) {
	for seed := range uint64(50) {
		a, b := Script(NewG(seed).Sequence()), Script(NewG(seed).Sequence())
		if a != b {
			t.Fatalf("seed %d gave two sequences", seed)
		}
	}
}

// TestEveryCommandOccurs: cases name every covered command, and generated sequences
// nearly all of them.
func TestEveryCommandOccurs(t *testing.T) {
	cased := map[string]bool{}
	for _, g := range Groups {
		for _, c := range g.Cases {
			steps, err := ParseSteps(c.Lines)
			if err != nil {
				t.Fatalf("%s: %v", c.Name, err)
			}
			for _, st := range steps {
				cased[st.Name()] = true
			}
		}
	}
	generated := map[string]bool{}
	for seed := range uint64(2000) {
		for _, st := range NewG(seed).Sequence() {
			generated[st.Name()] = true
		}
	}
	notGenerated := map[string]bool{ // dangerous or without effect in random order
		"shutdown": true, "config|rewrite": true, "config|resetstat": true, "debug": true, "object": true, "bgrewriteaof": true, "bgsave": true, "save": true, "lastsave": true, "migrate": true,
		"xgroup": true, "xinfo": true, "client": true, "config": true, "command": true, "memory": true, "pubsub": true, "monitor": true,
	}
	for name := range coveredCommands() {
		if !cased[name] {
			t.Errorf("no case for %s", name)
		}
		if !generated[name] && !notGenerated[name] {
			t.Errorf("%s is never generated", name)
		}
	}
}

// TestNotationRoundTrip: what a report prints can be parsed again.
func TestNotationRoundTrip(t *testing.T) {
	for seed := range uint64(50) {
		for _, st := range NewG(seed).Sequence() {
			long := false
			for _, a := range st.Args {
				long = long || len(a) > 400
			}
			if long {
				continue
			}
			back, err := ParseSteps(st.String())
			if err != nil || len(back) != 1 || fmt.Sprintf("%q", back[0]) != fmt.Sprintf("%q", st) {
				t.Fatalf("%s\nparsed as %v, %v", st, back, err)
			}
		}
	}
}

// TestShrink: a known culprit is found among many steps.
func TestShrink(t *testing.T) {
	var steps []Step
	for i := range 100 {
		steps = append(steps, Step{Args: []string{"SET", "k", strconv.Itoa(i)}, Batch: i%3 == 0})
	}
	small := Shrink(steps, func(s []Step) bool {
		a, b := false, false
		for _, st := range s {
			a = a || st.Args[2] == "17"
			b = b || a && st.Args[2] == "71"
		}
		return b
	})
	if len(small) != 2 || small[0].Args[2] != "17" || small[1].Args[2] != "71" {
		t.Fatalf("shrunk to %v", small)
	}
}
