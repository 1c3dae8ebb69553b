package server

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kringdb/kring/internal/server/script"
)

// accounts hold the same sum together, whatever runs.
const (
	accounts    = 6
	accountSum  = 6000
	transferOne = "redis.call('decrby',KEYS[1],ARGV[1]) redis.call('incrby',KEYS[2],ARGV[1])"
)

// isolation is one kind of what runs at the same time.
type isolation struct {
	name string
	text string // of a script with two accounts as its keys; "": call
	call func(c *testClient, a, b string) string
	want string // what it replies, "": anything
}

var isolationKinds = []isolation{
	{name: "declared", text: transferOne + " return 'done'", want: "done"},
	{name: "tried", text: "for i=1,2 do redis.call(i==1 and 'decrby' or 'incrby',KEYS[i],ARGV[1]) end return 'done'", want: "done"},
	{name: "erring", text: transferOne + " redis.call('incr',KEYS[3]) error('x')", want: "ERR user_script:1: x"},
	{name: "tried, erring", text: "for i=1,1 do " + transferOne + " redis.call('incr',KEYS[3]) end error('x')", want: "ERR user_script:1: x"},
	{name: "beyond", text: transferOne + " for i=1,1 do redis.call('incr','beyond') end return 'done'", want: "done"},
	{name: "large", text: "for i=1,1 do " + transferOne + " redis.call('hset','{x}large',ARGV[2],'v') end return 'done'", want: "done"},
	{name: "lasting", text: "for i=1,1 do redis.call('decrby',KEYS[1],ARGV[1]) end local n=0 for i=1,400000 do n=n+i end redis.call('incrby',KEYS[2],ARGV[1]) return 'done'", want: "done"},
	{name: "sum", text: "local s=0 for i=1,#KEYS do s=s+redis.call('get',KEYS[i]) end return s", want: strconv.Itoa(accountSum)},
	{name: "sum of all", text: "local s=0 for i=0,5 do s=s+redis.call('get','account:'..i) end return s", want: strconv.Itoa(accountSum)},
	{name: "plain", call: func(c *testClient, a, b string) string {
		c.send(encode("MULTI") + encode("DECRBY", a, "7") + encode("INCRBY", b, "7") + encode("EXEC"))
		for range 3 {
			c.reply()
		}
		return c.reply()
	}},
	{name: "read", call: func(c *testClient, _, _ string) string {
		sum := 0
		for _, f := range strings.Fields(strings.Trim(c.do(append([]string{"MGET"}, accountNames...)...), "[]")) {
			n, _ := strconv.Atoi(f)
			sum += n
		}
		return strconv.Itoa(sum)
	}, want: strconv.Itoa(accountSum)},
}

var accountNames = func() (names []string) {
	for i := range accounts {
		names = append(names, "account:"+strconv.Itoa(i))
	}
	return names
}()

// TestScriptIsolation: scripts under the locks of their keys, with all gates, and those that change from one
// to the other, beside each other, transactions and readers: nobody sees half of one, and what an error
// has left stays. SCRIPT_ROUNDS is how often each client does something.
func TestScriptIsolation(t *testing.T) {
	rounds := 300
	if testing.Short() {
		rounds = 60
	}
	if n, err := strconv.Atoi(os.Getenv("SCRIPT_ROUNDS")); err == nil {
		rounds = n
	}
	s := startServer(t, "reactors", "3", "appendonly", "yes", "dir", t.TempDir())
	setup := dial(t, s)
	for _, name := range accountNames {
		setup.want("OK", "SET", name, strconv.Itoa(accountSum/accounts))
	}
	for i := range 3000 {
		setup.want("1", "HSET", "{x}large", "field:"+strconv.Itoa(i), "v")
	}
	var wg sync.WaitGroup
	var failed, beyond atomic.Int64
	for i := range 9 {
		c, rng := dial(t, s), rand.New(rand.NewPCG(uint64(i), 1))
		wg.Add(1)
		go func() {
			defer wg.Done()
			for n := range rounds {
				k := &isolationKinds[rng.IntN(len(isolationKinds))]
				if strings.HasPrefix(k.name, "lasting") && rng.IntN(20) > 0 {
					continue
				}
				a := rng.IntN(accounts)
				from, to := accountNames[a], accountNames[(a+1+rng.IntN(accounts-1))%accounts]
				got := ""
				if k.text == "" {
					got = k.call(c, from, to)
				} else {
					// A text of its own now and then: one of which nothing is known yet.
					text := k.text
					if rng.IntN(4) == 0 {
						text += fmt.Sprintf(" -- %d %d", i, n)
					}
					c.do("SCRIPT", "LOAD", text)
					keys := []string{from, to, "failed"}
					if k.name == "large" {
						keys[2] = "{x}large"
					} else if strings.HasPrefix(k.name, "sum") {
						keys = accountNames
					}
					call := append([]string{"EVALSHA", script.Sum([]byte(text)), strconv.Itoa(len(keys))}, keys...)
					got = c.do(append(call, strconv.Itoa(rng.IntN(5)), "field:"+strconv.Itoa(rng.IntN(4000)))...)
					if strings.Contains(k.name, "erring") {
						failed.Add(1)
					}
					if k.name == "beyond" {
						beyond.Add(1)
					}
				}
				if k.want != "" && got != k.want && !strings.HasPrefix(got, k.want+" script: ") {
					t.Errorf("%s: %q", k.name, got)
				}
			}
		}()
	}
	wg.Wait()
	check := func(c *testClient) {
		t.Helper()
		sum := 0
		for _, name := range accountNames {
			n, _ := strconv.Atoi(c.do("GET", name))
			sum += n
		}
		if sum != accountSum {
			t.Errorf("the accounts hold %d", sum)
		}
		c.want(strconv.FormatInt(failed.Load(), 10), "GET", "failed")
		c.want(strconv.FormatInt(beyond.Load(), 10), "GET", "beyond")
	}
	check(setup)
	setup.want("OK", "DEBUG", "LOADAOF")
	check(setup)
}

