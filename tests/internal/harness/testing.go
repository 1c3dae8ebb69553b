package harness

import (
	"strings"
	"testing"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

// OracleBin is Oracle for a test.
func OracleBin(t testing.TB) string {
	t.Helper()
	p, err := Oracle()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// SubjectBin is Subject for a test.
func SubjectBin(t testing.TB) string {
	t.Helper()
	p, err := Subject()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Start launches a server for the length of a test. At its end the server must end
// cleanly; its output is shown when the test failed.
func Start(t testing.TB, bin string, args ...string) *Server {
	t.Helper()
	return StartConfig(t, Config{Bin: bin, Args: args})
}

// StartConfig is Start with every setting.
func StartConfig(t testing.TB, cfg Config) *Server {
	t.Helper()
	s, err := Launch(cfg)
	if err != nil {
		t.Fatal(err)
	}
	Bind(t, s)
	return s
}

// Bind ties a launched server to a test's end.
func Bind(t testing.TB, s *Server) {
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("stopping: %v", err)
		}
		CheckOutput(t, s)
	})
}

// CheckOutput fails the test when the server reported a crash or a data race, and
// shows the output of a failed test's server.
func CheckOutput(t testing.TB, s *Server) {
	t.Helper()
	out := s.Output()
	for _, sign := range []string{"DATA RACE", "panic: ", "fatal error: ", "REDIS BUG REPORT"} {
		if strings.Contains(out, sign) {
			t.Errorf("%s reported %q", s.Name, strings.TrimSpace(sign))
		}
	}
	if t.Failed() && out != "" {
		t.Logf("--- output of %s (pid %d) ---\n%s", s.Name, s.PID, tail(out, 16<<10))
	}
}

func tail(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return "...\n" + s[len(s)-n:]
}

// Connect opens a connection for the length of a test.
func (s *Server) Connect(t testing.TB) *rawclient.Client {
	t.Helper()
	c, err := s.Dial()
	if err != nil {
		t.Fatalf("connect to %s: %v", s.Name, err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}
