package server

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestMultiReplies(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	const abort = "EXECABORT Transaction discarded because of previous errors."
	for _, step := range [][]string{
		{"ERR EXEC without MULTI", "EXEC"},
		{"ERR DISCARD without MULTI", "DISCARD"},
		{"OK", "MULTI"}, {"ERR MULTI calls can not be nested", "MULTI"}, {"ERR WATCH inside MULTI is not allowed", "WATCH", "a"}, {"[]", "EXEC"},
		{"OK", "MULTI"}, {"QUEUED", "SET", "a", "1"}, {"QUEUED", "INCR", "a"}, {"QUEUED", "LPUSH", "a", "x"}, {"QUEUED", "GET", "a"},
		{"[OK 2 WRONGTYPE Operation against a key holding the wrong kind of value 2]", "EXEC"},
		{"OK", "MULTI"}, {"ERR unknown command 'nope', with args beginning with: ", "nope"}, {"QUEUED", "SET", "a", "9"}, {abort, "EXEC"}, {"2", "GET", "a"},
		{"OK", "MULTI"}, {"ERR wrong number of arguments for 'get' command", "GET"}, {"OK", "DISCARD"},
		{"OK", "MULTI"}, {"ERR Command not allowed inside a transaction", "SHUTDOWN", "NOSAVE"}, {abort, "EXEC"},
		{"OK", "MULTI"}, {"EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command", "EXEC", "x"}, {"ERR EXEC without MULTI", "EXEC"},
		{"OK", "MULTI"}, {"QUEUED", "SELECT", "1"}, {"QUEUED", "SET", "b", "1"}, {"QUEUED", "UNWATCH"}, {"[OK OK OK]", "EXEC"}, {"1", "GET", "b"}, {"OK", "SELECT", "0"}, {"nil", "GET", "b"},
		{"OK", "MULTI"}, {"QUEUED", "BLPOP", "none", "0"}, {"QUEUED", "BLMOVE", "none", "x", "LEFT", "LEFT", "0"}, {"[nil nil]", "EXEC"},
		{"OK", "MULTI"}, {"RESET", "RESET"}, {"ERR EXEC without MULTI", "EXEC"},
		{"OK", "MULTI"}, {"QUEUED", "PING"}, {"QUEUED", "DBSIZE"}, {"QUEUED", "SET", "n", "1"}, {"QUEUED", "DBSIZE"}, {"QUEUED", "FLUSHALL"}, {"QUEUED", "DBSIZE"}, {"[PONG 1 OK 2 OK 0]", "EXEC"},
		{"OK", "MULTI"}, {"QUEUED", "SET", "k", "1"}, {"QUEUED", "KEYS", "*"}, {"QUEUED", "CLIENT", "SETNAME", "me"}, {"QUEUED", "CLIENT", "GETNAME"}, {"QUEUED", "SELECT", "2"}, {"QUEUED", "DBSIZE"},
		{"QUEUED", "CONFIG", "SET", "timeout", "0"}, {"QUEUED", "DEBUG", "SLEEP", "0"}, {"QUEUED", "CLIENT", "UNBLOCK", "9999"}, {"[OK [k] OK me OK 0 OK OK 0]", "EXEC"},
		{"me", "CLIENT", "GETNAME"}, {"nil", "GET", "k"}, {"OK", "SELECT", "0"}, {"1", "GET", "k"},
	} {

		c.want(step[0], step[1:]...)
	}
	c.want("OK", "MULTI")
	c.want("QUEUED", "HELLO", "3")
	c.want("QUEUED", "CLIENT", "LIST")
	c.want("QUEUED", "CLIENT", "INFO")
	c.want("QUEUED", "INFO", "clients")
	if got := c.do("EXEC"); !strings.Contains(got, "proto 3") || !strings.Contains(got, "cmd=exec") {
		t.Error(got)
	}
	c.send(encode("GET", "none"))
	if b, _ := c.r.Peek(3); string(b) != "_\r\n" {
		t.Errorf("%q after HELLO 3 in a transaction on a worker", b)
	}
	c.gets("nil")
	c.send(encode("MULTI") + encode("SET", "a", "1") + encode("BLPOP", "none", "0") + encode("EXEC") + encode("PING"))
	for _, want := range []string{"OK", "QUEUED", "QUEUED", "[OK nil]", "PONG"} {
		c.gets(want)
	}
	noObservers(t, s)
}

