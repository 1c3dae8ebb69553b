package persistence

import (
	"errors"
	"fmt"
	"time"
)

// Source is the data that a rewrite copies.
type Source interface {
	// Cut begins a view of the data as it is at one moment, in which it calls atCut with the
	// journal locked, at that position: meanwhile nothing is changed and nothing appended.
	Cut(atCut func(pos uint64)) error
	// Image tells whether the view comes as a snapshot of package rdb; else as commands.
	Image() bool
	// Next appends a further part of the view to dst; it is called until done, or an error.
	Next(dst []byte) (out []byte, done bool, err error)
	// End gives the view up, complete or not. It is called once after a Cut.
	End()
}

// ErrRewriting is returned by Rewrite while another one runs.
var ErrRewriting = errors.New("a rewrite is running")

// errIncrement ends a rewrite whose increment does not hold all that follows the cut.
var errIncrement = errors.New("the new increment has failed")

// errStopped ends a rewrite that is not wanted any more.
var errStopped = errors.New("stopped")

// rewriteStats are for INFO, and for the next attempt. Guarded by AOF.mu.
type rewriteStats struct {
	begun    time.Time // zero: none runs
	lastSecs int64     // -1: there was none
	done     bool      // there was one
	failed   bool      // the last one
	wait     time.Duration
	after    time.Time // no attempt before
}

// retry puts the next attempt off, longer each time.
func (r *rewriteStats) retry(now time.Time) {
	if r.wait == 0 {
		r.wait = retryFirst
	} else {
		r.wait = min(2*r.wait, retryMost)
	}
	r.after = now.Add(r.wait)
}

// Rewrite makes a new base from src, while records go on to a new increment, and then
// lets the manifest name these two alone. It returns when it is done; stop ends it early.
// After an error the files are as good as before.
func (a *AOF) Rewrite(src Source, stop <-chan struct{}) error {
	if !a.rewriting.CompareAndSwap(false, true) {
		return ErrRewriting
	}
	defer a.rewriting.Store(false)
	a.mu.Lock()
	a.mu.rewrite.begun = time.Now()
	a.mu.Unlock()
	err := a.rewrite(src, stop)
	a.mu.Lock()
	r := &a.mu.rewrite
	r.lastSecs, r.done, r.failed = int64(time.Since(r.begun).Seconds()), true, err != nil
	r.begun = time.Time{}
	if err != nil {
		r.retry(time.Now())
	} else {
		r.wait, r.after = 0, time.Time{}
	}
	wait := r.wait
	a.mu.Unlock()
	if err != nil {
		a.log.Warn("the AOF rewrite has failed", "error", err, "next", wait)
	}
	return err
}

func (a *AOF) rewrite(src Source, stop <-chan struct{}) error {
	if err := a.fs.MkdirAll(a.dir); err != nil {
		return err
	}
	t, base, err := a.begin(src.Image())
	if err != nil {
		return err
	}
	if a.State() == On {
		a.writer.relieve()
	}
	if err := src.Cut(func(pos uint64) {
		if t != nil {
			a.stream.cut(t, pos)
			a.stream.subscribe(pos)
			a.stream.note() // what the new file begins with is known, whatever becomes of what it gets
		}
	}); err != nil {
		if t != nil {
			_ = t.file.Close()
		}
		return err
	}
	if t != nil {
		ring(a.stream.urgent)
	}
	size, err := a.writeBase(src, t, stop)
	src.End()
	if err == nil {
		err = a.placeBase(base)
	}
	if t != nil {
		<-t.open // also when it failed: until then the writer has use for it
	}
	if err != nil {
		_ = a.fs.Remove(a.tempBase())
		return err
	}
	return a.finish(t, base, size)
}

// begin makes the increment that follows the cut, unless nothing is recorded. If the
// chain of files is whole, the manifest names the new one at once: whatever comes of the
// rewrite, the chain stays whole. Otherwise it is named together with the base only.
func (a *AOF) begin(image bool) (*target, part, error) {
	ending := "aof"
	if image {
		ending = "rdb"
	}
	a.mu.Lock()
	m := a.mu.m.clone()
	m.baseSeq++
	m.incrSeq++
	a.mu.m = m
	a.mu.Unlock()
	base := part{fmt.Sprintf("%s.%d.base.%s", a.name, m.baseSeq, ending), m.baseSeq}
	state := a.State()
	if state == Off {
		return nil, base, nil
	}
	t, err := a.newIncrement(m.incrSeq)
	if err != nil {
		return nil, base, err
	}
	t.revive = state != On
	if t.revive {
		a.mu.Lock()
		a.mu.orphans = append(a.mu.orphans, t.part.name)
		a.mu.Unlock()
		return t, base, nil
	}
	if err := a.append(t, m); err != nil {
		return nil, base, err
	}
	return t, base, nil
}

