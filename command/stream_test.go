package command

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/kringdb/kring/resp"
)

func TestStreamEvents(t *testing.T) {
	r := newRig(t)
	r.wantEvents("xadd s 1-1 a b", 1, "new s", "xadd s")
	r.wantEvents("xadd s 1-1 a b", 0)
	r.wantEvents("xadd s maxlen 1 1-2 a b", 1, "xadd s", "xtrim s")
	r.wantEvents("xadd s maxlen 5 1-3 a b", 1, "xadd s")
	r.wantEvents("xadd t nomkstream 1-3 a b", 0)
	r.wantEvents("xdel s 1-2 1-9", 1, "xdel s")
	r.wantEvents("xdel s 1-2", 0)
	r.wantEvents("xtrim s maxlen 1", 0)
	r.wantEvents("xtrim s maxlen 0", 1, "xtrim s")
	r.wantEvents("xsetid s 5-5", 1, "xsetid s")
	r.wantEvents("xgroup create n g $", 0)
	r.wantEvents("xgroup create n g $ mkstream", 1, "new n", "xgroup-create n")
	r.wantEvents("xgroup create s g 0", 1, "xgroup-create s")
	r.wantEvents("xgroup create s g 0", 0)
	r.wantEvents("xgroup setid s g 1", 1, "xgroup-setid s")
	r.wantEvents("xgroup createconsumer s g c", 1, "xgroup-createconsumer s")
	r.wantEvents("xgroup createconsumer s g c", 0)
	r.do("xadd s 6-1 a b")
	r.do("xadd s 6-2 a b")
	r.wantEvents("xreadgroup group g new streams s >", 2, "xgroup-createconsumer s")
	r.wantEvents("xreadgroup group g new streams s >", 0)
	r.wantEvents("xclaim s g c 0 6-1 9-9", 1)
	r.wantEvents("xautoclaim s g c 0 0", 2)
	r.wantEvents("xack s g 6-1 6-1", 1)
	r.wantEvents("xgroup delconsumer s g c", 1, "xgroup-delconsumer s")
	r.wantEvents("xgroup destroy s g", 1, "xgroup-destroy s")
	r.wantEvents("xgroup destroy s g", 0)
}

// streamWorker makes random stream commands whose effects must tell all.
type streamWorker struct{ *rand.Rand }

func (w streamWorker) id() string { return "1-" + strconv.Itoa(w.IntN(60)) }

func (w streamWorker) consumer() string { return "c" + strconv.Itoa(w.IntN(3)) }

func (w streamWorker) command() string {
	switch w.IntN(16) {
	case 0, 1, 2:
		return "xadd s 1-* f v"
	case 3:
		return "xadd s maxlen ~ 15 1-* f v"
	case 4:
		return "xadd s minid ~ " + w.id() + " limit 0 1-* g v"
	case 5:
		return "xtrim s maxlen ~ " + strconv.Itoa(w.IntN(30))
	case 6:
		return "xdel s " + w.id()
	case 7:
		return "xgroup create s g " + w.id()
	case 8, 9:
		return "xreadgroup group g " + w.consumer() + " count 5 streams s >"
	case 10:
		return "xreadgroup group g " + w.consumer() + " noack count 2 streams s >"
	case 11:
		return "xack s g " + w.id()
	case 12:
		return "xclaim s g " + w.consumer() + " 0 " + w.id() + " " + w.id() + [...]string{"", " force", " justid", " lastid 1-20", " idle 5000"}[w.IntN(5)]
	case 13:
		return "xautoclaim s g " + w.consumer() + " 0 0 count 3"
	case 14:
		return "xgroup delconsumer s g " + w.consumer()
	}
	return "xgroup setid s g " + w.id()
}

// activeTimes are not recorded for NOACK reads, as they are not in Redis.
var activeTimes = regexp.MustCompile(`"active-time" -?\d+`)

func (r *rig) streamState(key string) string {
	return activeTimes.ReplaceAllString(show(r.do("xinfo stream "+key+" full count 0")), "")
}

