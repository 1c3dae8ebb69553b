package robust

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
)

// TestHalfClosed: a client that has shut down its sending side gets all its replies.
func TestHalfClosed(t *testing.T) {
	s := start(t)
	onlyKring(t, s)
	for _, n := range []int{1, 100, 20_000} {
		c := s.Connect(t)
		in := bytes.Repeat(rawclient.AppendCommand(nil, "ECHO", "0123456789"), n)
		go func() {
			_ = c.Write(in)
			_ = c.Conn.(*net.TCPConn).CloseWrite()
		}()
		for i := range n {
			v, err := c.Receive()
			if err != nil || v.Str != "0123456789" {
				t.Fatalf("%d commands: reply %d is %s, %v", n, i, v, err)
			}
		}
		if _, err := c.Receive(); err != io.EOF {
			t.Fatalf("%d commands: %v after the last reply, want the end", n, err)
		}
	}
}

// TestResetConnections: clients that vanish mid-command leave nothing behind.
func TestResetConnections(t *testing.T) {
	s := start(t)
	watch := s.Connect(t)
	must(t, watch, "SET big "+strings.Repeat("x", 100_000), "+OK")
	for i := range 300 {
		c, err := s.Dial()
		if err != nil {
			t.Fatal(err)
		}
		switch i % 3 {
		case 0: // within a command
			_ = c.Write([]byte("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000\r\nabc"))
		case 1: // with replies under way
			_ = c.Write(bytes.Repeat([]byte("GET big\r\n"), 50))
		}
		_ = c.Conn.(*net.TCPConn).SetLinger(0) // close sends a reset
		_ = c.Close()
	}
	await(t, "only one client left", func() bool { return infoNumber(t, watch, "connected_clients") == 1 })
	await(t, "descriptors are closed", func() bool { // some connections may be accepted only now
		files, err := s.OpenFiles()
		return err != nil || files <= 40
	})
}

// TestDeafClient: who never reads is cut off at client-output-buffer-limit, and the
// others do not notice.
func TestDeafClient(t *testing.T) {
	s := start(t, "--client-output-buffer-limit", "normal", fmt.Sprint(deafLimitBytes), "0", "0")
	c, deaf := s.Connect(t), s.Connect(t)
	must(t, c, "SET big "+strings.Repeat("x", 1<<20), "+OK")
	before, _ := s.RSS()
	go func() {
		deaf.Timeout = awaitTimeout
		for range 4000 {
			if deaf.Write([]byte("GET big\r\n")) != nil {
				return
			}
		}
	}()
	peak := int64(0)
	await(t, "the deaf client is gone", func() bool {
		rss, _ := s.RSS()
		peak = max(peak, rss-before)
		must(t, c, "PING", "+PONG")
		return infoNumber(t, c, "connected_clients") == 1
	})
	if peak > deafLimitBytes+deafSlackBytes {
		t.Errorf("memory grew by %d MB with a limit of %d MB", peak>>20, deafLimitBytes>>20)
	}
}

// TestDeafClientWithoutLimit: without a limit the replies are kept, and arrive.
func TestDeafClientWithoutLimit(t *testing.T) {
	s := start(t)
	c := s.Connect(t)
	value := strings.Repeat("x", 1<<20)
	must(t, c, "SET big "+value, "+OK")
	if err := c.Write(bytes.Repeat([]byte("GET big\r\n"), 64)); err != nil {
		t.Fatal(err)
	}
	must(t, s.Connect(t), "PING", "+PONG")
	for range 64 {
		if v, err := c.Receive(); err != nil || v.Str != value {
			t.Fatalf("%d bytes, %v", len(v.Str), err)
		}
	}
}

