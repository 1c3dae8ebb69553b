package server

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/server/durable"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/persistence/rdb"
	"github.com/kringdb/kring/resp"
)

// testReplica is a replica by hand: it reads what it is sent byte by byte, and says what the test wants.
type testReplica struct {
	*testClient
	id     string
	offset int64  // of the stream, as far as it was read
	mark   string // behind the copy, if that came straight
}

// attach introduces a replica.
func attach(t *testing.T, s *Server, facts ...string) *testReplica {
	t.Helper()
	r := &testReplica{testClient: dial(t, s)}
	r.want("OK", append([]string{"REPLCONF", "listening-port", "7777"}, facts...)...)
	return r
}

// text reads a line that is not a newline by which the primary says that it is there.
func (r *testReplica) text() string {
	r.t.Helper()
	for {
		line, err := r.r.ReadString('\n')
		if err != nil {
			r.fail(err)
			return ""
		}
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			return line
		}
	}
}

// resync asks for the stream where the replica is, and returns the copy that it gets, nil: it goes on.
func (r *testReplica) resync() []byte {
	r.t.Helper()
	if r.id == "" {
		r.id, r.offset = "?", -2
	}
	r.send(encode("PSYNC", r.id, strconv.FormatInt(r.offset+1, 10)))
	word, rest, _ := strings.Cut(r.text(), " ")
	switch word {
	case "+CONTINUE":
		r.id = rest
		return nil
	case "+FULLRESYNC":
		id, off, _ := strings.Cut(rest, " ")
		r.id = id
		r.offset, _ = strconv.ParseInt(off, 10, 64)
		return r.copy()
	}
	r.t.Fatalf("PSYNC is answered with %q", word)
	return nil
}

// copy reads a copy, and checks that it is one.
func (r *testReplica) copy() []byte {
	r.t.Helper()
	head := r.text()
	var data []byte
	if mark, ok := strings.CutPrefix(head, "$EOF:"); ok {
		r.mark = mark
		for !bytes.HasSuffix(data, []byte(mark)) {
			b, err := r.r.ReadByte()
			if err != nil {
				r.t.Fatal(err)
			}
			data = append(data, b)
		}
		data = data[:len(data)-len(mark)]
	} else {
		n, err := strconv.Atoi(strings.TrimPrefix(head, "$"))
		if err != nil {
			r.t.Fatalf("a copy begins with %q", head)
		}
		data = make([]byte, n)
		if _, err := io.ReadFull(r.r, data); err != nil {
			r.t.Fatal(err)
		}
	}
	in, it := rdb.NewReader(bytes.NewReader(data), true), rdb.Item{}
	for {
		if err := in.Next(&it); err == io.EOF {
			return data
		} else if err != nil {
			r.t.Fatalf("%v in %q", err, data)
		}
	}
}

// ack acknowledges what was read.
func (r *testReplica) ack() { r.send(encode("REPLCONF", "ACK", strconv.FormatInt(r.offset, 10))) }

// call reads a call of the stream.
func (r *testReplica) call() string {
	r.t.Helper()
	v, err := resp.ReadReply(r.r)
	if err != nil {
		r.fail(err)
		return ""
	}
	var words []string
	for i := range v.Elems {
		words = append(words, string(v.Elems[i].Str))
	}
	r.offset += int64(len(encode(words...)))
	return strings.Join(words, " ")
}

// follows reads calls, which have to be these.
func (r *testReplica) follows(want ...string) {
	r.t.Helper()
	for _, w := range want {
		if got := r.call(); got != w {
			r.t.Fatalf("the stream has %q, want %q", got, w)
		}
	}
}

// online attaches a replica that is sent the stream.
func online(t *testing.T, s *Server) *testReplica {
	t.Helper()
	c := dial(t, s)
	count := func() int { return strings.Count(c.do("ROLE"), "7777") }
	before := count()
	r := attach(t, s, "capa", "eof", "capa", "psync2")
	r.resync()
	r.ack()
	eventually(t, "the replica is online", func() bool { return count() > before })
	return r
}

// quickSync are options for replicas that do not acknowledge by themselves.
var quickSync = []string{"repl-diskless-sync-delay", "0", "shutdown-timeout", "0", "repl-ping-replica-period", "3600"}

