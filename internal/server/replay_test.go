package server

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/kringdb/kring/internal/server/durable"
	"github.com/kringdb/kring/resp"
)

// replayScript has commands whose record is not the call itself, and those that
// redis-server 7.0 does not know: tests/compat replays the others.
const replayScript = `
HSET h a 1 b 2 c 3 d 4 e 5
HEXPIRE h 10000 FIELDS 2 a b
HPEXPIREAT h 33333333333333 FIELDS 1 c
HPERSIST h FIELDS 1 b
HPEXPIRE h 1 FIELDS 1 d
HEXPIRE h 0 FIELDS 1 e
HGETEX h EX 5000 FIELDS 1 b
HSETEX h EX 7000 FIELDS 2 x 1 y 2
HGETDEL h FIELDS 1 x
HINCRBYFLOAT h f 0.1
HINCRBYFLOAT h f 0.2
HINCRBY h y 5
HSET gone a 1
HPEXPIRE gone 1 FIELDS 1 a
SET s1 v
SET s1 w IFEQ v
SET s1 z IFEQ v
SET s2 v EX 1000
DELIFEQ s2 v
SET s3 v
DELEX s3
SET p1 a
SET p2 b
SET q1 a
DELPATTERN p*
SADD set 1 2 3 4 5 6 7 8 9
SPOP set
SPOP set 3
SADD text a b c d e f g
SPOP text 2
ZADD z 1 a 2 b 3 c 4 d
ZPOPMIN z
ZPOPMAX z
BZPOPMIN z 1
ZMPOP 1 z MAX
RPUSH l a b c d e f g h
LPOP l
BLPOP l 1
BRPOP l 1
LMPOP 1 l LEFT COUNT 2
BLMPOP 1 1 l RIGHT
BLMOVE l l2 LEFT RIGHT 1
RPOPLPUSH l l2
RPUSH nums 3 1 2
SORT nums STORE sorted
XADD x * f v
XADD x * f w
XADD x MAXLEN ~ 1 * f z
XGROUP CREATE x g 0
XREADGROUP GROUP g c COUNT 1 STREAMS x >
PFADD hll a b c d
PFADD hll2 e f
PFMERGE hll3 hll hll2
PFCOUNT hll
GEOADD geo 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
GEOSEARCHSTORE near geo FROMMEMBER Palermo BYRADIUS 200 km ASC COUNT 1
INCRBYFLOAT num 3.0e3
GETEX num PX 100000
SET temp v PX 1
SET kept v PX 100000
SET kept w KEEPTTL
EXPIRE s1 100
PERSIST s1
COPY h h2
RENAME text text2
MOVE q1 3
SWAPDB 4 5
MULTI
SET m1 1
SPOP set
INCRBYFLOAT m2 0.5
EXPIRE m1 100
EXEC
SETRANGE r 5 x
BITFIELD grown OVERFLOW FAIL INCRBY u59 19 -1
SET longer abc
BITFIELD longer OVERFLOW FAIL SET u8 64 300
BITFIELD bf SET u8 0 200 OVERFLOW SAT INCRBY u8 0 100
`

// dump describes all that can be seen of all keys.
func (c *testClient) dump() string {
	var out []string
	for db := range 16 {
		c.do("SELECT", strconv.Itoa(db))
		keys := strings.Fields(strings.Trim(c.do("KEYS", "*"), "[]"))
		for some := range slices.Chunk(keys, 100) {
			out = c.dumpKeys(out, db, some)
		}
	}
	c.do("SELECT", "0")
	sort.Strings(out)
	return strings.Join(out, "\n")
}

