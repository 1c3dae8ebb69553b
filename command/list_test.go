package command

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/kringdb/kring/resp"
)

func TestListEvents(t *testing.T) {
	r := newRig(t)
	r.wantEvents("lpush l a b c", 3, "new l", "lpush l")
	r.wantEvents("rpush l d", 1, "rpush l")
	r.wantEvents("lpushx no a", 0)
	r.wantEvents("rpushx l e", 1, "rpush l")
	r.wantEvents("lset l 0 x", 1, "lset l")
	r.wantEvents("linsert l before a y", 1, "linsert l")
	r.wantEvents("linsert l before nosuch y", 0)
	r.wantEvents("lrem l 0 nosuch", 0)
	r.wantEvents("lrem l 0 y", 1, "lrem l")
	r.wantEvents("ltrim l 0 100", 0, "ltrim l")
	r.wantEvents("ltrim l 0 2", 2, "ltrim l")
	r.wantEvents("lpop l", 1, "lpop l")
	r.wantEvents("rpop l 0", 0)
	r.wantEvents("rpop l 5", 2, "rpop l", "del l")
	r.wantEvents("rpush l a b c d", 4, "new l", "rpush l")
	r.wantEvents("lmove l m left right", 1, "new m", "rpush m", "lpop l")
	r.wantEvents("rpoplpush l l", 1, "lpush l", "rpop l")
	r.wantEvents("rpoplpush m m", 1, "lpush m", "rpop m")
	r.wantEvents("lmove m l left left", 1, "lpush l", "lpop m", "del m")
	r.wantEvents("lmpop 2 no l left count 3", 3, "lpop l")
	r.wantEvents("ltrim l 5 6", 1, "ltrim l", "del l")
	r.do("rpush l 1")
	r.wantEvents("blpop no l 0", 1, "lpop l", "del l")
	r.do("rpush l 1 2 3")
	r.wantEvents("blmove l m left right 0", 1, "new m", "rpush m", "lpop l")
	r.wantEvents("brpoplpush l m 0", 1, "lpush m", "rpop l")
	r.wantEvents("blmpop 0 1 l left count 9", 1, "lpop l", "del l")
	r.wantEvents("sort m store d", 2, "new d", "sortstore d")
	r.wantEvents("sort m store d", 2, "sortstore d")
	r.wantEvents("sort no store d", 1, "del d")
	r.wantEvents("sort no store d", 0)
	r.do("rpush l b")
	r.wantEvents("lrem l 1 b", 1, "lrem l", "del l")
}

func TestListEffects(t *testing.T) {
	r := newRig(t)
	r.do("rpush l 1 2 3 4 5 6 7 8 9")
	for _, c := range []struct{ line, want string }{
		{"lpop l", ""},
		{"rpop l 2", ""},
		{"lmove l m left right", ""},
		{"lmpop 2 no l right count 1", "RPOP l 1"},
		{"lmpop 1 m left count 10", "LPOP m 1"},
		{"lmpop 1 m left count 10", ""},
		{"blpop no l 0", "LPOP l"},
		{"brpop l 0", "RPOP l"},
		{"blmove l m left right 0", "LMOVE l m left right"},
		{"brpoplpush l m 0", "RPOPLPUSH l m"},
		{"blmpop 0 1 m left count 5", "LPOP m 2"},
		{"blpop l 0.1", ""}, // empty by now
		{"blmove l m left right 0.1", ""},
		{"brpoplpush l m 0.1", ""},
	} {
		if got := r.effectsOf(c.line); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.line, got, c.want)
		}
	}
	r.do("rpush l 3 1 2")
	for _, c := range []struct{ line, want string }{
		{"sort l store d", "DEL d | RPUSH d 1 2 3"},
		{"sort l desc store l", "DEL l | RPUSH l 3 2 1"},
		{"sort no store d", "DEL d"},
		{"sort no store d", ""},
	} {
		if got := r.effectsOf(c.line); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.line, got, c.want)
		}
	}
}

