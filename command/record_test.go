package command

import (
	"strings"
	"testing"
)

// newerCalls changes something by every command that Redis 7.4 does not have.
var newerCalls = map[string][]string{
	"delex":      {"DELEX k", "DELEX k2 IFEQ v", "DELEX k3 IFNE w"},
	"delifeq":    {"DELIFEQ k v"},
	"delpattern": {"DELPATTERN k2*"},
	"hgetdel":    {"HGETDEL h FIELDS 1 a", "HGETDEL h FIELDS 1 timed"},
	"hgetex": {
		"HGETEX h EX 100 FIELDS 2 a b", "HGETEX h PERSIST FIELDS 1 timed", "HGETEX h PXAT 1 FIELDS 1 a",
	},
	"hsetex": {
		"HSETEX h FIELDS 1 a 2", "HSETEX h EX 100 FIELDS 2 a 2 new 3", "HSETEX h KEEPTTL FIELDS 3 timed 2 a 2 timed2 3",
		"HSETEX h FXX PXAT 1 FIELDS 1 a 2", "HSETEX h FIELDS 1 timed 2",
	},
}

// mendedCalls are calls of older commands with words that Redis 7.4 does not have, or whose
// record must not be the call.
var mendedCalls = []string{
	"SET k w IFEQ v", "SET k w IFNE w", "SET k w EX 100 IFEQ v", "SET k w KEEPTTL IFEQ v", "HINCRBYFLOAT h timed 1.5", "HINCRBYFLOAT h a 1.5",
}

// knownTo74 are the commands by which such calls may be recorded.
var knownTo74 = map[string]bool{
	"DEL": true, "UNLINK": true, "SET": true, "HSET": true, "HDEL": true, "HPEXPIREAT": true, "HPERSIST": true,
}

// TestRecordsAreReadable: whatever a command that other servers do not know does is recorded
// by commands that Redis 7.4 knows, and those give the same.
func TestRecordsAreReadable(t *testing.T) {
	for name := range newerCalls {
		if rigTable().Lookup([]byte(name)) == nil {
			t.Errorf("there is no %s", name)
		}
	}
	for _, s := range rigTable().Specs() {
		if s.Flags&Write != 0 && s.Handler != nil && isNewerThan74(s.Since) && newerCalls[s.Name] == nil {
			t.Errorf("%s is newer than Redis 7.4: how is it recorded?", s.FullName)
		}
	}
	calls := mendedCalls
	for _, some := range newerCalls {
		calls = append(calls, some...)
	}
	for _, line := range calls {
		r, replayed := recordRig(t), recordRig(t)
		dirty := r.c.Dirty
		got := r.effectsOf(line)
		if r.c.Dirty == dirty || got == "" {
			t.Errorf("%s: changed %d, recorded %q", line, r.c.Dirty-dirty, got)
		}
		for _, rec := range strings.Split(got, " | ") {
			if name, _, _ := strings.Cut(rec, " "); !knownTo74[name] {
				t.Errorf("%s is recorded as %s", line, rec)
			}
			replayed.do(rec)
		}
		for _, q := range []string{"MGET k k2 k3", "HGETALL h", "HPEXPIRETIME h FIELDS 5 a b timed timed2 new", "PEXPIRETIME k"} {
			if a, b := show(r.do(q)), show(replayed.do(q)); a != b {
				t.Errorf("%s: %s gives %s, after the record %s it gives %s", line, q, a, got, b)
			}
		}
	}
}

// recordRig has keys and fields with and without deadlines.
func recordRig(t *testing.T) *rig {
	r := newRig(t)
	r.c.Now = 1_700_000_000_000
	r.do("MSET k v k2 v k3 v")
	r.do("PEXPIREAT k 1700000050000")
	r.do("HSET h a 1 b 2 timed 3 timed2 4")
	r.do("HPEXPIREAT h 1700000060000 FIELDS 1 timed")
	r.do("HPEXPIREAT h 1700000070000 FIELDS 1 timed2")
	return r
}

// isNewerThan74 tells whether a version is one of Kring's own, or newer than Redis 7.4.
func isNewerThan74(since string) bool { return since[0] == '0' || since[0] >= '8' }
