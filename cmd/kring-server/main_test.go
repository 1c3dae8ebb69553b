//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kringdb/kring/internal/raceflag"
	"github.com/kringdb/kring/internal/server/options"
	"github.com/kringdb/kring/persistence/rdb"
)

// asProgram makes the test binary behave as kring-server itself.
const asProgram = "KRING_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// patience bounds every wait of a test; nothing takes a fraction of it.
const patience = time.Minute

// program is a kring-server of its own process, with its log on a pipe.
type program struct {
	cmd *exec.Cmd
	log *bufio.Reader
}

func newProgram(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), asProgram+"=1", "GORACE=atexit_sleep_ms=0")
	return cmd
}

// start runs the program until its log says that it is ready.
func start(t *testing.T, env []string, args ...string) (*program, string) {
	t.Helper()
	cmd := newProgram(t, args...)
	cmd.Env = append(cmd.Env, env...)
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &program{cmd, bufio.NewReader(pipe)}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return p, p.until(t, "ready to accept connections")
}

// until reads the log up to a line with text.
func (p *program) until(t *testing.T, text string) string {
	t.Helper()
	var all strings.Builder
	for {
		line, err := p.log.ReadString('\n')
		all.WriteString(line)
		if strings.Contains(line, text) {
			return all.String()
		}
		if err != nil {
			t.Fatalf("the log ended without %q:\n%s", text, all.String())
		}
	}
}

// end sends a signal and returns the rest of the log and the exit code.
func (p *program) end(t *testing.T, sig os.Signal) (rest string, code int) {
	t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(p.log)
	_ = p.cmd.Wait()
	return string(text), p.cmd.ProcessState.ExitCode()
}

// portsTried counts the ports that freePort has looked at.
var portsTried int

// freePort is a port that is free, below those that systems give to who listens at any, as other tests do all the time, and below those
// that the black-box tests hand out. Processes of this test that run at once begin at different ones.
func freePort(t *testing.T) string {
	t.Helper()
	const first, end, each = 4096, 10240, 32
	for range end - first {
		port := first + (os.Getpid()*each+portsTried)%(end-first)
		portsTried++
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			l.Close()
			return strconv.Itoa(port)
		}
	}
	t.Fatal("no port is free")
	return ""
}

func TestTermAndInterruptEndCleanly(t *testing.T) {
	for _, sig := range []os.Signal{unix.SIGTERM, unix.SIGINT} {
		p, log := start(t, nil, "--port", freePort(t), "--bind", "127.0.0.1", "--pidfile", "kring.pid")
		pidFile := filepath.Join(p.cmd.Dir, "kring.pid")
		if text, err := os.ReadFile(pidFile); err != nil || strings.TrimSpace(string(text)) != strconv.Itoa(p.cmd.Process.Pid) {
			t.Errorf("pid file: %q, %v", text, err)
		}
		if !strings.Contains(log, "level=notice") {
			t.Errorf("log:\n%s", log)
		}
		if rest, code := p.end(t, sig); code != 0 {
			t.Errorf("%v: exit code %d\n%s", sig, code, rest)
		}
		if _, err := os.Stat(pidFile); !os.IsNotExist(err) {
			t.Errorf("the pid file is still there: %v", err)
		}
	}
}

func TestSecondSignalExitsAtOnce(t *testing.T) {
	exited := make(chan int, 1)
	ctx, stop := untilSignal(slog.New(slog.DiscardHandler), func(code int) { exited <- code })
	defer stop()
	for _, sig := range []unix.Signal{unix.SIGTERM, unix.SIGINT} {
		if err := unix.Kill(os.Getpid(), sig); err != nil {
			t.Fatal(err)
		}
		select {
		case <-ctx.Done(): // at once from the second round on
		case <-time.After(patience):
			t.Fatal("the first signal did nothing")
		}
	}
	select {
	case code := <-exited:
		if code != 1 {
			t.Errorf("exit code %d", code)
		}
	case <-time.After(patience):
		t.Error("the second signal did nothing")
	}
	if cause := context.Cause(ctx); cause == nil || cause.Error() != "received terminated" {
		t.Errorf("cause: %v", cause)
	}
}

