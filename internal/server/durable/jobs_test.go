package durable

import (
	"errors"
	"testing"
)

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
