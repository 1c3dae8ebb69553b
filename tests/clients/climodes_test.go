package clients

import (
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
)

// fillTypes stores one value of each type, the largest of its type under a name of its own.
func fillTypes(t *testing.T, s *harness.Server) {
	t.Helper()
	var in strings.Builder
	for i := range 300 {
		fmt.Fprintf(&in, "SET str:%d v\nRPUSH big:list %d\nSADD big:set m%d\nHSET big:hash f%d %d\nZADD big:zset %d m%d\nXADD big:stream * n %d\n",
			i, i, i, i, i, i, i, i)
	}
	in.WriteString("SET big:string " + strings.Repeat("x", 5000) + "\nRPUSH small:list a\nSADD small:set a\nHSET small:hash a 1\nZADD small:zset 1 a\nXADD small:stream * a 1\n")
	if out := tool(t, s, in.String(), "redis-cli"); strings.Contains(out, "ERR") {
		t.Fatal(out)
	}
}

// TestCLISurveys: the modes that go over all keys.
func TestCLISurveys(t *testing.T) {
	s := start(t)
	fillTypes(t, s)
	const keys = 300 + 6 + 5
	out := cli(t, s, "--bigkeys")
	for _, want := range []string{
		fmt.Sprintf("Sampled %d keys", keys),
		`Biggest string found '"big:string"' has 5000 bytes`, `Biggest   list found '"big:list"' has 300 items`,
		`Biggest    set found '"big:set"' has 300 members`, `Biggest   hash found '"big:hash"' has 300 fields`,
		`Biggest   zset found '"big:zset"' has 300 members`, `Biggest stream found '"big:stream"' has 300 entries`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("--bigkeys lacks %s:\n%s", want, out)
		}
	}
	out = cli(t, s, "--memkeys")
	for _, typ := range []string{"string", "list", "set", "hash", "zset", "stream"} {
		if !regexp.MustCompile(`Biggest +` + typ + ` found '"big:` + typ + `"' has [1-9][0-9]{2,} bytes`).MatchString(out) {
			t.Errorf("--memkeys lacks the largest %s:\n%s", typ, out)
		}
	}
	out, stderr, _ := runTool(s, "", toolTimeout, "redis-cli", "--hotkeys")
	if !strings.Contains(out+stderr, "An LFU maxmemory policy is not selected") {
		t.Errorf("--hotkeys without an LFU policy: %q %q", out, stderr)
	}
	cli(t, s, "CONFIG", "SET", "maxmemory-policy", "allkeys-lfu")
	cli(t, s, "-r", "2000", "-i", "0", "GET", "str:7")
	out = cli(t, s, "--hotkeys")
	hot := regexp.MustCompile(`hot key found with counter: \d+\tkeyname: (.*)`).FindAllStringSubmatch(out, -1)
	if len(hot) == 0 || hot[0][1] != `"str:7"` || !strings.Contains(out, fmt.Sprintf("Sampled %d keys", keys)) {
		t.Errorf("--hotkeys found %v:\n%s", hot, out)
	}
	if got := strings.Fields(cli(t, s, "--scan", "--pattern", "big:*")); len(got) != 6 {
		t.Errorf("--scan --pattern: %v", got)
	}
}

// TestCLILatency: --latency and --latency-history: raw they print their numbers once the
// interval is over; otherwise they go on for ever, a line for each interval.
func TestCLILatency(t *testing.T) {
	s := start(t)
	if got := cli(t, s, "--latency", "-i", "0.3", "--raw"); !regexp.MustCompile(`^\d+ \d+ \d+\.\d\d [1-9]\d*\s*$`).MatchString(got) {
		t.Errorf("--latency: %q", got)
	}
	if got := cli(t, s, "--csv", "--latency", "-i", "0.3"); !regexp.MustCompile(`^\d+,\d+,\d+\.\d\d,[1-9]\d*\s*$`).MatchString(got) {
		t.Errorf("--latency --csv: %q", got)
	}
	listen(t, s, nil, []string{" -- 0.1", " seconds range\n", " -- 0.1", " seconds range\n", " -- 0.1"}, "--latency-history", "-i", "0.1")
}

// TestCLIMassInsertion: --pipe with 10,000 commands of several types, none of which fails.
func TestCLIMassInsertion(t *testing.T) {
	s := start(t)
	const n = 10_000
	var in []byte
	for i := range n / 4 {
		id := fmt.Sprint(i)
		in = rawclient.AppendCommand(in, "SET", "s:"+id, id)
		in = rawclient.AppendCommand(in, "HSET", "h:"+fmt.Sprint(i%100), "f"+id, id)
		in = rawclient.AppendCommand(in, "ZADD", "z", id, "m"+id)
		in = rawclient.AppendCommand(in, "EXPIRE", "s:"+id, "1000")
	}
	if out := tool(t, s, string(in), "redis-cli", "--pipe"); !strings.Contains(out, fmt.Sprintf("errors: 0, replies: %d", n)) {
		t.Errorf("--pipe: %q", out)
	}
	if got := tool(t, s, "DBSIZE\nZCARD z\nHLEN h:7\n", "redis-cli"); got != "2601\n2500\n25\n" {
		t.Errorf("after --pipe: %q", got)
	}
}

