package server

import (
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestPipelineKeepsOrder(t *testing.T) {
	c := dial(t, startServer(t))
	var b strings.Builder
	for i := range 500 {
		b.WriteString(encode("SET", fmt.Sprint("k", i), fmt.Sprint("v", i)))
		b.WriteString(encode("GET", fmt.Sprint("k", i)))
		if i%100 == 50 { // the slow lane in the middle of a batch
			b.WriteString(encode("KEYS", fmt.Sprint("k", i)))
		}
		if i%100 == 70 { // an exclusive command in the middle of a batch
			b.WriteString(encode("SWAPDB", "0", "0"))
		}
	}
	go c.send(b.String())
	for i := range 500 {
		if got := c.reply(); got != "OK" {
			t.Fatalf("SET %d: %s", i, got)
		}
		if got := c.reply(); got != fmt.Sprint("v", i) {
			t.Fatalf("GET %d: %s", i, got)
		}
		if i%100 == 50 {
			if got := c.reply(); got != fmt.Sprintf("[k%d]", i) {
				t.Fatalf("KEYS %d: %s", i, got)
			}
		}
		if i%100 == 70 {
			if got := c.reply(); got != "OK" {
				t.Fatalf("SWAPDB: %s", got)
			}
		}
	}
}

func TestRejections(t *testing.T) {
	c := dial(t, startServer(t))
	c.want("ERR unknown command 'nope', with args beginning with: 'a' 'b' ", "nope", "a", "b")
	c.want("ERR unknown command 'nope', with args beginning with: ", "nope")
	c.want("ERR wrong number of arguments for 'get' command", "get")
	c.want("ERR wrong number of arguments for 'config' command", "config")
	c.want("ERR unknown subcommand 'nope'. Try CONFIG HELP.", "config", "nope")
	c.want("ERR wrong number of arguments for 'config|get' command", "config", "get")
	c.want("PONG", "PING")
}

func TestAuth(t *testing.T) {
	s := startServer(t, "requirepass", "secret")
	c := dial(t, s)
	c.want("NOAUTH Authentication required.", "GET", "a")
	c.want("ERR unknown command 'nope', with args beginning with: ", "nope")
	c.want("WRONGPASS invalid username-password pair or user is disabled.", "AUTH", "wrong")
	c.want("WRONGPASS invalid username-password pair or user is disabled.", "AUTH", "other", "secret")
	c.send(encode("AUTH", "secret") + encode("SET", "a", strings.Repeat("x", 100000)) + encode("STRLEN", "a"))
	for _, want := range []string{"OK", "OK", "100000"} {
		if got := c.reply(); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
	c.want("RESET", "RESET")
	c.want("NOAUTH Authentication required.", "GET", "a")
	long := dial(t, s)
	long.send("*11\r\n")
	if got := long.reply(); got != "ERR Protocol error: unauthenticated multibulk length" {
		t.Error(got)
	}
	long.closed()
	hello := dial(t, s)
	if got := hello.do("HELLO", "3"); !strings.HasPrefix(got, "NOAUTH HELLO must be called") {
		t.Error(got)
	}
	if got := hello.do("HELLO", "3", "AUTH", "default", "secret", "SETNAME", "me"); !strings.Contains(got, "proto 3") {
		t.Error(got)
	}
	hello.want("me", "CLIENT", "GETNAME")
}

func TestClientReply(t *testing.T) {
	c := dial(t, startServer(t))
	c.send(encode("CLIENT", "REPLY", "OFF") + encode("SET", "a", "1") + encode("KEYS", "*") + encode("CLIENT", "REPLY", "ON"))
	if got := c.reply(); got != "OK" {
		t.Fatal(got)
	}
	c.send(encode("CLIENT", "REPLY", "SKIP") + encode("SET", "a", "2") + encode("GET", "a"))
	if got := c.reply(); got != "2" {
		t.Fatal(got)
	}
	c.send(encode("CLIENT", "REPLY", "SKIP") + encode("KEYS", "*") + encode("GET", "a"))
	if got := c.reply(); got != "2" {
		t.Fatal(got)
	}
}

func TestClientListAndKill(t *testing.T) {
	s := startServer(t)
	a, b := dial(t, s), dial(t, s)
	a.want("OK", "CLIENT", "SETNAME", "first")
	b.want("OK", "CLIENT", "SETNAME", "second")
	list := a.do("CLIENT", "LIST")
	if !strings.Contains(list, "name=first ") || !strings.Contains(list, "name=second ") || !strings.Contains(list, "cmd=client|list") {
		t.Error(list)
	}
	id := b.do("CLIENT", "ID")
	if got := a.do("CLIENT", "LIST", "ID", id); strings.Contains(got, "first") || !strings.Contains(got, "second") {
		t.Error(got)
	}
	a.want("1", "CLIENT", "KILL", "ID", id)
	b.closed()
	a.want("0", "CLIENT", "KILL", "ID", id)
	a.want("0", "CLIENT", "KILL", "TYPE", "normal")
	a.want("1", "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no")
	a.closed()
}

func TestQuitAndProtocolError(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	c.send(encode("SET", "a", "1") + encode("QUIT") + encode("SET", "a", "2"))
	if got := c.reply() + c.reply(); got != "OKOK" {
		t.Error(got)
	}
	c.closed()
	c = dial(t, s)
	c.want("1", "GET", "a")
	c.send(encode("GET", "a") + "*1\r\n!x\r\n")
	if got := c.reply() + "|" + c.reply(); got != "1|ERR Protocol error: expected '$', got '!'" {
		t.Error(got)
	}
	c.closed()
}

func TestLargeValues(t *testing.T) {
	c := dial(t, startServer(t))
	for _, n := range []int{1 << 14, 1<<16 - 1, 1 << 16, 1<<16 + 1, 1 << 20, 5<<20 + 3} {
		v := strings.Repeat("0123456789abcdef", n/16+1)[:n]
		go c.send(encode("SET", "big", v) + encode("GET", "big") + encode("STRLEN", "big"))
		if got := c.reply(); got != "OK" {
			t.Fatal(n, got)
		}
		if got := c.reply(); got != v {
			t.Fatalf("%d: %d bytes came back", n, len(got))
		}
		if got := c.reply(); got != fmt.Sprint(n) {
			t.Fatal(n, got)
		}
	}
}

// TestExclusiveAgainstSlow runs what takes all gates against what makes a worker wait
// for the reactors: neither may hold up the other forever.
func TestExclusiveAgainstSlow(t *testing.T) {
	s := startServer(t)
	var wg sync.WaitGroup
	for _, cmd := range [][]string{
		{"FLUSHALL"}, {"FLUSHDB"}, {"SWAPDB", "0", "1"}, {"INFO"}, {"CLIENT", "LIST"}, {"KEYS", "*"}, {"MSET", "a", "1", "b", "2"},
		{"CONFIG", "RESETSTAT"}, {"DBSIZE"}, {"SCAN", "0", "COUNT", "1000"}, {"CONFIG", "SET", "timeout", "0"}, {"RANDOMKEY"},
	} {
		for range 2 {
			c := dial(t, s)
			wg.Add(1)
			go func() {
				defer wg.Done()
				for range 100 {
					if got := c.do(cmd...); strings.HasPrefix(got, "ERR") {
						t.Error(cmd, got)
						return
					}
				}
			}()
		}
	}
	wg.Wait()
}

// TestMSetIsAtomic reads pairs that are always written together.
func TestMSetIsAtomic(t *testing.T) {
	s := startServer(t)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for w := range 2 {
		c := dial(t, s)
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				v := fmt.Sprint(w, ".", i)
				c.want("OK", "MSET", "x", v, "y", v, "z", v)
			}
		}()
	}
	c := dial(t, s)
	for deadline := time.Now().Add(500 * time.Millisecond); time.Now().Before(deadline); {
		got := strings.Fields(strings.Trim(c.do("MGET", "x", "y", "z"), "[]"))
		if got[0] != got[1] || got[1] != got[2] {
			t.Fatalf("torn: %v", got)
		}
	}
	close(stop)
	wg.Wait()
}

