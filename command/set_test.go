package command

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/kringdb/kring/store/entry"
)

// members replies a set's members, sorted, in one line.
func (r *rig) members(key string) string {
	r.t.Helper()
	words := strings.Fields(strings.Trim(show(r.do("SMEMBERS "+key)), "[]"))
	sort.Strings(words)
	return strings.Join(words, " ")
}

// fill adds n members to a set.
func (r *rig) fill(key, format string, n int) {
	args := []string{"SADD", key}
	for i := range n {
		args = append(args, fmt.Sprintf(format, i))
	}
	r.run(args...)
}

func TestSetEvents(t *testing.T) {
	r := newRig(t)
	r.record()
	for _, c := range []struct {
		line, events string
		dirty        int64
	}{
		{"SADD s a b c", "new s,sadd s", 3},
		{"SADD s a", "", 0},
		{"SREM s x", "", 0},
		{"SREM s a x", "srem s", 1},
		{"SMOVE s d b", "srem s,new d,sadd d", 2},
		{"SMOVE s d c", "srem s,del s,sadd d", 2},
		{"SADD s b", "new s,sadd s", 1},
		{"SMOVE s d b", "srem s,del s", 1},
		{"SMOVE d d b", "", 0},
		{"SPOP d", "spop d", 1},
		{"SPOP d", "spop d,del d", 1},
		{"SADD d a b c", "new d,sadd d", 3},
		{"SPOP d 0", "", 0},
		{"SPOP d 2", "spop d", 2},
		{"SPOP d 2", "spop d,del d", 1},
		{"SADD a 1 2 3", "new a,sadd a", 3},
		{"SINTERSTORE d a", "new d,sinterstore d", 1},
		{"SINTERSTORE d a none", "del d", 1},
		{"SINTERSTORE d a none", "", 0},
		{"SUNIONSTORE d a", "new d,sunionstore d", 1},
		{"SUNIONSTORE d none", "del d", 1},
		{"SDIFFSTORE d a none", "new d,sdiffstore d", 1},
		{"SDIFFSTORE d a a", "del d", 1},
		{"SREM a 1 2 3", "srem a,del a", 3},
	} {
		r.events, r.c.Dirty = nil, 0
		r.do(c.line)
		if got := strings.Join(r.events, ","); got != c.events || r.c.Dirty != c.dirty {
			t.Errorf("%s: events %s, dirty %d; want %s, %d", c.line, got, r.c.Dirty, c.events, c.dirty)
		}
	}
}

// TestSpopEffects plays the effects of SPOP on a copy, which ends up equal.
func TestSpopEffects(t *testing.T) {
	r := newRig(t)
	for _, format := range []string{"%d", "m%d"} {
		for _, n := range []int{1, 100, 3000} {
			r.fill("s", format, n)
			for _, call := range []string{"SPOP s", "SPOP s 1", "SPOP s " + strconv.Itoa(n/2), "SPOP s 5000"} {
				r.do("COPY s t REPLACE")
				if r.do("EXISTS s") == ":0\r\n" {
					r.do("DEL t")
				}
				effects := strings.Split(r.effectsOf(call), " | ")
				for _, line := range effects {
					e := strings.Fields(line)
					if len(e) == 0 && strings.HasPrefix(r.do("EXISTS t"), ":0") {
						continue // there was nothing to pop
					}
					if len(e) < 2 || e[1] != "s" || e[0] != "SREM" && e[0] != "DEL" {
						t.Fatalf("%s became %.80q", call, e)
					}
					e[1] = "t"
					r.run(e...)
				}
				if r.members("s") != r.members("t") {
					t.Fatalf("%s of %d: the effects %.80q do not do the same", call, n, effects)
				}
			}
			if got := r.do("EXISTS s"); got != ":0\r\n" {
				t.Fatalf("SPOP of all left %s", got)
			}
		}
	}
}

func TestSrandmemberGivesDistinctMembers(t *testing.T) {
	r := newRig(t)
	for _, format := range []string{"%d", "m%d"} {
		for _, n := range []int{5, 100, 400, 2000} {
			r.do("DEL s")
			r.fill("s", format, n)
			for _, count := range []int{1, 2, n / 3, n / 2, n - 1, n, n + 1} {
				words := strings.Fields(strings.Trim(show(r.do(fmt.Sprint("SRANDMEMBER s ", count))), "[]"))
				seen := map[string]bool{}
				for _, w := range words {
					seen[w] = true
				}
				if len(words) != min(count, n) || len(seen) != len(words) {
					t.Errorf("%d of %d: %d members, %d different", count, n, len(words), len(seen))
				}
			}
		}
	}
}

// TestSrandmemberIsEven draws three of ten often.
func TestSrandmemberIsEven(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		format string
		n      int
	}{{"%d", 10}, {"m%d", 10}, {"m%d", 1000}} {
		r.do("DEL s")
		r.fill("s", c.format, c.n)
		got := map[string]int{}
		const each = 100
		for range each * c.n / 5 {
			for _, w := range strings.Fields(strings.Trim(show(r.do("SRANDMEMBER s 5")), "[]")) {
				got[w]++
			}
		}
		if len(got) != c.n {
			t.Errorf("%d of %d members came", len(got), c.n)
		}
		for w, n := range got {
			if n < each/4 || n > each*4 {
				t.Errorf("%s of %d came %d times, want about %d", w, c.n, n, each)
			}
		}
	}
}