func TestHangupIsIgnored(t *testing.T) {
	p, _ := start(t, nil, "--port", freePort(t), "--bind", "127.0.0.1")
	if err := p.cmd.Process.Signal(unix.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if rest, code := p.end(t, unix.SIGTERM); code != 0 {
		t.Errorf("exit code %d\n%s", code, rest)
	}
}

func TestUsageAndVersion(t *testing.T) {
	for _, c := range []struct{ arg, want string }{
		{"--help", `(?s)^Usage: kring-server.*\nNetwork\n.*--maxclients .*\nKring's own\n.*--reactors `},
		{"-h", "^Usage"},
		{"--version", `^Kring server v=\d+\.\d+\.\d+ redis_version=7\.4\.\d+ go=go.* bits=\d+\n$`},
		{"-v", "^Kring server v="},
		{"--options-markdown", "^# Options\n"},
		{"--commands-markdown", "(?s)^# Compatibility\n.*`GET`.*## Not there.*`MODULE LOAD`"},
	} {
		var out, errs bytes.Buffer
		if code := run([]string{c.arg}, nil, &out, &errs); code != 0 || errs.Len() > 0 || !regexp.MustCompile(c.want).Match(out.Bytes()) {
			t.Errorf("%s: code %d\n%s%s", c.arg, code, out.Bytes(), errs.Bytes())
		}
	}
}

func TestHelpNamesEveryOption(t *testing.T) {
	var out bytes.Buffer
	run([]string{"--help"}, nil, &out, io.Discard)
	if !strings.Contains(out.String(), options.Help()) {
		t.Error(out.String())
	}
}

func TestCheckConfig(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{
		"good.conf":   "port 7000\nrename-command FLUSHALL \"\"\nuser a on >p ~* +get\n",
		"warns.conf":  "# comment\nport 7000\nsyslog-enabled yes\n",
		"inner.conf":  "timeout x\n",
		"bad.conf":    "port 7000\nnosuch option\ninclude " + dir + "/inner.conf\nmaxmemory 1zb\n",
		"user.conf":   "user a on +nosuchcommand\n",
		"rename.conf": "rename-command nosuchcommand x\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args string
		code int
		want string // with DIR for dir
	}{
		{"DIR/good.conf", 0, `^DIR/good.conf: 0 errors, 0 warnings: ok\n$`},
		{"DIR/warns.conf", 0, `^DIR/warns.conf:3: warning: 'syslog-enabled yes' has no effect: .*\nDIR/warns.conf: 0 errors, 1 warnings: ok\n$`},
		{"DIR/bad.conf --hz y", 1, `^DIR/bad.conf:2: error: Bad directive or wrong number of arguments: 'nosuch option'\n` +
			`DIR/inner.conf:1: error: argument couldn't be parsed into an integer: 'timeout x'\n` +
			`DIR/bad.conf:4: error: argument must be a memory value: 'maxmemory 1zb'\n` +
			`the command line: error: argument couldn't be parsed into an integer: '--hz "y"'\n` +
			`DIR/bad.conf: 4 errors, 0 warnings: a server would not start with it\n$`},
		{"DIR/user.conf", 1, `^DIR/user.conf: error: .*nosuchcommand.*\nDIR/user.conf: 1 errors`},
		{"DIR/rename.conf", 1, `^DIR/rename.conf: error: .*nosuchcommand.*\nDIR/rename.conf: 1 errors`},
		{"DIR/good.conf --tls-port 7001 --tls-cert-file DIR/none.crt --tls-key-file DIR/none.key", 1, `^DIR/good.conf: error: .*none.crt.*\nDIR/good.conf: 1 errors`},
		{"DIR/none.conf", 1, `^DIR/none.conf: error: can't open config file: No such file or directory\nDIR/none.conf: 1 errors`},
		{"", 1, `^$`},
	} {
		var out, errs bytes.Buffer
		args := append([]string{"--check-config"}, strings.Fields(strings.ReplaceAll(c.args, "DIR", dir))...)
		code := run(args, strings.NewReader(""), &out, &errs)
		got := strings.ReplaceAll(out.String(), dir, "DIR")
		if code != c.code || !regexp.MustCompile(c.want).MatchString(got) || (errs.Len() > 0) != (c.args == "") {
			t.Errorf("%q: code %d\n%s%s", c.args, code, got, errs.String())
		}
	}
}

// TestCheckFiles: what is in a snapshot or an AOF is told without a server.
func TestCheckFiles(t *testing.T) {
	dir := t.TempDir()
	var b bytes.Buffer
	w := rdb.NewWriter(&b, rdb.Format{Checksum: true})
	w.Sizes(0, 1, 0)
	w.String(&rdb.Meta{Key: []byte("k"), Idle: -1, Freq: -1}, []byte("v"))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"good.rdb": b.String(), "cut.rdb": b.String()[:b.Len()-9], "good.aof": b.String() + "*1\r\n$4\r\nPING\r\n", "bad.aof": "*1\r\n$4\r\nPONG\r\nx"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"--check-rdb DIR/good.rdb", 0, `(?s)^format      Redis, version 11, .*keys        1, .*\nDIR/good.rdb: ok\n$`},
		{"--check-rdb DIR/cut.rdb", 1, `(?s)\nDIR/cut.rdb: broken: at offset 19: the data ends too early: unexpected EOF\n$`},
		{"--check-rdb DIR/none.rdb", 1, `^DIR/none.rdb: broken: open DIR/none.rdb: `},
		{"--check-aof DIR/good.aof", 0, `(?s)^DIR/good.aof: .* 1 records, .*keys        1, .*ping  .*\nDIR/good.aof: ok\n$`},
		{"--check-aof DIR/bad.aof", 1, `(?s)\nDIR/bad.aof: broken: AOF DIR/bad.aof at offset 14: `},
		{"--check-rdb", 1, `^$`},
		{"--check-aof a b", 1, `^$`},
	} {
		var out, errs bytes.Buffer
		code := run(strings.Fields(strings.ReplaceAll(c.args, "DIR", dir)), strings.NewReader(""), &out, &errs)
		got := strings.ReplaceAll(out.String(), dir, "DIR")
		if code != c.code || !regexp.MustCompile(c.want).MatchString(got) || (errs.Len() > 0) != (c.want == `^$`) {
			t.Errorf("%q: code %d\n%s%s", c.args, code, got, errs.String())
		}
	}
}

