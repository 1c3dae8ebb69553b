package command

import (
	"math"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// endingCalls reply more elements than a loop visits between two looks at Ctx.Halted, or
// would do so for ever.
var endingCalls = []string{
	"KEYS *", "LRANGE l 0 -1", "SMEMBERS s", "SUNION s t", "SINTER s s", "SDIFF s t", "SRANDMEMBER s 9000", "SRANDMEMBER s -9223372036854775807",
	"SORT l", "SORT l BY nosort", "SORT s ALPHA", "SORT s BY nosort", "SORT z ALPHA DESC GET #", "HGETALL h", "HKEYS h", "HVALS h",
	"HRANDFIELD h 9000", "HRANDFIELD h -9223372036854775807", "HRANDFIELD h -4611686018427387903 WITHVALUES",
	"ZRANGE z 0 -1", "ZRANGE z 0 -1 WITHSCORES", "ZREVRANGEBYSCORE z inf -inf", "ZUNION 2 z y", "ZINTER 2 z z WITHSCORES", "ZDIFF 2 z y",
	"ZRANDMEMBER z 8000", "ZRANDMEMBER z -9223372036854775807", "ZRANDMEMBER z -4611686018427387903 WITHSCORES",
	"XRANGE x - +", "XREVRANGE x + - COUNT 9000", "GEOSEARCH g FROMLONLAT 1 1 BYRADIUS 9000 km ASC WITHCOORD",
}

// haltRig has collections of 10,000 elements.
func haltRig(t *testing.T) *rig {
	const n = 10000
	r := newRig(t)
	for i := range n {
		m := strconv.Itoa(i)
		r.run("RPUSH", "l", m)
		r.run("SADD", "s", "m"+m)
		r.run("HSET", "h", "f"+m, m)
		r.run("ZADD", "z", m, "m"+m)
		r.run("XADD", "x", m+"-1", "f", m)
		r.run("GEOADD", "g", "1."+m, "1."+m, m)
		r.run("SET", "key"+m, m)
	}
	r.do("SADD t a b")
	r.do("ZADD y 1 a 2 b")
	return r
}

// TestCallsEndWhenHalted: each of them ends soon once it is told to.
func TestCallsEndWhenHalted(t *testing.T) {
	r := haltRig(t)
	var halt atomic.Bool
	halt.Store(true)
	r.c.Halt = &halt
	for _, call := range endingCalls {
		if got := r.do(call); len(got) > 64*4*HaltEvery {
			t.Errorf("%s: %d bytes of reply after it was told to end", call, len(got))
		}
	}
	r.do("SORT l STORE l2")
	if r.st.Find(0, r.st.MakeKey([]byte("l2")), r.c.Now).A != 0 {
		t.Error("SORT stored what it had when it was told to end")
	}
}

// TestRandomCounts: negative counts reach as far as Redis's.
func TestRandomCounts(t *testing.T) {
	r := newRig(t)
	r.do("SADD s a")
	r.do("HSET h f v")
	r.do("ZADD z 1 m")
	least := strconv.Itoa(math.MinInt64)
	outOfRange := "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807\r\n"
	for _, call := range []string{"SRANDMEMBER s", "HRANDFIELD h", "ZRANDMEMBER z"} {
		if got := r.do(call + " " + least); got != outOfRange {
			t.Errorf("%s %s: %q", call, least, got)
		}
	}
	for _, call := range []string{"HRANDFIELD h -4611686018427387904 WITHVALUES", "ZRANDMEMBER z 4611686018427387904 WITHSCORES"} {
		if got := r.do(call); got != "-"+ErrOutOfRange+"\r\n" {
			t.Errorf("%s: %q", call, got)
		}
	}
	for _, call := range []string{"SRANDMEMBER s", "HRANDFIELD h", "ZRANDMEMBER z"} {
		r.w.Bind(&r.out, 2)
		r.w.Limit(1 << 16)
		if got := r.do(call + " -9223372036854775807"); !strings.HasPrefix(got, "*9223372036854775807\r\n$1\r\n") {
			t.Errorf("%s: %.40q", call, got)
		}
	}
	r.w.Bind(&r.out, 2)
}