// undoCalls change keys of all types in ways that show when they are done twice.
var undoCalls = [][]string{
	{"INCR", "n"}, {"APPEND", "s", "xyz"}, {"SETRANGE", "s", "30", "q"}, {"SET", "i", "7"}, {"GETDEL", "gone"}, {"SET", "new", "v", "PX", "100000000"},
	{"RPUSH", "l", "x", "y"}, {"LPOP", "l"}, {"LTRIM", "l2", "1", "0"}, {"LPUSH", "l3", "a"}, {"LMOVE", "l", "l3", "LEFT", "RIGHT"},
	{"HSET", "h", "f", "1", "g", "2"}, {"HINCRBY", "h", "count", "5"}, {"HDEL", "h2", "only"}, {"HSET", "big", "one-more", "v"},
	{"SADD", "ints", "17", "18"}, {"SADD", "ints", "word"}, {"SPOP", "one"}, {"SMOVE", "set", "ints", "m1"},
	{"ZADD", "z", "INCR", "1.5", "m"}, {"ZPOPMIN", "z2"}, {"ZUNIONSTORE", "z3", "2", "z", "z2"}, {"GEOADD", "geo", "13.36", "38.11", "place"},
	{"XADD", "x", "*", "f", "v"}, {"XGROUP", "CREATE", "x", "group", "0"}, {"XTRIM", "x", "MAXLEN", "2"},
	{"EXPIRE", "ttl", "1000"}, {"PERSIST", "ttl2"}, {"DEL", "s2"}, {"RENAME", "r1", "r2"}, {"SETBIT", "bits", "100", "1"}, {"PFADD", "hll", "a", "b"},
	{"BITOP", "NOT", "bits2", "bits"}, {"SORT", "ints", "ALPHA", "STORE", "sorted"}, {"EXPIRE", "past", "-1"}, {"INCR", "past"},
}

var undoBegin = [][]string{
	{"SET", "n", "41"}, {"SET", "s", "abc"}, {"SET", "i", "string"}, {"SET", "gone", "1"}, {"RPUSH", "l", "1", "2", "3"}, {"RPUSH", "l2", "1"},
	{"HSET", "h", "count", "1"}, {"HSET", "h2", "only", "1"}, {"SADD", "ints", "1", "2"}, {"SADD", "one", "1"}, {"SADD", "set", "m1", "m2"},
	{"ZADD", "z", "1", "m"}, {"ZADD", "z2", "1", "a", "2", "b"}, {"XADD", "x", "1-1", "f", "v"}, {"XADD", "x", "1-2", "f", "v"},
	{"SET", "ttl", "v"}, {"SET", "ttl2", "v", "EX", "5000"}, {"SET", "s2", strings.Repeat("v", 5000)}, {"SET", "r1", "v"}, {"SET", "past", "5"},
}

