package command

import (
	"fmt"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kringdb/kring/resp"
	"github.com/kringdb/kring/store"
)

// The rig runs commands as the dispatcher does, on a store of its own and without a
// server: lookup, arity, keys, shard locks, handler. It is the lane of its calls. A test that
// needs a host sets its parts.
type rig struct {
	t      testing.TB
	st     *store.Store
	c      Ctx
	w      resp.Writer
	out    resp.Buffer
	idx    []int
	keys   []store.Key
	events []string // "event key" of every Changed, when record was called
}

// rigTable is the table of all commands. It never changes, so that tests share it.
var rigTable = sync.OnceValue(func() *Table {
	t, err := Build(All())
	if err != nil {
		panic(err)
	}
	return t
})

// newRig opens a store that closes with the test. The clock stands still at r.c.Now;
// a test moves it by changing that.
func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{t: t}
	st, err := store.Open(store.Options{Hooks: store.Hooks{Created: func(_, _ int, key []byte) {
		r.events = append(r.events, EventNew.String()+" "+string(key))
	}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	r.st = st
	r.w.Bind(&r.out, 2)
	limits := DefaultLimits()
	r.c = Ctx{W: &r.w, Store: st, Now: time.Now().UnixMilli(), Limits: &limits, Lane: r, Host: &Host{Table: rigTable(), Users: readers{all: true}}, Client: &Nobody{}}
	return r
}

// record notes every change from now on in r.events.
func (r *rig) record() {
	r.st.SetTelling(true)
	r.c.AllChanges = true
}

// readers are users who may read all keys, or some only.
type readers struct {
	UsersHost
	all bool
}

// ReadsAllKeys implements UsersHost.
func (r readers) ReadsAllKeys(*Ctx) bool { return r.all }

// Changed implements Lane.
func (r *rig) Changed(_ int, k store.Key, ev Event) {
	if ev != EventNone {
		r.events = append(r.events, ev.String()+" "+string(k.Name))
	}
}

// Missed implements Lane.
func (r *rig) Missed(int, store.Key) {}

// Replaced implements Lane.
func (r *rig) Replaced(int, bool) {}

// UnderLock implements Lane.
func (r *rig) UnderLock(k store.Key, f func()) {
	r.st.Lock(k.Shard)
	f()
	r.st.Unlock(k.Shard)
}

// Yield implements Lane.
func (r *rig) Yield() {}

// Unlocked implements Lane.
func (r *rig) Unlocked(f func()) { f() }

// run runs one command and returns the raw reply.
func (r *rig) run(args ...string) string {
	r.out.Reset()
	r.exec(argsOf(args...))
	r.w.Flush()
	return string(r.out.Bytes())
}

// do is run for a command line without quoting: words separated by spaces.
func (r *rig) do(line string) string { return r.run(strings.Fields(line)...) }

// exec runs one command and leaves the reply in the writer. It allocates nothing
// itself once its slices have grown.
func (r *rig) exec(args resp.Args) {
	c := &r.c
	spec := rigTable().Lookup(args[0])
	if spec == nil {
		c.W.Error("ERR unknown command")
		return
	}
	if spec.Subs != nil && len(args) > 1 {
		if spec = spec.LookupSub(args[1]); spec == nil {
			c.W.Error("ERR unknown subcommand")
			return
		}
	}
	if spec.Handler == nil || !spec.MatchesArity(len(args)) {
		c.W.Error("ERR wrong number of arguments for '" + spec.FullName + "' command")
		return
	}
	r.idx, _ = spec.AppendKeys(r.idx[:0], args)
	r.keys = r.keys[:0]
	var set store.ShardSet
	for _, i := range r.idx {
		k := r.st.MakeKey(args[i])
		r.keys = append(r.keys, k)
		set.Add(k.Shard)
	}
	c.Spec, c.Args, c.Keys = spec, args, r.keys
	r.st.LockSet(&set)
	spec.Handler(c)
	r.st.UnlockSet(&set)
}

// want runs a command line and compares the reply, written as show writes it.
func (r *rig) want(line, reply string) {
	r.t.Helper()
	if got := show(r.do(line)); got != reply {
		r.t.Errorf("%s\n got %s\nwant %s", line, got, reply)
	}
}

// wantArgs is want for arguments that contain spaces or are empty.
func (r *rig) wantArgs(reply string, args ...string) {
	r.t.Helper()
	if got := show(r.run(args...)); got != reply {
		r.t.Errorf("%q\n got %s\nwant %s", args, got, reply)
	}
}

// show writes raw replies in one line: simple strings bare, bulks quoted, nil for
// null, aggregates in brackets ("%" and "~" in front of maps and sets), errors with
// their minus.
func show(raw string) string {
	var out []string
	for raw != "" {
		var s string
		s, raw = showOne(raw)
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func showOne(raw string) (s, rest string) {
	end := strings.Index(raw, "\r\n")
	if end < 0 {
		return fmt.Sprintf("broken reply %q", raw), ""
	}
	kind, line, rest := raw[0], raw[1:end], raw[end+2:]
	var n int
	fmt.Sscan(line, &n)
	switch kind {
	case '+':
		return line, rest
	case ':', ',', '#', '(':
		return line, rest
	case '-':
		return "-" + line, rest
	case '_':
		return "nil", rest
	case '$', '=':
		if n < 0 {
			return "nil", rest
		}
		if len(rest) < n+2 {
			return fmt.Sprintf("broken bulk %q", rest), ""
		}
		return fmt.Sprintf("%q", rest[:n]), rest[n+2:]
	case '*', '%', '~', '>', '|':
		if n < 0 {
			return "nil", rest
		}
		open := ""
		if kind != '*' {
			open = string(kind)
		}
		if kind == '%' || kind == '|' {
			n *= 2
		}
		items := make([]string, n)
		for i := range items {
			if rest == "" {
				return "broken aggregate", ""
			}
			items[i], rest = showOne(rest)
		}
		return open + "[" + strings.Join(items, " ") + "]", rest
	}
	return fmt.Sprintf("unknown reply %q", raw), ""
}

// wantEvents runs a command line and compares the changes it reports and by how much
// it counts as dirty.
func (r *rig) wantEvents(line string, dirty int64, events ...string) {
	r.t.Helper()
	if !r.c.AllChanges {
		r.record()
	}
	before := r.c.Dirty
	r.events = nil
	r.do(line)
	if got, want := strings.Join(r.events, ", "), strings.Join(events, ", "); got != want {
		r.t.Errorf("%s: events %q, want %q", line, got, want)
	}
	if got := r.c.Dirty - before; got != dirty {
		r.t.Errorf("%s: dirty %d, want %d", line, got, dirty)
	}
}

// sorted returns the elements of a reply that is one array, in order; for replies
// whose order means nothing.
func sorted(raw string) string {
	s := show(raw)
	if !strings.HasPrefix(s, "[") {
		return s
	}
	words := strings.Fields(strings.Trim(s, "[]"))
	sort.Strings(words)
	return "[" + strings.Join(words, " ") + "]"
}

// allocs returns the allocations of one run of a command, once everything has grown.
func (r *rig) allocs(args ...string) float64 {
	a := argsOf(args...)
	return testing.AllocsPerRun(200, func() {
		r.out.Reset()
		r.exec(a)
		r.w.Flush()
	})
}

// argsOf makes the arguments for exec.
func argsOf(words ...string) resp.Args {
	a := make(resp.Args, len(words))
	for i, s := range words {
		a[i] = []byte(s)
	}
	return a
}