// TestStream holds what is in the stream, in which order and how framed.
func TestStream(t *testing.T) {
	t.Parallel() // it waits most of the time
	for _, model := range []string{"reactor", "goroutine"} {
		t.Run(model, func(t *testing.T) {
			s := startServer(t, append(quickSync, "io-model", model)...)
			c := dial(t, s)
			c.want("OK", "SET", "before", "1")
			r := online(t, s)
			c.want("OK", "SET", "a", "1")
			r.follows("SELECT 0", "SET a 1")
			c.want("OK", "SELECT", "3")
			c.want("1", "INCR", "n")
			r.follows("SELECT 3", "INCR n")
			c.send(encode("MULTI") + encode("SET", "a", "2") + encode("PUBLISH", "ch", "said") + encode("SELECT", "0") + encode("DEL", "a") + encode("EXEC"))
			for range 5 {
				c.reply()
			}
			c.gets("[OK 0 OK 1]")
			r.follows("MULTI", "SET a 2", "SELECT 0", "DEL a", "EXEC", "PUBLISH ch said")
			c.want("0", "SPUBLISH", "shard", "x")
			r.follows("SPUBLISH shard x")
			c.want("1", "EVAL", "redis.call('PUBLISH', 'ch', 'b') return redis.call('SADD', 's', ARGV[1])", "0", "m")
			r.follows("SADD s m", "PUBLISH ch b")
			c.want("m", "SPOP", "s")
			r.follows("SREM s m")
			c.want("OK", "SET", "dies", "1", "PX", "1")
			if got := r.call(); !strings.HasPrefix(got, "SET dies 1 PXAT ") {
				t.Errorf("a deadline is %q", got)
			}
			if got := r.call(); got != "DEL dies" && got != "UNLINK dies" {
				t.Errorf("an expired key is %q", got)
			}
			c.want("OK", "FLUSHALL")
			r.follows("FLUSHALL")
			c.want("OK", "CONFIG", "SET", "repl-ping-replica-period", "1")
			r.follows("PING")
		})
	}
}

// TestPartialResync: a replica that comes back gets what it has missed, byte for byte, as long as the backlog has it.
func TestPartialResync(t *testing.T) {
	var log strings.Builder
	s, end := launch(t, func(s *Server) { s.role.feed.Log = slog.New(slog.NewTextHandler(&log, nil)) }, append(quickSync, "repl-backlog-size", "100000")...)
	s.awaitReady(t)
	c := dial(t, s)
	r := online(t, s)
	c.want("OK", "SET", "a", "1")
	r.follows("SELECT 0", "SET a 1")
	back := func() *testReplica {
		n := attach(t, s, "capa", "eof", "capa", "psync2")
		n.id, n.offset = r.id, r.offset
		return n
	}
	c.want("1", "CLIENT", "KILL", "TYPE", "replica")
	r.closed()
	c.want("OK", "SET", "b", "2")
	if r = back(); r.resync() != nil {
		t.Fatal("a full copy was sent")
	}
	r.follows("SET b 2")

	other := back()
	other.id = strings.Repeat("0", 40)
	if other.resync() == nil {
		t.Error("another history goes on")
	}
	ahead := back()
	ahead.offset += 10
	asked := ahead.offset + 1
	if ahead.resync() == nil {
		t.Error("it goes on where there is nothing")
	}
	r.Close()
	eventually(t, "nobody lags", func() bool { return c.infoInt("connected_slaves") == 2 })
	other.ack()
	ahead.ack()
	go io.Copy(io.Discard, other) //nolint:errcheck // until the test ends
	go io.Copy(io.Discard, ahead) //nolint:errcheck // until the test ends
	for i := range 50 {
		c.want("OK", "SET", "long", strings.Repeat(strconv.Itoa(i%10), 10_000))
	}
	eventually(t, "the backlog is as long as it is to be", func() bool { return c.infoInt("repl_backlog_histlen") < 300_000 })
	r = back()
	lost := r.offset + 1
	if r.resync() == nil {
		t.Error("it goes on where the backlog has nothing any more")
	}
	if got := c.infoOf("stats"); got["sync_full"] != "4" || got["sync_partial_ok"] != "1" || got["sync_partial_err"] != "3" {
		t.Errorf("full %s, partial %s, refused %s", got["sync_full"], got["sync_partial_ok"], got["sync_partial_err"])
	}
	own := c.infoField("master_replid")
	end()
	for _, because := range []string{
		fmt.Sprintf(`its replication id is \"%040d\", mine are %s and %040d"`, 0, own, 0),
		fmt.Sprintf(`it wants the stream from offset %d on, the backlog has it from 1 to `, asked),
		fmt.Sprintf(`it wants the stream from offset %d on, the backlog has it from `, lost),
	} {
		if want := `msg="a replica cannot go on where it was" replica=127.0.0.1:7777 because="` + because; strings.Count(log.String(), want) != 1 {
			t.Errorf("the log has no %s:\n%s", want, log.String())
		}
	}
}

