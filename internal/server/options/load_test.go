package options

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, text string, words ...string) *Options {
	t.Helper()
	o, err := Load(append([]string{writeFile(t, "kring.conf", text)}, words...), strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestRead(t *testing.T) {
	o := New()
	if err := o.Assign("timeout", "5"); err != nil {
		t.Fatal(err)
	}
	if err := o.Read(strings.NewReader("port 7000\n\tsyslog-enabled yes"), "Config"); err != nil {
		t.Fatal(err)
	}
	if o.Int("port") != 7000 || o.Int("timeout") != 5 || len(o.Warnings()) != 1 {
		t.Error(o.Int("port"), o.Int("timeout"), o.Warnings())
	}
	err := o.Read(strings.NewReader("\nport many"), "Config")
	if le := (*LoadError)(nil); !errors.As(err, &le) || le.Line != 2 || le.Source != "Config" {
		t.Error(err)
	}
}

func TestFileValues(t *testing.T) {
	for _, c := range []struct{ text, name, want string }{
		{"# c\n\n port 7000\r\n\tTIMEOUT\t8\n", "timeout", "8"},
		{"timeout 7\ntimeout 9", "timeout", "9"},
		{"slave-read-only no\n", "replica-read-only", "no"},
		{"maxmemory \"\"\n", "maxmemory", "0"},
		{"save 10 1\nsave 20 2\n", "save", "10 1 20 2"},
		{"save 10 1\nsave \"\"\nsave 5 5 6 6\n", "save", "5 5 6 6"},
		{"save\n", "save", ""},
		{"port 1\n", "save", "3600 1 300 100 60 10000"},
		{"save \"60 1\"\n", "save", "60 1"},
		{"client-output-buffer-limit normal 1 2 3\nclient-output-buffer-limit pubsub 1 2 3\n" +
			"client-output-buffer-limit replica 4 4 4 normal 9 9 9\n", "client-output-buffer-limit",
			"normal 9 9 9 slave 4 4 4 pubsub 1 2 3"},
		{"bind \"127.0.0.1 ::1\"\n", "bind", "127.0.0.1 ::1"},
		{"bind 127.0.0.1   -::1\n", "bind", "127.0.0.1 -::1"},
		{"bind\n", "bind", ""},
		{"requirepass \"a \\x41\"\n", "requirepass", "a A"},
		{"unixsocketperm 700\n", "unixsocketperm", "700"},
		{"slaveof 10.0.0.1 6380\n", "replicaof", "10.0.0.1 6380"},
		{"replicaof a 1\nreplicaof NO one\n", "replicaof", ""},
		{"shutdown-on-sigterm save now\n", "shutdown-on-sigterm", "save now"},
		{"latency-tracking-info-percentiles 50 90\nlatency-tracking-info-percentiles 99\n", "latency-tracking-info-percentiles", "99"},
	} {
		if got := load(t, c.text).String(c.name); got != c.want {
			t.Errorf("%q: %s is %q, want %q", c.text, c.name, got, c.want)
		}
	}
}

// The reasons were taken from redis-server 7.0.15.
func TestFileErrors(t *testing.T) {
	for _, c := range []struct {
		text, line, reason string
		number             int
	}{
		{"port 1\nfoo bar\n", "foo bar", "Bad directive or wrong number of arguments", 2},
		{"port 1\n\n # c\n timeout\n", "timeout", "wrong number of arguments", 4},
		{"timeout 1 2", "timeout 1 2", "wrong number of arguments", 1},
		{"timeout abc\n", "timeout abc", "argument couldn't be parsed into an integer", 1},
		{"timeout \"abc\n", "timeout \"abc", "Unbalanced quotes in configuration line", 1},
		{"save 10 1 7\n", "save 10 1 7", "Invalid save parameters", 1},
		{"databases 0\n", "databases 0", "argument must be between 1 and 2147483647 inclusive", 1},
		{"unixsocketperm 9999\n", "unixsocketperm 9999", "argument couldn't be parsed as an octal number", 1},
		{"unixsocketperm 1000\n", "unixsocketperm 1000", "argument must be between 0 and 777 inclusive", 1},
		{"appendfilename a/b\n", "appendfilename a/b", "appendfilename can't be a path, just a filename", 1},
		{"dir /no/such\n", "dir /no/such", "No such file or directory", 1},
		{"loglevel foo\n", "loglevel foo", "argument(s) must be one of the following: debug, verbose, notice, warning, nothing", 1},
		{"slaveof a b\n", "slaveof a b", "Invalid master port", 1},
		{"oom-score-adj-values 1 2\n", "oom-score-adj-values 1 2", "wrong number of arguments", 1},
		{"include\n", "include", "Bad directive or wrong number of arguments", 1},
		{"include a b\n", "include a b", "Bad directive or wrong number of arguments", 1},
		{"io-threads 9999\n", "io-threads 9999", "argument must be between 1 and 128 inclusive", 1},
		{"enable-debug-command foo\n", "enable-debug-command foo", "argument(s) must be one of the following: no, yes, local", 1},
		{"shards 100\n", "shards 100", "argument must be a power of two", 1},
		{"rename-command\n", "rename-command", "wrong number of arguments", 1},
		{"requirepass secret secret\n", "requirepass ...", "wrong number of arguments", 1},
		{"maxclient 5\n", "maxclient 5", "Bad directive or wrong number of arguments (did you mean 'maxclients'?)", 1},
	} {
		path := writeFile(t, "kring.conf", c.text)
		_, err := Load([]string{path}, nil)
		var le *LoadError
		if !errors.As(err, &le) || *le != (LoadError{path, c.number, c.line, c.reason}) {
			t.Errorf("%q: %+v", c.text, err)
		}
	}
}

func TestErrorReport(t *testing.T) {
	path := writeFile(t, "kring.conf", "port 1\nfoo bar\n")
	_, err := Load([]string{path}, nil)
	want := "\n*** FATAL CONFIG FILE ERROR (Kring 1) ***\nReading " + path +
		", at line 2\n>>> 'foo bar'\nBad directive or wrong number of arguments\n"
	var le *LoadError
	if !errors.As(err, &le) || le.Report("Kring 1") != want {
		t.Errorf("%v", err)
	}
	_, err = Load([]string{"/no/such.conf"}, nil)
	if !errors.As(err, &le) || le.Reason != "can't open config file: No such file or directory" || le.Source != "/no/such.conf" {
		t.Errorf("%v", err)
	}
	_, err = Load([]string{"--timeout", "x"}, nil)
	if !errors.As(err, &le) || !strings.Contains(le.Report("Kring 1"), "Reading the command line\n>>> '--timeout \"x\"'\n") {
		t.Errorf("%v", err)
	}
}

func TestInclude(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.inc": "timeout 11\n", "b.inc": "timeout 12\nhz 50\n", "bad.x": "port 1\nbad x\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := load(t, "timeout 1\ninclude "+dir+"/a.inc\n").Timeout.Load(); got != 11 {
		t.Errorf("timeout is %d", got)
	}
	o := load(t, "include \""+dir+"/*.inc\"\ntimeout 13\n")
	if o.Timeout.Load() != 13 || o.Hz.Load() != 50 {
		t.Errorf("timeout is %d, hz %d", o.Timeout.Load(), o.Hz.Load())
	}
	load(t, "include "+dir+"/none*.inc\n")
	if got := load(t, "dir "+dir+"\ninclude a.inc\n").Timeout.Load(); got != 11 {
		t.Errorf("an include after dir is relative to it: timeout is %d", got)
	}
	var le *LoadError
	_, err := Load([]string{writeFile(t, "kring.conf", "port 2\ninclude "+dir+"/bad.x\n")}, nil)
	if !errors.As(err, &le) || le.Source != dir+"/bad.x" || le.Line != 2 {
		t.Errorf("%+v", err)
	}
	_, err = Load([]string{writeFile(t, "kring.conf", "include "+dir+"/nosuch\n")}, nil)
	if !errors.As(err, &le) || le.Source != dir+"/nosuch" || le.Reason != "can't open config file: No such file or directory" {
		t.Errorf("%+v", err)
	}
	self := filepath.Join(dir, "self")
	if err := os.WriteFile(self, []byte("include "+self+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = Load([]string{self}, nil); !errors.As(err, &le) || le.Reason != "more than 16 includes within each other" {
		t.Errorf("%+v", err)
	}
}

func TestCommandLine(t *testing.T) {
	file := writeFile(t, "kring.conf", "timeout 3\nsave 10 1\n")
	for _, c := range []struct {
		args              []string
		stdin, name, want string
	}{
		{nil, "", "port", "6379"},
		{[]string{"--port", "7000", "--appendonly", "yes"}, "", "appendonly", "yes"},
		{[]string{"--save", "60", "1", "--timeout", "5"}, "", "save", "60 1"},
		{[]string{"--save", ""}, "", "save", ""},
		{[]string{"--save", "--timeout", "5"}, "", "timeout", "5"},
		{[]string{"--save", "--timeout", "5"}, "", "save", ""},
		{[]string{"--save"}, "", "save", ""},
		{[]string{"--timeout 6"}, "", "timeout", "6"},
		{[]string{"--Timeout", "6"}, "", "timeout", "6"},
		{[]string{"--requirepass", "--x"}, "", "requirepass", "--x"},
		{[]string{"--requirepass", `"a \x41"`}, "", "requirepass", `"a \x41"`},
		{[]string{"--logfile", "", "--timeout", "5"}, "", "timeout", "5"},
		{[]string{"--bind", "127.0.0.1", "::1"}, "", "bind", "127.0.0.1 ::1"},
		{[]string{"--client-output-buffer-limit", "normal 1 1 1"}, "", "client-output-buffer-limit",
			"normal 1 1 1 slave 268435456 67108864 60 pubsub 33554432 8388608 60"},
		{[]string{"-", "--port", "1"}, "timeout 44\n", "timeout", "44"},
		{[]string{"--port", "1", "-"}, "timeout 44\n", "timeout", "44"},
		{[]string{"--timeout", "5", "-"}, "timeout 44\n", "timeout", "5"},
		{[]string{"-"}, "timeout 44", "timeout", "44"},
		{[]string{file}, "", "timeout", "3"},
		{[]string{file, "--timeout", "9"}, "", "timeout", "9"},
		{[]string{file, "-"}, "timeout 4", "timeout", "4"},
		{[]string{file, "--save", "7 7"}, "", "save", "10 1 7 7"},
		{[]string{"", "--timeout", "9"}, "", "timeout", "9"},
		{[]string{"--include", file}, "", "timeout", "3"},
	} {
		o, err := Load(c.args, strings.NewReader(c.stdin))
		if err != nil {
			t.Errorf("%q: %v", c.args, err)
		} else if got := o.String(c.name); got != c.want {
			t.Errorf("%q: %s is %q, want %q", c.args, c.name, got, c.want)
		}
	}
	for _, c := range []struct {
		args   []string
		reason string
	}{
		{[]string{"--port"}, "wrong number of arguments"},
		{[]string{"--port", "1", "timeout", "6"}, "wrong number of arguments"},
		{[]string{"--port=17994"}, "Bad directive or wrong number of arguments"},
		{[]string{"--appendonly", "--timeout", "5"}, "wrong number of arguments"},
		{[]string{"--appendonly", "yes", "--x"}, "Bad directive or wrong number of arguments"},
		{[]string{"--", "5"}, "Bad directive or wrong number of arguments"},
		{[]string{file, file}, "an option was expected here, as in --port 7000"},
		{[]string{"-timeout", "5"}, "an option was expected here, as in --port 7000"},
		{[]string{"--timeout", `""`}, "argument couldn't be parsed into an integer"},
		{[]string{"--save", "60 1", "20 3"}, "Invalid save parameters"},
	} {
		_, err := Load(c.args, strings.NewReader(""))
		var le *LoadError
		if !errors.As(err, &le) || le.Reason != c.reason {
			t.Errorf("%q: %v", c.args, err)
		}
	}
}

func TestWarnings(t *testing.T) {
	o := load(t, "appendonly yes\nappendfsync everysec\ndaemonize yes\nrename-command GET G\ntimeout 5\nhz 50\nmasterauth secret\ncluster-announce-human-nodename x\n")
	all := strings.Join(o.Warnings(), "\n")
	for _, want := range []string{
		"'daemonize yes' has no effect: Kring stays in the foreground",
		`'cluster-announce-human-nodename "x"' has no effect`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no warning %q in:\n%s", want, all)
		}
	}
	if len(o.Warnings()) != 2 || strings.Contains(all, "secret") {
		t.Errorf("warnings:\n%s", all)
	}
	if got := o.Lines("rename-command"); len(got) != 1 || !slices.Equal(got[0], []string{"GET", "G"}) {
		t.Errorf("lines of rename-command: %q", got)
	}
}

func TestDebianFile(t *testing.T) {
	const path = "/etc/redis/redis.conf"
	if _, err := os.Stat(path); err != nil {
		t.Skip("no redis.conf on this machine")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Skip(err)
	}
	o := load(t, strings.ReplaceAll(string(text), "dir /var/lib/redis", "dir /tmp"))
	if o.String("bind") != "127.0.0.1 -::1" {
		t.Errorf("bind is %q", o.String("bind"))
	}
}

func TestHugeFileIsRefused(t *testing.T) {
	_, err := Load([]string{"-"}, strings.NewReader(strings.Repeat("# 34567\n", maxFileBytes/8+1)))
	if err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Error(err)
	}
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	inner := filepath.Join(dir, "inner.conf")
	main := filepath.Join(dir, "main.conf")
	for path, text := range map[string]string{
		inner: "timeout 7\nsyslog-enabled yes\nmaxclients many\n",
		main: "prt 7000\nsave 900 1\ninclude " + inner + "\nrequirepass \"a\nport 99999\ninclude " + dir + "/none.conf\n" +
			"requirepass a b\ntimeout 8\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o, found := Check([]string{main, "--hz", "x", "--databases", "8"}, strings.NewReader(""))
	var got []string
	for _, f := range found {
		got = append(got, strings.ReplaceAll(f.String(), dir, "DIR"))
	}
	want := []string{
		"DIR/main.conf:1: error: Bad directive or wrong number of arguments (did you mean 'port'?): 'prt 7000'",
		"DIR/inner.conf:3: error: argument couldn't be parsed into an integer: 'maxclients many'",
		"DIR/main.conf:4: error: Unbalanced quotes in configuration line: 'requirepass ...'",
		"DIR/main.conf:5: error: argument must be between 0 and 65535 inclusive: 'port 99999'",
		"DIR/main.conf:6: error: DIR/none.conf: can't open config file: No such file or directory: 'include DIR/none.conf'",
		"DIR/main.conf:7: error: wrong number of arguments: 'requirepass ...'",
		"the command line: error: argument couldn't be parsed into an integer: '--hz \"x\"'",
	}
	if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
		t.Errorf("%q", got)
	}
	for _, f := range found[min(len(want), len(found)):] {
		if !f.Warning || f.Line == 0 || !strings.Contains(f.Reason, "has no effect: ") {
			t.Errorf("%+v", f)
		}
	}
	if last := found[len(found)-1]; last.Source != main && last.Source != inner || len(found) <= len(want) {
		t.Errorf("no warning: %q", got)
	}
	if o.Int("timeout") != 8 || o.Int("databases") != 8 {
		t.Error(o.Int("timeout"), o.Int("databases"))
	}
	if _, found := Check([]string{dir + "/none"}, strings.NewReader("")); len(found) != 1 || found[0].Source != dir+"/none" {
		t.Errorf("%+v", found)
	}
}
