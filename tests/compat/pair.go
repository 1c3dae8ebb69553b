package compat

import (
	"fmt"
	"strings"

	"github.com/kringdb/kring/tests/internal/harness"
)

// Pair is the oracle and the subject.
type Pair struct {
	Oracle, Subject *Side
	Fired           map[string]int // how often each difference was needed
	before          [2]int64       // resident bytes before the sequence
}

// serverArgs are given to both servers.
func serverArgs() []string {
	return []string{
		"--enable-debug-command", "yes", "--databases", fmt.Sprint(databasesCount),
		// Small nodes, so that short sequences meet their borders.
		"--stream-node-max-entries", "8", "--stream-node-max-bytes", "600",
		// A call that takes 10 ms here is the machine's doing, and would stand in one slow log only.
		"--slowlog-log-slower-than", "1000000",
	}
}

// Launch starts both servers.
func Launch(oracleBin, subjectBin string) (*Pair, error) {
	o, err := harness.Launch(harness.Config{Bin: oracleBin, Args: serverArgs()})
	if err != nil {
		return nil, err
	}
	s, err := harness.Launch(harness.Config{Bin: subjectBin, Args: serverArgs()})
	if err != nil {
		_ = o.Kill()
		return nil, err
	}
	return &Pair{Oracle: &Side{Server: o}, Subject: &Side{Server: s}, Fired: map[string]int{}}, nil
}

// Mismatch is the first place where the two sides disagree.
type Mismatch struct {
	Step            int // index into Steps; len(Steps) for the final keyspace
	What            string
	Oracle, Subject string
	Detail          string // what exactly differs in long replies
}

func (m *Mismatch) String() string {
	if m.What != "" {
		return m.What
	}
	text := fmt.Sprintf("oracle:  %s\nsubject: %s", shorten(m.Oracle), shorten(m.Subject))
	if m.Detail != "" {
		text += "\n" + m.Detail
	}
	return text
}

// Run resets both sides, runs the sequence on them at the same time, and gives the
// first mismatch. The error says that a server cannot be used any more.
func (p *Pair) Run(steps []Step) (*Mismatch, error) {
	all, err := p.RunAll(steps)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// RunAll is Run with every mismatch of the sequence.
func (p *Pair) RunAll(steps []Step) ([]*Mismatch, error) {
	if err := p.both(func(s *Side) error { return s.Reset() }); err != nil {
		return nil, err
	}
	p.watchMemory()
	var outs [2][]Outcome
	_ = p.both(func(s *Side) error {
		outs[p.index(s)] = s.Run(steps)
		return nil
	})
	var all []*Mismatch
	var queued queues
	for i, st := range steps {
		m := (*Mismatch)(nil)
		if ran := queued.note(st, outs[0][i]); ran != nil {
			m = p.compareExec(st, ran, outs[0][i], outs[1][i])
		} else {
			m = p.compareStep(st, outs[0][i], outs[1][i])
		}
		if m != nil {
			m.Step = i
			all = append(all, m)
		}
	}
	if m := p.growth(); m != nil {
		m.Step = len(steps)
		all = append(all, m)
	}
	var dumps [2]keyspace
	err := p.both(func(s *Side) error {
		d, err := s.Dump()
		dumps[p.index(s)] = d
		return err
	})
	if err != nil {
		if len(all) == 0 {
			return nil, err
		}
		// What was found explains it: a killed connection, a crash. Reset tells them apart.
		return append(all, &Mismatch{Step: len(steps), What: "keyspaces cannot be read: " + err.Error()}), nil
	}
	if d := dumps[0].diff(dumps[1]); d != "" {
		all = append(all, &Mismatch{Step: len(steps), What: "keyspaces differ (oracle, subject): " + d})
	}
	return all, nil
}

func (p *Pair) index(s *Side) int {
	if s == p.Oracle {
		return 0
	}
	return 1
}

// both calls fn for the two sides at the same time.
func (p *Pair) both(fn func(*Side) error) error {
	res := make(chan error, 1)
	go func() { res <- fn(p.Subject) }()
	oerr := fn(p.Oracle)
	if serr := <-res; serr != nil {
		return fmt.Errorf("subject: %w", serr)
	}
	if oerr != nil {
		return fmt.Errorf("oracle: %w", oerr)
	}
	return nil
}

func (p *Pair) compareStep(st Step, o, s Outcome) *Mismatch {
	m := &Mismatch{Oracle: o.String(), Subject: s.String()}
	if o.Err != "" || s.Err != "" {
		if o.Err == s.Err && o.Err != noReply { // nobody's silence is what a case is about
			return nil
		}
		return m
	}
	if agree(st, o.Reply, s.Reply) {
		return nil
	}
	for _, d := range Differences {
		if d.Covers(st, o.Reply, s.Reply) {
			p.Fired[d.Name]++
			return nil
		}
	}
	m.Detail = explain(st, o.Reply, s.Reply)
	return m
}

// watchMemory begins to look at how much memory the two processes take at most.
func (p *Pair) watchMemory() {
	for i, s := range []*Side{p.Oracle, p.Subject} {
		p.before[i] = s.Server.WatchPeak()
	}
}

// growth compares by how much the peaks have grown since watchMemory: what a sequence
// costs the subject must have bounds, as it has with the oracle.
func (p *Pair) growth() *Mismatch {
	var grown [2]int64
	for i, s := range []*Side{p.Oracle, p.Subject} {
		if p.before[i] == 0 {
			return nil // the system does not tell
		}
		grown[i] = s.Server.PeakRSS() - p.before[i]
	}
	if grown[1] <= growthMin || grown[1] <= growthFactor*grown[0] {
		return nil
	}
	return &Mismatch{What: fmt.Sprintf("the resident memory grew by %d MB, the oracle's by %d MB", grown[1]>>20, grown[0]>>20)}
}

// Script renders steps one per line.
func Script(steps []Step) string {
	var b strings.Builder
	for _, s := range steps {
		b.WriteString("    " + s.String() + "\n")
	}
	return b.String()
}