// TestListWaiting runs the blocking commands as the server does: first they ask to wait,
// then they run again for a client that waited.
func TestListWaiting(t *testing.T) {
	r := newRig(t)
	waits := func(line string, timeoutMs int64, keys ...string) {
		t.Helper()
		r.c.CanWait, r.c.Waiting = true, Wait{}
		got := r.do(line)
		var names []string
		for _, k := range r.c.Waiting.Keys {
			names = append(names, string(k.Name))
		}
		if !r.c.Waiting.On || got != "" || strings.Join(names, " ") != strings.Join(keys, " ") || r.c.Waiting.TimeoutMs != timeoutMs {
			t.Errorf("%s: reply %q, waiting %v for %q, %d ms", line, got, r.c.Waiting.On, names, r.c.Waiting.TimeoutMs)
		}
		r.c.CanWait, r.c.Waiting = false, Wait{}
	}
	waits("blpop a b 0", 0, "a", "b")
	waits("brpop a b 1.5", 1500, "a", "b")
	waits("blmove a b left right 0.0001", 1, "a")
	waits("brpoplpush a b 2", 2000, "a")
	waits("blmpop 3 2 a b left", 3000, "a", "b")
	r.want("blpop a b 0", "nil")
	r.want("blmove a b left right 0", "nil")
	r.want("blmpop 0 2 a b left", "nil")

	r.do("set s string")
	r.want("blpop s 0", "-"+ErrWrongType)
	r.want("blmove s b left right 0", "-"+ErrWrongType)
	r.want("blmpop 0 1 s left", "-"+ErrWrongType)
	r.c.Resumed = true // somebody set s meanwhile: the client waits on
	waits("blpop s a 0", 0, "s", "a")
	waits("blmove s a left left 0", 0, "s")
	waits("blmpop 0 2 s a left", 0, "s", "a")
	r.do("rpush a 1 2 3")
	r.want("blpop s a 0", `["a" "1"]`)
	r.want("blmpop 0 2 s a right count 1", `["a" ["3"]]`)
	r.want("blmove a s left left 0", "-"+ErrWrongType)
	r.want("brpoplpush a b 0", `"2"`)
	waits("brpoplpush a b 0", 0, "a")
}

func TestListRebuild(t *testing.T) {
	r := newRig(t)
	for _, n := range []int{1, rebuildBatch, rebuildBatch + 1, 1000} {
		args := []string{"rpush", "l"}
		for i := range n {
			if i%3 == 0 {
				args = append(args, strconv.Itoa(i))
			} else {
				args = append(args, strings.Repeat("text ", i%70))
			}
		}
		r.run(args...)
		r.do("pexpireat l 99999999999999")
		want := r.do("lrange l 0 -1")
		calls := r.rebuilt("l")
		r.do("del l")
		r.play(calls)
		if got := r.do("lrange l 0 -1"); got != want {
			t.Errorf("%d elements came back as others", n)
		}
		if r.deadline("l") != 99999999999999 {
			t.Error("the deadline is lost")
		}
		r.do("del l")
	}
}

func TestHotListCommandsDoNotAllocate(t *testing.T) {
	r := newRig(t)
	for i := range 2000 {
		r.run("rpush", "big", fmt.Sprintf("element-%08d", i))
	}
	r.do("rpush small a b c 1 2 3")
	for _, line := range []string{
		"lpush big x", "rpush big x", "rpop big", "lpop big", "lrange big 0 99", "lindex big 1000", "lset big 1000 element-00001000",
		"lpush small x", "rpop small", "rpoplpush small small", "rpoplpush big big", "lpos big element-00000099", "llen small",
		"linsert small before 1 x", "lrem small 1 x", "blpop small 0", "rpush small y",
	} {
		if n := r.allocs(strings.Fields(line)...); n != 0 {
			t.Errorf("%s: %v allocations", line, n)
		}
	}
}

// TestListCosts: what the slow lane is for goes there, and nothing else.
func TestListCosts(t *testing.T) {
	r := newRig(t)
	args := []string{"rpush", "l"}
	for i := range 200000 {
		args = append(args, strconv.Itoa(i))
	}
	r.run(args...)
	r.run("rpush", "few", strings.Repeat("x", 8<<20), "y")
	for _, c := range []struct {
		line string
		slow bool
	}{
		{"lrange l 0 -1", true}, {"lrange l 0 100", false}, {"lrange l -100 -1", false}, {"lrange no 0 -1", false},
		{"lrange few 0 -1", true}, {"lpop l 100000", true}, {"lpop l 10", false}, {"lpop l", false}, {"lpop l x", false},
		{"lrem l 0 x", true}, {"lpos l x", true}, {"linsert l before x y", true}, {"ltrim l 0 10", false}, {"ltrim l 100000 0", false},
		{"lmpop 2 no l left", false}, {"lmpop 2 no l left count 100000", true}, {"blmpop 0 2 no l left count 100000", true},
		{"lmpop x l left", false}, {"sort l", true}, {"sort few", false}, {"sort no", false},
	} {
		a := argsOf(strings.Fields(c.line)...)
		if slow := r.cost(a) > SlowCost; slow != c.slow {
			t.Errorf("%s: slow %t", c.line, slow)
		}
	}
}

// cost is what the dispatcher asks before it runs a call.
func (r *rig) cost(args resp.Args) int64 {
	spec := rigTable().Lookup(args[0])
	idx, _ := spec.AppendKeys(nil, args)
	r.c.Spec, r.c.Args, r.c.Keys = spec, args, nil
	for _, i := range idx {
		r.c.Keys = append(r.c.Keys, r.st.MakeKey(args[i]))
	}
	if spec.Cost == nil {
		return 0
	}
	return spec.Cost(&r.c)
}
