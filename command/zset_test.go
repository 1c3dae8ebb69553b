package command

import (
	"fmt"
	"strings"
	"testing"
)

func TestZAddEvents(t *testing.T) {
	r := newRig(t)
	r.wantEvents("ZADD z 1 a 2 b", 2, "new z", "zadd z")
	r.wantEvents("ZADD z 1 a 2 b", 0)
	r.wantEvents("ZADD z 5 a 6 c", 2, "zadd z")
	r.wantEvents("ZADD z XX GT 1 a", 0)
	r.wantEvents("ZINCRBY z 1 a", 1, "zincr z")
	r.wantEvents("ZADD z INCR 0 a", 0)
	r.wantEvents("ZREM z x", 0)
	r.wantEvents("ZREM z a b", 2, "zrem z")
	r.wantEvents("ZREM z c x", 1, "zrem z", "del z")
	r.wantEvents("ZADD z XX 1 a", 0)
	r.wantEvents("GEOADD g 1 2 a 3 4 b", 2, "new g", "zadd g")
}

func TestZRangeEvents(t *testing.T) {
	r := newRig(t)
	r.do("ZADD z 1 a 2 b 3 c 4 d 5 e 6 f")
	r.wantEvents("ZRANGESTORE d z 0 1", 1, "new d", "zrangestore d")
	r.wantEvents("ZRANGESTORE d z 10 20", 1, "del d")
	r.wantEvents("ZRANGESTORE d z 10 20", 0)
	r.wantEvents("ZUNIONSTORE d 1 z", 1, "new d", "zunionstore d")
	r.wantEvents("ZINTERSTORE d 2 z d", 1, "zinterstore d")
	r.wantEvents("ZDIFFSTORE d 1 z", 1, "zdiffstore d")
	r.wantEvents("ZDIFFSTORE d 2 z z", 1, "del d")
	r.wantEvents("ZREMRANGEBYRANK z 0 0", 1, "zremrangebyrank z")
	r.wantEvents("ZREMRANGEBYSCORE z 2 3", 2, "zremrangebyscore z")
	r.wantEvents("ZREMRANGEBYSCORE z 2 3", 0)
	r.wantEvents("ZPOPMIN z", 1, "zpopmin z")
	r.wantEvents("ZPOPMAX z 5", 2, "zpopmax z", "del z")
	r.wantEvents("ZPOPMAX z 5", 0)
	r.do("ZADD z 0 a 0 b")
	r.wantEvents("ZREMRANGEBYLEX z - +", 2, "zremrangebylex z", "del z")
	r.do("GEOADD g 1 1 a 1 1 b")
	r.wantEvents("GEOSEARCHSTORE d g FROMLONLAT 1 1 BYRADIUS 1 km", 2, "new d", "geosearchstore d")
	r.wantEvents("GEORADIUS g 1 1 1 km STOREDIST d", 2, "georadiusstore d")
	r.wantEvents("GEORADIUS g 50 50 1 km STORE d", 1, "del d")
}

// words decodes multibulk commands into lines.
func commandLines(t *testing.T, raw string) (lines []string) {
	t.Helper()
	for raw != "" {
		var s string
		s, raw = showOne(raw)
		lines = append(lines, s)
	}
	return lines
}

func TestZPopEffects(t *testing.T) {
	r := newRig(t)
	r.do("ZADD z 1 a 2 b 3 c 4 d 5 e 6 f")
	r.c.Effects.On = true
	for _, step := range [][2]string{
		{"ZMPOP 2 none z MAX COUNT 2", `["ZPOPMAX" "z" "2"]`},
		{"BZPOPMIN none z 0", `["ZPOPMIN" "z" "1"]`},
		{"BZMPOP 0 1 z MIN COUNT 9", `["ZPOPMIN" "z" "3"]`},
	} {
		r.c.Effects.Reset()
		r.do(step[0])
		if got := strings.Join(commandLines(t, string(r.c.Effects.Bytes)), " "); got != step[1] {
			t.Errorf("%s has the effect %s; want %s", step[0], got, step[1])
		}
	}
}

func TestZPopWaits(t *testing.T) {
	r := newRig(t)
	r.c.CanWait = true
	wait := func(line string, waits bool, reply string) {
		t.Helper()
		r.c.Waiting = Wait{}
		if got := show(r.do(line)); got != reply || r.c.Waiting.On != waits {
			t.Errorf("%s: %q, waiting %v; want %q, %v", line, got, r.c.Waiting.On, reply, waits)
		}
	}
	wait("BZPOPMIN a b 1", true, "")
	if len(r.c.Waiting.Keys) != 2 || r.c.Waiting.TimeoutMs != 1000 {
		t.Errorf("waits for %v", r.c.Waiting)
	}
	wait("BZMPOP 0 1 a MIN", true, "")
	r.do("SET a x")
	const wrong = "-" + ErrWrongType
	wait("BZPOPMIN a b 1", false, wrong)
	r.c.Resumed = true // another type does not end the wait
	wait("BZPOPMIN a b 1", true, "")
	r.do("ZADD b 1 m")
	wait("BZPOPMIN a b 1", false, `["b" "m" "1"]`)
}