// TestUndo: a script that has changed values of all types before it reaches for a key that it has not declared
// leaves what its calls by themselves leave, and as many traces: events, counts, records.
func TestUndo(t *testing.T) {
	keys := map[string]bool{}
	for _, c := range undoBegin {
		keys[c[1]] = true
	}
	text := "for i = 1, 1 do "
	for _, c := range undoCalls {
		text += "redis.call('" + strings.Join(c, "','") + "') "
	}
	for _, k := range []string{"new", "l3", "big", "z3", "geo", "r2", "bits", "bits2", "hll", "sorted", "x"} {
		keys[k] = true
	}
	text += "end return redis.call('get','undeclared')"
	var names []string
	for k := range keys {
		names = append(names, k)
	}
	type trace struct{ data, events, counts string }
	run := func(scripted bool) (tr trace) {
		s := startServer(t, "notify-keyspace-events", "KEA", "reactors", "1")
		c := dial(t, s)
		for _, b := range undoBegin {
			c.do(b...)
		}
		for i := range 200 {
			c.do("HSET", "big", "field:"+strconv.Itoa(i), "v")
		}
		c.do("CONFIG", "RESETSTAT")
		events, waiter, watcher := dial(t, s), dial(t, s), dial(t, s)
		events.do("PSUBSCRIBE", "__keyevent*")
		waiter.block(s, 1, "BLPOP", "l3", "0")
		watcher.want("OK", "WATCH", "h")
		if scripted {
			c.do("SCRIPT", "LOAD", text)
			call := append([]string{"EVALSHA", script.Sum([]byte(text)), strconv.Itoa(len(names))}, names...)
			c.want("nil", call...)
			if got := s.Scripts.Engine.FindText([]byte(text)).Reach(); got != script.Beyond {
				t.Errorf("the server knows of the script: %d", got)
			}
		} else {
			c.want("OK", "MULTI")
			for _, call := range undoCalls {
				c.want("QUEUED", call...)
			}
			c.do("EXEC")
		}
		waiter.gets("[l3 a]")
		watcher.want("OK", "MULTI")
		watcher.want("QUEUED", "GET", "n")
		watcher.want("nil", "EXEC")
		for _, k := range names {
			if k != "x" { // its new id is the time
				tr.data += fmt.Sprintf("%s %q %s\n", k, c.do("DUMP", k), c.do("OBJECT", "ENCODING", k))
			}
			if ttl := c.do("PTTL", k); ttl == "-1" || ttl == "-2" {
				tr.data += ttl + "\n"
			}
		}
		tr.data += c.do("XLEN", "x") + c.do("DBSIZE")
		c.do("PUBLISH", "__keyevent@0__:end", "end")
		for e := ""; !strings.Contains(e, "end end"); {
			e = events.reply()
			tr.events += e + "\n"
		}
		for _, line := range strings.Split(c.do("INFO", "commandstats"), "\n") {
			if name, rest, ok := strings.Cut(line, ":"); ok && strings.Contains(strings.ToLower(text), "'"+strings.TrimPrefix(name, "cmdstat_")+"'") && name != "cmdstat_get" {
				calls, _, _ := strings.Cut(rest, ",")
				tr.counts += name + " " + calls + "\n"
			}
		}
		return tr
	}
	got, want := run(true), run(false)
	if got.data != want.data {
		t.Errorf("the data:\n%s\nwant:\n%s", got.data, want.data)
	}
	if got.events != want.events {
		t.Errorf("the events:\n%s\nwant:\n%s", got.events, want.events)
	}
	if got.counts != want.counts {
		t.Errorf("the calls:\n%s\nwant:\n%s", got.counts, want.counts)
	}
}

// TestScriptMemory: a script that wants more than lua-memory-limit gets an error, whatever it does to
// get it, may catch it, and the server goes on.
func TestScriptMemory(t *testing.T) {
	s := startServer(t, "lua-memory-limit", "4mb")
	c := dial(t, s)
	for _, text := range []string{
		"return #string.rep('x', 5000000)",
		"local s = 'x' while true do s = s .. s end",
		"local t = {} while true do t[#t + 1] = #t end",
		"local t, i = {}, 0 while true do i = i + 1 t['key' .. i] = true end",
		"local t = {} for i = 1, 300 do t[i] = string.rep('x', 10000) .. i end return #table.concat(t) + #table.concat(t)",
		"return #string.gsub(string.rep('x', 100000), 'x', string.rep('y', 100))",
		"return #string.format('%s%s%s', string.rep('x', 1500000), string.rep('x', 1500000), string.rep('x', 1500000))",
		"local t = {} while true do t = {t, function() return t end} end",
		"local t = {} while true do t[#t + 1] = coroutine.wrap(function() coroutine.yield() end) t[#t]() end",
		"local t = {} for i = 1, 100000 do t[i] = redis.call('echo', string.rep('x', 1000) .. i) end return #t",
		"return #cjson.decode('[' .. string.rep('[1],', 500000) .. '1]')",
		"return #cmsgpack.pack(string.rep('x', 2000000), string.rep('x', 1500000), string.rep('y', 1500000))",
	} {
		if got := c.do("EVAL", text, "0"); !strings.Contains(got, "not enough memory") {
			t.Errorf("%s\n%.200q", text, got)
		}
		c.want("caught", "EVAL", "local ok = pcall(function() "+text+" end) return ok and 'not caught' or 'caught'", "0")
	}
	c.want("3000000", "EVAL", "local n = 0 for i = 1, 3000 do n = n + #(string.rep('x', 999) .. 'y') end return n", "0") // garbage counts for nothing
	library := "#!lua name=large\nlocal s = 'x' for i = 1, 23 do s = s .. s end\nredis.register_function('length', function() return #s end)"
	if got := c.do("FUNCTION", "LOAD", library); !strings.Contains(got, "not enough memory") {
		t.Errorf("FUNCTION LOAD: %q", got)
	}
	c.want("OK", "CONFIG", "SET", "lua-memory-limit", "64mb")
	c.want("large", "FUNCTION", "LOAD", library)
	c.want("8388608", "FCALL", "length", "0")
	c.want("5000000", "EVAL", "return #string.rep('x', 5000000)", "0")
	c.want("PONG", "PING")
}
