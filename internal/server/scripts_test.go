package server

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const endless = "while true do end"

// busyScript runs a script that does not end, and returns its client when it keeps the reactors
// from their gates.
func busyScript(t *testing.T, s *Server, args ...string) *testClient {
	t.Helper()
	c := dial(t, s)
	c.send(encode(args...))
	for end := time.Now().Add(patience); !s.Scripts.Barred(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the script does not run")
		}
	}
	return c
}

// TestBusyScript: while a script runs for ever, who needs no data is served, others wait and are
// refused after the threshold, until SCRIPT KILL.
func TestBusyScript(t *testing.T) {
	s := startServer(t, "busy-reply-threshold", "300")
	c, waits, tx := dial(t, s), dial(t, s), dial(t, s)
	c.want("OK", "SET", "a", "1")
	tx.want("OK", "MULTI")
	tx.want("QUEUED", "DBSIZE")
	script := busyScript(t, s, "EVAL", endless, "0")
	waits.send(encode("GET", "a") + encode("PING"))
	for range 20 {
		c.want("PONG", "PING")
		c.want("x", "ECHO", "x")
	}
	busy := "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."
	if got := waits.reply(); got != busy {
		t.Errorf("GET: %q", got)
	}
	if got := waits.reply(); got != "PONG" {
		t.Errorf("PING behind it: %q", got)
	}
	c.want(busy, "SET", "a", "2")
	c.want(busy, "FLUSHALL")
	c.want(busy, "INFO")
	c.want(busy, "EVAL", "return 1", "0")
	tx.want("EXECABORT Transaction discarded because of: "+strings.TrimPrefix(busy, "ERR "), "EXEC")
	c.want(busy, "FUNCTION", "KILL")
	c.want("[running_script nil engines [LUA [libraries_count 0 functions_count 0]]]", "FUNCTION", "STATS")
	c.want("OK", "SCRIPT", "KILL")
	if got := script.reply(); !strings.HasPrefix(got, "ERR Script killed by user with SCRIPT KILL... script: ") || !strings.HasSuffix(got, ", on @user_script:1.") {
		t.Errorf("the script: %q", got)
	}
	c.want("1", "GET", "a")
	c.want("NOTBUSY No scripts in execution right now.", "SCRIPT", "KILL")
	script.want("1", "EVAL", "return 1", "0")
}

// TestWaitingForAScript: before the threshold everything waits, and goes on as if nothing had been.
func TestWaitingForAScript(t *testing.T) {
	s := startServer(t, "busy-reply-threshold", "0")
	script := busyScript(t, s, "EVAL", endless, "0")
	var others []*testClient
	for _, args := range [][]string{{"INCR", "n"}, {"FLUSHALL"}, {"DBSIZE"}, {"KEYS", "*"}, {"EVAL", "return redis.call('ping')", "0"}, {"INFO", "server"}, {"SUBSCRIBE", "c"}} {
		c := dial(t, s)
		c.send(encode(args...))
		others = append(others, c)
	}
	c := dial(t, s)
	c.want("PONG", "PING")
	c.want("OK", "MULTI")
	c.want("QUEUED", "INCR", "n")
	c.want("OK", "DISCARD")
	c.want("OK", "SCRIPT", "KILL")
	for _, o := range others {
		if got := o.reply(); strings.HasPrefix(got, "BUSY") || got == "" {
			t.Errorf("got %q", got)
		}
	}
	script.reply()
}

// TestUnkillable: what has written cannot be killed, but ends with the server.
func TestUnkillable(t *testing.T) {
	dir := t.TempDir()
	s, end := runServer(t, "dir", dir, "appendonly", "yes")
	c := dial(t, s)
	c.want("OK", "SET", "kept", "1")
	busyScript(t, s, "EVAL", "redis.call('set','a',1) while true do pcall(function() while true do end end) end", "0")
	if got := c.do("SCRIPT", "KILL"); !strings.HasPrefix(got, "UNKILLABLE ") {
		t.Errorf("got %q", got)
	}
	end()
	s = startServer(t, "dir", dir, "appendonly", "yes")
	dial(t, s).want("[1 nil]", "MGET", "kept", "a")
}

