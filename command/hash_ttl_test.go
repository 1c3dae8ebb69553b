package command

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/kringdb/kring/store"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/hash"
)

// hashRig is a rig with a hash h of fields a, b and c: packed, or full with many more.
func hashRig(t testing.TB, full bool) *rig {
	r := newRig(t)
	r.do("hset h a 1 b 2 c 3")
	if full {
		for i := range 2000 {
			r.do(fmt.Sprint("hset h many", i, " v"))
		}
		for i := range 2000 {
			r.do(fmt.Sprint("hdel h many", i))
		}
	}
	return r
}

// bothForms runs a test on a packed and on a full hash.
func bothForms(t *testing.T, f func(t *testing.T, r *rig)) {
	for _, full := range []bool{false, true} {
		t.Run(map[bool]string{false: "packed", true: "full"}[full], func(t *testing.T) {
			r := hashRig(t, full)
			f(t, r)
			if err := r.st.CheckInvariants(); err != nil {
				t.Error(err)
			}
		})
	}
}

// effectsOf returns what a command line leaves in the journal, arguments separated by
// blanks, commands by " | "; "" when the call itself is recorded.
func (r *rig) effectsOf(line string) string {
	r.c.Effects.Reset()
	r.c.Effects.On = true
	r.do(line)
	r.c.Effects.On = false
	var out []string
	for _, s := range strings.SplitAfter(string(r.c.Effects.Bytes), "\r\n") {
		switch s = strings.TrimSuffix(s, "\r\n"); {
		case s == "" || s[0] == '$':
		case s[0] == '*':
			out = append(out, "|")
		default:
			out = append(out, s)
		}
	}
	return strings.TrimPrefix(strings.Join(out, " "), "| ")
}

func TestFieldDeadlines(t *testing.T) {
	bothForms(t, func(t *testing.T, r *rig) {
		r.want("hexpire h 100 fields 3 a nosuch b", "[1 -2 1]")
		r.want("hpexpire h 5500 fields 1 c", "[1]")
		r.want("httl h fields 4 a b c nosuch", "[100 100 6 -2]")
		r.want("hpttl h fields 2 a c", "[100000 5500]")
		r.want("hpersist h fields 3 b b nosuch", "[1 -1 -2]")
		r.want("httl h fields 1 b", "[-1]")
		at := r.c.Now/1000 + 50
		r.want(fmt.Sprintf("hexpireat h %d fields 1 a", at), "[1]")
		r.want("hexpiretime h fields 2 a b", fmt.Sprintf("[%d -1]", at))
		r.want(fmt.Sprintf("hpexpireat h %d fields 1 a", at*1000-1), "[1]")
		r.want("hpexpiretime h fields 1 a", fmt.Sprintf("[%d]", at*1000-1))
		r.want("hexpiretime h fields 1 a", fmt.Sprintf("[%d]", at))
		r.c.Now += 5499
		r.want("hget h c", `"3"`)
		r.want("hpttl h fields 1 c", "[1]")
		r.c.Now++
		r.want("hget h c", "nil")
		r.want("hmget h a c", `["1" nil]`)
		r.want("hpttl h fields 1 c", "[-2]")
		r.want("hlen h", "2")
		r.want("hexists h c", "0")
		r.want("hstrlen h c", "0")
		r.want("hpersist h fields 1 c", "[-2]")
		r.want("hexpire h 10 fields 1 c", "[-2]")
		if got := sorted(r.do("hkeys h")); got != `["a" "b"]` {
			t.Errorf("hkeys: %s", got)
		}
		if got := sorted(r.do("hvals h")); got != `["1" "2"]` {
			t.Errorf("hvals: %s", got)
		}
		if got := sorted(r.do("hgetall h")); got != `["1" "2" "a" "b"]` {
			t.Errorf("hgetall: %s", got)
		}
		if got := sorted(r.do("hrandfield h 10")); got != `["a" "b"]` {
			t.Errorf("hrandfield: %s", got)
		}
		if got := r.do("hscan h 0"); strings.Contains(got, "c") {
			t.Errorf("hscan: %q", got)
		}
		r.want("hdel h c", "0")
		r.want("hsetnx h c 9", "1")
		r.want("httl h fields 1 c", "[-1]")
	})
}

