package options

import (
	"errors"
	"strings"
	"testing"
)

func args(words ...string) [][]byte {
	out := make([][]byte, len(words))
	for i, w := range words {
		out[i] = []byte(w)
	}
	return out
}

func mustSet(t *testing.T, o *Options, words ...string) {
	t.Helper()
	if err := o.Set(args(words...)); err != nil {
		t.Fatalf("CONFIG SET %q: %v", words, err)
	}
}

func get(t *testing.T, o *Options, name string) string {
	t.Helper()
	pairs := o.Get(args(name))
	if len(pairs) != 1 {
		t.Fatalf("CONFIG GET %s gave %v", name, pairs)
	}
	return pairs[0].Value
}

// The texts were taken from redis-server 7.0.15.
func TestSetErrors(t *testing.T) {
	failed := func(name, reason string) string {
		return "ERR CONFIG SET failed (possibly related to argument '" + name + "') - " + reason
	}
	const notInt = "argument couldn't be parsed into an integer"
	for _, c := range []struct {
		words []string
		want  string
	}{
		{[]string{"foo", "bar"}, "ERR Unknown option or number of arguments for CONFIG SET - 'foo'"},
		{[]string{"Foo", "x", "daemonize", "no"}, "ERR Unknown option or number of arguments for CONFIG SET - 'Foo'"},
		{[]string{"user", "x on"}, "ERR Unknown option or number of arguments for CONFIG SET - 'user'"},
		{[]string{"include", "x"}, "ERR Unknown option or number of arguments for CONFIG SET - 'include'"},
		{[]string{"maxmemory", "1", "foo"}, "ERR syntax error"},
		{[]string{"DAEMONIZE", "no", "foo", "x"}, failed("DAEMONIZE", "can't set immutable config")},
		{[]string{"dir", "/tmp"}, failed("dir", "can't set protected config")},
		{[]string{"timeout", "5", "dir", "/x", "foo", "y"}, failed("dir", "can't set protected config")},
		{[]string{"maxmemory", "1mb", "maxMEMORY", "2mb"}, failed("maxMEMORY", "duplicate parameter")},
		{[]string{"timeout", "abc", "timeout", "1"}, failed("timeout", "duplicate parameter")},
		{[]string{"TIMEOUT", "abc"}, failed("timeout", notInt)},
		{[]string{"Hash-max-ziplist-entries", "abc"}, failed("hash-max-ziplist-entries", notInt)},
		{[]string{"timeout", ""}, failed("timeout", notInt)},
		{[]string{"timeout", "+5"}, failed("timeout", notInt)},
		{[]string{"timeout", "05"}, failed("timeout", notInt)},
		{[]string{"timeout", "-1"}, failed("timeout", "argument must be between 0 and 2147483647 inclusive")},
		{[]string{"maxclients", "0"}, failed("maxclients", "argument must be between 1 and 4294967295 inclusive")},
		{[]string{"list-max-listpack-size", "99999999999"},
			failed("list-max-listpack-size", "argument must be between -2147483648 and 2147483647 inclusive")},
		{[]string{"maxmemory", "abc"}, failed("maxmemory", "argument must be a memory value")},
		{[]string{"maxmemory", "-1"}, failed("maxmemory", "argument must be a memory value")},
		{[]string{"proto-max-bulk-len", "1m"},
			failed("proto-max-bulk-len", "argument must be between 1048576 and 9223372036854775807 inclusive")},
		{[]string{"maxmemory-clients", "x%"}, failed("maxmemory-clients", "argument must be a memory or percent value")},
		{[]string{"maxmemory-clients", "101%"}, failed("maxmemory-clients", "percentage argument must be less or equal to 100")},
		{[]string{"maxmemory-clients", "9223372036854775808"}, failed("maxmemory-clients", "percentage argument must be less or equal to 100")},
		{[]string{"appendonly", "maybe"}, failed("appendonly", "argument must be 'yes' or 'no'")},
		{[]string{"appendfsync", "a b"}, failed("appendfsync", "argument(s) must be one of the following: everysec, always, no")},
		{[]string{"save", "60"}, failed("save", "Invalid save parameters")},
		{[]string{"save", "1 1  2 2"}, failed("save", "Invalid save parameters")},
		{[]string{"client-output-buffer-limit", "normal 1 1"},
			failed("client-output-buffer-limit", "Wrong number of arguments in buffer limit configuration.")},
		{[]string{"client-output-buffer-limit", "foo 1 2 3"},
			failed("client-output-buffer-limit", "Invalid client class specified in buffer limit configuration.")},
		{[]string{"client-output-buffer-limit", "normal a 1 1"},
			failed("client-output-buffer-limit", "Error in hard, soft or soft_seconds setting in buffer limit configuration.")},
		{[]string{"oom-score-adj-values", "1 2"}, failed("oom-score-adj-values", "wrong number of arguments")},
		{[]string{"oom-score-adj-values", "0 200 5000"},
			failed("oom-score-adj-values", "Invalid oom-score-adj-values, elements must be between -2000 and 2000.")},
		{[]string{"notify-keyspace-events", "kea"},
			failed("notify-keyspace-events", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")},
		{[]string{"latency-tracking-info-percentiles", "abc"},
			failed("latency-tracking-info-percentiles", "Invalid latency-tracking-info-percentiles parameters")},
		{[]string{"latency-tracking-info-percentiles", "101"},
			failed("latency-tracking-info-percentiles", "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")},
		{[]string{"bind", strings.Repeat("a ", 17)}, failed("bind", "Too many bind addresses specified.")},
		{[]string{"proc-title-template", "{nosuch}"},
			failed("proc-title-template", "template format is invalid or contains unknown variables")},
		{[]string{"shutdown-on-sigterm", "save nosave"},
			failed("shutdown-on-sigterm", "shutdown options SAVE and NOSAVE can't be used simultaneously")},
		{[]string{"shutdown-on-sigterm", ""},
			failed("shutdown-on-sigterm", "argument(s) must be one of the following: default, save, nosave, now, force")},
		{[]string{"cluster-announce-hostname", "a b!"},
			failed("cluster-announce-hostname", "Hostnames may only contain alphanumeric characters, hyphens or dots")},
		{[]string{"a\x00b", "1"}, "ERR Unknown option or number of arguments for CONFIG SET - 'a'"},
		{[]string{"a\r\nb", "1"}, "ERR Unknown option or number of arguments for CONFIG SET - 'a  b'"},
	} {
		err := New().Set(args(c.words...))
		if err == nil || err.Error() != c.want {
			t.Errorf("CONFIG SET %q:\n got %v\nwant %s", c.words, err, c.want)
		}
		if reply := ReplyError(""); err != nil && !errors.As(err, &reply) {
			t.Errorf("CONFIG SET %q: not a ReplyError", c.words)
		}
	}
}

func TestSetAndGetForms(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"maxmemory", "1gb", "1073741824"}, {"maxmemory", "1G", "1000000000"}, {"maxmemory", "1Kb", "1024"},
		{"maxmemory", "", "0"}, {"maxmemory", "gb", "0"}, {"maxmemory", "12b", "12"},
		{"maxmemory-clients", "12%", "12%"}, {"maxmemory-clients", "5mb", "5242880"}, {"maxmemory-clients", "0%", "0"},
		{"repl-backlog-size", "1", "16384"}, {"hz", "1000", "500"}, {"hz", "0", "1"},
		{"loglevel", "DEBUG", "debug"}, {"loglevel", "nothing", "nothing"}, {"appendonly", "Yes", "yes"},
		{"save", "", ""}, {"save", "60 1000 5 5", "60 1000 5 5"},
		{"bind", "", ""}, {"bind", "127.0.0.1 -::1", "127.0.0.1 -::1"},
		{"client-output-buffer-limit", "pubsub 1mb 1kb 3 NORMAL 5 6 7", "normal 5 6 7 slave 268435456 67108864 60 pubsub 1048576 1024 3"},
		{"client-output-buffer-limit", "replica 9 9 9", "normal 0 0 0 slave 9 9 9 pubsub 33554432 8388608 60"},
		{"client-output-buffer-limit", "", "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"},
		{"oom-score-adj-values", "-2000 0 2000", "-2000 0 2000"},
		{"notify-keyspace-events", "KEA", "AKE"}, {"notify-keyspace-events", "nKEm", "nKEm"},
		{"notify-keyspace-events", "g$lshzxetd", "A"}, {"notify-keyspace-events", "KEAmn", "AnKEm"},
		{"latency-tracking-info-percentiles", "50 99.0 33.3333333", "50 99 33.333333"},
		{"latency-tracking-info-percentiles", "", ""},
		{"shutdown-on-sigterm", "now force SAVE", "save now force"}, {"shutdown-on-sigterm", "default now", "now"},
		{"requirepass", "a \x00\"b", "a \x00\"b"}, {"slowlog-log-slower-than", "-1", "-1"},
		{"cluster-announce-hostname", "a-b.c", "a-b.c"}, {"proc-title-template", "{title} x", "{title} x"},
	} {
		o := New()
		mustSet(t, o, c.name, c.value)
		if got := get(t, o, c.name); got != c.want {
			t.Errorf("%s %q reads back as %q, want %q", c.name, c.value, got, c.want)
		}
	}
}

