package options

import (
	"os"
	"strings"
	"testing"
)

// oracleDiffers are the options whose value here has a reason to differ.
var oracleDiffers = map[string]string{
	"dir":  "the working directory",
	"port": "given to the oracle",
	"save": "given to the oracle",
}

// testdata/redis-7.0.15.tsv is what CONFIG GET * of redis-server 7.0.15 showed, sorted.
func TestNamesAndDefaultsAreRedis(t *testing.T) {
	text, err := os.ReadFile("testdata/redis-7.0.15.tsv")
	if err != nil {
		t.Fatal(err)
	}
	o := New()
	count := 0
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		count++
		e, ok := lookup(name)
		if !ok {
			t.Errorf("no option %s", name)
			continue
		}
		if oracleDiffers[name] == "" && o.text(e.row) != value {
			t.Errorf("%s is %q, in Redis %q", name, o.text(e.row), value)
		}
	}
	if count < 180 {
		t.Errorf("the oracle's list has %d lines", count)
	}
}

// notInRedis are the options that are Kring's alone.
var notInRedis = map[string]bool{
	"reactors": true, "shards": true, "io-model": true, "pprof-address": true, "http-address": true, "huge-pages": true,
	"rdb-version": true, "lua-memory-limit": true, "cluster-coordinator": true,
	"cluster-coordinator-user": true, "cluster-coordinator-password": true, "cluster-coordinator-ca-cert-file": true,
	"cluster-coordinator-cert-file": true, "cluster-coordinator-key-file": true,
}

// testdata/redis-7.4.txt names all directives of Redis 7.4, with aliases, hidden ones and
// those that only files know, except include, which is no option. Debug builds' are left out.
func TestEveryDirectiveOfRedisHasARow(t *testing.T) {
	text, err := os.ReadFile("testdata/redis-7.4.txt")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for name := range strings.Lines(string(text)) {
		name = strings.TrimSuffix(name, "\n")
		listed[name] = true
		if _, ok := byName[name]; !ok {
			t.Errorf("%s has no row", name)
		}
	}
	if len(listed) < 215 {
		t.Errorf("the list has %d names", len(listed))
	}
	for _, e := range entries {
		if !listed[e.name] && !notInRedis[e.name] {
			t.Errorf("%s is neither one of Redis's directives nor Kring's own", e.name)
		}
	}
}

func TestEveryFieldIsBound(t *testing.T) {
	o := New()
	bound := map[cell]string{}
	for i := range rows {
		if other, dup := bound[o.cells[i]]; dup {
			t.Errorf("%s and %s share a cell", rows[i].Name, other)
		}
		bound[o.cells[i]] = rows[i].Name
	}
	// A field that no row names would silently stay at zero.
	for _, c := range []cell{&o.Port, &o.UnixSocketPerm, &o.LFUDecayTime, &o.AOFTimestamps, &o.StreamNodeMaxEntries,
		&o.EnableModules, &o.HugePages, &o.RDBChecksum, &o.EvictionTenacity, &o.LazyServerDel} {
		if bound[c] == "" {
			t.Error("a field without a row")
		}
	}
}

func TestHelpAndMarkdown(t *testing.T) {
	help, doc := Help(), New().Markdown()
	for i := range rows {
		r := &rows[i]
		if told := strings.Contains(help, "\n  "+r.option()+" "); told != (r.Flags&Hidden == 0) {
			t.Errorf("--help tells %s: %v", r.Name, told)
		}
		if !strings.Contains(doc, "| `"+r.Name+"`") {
			t.Errorf("the documentation does not tell %s", r.Name)
		}
		if len(r.Help) > 90 || strings.Contains(r.Help, "\n") {
			t.Errorf("%s: the help is too long", r.Name)
		}
	}
	for line := range strings.Lines(doc) {
		if strings.HasPrefix(line, "|") && strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") != 7 {
			t.Errorf("broken row: %s", line)
		}
	}
}

func TestBrokenTablesAreFound(t *testing.T) {
	good := networkRows
	defer func() {
		networkRows = good
		entries = nil
		if err := buildTable(); err != nil {
			t.Fatal(err)
		}
	}()
	for want, extra := range map[string]Row{
		"stands in the table twice": {Name: "port", Kind: portKind, Default: "1", Help: "x"},
		"the row is incomplete":     {Name: "x", Kind: portKind, Default: "1"},
		"reads as":                  {Name: "x", Kind: yesNo, Default: "YES", Help: "x"},
		"must be between":           {Name: "x", Kind: portKind, Default: "70000", Help: "x"},
	} {
		networkRows = append(good[:len(good):len(good)], extra)
		entries = nil
		if err := buildTable(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestSensitive(t *testing.T) {
	for name, want := range map[string]bool{"requirepass": true, "MASTERAUTH": true, "user": true, "port": false, "nosuch": false} {
		if IsSensitive(name) != want {
			t.Errorf("IsSensitive(%s) should be %v", name, want)
		}
	}
}

// TestDocsAreCurrent wants docs/OPTIONS.md to be what the table says: make docs.
func TestDocsAreCurrent(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/OPTIONS.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(doc) != New().Markdown() {
		t.Error("docs/OPTIONS.md is not what the table says; run make docs")
	}
}
