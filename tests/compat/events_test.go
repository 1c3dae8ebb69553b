package compat

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kringdb/kring/tests/internal/harness"
)

// eventCalls make keys (n is missing), or read keys that are missing, by every command that
// does; l, s, z, h, x, g, hll hold a value of each type, k a string, dead has expired.
const eventCalls = `
	SET n v|SET n v EX 100|SETEX n 10 v|PSETEX n 1000 v|SETNX n v|GETSET n v|MSET n v m w|MSETNX n v m w|APPEND n v|INCR n|DECR n|INCRBY n 2
	INCRBYFLOAT n 1|SETRANGE n 1 x|SETBIT n 1 1|BITOP NOT n k|BITOP AND n nn k|BITFIELD n SET u8 0 1|BITFIELD n OVERFLOW FAIL INCRBY u2 0 100
	BITFIELD k OVERFLOW FAIL SET u8 80 256|BITFIELD n GET u8 0|PFADD n a|PFADD n|PFMERGE n hll|PFMERGE n nohll|PFCOUNT n|PFCOUNT n hll
	RENAME k n|RENAME k l|RENAMENX k n|COPY k n|COPY k l|COPY k l REPLACE|COPY k n DB 1|MOVE k 1|SORT l STORE n|SORT l STORE k|SORT n STORE k|SORT n
	LPUSH n a|RPUSH n a b|LPUSHX n a|LINSERT n BEFORE a b|LMOVE l n LEFT LEFT|RPOPLPUSH l n|BLMOVE l n LEFT LEFT 1|BRPOPLPUSH l n 1
	LMOVE n l LEFT LEFT|RPOPLPUSH n l|LPOP n|RPOP n 2|LMPOP 1 n LEFT|BLPOP n 0.001|BLMPOP 0.001 1 n LEFT|LLEN n|LRANGE n 0 -1|LINDEX n 0
	LPOS n a|LSET n 0 a|LREM n 0 a|LTRIM n 0 1
	SADD n a|SMOVE s n a|SMOVE n s a|SMOVE s s2 a|SINTERSTORE n s s2|SUNIONSTORE n s|SDIFFSTORE n s s2|SUNIONSTORE k s|SINTERSTORE n nn
	SINTERSTORE k nn|SPOP n|SPOP n 2|SRANDMEMBER n|SRANDMEMBER n 2|SCARD n|SMEMBERS n|SISMEMBER n a|SMISMEMBER n a|SINTER n s|SUNION n s
	SDIFF n s|SINTERCARD 2 n s|SSCAN n 0|SREM n a
	ZADD n 1 a|ZADD n INCR 1 a|ZADD n XX 1 a|ZINCRBY n 1 a|ZUNIONSTORE n 1 z|ZINTERSTORE n 1 z|ZDIFFSTORE n 1 z|ZRANGESTORE n z 0 -1
	ZRANGESTORE k z 0 -1|ZRANGESTORE k n 0 -1|ZUNIONSTORE k 1 n|ZPOPMIN n|BZPOPMIN n 0.001|ZMPOP 1 n MIN|BZMPOP 0.001 1 n MIN|ZCARD n
	ZSCORE n a|ZMSCORE n a|ZRANK n a|ZRANGE n 0 -1|ZRANGEBYSCORE n 0 1|ZRANGEBYLEX n - +|ZCOUNT n 0 1|ZLEXCOUNT n - +|ZRANDMEMBER n
	ZRANDMEMBER n 1|ZSCAN n 0|ZUNION 2 n z|ZINTER 2 n z|ZDIFF 2 n z|ZINTERCARD 2 n z|ZREM n a|ZREMRANGEBYRANK n 0 1
	HSET n a 1|HMSET n a 1|HSETNX n a 1|HINCRBY n a 1|HINCRBYFLOAT n a 1|HGET n a|HMGET n a|HGETALL n|HKEYS n|HVALS n|HLEN n|HEXISTS n a
	HSTRLEN n a|HSCAN n 0|HRANDFIELD n|HRANDFIELD n 1|HDEL n a
	XADD n 1-1 a b|XADD n NOMKSTREAM 1-1 a b|XGROUP CREATE n g 0 MKSTREAM|XGROUP CREATE n g 0|XLEN n|XRANGE n - +|XREVRANGE n + -
	XREAD STREAMS n 0|XREAD STREAMS n $|XREADGROUP GROUP g c STREAMS n >|XINFO STREAM n|XINFO GROUPS n|XPENDING n g|XACK n g 1-1
	XCLAIM n g c 0 1-1|XAUTOCLAIM n g c 0 0|XTRIM n MAXLEN 0|XDEL n 1-1|XSETID n 1-1|XGROUP CREATECONSUMER x g c
	XREADGROUP GROUP g nc STREAMS x >|XREADGROUP GROUP g nc STREAMS x 0
	GEOADD n 1 1 a|GEOSEARCHSTORE n g FROMLONLAT 1 1 BYRADIUS 1 km|GEORADIUS g 1 1 1 km STORE n
	GEOSEARCHSTORE k n FROMLONLAT 1 1 BYRADIUS 1 km|GEODIST n a b|GEOPOS n a|GEOHASH n a|GEOSEARCH n FROMLONLAT 1 1 BYRADIUS 1 km
	GEORADIUS n 1 1 1 km|GEORADIUSBYMEMBER n a 1 km
	GET n|MGET n k m|STRLEN n|GETRANGE n 0 1|SUBSTR n 0 1|GETBIT n 0|BITCOUNT n|BITPOS n 1|LCS n k|GETDEL n|GETEX n|GETEX n EX 10|TYPE n|TTL n
	PTTL n|EXPIRETIME n|EXISTS n k m|TOUCH n k|OBJECT ENCODING n|OBJECT REFCOUNT n|EXPIRE n 10|PERSIST n|DEL n|UNLINK n|RENAME n m|COPY n m
	MOVE n 1|WATCH n|EXPIRE k 100|EXPIRE k -1|PEXPIREAT k 1|DEL k l|UNLINK k|GETDEL k|GETEX k EX 10|SET k v GET|SET k v NX|SET n v XX GET
	SET n v GET|SORT l BY w_* GET v_*|SORT l BY w_*->f GET #|SORT_RO l BY w_*|FLUSHALL|SWAPDB 0 1
	SET dead v|SET dead v XX|SET dead v KEEPTTL|GETSET dead v|APPEND dead v|INCR dead|SETRANGE dead 0 x|BITOP NOT dead k|BITOP NOT n dead
	RENAME k dead|RENAMENX k dead|RENAME dead n|COPY k dead|COPY dead n|MOVE dead 1|SORT l STORE dead|SINTERSTORE dead s|SUNIONSTORE dead s
	SDIFFSTORE dead s s2|ZUNIONSTORE dead 1 z|ZRANGESTORE dead z 0 -1|GEOSEARCHSTORE dead g FROMLONLAT 1 1 BYRADIUS 1 km|PFADD dead a
	PFMERGE dead hll|LPUSH dead a|LPUSHX dead a|SADD dead a|ZADD dead 1 a|HSET dead a 1|XADD dead 1-1 a b|LMOVE l dead LEFT LEFT
	SMOVE s dead a|GET dead|EXISTS dead|TYPE dead|TTL dead|DEL dead|PERSIST dead|EXPIRE dead 10|GETDEL dead|OBJECT ENCODING dead|TOUCH dead`