// TestOneCopyForAll: replicas that wait together are sent one copy; by files there may be two.
func TestOneCopyForAll(t *testing.T) {
	for _, straight := range []string{"yes", "no"} {
		t.Run("straight "+straight, func(t *testing.T) {
			s := startServer(t, "repl-diskless-sync", straight, "repl-diskless-sync-delay", "100", "repl-diskless-sync-max-replicas", "2", "shutdown-timeout", "0")
			c := dial(t, s)
			for i := range 100 {
				c.want("OK", "SET", fmt.Sprint("key", i), strings.Repeat("x", 5000))
			}
			a, b := attach(t, s, "capa", "eof", "capa", "psync2"), attach(t, s, "capa", "eof", "capa", "psync2")
			got := make(chan []byte)
			go func() { got <- a.resync() }()
			eventually(t, "one waits", func() bool { return c.infoInt("connected_slaves") == 1 })
			second := b.resync()
			if first := <-got; a.mark != b.mark || a.offset != b.offset || straight == "yes" && (a.mark == "" || !bytes.Equal(first, second)) {
				t.Errorf("copies of %d and %d bytes, at offsets %d and %d, with the marks %q and %q", len(first), len(second), a.offset, b.offset, a.mark, b.mark)
			}
			a.ack()
			b.ack()
			c.want("OK", "SET", "k", "v")
			for _, r := range []*testReplica{a, b} {
				r.follows("SELECT 0", "SET k v")
			}
		})
	}
}

// TestSlowReplica: one that does not read is cut off, and pins no more than it may.
func TestSlowReplica(t *testing.T) {
	t.Parallel() // it waits most of the time
	s := startServer(t, append(quickSync, "client-output-buffer-limit", "replica 4mb 0 0")...)
	c := dial(t, s)
	slow, good := online(t, s), online(t, s)
	var read atomic.Int64 // by the good one
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := good.r.Read(buf)
			if read.Add(int64(n)); err != nil {
				return // the test has ended
			}
		}
	}()
	text := strings.Repeat("x", 1<<20)
	for sent := int64(0); c.infoInt("connected_slaves") == 2; sent += 1 << 20 {
		eventually(t, "the good one has read what there is", func() bool { return read.Load() >= sent })
		c.want("OK", "SET", "k", text)
		if n := c.infoInt("mem_replication_backlog"); n > 8<<20 {
			t.Fatalf("%d bytes are kept", n)
		}
	}
	_ = slow.Close()
	eventually(t, "the rest is given back", func() bool { return c.infoInt("repl_backlog_histlen") < 2<<20 })
	if n := c.infoInt("connected_slaves"); n != 1 {
		t.Errorf("%d replicas are left", n)
	}
}

// TestWaitReplicas: WAIT and WAITAOF count replicas that have acknowledged, and ask them.
func TestWaitReplicas(t *testing.T) {
	s := startServer(t, quickSync...)
	c := dial(t, s)
	r := online(t, s)
	c.want("1", "WAIT", "1", "0") // it has written nothing
	c.want("OK", "SET", "a", "1")
	c.send(encode("WAIT", "1", "0"))
	r.follows("SELECT 0", "SET a 1")
	at := r.offset
	r.follows("REPLCONF GETACK *")
	r.send(encode("REPLCONF", "ACK", strconv.FormatInt(at, 10)))
	c.gets("1")
	c.want("OK", "SET", "a", "2")
	c.want("0", "WAIT", "1", "10")
	c.send(encode("WAITAOF", "0", "1", "0"))
	r.follows("SET a 2", "REPLCONF GETACK *")
	r.ack() // not in its AOF
	r.send(encode("REPLCONF", "ACK", strconv.FormatInt(r.offset, 10), "FACK", strconv.FormatInt(r.offset, 10)))
	c.gets("[0 1]")
	c.want("1", "WAIT", "2", "10")
}