func TestBadConfiguration(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "bad.conf")
	if err := os.WriteFile(file, []byte("port 7000\nnosuch option\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{file}, "*** FATAL CONFIG FILE ERROR (" + product + ") ***\nReading " + file +
			", at line 2\n>>> 'nosuch option'\nBad directive or wrong number of arguments\n"},
		{[]string{"--port", "abc"}, "Reading the command line\n>>> '--port \"abc\"'\nargument couldn't be parsed into an integer\n"},
		{[]string{dir + "/none.conf"}, "Reading " + dir + "/none.conf\ncan't open config file: No such file or directory\n"},
		{[]string{"--logfile", dir + "/no/log"}, "kring-server: can't open the log file: "},
	} {
		var out, errs bytes.Buffer
		if code := run(c.args, strings.NewReader(""), &out, &errs); code != 1 || !strings.Contains(errs.String(), c.want) {
			t.Errorf("%q: code %d\n%s", c.args, code, errs.String())
		}
	}
}

func TestLogFileIsReopened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kring.log")
	f, err := openLogFile(path)
	if err != nil {
		t.Fatal(err)
	}
	l := &logFile{path: path}
	l.mu.f = f
	defer l.close()
	write := func(s string) {
		t.Helper()
		l.mu.checked = time.Time{}
		if _, err := l.Write([]byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	write("one\n")
	write("two\n")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write("three\n")
	for name, want := range map[string]string{path + ".1": "one\ntwo\n", path: "three\n"} {
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%s holds %q, %v", name, got, err)
		}
	}
}

func TestLogLevelOfTheFile(t *testing.T) {
	p, log := start(t, nil, "--port", freePort(t), "--bind", "127.0.0.1", "--daemonize", "yes", "--loglevel", "debug")
	if !strings.Contains(log, "level=warning msg=\"'daemonize yes' has no effect: Kring stays in the foreground") ||
		!strings.Contains(log, "level=debug") {
		t.Errorf("log:\n%s", log)
	}
	p.end(t, unix.SIGTERM)
}

