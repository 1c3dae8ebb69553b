package robust

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/kringdb/kring/tests/internal/harness"
)

// TestSignals: both signals end the server with exit code 0, its clients' connections closed.
func TestSignals(t *testing.T) {
	for _, sig := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		s, err := harness.Launch(harness.Config{Bin: harness.SubjectBin(t)})
		if err != nil {
			t.Fatal(err)
		}
		c := s.Connect(t)
		must(t, c, "SET k v", "+OK")
		if err := s.Signal(sig); err != nil {
			t.Fatal(err)
		}
		code, err := s.Wait(awaitTimeout)
		if err != nil || code != 0 {
			t.Errorf("%v: exit code %d, %v\n%s", sig, code, err, s.Output())
		}
		if _, err := c.Receive(); err == nil {
			t.Errorf("%v: the connection outlived the server", sig)
		}
		_ = s.Kill()
	}
}

func TestShutdown(t *testing.T) {
	for _, line := range []string{"SHUTDOWN", "SHUTDOWN NOSAVE", "shutdown nosave now", "SHUTDOWN NOW FORCE"} {
		s, err := harness.Launch(harness.Config{Bin: harness.SubjectBin(t)})
		if err != nil {
			t.Fatal(err)
		}
		c := s.Connect(t)
		if v, err := c.DoLine(line); err == nil {
			t.Errorf("%s answered %s", line, v)
		}
		if code, err := s.Wait(awaitTimeout); err != nil || code != 0 {
			t.Errorf("%s: exit code %d, %v\n%s", line, code, err, s.Output())
		}
		_ = s.Kill()
	}
}

func TestHangup(t *testing.T) {
	s := start(t)
	if err := s.Signal(syscall.SIGHUP); err != nil { // ignored, as Redis does
		t.Fatal(err)
	}
	c := s.Connect(t)
	for range 20 {
		must(t, c, "PING", "+PONG")
	}
}

func TestVersionAndHelp(t *testing.T) {
	for _, arg := range []string{"--version", "-v", "--help", "-h"} {
		s, err := harness.Spawn(harness.Config{Bin: harness.SubjectBin(t), Bare: true, Args: []string{arg}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Wait(awaitTimeout) // redis-server --help ends with 1
		_ = s.Kill()
		if err != nil || strings.TrimSpace(s.Output()) == "" {
			t.Errorf("%s: %v, output %q", arg, err, s.Output())
		}
	}
}

// TestCrashOnDemand: DEBUG SEGFAULT ends the server without a reply, as tests of failover want it, and nothing is saved.
func TestCrashOnDemand(t *testing.T) {
	s, err := harness.Launch(harness.Config{Bin: harness.SubjectBin(t), Args: []string{"--enable-debug-command", "yes"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Kill() }()
	c := s.Connect(t)
	must(t, c, "SET a 1", "+OK")
	if v, err := c.DoLine("DEBUG SEGFAULT"); err == nil {
		t.Errorf("a server that crashes replies %v", v)
	}
	if code, err := s.Wait(awaitTimeout); err != nil || code == 0 {
		t.Errorf("it has ended with %d: %v", code, err)
	}
}
