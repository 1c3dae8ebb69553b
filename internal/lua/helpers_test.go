package lua

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// newTestState returns a State whose print writes to the buffer.
func newTestState(o Options) (*State, *bytes.Buffer) {
	st := NewState(o)
	out := &bytes.Buffer{}
	st.Globals().SetString(Intern("print"), FunctionValue(NewFunction("print", func(t *Thread) int {
		for i := range t.NArgs() {
			if i > 0 {
				out.WriteByte('\t')
			}
			out.Write(t.Text(t.Arg(i)).str().Bytes())
		}
		out.WriteByte('\n')
		return 0
	})))
	return st, out
}

// runAsMain runs a program as lua5.1 runs its main script: one call deeper than Run does.
func runAsMain(st *State, p *Proto) error {
	outer := NewFunction("main", func(t *Thread) int {
		t.Push(st.Load(p))
		t.call(t.top-1, 0, 0)
		return 0
	})
	_, err := st.Run(FunctionValue(outer))
	return err
}

func oracle(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("lua5.1")
	if err != nil {
		t.Skip("lua5.1 is not installed")
	}
	return path
}

// compareWithOracle runs the program in both machines and compares what they print. transient
// says that ours keeps nothing after a run, of which there has been one before.
func compareWithOracle(t *testing.T, name, text string, transient bool) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "p.lua")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, oracle(t), "p.lua")
	cmd.Dir = filepath.Dir(file)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	want, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: lua5.1: %v\n%s", name, err, stderr.String())
	}
	stopped := errors.New("a minute is over")
	st, out := newTestState(Options{Hook: func() error {
		if ctx.Err() != nil {
			return stopped
		}
		return nil
	}})
	if transient {
		st.Transient()
		run(st, "local t = {} for i = 1, 2000 do t[i] = {'x' .. i, [i] = i, n = 'abc'} end")
		st.Release()
	}
	p, err := Compile(text, "@p.lua")
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := runAsMain(st, p); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	showDifference(t, name, string(want), out.String())
}

func showDifference(t *testing.T, name, want, got string) {
	t.Helper()
	if want == got {
		return
	}
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	program := ""
	shown := 0
	for i := 0; i < max(len(w), len(g)) && shown < 10; i++ {
		a, b := at(w, i), at(g, i)
		if strings.HasPrefix(a, "#") {
			program = a
		}
		if a != b {
			t.Errorf("%s %s line %d:\nlua5.1 %s\n   got %s", name, program, i+1, a, b)
			shown++
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "<nothing>"
}

// run runs a program and returns what it returned, as text, or its error.
func run(st *State, text string) string {
	p, err := Compile(text, "=test")
	if err != nil {
		return "error: " + err.Error()
	}
	res, err := st.Run(st.Load(p))
	if err != nil {
		return "error: " + err.Error()
	}
	var parts []string
	for _, v := range res {
		parts = append(parts, textOf(v))
	}
	return strings.Join(parts, " ")
}

func textOf(v Value) string {
	switch v.Type() {
	case TypeNil:
		return "nil"
	case TypeBoolean:
		return fmt.Sprint(v.Truthy())
	case TypeString, TypeNumber:
		var buf [32]byte
		b, _ := toBytes(v, &buf)
		return string(b)
	}
	return v.Type().String()
}