func TestMultiClientList(t *testing.T) {
	s := startServer(t)
	c, p := dial(t, s), dial(t, s)
	id := c.do("CLIENT", "ID")
	line := func(want ...string) {
		t.Helper()
		got := p.do("CLIENT", "LIST", "ID", id)
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("no %q in %s", w, got)
			}
		}
	}
	line(" flags=N ", " multi=-1 watch=0 ")
	c.want("OK", "WATCH", "a", "b", "a")
	line(" flags=N ", " multi=-1 watch=2 ")
	c.want("OK", "MULTI")
	c.want("QUEUED", "GET", "a")
	line(" flags=x ", " multi=1 watch=2 ")
	p.want("OK", "SET", "b", "1")
	line(" flags=xd ", " multi=1 watch=2 ")
	c.want("nil", "EXEC")
	line(" flags=N ", " multi=-1 watch=0 ")
}

func TestWatch(t *testing.T) {
	s := startServer(t)
	c, p := dial(t, s), dial(t, s)
	try := func(want string, touch ...string) {
		t.Helper()
		c.want("OK", "MULTI")
		c.want("QUEUED", "GET", "w")
		p.do(touch...)
		got := c.do("EXEC")
		if broken := got == "nil"; broken != (want == "broken") {
			t.Errorf("%v: %s, want %s", touch, got, want)
		}
		p.do("FLUSHALL")
		noObservers(t, s)
	}
	watch := func(pre ...string) {
		if len(pre) > 0 {
			p.do(pre...)
		}
		c.want("OK", "WATCH", "w", "v")
	}
	watch()
	try("holds", "SET", "other", "1")
	watch()
	try("broken", "SET", "w", "1")
	watch("SET", "v", "1")
	try("broken", "DEL", "v")
	watch()
	try("holds", "DEL", "v")
	watch("SET", "v", "1")
	try("broken", "FLUSHALL")
	watch()
	try("holds", "FLUSHALL")
	watch("SET", "v", "1")
	try("holds", "FLUSHDB", "nonsense")
	watch("SET", "v", "1")
	try("broken", "SWAPDB", "0", "1")
	watch()
	try("holds", "SWAPDB", "0", "1")
	watch("SET", "v", "1")
	try("broken", "PEXPIRE", "v", "100000")
	watch("SET", "v", "1")
	try("holds", "TOUCH", "v")
	watch("SET", "v", "1")
	try("broken", "RENAME", "v", "z")
	until(t, "a key that expires is watched before it does", func() bool { // a busy machine may be late
		watch("SET", "v", "1", "PX", "30")
		if p.do("EXISTS", "v") == "1" {
			return true
		}
		c.want("OK", "UNWATCH")
		return false
	})
	try("broken", "DEBUG", "SLEEP", "0.05")
	watch("SET", "v", "1", "PX", "1")
	c.want("OK", "UNWATCH")
	try("holds", "DEBUG", "SLEEP", "0.01")
	p.want("OK", "DEBUG", "SET-ACTIVE-EXPIRE", "0")
	p.want("OK", "SET", "v", "1", "PX", "1")
	time.Sleep(5 * time.Millisecond)
	watch() // has expired already
	p.want("OK", "DEBUG", "SET-ACTIVE-EXPIRE", "1")
	try("holds", "GET", "v")
	watch()
	c.want("OK", "SET", "v", "1") // one's own change counts
	try("broken", "PING")
	watch()
	c.want("ERR DISCARD without MULTI", "DISCARD")
	c.want("OK", "MULTI")
	c.want("OK", "DISCARD")
	noObservers(t, s)
	watch()
	c.Close()
	p.want("PONG", "PING")
	for end := time.Now().Add(patience); s.clients.Counts.Clients.Load() > 1 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	noObservers(t, s)
}

// TestExecServesBlocked: after EXEC, not in the middle of it.
func TestExecServesBlocked(t *testing.T) {
	s := startServer(t)
	c, p, b := dial(t, s), dial(t, s), dial(t, s)
	for _, dbsize := range []bool{false, true} {
		c.block(s, 1, "BLPOP", "a", "b", "0")
		b.block(s, 2, "BLMOVE", "b", "moved", "LEFT", "LEFT", "0")
		p.want("OK", "MULTI")
		p.want("QUEUED", "RPUSH", "b", "1", "2")
		p.want("QUEUED", "LLEN", "b")
		p.want("QUEUED", "RPUSH", "a", "3")
		if dbsize {
			p.want("QUEUED", "DBSIZE")
			p.want("[2 2 1 2]", "EXEC")
		} else {
			p.want("[2 2 1]", "EXEC")
		}
		p.want("[2]", "LRANGE", "b", "0", "-1") // b had its reply from a, which comes first
		b.gets("1")
		c.gets("[a 3]")
		p.want("OK", "FLUSHALL")
	}
	noObservers(t, s)
}

