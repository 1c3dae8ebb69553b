package compat

import (
	"slices"
	"strings"
	"testing"

	"github.com/kringdb/kring/tests/internal/harness"
)

// recordedElsewhere are commands that no sequence has, with the reason.
var recordedElsewhere = map[string]string{
	"migrate": "needs a second server; it records a DEL, which internal/server holds by TestMigrateIsRecorded",
}

// TestRestartCommands: the sequences that TestRestart has redis-server load hold every command
// that changes data and that 7.0 knows; else what a command records might be what no other server reads.
func TestRestartCommands(t *testing.T) {
	used := map[string]bool{}
	for seed := range uint64(3000) {
		for _, st := range NewG(seed).RestartSequence(false) {
			used[strings.ToLower(st.Name())] = true
		}
	}
	writers := func(bin string) []string {
		s, err := start(bin, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Server.Kill()
		c, err := s.Server.Dial()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		v, err := c.Do("COMMAND", "LIST", "FILTERBY", "ACLCAT", "write")
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range v.Elems {
			names = append(names, strings.ToLower(e.Str))
		}
		return names
	}
	known := writers(harness.OracleBin(t))
	for _, name := range writers(harness.SubjectBin(t)) {
		if slices.Contains(known, name) && !used[name] && recordedElsewhere[name] == "" {
			t.Errorf("no sequence has %s", name)
		}
	}
}
