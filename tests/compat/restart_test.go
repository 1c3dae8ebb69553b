package compat

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
)

// TestRestart ends or kills the server after every generated sequence, starts it again on
// its append only file, and compares everything with what was there; so does redis-server
// with a copy of the file, unless the sequence has what 7.0 does not know. Some sequences
// end with a rewrite. COMPAT_RESTARTS says how many sequences.
func TestRestart(t *testing.T) {
	seed := envNumber(t, "COMPAT_SEED", time.Now().UnixNano()%1_000_000_000)
	count := envNumber(t, "COMPAT_RESTARTS", restartsCount)
	t.Logf("COMPAT_SEED=%d COMPAT_RESTARTS=%d", seed, count)
	oracle, subject := harness.OracleBin(t), harness.SubjectBin(t)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range restartServers {
		wg.Go(func() {
			r := &restarter{t: t, oracle: oracle, subject: subject}
			defer r.clear()
			for n := next.Add(1) - 1; n < count && !t.Failed(); n = next.Add(1) - 1 {
				p := newRestartPlan(uint64(seed + n))
				if err := r.run(p, p.steps); err != nil {
					r.report(p, err)
				}
			}
		})
	}
	wg.Wait()
}

// restartPlan is what happens with one sequence.
type restartPlan struct {
	seed    uint64
	fsync   string
	rewrite bool // before the end
	kill    bool // instead of SIGTERM
	newer   bool // redis-server 7.0 cannot read it
	steps   []Step
}

func newRestartPlan(seed uint64) restartPlan {
	g := NewG(seed)
	p := restartPlan{seed: seed, fsync: g.Pick("always", "everysec", "no"), rewrite: g.P(20), kill: g.P(60), newer: g.P(25)}
	p.steps = g.RestartSequence(p.newer)
	return p
}

// restarter runs plans, one after the other, on a server in one directory. It is for one
// goroutine, which is not the test's: it says what is wrong by errors.
type restarter struct {
	t               *testing.T
	oracle, subject string
	dir             string // "" if there is none
	side            *Side  // the server that runs in it
	runs            int    // in this directory
	newer           bool   // redis-server 7.0 cannot read what is in it
}

// clear ends what runs and removes the directory.
func (r *restarter) clear() {
	if r.side != nil {
		r.side.dropAll()
		_ = r.side.Server.Kill()
	}
	if r.dir != "" {
		_ = os.RemoveAll(r.dir)
	}
	r.dir, r.side, r.runs = "", nil, 0
}

// start starts a server on dir.
func start(bin, dir string) (*Side, error) {
	srv, err := harness.Launch(harness.Config{Bin: bin, Args: aofArgs(), Dir: dir})
	if err != nil {
		return nil, err
	}
	return &Side{Server: srv}, nil
}

// prepare makes sure that an empty server runs.
func (r *restarter) prepare(p restartPlan) error {
	if r.runs++; r.runs > restartsPerDir || r.newer != p.newer { // the file has the sequences before, too
		r.clear()
	}
	r.newer = p.newer
	if r.side == nil {
		dir, err := os.MkdirTemp("", "kring-restart-")
		if err != nil {
			return err
		}
		r.dir = dir
		if r.side, err = start(r.subject, dir); err != nil {
			return err
		}
	}
	if err := r.side.Reset(); err != nil {
		return err
	}
	v, err := r.side.ctl.Do("CONFIG", "SET", "appendfsync", p.fsync)
	if err == nil && v.IsError() {
		err = fmt.Errorf("%s", v)
	}
	return err
}

// run runs a sequence as the plan says, and returns what was not the same afterwards.
func (r *restarter) run(p restartPlan, steps []Step) (err error) {
	defer func() {
		if err != nil {
			err = r.withOutput(err)
			r.clear()
		}
	}()
	if err := r.prepare(p); err != nil {
		return fmt.Errorf("before the sequence: %w", err)
	}
	r.side.Run(steps)
	if p.rewrite {
		if err := r.rewrite(); err != nil {
			return err
		}
	}
	time.Sleep(passMillis * time.Millisecond) // what dies at once is dead by now, for whoever looks
	want, err := r.side.RestartDump()
	if err != nil {
		return fmt.Errorf("dump: %w", err)
	}
	if err := r.end(p.kill); err != nil {
		return err
	}
	missing := ""
	if !p.newer {
		if missing, err = r.openByOracle(want); err != nil {
			return err
		}
		if missing != "" && !(p.kill && r.hasSide()) {
			return fmt.Errorf("opened by redis-server (it, what was there): %s", missing)
		}
	}
	if r.side, err = start(r.subject, r.dir); err != nil {
		return fmt.Errorf("the start after the sequence: %w", err)
	}
	if missing != "" { // it may have been beside the increment, and the start has put it in
		if missing, err = r.openByOracle(want); err != nil {
			return err
		}
		if missing != "" {
			return fmt.Errorf("opened by redis-server after the start (it, what was there): %s", missing)
		}
	}
	got, err := r.side.RestartDump()
	if err != nil {
		return fmt.Errorf("dump after the start: %w", err)
	}
	if d := want.diff(got); d != "" {
		return fmt.Errorf("after the start (before, after): %s", d)
	}
	return nil
}