// TestExecIsAtomic: transfers between counters over shards; every transaction that reads
// them, of either kind, sees the same sum.
func TestExecIsAtomic(t *testing.T) {
	s := startServer(t, "reactors", "3")
	const accounts, rounds = 6, 250
	key := func(i int) string { return fmt.Sprint("acc", i) }
	var wg sync.WaitGroup
	for range 3 {
		c := dial(t, s)
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range rounds {
				a, b := rand.IntN(accounts), rand.IntN(accounts)
				extra := ""
				if i%10 == 0 {
					extra = encode("FLUSHDB", "bad")
				}
				c.send(encode("MULTI") + encode("DECR", key(a)) + extra + encode("INCR", key(b)) + encode("EXEC"))
				for range 4 + len(extra[:min(1, len(extra))]) {
					c.reply()
				}
			}
		}()
	}
	for reader, slow := range [][]string{nil, {"DBSIZE"}, {"KEYS", "*"}, {"RANDOMKEY"}} {
		c := dial(t, s)
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range rounds {
				req, n := encode("MULTI"), accounts+2
				for i := range accounts {
					req += encode("GET", key(i))
					if i == 2 && slow != nil {
						req += encode(slow...)
						n++
					}
				}
				c.send(req + encode("EXEC"))
				for range n - 1 {
					c.reply()
				}
				sum, got := 0, c.reply()
				if slow == nil { // others have more in the reply
					for _, f := range strings.Fields(strings.Trim(got, "[]")) {
						v, _ := strconv.Atoi(f)
						sum += v
					}
				}
				if sum != 0 {
					t.Errorf("reader %d: %s", reader, got)
					return
				}
			}
		}()
	}
	wg.Wait()
}

// TestWatchCounter: optimistic increments lose none.
func TestWatchCounter(t *testing.T) {
	s := startServer(t, "reactors", "3")
	const clients, each = 6, 60
	var wg sync.WaitGroup
	for range clients {
		c := dial(t, s)
		wg.Add(1)
		go func() {
			defer wg.Done()
			for done := 0; done < each; {
				c.want("OK", "WATCH", "n")
				n, err := strconv.Atoi(strings.Replace(c.do("GET", "n"), "nil", "0", 1))
				if err != nil {
					t.Error(err)
					return
				}
				c.want("OK", "MULTI")
				c.want("QUEUED", "SET", "n", fmt.Sprint(n+1))
				if c.do("EXEC") != "nil" {
					done++
				}
			}
		}()
	}
	wg.Wait()
	dial(t, s).want(fmt.Sprint(clients*each), "GET", "n")
	noObservers(t, s)
}

// TestExecAgainstEverything: transactions that hold all gates, that wait for reactors,
// and exclusive commands do not block each other for ever.
func TestExecAgainstEverything(t *testing.T) {
	s := startServer(t)
	var wg sync.WaitGroup
	for _, cmd := range [][]string{
		{"FLUSHALL"}, {"SWAPDB", "0", "1"}, {"INFO"}, {"CLIENT", "LIST"}, {"KEYS", "*"}, {"MSET", "a", "1", "b", "2"},
		{"CONFIG", "RESETSTAT"}, {"DBSIZE"}, {"CONFIG", "SET", "timeout", "0"}, {"BLPOP", "q", "0.001"}, {"RPUSH", "q", "x"},
	} {
		c, d := dial(t, s), dial(t, s)
		wg.Add(2)
		go func() {
			defer wg.Done()
			for range 40 {
				c.send(encode("WATCH", "a", "q") + encode("MULTI") + encode(cmd...) + encode("INCR", "x") + encode("EXEC"))
				for _, want := range []string{"OK", "OK", "QUEUED", "QUEUED"} {
					if got := c.reply(); got != want {
						t.Errorf("%s: got %q, want %q", cmd, got, want)
						return
					}
				}
				if got := c.reply(); got != "nil" && !strings.HasPrefix(got, "[") {
					t.Errorf("%s: EXEC replied %q", cmd, got)
					return
				}
			}
		}()
		go func() {
			defer wg.Done()
			for range 40 {
				if got := d.do(cmd...); strings.HasPrefix(got, "ERR") || d.lost {
					t.Errorf("%s: %q", cmd, got)
					return
				}
			}
		}()
	}
	wg.Wait()
	noObservers(t, s)
}

