package server

import (
	"regexp"
	"strings"
	"testing"
)

func TestSlowLogAndLatency(t *testing.T) {
	s := startServer(t, "slowlog-log-slower-than", "100000", "latency-monitor-threshold", "100")
	c := dial(t, s)
	c.do("CLIENT", "SETNAME", "me")
	c.do("DEBUG", "SLEEP", "0.2")
	c.do("SET", "a", "b")
	got := c.do("SLOWLOG", "GET")
	if !regexp.MustCompile(`^\[\[0 \d+ \d{6} \[DEBUG SLEEP 0\.2\] 127\.0\.0\.1:\d+ me\]\]$`).MatchString(got) {
		t.Error(got)
	}
	if got := c.do("SLOWLOG", "LEN"); got != "1" {
		t.Error(got)
	}
	if got := c.do("LATENCY", "LATEST"); !regexp.MustCompile(`^\[\[command \d+ \d+ \d+\]\]$`).MatchString(got) {
		t.Error(got)
	}
	if got := c.do("LATENCY", "GRAPH", "command"); !strings.Contains(got, "command - high") {
		t.Error(got)
	}
	if got := c.do("LATENCY", "DOCTOR"); !strings.Contains(got, "1. command: 1 samples") {
		t.Error(got)
	}
	if got := c.do("LATENCY", "RESET"); got != "1" {
		t.Error(got)
	}
	c.do("SLOWLOG", "RESET")
	if got := c.do("SLOWLOG", "GET"); got != "[]" {
		t.Error(got)
	}
}

func TestCommandStats(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	c.do("SET", "a", "b")
	c.do("INCR", "a")
	c.do("GET")
	c.do("GET", "a")
	c.do("KEYS", "*") // on a worker
	info := c.do("INFO", "everything")
	for _, want := range []string{
		`cmdstat_set:calls=1,usec=\d+,usec_per_call=[0-9.]+,rejected_calls=0,failed_calls=0`,
		`cmdstat_incr:calls=1,usec=\d+,usec_per_call=[0-9.]+,rejected_calls=0,failed_calls=1`,
		`cmdstat_get:calls=1,usec=\d+,usec_per_call=[0-9.]+,rejected_calls=1,failed_calls=0`,
		`cmdstat_keys:calls=1,`, `errorstat_ERR:count=2`, `latency_percentiles_usec_set:p50=[0-9.]+,p99=[0-9.]+,p99.9=[0-9.]+`,
	} {
		if !regexp.MustCompile(want).MatchString(info) {
			t.Errorf("no %s in\n%s", want, info)
		}
	}
	if strings.Contains(c.do("INFO"), "cmdstat_") {
		t.Error("INFO shows commandstats unasked")
	}
	if got := c.do("LATENCY", "HISTOGRAM", "set", "keys", "nosuch"); !regexp.MustCompile(`^\[set \[calls 1 histogram_usec \[\d+ 1\]\] keys `).MatchString(got) {
		t.Error(got)
	}
	c.do("CONFIG", "RESETSTAT")
	if info := c.do("INFO", "commandstats"); strings.Contains(info, "cmdstat_set") {
		t.Error(info)
	}
}
