package robust

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
)

func TestMain(m *testing.M) {
	code := m.Run()
	harness.Cleanup()
	os.Exit(code)
}

// goroutineModel says that the subject runs with --io-model goroutine.
var goroutineModel = strings.Contains(os.Getenv("KRING_ARGS"), "goroutine")

// start runs the subject on a free port with further arguments.
func start(t *testing.T, args ...string) *harness.Server {
	t.Helper()
	return harness.Start(t, harness.SubjectBin(t), args...)
}

// startFile runs the subject with a configuration file of the given lines, in which
// PORT stands for a free port.
func startFile(t *testing.T, lines string, args ...string) (*harness.Server, string) {
	t.Helper()
	port := freePort(t)
	path := filepath.Join(t.TempDir(), "test.conf")
	write(t, path, strings.ReplaceAll(lines, "PORT", strconv.Itoa(port)))
	s := harness.StartConfig(t, harness.Config{
		Bin: harness.SubjectBin(t), Bare: true, Args: append([]string{path}, args...),
		Network: "tcp", Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Dir: filepath.Dir(path),
	})
	return s, path
}

func freePort(t *testing.T) int {
	t.Helper()
	port, err := harness.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// await waits for a condition.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(awaitTimeout); !ok(); time.Sleep(awaitInterval) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v in vain: %s", awaitTimeout, what)
		}
	}
}

// must sends a command whose reply must render as want ("" accepts anything but an error).
func must(t *testing.T, c *rawclient.Client, line, want string) rawclient.Value {
	t.Helper()
	v, err := c.DoLine(line)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	if want == "" && v.IsError() || want != "" && v.String() != want {
		t.Fatalf("%s: got %s, want %s", line, v, want)
	}
	return v
}

func infoNumber(t *testing.T, c *rawclient.Client, field string) int64 {
	t.Helper()
	text, err := harness.Info(c, field)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatalf("INFO %s: %q", field, text)
	}
	return n
}

func onlyKring(t *testing.T, s *harness.Server) {
	t.Helper()
	if !s.IsKring() {
		t.Skip("a promise of Kring's alone; the binary under test is another server")
	}
}