// TestStreamEffects plays what the journal gets on a second store, which must end up
// equal.
func TestStreamEffects(t *testing.T) {
	seeds := uint64(8)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		a, b := newRig(t), newRig(t)
		b.c.Now = a.c.Now
		a.c.Limits.StreamNodeEntries = 7 // the other one has the default: effects trim exactly
		a.c.Effects.On = true
		w := streamWorker{rand.New(rand.NewPCG(seed, 3))}
		var log []string
		for range 400 {
			line := w.command()
			a.c.Effects.Reset()
			dirty := a.c.Dirty
			a.do(line)
			log = append(log, line)
			switch {
			case a.c.Dirty == dirty:
				if a.c.Effects.N != 0 {
					t.Fatalf("%s: an effect without a change", line)
				}
			case a.c.Effects.N != 0:
				for _, call := range parseCommands(t, a.c.Effects.Bytes) {
					if reply := b.run(call...); reply[0] == '-' {
						t.Fatalf("%s: effect %q: %s", line, call, reply)
					}
				}
			case !a.c.Effects.None:
				b.do(line)
			}
			a.c.Effects.On = false
			x, y := a.streamState("s"), b.streamState("s")
			a.c.Effects.On = true
			// Nodes are cut differently.
			strip := regexp.MustCompile(`"radix-tree-(keys|nodes)" \d+`)
			if x, y = strip.ReplaceAllString(x, ""), strip.ReplaceAllString(y, ""); x != y {
				t.Fatalf("seed %d, after\n%s\n%s\n%s", seed, strings.Join(log, "\n"), x, y)
			}
			if len(log)%40 == 0 && x[0] == '[' {
				b.do("rename s kept")
				a.c.Effects.On = false
				a.rebuildInto(b, "s")
				a.c.Effects.On = true
				if y = strip.ReplaceAllString(b.streamState("s"), ""); x != y {
					t.Fatalf("seed %d: rebuilt\n%s\n%s", seed, x, y)
				}
				b.do("rename kept s")
			}
		}
	}
}

func TestStreamEffectForms(t *testing.T) {
	r := newRig(t)
	r.c.Now = 5000
	r.c.Effects.On = true
	for _, step := range [][2]string{
		{"xadd s * a b", `["XADD" "s" "5000-0" "a" "b"]`},
		{"xadd s 5000-* a b", `["XADD" "s" "5000-1" "a" "b"]`},
		{"xadd s maxlen = 5 6000-0 a b", ``},
		{"xadd s maxlen 5 * a b", `["XADD" "s" "maxlen" "=" "5" "6000-1" "a" "b"]`},
		{"xadd s maxlen ~ 2 6000-2 a b", `["XADD" "s" "maxlen" "=" "5" "6000-2" "a" "b"]`},
		{"xadd s minid ~ 6000 6000-3 a b", `["XADD" "s" "minid" "=" "5000-0" "6000-3" "a" "b"]`},
		{"xadd s minid 5000-1 6000-* a b", `["XADD" "s" "minid" "=" "5000-1" "6000-4" "a" "b"]`},
		{"xtrim s maxlen 5", ``},
		{"xgroup create s g 0", ``},
		{"xreadgroup group g c count 2 streams s >", `["XGROUP" "CREATECONSUMER" "s" "g" "c"] ["XCLAIM" "s" "g" "c" "0" "6000-0" "6000-1" ` +
			`"TIME" "5000" "RETRYCOUNT" "1" "FORCE" "JUSTID" "LASTID" "6000-1"] ["XGROUP" "SETID" "s" "g" "6000-1" "ENTRIESREAD" "4"]`},
		{"xreadgroup group g c count 1 noack streams s >", `["XGROUP" "SETID" "s" "g" "6000-2" "ENTRIESREAD" "5"]`},
		{"xreadgroup group g c streams s 0", ``},
		{"xclaim s g d 0 6000-0 justid", `["XGROUP" "CREATECONSUMER" "s" "g" "d"] ["XCLAIM" "s" "g" "d" "0" "6000-0" "TIME" "5000" "RETRYCOUNT" "2" ` +
			`"FORCE" "JUSTID" "LASTID" "6000-2"]`},
		{"xclaim s g d 0 6000-9 lastid 6000-3", `["XGROUP" "SETID" "s" "g" "6000-3" "ENTRIESREAD" "5"]`},
		{"xack s g 6000-0", ``},
	} {
		r.c.Effects.Reset()
		if got := r.do(step[0]); got[0] == '-' {
			t.Fatalf("%s: %s", step[0], got)
		}
		if got := strings.Join(commandLines(t, string(r.c.Effects.Bytes)), " "); got != step[1] {
			t.Errorf("%s has the effect\n%s; want\n%s", step[0], got, step[1])
		}
	}
}

