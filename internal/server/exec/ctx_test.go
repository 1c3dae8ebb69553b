package exec

import (
	"io"
	"log/slog"
	"reflect"
	"testing"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/observe"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/store"
)

// newEnv makes what executors have in common, without a house: nothing may be asked of that.
func newEnv(t *testing.T) *Env {
	t.Helper()
	opts := options.New()
	table, err := command.Build(command.All())
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	e := &Env{Opts: opts, Table: table, Store: st, Host: &command.Host{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Logs: observe.NewLogs(opts)}
	e.Limits.Store(&command.Limits{})
	return e
}

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
	e := newEnv(t)
	for who, ex := range map[string]*Executor{"an executor": New(e, new(Gate)), "the loader": NewApplier(e).ex} {
		whole(t, who, reflect.ValueOf(ex.Ctx))
		served := ex.Wakes.servingCtx(0)
		whole(t, who+", for a blocked client", reflect.ValueOf(*served))
		if Of(served) != ex {
			t.Errorf("%s: the lane of a blocked client's call is another's", who)
		}
	}
}

// TestLanes holds what Yield and Unlocked do for each who runs calls: only a worker outside of a
// transaction lets go of its gate.
func TestLanes(t *testing.T) {
	e := newEnv(t)
	for _, c := range []struct {
		who            string
		worker, inExec bool
		lets           bool
	}{
		{"a reactor, or the loader", false, false, false},
		{"a worker", true, false, true},
		{"EXEC on a worker", true, true, false},
		{"EXEC on a reactor", false, true, false},
	} {
		ex := New(e, new(Gate))
		ex.Worker, ex.Units.inExec = c.worker, c.inExec
		ex.Gate.Lock()
		free := false
		ex.Ctx.Lane.Unlocked(func() {
			if free = ex.Gate.state.CompareAndSwap(gateFree, gateHeld); free {
				ex.Gate.Unlock()
			}
		})
		ex.Ctx.Lane.Yield()
		if free != c.lets {
			t.Errorf("%s lets go of its gate: %v", c.who, free)
		}
		if ex.Gate.state.CompareAndSwap(gateFree, gateHeld) {
			t.Errorf("%s has no gate behind Unlocked and Yield", c.who)
		}
	}
}
