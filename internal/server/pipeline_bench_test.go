//go:build linux

package server

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/kringdb/kring/internal/server/script"
	"github.com/kringdb/kring/internal/server/session"
	"github.com/kringdb/kring/netio"
)

const (
	benchKeys  = 1_000_000
	cachedKeys = 1_000
	benchDepth = 64 // commands in a pipeline
	benchTexts = 4096
)

// BenchmarkPipeline runs pipelines of 64 commands over a million random keys or members
// from in-ring to out-ring on a reactor, without the kernel's part; "cached" over so few
// that it shows what a command costs apart from cache misses. ns/op is per command.
func BenchmarkPipeline(b *testing.B) {
	for _, m := range []struct{ name, fill, command string }{
		{"get", "SET key:%07d value-of-16-byte", "GET key:%07d"},
		{"set", "SET key:%07d value-of-16-byte", "SET key:%07d value-of-16-byte"},
		{"incr", "SET key:%07d 1000000", "INCR key:%07d"},
		{"hget", "HSET hash field:%010d value-of-16-byte", "HGET hash field:%010d"},
		{"hset", "HSET hash field:%010d value-of-16-byte", "HSET hash field:%010d value-of-16-byte"},
		{"sismember", "SADD set member:%09d", "SISMEMBER set member:%09d"},
		{"sadd", "SADD set member:%09d", "SADD set member:%09d"},
		{"zadd", "ZADD zset %[1]d member:%09[1]d", "ZADD zset %[1]d member:%09[1]d"},
		{"lpush", "", "LPUSH list value-of-16-byte"},
		{"publish", "", "PUBLISH channel message"},
		{"xadd", "", "XADD stream * field value-of-16-byte"},
		{"pfadd", "", "PFADD log member:%09d"},
		{"hset-small", "HSET small:%07d name abcdefgh mail abcdefgh age 42", "HSET small:%07d name abcdefgh mail abcdefgh age 42"},
		{"get-limited", "SET key:%07d value-of-16-byte", "GET key:%07d"},
		{"multi", "SET key:%07d 1000000", "MULTI|SET key:%07[1]d 17|GET key:%07[1]d|INCR key:%07[1]d|EXEC"},
		{"script", "SET key:%07d 1000000", "EVALSHA " + script.Sum([]byte(benchScript)) + " 1 key:%07d"},
	} {
		var s *Server // the sub-benchmark is called several times
		b.Run(m.name, func(sub *testing.B) {
			if s == nil {
				s = benchServer(b, m.name, m.fill, benchKeys)
			}
			benchPipeline(sub, s, m.command, benchKeys)
		})
		b.Run(m.name+"-cached", func(sub *testing.B) {
			if s == nil {
				s = benchServer(b, m.name, m.fill, cachedKeys)
			}
			benchPipeline(sub, s, m.command, cachedKeys)
		})
	}
}

// benchServer starts a server with one client and n keys or members.
func benchServer(b *testing.B, name, fill string, n int) *Server {
	s := startServer(b, "reactors", "1")
	c := dial(b, s)
	c.send(encode("PING"))
	c.gets("PONG")
	onReactor(s, func(se *session.Session) {
		for i := 0; fill != "" && i < n; i += benchDepth {
			feedBatch(se, benchText(fill, func(j int) int { return i + j }))
		}
	})
	c.do("SCRIPT", "LOAD", benchScript)
	if name == "get-limited" {
		for _, call := range []string{"ACL SETUSER reader on >pw ~key:* +@read +@connection", "AUTH reader pw"} {
			c.send(encode(strings.Fields(call)...))
			c.gets("OK")
		}
	}
	return s
}

func benchPipeline(b *testing.B, s *Server, command string, keys int) {
	texts := make([][]byte, benchTexts*keys/benchKeys+1)
	for i := range texts {
		texts[i] = benchText(command, func(int) int { return rand.IntN(keys) })
	}
	b.ResetTimer()
	onReactor(s, func(se *session.Session) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		from := threadNanos(b)
		for i := 0; i < b.N; i += benchDepth {
			feedBatch(se, texts[i/benchDepth%len(texts)])
		}
		b.ReportMetric(float64(threadNanos(b)-from)/float64(b.N), "cpu-ns/op")
	})
}

// threadNanos is the CPU time of the calling thread: other load on the machine disturbs it
// less than it does the time that passes.
func threadNanos(b *testing.B) int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		b.Fatal(err)
	}
	return ts.Nano()
}

// onReactor runs f with the only client's session on its reactor.
func onReactor(s *Server, f func(se *session.Session)) {
	r, done := s.Group.Reactors()[0], make(chan struct{})
	r.Post(func() {
		r.EachConn(func(c *netio.Conn) bool {
			f(c.Session().(*session.Session))
			return false
		})
		close(done)
	})
	<-done
}

// feedBatch lets the session serve what a client sent, and drops the replies.
func feedBatch(se *session.Session, text []byte) {
	se.Conn.In().Write(text) //nolint:errcheck // it has no error
	se.Serve()
	out := se.Conn.Out()
	out.Discard(out.Len())
}

// benchText is a pipeline of benchDepth commands; those that a command consists of are
// divided by bars.
func benchText(format string, n func(int) int) []byte {
	var text []byte
	for j := range benchDepth {
		line := format
		if strings.Contains(format, "%") {
			line = fmt.Sprintf(format, n(j))
		}
		for _, one := range strings.Split(line, "|") {
			text = append(text, encode(strings.Fields(one)...)...)
		}
	}
	return text
}