// TestMinReplicas: without enough replicas nothing is written.
func TestMinReplicas(t *testing.T) {
	const few = "NOREPLICAS Not enough good replicas to write."
	s := startServer(t, append(quickSync, "min-replicas-to-write", "1")...)
	c := dial(t, s)
	c.want(few, "SET", "a", "1")
	c.want("nil", "GET", "a")
	r := online(t, s)
	c.want("OK", "SET", "a", "1")
	if line := c.do("CLIENT", "LIST", "TYPE", "replica"); !strings.Contains(line, " flags=S ") || strings.Count(line, "\n") != 1 {
		t.Errorf("CLIENT LIST: %q", line)
	}
	r.Close()
	eventually(t, "it is missed", func() bool { return c.do("SET", "a", "2") == few })
	c.want("OK", "CONFIG", "SET", "min-replicas-to-write", "0")
	c.want("OK", "SET", "a", "3")
}

// TestSilentReplica: one that says nothing for repl-timeout is cut off.
func TestSilentReplica(t *testing.T) {
	t.Parallel() // it waits most of the time
	s := startServer(t, append(quickSync, "repl-timeout", "1")...)
	r := online(t, s)
	r.closed()
}

// TestOtherSyncs: SYNC, a copy without stream, and one with libraries alone.
func TestOtherSyncs(t *testing.T) {
	s := startServer(t, quickSync...)
	c := dial(t, s)
	c.want("lib", "FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('f', function() return 1 end)")
	c.want("OK", "SET", "a-key", "1")
	old := &testReplica{testClient: dial(t, s)}
	old.send(encode("SYNC"))
	if data := old.copy(); !bytes.Contains(data, []byte("a-key")) || !bytes.HasPrefix(data, []byte("REDIS0010")) {
		t.Errorf("SYNC has %.60q", data)
	}
	c.want("OK", "SET", "b", "1")
	old.follows("SELECT 0", "SET b 1")

	only := attach(t, s, "capa", "eof", "version", "7.2.0", "rdb-only", "1", "rdb-filter-only", "functions")
	data := only.resync()
	if bytes.Contains(data, []byte("a-key")) || !bytes.Contains(data, []byte("register_function")) || !bytes.HasPrefix(data, []byte("REDIS0011")) {
		t.Errorf("the copy has %.60q", data)
	}
	only.closed()

	for _, filter := range []string{"", "functions functions", "nonsense"} {
		r := attach(t, s, "capa", "eof")
		r.do("REPLCONF", "rdb-filter-only", filter)
		data := r.resync()
		if has := bytes.Contains(data, []byte("register_function")); bytes.Contains(data, []byte("a-key")) || has != strings.HasPrefix(filter, "functions") {
			t.Errorf("the copy of a replica that wants %q has %.60q", filter, data)
		}
	}
	attach(t, s, "rdb-filter-only", "functions").want("ERR Filtered replica requires EOF capability", "PSYNC", "?", "-1")
}

// TestHistoryOutlivesRestart: a primary that was saved lets its replicas go on.
func TestHistoryOutlivesRestart(t *testing.T) {
	dir := t.TempDir()
	s, end := runServer(t, append(quickSync, "dir", dir)...)
	c := dial(t, s)
	r := online(t, s)
	c.want("OK", "SET", "a", "1")
	r.follows("SELECT 0", "SET a 1")
	c.want("OK", "SAVE")
	end()
	s = startServer(t, append(quickSync, "dir", dir)...)
	again := attach(t, s, "capa", "psync2")
	again.id, again.offset = r.id, r.offset
	if again.resync() != nil {
		t.Fatal("a full copy was sent")
	}
	if again.id == r.id {
		t.Error("what comes now has the name of the old history")
	}
	c = dial(t, s)
	c.want("1", "GET", "a")
	c.want("OK", "SET", "b", "1")
	again.follows("SELECT 0", "SET b 1")
}