// TestFunctionsSurvive: libraries are there after a restart, with and without a rewrite of the AOF.
func TestFunctionsSurvive(t *testing.T) {
	dir := t.TempDir()
	lib := func(name string) string {
		return fmt.Sprintf("#!lua name=%s\nredis.register_function('f%s', function(keys, args) return redis.call('incr', keys[1]) end)", name, name)
	}
	options := []string{"dir", dir, "appendonly", "yes"}
	s, end := runServer(t, options...)
	c := dial(t, s)
	for _, name := range []string{"a", "b", "c"} {
		c.want(name, "FUNCTION", "LOAD", lib(name))
	}
	c.want("OK", "FUNCTION", "DELETE", "b")
	c.want("1", "FCALL", "fa", "1", "k")
	end()
	s, end = runServer(t, options...)
	c = dial(t, s)
	c.want("2", "FCALL", "fa", "1", "k")
	c.want("ERR Function not found", "FCALL", "fb", "1", "k")
	c.do("BGREWRITEAOF")
	for deadline := time.Now().Add(patience); !strings.Contains(c.do("INFO", "persistence"), "aof_rewrite_in_progress:0"); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the rewrite does not end")
		}
	}
	c.want("OK", "DEBUG", "LOADAOF")
	c.want("3", "FCALL", "fc", "1", "k")
	dump := c.do("FUNCTION", "DUMP")
	c.want("OK", "FUNCTION", "FLUSH")
	c.want("OK", "FUNCTION", "RESTORE", dump)
	end()
	s = startServer(t, options...)
	c = dial(t, s)
	c.want("4", "FCALL", "fc", "1", "k")
	c.want("5", "FCALL", "fa", "1", "k")
	c.want("ERR Library a already exists", "FUNCTION", "RESTORE", dump)
	c.want("OK", "FUNCTION", "RESTORE", dump, "REPLACE")
	c.want("OK", "FUNCTION", "RESTORE", dump, "FLUSH")
}

// TestFunctionsGoAway: what a library kept that is replaced or deleted, or could not be loaded, counts no more against the
// limit of memory, however often that happens.
func TestFunctionsGoAway(t *testing.T) {
	s := startServer(t, "lua-memory-limit", "8mb")
	c := dial(t, s)
	text := func(name, after string) string {
		return "#!lua name=" + name + "\nlocal kept = 'x' for i = 1, 20 do kept = kept .. kept end\nredis.register_function('f', function() return #kept end)\n" + after
	}
	for range 30 {
		c.want("a", "FUNCTION", "LOAD", "REPLACE", text("a", ""))
		c.want("1048576", "FCALL", "f", "0")
		if got := c.do("FUNCTION", "LOAD", text("b", "")); got != "ERR Function f already exists" {
			t.Fatal(got)
		}
		if got := c.do("FUNCTION", "LOAD", "REPLACE", text("a", "late()")); !strings.HasPrefix(got, "ERR Error registering functions: ") || !strings.Contains(got, "late") {
			t.Fatal(got)
		}
		c.want("1048576", "FCALL", "f", "0")
		c.want("OK", "FUNCTION", "DELETE", "a")
	}
	nothing := c.do("FUNCTION", "DUMP")
	for _, end := range [][]string{{"FUNCTION", "FLUSH"}, {"FUNCTION", "RESTORE", nothing, "FLUSH"}} {
		c.want("a", "FUNCTION", "LOAD", text("a", ""))
		c.want("OK", end...)
		if got := c.infoOf("memory")["used_memory_vm_functions"]; got != "0" {
			t.Errorf("%s bytes of functions, of which there are none, after %s", got, end[1])
		}
	}
}

// TestLibraryLogs: a library may write to the log while it is loaded, by a client and from a file, and is told what is wrong
// with how it does.
func TestLibraryLogs(t *testing.T) {
	dir := t.TempDir()
	options := []string{"dir", dir, "appendonly", "yes"}
	s, end := runServer(t, options...)
	c := dial(t, s)
	text := func(call string) string {
		return "#!lua name=a\n" + call + "\nredis.register_function('f', function() redis.log(redis.LOG_NOTICE, 'called') return 1 end)"
	}
	c.want("a", "FUNCTION", "LOAD", text("redis.log(redis.LOG_WARNING, 'loaded')"))
	for _, wrong := range []string{"redis.log(1)", "redis.log('x', 'y')", "redis.log(9, 'y')", "redis.log(1/0, 'y')", "redis.log(0/0, 'y')", "redis.log(-1e300, 'y')"} {
		if got := c.do("FUNCTION", "LOAD", "REPLACE", text(wrong)); !strings.HasPrefix(got, "ERR Error registering functions: ") {
			t.Error(wrong, got)
		}
	}
	c.want("1", "FCALL", "f", "0")
	end()
	dial(t, startServer(t, options...)).want("1", "FCALL", "f", "0")
}

