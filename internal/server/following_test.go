package server

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kringdb/kring/command"
	"github.com/kringdb/kring/internal/server/replication"
	"github.com/kringdb/kring/persistence/rdb"
)

// testPrimary is a primary by hand, without data, whose stream is what the test says.
type testPrimary struct {
	t    *testing.T
	conn net.Conn
	sent int
}

// leads has s follow a primary by hand, which returns when its stream is followed.
func leads(t *testing.T, s *Server, c *testClient) *testPrimary {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c.want("OK", "REPLICAOF", "127.0.0.1", strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	_ = l.(*net.TCPListener).SetDeadline(time.Now().Add(patience))
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(5 * patience))
	p := &testPrimary{t: t, conn: conn}
	in := bufio.NewReader(conn)
	var data bytes.Buffer
	w := rdb.NewWriter(&data, s.disk.ImageFormat(false))
	w.About(&rdb.About{RedisVersion: command.Version})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for asked := false; !asked; {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case strings.Contains(line, "PING"):
			p.raw("+PONG\r\n")
		case strings.Contains(line, "REPLCONF"):
			p.raw("+OK\r\n")
		case strings.Contains(line, "PSYNC"):
			p.raw(fmt.Sprintf("+FULLRESYNC %s 0\r\n$%d\r\n%s", replication.NewID(), data.Len(), data.Bytes()))
			asked = true
		}
	}
	go func() { _, _ = io.Copy(io.Discard, in) }()
	until(t, "the link is up", func() bool { return strings.Contains(c.do("INFO", "replication"), "master_link_status:up") })
	return p
}

func (p *testPrimary) raw(text string) {
	p.t.Helper()
	if _, err := io.WriteString(p.conn, text); err != nil {
		p.t.Fatal(err)
	}
}

// send sends calls, words separated by spaces.
func (p *testPrimary) send(calls ...string) {
	p.t.Helper()
	for _, call := range calls {
		text := encode(strings.Fields(call)...)
		p.raw(text)
		p.sent += len(text)
	}
}

// applied waits until the replica has counted all that was sent.
func (p *testPrimary) applied(c *testClient) {
	p.t.Helper()
	until(p.t, "the stream is applied", func() bool {
		return strings.Contains(c.do("INFO", "replication"), fmt.Sprintf("slave_repl_offset:%d\r\n", p.sent))
	})
}

// orders are calls that would change the server, or end it, if a replica did what its primary's stream says.
var orders = []string{
	"SHUTDOWN NOSAVE", "REPLICAOF NO ONE", "SLAVEOF localhost 1", "CLIENT PAUSE 100000 ALL", "CLIENT KILL TYPE normal", "CONFIG SET maxmemory 1", "CONFIG RESETSTAT",
	"DEBUG SLEEP 100", "DEBUG RELOAD", "DEBUG SET-ACTIVE-EXPIRE 0", "FAILOVER", "ACL SETUSER default off", "MONITOR", "SAVE", "BGREWRITEAOF", "SYNC", "PSYNC ? -1", "SLOWLOG RESET",
	"MODULE LOAD x",
}

// TestStreamGivesNoOrders: calls of the stream that concern the server are left out, alone and in a unit, and counted; or
// they end the link if errors are to do that. What stands around them is done.
func TestStreamGivesNoOrders(t *testing.T) {
	s := startServer(t, "shutdown-timeout", "0")
	c := dial(t, s)
	p := leads(t, s, c)
	for i, order := range orders {
		p.send("INCR n", order, "MULTI", "INCR n", order, "INCR n", "EXEC", "INCR n")
		p.applied(c)
		c.want(strconv.Itoa(4*(i+1)), "GET", "n")
	}
	if text := c.do("INFO", "stats"); !strings.Contains(text, fmt.Sprintf("unexpected_error_replies:%d\r\n", 2*len(orders))) {
		t.Errorf("%d orders were sent: %s", 2*len(orders), text)
	}
	c.want("[maxmemory 0]", "CONFIG", "GET", "maxmemory")
	c.want("OK", "CONFIG", "SET", "propagation-error-behavior", "panic")
	p.send("INCR n", "SAVE", "INCR n")
	until(t, "the link is down", func() bool { return strings.Contains(c.do("INFO", "replication"), "master_link_status:down") })
	c.want(strconv.Itoa(4*len(orders)+1), "GET", "n")
}

