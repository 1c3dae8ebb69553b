package server

import (
	"bufio"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/server/replication"
)

// copyGiver is a primary by hand that sends a full copy as slowly as the test likes.
type copyGiver struct {
	t  *testing.T
	l  net.Listener
	in *bufio.Reader
	net.Conn
}

func newCopyGiver(t *testing.T) *copyGiver {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return &copyGiver{t: t, l: l}
}

// port is where it listens.
func (g *copyGiver) port() string { return strconv.Itoa(g.l.Addr().(*net.TCPAddr).Port) }

// asked takes the next connection, up to its PSYNC, which it returns.
func (g *copyGiver) asked() (psync string) {
	g.t.Helper()
	_ = g.l.(*net.TCPListener).SetDeadline(time.Now().Add(patience))
	var err error
	if g.Conn, err = g.l.Accept(); err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { g.Close() })
	_ = g.SetDeadline(time.Now().Add(5 * patience))
	g.in = bufio.NewReader(g.Conn)
	for {
		var words []string
		for n := g.number('*'); len(words) < n; {
			word := make([]byte, g.number('$')+2)
			for i := range word {
				if word[i], err = g.in.ReadByte(); err != nil {
					g.t.Fatal(err)
				}
			}
			words = append(words, string(word[:len(word)-2]))
		}
		switch words[0] {
		case "PING":
			g.send("+PONG\r\n")
		case "PSYNC":
			return strings.Join(words, " ")
		default:
			g.send("+OK\r\n")
		}
	}
}

// number reads a line of the protocol that has a number behind a sign.
func (g *copyGiver) number(sign byte) int {
	g.t.Helper()
	line, err := g.in.ReadString('\n')
	if err != nil || line[0] != sign {
		g.t.Fatalf("%q, %v", line, err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(line[1:]))
	if err != nil {
		g.t.Fatal(err)
	}
	return n
}

func (g *copyGiver) send(text string) {
	g.t.Helper()
	if _, err := g.Write([]byte(text)); err != nil {
		g.t.Fatal(err)
	}
}

// TestLoadBeside: with repl-diskless-load swapdb a replica serves what it has while a full copy comes, keeps it if
// that does not come to its end, and has the copy, whole, when it does.
func TestLoadBeside(t *testing.T) {
	from := startServer(t, quickSync...)
	fc := dial(t, from)
	for i := range 1000 {
		fc.do("SET", fmt.Sprint("new", i), strings.Repeat(strconv.Itoa(i), 200))
	}
	fc.want("OK", "SET", "both", "new", "EX", "5000")
	fc.want("1-1", "XADD", "stream", "1-1", "f", "v")
	fc.want("lib", "FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function{function_name='f', callback=function() return 'new' end, flags={'no-writes'}}")
	fc.want("OK", "SELECT", "3")
	fc.want("2", "RPUSH", "list", "a", "b")
	data := string(attach(t, from, "capa", "eof").resync())
	want := fc.dump()

	dir := t.TempDir()
	s, end := runAOF(t, dir, append(quickSync, "repl-diskless-load", "swapdb")...)
	c := dial(t, s)
	c.want("OK", "SET", "both", "old")
	c.want("OK", "SET", "old", "1")
	c.want("lib", "FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function{function_name='g', callback=function() return 'old' end, flags={'no-writes'}}")
	watcher, reader := dial(t, s), dial(t, s)
	watcher.want("OK", "WATCH", "both")
	g := newCopyGiver(t)
	c.want("OK", "REPLICAOF", "127.0.0.1", g.port())
	reader.block(s, 1, "XREAD", "BLOCK", "0", "STREAMS", "stream", "0")
	if asked := g.asked(); asked != "PSYNC ? -1" {
		t.Error(asked)
	}
	serves := func() {
		t.Helper()
		c.want("1", "GET", "old")
		c.want("old", "GET", "both")
		c.want("2", "DBSIZE")
		c.want("old", "FCALL_RO", "g", "0")
		if keys := c.infoOf("keyspace"); !strings.HasPrefix(keys["db0"], "keys=2,") || len(keys) != 1 {
			t.Error(keys)
		}
	}
	half := func() {
		t.Helper()
		g.send(fmt.Sprintf("+FULLRESYNC %s 100\r\n$%d\r\n%s", replication.NewID(), len(data), data[:len(data)/2]))
		eventually(t, "a part of it is loaded", func() bool { return c.infoInt("async_loading") == 1 && c.infoInt("loading_loaded_bytes") > 0 })
		serves()
		for _, call := range []string{"SAVE", "BGREWRITEAOF", "REPLICAOF NO ONE"} {
			if got := c.do(strings.Fields(call)...); !strings.HasPrefix(got, "LOADING ") {
				t.Errorf("%s: %s", call, got)
			}
		}
		c.want("READONLY You can't write against a read only replica.", "FLUSHALL")
	}
	half()
	if err := s.Store.CheckInvariants(); err != nil {
		t.Error(err)
	}
	g.Close()
	eventually(t, "it is given up", func() bool { return c.infoInt("async_loading") == 0 })
	serves()
	g.asked()
	half()
	g.send(data[len(data)/2:])
	eventually(t, "the link is up", func() bool { return c.infoField("master_link_status") == "up" })
	if got := c.dump(); got != want {
		t.Errorf("it has\n%.2000s\nwant\n%.2000s", got, want)
	}
	c.want("new", "FCALL_RO", "f", "0")
	reader.gets("[[stream [[1-1 [f v]]]]]")
	watcher.want("OK", "MULTI")
	watcher.want("QUEUED", "GET", "both")
	watcher.want("nil", "EXEC")
	s.Store.Reap()
	if err := s.Store.CheckInvariants(); err != nil {
		t.Error(err)
	}
	g.send(encode("SELECT", "5") + encode("SET", "streamed", "1"))
	eventually(t, "the stream is applied", func() bool { return c.infoInt("slave_repl_offset") > 100 })
	eventually(t, "the AOF is rewritten", func() bool { return c.infoInt("aof_rewrite_in_progress") == 0 })
	want = c.dump()
	end()
	s, _ = runAOF(t, dir)
	if got := dial(t, s).dump(); got != want {
		t.Errorf("after a restart it has\n%.2000s\nwant\n%.2000s", got, want)
	}
}