// TestPromotedUnderWrites promotes a replica that is followed itself, while clients write: who has followed
// it gets nothing of what they write before it knows of the new history, and so can go on there.
func TestPromotedUnderWrites(t *testing.T) {
	t.Parallel() // it waits most of the time
	primary := startServer(t, quickSync...)
	host, port, _ := net.SplitHostPort(primary.Addrs()[0].String())
	for range 10 {
		s, end := runServer(t, append(quickSync, "replicaof", host+" "+port)...)
		c := dial(t, s)
		eventually(t, "the link is up", func() bool { return c.infoField("master_link_status") == "up" })
		r := attach(t, s, "capa", "eof", "capa", "psync2")
		r.resync()
		r.ack()
		eventually(t, "the replica is online", func() bool { return strings.Contains(c.infoField("slave0"), "state=online") })
		var writers sync.WaitGroup
		var stop atomic.Bool
		for i := range 4 {
			w := dial(t, s)
			writers.Go(func() {
				for !stop.Load() {
					w.do("SET", "k"+strconv.Itoa(i), "v") // READONLY, at first
				}
			})
		}
		c.want("OK", "REPLICAOF", "NO", "ONE")
		for {
			v, err := resp.ReadReply(r.r)
			if err != nil {
				break
			}
			var words []string
			for i := range v.Elems {
				words = append(words, string(v.Elems[i].Str))
			}
			r.offset += int64(len(encode(words...)))
		}
		stop.Store(true)
		writers.Wait()
		again := attach(t, s, "capa", "psync2")
		again.id, again.offset = r.id, r.offset
		if again.resync() != nil {
			t.Fatalf("a full copy was sent: the replica has %d, the histories part at %d", r.offset, c.infoInt("second_repl_offset")-1)
		}
		end()
	}
}

// TestEndAwaitsReplicas: a server that is told to end does so when its replicas have everything, and not before.
func TestEndAwaitsReplicas(t *testing.T) {
	s, end := runServer(t, "repl-diskless-sync-delay", "0", "shutdown-timeout", "60")
	c := dial(t, s)
	r := online(t, s)
	c.want("OK", "SET", "a", "1")
	ended := make(chan struct{})
	go func() {
		end()
		close(ended)
	}()
	r.follows("SELECT 0", "SET a 1")
	at := r.offset
	r.follows("REPLCONF GETACK *")
	c.want("1", "GET", "a")
	select {
	case <-ended:
		t.Error("it has not waited")
	default:
	}
	r.send(encode("REPLCONF", "ACK", strconv.FormatInt(at, 10)))
	<-ended
}

// TestEndWhileJobsAreHeld: a server ends although a copy for a replica waits until its own data have come, which they do not.
func TestEndWhileJobsAreHeld(t *testing.T) {
	s, end := runServer(t, "repl-diskless-sync-delay", "0", "save", "")
	defer s.disk.Jobs.Hold()()
	r := attach(t, s)
	r.send(encode("PSYNC", "?", "-1"))
	until(t, "a copy is asked for", func() bool { return s.disk.Jobs.Waits(durable.FullSync) })
	end()
}

// TestShutdownCalledOff: while SHUTDOWN waits for a replica, SHUTDOWN ABORT calls it off: its client is told so, and writes go on.
// CLIENT UNPAUSE does not let them go on before, and a pause by a client outlasts that.
func TestShutdownCalledOff(t *testing.T) {
	s := startServer(t, "repl-diskless-sync-delay", "0", "shutdown-timeout", "60")
	c, asker, writer := dial(t, s), dial(t, s), dial(t, s)
	r := online(t, s)
	defer r.Close() // else the end waits for it
	calledOff := func() {
		asker.send(encode("SHUTDOWN", "NOSAVE"))
		eventually(t, "SHUTDOWN holds writes", func() bool { return c.do("SHUTDOWN", "ABORT") == "OK" })
		if got, want := asker.reply(), "ERR Errors trying to SHUTDOWN. Check logs."; got != want {
			t.Errorf("SHUTDOWN: %q", got)
		}
	}
	c.want("OK", "SET", "a", "1")
	calledOff()
	c.want("OK", "SET", "a", "2")

	asker.send(encode("SHUTDOWN", "NOSAVE"))
	eventually(t, "writes wait", func() bool { return s.Guard.Load()&exec.GuardPaused != 0 })
	c.want("OK", "CLIENT", "UNPAUSE")
	writer.send(encode("SET", "a", "3"))
	eventually(t, "the writer waits", func() bool { return c.infoInt("blocked_clients") == 1 })
	c.want("OK", "SHUTDOWN", "ABORT")
	asker.reply()
	writer.gets("OK")

	c.want("OK", "CLIENT", "PAUSE", "60000", "WRITE")
	calledOff()
	writer.send(encode("SET", "a", "4"))
	eventually(t, "the writer waits", func() bool { return c.infoInt("blocked_clients") == 1 })
	c.want("3", "GET", "a")
	c.want("OK", "CLIENT", "UNPAUSE")
	writer.gets("OK")
	c.want("ERR No shutdown in progress.", "SHUTDOWN", "ABORT")
}