// writeBase writes the view to the temporary file and syncs it.
func (a *AOF) writeBase(src Source, t *target, stop <-chan struct{}) (size int64, err error) {
	f, err := a.fs.Create(a.tempBase())
	if err != nil {
		return 0, err
	}
	buf := make([]byte, 0, baseBufferBytes+baseBufferBytes/4)
	unsynced := 0
	ahead := SyncAhead{File: f}
	for done := false; !done && err == nil; {
		select {
		case <-stop:
			err = errStopped
			continue
		default:
		}
		if t != nil && t.failed.Load() {
			err = errIncrement
			continue
		}
		if buf, done, err = src.Next(buf); err != nil || len(buf) < baseBufferBytes && !done {
			continue
		}
		_, err = writeAll(f, buf)
		size += int64(len(buf))
		unsynced += len(buf)
		if cap(buf) > 4*baseBufferBytes {
			buf = make([]byte, 0, baseBufferBytes+baseBufferBytes/4)
		}
		buf = buf[:0]
		if err == nil && unsynced >= baseSyncBytes && a.set.IncrementalFsync() && ahead.Order() {
			unsynced = 0
		}
	}
	if aerr := ahead.Wait(); err == nil {
		err = aerr
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return size, err
}

// SyncAhead syncs a file beside its writing, so that the last sync has little to do and
// whoever has to get rid of data need not wait for the disk.
type SyncAhead struct {
	File File
	busy bool
	done chan error
}

// Order begins a sync, unless one runs.
func (s *SyncAhead) Order() bool {
	if s.busy {
		select {
		case err := <-s.done:
			s.done <- err // for Wait
			if err != nil {
				return false
			}
			<-s.done
		default:
			return false
		}
	}
	s.busy, s.done = true, make(chan error, 1)
	go func() { s.done <- s.File.Sync() }()
	return true
}

// Wait returns the result of the last sync.
func (s *SyncAhead) Wait() error {
	if !s.busy {
		return nil
	}
	s.busy = false
	return <-s.done
}

// placeBase gives the temporary file its name.
func (a *AOF) placeBase(base part) error {
	if err := a.fs.Rename(a.tempBase(), a.path(base)); err != nil {
		return err
	}
	return a.fs.SyncDir(a.dir)
}

// finish lets the manifest name the new base and what follows it, and nothing else.
func (a *AOF) finish(t *target, base part, size int64) error {
	if t != nil && t.failed.Load() {
		_ = a.fs.Remove(a.path(base))
		return errIncrement
	}
	a.mu.Lock()
	m := a.mu.m
	a.mu.Unlock()
	next := &manifest{base: &base, baseSeq: m.baseSeq, incrSeq: m.incrSeq, history: append([]part(nil), m.history...)}
	if m.base != nil {
		next.history = append(next.history, *m.base)
	}
	for _, p := range m.incr {
		if t == nil || p != t.part {
			next.history = append(next.history, p)
		}
	}
	if t != nil {
		next.incr = []part{t.part}
	}
	err := a.save(next)
	a.mu.Lock()
	if err != nil {
		// Which manifest stands there now is unknown: the files of both must stay, until
		// another one has certainly taken their place.
		a.mu.orphans = append(a.mu.orphans, base.name)
		a.mu.Unlock()
		return err
	}
	revived, failed := a.settle(t, next, size)
	a.mu.Unlock()
	if revived {
		a.log.Info("the AOF is complete: writes are accepted")
	}
	if t != nil && !failed {
		a.publish(a.progress.Load())
	}
	a.dropHistory()
	if failed {
		return errIncrement
	}
	return nil
}

// settle makes next, which is saved, the manifest. It tells whether the state became On by it, and
// whether the increment has failed meanwhile. a.mu is held.
func (a *AOF) settle(t *target, next *manifest, size int64) (revived, failed bool) {
	a.mu.m = next
	a.mu.older, a.mu.base = size, size
	if t == nil {
		return false, false
	}
	a.mu.orphans = without(a.mu.orphans, t.part.name)
	a.mu.base += t.size.Load()
	if failed = t.failed.Load(); failed || a.State() == On {
		return false, failed
	}
	a.mu.err = nil
	a.state.Store(int32(On))
	return true, false
}

func without(list []string, name string) []string {
	var out []string
	for _, s := range list {
		if s != name {
			out = append(out, s)
		}
	}
	return out
}