// TestSetOpsAgainstMaps compares all operations on random sets of all encodings.
func TestSetOpsAgainstMaps(t *testing.T) {
	r := newRig(t)
	model := map[string]map[string]bool{}
	for i, c := range []struct {
		format  string
		from, n int
	}{{"%d", 0, 50}, {"%d", 20, 90}, {"m%d", 0, 60}, {"%d", 30, 700}, {"m%d", 40, 600}, {"%d", 45, 3}, {"m%d", 59, 2}} {
		key := fmt.Sprint("k", i)
		model[key] = map[string]bool{}
		for k := range c.n {
			m := fmt.Sprintf(c.format, c.from+k)
			model[key][m] = true
			r.run("SADD", key, m)
		}
	}
	model["none"] = nil
	keys := []string{"k0", "k1", "k2", "k3", "k4", "k5", "k6", "none"}
	x, rounds := uint64(1), 100
	if testing.Short() {
		rounds = 20
	}
	for range rounds {
		var pick []string
		for range 1 + int(x>>40)%7 {
			x = x*6364136223846793005 + 1442695040888963407
			pick = append(pick, keys[x>>33%8])
		}
		x = x*6364136223846793005 + 1442695040888963407
		for _, op := range []string{"SINTER", "SUNION", "SDIFF"} {
			want := modelOp(op, model, pick)
			if got := sortedReply(r.run(append([]string{op}, pick...)...)); got != want {
				t.Fatalf("%s %v:\n got %s\nwant %s", op, pick, got, want)
			}
			r.run(append([]string{op + "STORE", "d"}, pick...)...)
			if got := r.members("d"); got != want {
				t.Fatalf("%sSTORE %v:\n got %s\nwant %s", op, pick, got, want)
			}
		}
	}
}

func sortedReply(raw string) string {
	words := strings.Fields(strings.Trim(show(raw), "[]"))
	sort.Strings(words)
	return strings.Join(words, " ")
}

func modelOp(op string, model map[string]map[string]bool, keys []string) string {
	var out []string
	all := map[string]bool{}
	for _, k := range keys {
		for m := range model[k] {
			all[m] = true
		}
	}
	for m := range all {
		n := 0
		for _, k := range keys {
			if model[k][m] {
				n++
			}
		}
		if op == "SUNION" || op == "SINTER" && n == len(keys) || op == "SDIFF" && n == 1 && model[keys[0]][m] {
			out = append(out, fmt.Sprintf("%q", m))
		}
	}
	sort.Strings(out)
	return strings.Join(out, " ")
}

// TestSetRebuild plays what a rewrite holds and compares.
func TestSetRebuild(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		format string
		n      int
	}{{"%d", 1}, {"%d", 300}, {"m%d", rebuildBatch}, {"m%d", rebuildBatch + 1}, {"m%d", 1000}} {
		r.do("DEL s")
		r.fill("s", c.format, c.n)
		want := r.members("s")
		calls := r.rebuilt("s")
		r.do("DEL s")
		for _, call := range calls {
			if len(call) > 2+rebuildBatch {
				t.Fatalf("a command of %d arguments", len(call))
			}
		}
		r.play(calls)
		if got := r.members("s"); got != want {
			t.Errorf("%d members: %.100s, want %.100s", c.n, got, want)
		}
	}
}

// TestSscanUnderChange: what stays comes exactly once.
func TestSscanUnderChange(t *testing.T) {
	r := newRig(t)
	r.fill("s", "stay%d", 2000)
	seen := map[string]int{}
	cursor, turn := "0", 0
	for {
		words := strings.Fields(strings.NewReplacer("[", " ", "]", " ", `"`, "").Replace(show(r.run("SSCAN", "s", cursor, "COUNT", "20"))))
		for _, w := range words[1:] {
			seen[w]++
		}
		if cursor = words[0]; cursor == "0" {
			break
		}
		if turn++; turn < 30 {
			r.fill("s", fmt.Sprint("more", turn, "-%d"), 300)
		} else {
			for i := range 300 {
				r.run("SREM", "s", fmt.Sprint("more", turn-29, "-", i))
			}
		}
	}
	for i := range 2000 {
		if n := seen[fmt.Sprint("stay", i)]; n != 1 {
			t.Fatalf("stay%d came %d times", i, n)
		}
	}
}

func TestSetHotPathDoesNotAllocate(t *testing.T) {
	r := newRig(t)
	r.fill("big", "member:%d", 5000)
	r.fill("small", "m%d", 20)
	r.fill("ints", "%d", 200)
	for _, line := range []string{
		"SADD big member:7", "SADD small m7", "SADD ints 7", "SISMEMBER big member:7", "SISMEMBER ints 7", "SREM big nosuch",
		"SCARD big", "SMISMEMBER small m1 m2", "SRANDMEMBER big", "SMEMBERS small", "SMEMBERS ints",
	} {
		if n := r.allocs(strings.Fields(line)...); n > 0 {
			t.Errorf("%s: %.1f allocations", line, n)
		}
	}
	add, remove := argsOf("SADD", "big", "comes and goes"), argsOf("SREM", "big", "comes and goes")
	if n := testing.AllocsPerRun(100, func() { r.out.Reset(); r.exec(add); r.exec(remove) }); n > 0 {
		t.Errorf("SADD and SREM: %.1f allocations", n)
	}
}

func TestSetEncodings(t *testing.T) {
	r := newRig(t)
	r.fill("ints", "%d", 200)
	r.fill("small", "m%d", 128)
	r.fill("big", "m%d", 129)
	for key, want := range map[string]string{"ints": "intset", "small": "listpack", "big": "hashtable"} {
		r.want("OBJECT ENCODING "+key, strconv.Quote(want))
	}
	if k := r.st.MakeKey([]byte("big")); r.st.FindRaw(0, k).Encoding() != entry.Hashtable {
		t.Error("big is no table")
	}
}