// TestScriptsAreUnits: what a script did is recorded as one, and not what it wants to have left out;
// who waits for a key gets it when the script has ended.
func TestScriptsAreUnits(t *testing.T) {
	dir := t.TempDir()
	s, end := runServer(t, "dir", dir, "appendonly", "yes")
	c, waits := dial(t, s), dial(t, s)
	waits.send(encode("BLPOP", "l", "0"))
	for end := time.Now().Add(patience); s.Waiting.Blocked.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the client is not blocked")
		}
	}
	c.want("2", "EVAL", "redis.call('rpush','l','gone') redis.call('lpop','l') redis.call('rpush','l','x','y') return redis.call('llen','l')", "0")
	if got := waits.reply(); got != "[l x]" {
		t.Errorf("BLPOP: %q", got)
	}
	c.want("nil", "EVAL", "return redis.call('blpop','empty',0)", "0")
	c.want("nil", "EVAL", "redis.set_repl(redis.REPL_NONE) redis.call('set','unrecorded',1)", "0")
	for _, args := range []string{"", ", redis.REPL_NONE, 1"} { // Redis counts so
		c.want("ERR redis.set_repl() requires two arguments.", "EVAL", "return select(2, pcall(redis.set_repl"+args+"))", "0")
	}
	c.want("OK", "MULTI")
	c.want("QUEUED", "EVAL", "redis.call('set','m',1) error('late')", "0")
	c.want("QUEUED", "INCR", "m")
	if got := c.do("EXEC"); !strings.HasPrefix(got, "[ERR user_script:1: late script: ") || !strings.HasSuffix(got, " 2]") {
		t.Errorf("EXEC: %q", got)
	}
	end()
	s = startServer(t, "dir", dir, "appendonly", "yes")
	dial(t, s).want("[2 nil]", "MGET", "m", "unrecorded")
	dial(t, s).want("[y]", "LRANGE", "l", "0", "-1")
}

// TestScriptCache: 500 scripts of EVAL are kept, the ones used last, and those of SCRIPT LOAD always.
func TestScriptCache(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	loaded := c.do("SCRIPT", "LOAD", "return 'loaded'")
	first := c.do("SCRIPT", "LOAD", "return 'x'")
	c.want("OK", "SCRIPT", "FLUSH")
	c.want(loaded, "SCRIPT", "LOAD", "return 'loaded'")
	c.want("x", "EVAL", "return 'x'", "0")
	for i := range 600 {
		c.want(fmt.Sprint(i), "EVAL", fmt.Sprintf("return %d", i), "0")
		if i < 300 {
			c.want("x", "EVALSHA", strings.ToUpper(first), "0")
		}
	}
	c.want("[1 1]", "SCRIPT", "EXISTS", loaded, first)
	if n := s.Scripts.Engine.Stats(); n.Scripts != 501 || n.Evicted != 101 {
		t.Errorf("%+v", n)
	}
}

// TestScriptsAskReactors: calls that ask all reactors end, and are part of the script, wherever it runs.
func TestScriptsAskReactors(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	for range 3 {
		for _, text := range []string{
			"redis.call('set','a',1) redis.call('memory','stats') return redis.call('get','a')",
			"redis.call('memory','stats') redis.call('set','a',1) return redis.call('get','a')",
			"redis.call('set','a',1) redis.call('info','everything') return redis.call('get','a')",
		} {
			c.want("1", "EVAL", text, "0")
		}
		c.want("OK", "MULTI")
		c.want("QUEUED", "EVAL", "redis.call('memory','stats') return 2", "0")
		c.want("QUEUED", "CLIENT", "LIST", "TYPE", "pubsub")
		c.want("[2 ]", "EXEC")
	}
}