// listen runs redis-cli until it has printed what ends with the last of want, while
// action is done to the server as soon as the first of want has come.
func listen(t *testing.T, s *harness.Server, action func(), want []string, args ...string) {
	t.Helper()
	cmd := exec.Command("redis-cli", append([]string{"-p", fmt.Sprint(s.Port)}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	var got bytes.Buffer
	for buf := make([]byte, 4096); ; {
		n, err := out.Read(buf)
		got.Write(buf[:n])
		if action != nil && strings.Contains(got.String(), want[0]) {
			action()
			action = nil
		}
		if strings.Contains(got.String(), want[len(want)-1]) || err != nil {
			break
		}
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait()
	timer.Stop()
	rest := got.String()
	for _, w := range want {
		i := strings.Index(rest, w)
		if i < 0 {
			t.Errorf("redis-cli %v lacks %q:\n%s", args, w, got.String())
			return
		}
		rest = rest[i+len(w):]
	}
}

// TestCLIListens: subscriptions in all output formats and both protocols, and MONITOR.
func TestCLIListens(t *testing.T) {
	s := start(t)
	publish := func() { cli(t, s, "PUBLISH", "news", "hello world") }
	listen(t, s, publish, []string{"subscribe\nnews\n1\n", "message\nnews\nhello world\n"}, "SUBSCRIBE", "news")
	listen(t, s, publish, []string{"subscribe\nnews\n1\n", "message\nnews\nhello world\n"}, "-3", "SUBSCRIBE", "news")
	listen(t, s, publish, []string{"\"psubscribe\",\"n*\",1\n", "\"pmessage\",\"n*\",\"news\",\"hello world\"\n"}, "--csv", "PSUBSCRIBE", "n*")
	listen(t, s, publish, []string{`["subscribe","news",1]`, `["message","news","hello world"]`}, "--json", "SUBSCRIBE", "news")
	listen(t, s, func() { cli(t, s, "SPUBLISH", "shard", "hi") }, []string{"ssubscribe\nshard\n1\n", "smessage\nshard\nhi\n"}, "SSUBSCRIBE", "shard")
	listen(t, s, func() { cli(t, s, "-n", "3", "SET", "k", "a \"b\"\n\xff") },
		[]string{"OK\n", " [3 127.0.0.1:", `] "SET" "k" "a \"b\"\n\xff"`}, "MONITOR")
}

// TestCLIHints: at a terminal redis-cli shows the arguments of what is typed, and HELP
// what a command does: both from COMMAND DOCS, so also for commands that it cannot know.
func TestCLIHints(t *testing.T) {
	s := start(t)
	if got := strings.Split(cli(t, s, "COMMAND", "DOCS", "SET"), "\n"); got[0] != "SET" && got[0] != "set" || got[1] != "summary" {
		t.Errorf("COMMAND DOCS SET: %q", got[:2])
	}
	if got := cli(t, s, "--json", "COMMAND", "DOCS", "GET"); !regexp.MustCompile(`^\{"get":\{"summary":".*"arguments":\[\{"name":"key","type":"key"`).MatchString(got) {
		t.Errorf("COMMAND DOCS GET: %s", got)
	}
	if got := cli(t, s, "HELP", "SET"); !strings.Contains(got, "summary:") || !strings.Contains(got, "key value") || !strings.Contains(got, "NX|XX") {
		t.Errorf("HELP SET: %q", got)
	}
	hints := map[string]string{"GETEX ": "key [EX seconds|PX milliseconds|", "CLIENT NO-EVICT ": "ON|OFF", "ZADD k ": "[NX|XX] [GT|LT] [CH] [INCR] score member"}
	if s.IsKring() {
		hints["DELEX "] = "key [IFEQ comparison-value|"
	}
	for typed, want := range hints {
		if got := typeInto(t, s, typed); !strings.Contains(got, want) {
			t.Errorf("typed %q: no hint %q in\n%q", typed, want, got)
		}
	}
}

// typeInto types into a redis-cli at a terminal, which script(1) provides, and gives what
// the terminal showed.
func typeInto(t *testing.T, s *harness.Server, typed string) string {
	t.Helper()
	cmd := exec.Command("script", "-qec", fmt.Sprintf("stty cols 150; TERM=xterm HOME=%s exec redis-cli -p %d", t.TempDir(), s.Port), "/dev/null")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	var got bytes.Buffer
	sent := false
	for buf := make([]byte, 4096); ; {
		n, err := out.Read(buf)
		got.Write(buf[:n])
		if err != nil {
			break
		}
		if !sent && strings.Contains(got.String(), "> ") { // the prompt
			// Control-C at the end of the line ends redis-cli.
			_, _ = io.WriteString(in, typed+"\x03")
			sent = true
		}
	}
	_ = cmd.Wait()
	return got.String()
}