func TestDebugSleepHoldsUpNobody(t *testing.T) {
	s := startServer(t)
	sleeper, other := dial(t, s), dial(t, s)
	sleeper.send(encode("DEBUG", "SLEEP", "0.1") + encode("PING"))
	if got := sleeper.reply() + sleeper.reply(); got != "OKPONG" {
		t.Error(got)
	}
	sleeper.send(encode("DEBUG", "SLEEP", "100000"))
	until(t, "it sleeps", func() bool { return s.Slow.Running() == 1 })
	for i := range 50 {
		other.want("OK", "SET", fmt.Sprint(i), "v")
	}
	other.want("OK", "FLUSHALL")
	if n := s.Slow.Running(); n != 1 {
		t.Errorf("%d calls sleep in the end", n)
	}
	sleeper.Close() // which ends the call
}

func TestShutdown(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	c.want("ERR No shutdown in progress.", "SHUTDOWN", "ABORT")
	c.want("ERR syntax error", "SHUTDOWN", "SAVE", "NOSAVE")
	c.send(encode("SHUTDOWN", "NOSAVE"))
	c.closed()
}

func TestConfigSetPortAndBind(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, takenPort, _ := net.SplitHostPort(taken.Addr().String())
	was := s.Port()
	c.want("ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. Check server logs.", "CONFIG", "SET", "port", takenPort)
	dial(t, s).want("PONG", "PING") // still there
	if now := s.Port(); now == 0 || was == 0 {
		t.Fatalf("port %d, was %d", now, was)
	}
	taken.Close()
	c.want("OK", "CONFIG", "SET", "port", takenPort)
	if got := fmt.Sprint(s.Port()); got != takenPort {
		t.Fatalf("listening on %s, want %s", got, takenPort)
	}
	dial(t, s).want("PONG", "PING")
	c.want("PONG", "PING") // connections of the old port live on
	c.want("OK", "CONFIG", "SET", "bind", "127.0.0.1 127.0.0.2")
	if n := len(s.Addrs()); n != 2 {
		t.Errorf("%d addresses, want 2", n)
	}
	c.want("OK", "CONFIG", "SET", "tcp-keepalive", "100")
	c.want("OK", "CONFIG", "SET", "tcp-keepalive", "2147483647") // Linux probes after 32,767 s at most
	dial(t, s).want("PONG", "PING")
}

