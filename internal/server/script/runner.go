package script

import (
	"crypto/sha1"
	"encoding/binary"
	"sync/atomic"

	"github.com/kringdb/kring/internal/lua"
)

// Runner runs scripts for one executor, which alone uses it. It remembers those that it has run
// lately, so that finding one again takes no lock if it stays cached.
type Runner struct {
	e     *Engine
	m     *machine // nil until it is needed
	sums  [knownScripts]known
	texts [knownTexts]*Script
	bytes atomic.Int64 // of m, after its last run
	idle  bool         // m has not run since Rest
}

// known is a script and the function that was made of it.
type known struct {
	s *Script
	f lua.Value
}

const (
	knownScripts = 256
	knownTexts   = 64
)

// NewRunner returns a runner for an executor.
func (e *Engine) NewRunner() *Runner {
	r := &Runner{e: e, idle: true}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.mu.runners = append(e.mu.runners, r)
	return r
}

// clear forgets everything. All gates are held.
func (r *Runner) clear() {
	r.m, r.sums, r.texts, r.idle = nil, [knownScripts]known{}, [knownTexts]*Script{}, true
	r.bytes.Store(0)
}

// Find returns the script with a SHA-1, nil if it is not cached.
func (r *Runner) Find(sha []byte) *Script {
	if len(sha) != 2*sha1.Size {
		return nil
	}
	if s := r.sums[place(sha)].s; s != nil && s.SHA == string(sha) && r.holds(s) {
		return s
	}
	if sum, ok := readSum(sha); ok {
		return r.e.find(&sum)
	}
	return nil
}

// place is where the script with a SHA-1 would be among those that are known, if it is in lower case.
func place(sha []byte) int {
	return int(binary.LittleEndian.Uint64(sha) * 0x9E3779B97F4A7C15 >> 56 % knownScripts)
}

// holds tells whether a script that has been cached still is, and notes that it is asked for.
func (r *Runner) holds(s *Script) bool {
	if !s.stays.Load() {
		r.e.mu.Lock()
		r.e.mu.used(s)
		r.e.mu.Unlock()
	}
	return !s.gone.Load()
}

// FindText returns the cached script with a text, nil if there is none.
func (r *Runner) FindText(text []byte) *Script {
	at := &r.texts[textPlace(text)]
	if s := *at; s != nil && s.text == string(text) && r.holds(s) {
		return s
	}
	s := r.e.FindText(text)
	if s != nil {
		*at = s
	}
	return s
}

// textPlace spreads texts by their length and some of their bytes.
func textPlace(text []byte) int {
	n := len(text)
	h := uint64(n)
	if n >= 8 {
		h += binary.LittleEndian.Uint64(text[n-8:]) + 31*binary.LittleEndian.Uint64(text[n/2-4:])
	}
	return int(h * 0x9E3779B97F4A7C15 >> 58 % knownTexts)
}

// Load is Engine.Load for EVAL.
func (r *Runner) Load(text []byte) (*Script, string) { return r.e.Load(text, false) }

// Eval runs a script and replies what it returns.
func (r *Runner) Eval(s *Script, run *Run) {
	if errText := refused(s.flags, run); errText != "" {
		run.W.Error(errText)
		return
	}
	if r.m == nil {
		r.m = r.e.newMachine()
		r.m.openScripts()
	}
	m := r.m
	k := &r.sums[s.at]
	if k.s != s {
		*k = known{s, m.st.Load(s.proto)}
	}
	r.idle = false
	m.st.SetMemoryLimit(int(r.e.MemoryLimit()))
	m.fill(m.keys, run.Keys)
	m.fill(m.argv, run.Args)
	drawn := r.e.random.Mark()
	m.begin(run, s.flags)
	results, err := m.st.Run(k.f)
	if m.end(run, s.SHA, results, err); run.Host.Leaves() {
		r.e.random.Reset(drawn)
	}
	if now := int64(m.st.Memory()); now != r.bytes.Load() {
		r.bytes.Store(now)
	}
}

// Rest is called when the machine may not run for a while: it lets go of what runs have left on its
// stack.
func (r *Runner) Rest() {
	if !r.idle {
		r.idle = true
		r.m.rest()
		r.m.st.Rest()
	}
}