// TestAddressSpaceTooSmall: with any address space that Go's runtime can start in, and the
// server cannot, there is a message, and from the least that it asks for on it serves.
func TestAddressSpaceTooSmall(t *testing.T) {
	if runtime.GOOS != "linux" || raceflag.Enabled {
		t.Skip("the limit is Linux's, and the race detector needs more")
	}
	const least = minAddressBytes >> 10
	for _, kb := range []int{1_400_000, 1_600_000, 2_000_000, 2_500_000, 3_000_000, 3_500_000, least - 1, least, least + 1, 5_000_000, 6_000_000, 8_000_000, 16_000_000} {
		want := "ready to accept connections"
		if kb < least {
			want = "'ulimit -v'"
		}
		args := []string{"-c", fmt.Sprintf(`ulimit -v %d; exec "$@"`, kb), "sh"}
		cmd := newProgram(t, "--port", freePort(t), "--bind", "127.0.0.1", "--dir", t.TempDir())
		limited := exec.CommandContext(t.Context(), "sh", append(args, cmd.Args...)...)
		limited.Env = cmd.Env
		out, err := limited.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := limited.Start(); err != nil {
			t.Fatal(err)
		}
		lines, found := bufio.NewScanner(out), false
		text := ""
		for !found && lines.Scan() {
			text += lines.Text() + "\n"
			found = strings.Contains(lines.Text(), want)
		}
		_ = limited.Process.Signal(unix.SIGTERM)
		for lines.Scan() {
			text += lines.Text() + "\n"
		}
		_ = limited.Wait()
		if !found || strings.Contains(text, "goroutine ") {
			t.Errorf("with %d KB no %s in\n%s", kb, want, text)
		}
	}
}

func TestDirAndLogFile(t *testing.T) {
	dir := t.TempDir()
	cmd := newProgram(t, "--port", freePort(t), "--bind", "127.0.0.1", "--dir", dir, "--logfile", "k.log", "--pidfile", "k.pid")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	deadline := time.Now().Add(patience)
	for {
		text, _ := os.ReadFile(filepath.Join(dir, "k.log"))
		_, err := os.Stat(filepath.Join(dir, "k.pid"))
		if bytes.Contains(text, []byte("ready to accept connections")) && err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Errorf("log %q, pid file %v", text, err)
			break
		}
		time.Sleep(10 * time.Millisecond) // another process writes the file
	}
	if err := cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

func TestFileLimitReducesMaxClients(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell")
	}
	// A limit that root could raise is no limit: ask for more than the system allows at all.
	cmd := newProgram(t, "--port", freePort(t), "--bind", "127.0.0.1", "--maxclients", "4000000000")
	cmd.Args = append([]string{"sh", "-c", `ulimit -n 200 && exec "$0" "$@"`, cmd.Path}, cmd.Args[1:]...)
	cmd.Path = sh
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &program{cmd, bufio.NewReader(pipe)}
	log := p.until(t, "ready to accept connections")
	if !regexp.MustCompile(`level=warning msg="maxclients has been reduced to \d+ to compensate for low ulimit.* asked=4000000000 open_files=\d+`).MatchString(log) {
		t.Errorf("log:\n%s", log)
	}
	if _, code := p.end(t, unix.SIGTERM); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestSystemdIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	p, _ := start(t, []string{"NOTIFY_SOCKET=" + path}, "--port", freePort(t), "--bind", "127.0.0.1", "--supervised", "systemd")
	buf := make([]byte, 256)
	receive := func() string {
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		return string(buf[:n])
	}
	if got := receive(); got != "STATUS=Loading the data" {
		t.Errorf("told %q", got)
	}
	if got := receive(); !strings.HasPrefix(got, "READY=1\n") {
		t.Errorf("told %q", got)
	}
	p.end(t, unix.SIGTERM)
	if got := receive(); !strings.HasPrefix(got, "STOPPING=1\n") {
		t.Errorf("told %q", got)
	}
}

func TestProfiles(t *testing.T) {
	addr := "127.0.0.1:" + freePort(t)
	p, log := start(t, nil, "--port", freePort(t), "--bind", "127.0.0.1", "--pprof-address", addr)
	if !strings.Contains(log, "serving profiles") {
		t.Errorf("log:\n%s", log)
	}
	client := http.Client{Timeout: patience}
	resp, err := client.Get("http://" + addr + "/debug/pprof/goroutine?debug=1")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || !bytes.Contains(body, []byte("goroutine profile")) {
		t.Errorf("%v %.100s", err, body)
	}
	p.end(t, unix.SIGTERM)
}