// dumpKeys appends to out what can be seen of some keys of the database that is selected, in two pipelines.
func (c *testClient) dumpKeys(out []string, db int, keys []string) []string {
	var ask, show [][]string
	for _, k := range keys {
		ask = append(ask, []string{"PEXPIRETIME", k}, []string{"TYPE", k})
	}
	told := c.pipe(ask)
	from := make([]int, 0, len(keys)+1) // where in show what is asked of a key begins
	for i, k := range keys {
		from = append(from, len(show))
		switch typ := told[2*i+1]; typ {
		case "string":
			show = append(show, []string{"GET", k})
		case "hash":
			for _, f := range strings.Fields(strings.Trim(c.do("HKEYS", k), "[]")) {
				show = append(show, []string{"HGET", k, f}, []string{"HPEXPIRETIME", k, "FIELDS", "1", f})
			}
		case "list":
			show = append(show, []string{"LRANGE", k, "0", "-1"})
		case "set":
			show = append(show, []string{"SORT", k, "ALPHA"})
		case "zset":
			show = append(show, []string{"ZRANGE", k, "0", "-1", "WITHSCORES"})
		case "stream":
			show = append(show, []string{"XRANGE", k, "-", "+"}, []string{"XPENDING", k, "g"})
		default:
			c.t.Fatal(k, typ)
		}
	}
	from = append(from, len(show))
	shown := c.pipe(show)
	for i, k := range keys {
		parts := shown[from[i]:from[i+1]]
		text := strings.Join(parts, "")
		if told[2*i+1] == "hash" {
			fields := make([]string, 0, len(parts)/2)
			for n := 0; n < len(parts); n += 2 {
				fields = append(fields, show[from[i]+n][2]+"="+parts[n]+"@"+parts[n+1])
			}
			sort.Strings(fields)
			text = fmt.Sprint(fields)
		}
		out = append(out, fmt.Sprint(db, " ", k, " ", told[2*i], " ", text))
	}
	return out
}

// pipe sends calls at once and returns their replies in short form.
func (c *testClient) pipe(calls [][]string) []string {
	c.t.Helper()
	var text strings.Builder
	for _, call := range calls {
		text.WriteString(encode(call...))
	}
	c.send(text.String())
	replies := make([]string, len(calls))
	for i := range replies {
		replies[i] = c.reply()
	}
	return replies
}

func TestReplayScript(t *testing.T) {
	s, _ := runAOF(t, t.TempDir())
	c := dial(t, s)
	for line := range strings.Lines(strings.TrimSpace(replayScript)) {
		args := strings.Fields(line)
		if got := c.do(args...); strings.HasPrefix(got, "ERR") || strings.HasPrefix(got, "WRONGTYPE") {
			t.Errorf("%s: %s", line, got)
		}
	}
	until(t, "what lives for a millisecond goes", func() bool {
		return c.do("EXISTS", "temp") == "0" && c.do("EXISTS", "gone") == "0" && c.do("HEXISTS", "h", "d") == "0"
	})
	want := c.dump()
	if n := strings.Count(want, "\n"); n < 18 {
		t.Fatalf("only %d keys:\n%s", n, want)
	}
	c.want("OK", "DEBUG", "LOADAOF")
	if got := c.dump(); got != want {
		t.Errorf("after a replay:\n%s\nwant\n%s", got, want)
	}
	c.want("Background append only file rewriting started", "BGREWRITEAOF")
	c.rewritten()
	c.want("OK", "DEBUG", "LOADAOF")
	if got := c.dump(); got != want {
		t.Errorf("after a rewrite:\n%s\nwant\n%s", got, want)
	}
}

// TestLoadedTimesCount: times to live in an AOF that people have written count from the load, for
// keys and for fields; deadlines that have passed are kept until what follows may move them.
func TestLoadedTimesCount(t *testing.T) {
	s := startServer(t)
	ap := durable.NewApplier(s.disk, context.Background())
	s.Store.SetLoading(true)
	for _, text := range []string{
		"SET a v EX 100", "SETEX b 100 v", "SET c v", "EXPIRE c 100", "SET d v", "GETEX d PX 100000", "HSET h f v g w", "HEXPIRE h 100 FIELDS 1 f",
		"SET e v PXAT 1", "PERSIST e",
	} {
		var rec resp.Args
		for _, word := range strings.Fields(text) {
			rec = append(rec, []byte(word))
		}
		if n, err := ap.Apply([]resp.Args{rec}); n != 1 || err != nil {
			t.Fatalf("%s: %d, %v", text, n, err)
		}
	}
	s.Store.SetLoading(false)
	c := dial(t, s)
	for _, k := range []string{"a", "b", "c", "d"} {
		if got := c.do("TTL", k); got != "100" && got != "99" {
			t.Errorf("%s: %s", k, got)
		}
	}
	if got := c.do("HTTL", "h", "FIELDS", "1", "f"); got != "[100]" && got != "[99]" {
		t.Error(got)
	}
	c.want("v", "GET", "e")
	c.want("-1", "TTL", "e")
}