// TestLyingReplica: an acknowledgement of more than there is counts for what there is, and an address that is none is
// refused, so that nobody writes lines of INFO but the server.
func TestLyingReplica(t *testing.T) {
	s := startServer(t, quickSync...)
	c := dial(t, s)
	r := online(t, s)
	c.want("OK", "SET", "a", "0")
	r.send(encode("REPLCONF", "ACK", "9223372036854775807", "FACK", "9223372036854775807"))
	until(t, "the acknowledgement has come", func() bool { return !strings.Contains(c.do("INFO", "replication"), "offset=0,") })
	c.want("OK", "SET", "a", "1")
	c.want("0", "WAIT", "1", "10")
	c.want("[0 0]", "WAITAOF", "0", "1", "10")
	if text := c.do("INFO", "replication"); strings.Contains(text, "9223372036854775807") {
		t.Error(text)
	}
	const none = "ERR REPLCONF ip-address provided by replica instance is no address and no name of a host"
	for _, bad := range []string{"a\r\nrole:slave", "a b", "a,state=online", "a=b", "\x00", "\xff", "\""} {
		c.want(none, "REPLCONF", "ip-address", bad)
		c.want("ERR Invalid master host", "REPLICAOF", bad, "1")
	}
	for _, good := range []string{"10.0.0.1", "fe80::1%eth0", "a-host.example", "x_y"} {
		c.want("OK", "REPLCONF", "ip-address", good)
	}
	if text := c.do("INFO", "replication"); !strings.Contains(text, "role:master") {
		t.Error(text)
	}
}

