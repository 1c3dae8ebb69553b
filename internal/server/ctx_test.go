package server

import (
	"context"
	"reflect"
	"testing"
)

// mayBeNil are the fields of a Ctx that say something by being nil.
var mayBeNil = map[string]bool{"LFU": true, "Halt": true, "Spec": true, "Args": true, "Keys": true, "Scratch": true}

// whole checks that nothing is missing in a context.
func whole(t *testing.T, who string, v reflect.Value) {
	t.Helper()
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		switch f.Kind() {
		case reflect.Func:
			t.Errorf("Ctx.%s is a function: what a lane does belongs into command.Lane", name)
		case reflect.Interface, reflect.Pointer, reflect.Map, reflect.Slice, reflect.Chan:
			if f.IsNil() && !mayBeNil[name] {
				t.Errorf("%s: Ctx.%s is nil", who, name)
			}
		case reflect.Struct:
			if name == "Call" {
				whole(t, who, f)
			}
		}
	}
}

// TestContextsAreWhole holds that whoever runs a call, for whomever, has a context in which nothing
// is missing that a handler may use.
func TestContextsAreWhole(t *testing.T) {
	s := startServer(t)
	execs := map[string]*executor{
		"reactor": &s.execs[0].executor, "worker": s.extra[0], "keeper": s.extra[len(s.extra)-1], "loader": newApplier(s, context.Background()).ex,
	}
	for who, ex := range execs {
		c := ex.newCtx(&ex.w)
		whole(t, who, reflect.ValueOf(c))
		served := ex.servingCtx(0)
		whole(t, who+", for a blocked client", reflect.ValueOf(*served))
		if executorOf(served) != ex {
			t.Errorf("%s: the lane of a blocked client's call is another's", who)
		}
	}
	whole(t, "the host", reflect.ValueOf(*s.host))
}

// TestLanes holds what Yield and Unlocked do for each who runs calls: only a worker outside of a
// transaction lets go of its gate.
func TestLanes(t *testing.T) {
	s := startServer(t)
	for _, c := range []struct {
		who    string
		ex     *executor
		inExec bool
		lets   bool
	}{
		{"a reactor", &s.execs[0].executor, false, false},
		{"a worker", s.extra[0], false, true},
		{"EXEC on a worker", s.extra[0], true, false},
		{"EXEC on a reactor", &s.execs[0].executor, true, false},
		{"the loader", newApplier(s, context.Background()).ex, false, false},
	} {
		ex := newExecutor(&s.env, new(gate)) // of the same kind, and nobody else's
		ex.worker, ex.inExec = c.ex.worker, c.inExec
		ex.gate.Lock()
		free := false
		ex.ctx.Lane.Unlocked(func() {
			if free = ex.gate.state.CompareAndSwap(gateFree, gateHeld); free {
				ex.gate.Unlock()
			}
		})
		ex.ctx.Lane.Yield()
		if free != c.lets {
			t.Errorf("%s lets go of its gate: %v", c.who, free)
		}
		if ex.gate.state.CompareAndSwap(gateFree, gateHeld) {
			t.Errorf("%s has no gate behind Unlocked and Yield", c.who)
		}
	}
}

// TestWorkersClientIsItself holds that what a call on a worker sees of its client is what was handed
// over with it, and what it has changed itself, and that the session has it when it is done.
func TestWorkersClientIsItself(t *testing.T) {
	s := startServer(t)
	p, c := dial(t, s), dial(t, s)
	p.want("OK", "ACL", "SETUSER", "u", "on", "nopass", "~*", "&*", "+@all")
	c.want("OK", "CLIENT", "SETNAME", "before")
	for _, call := range [][]string{
		{"MULTI"}, {"CLIENT", "GETNAME"}, {"CLIENT", "SETNAME", "after"}, {"CLIENT", "GETNAME"}, {"ACL", "WHOAMI"},
		{"AUTH", "u", "x"}, {"ACL", "WHOAMI"}, {"SELECT", "3"}, {"SET", "k", "v"}, {"SUBSCRIBE", "ch"}, {"KEYS", "*"},
	} {
		c.do(call...)
	}
	c.want("[before OK after default OK u OK OK [subscribe ch 1] [k]]", "EXEC")
	c.want("[unsubscribe ch 0]", "UNSUBSCRIBE")
	c.want("after", "CLIENT", "GETNAME")
	c.want("u", "ACL", "WHOAMI")
	c.want("v", "GET", "k")
}