func TestStreamRebuild(t *testing.T) {
	a, b := newRig(t), newRig(t)
	b.c.Now = a.c.Now
	for i := range 300 {
		a.do(fmt.Sprintf("xadd s 1-* f%d v%d g %d", i%3, i, i*1000))
	}
	a.do("xdel s 1-5 1-299")
	a.do("xgroup create s g 0")
	a.do("xreadgroup group g c1 count 50 streams s >")
	a.do("xreadgroup group g c2 count 50 streams s >")
	a.do("xclaim s g c1 0 1-70 1-71 retrycount 9 idle 60000")
	a.do("xack s g 1-60")
	a.do("xgroup createconsumer s g idle")
	a.do("xgroup create s h $")
	a.do("xadd empty 7-7 a b")
	a.do("xtrim empty maxlen 0")
	a.do("xgroup create zero g $ mkstream")
	for i := range 5 {
		a.do(fmt.Sprintf("xadd gone %d-1 f v", i))
	}
	a.do("xgroup create gone g 0")
	a.do("xgroup create gone h 0")
	a.do("xreadgroup group g c streams gone >")
	a.do("xreadgroup group h c streams gone >")
	a.do("copy gone trimmed")
	a.do("copy gone both")
	a.do("xdel gone 0-1 1-1 2-1 3-1 4-1")
	a.do("xtrim trimmed maxlen 2")
	a.do("xdel both 3-1")
	a.do("xtrim both minid 2-1")
	for _, key := range []string{"s", "empty", "zero", "gone", "trimmed", "both"} {
		a.rebuildInto(b, key)
		if x, y := a.streamState(key), b.streamState(key); x != y {
			t.Errorf("%s was\n%s\nis\n%s", key, x, y)
		}
	}
}

func TestStreamWaiting(t *testing.T) {
	r := newRig(t)
	waits := func(line string, ms int64, args string) {
		t.Helper()
		r.c.CanWait, r.c.Waiting = true, Wait{}
		if got := r.do(line); got != "" || !r.c.Waiting.On || r.c.Waiting.TimeoutMs != ms || r.c.Waiting.Over != nil {
			t.Errorf("%s: reply %q, %+v", line, got, r.c.Waiting)
		}
		var now []string
		for _, a := range r.c.Args {
			now = append(now, string(a))
		}
		if got := strings.Join(now, " "); got != args {
			t.Errorf("%s waits as %s; want %s", line, got, args)
		}
		r.c.CanWait, r.c.Waiting = false, Wait{}
	}
	waits("xread block 0 streams s $", 0, "xread block 0 streams s 0-0")
	r.want("xread block 0 streams s $", "nil")
	r.do("xadd s 1-1 a b")
	waits("xread block 70 streams s t $ $", 70, "xread block 70 streams s t 1-1 0-0")
	waits("xread block 70 streams t +", 70, "xread block 70 streams t 0-0")
	r.want("xread block 70 streams s +", `[["s" [["1-1" ["a" "b"]]]]]`)
	r.do("xdel s 1-1")
	waits("xread block 1 streams s +", 1, "xread block 1 streams s 1-1")
	r.do("set str v")
	r.want("xread block 1 streams str 0", "-"+ErrWrongType)
	r.c.Resumed = true
	waits("xread block 1 streams str 0", 1, "xread block 1 streams str 0")
	r.c.Resumed = false
	r.do("xgroup create s g $")
	waits("xreadgroup group g c block 5 streams s >", 5, "xreadgroup group g c block 5 streams s >")
	r.c.Resumed = true
	r.do("xgroup destroy s g")
	r.want("xreadgroup group g c block 5 streams s >",
		"-NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option")
	r.do("set s v")
	r.want("xreadgroup group g c block 5 streams s >", "-"+ErrWrongType)
	r.do("del s")
	r.want("xreadgroup group g c block 5 streams s >",
		"-NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option")
}

