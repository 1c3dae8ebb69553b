//go:build unix

package repl

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/kringdb/kring/tests/internal/harness"
)

// TestSwitchover: when a replica takes the primary's place, what was the primary and the other replica go on from where they are,
// without a copy, whichever of the three are redis-server and Kring.
func TestSwitchover(t *testing.T) {
	bins := map[byte]string{'k': harness.SubjectBin(t), 'r': harness.OracleBin(t)}
	for _, kinds := range []string{"rrk", "rkr", "rkk", "krr", "krk", "kkr", "kkk"} {
		t.Run(kinds, func(t *testing.T) {
			t.Parallel()
			var servers []*harness.Server
			for i := range kinds {
				servers = append(servers, harness.Start(t, bins[kinds[i]], "--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "3600"))
			}
			switchOver(t, servers[0], servers[1], servers[2])
		})
	}
}

func switchOver(t *testing.T, first, second, third *harness.Server) {
	do := func(s *harness.Server, args ...string) string {
		t.Helper()
		v, err := ask(s, args...)
		if err != nil || v.IsError() {
			t.Fatalf("%s %v: %v, %v", s.Name, args, v, err)
		}
		return v.Str
	}
	follow := func(s, primary *harness.Server) {
		t.Helper()
		do(s, "REPLICAOF", "127.0.0.1", strconv.Itoa(primary.Port))
	}
	level := func(primary *harness.Server, replicas ...*harness.Server) {
		t.Helper()
		await(t, func() string {
			for _, s := range replicas {
				if text := do(s, "INFO", "replication"); !strings.Contains(text, "master_link_status:up") || !strings.Contains(text, "slave_repl_offset:"+field(t, primary, "master_repl_offset")) {
					return fmt.Sprintf("%s has not what %s has:\n%s", s.Name, primary.Name, text)
				}
			}
			return ""
		})
	}
	do(first, "SET", "before", "1")
	follow(second, first)
	follow(third, first)
	level(first, second, third)
	do(first, "INCR", "before")
	level(first, second, third)
	do(second, "REPLICAOF", "NO", "ONE")
	do(second, "INCR", "before")
	do(second, "RPUSH", "after", "a", "b")
	follow(third, second)
	follow(first, second)
	level(second, first, third)
	for _, s := range []*harness.Server{first, third} {
		if before, after := do(s, "GET", "before"), do(s, "LINDEX", "after", "1"); before != "3" || after != "b" {
			t.Errorf("%s has %q and %q", s.Name, before, after)
		}
	}
	if full, partial := field(t, second, "sync_full"), field(t, second, "sync_partial_ok"); full != "0" || partial != "2" {
		t.Errorf("%s copies were made, %s replicas went on:\n%s", full, partial, second.Output())
	}
}

// field is one of INFO.
func field(t *testing.T, s *harness.Server, name string) string {
	t.Helper()
	c, err := s.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	v, err := harness.Info(c, name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