// eventSetup is the data before each of them. Nothing expires but what is looked at.
const eventSetup = `
	SELECT 0|FLUSHALL|DEBUG SET-ACTIVE-EXPIRE 0|SET k v|SET dead v PXAT 1700000000000|RPUSH l 1 2|SADD s a b|SADD s2 a c|ZADD z 1 a 2 b|HSET h a 1|PFADD hll x
	XADD x 1-1 a b|XGROUP CREATE x g 0|GEOADD g 1 1 a|UNWATCH`

// calls splits a list of calls.
func calls(list string) (out [][]string) {
	for _, line := range strings.FieldsFunc(list, func(r rune) bool { return r == '|' || r == '\n' }) {
		if args := strings.Fields(line); len(args) > 0 {
			out = append(out, args)
		}
	}
	return out
}

// TestKeyspaceEvents compares, call by call, the notifications that both servers send, all
// classes switched on, with those of new and of missing keys.
func TestKeyspaceEvents(t *testing.T) {
	t.Parallel()
	oracle := harness.Start(t, harness.OracleBin(t), serverArgs()...)
	subject := harness.Start(t, harness.SubjectBin(t), serverArgs()...)
	want, got := eventsOf(t, oracle), eventsOf(t, subject)
	for i, call := range calls(eventCalls) {
		if want[i] != got[i] {
			t.Errorf("%s\nredis-server: %s\nkring:        %s", strings.Join(call, " "), want[i], got[i])
		}
	}
}

// eventsOf runs every call and returns the notifications of each.
func eventsOf(t *testing.T, s *harness.Server) (events []string) {
	t.Helper()
	c, listener := s.Connect(t), s.Connect(t)
	do := func(args ...string) {
		t.Helper()
		if _, err := c.Do(args...); err != nil {
			t.Fatal(args, err)
		}
	}
	do("CONFIG", "SET", "notify-keyspace-events", "EAmn")
	if _, err := listener.Do("PSUBSCRIBE", "__keyevent*"); err != nil {
		t.Fatal(err)
	}
	heard := func() (list []string) {
		t.Helper()
		do("PUBLISH", "__keyevent@end", "end")
		for {
			v, err := listener.Receive()
			if err != nil {
				t.Fatal(err)
			}
			if v.Elems[3].Str == "end" {
				return list
			}
			list = append(list, fmt.Sprintf("%s %s", strings.TrimPrefix(v.Elems[2].Str, "__keyevent"), v.Elems[3].Str))
		}
	}
	for _, call := range calls(eventCalls) {
		for _, args := range calls(eventSetup) {
			do(args...)
		}
		heard()
		do(call...)
		events = append(events, strings.Join(heard(), ", "))
	}
	return events
}