// TestStreamKeysAgree: a consumer named streams may mislead the search for keys; then
// nothing outside the locked shards may be touched.
func TestStreamKeysAgree(t *testing.T) {
	r := newRig(t)
	r.do("xgroup create s g $ mkstream")
	r.want("xreadgroup count 1 group streams streams streams s >", "-"+ErrSyntax)
	r.want("xreadgroup group g streams count 1 streams s >", "nil")
}

func TestStreamReplies3(t *testing.T) {
	r := newRig(t)
	r.w.SetProto(resp.RESP3)
	r.do("xadd s 1-1 a 1")
	r.want("xread streams s 0", `%["s" [["1-1" ["a" "1"]]]]`)
	r.want("xread streams s 1-1", "nil")
	r.do("xgroup create s g 0")
	r.want("xreadgroup group g c streams s >", `%["s" [["1-1" ["a" "1"]]]]`)
	r.want("xrange s - +", `[["1-1" ["a" "1"]]]`)
	r.want("xinfo groups s", `[%["name" "g" "consumers" 1 "pending" 1 "last-delivered-id" "1-1" "entries-read" 1 "lag" 0]]`)
	r.want("xinfo consumers s g", `[%["name" "c" "pending" 1 "idle" 0 "inactive" 0]]`)
	r.want("xautoclaim s g d 0 0 justid", `["0-0" ["1-1"] []]`)
}

// TestStreamInfo has the fields of 7.2, which the comparison's oracle lacks.
func TestStreamInfo(t *testing.T) {
	r := newRig(t)
	now := r.c.Now
	r.do("xadd s 1-1 a 1")
	r.do("xgroup create s g 0")
	r.do("xreadgroup group g c streams s >")
	r.c.Now += 1000
	r.do("xreadgroup group g c streams s >")
	r.do("xreadgroup group g idle streams s >")
	r.c.Now += 500
	r.want("xinfo consumers s g", `[["name" "c" "pending" 1 "idle" 500 "inactive" 1500] ["name" "idle" "pending" 0 "idle" 500 "inactive" -1]]`)
	at := fmt.Sprint
	r.want("xinfo stream s full", `["length" 1 "radix-tree-keys" 1 "radix-tree-nodes" 2 "last-generated-id" "1-1" `+
		`"max-deleted-entry-id" "0-0" "entries-added" 1 "recorded-first-entry-id" "1-1" "entries" [["1-1" ["a" "1"]]] `+
		`"groups" [["name" "g" "last-delivered-id" "1-1" "entries-read" 1 "lag" 0 "pel-count" 1 "pending" [["1-1" "c" `+at(now)+` 1]] `+
		`"consumers" [["name" "c" "seen-time" `+at(now+1000)+` "active-time" `+at(now)+` "pel-count" 1 "pending" [["1-1" `+at(now)+` 1]]] `+
		`["name" "idle" "seen-time" `+at(now+1000)+` "active-time" -1 "pel-count" 0 "pending" []]]]]]`)
}

// TestStreamLag has the cases that Redis mended in 7.2.6.
func TestStreamLag(t *testing.T) {
	r := newRig(t)
	lag := func(key, want string) {
		t.Helper()
		_, got, _ := strings.Cut(show(r.do("xinfo groups "+key)), `"entries-read" `)
		if got = strings.TrimSuffix(got, "]]"); got != want {
			t.Errorf("entries-read %s; want %s", got, want)
		}
	}
	r.do("xgroup create p g $ mkstream")
	lag("p", `nil "lag" 0`)
	r.do("xadd p 0-1 n a")
	r.do("xadd p 0-2 n b")
	r.do("xreadgroup group g c streams p >")
	lag("p", `2 "lag" 0`)
	r.do("xadd p 0-3 n c")
	r.do("xadd p 0-4 n d")
	lag("p", `2 "lag" 2`)
	r.do("xdel p 0-1")
	r.do("xdel p 0-2")
	lag("p", `2 "lag" 2`)
	r.do("xdel p 0-3")
	lag("p", `2 "lag" 1`)

	for i := range 5 {
		r.do(fmt.Sprintf("xadd q %d-0 d x", i+1))
	}
	r.do("xgroup create q g 0")
	r.do("xreadgroup group g c count 1 streams q >")
	lag("q", `1 "lag" 4`)
	r.do("xtrim q maxlen 1")
	lag("q", `1 "lag" 1`)
	r.do("xadd q 6-0 d x")
	r.do("xdel q 5-0")
	lag("q", `1 "lag" 1`)
	r.do("xadd q 7-0 d x")
	r.do("xadd q 8-0 d x")
	r.do("xdel q 7-0")
	lag("q", `1 "lag" nil`)
}

