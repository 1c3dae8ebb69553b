package robust

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
)

func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.sock")
	s := start(t, "--unixsocket", path, "--unixsocketperm", "750")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode()&os.ModeSocket == 0 || info.Mode().Perm() != 0o750 {
		t.Errorf("mode %v", info.Mode())
	}
	c, err := rawclient.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	must(t, c, "SET k v", "+OK")
	must(t, s.Connect(t), "GET k", `$"v"`)
	line := must(t, c, "CLIENT INFO", "").Str
	if !strings.Contains(line, "addr="+path+":0") || !strings.Contains(line, "flags=U") {
		t.Errorf("CLIENT INFO over the socket: %s", line)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the socket file outlived the server: %v", err)
	}
}

// TestUnixSocketOnly: port 0 means no TCP at all; a stale socket file is replaced.
func TestUnixSocketOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "only.sock")
	write(t, path, "stale")
	_ = os.Remove(path)
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = l.Close()
	s := harness.StartConfig(t, harness.Config{
		Bin: harness.SubjectBin(t), Bare: true, Network: "unix", Addr: path,
		Args: []string{"--port", "0", "--unixsocket", path, "--save", ""},
	})
	must(t, s.Connect(t), "PING", "+PONG")
}

func TestSeveralAddresses(t *testing.T) {
	if l, err := net.Listen("tcp", "[::1]:0"); err != nil {
		t.Skip("no IPv6 loopback: ", err)
	} else {
		_ = l.Close()
	}
	port := strconv.Itoa(freePort(t))
	harness.StartConfig(t, harness.Config{
		Bin: harness.SubjectBin(t), Bare: true, Network: "tcp", Addr: net.JoinHostPort("127.0.0.1", port),
		Args: []string{"--port", port, "--bind", "127.0.0.1", "::1", "127.0.0.2", "-203.0.113.9", "--save", ""},
	})
	for _, host := range []string{"127.0.0.1", "::1", "127.0.0.2"} {
		c, err := rawclient.Dial("tcp", net.JoinHostPort(host, port))
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		must(t, c, "PING", "+PONG")
		line := must(t, c, "CLIENT INFO", "").Str
		if !strings.Contains(line, "laddr="+net.JoinHostPort(host, port)) {
			t.Errorf("%s: %s", host, line)
		}
		_ = c.Close()
	}
	if c, err := rawclient.Dial("tcp", net.JoinHostPort("127.0.0.3", port)); err == nil {
		_ = c.Close()
		t.Error("an address that was not named is served")
	}
}

func TestAddressInUse(t *testing.T) {
	s := start(t)
	_, err := harness.Launch(harness.Config{
		Bin: harness.SubjectBin(t), Bare: true, Network: "tcp", Addr: "127.0.0.1:1",
		Args: []string{"--port", strconv.Itoa(s.Port), "--bind", "127.0.0.1", "--save", ""},
	})
	if err == nil || !strings.Contains(strings.ToLower(err.Error()), "address already in use") {
		t.Fatalf("got %v", err)
	}
	// With an address before it that can be had: nothing must wait for what never runs.
	_, err = harness.Launch(harness.Config{
		Bin: harness.SubjectBin(t), Bare: true, Network: "tcp", Addr: "127.0.0.1:1",
		Args: []string{"--port", strconv.Itoa(s.Port), "--bind", "127.0.0.2", "127.0.0.1", "--save", ""},
	})
	if err == nil || !strings.Contains(strings.ToLower(err.Error()), "address already in use") {
		t.Fatalf("the second of two addresses in use: got %v", err)
	}
}

// hostAddress finds an address of this machine that is not a loopback one.
func hostAddress(t *testing.T) string {
	t.Helper()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Skip(err)
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() {
			return n.IP.String()
		}
	}
	t.Skip("this machine has no address but loopback")
	return ""
}

func TestProtectedMode(t *testing.T) {
	host := hostAddress(t)
	port := strconv.Itoa(freePort(t))
	s := harness.StartConfig(t, harness.Config{
		Bin: harness.SubjectBin(t), Bare: true, Network: "tcp", Addr: net.JoinHostPort("127.0.0.1", port),
		Args: []string{"--port", port, "--bind", "0.0.0.0", "--save", ""},
	})
	far := &harness.Server{Network: "tcp", Addr: net.JoinHostPort(host, port)}
	if got := answer(t, far, "SET k v\r\n"); !strings.HasPrefix(got, "-DENIED ") || strings.Count(got, "\n") != 1 {
		t.Errorf("from %s: %q", host, got)
	}
	near := s.Connect(t)
	must(t, near, "EXISTS k", ":0")
	must(t, near, "CONFIG SET requirepass secret", "+OK")
	c := far.Connect(t)
	must(t, c, "PING", "-NOAUTH Authentication required.")
	must(t, c, "AUTH secret", "+OK")
	must(t, c, "PING", "+PONG")
	must(t, near, `CONFIG SET requirepass "" protected-mode no`, "+OK")
	must(t, far.Connect(t), "PING", "+PONG")
}
