package netio

import (
	"sync/atomic"
	"testing"
)

// TestRelief lets a reactor block at the end of a turn: its connections are served by another
// goroutine, and the one that blocked learns of it. One that comes back in time stays.
func TestRelief(t *testing.T) {
	reactorOnly(t) // a stripe lets go of its mutex instead
	var block atomic.Pointer[chan struct{}]
	var relieved, stayed atomic.Int64
	left := make(chan struct{}, 10)
	h := echoHooks(nil)
	h.endTurn = func(r *Reactor) {
		pass := r.BeginBlocking()
		if let := block.Swap(nil); let != nil {
			<-*let
		}
		if r.EndBlocking(pass) {
			stayed.Add(1)
			return
		}
		relieved.Add(1)
		left <- struct{}{}
	}
	_, at := serve(t, Config{Reactors: 1}, h)
	a, b := dial(t, at), dial(t, at)
	exchange(t, a, []byte("one"))
	exchange(t, b, []byte("two"))
	for n := range int64(5) {
		let := make(chan struct{})
		block.Store(&let)
		exchange(t, a, []byte("the turn of this one ends late"))
		exchange(t, b, []byte("but others go on"))
		exchange(t, a, []byte("and so does this"))
		if relieved.Load() != n {
			t.Fatal("relieved although it stands still")
		}
		close(let)
		<-left
		exchange(t, b, []byte("afterwards"))
	}
	if relieved.Load() != 5 || stayed.Load() == 0 {
		t.Errorf("%d relieved, %d stayed", relieved.Load(), stayed.Load())
	}
}

// TestReliefLasts: a reactor that has come back from many millions of writes, within days, is still the same one.
func TestReliefLasts(t *testing.T) {
	for _, calls := range []uint64{1<<32 - 2, 1<<40 - 2} {
		r := &Reactor{group: &Group{}}
		r.presence.Store(calls)
		before := r.shift()
		if !r.EndBlocking(r.BeginBlocking()) || r.shift() != before {
			t.Errorf("after %d calls the reactor takes itself for relieved", calls+2)
		}
	}
}