// TestReplicaKeepsOff: what a replica calls on the connection that it follows by changes nothing, and ends the connection
// if it has a reply, as with redis-server 7.0.
func TestReplicaKeepsOff(t *testing.T) {
	s := startServer(t, quickSync...)
	c := dial(t, s)
	for _, calls := range [][]string{
		{"SET", "a", "1"}, {"GET", "a"}, {"GET"}, {"NOSUCH"}, {"PING"}, {"MULTI"}, {"PUBLISH", "x", "y"}, {"SUBSCRIBE", "x"}, {"REPLCONF", "capa", "eof"},
		{"KEYS", "*"}, {"INFO", "server"}, {"EVAL", "return redis.call('SET', 'a', '1')", "0"}, {"WAIT", "1", "60000"}, {"FLUSHALL"}, {"BLPOP", "list", "0"}, {"HELLO", "3"},
	} {
		r := online(t, s)
		r.send(encode(calls...) + encode("SET", "a", "2"))
		r.closed()
		eventually(t, strings.Join(calls, " ")+" ends the connection", func() bool { return c.infoInt("connected_slaves") == 0 })
		c.want("0", "EXISTS", "a")
	}
	r := online(t, s)
	r.send(encode("REPLCONF", "GETACK", "*") + encode("PSYNC", "?", "-1") + encode("SYNC") + encode("CLIENT", "REPLY", "OFF"))
	c.want("OK", "SET", "b", "1")
	r.follows("SELECT 0", "SET b 1")
	r.ack()
	c.want("1", "WAIT", "1", "60000") // what it had sent before is done
}

// TestExpiredOutliveRestart: a key that expires while a primary is not there is deleted in the stream when it
// is again, as its replicas have it still.
func TestExpiredOutliveRestart(t *testing.T) {
	dir := t.TempDir()
	s, end := runServer(t, append(quickSync, "dir", dir)...)
	c := dial(t, s)
	c.want("OK", "DEBUG", "SET-ACTIVE-EXPIRE", "0")
	r := online(t, s)
	rest := 150 * time.Millisecond
	var deadline time.Time
	until(t, "a key is saved before it expires", func() bool { // a busy machine may be late
		rest *= 2
		deadline = time.Now().Add(rest)
		c.want("OK", "SET", "n", "500", "PXAT", strconv.FormatInt(deadline.UnixMilli(), 10))
		c.want("OK", "SAVE")
		return c.do("EXISTS", "n") == "1"
	})
	for r.call() != fmt.Sprint("SET n 500 PXAT ", deadline.UnixMilli()) {
		if t.Failed() {
			return
		}
	}
	time.Sleep(time.Until(deadline) + 2*time.Millisecond)
	end()
	s = startServer(t, append(quickSync, "dir", dir)...)
	again := attach(t, s, "capa", "psync2")
	if again.id, again.offset = r.id, r.offset; again.resync() != nil {
		t.Fatal("a full copy was sent")
	}
	dial(t, s).want("1", "INCR", "n")
	again.follows("SELECT 0", "DEL n", "INCR n")
}

// TestBacklogEnds: when nobody follows for repl-backlog-ttl there is no backlog any more, and the old history ends.
func TestBacklogEnds(t *testing.T) {
	t.Parallel() // it waits most of the time
	s := startServer(t, append(quickSync, "repl-backlog-ttl", "1")...)
	c := dial(t, s)
	r := online(t, s)
	r.Close()
	eventually(t, "the backlog is given up", func() bool { return c.infoInt("repl_backlog_active") == 0 })
	if s.Journal.Log.On() {
		t.Error("changes are still recorded")
	}
	c.want("OK", "SET", "a", "1")
	again := attach(t, s, "capa", "eof", "capa", "psync2")
	again.id, again.offset = r.id, r.offset
	if again.resync() == nil {
		t.Error("a history goes on that has a gap")
	}
}