func TestZSetRebuild(t *testing.T) {
	r := newRig(t)
	words := []string{"ZADD", "z", "-0", strings.Repeat("long", 100), "inf", "x", "-inf", "y", "0.1", "z"}
	for i := range 150 {
		words = append(words, fmt.Sprint(float64(i)/7), fmt.Sprint("m", i))
	}
	r.run(words...)
	before := r.do("ZRANGE z 0 -1 WITHSCORES")
	calls := r.rebuilt("z")
	r.do("DEL z")
	r.play(calls)
	if after := r.do("ZRANGE z 0 -1 WITHSCORES"); after != before || len(calls) != 3 {
		t.Errorf("%d commands rebuild\n%s\nfrom\n%s", len(calls), after, before)
	}
}

func TestZSetAllocations(t *testing.T) {
	r := newRig(t)
	for i := range 300 {
		r.run("ZADD", "large", fmt.Sprint(i), fmt.Sprint("m", i))
		if i < 20 {
			r.run("ZADD", "small", fmt.Sprint(i), fmt.Sprint("m", i))
		}
	}
	for _, line := range []string{
		"ZADD % 1.5 m7", "ZINCRBY % 1 m8", "ZSCORE % m3", "ZRANK % m3", "ZRANGE % 3 8 WITHSCORES", "ZRANGEBYSCORE % 3 9 LIMIT 0 5",
		"ZREVRANGE % 0 3", "ZCOUNT % 3 9", "ZCARD %",
	} {
		for _, key := range []string{"small", "large"} {
			args := strings.Fields(strings.ReplaceAll(line, "%", key))
			if n := r.allocs(args...); n > 0 {
				t.Errorf("%v allocates %v times", args, n)
			}
		}
	}
}

func TestZRemRangeOfMost(t *testing.T) {
	r := newRig(t)
	words := []string{"ZADD", "z"}
	for i := range 3000 {
		words = append(words, fmt.Sprint(i), fmt.Sprint("m", i))
	}
	r.run(words...)
	r.wantEvents("ZREMRANGEBYRANK z 2 -3", 2996, "zremrangebyrank z")
	r.want("ZRANGE z 0 -1 WITHSCORES", `["m0" "0" "m1" "1" "m2998" "2998" "m2999" "2999"]`)
	r.want("ZSCORE z m1", `"1"`)
	r.want("ZSCORE z m2", "nil")
	r.st.Reap()
	if err := r.st.CheckInvariants(); err != nil {
		t.Error(err)
	}
}

func TestZRandMember(t *testing.T) {
	r := newRig(t)
	r.do("ZADD z 1 a 2 b 3 c 4 d")
	seen := map[string]bool{}
	for range 200 {
		got := sorted(r.do("ZRANDMEMBER z 3"))
		seen[got] = true
	}
	for _, want := range []string{`["a" "b" "c"]`, `["a" "b" "d"]`, `["a" "c" "d"]`, `["b" "c" "d"]`} {
		if !seen[want] {
			t.Errorf("%s was never chosen; only %v", want, seen)
		}
	}
	if len(seen) != 4 {
		t.Errorf("chosen were %v", seen)
	}
}

func TestZSetCost(t *testing.T) {
	r := newRig(t)
	words := []string{"ZADD", "z"}
	for i := range SlowCost + 10 {
		words = append(words, fmt.Sprint(i), fmt.Sprint("m", i))
	}
	r.run(words...)
	for line, slow := range map[string]bool{
		"ZRANGE z 0 10": false, "ZRANGE z 0 -1": true, "ZRANGEBYSCORE z 5 100": false, "ZRANGEBYSCORE z -inf inf": true,
		"ZRANGEBYSCORE z -inf inf LIMIT 0 10": false, "ZUNION 2 none z": true, "ZPOPMIN z 10": false, "ZPOPMIN z 1000000": true,
		"ZRANDMEMBER z 10": false, "ZRANDMEMBER z -1000000": true, "ZRANGE z x y": false, "ZRANGESTORE d z 0 -1": true,
		"GEORADIUS z 0 0 1 m": false, "GEOSEARCH z FROMLONLAT 0 0 BYRADIUS 40000 km": true, "ZMPOP 1 z MIN COUNT 30000": true,
	} {
		args := argsOf(strings.Fields(line)...)
		c := &r.c
		c.Spec, c.Args, c.Keys = rigTable().Lookup(args[0]), args, nil
		idx, _ := c.Spec.AppendKeys(nil, args)
		for _, i := range idx {
			c.Keys = append(c.Keys, r.st.MakeKey(args[i]))
		}
		if got := c.Spec.Cost(c); (got > SlowCost) != slow {
			t.Errorf("%s costs %d", line, got)
		}
	}
}