func TestTypedFields(t *testing.T) {
	o := New()
	mustSet(t, o, "maxclients", "77", "client-output-buffer-limit", "normal 1kb 2kb 3", "save", "1 2",
		"notify-keyspace-events", "Kx", "maxmemory-policy", "allkeys-lfu", "requirepass", "pw", "bind", "::1 127.0.0.1")
	if o.MaxClients.Load() != 77 || o.Int("maxclients") != 77 {
		t.Error("maxclients")
	}
	if got := o.OutputLimits.Load()[ClassNormal]; got != (OutputLimit{1024, 2048, 3}) {
		t.Error("client-output-buffer-limit", got)
	}
	if got := o.Save.Load(); len(got) != 1 || got[0] != (SavePoint{1, 2}) {
		t.Error("save", got)
	}
	if o.NotifyKeyspaceEvents.Load() != EventKeyspace|EventExpired {
		t.Error("notify-keyspace-events")
	}
	if o.MaxMemoryPolicy.Load() != PolicyAllKeysLFU || o.RequirePass.Load() != "pw" || len(o.Bind.Load()) != 2 {
		t.Error("policy, password or addresses")
	}
	if !o.ProtectedMode.Load() || !o.Bool("protected-mode") || o.String("Port") != "6379" {
		t.Error("by name")
	}
	if n := testing.AllocsPerRun(100, func() {
		_ = o.MaxClients.Load()
		_ = o.RequirePass.Load()
		_ = o.OutputLimits.Load()
		_ = o.ProtectedMode.Load()
	}); n != 0 {
		t.Errorf("reading allocates %v times", n)
	}
}

