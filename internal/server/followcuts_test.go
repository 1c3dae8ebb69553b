package server

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/raceflag"
)

// cutCount is how many connections TestFollowThroughCuts cuts.
const cutCount = 240

// TestFollowThroughCuts has a replica follow under writes through a proxy that cuts the connection hundreds of times: all over
// what the primary and the replica say in the handshake, within full copies, and in the stream. In the end both have the same, and the stream has gone on wherever the backlog had what was missing.
func TestFollowThroughCuts(t *testing.T) {
	cuts := int64(cutCount)
	if raceflag.Enabled || testing.Short() {
		cuts /= 4
	}
	p := startServer(t, "repl-diskless-sync-delay", "0", "repl-backlog-size", "1mb", "shutdown-timeout", "0")
	pc := dial(t, p)
	for i := range 200 {
		pc.want("OK", "SET", fmt.Sprint("large", i), strings.Repeat(fmt.Sprint(i), 500))
	}
	cutter := newCutter(t, p.Addrs()[0].String(), cuts)
	s := startServer(t, "replicaof", "127.0.0.1 "+cutter.port, "shutdown-timeout", "0")
	c := dial(t, s)
	rng := rand.New(rand.NewPCG(1, 2))
	seen := int64(0)
	for end := time.Now().Add(2 * patience); cutter.done.Load() < cuts; {
		if time.Now().After(end) {
			t.Fatalf("%d connections of %d were cut: %s", cutter.done.Load(), cuts, c.do("INFO", "replication"))
		}
		writeMixed(pc, rng)
		time.Sleep(2 * time.Millisecond)                     // a stream that goes on, and leaves the processors to others
		if n := cutter.done.Load(); n != seen && n%12 == 0 { // more than the backlog has
			pc.want("OK", "SET", "large", strings.Repeat("x", 1_200_000+int(n)))
		}
		seen = cutter.done.Load()
	}
	offset := pc.infoField("master_repl_offset")
	eventually(t, "the replica has everything", func() bool {
		return strings.Contains(c.do("INFO", "replication"), "master_link_status:up") && c.infoInt("slave_repl_offset") >= pc.infoInt("master_repl_offset")
	})
	want, got := pc.do("DEBUG", "DIGEST"), c.do("DEBUG", "DIGEST")
	full, partial, refused := pc.infoInt("sync_full"), pc.infoInt("sync_partial_ok"), pc.infoInt("sync_partial_err")
	t.Logf("%d cuts, %d full copies, %d times the stream has gone on, %d times it could not; offset %s", cuts, full, partial, refused, offset)
	if want != got || strings.Trim(want, "0") == "" {
		t.Errorf("the digests are %s and %s", want, got)
	}
	if partial < cuts/4 || full < cuts/16 {
		t.Errorf("%d cuts: the stream went on %d times, %d copies were made", cuts, partial, full)
	}
}

// writeMixed writes what is wrong if it is done twice, or not at all.
func writeMixed(c *testClient, rng *rand.Rand) {
	key := func(kind string) string { return kind + strconv.Itoa(rng.IntN(20)) }
	var b strings.Builder
	n := 0
	add := func(words ...string) {
		b.WriteString(encode(words...))
		n++
	}
	add("SELECT", strconv.Itoa(rng.IntN(2)))
	for range 5 {
		add("INCR", key("n"))
		add("APPEND", key("s"), "x")
		add("RPUSH", key("l"), "a", "b", "c")
		add("LPOP", key("l"))
		add("HINCRBY", key("h"), key("f"), "3")
		add("SADD", key("set"), key("m"))
		add("SPOP", key("set"))
		add("ZINCRBY", key("z"), "1.5", key("m"))
	}
	add("XADD", key("x"), "MAXLEN", "50", "*", "f", "v")
	add("MULTI")
	add("INCR", key("n"))
	add("INCR", key("n"))
	add("EXEC")
	add("EVAL", "redis.call('INCR', KEYS[1]) return redis.call('RPUSH', KEYS[2], 'x')", "2", key("n"), key("l"))
	add("SELECT", "0")
	c.send(b.String())
	for range n {
		c.reply()
	}
}

// wireCutter is a proxy in front of a primary whose connections break, as many of them as are to be cut.
type wireCutter struct {
	t    *testing.T
	port string
	to   string
	cuts int64
	done atomic.Int64 // connections that were cut
	n    atomic.Int64 // that were made
}

func newCutter(t *testing.T, to string, cuts int64) *wireCutter {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	w := &wireCutter{t: t, port: port, to: to, cuts: cuts}
	var ended sync.WaitGroup
	ended.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			ended.Go(func() { w.serve(conn, w.n.Add(1)-1) })
		}
	})
	t.Cleanup(func() { // the servers, which have begun later, are at their ends
		l.Close()
		ended.Wait()
	})
	return w
}

// serve forwards connection n. By turns it breaks in the handshake, at another byte each time, and, so that
// the replica does not rest longer and longer, in the stream or in a full copy.
func (w *wireCutter) serve(replica net.Conn, n int64) {
	defer replica.Close()
	primary, err := net.Dial("tcp", w.to)
	if err != nil {
		return
	}
	defer primary.Close()
	up, down := int64(-1), int64(-1) // -1: as much as there is
	switch turn, at := n%4, n/4; {
	case n >= w.cuts:
	case turn == 0 && at%2 == 0:
		down = at * 7 % 130 // +PONG, three times +OK, +FULLRESYNC or +CONTINUE, and the head of the copy
	case turn == 0:
		up = at * 11 % 230
	case turn == 2:
		down = 130 + at*2039%40_000
	}
	cut := down >= 0 || up >= 0
	var both sync.WaitGroup
	both.Go(func() {
		_ = forward(primary, replica, up)
		replica.Close()
		primary.Close()
	})
	if n < w.cuts && !cut {
		down = streamCut(n)
		_ = forwardStream(replica, primary, down)
	} else {
		_ = forward(replica, primary, down)
	}
	replica.Close()
	primary.Close()
	both.Wait()
	if n < w.cuts {
		w.done.Add(1)
	}
}

// streamCut is behind how many bytes of the stream connection n breaks.
func streamCut(n int64) int64 { return n * 977 % 6000 }

// forward copies n bytes, with -1 all.
func forward(to io.Writer, from io.Reader, n int64) error {
	if n < 0 {
		_, err := io.Copy(to, from)
		return err
	}
	_, err := io.CopyN(to, from, n)
	return err
}

// forwardStream copies what a primary sends up to n bytes behind +CONTINUE, or a full copy that is told by its mark.
func forwardStream(to io.Writer, from io.Reader, n int64) error {
	var seen []byte
	var mark []byte
	buf := make([]byte, 64<<10)
	for {
		got, err := from.Read(buf)
		if err != nil {
			return err
		}
		if _, err := to.Write(buf[:got]); err != nil {
			return err
		}
		seen = append(seen, buf[:got]...)
		if mark == nil {
			if i := bytes.Index(seen, []byte("+CONTINUE")); i >= 0 {
				return forward(to, from, n)
			}
			i := bytes.Index(seen, []byte("$EOF:"))
			if i < 0 || len(seen) < i+45 {
				continue
			}
			mark, seen = bytes.Clone(seen[i+5:i+45]), seen[i+45:]
		}
		if bytes.Contains(seen, mark) {
			return forward(to, from, n)
		}
	}
}