// TestCopiesLeftBehind: copies and unfinished snapshots of a server that was killed are removed at the start, and no others.
func TestCopiesLeftBehind(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-time.Hour)
	dead := 1 << 22           // the first number that no process has
	files := map[string]bool{ // whether they stay
		fmt.Sprintf("temp-repl-%d-5.rdb", dead):            false,
		fmt.Sprintf("temp-repl-%d-17e.rdb", dead):          true,
		fmt.Sprintf("temp-repl-%d-1.rdb", os.Getpid()):     false,
		fmt.Sprintf("temp-repl-%d-1.rdb", os.Getppid()):    true,
		fmt.Sprintf("temp-repl-%d-6.rdb.bak", dead):        true,
		fmt.Sprintf("my-temp-repl-%d-6.rdb", dead):         true,
		"temp-repl-2026-11-29.rdb":                         true,
		fmt.Sprintf("temp-save-%d.rdb", dead):              false,
		fmt.Sprintf("temp-save-%d.rdb", os.Getpid()):       false,
		fmt.Sprintf("temp-save-%d.rdb", os.Getppid()):      true,
		fmt.Sprintf("temp-save-%d-1.rdb", dead):            true,
		fmt.Sprintf("temp-%d.rdb", dead):                   true, // redis-server's
		"temp-save-20261129.rdb":                           true, // a user's
		fmt.Sprintf("temp-repl-%d-%d.rdb", dead, 1<<62):    false,
		"temp-repl-99999999999999999999999999999999-1.rdb": true,
	}
	for name := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("REDIS"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	young := filepath.Join(dir, fmt.Sprintf("temp-repl-%d-2.rdb", os.Getpid())) // of another server in this process
	if err := os.WriteFile(young, []byte("REDIS"), 0o600); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(young, later, later); err != nil {
		t.Fatal(err)
	}
	files[filepath.Base(young)] = true
	startServer(t, "dir", dir)
	for name, stays := range files {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != stays {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestReloadWithReplicas: DEBUG RELOAD of a primary, and of a replica that another one follows, under a load of writes,
// some to keys that expire: in the end all have the same.
func TestReloadWithReplicas(t *testing.T) {
	top := startServer(t, append(quickSync, "enable-debug-command", "yes")...)
	follow := func(of *Server) *Server {
		return startServer(t, append(quickSync, "enable-debug-command", "yes", "replicaof", fmt.Sprintf("127.0.0.1 %d", of.Port()))...)
	}
	middle := follow(top)
	servers := []*Server{top, middle, follow(top), follow(middle)}
	var clients []*testClient
	for _, s := range servers {
		clients = append(clients, dial(t, s))
	}
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for w := range 2 {
		c := dial(t, top)
		writers.Add(1)
		go func() {
			defer writers.Done()
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				key := strconv.Itoa(n % 5000)
				c.do("SET", "k"+key, strconv.Itoa(n))
				c.do("SET", "short"+key, "v", "PX", "20")
				c.do("RPUSH", fmt.Sprint("l", w), key)
			}
		}()
	}
	for range 3 {
		for _, c := range clients[:2] {
			c.want("OK", "DEBUG", "RELOAD")
			time.Sleep(20 * time.Millisecond) // for some writes
		}
	}
	close(stop)
	writers.Wait()
	digest := func(c *testClient) string { return c.do("DEBUG", "DIGEST") }
	for i, c := range clients[1:] {
		until(t, fmt.Sprintf("replica %d has what the primary has", i), func() bool { return digest(c) == digest(clients[0]) && c.do("DBSIZE") == clients[0].do("DBSIZE") })
	}
}

// TestPrimaryIsAClient: the connection to the primary is among the clients, and can be closed like others; replicas are not
// counted among those of the primary.
func TestPrimaryIsAClient(t *testing.T) {
	p := startServer(t, quickSync...)
	host, port, _ := strings.Cut(p.Addrs()[0].String(), ":")
	s := startServer(t, "replicaof", host+" "+port)
	pc, c := dial(t, p), dial(t, s)
	primary := func() (id string) {
		t.Helper()
		line := ""
		eventually(t, "the primary is a client", func() bool {
			line = c.do("CLIENT", "LIST", "TYPE", "master")
			return line != ""
		})
		id, _, _ = strings.Cut(strings.TrimPrefix(line, "id="), " ")
		for _, part := range []string{" addr=" + host + ":" + port + " ", " flags=M ", " user=(superuser) "} {
			if strings.Count(line, "\n") != 1 || !strings.Contains(line, part) {
				t.Errorf("CLIENT LIST TYPE master has no %q: %q", part, line)
			}
		}
		return id
	}
	first := primary()
	eventually(t, "the replica is no client of the primary", func() bool { return pc.infoInt("connected_clients") == 1 && pc.infoInt("connected_slaves") == 1 })
	if n, list := c.infoInt("connected_clients"), c.do("CLIENT", "LIST"); n != 2 || strings.Count(list, "\n") != 2 {
		t.Errorf("%d clients: %q", n, list)
	}
	if list := c.do("CLIENT", "LIST", "TYPE", "normal"); strings.Contains(list, "flags=M") {
		t.Errorf("CLIENT LIST TYPE normal: %q", list)
	}
	if n := c.infoInt("replica_announced"); n != 1 {
		t.Errorf("replica_announced is %d", n)
	}
	c.want("OK", "CONFIG", "SET", "replica-announced", "no") // Sentinel looks there
	if n := c.infoInt("replica_announced"); n != 0 {
		t.Errorf("replica_announced is %d", n)
	}
	c.want("0", "CLIENT", "KILL", "TYPE", "master", "USER", "default") // it has none
	c.want("1", "CLIENT", "KILL", "TYPE", "master")
	second := primary()
	c.want("1", "CLIENT", "KILL", "ID", second)
	third := primary()
	if first == second || second == third {
		t.Errorf("the connections have the numbers %s, %s, %s", first, second, third)
	}
	c.want("1", "CLIENT", "KILL", "ADDR", host+":"+port)
	primary()
	eventually(t, "the stream goes on", func() bool { return pc.infoInt("sync_partial_ok") == 3 && pc.infoInt("sync_full") == 1 })
	c.want("OK", "REPLICAOF", "NO", "ONE")
	c.want("", "CLIENT", "LIST", "TYPE", "master")
	c.want("0", "CLIENT", "KILL", "TYPE", "master")
}

// TestLinkDownSince: INFO counts from when a stream was lost, through a change of the primary, and says -1 of a replica that has
// followed none, as redis-server 7.0 does. Sentinel promotes none that was without one for long.
func TestLinkDownSince(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	const down = "master_link_down_since_seconds"
	shows := func(what, text string) {
		t.Helper()
		eventually(t, what, func() bool { return strings.Contains(c.do("INFO", "replication"), text) })
	}
	dead := func(port string) int64 {
		t.Helper()
		c.want("OK", "REPLICAOF", "127.0.0.1", port)
		shows("the link is down", "master_link_down_reason")
		return c.infoInt(down)
	}
	if n := dead("1"); n != -1 {
		t.Errorf("a replica that never followed: %d", n)
	}
	p := leads(t, s, c)
	p.conn.Close()
	shows("the stream is lost", down+":1")
	if n := dead("2"); n < 1 {
		t.Errorf("a replica that has lost another primary's stream: %d", n)
	}
	c.want("OK", "REPLICAOF", "NO", "ONE")
	if n := dead("1"); n != -1 {
		t.Errorf("a primary that becomes a replica: %d", n)
	}
}

// TestInfoOfReplication: metrics and window say how far replicas are, and how a full copy comes along.
func TestInfoOfReplication(t *testing.T) {
	p := startServer(t, quickSync...)
	pc := dial(t, p)
	pc.want("OK", "SET", "a", strings.Repeat("x", 100_000))
	// Two that have one address: what is said of both would be refused by whoever asks.
	first, second := attach(t, p, "listening-port", "1", "capa", "eof"), attach(t, p, "listening-port", "1", "capa", "eof")
	data := string(first.resync())
	second.resync()
	r := online(t, p)
	pc.want("OK", "SET", "b", "1")
	r.follows("SELECT 0", "SET b 1")
	r.ack()
	shown := func(s *Server, want ...string) {
		t.Helper()
		text := ""
		for _, w := range want {
			for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
				if _, text = get(t, s, "/metrics", ""); strings.Contains(text, w) {
					break
				}
				if time.Now().After(end) {
					t.Fatalf("/metrics has no %q: %.3000s", w, text[max(strings.Index(text, "slave"), 0):])
				}
			}
		}
	}
	labels := `{slave_ip="127.0.0.1",slave_port="7777",slave_state="online"} `
	shown(p, "redis_connected_slave_offset_bytes"+labels+strconv.FormatInt(r.offset, 10)+"\n", "redis_connected_slave_lag_seconds"+labels, "kring_connected_slave_behind_bytes"+labels+"0\n")
	copied := len(attach(t, p, "listening-port", "7778", "capa", "eof").resync())
	shown(p, fmt.Sprintf(`kring_connected_slave_copied_bytes{slave_ip="127.0.0.1",slave_port="7778",slave_state="online"} %d%s`, copied, "\n"))
	if _, text := get(t, p, "/api/state", ""); !strings.Contains(text, `"ip":"127.0.0.1","port":7777,"state":"online"`) || !strings.Contains(text, `"primary":null`) {
		t.Errorf("the window is told %s", text)
	}

	s := startServer(t)
	g := newCopyGiver(t)
	dial(t, s).want("OK", "REPLICAOF", "127.0.0.1", g.port())
	g.asked()
	half := len(data) / 2
	g.send(fmt.Sprintf("+FULLRESYNC %s 100\r\n$%d\r\n%s", replication.NewID(), len(data), data[:half]))
	labels = `{master_host="127.0.0.1",master_port="` + g.port() + `"} `
	shown(s, "redis_master_link_up"+labels+"0\n", "redis_master_sync_in_progress"+labels+"1\n", fmt.Sprintf("kring_master_sync_read_bytes%s%d\n", labels, half),
		fmt.Sprintf("kring_master_sync_total_bytes%s%d\n", labels, len(data)))
	c := dial(t, s)
	if read, left := c.infoInt("master_sync_read_bytes"), c.infoInt("master_sync_left_bytes"); read != int64(half) || left != int64(len(data)-half) {
		t.Errorf("%d bytes have come, %d are left of %d", read, left, len(data))
	}
	if role := c.do("ROLE"); !strings.Contains(role, "sync") || !strings.HasSuffix(strings.Trim(role, "[] \r\n"), "-1") {
		t.Errorf("ROLE is %q", role)
	}
	g.send(data[half:])
	shown(s, "redis_master_link_up"+labels+"1\n", "redis_slave_repl_offset"+labels+"100\n", "redis_master_last_io_seconds_ago"+labels)
	if _, text := get(t, s, "/api/state", ""); !strings.Contains(text, `"port":`+g.port()+`,"state":"connected","up":true`) {
		t.Errorf("the window is told %s", text)
	}
}

// TestWritableReplicaExpires: keys with deadlines that clients of a replica have written expire there, and are deleted;
// those of the primary stay, hidden, until it says so.
func TestWritableReplicaExpires(t *testing.T) {
	s := startServer(t, "replica-read-only", "no")
	c := dial(t, s)
	p := leads(t, s, c)
	p.send("SELECT 0", "SET primary v PX 1", "MULTI", "SET unit v", "PEXPIRE unit 1", "EXEC", "EVAL redis.call('set','script','v','PX','1') 0")
	p.applied(c)
	c.want("OK", "SET", "own", "v", "PX", "50")
	c.want("OK", "SET", "later", "v")
	c.want("1", "PEXPIRE", "later", "50")
	until(t, "a key is told to stay before it expires", func() bool { // a busy machine may be late
		c.want("OK", "SET", "stays", "v", "PX", "50")
		return c.do("PERSIST", "stays") == "1"
	})
	c.want("1", "EVAL", "redis.call('set', KEYS[1], 'v', 'PX', '50') return 1", "1", "scripted")
	c.want("OK", "MULTI")
	c.want("QUEUED", "SET", "queued", "v", "PX", "50")
	c.do("EXEC")
	until(t, "what clients wrote is deleted", func() bool { return c.do("DBSIZE") == "4" })
	c.want("v", "GET", "stays")
	c.want("4", "DBSIZE")
	p.send("DEL primary")
	p.applied(c)
	c.want("3", "DBSIZE")
}

// TestFollowBeforeItBegins: a server that is told whom to follow when it is loaded, and has not begun to follow yet, follows by one link, and
// not by two, which would both load what they get.
func TestFollowBeforeItBegins(t *testing.T) {
	s := startServer(t, "repl-timeout", "3600")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dial(t, s).want("OK", "REPLICAOF", "127.0.0.1", strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	_ = l.(*net.TCPListener).SetDeadline(time.Now().Add(patience))
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	s.role.begin() // as if it had been so early
	s.role.link.Stop()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Error("a link goes on when the server follows nobody: ", err)
	}
}

// TestStreamWaitsForListeners: while much waits to be delivered to a replica's clients the stream of its primary waits, instead of
// filling the memory; then it goes on, and all messages come.
func TestStreamWaitsForListeners(t *testing.T) {
	s := startServer(t, "io-model", "reactor", "client-output-buffer-limit", "pubsub 0 0 0")
	c := onEachReactor(t, s)
	p := leads(t, s, c[0])
	c[1].want("[subscribe ch 1]", "SUBSCRIBE", "ch")
	release := make(chan struct{})
	s.Group.Reactors()[1].Post(func() { <-release })
	const times = 256
	call := encode("PUBLISH", "ch", strings.Repeat("x", 256<<10))
	p.sent += times * len(call)
	var sends sync.WaitGroup
	sends.Go(func() {
		if _, err := io.WriteString(p.conn, strings.Repeat(call, times)); err != nil {
			t.Error(err)
		}
	})
	until(t, "much waits", func() bool { return s.clients.Unheard() })
	for range 200 {
		if n := number(t, c[0].infoOf("replication")["slave_repl_offset"]); n > 32<<20 {
			t.Fatalf("%d bytes of messages wait", n)
		}
		time.Sleep(5 * time.Millisecond) // a stretch of time in which no more is to come
	}
	close(release)
	for range times {
		if m := c[1].reply(); !strings.HasPrefix(m, "[message ch x") {
			t.Fatalf("%.40q", m)
		}
	}
	sends.Wait()
	p.applied(c[0])
}

// TestHelloTellsTheRole: clients that choose among servers read it there.
func TestHelloTellsTheRole(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	role := func(want string) {
		t.Helper()
		if got := c.do("HELLO", "2"); !strings.Contains(got, " role "+want+" ") {
			t.Errorf("%s, want the role %s", got, want)
		}
	}
	role("master")
	leads(t, s, c)
	role("replica")
	c.want("OK", "REPLICAOF", "NO", "ONE")
	role("master")
}