func TestFieldDeadlineConditions(t *testing.T) {
	bothForms(t, func(t *testing.T, r *rig) {
		r.want("hexpire h 20 xx fields 1 a", "[0]")
		r.want("hexpire h 20 gt fields 1 a", "[0]")
		r.want("hexpire h 20 lt fields 1 a", "[1]")
		r.want("hexpire h 30 NX fields 2 a b", "[0 1]")
		r.want("hexpire h 20 GT fields 2 a b", "[0 0]")
		r.want("hexpire h 21 gt fields 2 a b", "[1 0]")
		r.want("hexpire h 25 lt fields 2 a b", "[0 1]")
		r.want("hexpire h 40 xx fields 3 a b c", "[1 1 0]")
		r.want("httl h fields 3 a b c", "[40 40 -1]")
		r.want("hexpire h 0 nx fields 2 a c", "[0 2]")
		r.want("hpexpire h 0 fields 1 a", "[2]")
		r.want("hexpireat h 1 fields 2 b b", "[2 -2]")
		r.want("exists h", "0")
	})
}

func TestFieldWritesAndDeadlines(t *testing.T) {
	bothForms(t, func(t *testing.T, r *rig) {
		r.do("hexpire h 100 fields 3 a b c")
		r.want("hset h a 5", "0")
		r.want("hincrby h b 1", "3")
		r.want("hincrbyfloat h c 0.5", `"3.5"`)
		r.want("httl h fields 3 a b c", "[-1 100 100]")
		r.want("hmset h b 7", "OK")
		r.want("httl h fields 1 b", "[-1]")
		r.do("hpexpire h 10 fields 2 b c")
		r.c.Now += 10
		r.want("hincrby h b 2", "2") // it was gone
		r.want("hset h c 1 c 2", "1")
		r.want("httl h fields 2 b c", "[-1 -1]")
		r.do("expire h 1000")
		r.do("hpexpire h 10 fields 3 a b c")
		r.c.Now += 10
		r.want("hlen h", "0")
		r.want("hrandfield h", "nil")
		r.want("hset h x 1", "1")
		r.want("hlen h", "1")
		r.want("ttl h", "1000")
		r.want("copy h to", "1")
		r.want("hgetall to", `["x" "1"]`)
	})
}

func TestFieldDeadlineErrors(t *testing.T) {
	r := hashRig(t, false)
	r.do("set s v")
	const (
		missing  = "-ERR Mandatory argument FIELDS is missing or not at the right position"
		positive = "-ERR Number of fields must be a positive integer"
		match    = "-ERR The `numfields` parameter must match the number of arguments"
		wrong    = "-WRONGTYPE Operation against a key holding the wrong kind of value"
	)
	for line, want := range map[string]string{
		"hexpire s x fields 1 a":                    wrong,
		"httl s fields 0 a":                         wrong,
		"hpersist s bogus 0 a":                      wrong,
		"hexpire h 10":                              "-ERR wrong number of arguments for 'hexpire' command",
		"hexpire h abc fields 1 a":                  "-ERR value is not an integer or out of range",
		"hexpire h -1 fields 1 a":                   "-ERR invalid expire time, must be >= 0",
		"hexpire h 99999999999 fields 1 a":          "-ERR invalid expire time in 'hexpire' command",
		"hexpireat h 9999999999999999 fields 1 a":   "-ERR invalid expire time in 'hexpireat' command",
		"hpexpire h 9223372036854775807 fields 1 a": "-ERR invalid expire time in 'hpexpire' command",
		"hexpire h 10 field 1 a":                    missing,
		"hexpire h 10 nx xx fields 1 a":             missing,
		"hexpire h 10 nx fields 1":                  match,
		"hexpire h 10 1 fields a":                   missing,
		"hexpire h 10 fields x a":                   "-ERR Parameter `numFields` should be greater than 0",
		"hexpire h 10 fields 0 a":                   "-ERR Parameter `numFields` should be greater than 0",
		"hexpire h 10 fields 2 a":                   match,
		"httl h field 1 a":                          missing,
		"httl h fields 0 a":                         positive,
		"hpersist h fields 2 a":                     match,
		"hexpire nokey 10 fields 2 a b":             "[-2 -2]",
		"httl nokey fields 2 a b":                   "[-2 -2]",
		"hpersist nokey fields 1 a":                 "[-2]",
		"hgetdel s fields 1 a":                      wrong,
		"hgetdel h field 1 a":                       missing,
		"hgetdel h fields -1 a":                     positive,
		"hgetdel h fields 1 a b":                    match,
		"hgetdel nokey fields 2 a b":                "[nil nil]",
		"hgetex s fields 1 a":                       wrong,
		"hgetex h keepttl fields 1 a":               missing,
		"hgetex h ex 10 persist fields 1 a":         missing,
		"hgetex h ex x fields 1 a":                  "-ERR value is not an integer or out of range",
		"hgetex h ex -5 fields 1 a":                 "-ERR invalid expire time, must be >= 0",
		"hgetex h exat 99999999999 fields 1 a":      "-ERR invalid expire time in 'hgetex' command",
		"hgetex h fields 2 a":                       match,
		"hgetex nokey ex 10 fields 1 a":             "[nil]",
		"hsetex s fields 1 a b":                     wrong,
		"hsetex h bogus fields 1 a b":               "-ERR unknown argument: bogus",
		"hsetex h persist fields 1 a b":             "-ERR unknown argument: persist",
		"hsetex h fnx fxx fields 1 a b":             "-ERR Only one of FXX or FNX arguments can be specified",
		"hsetex h ex 60 keepttl fields 1 a b":       "-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified",
		"hsetex h keepttl px 60 fields 1 a b":       "-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified",
		"hsetex h fields x a b":                     "-ERR invalid number of fields",
		"hsetex h fields 0 a b":                     "-ERR invalid number of fields",
		"hsetex h fields 2 a b":                     "-ERR wrong number of arguments for 'hsetex' command",
		"hsetex h fields 1 a b c d":                 "-ERR wrong number of arguments for 'hsetex' command",
		"hsetex h ex abc fields 1 a b":              "-ERR value is not an integer or out of range",
		"hsetex h ex -5 fields 1 a b":               "-ERR invalid expire time, must be >= 0",
		"hsetex h exat 99999999999 fields 1 a b":    "-ERR invalid expire time in 'hsetex' command",
		"hsetex h fnx fxx ex 1 keepttl":             "-ERR Only one of FXX or FNX arguments can be specified",
		"hsetex h keepttl keepttl a ex":             "-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified",
		"hsetex h fnx ex 10 ex":                     "-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified",
	} {
		r.want(line, want)
	}
	r.want("hgetall h", `["a" "1" "b" "2" "c" "3"]`)
	r.want("exists nokey", "0")
}