func TestStreamCosts(t *testing.T) {
	r := newRig(t)
	long := strconv.Itoa(SlowCost + 1000)
	for range SlowCost + 1000 {
		r.do("xadd s 1-* a b")
	}
	r.do("xgroup create s g 0")
	cost := func(line string) int64 {
		args := argsOf(strings.Fields(line)...)
		spec := rigTable().Lookup(args[0])
		if spec.Subs != nil {
			spec = spec.LookupSub(args[1])
		}
		r.idx, _ = spec.AppendKeys(r.idx[:0], args)
		r.c.Spec, r.c.Args, r.c.Keys = spec, args, nil
		for _, i := range r.idx {
			r.c.Keys = append(r.c.Keys, r.st.MakeKey(args[i]))
		}
		return spec.Cost(&r.c)
	}
	for _, line := range []string{
		"xrange s - +", "xrevrange s + -", "xread streams s 0", "xread count " + long + " streams s 0", "xreadgroup group g c streams s >",
	} {
		if got := cost(line); got <= SlowCost {
			t.Errorf("%s costs %d", line, got)
		}
	}
	for _, line := range []string{
		"xrange s - + count 10", "xrevrange s + - count 10", "xrange s 1-21900 +", "xread streams s 1-20900", "xread streams s $",
		"xread count 10 streams s 0", "xreadgroup group g c count 1 streams s >", "xtrim s maxlen 0", "xrange no - +", "xpending s g - + 10",
		"xgroup delconsumer s g d", "xgroup destroy s g", "xinfo stream s full count 10",
	} {
		if got := cost(line); got > SlowCost {
			t.Errorf("%s costs %d", line, got)
		}
	}
	r.do("xreadgroup group g c streams s >")
	for _, line := range []string{
		"xpending s g idle 5 - + 1", "xpending s g - + " + long, "xautoclaim s g c 5 0 count " + long, "xgroup delconsumer s g c",
		"xinfo stream s full count 0",
	} {
		if got := cost(line); got <= SlowCost {
			t.Errorf("%s costs %d", line, got)
		}
	}
}

func TestStreamAllocs(t *testing.T) {
	r := newRig(t)
	for _, line := range []string{
		"xadd s * temperature 23.5 humidity 60", "xadd s maxlen ~ 100 * a b", "xlen s", "xrange s - + count 10", "xrevrange s + - count 1",
		"xread count 10 streams s 0", "xgroup createconsumer s g c", "xreadgroup group g c count 1 streams s >", "xack s g 1-1", "xpending s g",
	} {
		if strings.HasPrefix(line, "xgroup") {
			r.do("xgroup create s g 0")
		}
		if n := r.allocs(strings.Fields(line)...); n != 0 {
			t.Errorf("%s: %v allocations", line, n)
		}
	}
}

// TestStreamLoading: while the AOF is loaded the clock stands at 0; times that a command
// gives are kept, others are those of now.
func TestStreamLoading(t *testing.T) {
	r := newRig(t)
	now := r.c.Now
	r.c.Now, r.c.Obey, r.c.Wall = 0, true, now
	r.do("xadd s 1-1 a b")
	r.do("xgroup create s g 0")
	r.do("xclaim s g c 0 1-1 time " + strconv.FormatInt(now-5000, 10) + " retrycount 3 force justid")
	r.do("xgroup createconsumer s g d")
	r.c.Now, r.c.Obey = now, false
	r.want("xpending s g - + 1", `[["1-1" "c" 5000 3]]`)
	for _, reply := range strings.Split(show(r.do("xinfo consumers s g")), "]") {
		if _, idle, ok := strings.Cut(reply, `"idle" `); ok && len(strings.Fields(idle)[0]) > 4 {
			t.Errorf("idle for %s ms", idle)
		}
	}
}
