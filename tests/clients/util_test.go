package clients

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
)

// toolTimeout bounds each run of a tool.
const toolTimeout = 5 * time.Minute

func TestMain(m *testing.M) {
	code := m.Run()
	harness.Cleanup()
	os.Exit(code)
}

func start(t *testing.T, args ...string) *harness.Server {
	t.Helper()
	return harness.Start(t, harness.SubjectBin(t), args...)
}

// tool runs a program against the server and gives its standard output; a failure or
// anything on standard error fails the test.
func tool(t *testing.T, s *harness.Server, stdin, name string, args ...string) string {
	t.Helper()
	out, stderr, err := runTool(s, stdin, toolTimeout, name, args...)
	if err != nil || stderr != "" {
		t.Fatalf("%s %s: %v\nstdout: %s\nstderr: %s", name, strings.Join(args, " "), err, out, stderr)
	}
	return out
}

func runTool(s *harness.Server, stdin string, d time.Duration, name string, args ...string) (stdout, stderr string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, append([]string{"-p", fmt.Sprint(s.Port)}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	err = cmd.Run()
	return o.String(), e.String(), err
}

func cli(t *testing.T, s *harness.Server, args ...string) string {
	t.Helper()
	return tool(t, s, "", "redis-cli", args...)
}