func TestHGetDel(t *testing.T) {
	bothForms(t, func(t *testing.T, r *rig) {
		r.want("hgetdel h fields 3 a nosuch a", `["1" nil nil]`)
		r.do("hpexpire h 5 fields 1 b")
		r.c.Now += 5
		r.want("hgetdel h fields 2 b c", `[nil "3"]`)
		r.want("exists h", "0")
	})
}

func TestHGetEx(t *testing.T) {
	bothForms(t, func(t *testing.T, r *rig) {
		r.want("hgetex h fields 2 a nosuch", `["1" nil]`)
		r.want("hgetex h EX 100 fields 2 a b", `["1" "2"]`)
		r.want("hgetex h fields 1 a", `["1"]`)
		r.want("httl h fields 3 a b c", "[100 100 -1]")
		r.want("hgetex h persist fields 2 a c", `["1" "3"]`)
		r.want("hgetex h pxat 1 fields 2 b nosuch", `["2" nil]`)
		r.want("httl h fields 2 a b", "[-1 -2]")
		r.want("hgetex h ex 0 fields 2 a c", `["1" "3"]`)
		r.want("exists h", "0")
	})
}

func TestHSetEx(t *testing.T) {
	bothForms(t, func(t *testing.T, r *rig) {
		r.want("hsetex h ex 100 fields 2 a 5 d 6", "1")
		r.want("httl h fields 4 a b c d", "[100 -1 -1 100]")
		r.want("hsetex h keepttl fields 2 a 7 b 8", "1")
		r.want("httl h fields 2 a b", "[100 -1]")
		r.want("hsetex h fields 1 a 9", "1")
		r.want("httl h fields 1 a", "[-1]")
		r.want("hsetex h fnx fields 2 x 1 a 2", "0")
		r.want("hsetex h fxx fields 2 x 1 a 2", "0")
		r.want("hmget h a b x", `["9" "8" nil]`)
		r.want("hsetex h fnx px 5 fields 1 x 1", "1")
		r.c.Now += 5
		r.want("hsetex h fxx fields 1 x 1", "0")
		r.want("hsetex h fxx exat 1 fields 2 a 1 b 2", "1")
		r.want("hmget h a b c", `[nil nil "3"]`)
		r.want("hsetex nokey fxx fields 1 a 1", "0")
		r.want("hsetex nokey pxat 1 fields 1 a 1", "1")
		r.want("exists nokey", "0")
		r.want("hsetex new fnx ex 10 fields 1 a 1", "1")
		r.want("httl new fields 1 a", "[10]")
	})
}