// withOutput adds to an error what became of the server, and what it has said.
func (r *restarter) withOutput(err error) error {
	if r.side == nil {
		return err
	}
	s, state := r.side.Server, "runs"
	if !s.Alive() {
		code, _ := s.Wait(0)
		state = fmt.Sprint("has ended with exit code ", code)
	}
	return fmt.Errorf("%w\n--- the server (process %d, %s) %s; its output ---\n%s", err, s.PID, s.Addr, state, s.Output())
}

// end ends or kills the server; nothing of what it has replied to may be lost by either.
func (r *restarter) end(kill bool) error {
	s := r.side
	s.dropAll()
	r.side = nil
	if kill {
		return s.Server.Kill()
	}
	if err := s.Server.Stop(); err != nil {
		return fmt.Errorf("%w\n%s", err, s.Server.Output())
	}
	return nil
}

// hasSide tells whether a kill has left something beside the increment, which redis-server does not read.
func (r *restarter) hasSide() bool {
	left, _ := filepath.Glob(filepath.Join(r.dir, aofDir, "*.side"))
	return slices.ContainsFunc(left, func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && info.Size() > 0
	})
}

// openByOracle has redis-server load a copy of the append only file, and returns what is not the same there.
func (r *restarter) openByOracle(want keyspace) (diff string, err error) {
	dir, err := os.MkdirTemp("", "kring-restart-oracle-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(filepath.Join(dir, aofDir), os.DirFS(filepath.Join(r.dir, aofDir))); err != nil {
		return "", err
	}
	s, err := start(r.oracle, dir)
	if err != nil {
		return "", fmt.Errorf("redis-server does not open the file: %w", err)
	}
	defer s.Server.Kill()
	defer s.dropAll()
	got, err := s.RestartDump()
	if err != nil {
		return "", fmt.Errorf("dump of redis-server: %w", err)
	}
	return got.diff(want), nil // the oracle's side comes first, as everywhere
}

func (r *restarter) rewrite() error {
	c := r.side.ctl
	if v, err := c.Do("BGREWRITEAOF"); err != nil || v.IsError() {
		return fmt.Errorf("BGREWRITEAOF: %v %w", v, err)
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		running, err := harness.Info(c, "aof_rewrite_in_progress")
		if err != nil {
			return err
		}
		if running == "0" {
			if status, _ := harness.Info(c, "aof_last_bgrewrite_status"); status != "ok" {
				return fmt.Errorf("the rewrite failed: %s", r.side.Server.Output())
			}
			return nil
		}
	}
	return fmt.Errorf("the rewrite does not end")
}

// RestartDump is Dump without what an append only file does not keep, with deadlines as points in
// time, however long the restart takes, and with those of fields where the server knows them.
func (s *Side) RestartDump() (keyspace, error) {
	d, err := s.Dump()
	if err != nil {
		return nil, err
	}
	forgetUnwritten(d)
	forgetPending(d)
	for name, st := range d {
		if st.pttl >= 0 {
			if st.pttl, err = s.deadline(name); err != nil {
				return nil, err
			}
			d[name] = st
		}
		if st.typ == "hash" && s.Server.IsKring() {
			if st.encoding, err = s.fieldDeadlines(name); err != nil {
				return nil, err
			}
			d[name] = st
		}
	}
	return d, nil
}

// deadline tells until when a key lives, in milliseconds since 1970.
func (s *Side) deadline(name string) (int64, error) {
	db, key, _ := strings.Cut(name, "/")
	s.ctl.Queue("SELECT", db)
	s.ctl.Queue("PEXPIRETIME", key)
	v, err := s.ctl.Exchange(2)
	if err != nil {
		return 0, err
	}
	return v[1].Int, nil
}

// fieldDeadlines tells until when the fields of a hash live; "" if all live for ever. It
// is compared like an encoding.
func (s *Side) fieldDeadlines(name string) (string, error) {
	db, key, _ := strings.Cut(name, "/")
	s.ctl.Queue("SELECT", db)
	s.ctl.Queue("HKEYS", key)
	v, err := s.ctl.Exchange(2)
	if err != nil {
		return "", err
	}
	fields := v[1].Texts()
	slices.Sort(fields)
	at, err := s.ctl.Do(append([]string{"HPEXPIRETIME", key, "FIELDS", strconv.Itoa(len(fields))}, fields...)...)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for i, f := range fields {
		if ms := at.Elems[i].Int; ms >= 0 {
			fmt.Fprintf(&b, "%q until %d ", f, ms)
		}
	}
	return b.String(), nil
}

// report shrinks a sequence to what still is not the same after a restart. What was wrong at first
// is said in any case: it may not come again, or not be the same.
func (r *restarter) report(p restartPlan, first error) {
	last := error(nil)
	again := func(steps []Step) bool {
		e := r.run(p, steps)
		if e != nil {
			last = e
		}
		return e != nil
	}
	steps, what := p.steps, "it did not come again"
	if again(steps) {
		steps = Shrink(steps, again)
		what = fmt.Sprint("shrunk: ", last)
	}
	r.t.Errorf("COMPAT_SEED=%d COMPAT_RESTARTS=1: appendfsync %s, rewrite %v, kill %v\n%v\n%s%s",
		p.seed, p.fsync, p.rewrite, p.kill, first, Script(steps), what)
}
