package clients

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
)

// The scripts of other languages' clients print "ok NAME" for each thing that worked and
// "done" at the end. At "RESTART" the server is killed and started again, and "GO"
// answered.

// scriptTimeout bounds one script.
const scriptTimeout = 5 * time.Minute

func TestIORedis(t *testing.T) {
	runScript(t, []string{"node", "node/ioredis.js"}, "connect", "values", "pipeline", "transaction", "pubsub", "blocking", "scan", "reconnect")
}

func TestNodeRedis(t *testing.T) {
	var want []string
	for _, proto := range []string{" (RESP2)", " (RESP3)"} {
		for _, w := range []string{"connect", "values", "pipeline", "transaction", "pubsub", "blocking", "scan"} {
			want = append(want, w+proto)
		}
	}
	runScript(t, []string{"node", "node/noderedis.js"}, append(want, "reconnect")...)
}

func TestRedisPy(t *testing.T) {
	runScript(t, []string{"/usr/bin/python3", "scripts/redispy.py"},
		"connect", "values", "pipeline", "transaction", "pubsub", "blocking", "lock", "scripts and functions", "scan", "reconnect")
}

func TestPHPRedis(t *testing.T) {
	runScript(t, []string{"php", "scripts/phpredis.php"}, "connect", "values", "pipeline", "transaction", "blocking", "scan", "reconnect")
}

func TestRubyRedis(t *testing.T) {
	runScript(t, []string{"/usr/bin/ruby", "scripts/ruby.rb"}, "connect", "values", "pipeline", "transaction", "pubsub", "blocking", "scan", "reconnect")
}

func TestHiredis(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "hiredis")
	if out, err := exec.Command("cc", "-Wall", "-Werror", "-o", bin, "scripts/hiredis.c", "-lhiredis").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	runScript(t, []string{bin}, "connect", "values", "pipeline", "transaction", "reconnect")
}

// runScript runs a script against a fresh server and compares what it printed.
func runScript(t *testing.T, command []string, want ...string) {
	t.Helper()
	s, err := harness.Launch(harness.Config{Bin: harness.SubjectBin(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Kill() })
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "HOST=127.0.0.1", "PORT="+strconv.Itoa(s.Port))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(scriptTimeout, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	got, err := follow(t, s, stdout, stdin)
	if waitErr := cmd.Wait(); err == nil {
		err = waitErr
	}
	if missing := strings.Join(want, "\n"); err != nil || strings.Join(got, "\n") != missing {
		t.Errorf("%v\ngot:\n%s\nwant:\n%s\nstderr:\n%s", err, strings.Join(got, "\n"), missing, stderr.String())
	}
}

// follow reads the script's output, restarts the server when asked, and returns the
// names of what worked.
func follow(t *testing.T, s *harness.Server, stdout io.Reader, stdin io.Writer) (names []string, err error) {
	ended := false
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		switch line := lines.Text(); {
		case line == "RESTART":
			restartOnPort(t, s)
			if _, err := io.WriteString(stdin, "GO\n"); err != nil {
				return names, err
			}
		case line == "done":
			ended = true
		case strings.HasPrefix(line, "ok "):
			names = append(names, line[len("ok "):])
		default:
			return names, fmt.Errorf("the script printed %q", line)
		}
	}
	if !ended {
		err = fmt.Errorf("the script did not come to its end")
	}
	return names, err
}

// restartOnPort kills the server and starts another one on its port.
func restartOnPort(t *testing.T, s *harness.Server) {
	t.Helper()
	if err := s.Kill(); err != nil {
		t.Error(err)
	}
	again, err := harness.Launch(harness.Config{
		Bin: harness.SubjectBin(t), Bare: true, Args: []string{"--port", strconv.Itoa(s.Port), "--bind", "127.0.0.1", "--save", ""},
		Network: s.Network, Addr: s.Addr,
	})
	if err != nil {
		t.Error(err)
		return
	}
	t.Cleanup(func() { _ = again.Kill() })
}