func TestHashEvents(t *testing.T) {
	r := hashRig(t, false)
	r.wantEvents("hset n a 1 b 2", 2, "new n", "hset n")
	r.wantEvents("hset n a 1", 1, "hset n")
	r.wantEvents("hsetnx n a 1", 0)
	r.wantEvents("hincrby n a 1", 1, "hincrby n")
	r.wantEvents("hincrbyfloat n a 1", 1, "hincrbyfloat n")
	r.wantEvents("hexpire n 10 fields 2 a b", 2, "hexpire n")
	r.wantEvents("hexpire n 10 nx fields 2 a b", 0)
	r.wantEvents("hpersist n fields 2 a b", 2, "hpersist n")
	r.wantEvents("hpersist n fields 2 a b", 0)
	r.wantEvents("hdel n a nosuch", 1, "hdel n")
	r.wantEvents("hexpire n 0 fields 1 b", 1, "hdel n", "del n")
	r.wantEvents("hgetdel h fields 2 a nosuch", 1, "hdel h")
	r.wantEvents("hgetex h fields 1 b", 0)
	r.wantEvents("hgetex h px 10 fields 1 b", 1, "hexpire h")
	r.wantEvents("hsetex h px 10 fields 1 c 1", 1, "hset h", "hexpire h")
	r.c.Now += 10
	r.wantEvents("hget h b", 0)
	r.wantEvents("hdel h b", 1, "hexpired h")
	r.wantEvents("hset h c 1", 2, "hexpired h", "hset h")
	r.wantEvents("hdel h c", 1, "hdel h", "del h")
}

func TestHashEffects(t *testing.T) {
	r := hashRig(t, false)
	at := r.c.Now + 10
	for _, c := range []struct{ line, want string }{
		{"hset h a 1", ""},
		{"hincrby h a 1", ""},
		{"hincrbyfloat h a 0.5", "HSET h a 2.5"},
		{"hpexpire h 10 fields 3 a nosuch b", fmt.Sprintf("HPEXPIREAT h %d FIELDS 2 a b", at)},
		{"hincrbyfloat h a 0.5", fmt.Sprintf("HSET h a 3 | HPEXPIREAT h %d FIELDS 1 a", at)},
		{"hexpire h 0 fields 2 c nosuch", "HDEL h c"},
		{"hgetex h px 10 fields 2 a nosuch", fmt.Sprintf("HPEXPIREAT h %d FIELDS 1 a", at)},
		{"hgetex h persist fields 2 a nosuch", "HPERSIST h fields 2 a nosuch"},
		{"hgetex h fields 1 a", ""},
		{"hsetex h px 10 fields 2 a 1 c 2", fmt.Sprintf("HSET h a 1 c 2 | HPEXPIREAT h %d FIELDS 2 a c", at)},
		{"hsetex h keepttl fields 3 a 1 d 1 c 3", fmt.Sprintf("HSET h a 1 d 1 c 3 | HPEXPIREAT h %d FIELDS 1 a | HPEXPIREAT h %d FIELDS 1 c", at, at)},
		{"hsetex h fields 2 c 1 d 2", "HSET h c 1 d 2"},
		{"hpexpire h 10 fields 1 c", fmt.Sprintf("HPEXPIREAT h %d FIELDS 1 c", at)},
		{"hsetex h exat 1 fields 1 d 1", "HDEL h d"},
		{"hgetdel h fields 1 a", "HDEL h a"},
	} {
		if got := r.effectsOf(c.line); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.line, got, c.want)
		}
	}
	r.c.Now = at
	for _, c := range []struct{ line, want string }{
		{"hget h b", ""},
		{"hincrby h b 1", "HDEL h b | hincrby h b 1"},
		{"hset h c 1 b 2", "HDEL h c | hset h c 1 b 2"},
	} {
		if got := r.effectsOf(c.line); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.line, got, c.want)
		}
	}
}

// TestExpireFields is the expirer's way: it takes what is due, and the key with the last
// field.
func TestExpireFields(t *testing.T) {
	bothForms(t, func(t *testing.T, r *rig) {
		r.record()
		r.do("hpexpire h 10 fields 2 a b")
		r.do("hpexpire h 20 fields 1 c")
		run := func() string {
			r.events = nil
			k := r.st.MakeKey([]byte("h"))
			r.st.Lock(k.Shard)
			ExpireFields(&r.c, k, r.st.FindRaw(0, k))
			r.st.Unlock(k.Shard)
			return strings.Join(r.events, ", ")
		}
		if got := run(); got != "" {
			t.Errorf("early: %s", got)
		}
		r.c.Now += 10
		if got := run(); got != "hexpired h" {
			t.Errorf("at 10: %s", got)
		}
		k := r.st.MakeKey([]byte("h"))
		if e := r.st.FindRaw(0, k); hash.Len(e) != 1 || hash.NextDeadline(e) != r.c.Now+10 {
			t.Errorf("%d fields, next %d", hash.Len(e), hash.NextDeadline(e))
		}
		r.c.Now += 10
		if got := run(); got != "hexpired h, del h" {
			t.Errorf("at 20: %s", got)
		}
	})
}

