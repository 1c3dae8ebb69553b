package robust

import (
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/kringdb/kring/tests/internal/harness"
)

func TestIncludeAndQuoting(t *testing.T) {
	dir := t.TempDir()
	inner := filepath.Join(dir, "inner.conf")
	write(t, inner, "maxmemory 10mb\ntimeout 77\nrequirepass \"two words\\x21\"\n")
	s, _ := startFile(t, `
# a comment
port PORT
bind 127.0.0.1
include "`+inner+`"
  timeout   99
save ""
MaxMemory-Policy 'allkeys-lru'
`, "--hz", "20")
	c := s.Connect(t)
	must(t, c, `AUTH "two words!"`, "+OK")
	must(t, c, "CONFIG GET maxmemory", `*2[$"maxmemory" $"10485760"]`)
	must(t, c, "CONFIG GET timeout", `*2[$"timeout" $"99"]`)
	must(t, c, "CONFIG GET maxmemory-policy", `*2[$"maxmemory-policy" $"allkeys-lru"]`)
	must(t, c, "CONFIG GET hz", `*2[$"hz" $"20"]`)
}

// refused launches the subject with a configuration file that it must not accept, and
// gives its output.
func refused(t *testing.T, lines string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bad.conf")
	write(t, path, lines)
	s, err := harness.Spawn(harness.Config{Bin: harness.SubjectBin(t), Bare: true, Args: []string{path}})
	if err != nil {
		t.Fatal(err)
	}
	code, err := s.Wait(awaitTimeout)
	_ = s.Kill()
	if err != nil || code == 0 {
		t.Fatalf("exit code %d, %v", code, err)
	}
	return s.Output()
}

func TestConfigErrorsNameTheLine(t *testing.T) {
	for lines, want := range map[string][]string{
		"port 0\n\nno-such-directive yes\n":  {"3", "no-such-directive yes"},
		"port 0\ntimeout abc\n":              {"2", "timeout abc"},
		"# c\nport 0\nmaxmemory 10 20\n":     {"3", "maxmemory 10 20"},
		"port 0\nsave \"unbalanced\n":        {"2", "unbalanced"},
		"port 0\ninclude /no/such/file.conf": {"/no/such/file.conf"},
		"port 99999\n":                       {"1", "port 99999"},
		"maxmemory-policy sometimes\n":       {"1", "maxmemory-policy"},
	} {
		out := refused(t, lines)
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%q: output lacks %q:\n%s", lines, w, out)
			}
		}
	}
}

// TestPackagedConfig: the configuration file that the distribution ships is accepted,
// though some of its features may not exist yet.
func TestPackagedConfig(t *testing.T) {
	text, err := os.ReadFile("/etc/redis/redis.conf")
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	var kept []string
	for line := range strings.Lines(string(text)) {
		switch strings.ToLower(strings.SplitN(strings.TrimSpace(line)+" ", " ", 2)[0]) {
		case "port", "bind", "dir", "logfile", "pidfile", "daemonize", "supervised":
		default:
			kept = append(kept, strings.TrimRight(line, "\r\n"))
		}
	}
	s, _ := startFile(t, strings.Join(kept, "\n")+"\nport PORT\nbind 127.0.0.1\ndir "+dir+"\nsave \"\"\n")
	must(t, s.Connect(t), "PING", "+PONG")
}

func TestRewriteKeepsComments(t *testing.T) {
	s, path := startFile(t, `# first comment
port PORT
bind 127.0.0.1
save ""

# about the timeout
timeout 5
maxmemory 1mb
`)
	c := s.Connect(t)
	must(t, c, "CONFIG SET timeout 50 maxmemory-policy allkeys-lfu", "+OK")
	must(t, c, "CONFIG SET hash-max-listpack-entries 99", "+OK")
	must(t, c, "CONFIG REWRITE", "+OK")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"# first comment\n", "# about the timeout\ntimeout 50\n", "maxmemory 1mb\n", "maxmemory-policy allkeys-lfu\n",
		"hash-max-listpack-entries 99\n", "port " + strconv.Itoa(portOf(t, s)) + "\n",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the file lacks %q:\n%s", want, text)
		}
	}
	must(t, c, "CONFIG REWRITE", "+OK")
	if again, _ := os.ReadFile(path); sortedLines(again) != sortedLines(text) {
		t.Errorf("a second rewrite changed the file:\n%s", again)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	second := harness.StartConfig(t, harness.Config{
		Bin: harness.SubjectBin(t), Bare: true, Args: []string{path}, Network: s.Network, Addr: s.Addr,
	})
	must(t, second.Connect(t), "CONFIG GET timeout", `*2[$"timeout" $"50"]`)
}

// sortedLines gives the lines that say something, sorted.
func sortedLines(text []byte) string {
	lines := strings.Fields(strings.ReplaceAll(strings.ReplaceAll(string(text), " ", "_"), "\n", " "))
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

func portOf(t *testing.T, s *harness.Server) int {
	t.Helper()
	n, err := strconv.Atoi(s.Addr[strings.LastIndexByte(s.Addr, ':')+1:])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestRewriteWithoutFile(t *testing.T) {
	must(t, start(t).Connect(t), "CONFIG REWRITE", "-ERR The server is running without a config file")
}

func TestLogfile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "server.log")
	s := start(t, "--logfile", path, "--loglevel", "verbose")
	must(t, s.Connect(t), "PING", "+PONG")
	await(t, "the log file has lines", func() bool {
		text, err := os.ReadFile(path)
		return err == nil && len(text) > 0
	})
}

func TestConfigFromStandardInput(t *testing.T) {
	bin := harness.SubjectBin(t)
	port := strconv.Itoa(freePort(t))
	s := harness.StartConfig(t, harness.Config{
		Bin: "/bin/sh", Bare: true, Network: "tcp", Addr: "127.0.0.1:" + port,
		// A shell's here-document is a pipe; exec keeps the process.
		Args: []string{"-c", "exec \"$0\" - <<END\nport $1\nbind 127.0.0.1\nsave \"\"\ntimeout 33\nEND", bin, port},
	})
	must(t, s.Connect(t), "CONFIG GET timeout", `*2[$"timeout" $"33"]`)
	must(t, s.Connect(t), "SHUTDOWN NOSAVE NOW BOGUS", "-ERR syntax error")
	_, _ = s.Connect(t).Do("SHUTDOWN", "NOSAVE")
	if code, err := s.Wait(awaitTimeout); err != nil || code != 0 {
		t.Fatal(code, err)
	}
}
