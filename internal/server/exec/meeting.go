package exec

import (
	"sync"

	"github.com/kringdb/kring/netio"
)

// meeting keeps all reactors outside of their batches, where they do what they are asked and
// nothing else, while a worker runs a transaction with calls that ask them (INFO, CLIENT
// LIST): it can hold all gates meanwhile, so that nobody runs a command in between.
type meeting struct{ asks []chan func() }

// meetings lets there be one at a time: two that had some reactors each would wait for ever.
type meetings struct{ sync.Mutex }

// gather waits until all reactors have come. The caller is a worker that holds no lock.
func (e *Env) gather() *meeting {
	e.meetings.Lock()
	m := &meeting{asks: make([]chan func(), len(e.Group.Reactors()))}
	var here sync.WaitGroup
	for i, r := range e.Group.Reactors() {
		asks := make(chan func())
		here.Add(1)
		if r.Post(func() {
			here.Done()
			for f := range asks {
				f()
			}
		}) {
			m.asks[i] = asks
		} else {
			here.Done() // it has ended
		}
	}
	here.Wait()
	return m
}

// gatherAll is gather, and then takes all gates. No reactor waits meanwhile for a script that lasts.
func (e *Env) gatherAll() *meeting {
	wanted := &e.Gates[0].wanted
	wanted.Add(1)
	defer wanted.Add(-1)
	for {
		m := e.gather()
		at := e.Gates.enterAll(barsAll)
		if at < 0 {
			return m
		}
		e.end(m)
		e.Gates[at].pass()
	}
}

// end lets the reactors go.
func (e *Env) end(m *meeting) {
	for _, asks := range m.asks {
		if asks != nil {
			close(asks)
		}
	}
	e.meetings.Unlock()
}

// AskReactors is Executor.AskReactors for somebody who holds nothing.
func (e *Env) AskReactors(f func(r *netio.Reactor)) { e.askOthers(-1, f) }

// askOthers is AskReactors for the reactor with the index own, which does f itself; -1: the caller
// is none.
func (e *Env) askOthers(own int, f func(r *netio.Reactor)) {
	var wg sync.WaitGroup
	for i, r := range e.Group.Reactors() {
		if i == own {
			f(r)
			continue
		}
		wg.Add(1)
		if !r.Post(func() {
			defer wg.Done()
			f(r)
		}) {
			wg.Done()
		}
	}
	wg.Wait()
}

// ask runs f on every reactor, all of which have met, and waits for that.
func (m *meeting) ask(e *Env, f func(r *netio.Reactor)) {
	var wg sync.WaitGroup
	for i, r := range e.Group.Reactors() {
		if asks := m.asks[i]; asks != nil {
			wg.Add(1)
			asks <- func() {
				defer wg.Done()
				f(r)
			}
		}
	}
	wg.Wait()
}
