package durable

import (
	"errors"
	"slices"
	"sync"
)

// JobKind is what a job makes of a snapshot. Jobs of one kind are alike: one will do for all
// who wait for it.
type JobKind uint8

const (
	RewriteAOF   JobKind = iota // a new base of the AOF
	SaveSnapshot                // the snapshot's file
	FullSync                    // a copy for replicas
)

// Job is a copy of the store that is made, or waits until the one before it is.
type Job struct {
	kind JobKind
	run  func(stop <-chan struct{}) error // called in any case, with stop closed if it was called off before its turn
	stop chan struct{}                    // closed when it is not wanted any more
	Done chan struct{}                    // closed at its end
	Err  error                            // of run; for who has seen Done
}

// Jobs is the arbiter: one job runs, the others wait in the order in which they were asked for.
// Any goroutine may call its methods, End and Close under no lock that a job needs.
type Jobs struct {
	mu struct {
		sync.Mutex
		running *Job
		waiting []*Job // at most one of each kind
		closed  bool
		holds   int // no job begins while there are any
	}
}

var (
	// errJobRuns says that a job of this kind has begun already: its snapshot is an older one.
	errJobRuns = errors.New("a job of this kind runs")
	// errNoJobs says that the server is ending, or that the job was called off.
	errNoJobs = errors.New("the server is ending")
)

// Ask has a job of this kind run as soon as no other one does, and says whether it has to wait.
// Who asks for what waits already joins it: run is dropped then. While one of this kind runs,
// the error is errJobRuns.
func (js *Jobs) Ask(kind JobKind, run func(stop <-chan struct{}) error) (j *Job, waits bool, err error) {
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
	j, waits = js.addLocked(kind, run)
	return j, waits, nil
}

// Replace is End and Ask in one: nobody else's job of this kind comes between the two. It waits for none.
func (js *Jobs) Replace(kind JobKind, run func(stop <-chan struct{}) error) (*Job, error) {
	js.mu.Lock()
	if js.mu.closed {
		js.mu.Unlock()
		return nil, errNoJobs
	}
	_, idle := js.stopLocked(func(j *Job) bool { return j.kind == kind })
	j, _ := js.addLocked(kind, run)
	js.mu.Unlock()
	clean(idle)
	return j, nil
}

// addLocked has a job run as soon as no other one does.
func (js *Jobs) addLocked(kind JobKind, run func(stop <-chan struct{}) error) (j *Job, waits bool) {
	j = &Job{kind: kind, run: run, stop: make(chan struct{}), Done: make(chan struct{})}
	if js.mu.running != nil || js.mu.holds > 0 {
		js.mu.waiting = append(js.mu.waiting, j)
		return j, true
	}
	js.mu.running = j
	go js.work(j)
	return j, false
}

// work runs j, and whatever waits behind it.
func (js *Jobs) work(j *Job) {
	for j != nil {
		j.Err = j.run(j.stop)
		ended := j
		js.mu.Lock()
		j = js.nextLocked()
		js.mu.Unlock()
		close(ended.Done)
	}
}

// nextLocked takes the job that is to run now, nil: none.
func (js *Jobs) nextLocked() (j *Job) {
	if len(js.mu.waiting) > 0 && js.mu.holds == 0 {
		j = js.mu.waiting[0]
		js.mu.waiting = slices.Delete(js.mu.waiting, 0, 1)
	}
	js.mu.running = j
	return j
}

// Hold has jobs that are asked for wait until release is called: who replaces the data ends those that are of no more use, and none may
// begin behind his back, by a call that was let in just before. One that runs goes on.
func (js *Jobs) Hold() (release func()) {
	js.mu.Lock()
	js.mu.holds++
	js.mu.Unlock()
	return func() {
		js.mu.Lock()
		js.mu.holds--
		var j *Job
		if js.mu.running == nil {
			j = js.nextLocked()
		}
		js.mu.Unlock()
		go js.work(j)
	}
}

// Runs tells whether a job of this kind runs.
func (js *Jobs) Runs(kind JobKind) bool {
	js.mu.Lock()
	defer js.mu.Unlock()
	return js.mu.running != nil && js.mu.running.kind == kind
}

// Busy tells whether a job runs.
func (js *Jobs) Busy() bool {
	js.mu.Lock()
	defer js.mu.Unlock()
	return js.mu.running != nil
}

// Waits tells whether a job of this kind waits for its turn.
func (js *Jobs) Waits(kind JobKind) bool {
	js.mu.Lock()
	defer js.mu.Unlock()
	return slices.ContainsFunc(js.mu.waiting, func(j *Job) bool { return j.kind == kind })
}

// End calls off the jobs of a kind, and waits for the one that runs.
func (js *Jobs) End(kind JobKind) {
	js.callOff(func(j *Job) bool { return j.kind == kind }, false)
}

// Close calls off all jobs, waits for the one that runs, and lets no more begin.
func (js *Jobs) Close() { js.callOff(func(*Job) bool { return true }, true) }

func (js *Jobs) callOff(which func(*Job) bool, last bool) {
	js.mu.Lock()
	js.mu.closed = js.mu.closed || last
	j, idle := js.stopLocked(which)
	js.mu.Unlock()
	clean(idle)
	if j != nil {
		<-j.Done
	}
}

// stopLocked calls jobs off: the one that runs is returned if it is among them, and so are those that have waited, which
// are for clean.
func (js *Jobs) stopLocked(which func(*Job) bool) (running *Job, idle []*Job) {
	js.mu.waiting = slices.DeleteFunc(js.mu.waiting, func(j *Job) bool {
		if which(j) {
			idle = append(idle, j)
		}
		return which(j)
	})
	j := js.mu.running
	if j == nil || !which(j) {
		return nil, idle
	}
	select {
	case <-j.stop: // somebody else did so before
	default:
		close(j.stop)
	}
	return j, idle
}

// clean runs jobs that were called off before their turn, so that they clean up. The caller holds nothing.
func clean(idle []*Job) {
	for _, j := range idle {
		close(j.stop)
		j.Err = j.run(j.stop)
		close(j.Done)
	}
}
