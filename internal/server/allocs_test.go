//go:build unix

package server

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/kringdb/kring/internal/raceflag"
	"github.com/kringdb/kring/internal/server/script"
)

// exchange sends a request through a raw socket and reads exactly n reply bytes: a
// client that allocates nothing.
func exchange(t testing.TB, fd int, req, reply []byte) {
	for sent := 0; sent < len(req); {
		n, err := unix.Write(fd, req[sent:])
		if err != nil {
			t.Fatal(err)
		}
		sent += n
	}
	for got := 0; got < len(reply); {
		n, err := unix.Read(fd, reply[got:])
		if err != nil || n == 0 {
			t.Fatal(n, err)
		}
		got += n
	}
}

func rawDial(t testing.TB, s *Server) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: s.Port(), Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	return fd
}

const benchScript = "return redis.call('incr', KEYS[1])"

// allocScript makes tables and strings, in a run that could be undone.
const allocScript = `local t = {n = 0}
for i = 1, 3 do
  t[i] = redis.call('get', KEYS[1])
  if i == 2 then redis.call('set', KEYS[1], t[1]) end
end
return {#ARGV, t[3] .. '-end'}`

// TestNoAllocations holds the promise of the hot path over its whole length: socket,
// ring, parser, look-ahead, locks, handler, reply, socket.
func TestNoAllocations(t *testing.T) {
	if raceflag.Enabled {
		t.Skip("the race detector allocates")
	}
	s := startServer(t, "reactors", "1")
	fd := rawDial(t, s)
	tenKeys := strings.Fields("k0 k1 k2 k3 k4 k5 k6 k7 k8 k9")
	for _, k := range tenKeys {
		exchange(t, fd, []byte(encode("SET", k, "value-"+k)), make([]byte, len("+OK\r\n")))
	}
	exchange(t, fd, []byte(encode("SET", "n", "1000000")), make([]byte, len("+OK\r\n")))
	for _, text := range []string{benchScript, allocScript} {
		exchange(t, fd, []byte(encode("SCRIPT", "LOAD", text)), make([]byte, len("$40\r\n")+40+len("\r\n")))
	}
	for _, c := range []struct {
		req   string
		reply int // bytes
	}{
		{encode("GET", "k1"), len("$8\r\nvalue-k1\r\n")},
		{encode("SET", "k1", "value-zz"), len("+OK\r\n")},
		{encode("INCR", "n"), len(":1000001\r\n")},
		{encode("EXISTS", "k1"), len(":1\r\n")},
		{encode("EVALSHA", script.Sum([]byte(benchScript)), "1", "n"), len(":1000001\r\n")},
		{encode("EVAL", benchScript, "1", "n"), len(":1000001\r\n")},
		{encode("EVALSHA", script.Sum([]byte(allocScript)), "1", "k2", "v"), len("*2\r\n:1\r\n$12\r\nvalue-k2-end\r\n")},
		{encode(append([]string{"MGET"}, tenKeys...)...), len("*10\r\n") + 10*len("$8\r\nvalue-k1\r\n")},
	} {
		for _, pipeline := range []int{1, 64} {
			req, reply := []byte(strings.Repeat(c.req, pipeline)), make([]byte, c.reply*pipeline)
			if n := testing.AllocsPerRun(500, func() { exchange(t, fd, req, reply) }); n != 0 {
				t.Errorf("%q x%d: %v allocations", c.req[:16], pipeline, n)
			}
		}
	}
}

// TestNoAllocationsWithAOF is TestNoAllocations for writes that are recorded, in a rewrite's
// absence. The writer's own few allocations a second do not show in the mean.
func TestNoAllocationsWithAOF(t *testing.T) {
	if raceflag.Enabled {
		t.Skip("the race detector allocates")
	}
	s := startServer(t, "reactors", "1", "appendonly", "yes", "dir", t.TempDir())
	fd := rawDial(t, s)
	for _, c := range []struct {
		req   string
		reply int // bytes
	}{
		{encode("SET", "k1", "value-zz"), len("+OK\r\n")},
		{encode("SET", "k2", "value-zz", "PX", "1000000"), len("+OK\r\n")},
		{encode("MSET", "k3", "a", "k4", "b"), len("+OK\r\n")},
	} {
		req, reply := []byte(strings.Repeat(c.req, 64)), make([]byte, c.reply*64)
		if n := testing.AllocsPerRun(500, func() { exchange(t, fd, req, reply) }); n != 0 {
			t.Errorf("%q x64: %v allocations", c.req[:16], n)
		}
	}
}