func TestGetPatterns(t *testing.T) {
	names := func(patterns ...string) string {
		var out []string
		for _, p := range New().Get(args(patterns...)) {
			out = append(out, p.Name)
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct{ patterns, want string }{
		{"port port", "port"},
		{"PORT", "PORT"},
		{"PORT port PO?T", "PORT"},
		{"PO*", "port"},
		{"hash-max-zip*", "hash-max-ziplist-entries hash-max-ziplist-value"},
		{"nosuch no*such", ""},
		{"slaveof replicaof", "slaveof replicaof"},
		{"user rename-command us*", ""},
		{"watch*", ""},
		{"watchdog-period", "watchdog-period"},
		{"shards reactors io-model", "shards reactors io-model"},
	} {
		if got := names(strings.Fields(c.patterns)...); got != c.want {
			t.Errorf("CONFIG GET %s gave %q, want %q", c.patterns, got, c.want)
		}
	}
	if got := len(New().Get(args("*", "p*", "*"))); got != len(New().Get(args("*"))) {
		t.Errorf("overlapping patterns gave %d", got)
	}
}

func TestSetIsAllOrNothing(t *testing.T) {
	o := New()
	if o.Set(args("maxmemory", "5mb", "timeout", "abc")) == nil || o.MaxMemory.Load() != 0 {
		t.Error("a bad value left another one set")
	}
	var ran []string
	note := func(name string, err error) {
		o.OnChange(name, func() error {
			ran = append(ran, name+"="+o.String(name))
			if o.String("port") == "9" {
				return err
			}
			return nil
		})
	}
	note("maxmemory", nil)
	note("timeout", nil)
	note("port", errors.New("Unable to listen on this port. Check server logs."))
	err := o.Set(args("maxmemory", "7", "port", "9", "timeout", "3"))
	const want = "ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. Check server logs."
	if err == nil || err.Error() != want {
		t.Fatalf("got %v", err)
	}
	if o.MaxMemory.Load() != 0 || o.Port.Load() != 6379 || o.Timeout.Load() != 0 {
		t.Error("a failed hook left values set")
	}
	if got := strings.Join(ran, " "); got != "maxmemory=7 port=9 maxmemory=0" {
		t.Errorf("hooks ran: %s", got)
	}
	ran = nil
	mustSet(t, o, "maxmemory", "7", "timeout", "0", "port", "6379")
	if got := strings.Join(ran, " "); got != "maxmemory=7" {
		t.Errorf("only what changes is applied, but: %s", got)
	}
}

func TestAliasesShareTheValue(t *testing.T) {
	o := New()
	runs := 0
	o.OnChange("hash-max-listpack-entries", func() error { runs++; return nil })
	mustSet(t, o, "hash-max-listpack-entries", "512", "hash-max-ziplist-entries", "2")
	if get(t, o, "hash-max-listpack-entries") != "2" || o.HashMaxListpackEntries.Load() != 2 || runs != 1 {
		t.Errorf("value %s, %d hook runs", get(t, o, "hash-max-listpack-entries"), runs)
	}
}

func TestProtectedOptions(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		allow         string
		local, passes bool
	}{{"no", true, false}, {"yes", false, true}, {"local", false, false}, {"local", true, true}} {
		o := New()
		if err := o.Assign("enable-protected-configs", c.allow); err != nil {
			t.Fatal(err)
		}
		if err := o.SetFrom(args("dir", dir), c.local); (err == nil) != c.passes {
			t.Errorf("%+v: %v", c, err)
		}
	}
	o := New()
	if err := o.Assign("enable-protected-configs", "yes"); err != nil {
		t.Fatal(err)
	}
	if err := o.Set(args("dir", dir+"/nosuch")); err == nil || !strings.HasSuffix(err.Error(), "'dir') - No such file or directory") {
		t.Error(err)
	}
	if err := o.Set(args("dbfilename", "a/b")); err == nil || !strings.HasSuffix(err.Error(), "dbfilename can't be a path, just a filename") {
		t.Error(err)
	}
}

func TestConcurrentUse(t *testing.T) {
	o := New()
	o.OnChange("maxclients", func() error { return nil })
	done := make(chan struct{})
	for range 4 {
		go func() {
			defer func() { done <- struct{}{} }()
			for i := range 200 {
				_ = o.Set(args("maxclients", string(rune('1'+i%9)), "requirepass", "x", "save", "1 1"))
				_ = o.Get(args("max*", "save"))
				_ = o.MaxClients.Load() + int64(len(o.Save.Load())) + int64(len(o.RequirePass.Load()))
			}
		}()
	}
	for range 4 {
		<-done
	}
}

func TestLogLevels(t *testing.T) {
	o := New()
	last := o.SlogLevel() - 100
	for _, name := range []string{"debug", "verbose", "notice", "warning", "nothing"} {
		mustSet(t, o, "loglevel", name)
		if o.SlogLevel() <= last {
			t.Errorf("%s is not above the level before", name)
		}
		last = o.SlogLevel()
	}
}