func TestMaxclients(t *testing.T) {
	s := start(t, "--maxclients", "10")
	var open []*rawclient.Client
	for len(open) < 10 {
		c := s.Connect(t)
		must(t, c, "PING", "+PONG")
		open = append(open, c)
	}
	if got := answer(t, s, ""); got != "-ERR max number of clients reached\n" {
		t.Errorf("the eleventh got %q", got)
	}
	must(t, open[0], "PING", "+PONG")
	if n := infoNumber(t, open[0], "rejected_connections"); n != 1 {
		t.Errorf("rejected_connections is %d", n)
	}
	_ = open[9].Close()
	await(t, "a place is free again", func() bool {
		c, err := s.Dial()
		if err != nil {
			return false
		}
		defer c.Close()
		v, err := c.Do("PING")
		return err == nil && v.Str == "PONG"
	})
}

func TestIdleTimeout(t *testing.T) {
	s := start(t, "--timeout", "1")
	idle, busy := s.Connect(t), s.Connect(t)
	must(t, idle, "PING", "+PONG")
	begin := time.Now()
	done := make(chan error, 1)
	go func() {
		_, err := idle.Receive()
		done <- err
	}()
	for {
		select {
		case err := <-done:
			if errText(err) != "closed" {
				t.Fatal(err)
			}
			if d := time.Since(begin); d < 900*time.Millisecond {
				t.Errorf("closed after %v", d)
			}
			must(t, busy, "PING", "+PONG")
			return
		case <-time.After(100 * time.Millisecond):
			must(t, busy, "PING", "+PONG")
		}
	}
}

// TestDescriptorsExhausted: with no descriptor left the server goes on serving, does
// not spin, and accepts again when there are some.
func TestDescriptorsExhausted(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	port := fmt.Sprint(freePort(t))
	s := harness.StartConfig(t, harness.Config{
		Bin: sh, Bare: true, Network: "tcp", Addr: net.JoinHostPort("127.0.0.1", port),
		Args: []string{"-c", `ulimit -n 80; exec "$0" "$@"`, harness.SubjectBin(t), "--port", port, "--bind", "127.0.0.1", "--save", ""},
	})
	first := s.Connect(t)
	must(t, first, "PING", "+PONG")
	var crowd []*rawclient.Client
	for range 150 {
		c, err := rawclient.Dial("tcp", s.Addr)
		if err != nil {
			break
		}
		crowd = append(crowd, c)
	}
	must(t, first, "PING", "+PONG")
	cpu, err := s.CPU()
	if err == nil {
		time.Sleep(400 * time.Millisecond) // a stretch of time is what is measured
		later, _ := s.CPU()
		if later-cpu > 150*time.Millisecond {
			t.Errorf("%v CPU in 400 ms without descriptors", later-cpu)
		}
	}
	must(t, first, "SET k v", "+OK")
	for _, c := range crowd {
		_ = c.Close()
	}
	await(t, "connections are accepted again", func() bool {
		c, err := s.Dial()
		if err != nil {
			return false
		}
		defer c.Close()
		c.Timeout = time.Second
		v, err := c.Do("GET", "k")
		return err == nil && v.Str == "v"
	})
}

// TestIdleConnectionsAreLight: what a connection that has been used keeps in memory.
func TestIdleConnectionsAreLight(t *testing.T) {
	s := start(t)
	onlyKring(t, s)
	c := s.Connect(t)
	must(t, c, "SET k "+strings.Repeat("x", 10_000), "+OK")
	before, err := s.RSS()
	if err != nil {
		t.Skip(err)
	}
	conns := make([]*rawclient.Client, 0, idleConnectionsCount)
	for range idleConnectionsCount {
		conns = append(conns, s.Connect(t))
	}
	for _, c := range conns {
		must(t, c, "GET k", "")
	}
	after, _ := s.RSS()
	most := int64(idleConnectionBytesMax)
	if goroutineModel {
		most = idleGoroutineBytesMax
	}
	if each := (after - before) / idleConnectionsCount; int64(each) > most {
		t.Errorf("an idle connection takes %d bytes", each)
	}
}