// TestExecAsksIsolated: calls of a transaction that ask the reactors let nobody in between.
func TestExecAsksIsolated(t *testing.T) {
	for _, model := range []string{"reactor", "goroutine"} {
		t.Run(model, func(t *testing.T) {
			s := startServer(t, "io-model", model)
			var wg sync.WaitGroup
			var done atomic.Bool
			for range 3 {
				c := dial(t, s)
				wg.Add(1)
				go func() {
					defer wg.Done()
					for !done.Load() {
						if got := c.do("INCR", "n"); strings.Trim(got, "0123456789") != "" || c.lost {
							t.Errorf("INCR n: %q", got)
							return
						}
					}
				}()
			}
			var readers sync.WaitGroup
			for _, slow := range [][]string{{"INFO"}, {"CLIENT", "LIST"}, {"CLIENT", "KILL", "ID", "99999"}, {"CONFIG", "RESETSTAT"}} {
				c := dial(t, s)
				readers.Add(1)
				go func() {
					defer readers.Done()
					for range 40 {
						c.send(encode("MULTI") + encode("GET", "n") + encode(slow...) + encode("GET", "n") + encode("INCR", "x") + encode("EXEC"))
						for _, want := range []string{"OK", "QUEUED", "QUEUED", "QUEUED", "QUEUED"} {
							if got := c.reply(); got != want {
								t.Errorf("%s: got %q, want %q", slow, got, want)
								return
							}
						}
						f := strings.Fields(strings.Trim(c.reply(), "[]"))
						if len(f) < 3 {
							t.Errorf("%s: EXEC replied %q", slow, f)
							return
						}
						if first, last := f[0], f[len(f)-2]; first != last {
							t.Errorf("%s: n was %s before and %s behind it", slow, first, last)
							return
						}
					}
				}()
			}
			readers.Wait()
			done.Store(true)
			wg.Wait()
		})
	}
}

// TestProtectedCalls: what an option allows to nobody is refused before it is queued, and before the client
// must authenticate; the transaction is spoiled.
func TestProtectedCalls(t *testing.T) {
	s := startServer(t, "enable-debug-command", "no", "requirepass", "pw")
	c := dial(t, s)
	const (
		noDebug = "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a local " +
			"connection, otherwise you need to set this option in the configuration file, and then restart the server."
		noModule = "ERR MODULE command not allowed. If the enable-module-command option is set to \"local\", you can run it from a local " +
			"connection, otherwise you need to set this option in the configuration file, and then restart the server."
		aborted = "EXECABORT Transaction discarded because of previous errors."
	)
	c.want(noDebug, "DEBUG", "SLEEP", "0")
	c.want("NOAUTH Authentication required.", "MODULE", "LIST")
	c.want("OK", "AUTH", "pw")
	for _, call := range [][]string{{noDebug, "DEBUG", "SLEEP", "0"}, {noModule, "MODULE", "LOAD", "x"}, {noModule, "MODULE", "LOADEX", "x"}, {noModule, "MODULE", "UNLOAD", "x"}} {
		c.want(call[0], call[1:]...)
		c.want("OK", "MULTI")
		c.want(call[0], call[1:]...)
		c.want(aborted, "EXEC")
		c.send(encode("MULTI") + encode(call[1:]...) + encode("EXEC"))
		for _, want := range []string{"OK", call[0], aborted} {
			if got := c.reply(); got != want {
				t.Errorf("%s in a batch: got %q, want %q", call[1], got, want)
			}
		}
	}
	local := dial(t, startServer(t, "enable-debug-command", "local", "enable-module-command", "local"))
	local.want("OK", "DEBUG", "SLEEP", "0")
	local.want("ERR Error unloading module: no such module with that name", "MODULE", "UNLOAD", "x")
	local.want("OK", "MULTI")
	local.want("QUEUED", "DEBUG", "SLEEP", "0")
	local.want("[OK]", "EXEC")
}
