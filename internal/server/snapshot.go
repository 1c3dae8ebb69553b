package server

import (
	"errors"
	"slices"
	"sync"

	"github.com/kringdb/kring/store"
)

// This file is what everybody has in common who copies the store while it changes: the cut at
// which a copy begins, and the arbiter that lets there be one copy at a time.

// cut begins a snapshot of the store and calls at, both at one moment at which nothing is under
// way: at is given the journal's position of that moment, with the journal locked. What the
// snapshot shows was recorded before that position, what it does not show is recorded behind it.
// All gates are taken, because between the change and the record of an exclusive command there
// is no other lock; and, by the store, all shard locks, because of what the keeper and evictions
// delete. The caller holds no lock.
func (s *Server) cut(sink store.SnapshotSink, at func(pos uint64)) (*store.Snapshot, error) {
	s.Gates.LockAll()
	defer s.Gates.UnlockAll()
	return s.Store.BeginSnapshotAt(sink, func() { s.Journal.Log.At(at) })
}

// jobKind is what a job makes of a snapshot. Jobs of one kind are alike: one will do for all
// who wait for it.
type jobKind uint8

const (
	jobRewriteAOF jobKind = iota // a new base of the AOF
	jobSave                      // the snapshot's file
	jobFullSync                  // a copy for replicas
)

// job is a copy of the store that is made, or waits until the one before it is.
type job struct {
	kind jobKind
	run  func(stop <-chan struct{}) error // called in any case, with stop closed if it was called off before its turn
	stop chan struct{}                    // closed when it is not wanted any more
	done chan struct{}                    // closed at its end
	err  error                            // of run; for who has seen done
}

// jobs is the arbiter: one job runs, the others wait in the order in which they were asked for.
// Any goroutine may call its methods, but for end and close under no lock that a job needs.
type jobs struct {
	mu struct {
		sync.Mutex
		running *job
		waiting []*job // at most one of each kind
		closed  bool
	}
}

var (
	// errJobRuns says that a job of this kind has begun already: its snapshot is an older one.
	errJobRuns = errors.New("a job of this kind runs")
	// errNoJobs says that the server is ending, or that the job was called off.
	errNoJobs = errors.New("the server is ending")
)

// ask has a job of this kind run as soon as no other one does, and says whether it has to wait.
// Who asks for what waits already joins it: run is dropped then. While one of this kind runs,
// the error is errJobRuns.
func (js *jobs) ask(kind jobKind, run func(stop <-chan struct{}) error) (j *job, waits bool, err error) {
	js.mu.Lock()
	defer js.mu.Unlock()
	switch {
	case js.mu.closed:
		return nil, false, errNoJobs
	case js.mu.running != nil && js.mu.running.kind == kind:
		return nil, false, errJobRuns
	}
	for _, w := range js.mu.waiting {
		if w.kind == kind {
			return w, true, nil
		}
	}
	j = &job{kind: kind, run: run, stop: make(chan struct{}), done: make(chan struct{})}
	if js.mu.running != nil {
		js.mu.waiting = append(js.mu.waiting, j)
		return j, true, nil
	}
	js.mu.running = j
	go js.work(j)
	return j, false, nil
}

// work runs j, and whatever waits behind it.
func (js *jobs) work(j *job) {
	for j != nil {
		j.err = j.run(j.stop)
		js.mu.Lock()
		ended := j
		j = nil
		if len(js.mu.waiting) > 0 {
			j = js.mu.waiting[0]
			js.mu.waiting = slices.Delete(js.mu.waiting, 0, 1)
		}
		js.mu.running = j
		js.mu.Unlock()
		close(ended.done)
	}
}

// runs tells whether a job of this kind runs.
func (js *jobs) runs(kind jobKind) bool {
	js.mu.Lock()
	defer js.mu.Unlock()
	return js.mu.running != nil && js.mu.running.kind == kind
}

// busy tells whether a job runs.
func (js *jobs) busy() bool {
	js.mu.Lock()
	defer js.mu.Unlock()
	return js.mu.running != nil
}

// waits tells whether a job of this kind waits for its turn.
func (js *jobs) waits(kind jobKind) bool {
	js.mu.Lock()
	defer js.mu.Unlock()
	return slices.ContainsFunc(js.mu.waiting, func(j *job) bool { return j.kind == kind })
}

// end calls off the jobs of a kind, and waits for the one that runs.
func (js *jobs) end(kind jobKind) {
	js.callOff(func(j *job) bool { return j.kind == kind }, false)
}

// close calls off all jobs, waits for the one that runs, and lets no more begin.
func (js *jobs) close() { js.callOff(func(*job) bool { return true }, true) }

func (js *jobs) callOff(which func(*job) bool, last bool) {
	var idle []*job
	js.mu.Lock()
	js.mu.closed = js.mu.closed || last
	js.mu.waiting = slices.DeleteFunc(js.mu.waiting, func(j *job) bool {
		if which(j) {
			idle = append(idle, j)
		}
		return which(j)
	})
	j := js.mu.running
	if j != nil && !which(j) {
		j = nil
	}
	if j != nil {
		select {
		case <-j.stop: // somebody else did so before
		default:
			close(j.stop)
		}
	}
	js.mu.Unlock()
	for _, never := range idle {
		close(never.stop)
		never.err = never.run(never.stop)
		close(never.done)
	}
	if j != nil {
		<-j.done
	}
}