// TestRebuildHash feeds what a rewrite holds to an empty store.
func TestRebuildHash(t *testing.T) {
	bothForms(t, func(t *testing.T, r *rig) {
		for i := range 150 {
			r.do(fmt.Sprintf("hset h f%d v%d", i, i))
		}
		r.do("hexpire h 100 fields 2 f7 a")
		to := newRig(t)
		to.c.Now = r.c.Now
		r.rebuildInto(to, "h")
		for _, line := range []string{"hlen h", "httl h fields 3 f7 a b", "hmget h f0 f149 a"} {
			to.want(line, show(r.do(line)))
		}
	})
}

func TestHashReplay(t *testing.T) {
	// While the journal is loaded the clock stands at 0: nothing expires before its HDEL.
	r := hashRig(t, false)
	r.c.Now = 0
	r.want("hpexpireat h 1000 fields 1 a", "[1]")
	r.want("hincrby h a 5", "6")
	r.want("httl h fields 1 a", "[1]")
}

func TestHashAllocs(t *testing.T) {
	for _, full := range []bool{false, true} {
		r := hashRig(t, full)
		if full {
			if e := r.st.FindRaw(0, r.st.MakeKey([]byte("h"))); e.Encoding() != entry.Hashtable {
				t.Fatal("it is packed")
			}
		}
		for _, line := range []string{
			"hset h a 123", "hset h a 1 b 22 c 333", "hget h b", "hmget h a b x", "hgetall h", "hkeys h", "hlen h", "hexists h a",
			"hincrby h n 1", "hset h x 1", "hdel h x", "hsetnx h a 1", "hrandfield h", "hrandfield h -3 withvalues", "httl h fields 1 a",
		} {
			if n := r.allocs(strings.Fields(line)...); n != 0 {
				t.Errorf("%s: %v allocations (full: %v)", line, n, full)
			}
		}
	}
}

func TestHRandFieldDistinct(t *testing.T) {
	r := newRig(t)
	for i := range 3000 {
		r.do(fmt.Sprintf("hset h f%d v%d", i, i))
	}
	for _, n := range []int{1, 5, 700, 2000, 2999, 3000} {
		got := strings.Fields(strings.Trim(show(r.do(fmt.Sprint("hrandfield h ", n))), "[]"))
		seen := map[string]bool{}
		for _, f := range got {
			seen[f] = true
		}
		if len(got) != n || len(seen) != n {
			t.Errorf("%d fields, %d different; want %d", len(got), len(seen), n)
		}
	}
	counts := map[string]int{}
	r.do("hset small a 1 b 2 c 3 d 4")
	for range 4000 {
		for _, f := range strings.Fields(strings.Trim(show(r.do("hrandfield small 2")), "[]")) {
			counts[f]++
		}
	}
	for f, n := range counts {
		if math.Abs(float64(n)-2000) > 250 {
			t.Errorf("%s was drawn %d times of 2000", f, n)
		}
	}
}

// TestHashCosts: what sends a call to the slow lane.
func TestHashCosts(t *testing.T) {
	r := newRig(t)
	for i := range 3000 {
		r.do(fmt.Sprintf("hset h f%d v", i))
	}
	for line, want := range map[string]int64{
		"hgetall h": 3000, "hkeys h": 3000, "hvals nokey": 0, "hrandfield h": 0, "hrandfield h 10": 0, "hrandfield h -500": 500,
		"hrandfield h 100000": 3000, "hrandfield nokey -500": 0, "hscan h 0": 0, "hscan h 0 match x count 700": 700, "hscan h 0 count x": 0,
		"hset h a 1 b 2": 6,
	} {
		args := argsOf(strings.Fields(line)...)
		r.c.Spec, r.c.Args, r.c.Keys = rigTable().Lookup(args[0]), args, []store.Key{r.st.MakeKey(args[1])}
		if got := r.c.Spec.Cost(&r.c); got != want {
			t.Errorf("%s: %d, want %d", line, got, want)
		}
	}
}