// TestConfigSetByTheFirstClient: what the first call of all sets holds, though it is sent before the server runs.
func TestConfigSetByTheFirstClient(t *testing.T) {
	for range 30 {
		var c *testClient
		s, end := launch(t, func(s *Server) {
			c = dial(t, s)
			c.send(encode("CONFIG", "SET", "bind", "127.0.0.1 127.0.0.2"))
		})
		s.awaitReady(t)
		c.want("OK", "PING") // the reply to the first call
		if n := len(s.Addrs()); n != 2 {
			t.Fatalf("%d addresses, want 2", n)
		}
		end()
	}
}

// TestConfigSetBindNothing: an empty list of addresses closes the ports, and a later one
// opens them again.
func TestConfigSetBindNothing(t *testing.T) {
	s := startServer(t)
	at := s.Addrs()[0].String()
	c := dial(t, s)
	c.want("OK", "CONFIG", "SET", "bind", "")
	if other, err := net.Dial("tcp", at); err == nil {
		other.Close()
		t.Error("the port still accepts connections")
	}
	c.want("[bind ]", "CONFIG", "GET", "bind")
	c.want("OK", "CONFIG", "SET", "bind", "127.0.0.1")
	dial(t, s).want("PONG", "PING")
}

// TestStartThatFails: when one of several addresses cannot be had the start ends with an
// error, and nothing of it stays.
func TestStartThatFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	for name, directives := range map[string][]string{
		"an address that is not here": {"port", "0", "bind", "127.0.0.1 192.0.2.1"},
		"a port that is taken":        {"port", port, "bind", "127.0.0.2 127.0.0.1"},
		"an address twice":            {"port", "0", "bind", "127.0.0.2 127.0.0.2"},
		"no address at all":           {"port", "0", "bind", "EMPTY"},
		"a tls-port without a key":    {"port", "0", "bind", "127.0.0.1", "tls-port", "1"},
	} {
		for _, model := range []string{"reactor", "goroutine"} {
			failed := make(chan error, 1)
			go func() {
				s, err := New(optionsOf(t, append(directives, "io-model", model)...), slog.New(slog.DiscardHandler))
				if err == nil {
					s.Group.Close()
				}
				failed <- err
			}()
			select {
			case err := <-failed:
				if err == nil {
					t.Errorf("%s, %s: the server starts", name, model)
				}
			case <-time.After(time.Minute):
				t.Fatalf("%s, %s: the start hangs", name, model)
			}
		}
	}
	l, err := net.Listen("tcp", "127.0.0.2:"+port)
	if err != nil {
		t.Fatalf("the address that could be had is still open: %v", err)
	}
	l.Close()
}

func TestInfoCounts(t *testing.T) {
	c := dial(t, startServer(t))
	c.want("OK", "SET", "a", "x")
	c.want("x", "GET", "a")
	c.want("nil", "GET", "missing")
	c.want("ERR value is not an integer or out of range", "INCR", "a")
	c.want("ERR wrong number of arguments for 'get' command", "GET")
	info := c.do("INFO", "stats")
	sent := len("+OK\r\n$1\r\nx\r\n$-1\r\n-ERR value is not an integer or out of range\r\n-ERR wrong number of arguments for 'get' command\r\n")
	for _, want := range []string{
		"keyspace_hits:1\r\n", "keyspace_misses:1\r\n", "total_error_replies:2\r\n", "total_connections_received:1\r\n",
		fmt.Sprintf("total_net_output_bytes:%d\r\n", sent),
	} {
		if !strings.Contains(info, want) {
			t.Errorf("INFO has no %q:\n%s", want, info)
		}
	}
	c.want("OK", "CONFIG", "RESETSTAT")
	if info := c.do("INFO", "stats"); !strings.Contains(info, "keyspace_hits:0\r\n") || !strings.Contains(info, "total_error_replies:0\r\n") {
		t.Error(info)
	}
}
