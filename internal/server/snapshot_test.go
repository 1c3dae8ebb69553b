package server

import (
	"errors"
	"testing"
)

// TestJobsTakeTurns: one at a time, in order, and who asks for what waits already joins it.
func TestJobsTakeTurns(t *testing.T) {
	const save, sync = jobRewriteAOF + 1, jobRewriteAOF + 2
	var js jobs
	begun, let := make(chan jobKind), make(chan struct{})
	run := func(kind jobKind) func(<-chan struct{}) error {
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
	ask := func(kind jobKind, wantWaits bool) *job {
		t.Helper()
		j, waits, err := js.ask(kind, run(kind))
		if err != nil || waits != wantWaits {
			t.Fatal(kind, waits, err)
		}
		return j
	}
	first := ask(save, false)
	if got := <-begun; got != save || !js.runs(save) || js.runs(sync) {
		t.Fatal(got)
	}
	if _, _, err := js.ask(save, nil); !errors.Is(err, errJobRuns) {
		t.Error(err)
	}
	second, third := ask(sync, true), ask(jobRewriteAOF, true)
	if ask(sync, true) != second || ask(jobRewriteAOF, true) != third || !js.waits(sync) || js.waits(save) {
		t.Error("who asks for the same does not join")
	}
	let <- struct{}{}
	if got := <-begun; got != sync {
		t.Fatal(got)
	}
	<-first.done
	if first.err != nil {
		t.Error(first.err)
	}
	fourth := ask(save, true)
	ended := make(chan struct{})
	go func() {
		if kind := <-begun; kind != jobRewriteAOF { // it is run, to clean up, and sees stop closed
			t.Error(kind)
		}
		close(ended)
	}()
	js.end(jobRewriteAOF)
	<-ended
	<-third.done
	if third.err == nil || js.waits(jobRewriteAOF) || !js.waits(save) {
		t.Error("what was called off")
	}
	js.end(sync)
	<-second.done
	if got := <-begun; got != save || second.err == nil {
		t.Error(got, second.err)
	}
	js.close()
	<-fourth.done
	if _, _, err := js.ask(save, nil); !errors.Is(err, errNoJobs) {
		t.Error(err)
	}
}