// TestQuickScripts: scripts without loops run on the reactors, also many at a time; each is one.
func TestQuickScripts(t *testing.T) {
	s := startServer(t)
	const clients, rounds = 8, 500
	done := make(chan bool, clients)
	for range clients {
		c := dial(t, s)
		go func() {
			defer func() { done <- true }()
			for range rounds {
				c.send(encode("EVAL", "local n=redis.call('incr',KEYS[1]) redis.call('set',KEYS[2],n) return n-redis.call('get',KEYS[2])", "2", "a", "b") +
					encode("EVAL", "for i=1,2 do redis.call('incr','c') end return redis.call('get','c')%2", "0") +
					encode("INCRBY", "c", "2") + encode("EVAL", "return redis.call('get','a')-redis.call('get','b')", "0"))
				for i, want := range []string{"0", "0", "", "0"} {
					if got := c.reply(); want != "" && got != want {
						t.Errorf("reply %d: %q", i, got)
					}
				}
			}
		}()
	}
	for range clients {
		<-done
	}
	c := dial(t, s)
	c.want(fmt.Sprintf("[%d %d %d]", clients*rounds, clients*rounds, clients*rounds*4), "MGET", "a", "b", "c")
	if sc := s.Scripts.Engine.FindText([]byte("return redis.call('get','a')-redis.call('get','b')")); sc == nil || !sc.Quick() {
		t.Error("a script without loops does not count as quick")
	}
}

// TestScriptsLeaveReactors: a script that looks quick and is not goes to a worker, once it is seen, and
// does what it does once.
func TestScriptsLeaveReactors(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	c.want("OK", "SET", "n", "0")
	text := "redis.call('keys','*') return redis.call('incr','n')"
	for i := range 3 {
		c.want(fmt.Sprint(i+1), "EVAL", text, "0")
	}
	if sc := s.Scripts.Engine.FindText([]byte(text)); sc == nil || sc.Quick() {
		t.Error("the script still counts as quick")
	}
	c.want("[1 4]", "EVAL", "return {redis.call('dbsize'),redis.call('incr','n')}", "0")
}

// TestShutdownBesideScripts: SHUTDOWN waits for a script, and is refused when it is busy, unless nothing is to be saved.
func TestShutdownBesideScripts(t *testing.T) {
	for _, text := range []string{endless, "redis.call('set', KEYS[1] or 'a', 1) " + endless} {
		for _, keys := range [][]string{{"0"}, {"1", "a"}} {
			s, end := launch(t, hastyEnd, "busy-reply-threshold", "200")
			s.awaitReady(t)
			script := dial(t, s)
			script.send(encode(append([]string{"EVAL", text}, keys...)...))
			for end := time.Now().Add(patience); !s.Scripts.Barred() && !s.Scripts.Lasts(); time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("the script does not run")
				}
			}
			c := dial(t, s)
			c.want(busyText, "SHUTDOWN") // it has waited for that
			c.want(busyText, "SHUTDOWN", "SAVE")
			c.want("ERR syntax error", "SHUTDOWN", "x")
			c.want("PONG", "PING")
			c.send(encode("SHUTDOWN", "NOSAVE"))
			c.closed()
			end()
		}
	}
}

// TestScriptNumbers: a number that a script gives to a call is written as Redis since 7.2 does, where whole ones up
// to 2^62 are integers and others have the fewest digits that give them back.
func TestScriptNumbers(t *testing.T) {
	c := dial(t, startServer(t))
	for number, want := range map[string]string{
		"-0": "0", "0.1": "0.1", "1e15": "1000000000000000", "2^62": "4611686018427387904", "-2^62": "-4611686018427387904", "2^70": "1180591620717411300000",
		"1e100": "1e+100", "1e-7": "1e-7", "1/3": "0.3333333333333333", "1/0": "inf", "-1/0": "-inf", "0/0": "-nan", "-(0/0)": "nan", "-1.5": "-1.5",
	} {
		c.want(want, "EVAL", "return redis.call('echo', "+number+")", "0")
	}
}

// TestScriptErrorsHaveCodes: what a script raises, an error reply begins with a word, as clients expect; redis-server 7.0 crashes on the first three.
func TestScriptErrorsHaveCodes(t *testing.T) {
	c := dial(t, startServer(t))
	for _, raised := range []string{"{}", "{ok='x'}", "{err={}}", "setmetatable({}, {__tostring = function() return 'x' end})"} {
		c.send(encode("EVAL", "error("+raised+")", "0"))
		if got := c.reply(); !strings.HasPrefix(got, "ERR unknown error script: ") || !strings.HasSuffix(got, ", on @user_script:1.") {
			t.Errorf("error(%s): %q", raised, got)
		}
	}
}
