//go:build unix

package main

import (
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// TestFirstReply measures from the start of the process to its first reply: well under a
// second, and it says how long it took.
func TestFirstReply(t *testing.T) {
	best := time.Duration(1<<63 - 1)
	for tries := 0; tries < 3 || tries < 20 && best > time.Second; tries++ { // a busy machine may take its time, but not always
		best = min(best, firstReply(t))
	}
	t.Logf("the first reply came after %v at best", best)
	if best > time.Second {
		t.Errorf("the first reply came after %v", best)
	}
}

func firstReply(t *testing.T) time.Duration {
	t.Helper()
	addr := net.JoinHostPort("127.0.0.1", freePort(t))
	_, port, _ := net.SplitHostPort(addr)
	cmd := newProgram(t, "--port", port, "--bind", "127.0.0.1")
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}()
	for time.Since(begin) < patience {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			time.Sleep(time.Millisecond)
			continue
		}
		defer c.Close()
		if _, err = c.Write([]byte("PING\r\n")); err == nil {
			_, err = io.ReadFull(c, make([]byte, len("+PONG\r\n")))
		}
		if err != nil {
			t.Fatal(err)
		}
		return time.Since(begin)
	}
	t.Fatal("no reply")
	return 0
}
