package compat

import (
	"regexp"
	"strings"
	"testing"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
)

// monitoredCalls are scripts whose calls MONITOR shows.
var monitoredCalls = [][]string{
	{"EVAL", "redis.call('set',KEYS[1],ARGV[1]) return redis.call('get',KEYS[1])", "1", "k", "a b\"\x01"},
	{"EVAL", "for i=1,2 do redis.pcall('incr',KEYS[1]) end redis.call('select',3) redis.call('set','far',1)", "1", "k"},
	{"EVAL", "return redis.call('nosuch')", "0"},
	{"EVAL_RO", "return redis.pcall('set','k','v')", "0"},
	{"EVALSHA", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "0"},
	{"EVALSHA", "ffffffffffffffffffffffffffffffffffffffff", "0"},
	{"FUNCTION", "LOAD", "#!lua name=m\nredis.register_function('fm', function(k, a) return redis.call('set', k[1], a[1]) end)"},
	{"FCALL", "fm", "1", "k", "v"},
	{"SCRIPT", "EXISTS", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"},
	{"MULTI"}, {"EVAL", "return redis.call('get','k')", "0"}, {"EXEC"},
}

// TestMonitorOfScripts compares what MONITOR shows of scripts and their calls.
func TestMonitorOfScripts(t *testing.T) {
	t.Parallel()
	varies := regexp.MustCompile(`^[0-9.]+ \[(\d+) ([^\]]*:)?[^\]]*\]`)
	lines := func(s *harness.Server) (all string) {
		monitor, c := s.Connect(t), s.Connect(t)
		if v, err := monitor.Do("MONITOR"); err != nil || v.Str != "OK" {
			t.Fatal(v, err)
		}
		for _, call := range monitoredCalls {
			if _, err := c.Do(call...); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := c.Do("ECHO", "the end"); err != nil {
			t.Fatal(err)
		}
		for !strings.Contains(all, "the end") {
			v, err := monitor.Receive()
			if err != nil {
				t.Fatal(err)
			}
			who := "client"
			if strings.Contains(strings.SplitN(v.Str, "]", 2)[0], " lua") {
				who = "lua"
			}
			all += varies.ReplaceAllString(v.Str, "$1 "+who) + "\n"
		}
		return all
	}
	want := lines(harness.Start(t, harness.OracleBin(t), serverArgs()...))
	if got := lines(harness.Start(t, harness.SubjectBin(t), serverArgs()...)); got != want {
		t.Errorf("Kring:\n%s\nredis-server:\n%s", got, want)
	}
}

// TestFunctionDumpBothWays hands libraries over by FUNCTION DUMP and RESTORE, in both directions.
func TestFunctionDumpBothWays(t *testing.T) {
	t.Parallel()
	oracle := harness.Start(t, harness.OracleBin(t), serverArgs()...)
	subject := harness.Start(t, harness.SubjectBin(t), append(serverArgs(), "--rdb-version", "10")...) // the oracle reads no newer one
	for _, pair := range [][2]*harness.Server{{oracle, subject}, {subject, oracle}} {
		from, to := pair[0].Connect(t), pair[1].Connect(t)
		do := func(c *rawclient.Client, args ...string) string {
			t.Helper()
			v, err := c.Do(args...)
			if err != nil {
				t.Fatal(err)
			}
			return v.String()
		}
		do(from, "FUNCTION", "FLUSH")
		do(to, "FUNCTION", "FLUSH")
		for _, text := range []string{
			"#!lua name=first\nredis.register_function('f1', function(k, a) return redis.call('incrby', k[1], a[1]) end)",
			"#!lua name=second\nlocal n = 0\nredis.register_function{function_name='f2', callback=function() n = n + 1 return n end, flags={'no-writes'}, description='counts'}\n" +
				"-- " + strings.Repeat("a long text that compresses ", 40),
		} {
			do(from, "FUNCTION", "LOAD", text)
		}
		dump, err := from.Do("FUNCTION", "DUMP")
		if err != nil {
			t.Fatal(err)
		}
		if got := do(to, "FUNCTION", "RESTORE", dump.Str); !strings.Contains(got, "OK") {
			t.Errorf("from %s: FUNCTION RESTORE: %s", pair[0].Name, got)
		}
		if got, want := do(to, "FCALL", "f1", "1", "n", "5")+do(to, "FCALL", "f2", "0"), do(from, "FCALL", "f1", "1", "n", "5")+do(from, "FCALL", "f2", "0"); got != want {
			t.Errorf("from %s: %s, want %s", pair[0].Name, got, want)
		}
		again, err := to.Do("FUNCTION", "DUMP")
		if err != nil {
			t.Fatal(err)
		}
		if got := do(from, "FUNCTION", "RESTORE", again.Str, "REPLACE"); !strings.Contains(got, "OK") {
			t.Errorf("back to %s: %s", pair[0].Name, got)
		}
	}
}
