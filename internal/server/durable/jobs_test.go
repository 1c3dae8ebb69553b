package durable

import (
	"errors"
	"testing"
)

// TestReplaceIsNotOvertaken: who asks as soon as the job has ended that another one replaces does not come before that.
func TestReplaceIsNotOvertaken(t *testing.T) {
	var js Jobs
	untilStopped := func(stop <-chan struct{}) error {
		<-stop
		return errNoJobs
	}
	for range 100 {
		first, _, err := js.Ask(SaveSnapshot, untilStopped)
		if err != nil {
			t.Fatal(err)
		}
		waits, asked := make(chan struct{}), make(chan struct{})
		go func() {
			close(waits)
			<-first.Done
			_, _, _ = js.Ask(SaveSnapshot, untilStopped)
			close(asked)
		}()
		<-waits
		j, err := js.Replace(SaveSnapshot, func(<-chan struct{}) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		if <-j.Done; j.Err != nil {
			t.Fatal(j.Err)
		}
		<-asked
		js.End(SaveSnapshot)
	}
}

// TestJobsTakeTurns: one at a time, in order, and who asks for what waits already joins it.
func TestJobsTakeTurns(t *testing.T) {
	const save, sync = SaveSnapshot, FullSync
	var js Jobs
	begun, let := make(chan JobKind), make(chan struct{})
	run := func(kind JobKind) func(<-chan struct{}) error {
		return func(stop <-chan struct{}) error {
			begun <- kind
			select {
			case <-stop:
				return errors.New("stopped")
			case <-let:
				return nil
			}
		}
	}
	ask := func(kind JobKind, wantWaits bool) *Job {
		t.Helper()
		j, waits, err := js.Ask(kind, run(kind))
		if err != nil || waits != wantWaits {
			t.Fatal(kind, waits, err)
		}
		return j
	}
	first := ask(save, false)
	if got := <-begun; got != save || !js.Runs(save) || js.Runs(sync) {
		t.Fatal(got)
	}
	if _, _, err := js.Ask(save, nil); !errors.Is(err, errJobRuns) {
		t.Error(err)
	}
	second, third := ask(sync, true), ask(RewriteAOF, true)
	if ask(sync, true) != second || ask(RewriteAOF, true) != third || !js.Waits(sync) || js.Waits(save) {
		t.Error("who asks for the same does not join")
	}
	let <- struct{}{}
	if got := <-begun; got != sync {
		t.Fatal(got)
	}
	<-first.Done
	if first.Err != nil {
		t.Error(first.Err)
	}
	fourth := ask(save, true)
	ended := make(chan struct{})
	go func() {
		if kind := <-begun; kind != RewriteAOF { // it is run, to clean up, and sees stop closed
			t.Error(kind)
		}
		close(ended)
	}()
	js.End(RewriteAOF)
	<-ended
	<-third.Done
	if third.Err == nil || js.Waits(RewriteAOF) || !js.Waits(save) {
		t.Error("what was called off")
	}
	js.End(sync)
	<-second.Done
	if got := <-begun; got != save || second.Err == nil {
		t.Error(got, second.Err)
	}
	js.Close()
	<-fourth.Done
	if _, _, err := js.Ask(save, nil); !errors.Is(err, errNoJobs) {
		t.Error(err)
	}
}

// TestHold: what is asked for while jobs are held begins at their release, and not at the end of the job that runs; it can be called off
// before.
func TestHold(t *testing.T) {
	var js Jobs
	let, began := make(chan struct{}), make(chan struct{}, 2)
	first, _, err := js.Ask(FullSync, func(<-chan struct{}) error {
		<-let
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	outer, inner := js.Hold(), js.Hold()
	save := func(stop <-chan struct{}) error {
		select {
		case <-stop:
			return errNoJobs
		default:
			began <- struct{}{}
			return nil
		}
	}
	j, waits, err := js.Ask(SaveSnapshot, save)
	if err != nil || !waits {
		t.Fatal(waits, err)
	}
	close(let)
	<-first.Done
	inner()
	off, waits, err := js.Ask(RewriteAOF, save)
	if err != nil || !waits {
		t.Fatal(waits, err)
	}
	js.End(RewriteAOF)
	if <-off.Done; off.Err == nil {
		t.Error("a job that was called off has run")
	}
	select {
	case <-began:
		t.Error("a job has begun while they are held")
	default:
	}
	outer()
	if <-j.Done; j.Err != nil || len(began) != 1 {
		t.Error(j.Err, len(began))
	}
	if js.Busy() {
		t.Error("a job runs")
	}
	if j, waits, err = js.Ask(SaveSnapshot, save); err != nil || waits {
		t.Fatal(waits, err)
	}
	<-j.Done
}
