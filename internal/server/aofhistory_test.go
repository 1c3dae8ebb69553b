package server

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// killedCopy is what a kill -9 of a server whose files are in dir would leave, in another directory.
func killedCopy(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(filepath.Join(to, "appendonlydir"), os.DirFS(filepath.Join(dir, "appendonlydir"))); err != nil {
		t.Fatal(err)
	}
	return to
}

// TestHistoryOutlivesRestartByAOF: a primary with an AOF lets its replicas go on after its end, and after a kill -9.
func TestHistoryOutlivesRestartByAOF(t *testing.T) {
	for _, base := range []string{"none", "image", "commands"} {
		for _, how := range []string{"ended", "killed"} {
			t.Run(base+" "+how, func(t *testing.T) {
				directives := append(quickSync, "repl-ping-replica-period", "3600")
				if base == "commands" {
					directives = append(directives, "aof-use-rdb-preamble", "no")
				}
				dir := t.TempDir()
				s, end := runAOF(t, dir, directives...)
				c := dial(t, s)
				c.want("OK", "SET", "before", "1")
				r := online(t, s)
				c.want("OK", "SELECT", "2")
				c.want("1", "INCR", "n")
				r.follows("SELECT 2", "INCR n")
				c.send(encode("MULTI") + encode("INCR", "n") + encode("INCR", "n") + encode("EXEC"))
				for range 3 {
					c.reply()
				}
				c.gets("[2 3]")
				r.follows("MULTI", "INCR n", "INCR n", "EXEC")
				if base != "none" {
					c.rewrites()
				} else {
					c.want("4", "INCR", "n")
					r.follows("INCR n")
				}
				if how == "ended" {
					c.want("0", "PUBLISH", "ch", "x") // which is in the stream, and in no file
					r.follows("PUBLISH ch x")
					end()
				} else {
					dir = killedCopy(t, dir)
				}
				s, _ = runAOF(t, dir, directives...)
				again := attach(t, s, "capa", "psync2")
				if again.id, again.offset = r.id, r.offset; again.resync() != nil {
					t.Fatalf("a full copy was sent: %q", increments(t, dir))
				}
				c = dial(t, s)
				c.want("OK", "SELECT", "2")
				was := c.do("GET", "n")
				c.want("OK", "SET", "b", "1")
				again.follows("SELECT 2", "SET b 1")
				if want := map[bool]string{true: "4", false: "3"}[base == "none"]; was != want {
					t.Errorf("n is %s, want %s", was, want)
				}
			})
		}
	}
}

// TestForeignRecordsEndHistory: where another server has gone on with the AOF, nobody follows any more.
func TestForeignRecordsEndHistory(t *testing.T) {
	dir := t.TempDir()
	s, end := runAOF(t, dir, quickSync...)
	c := dial(t, s)
	r := online(t, s)
	c.want("OK", "SET", "a", "1")
	r.follows("SELECT 0", "SET a 1")
	end()
	names, err := filepath.Glob(filepath.Join(dir, "appendonlydir", "*.incr.aof"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	f, err := os.OpenFile(names[0], os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(encode("SET", "a", "2"))
	if cerr := f.Close(); err != nil || cerr != nil {
		t.Fatal(err, cerr)
	}
	s, _ = runAOF(t, dir, quickSync...)
	again := attach(t, s, "capa", "eof", "capa", "psync2")
	if again.id, again.offset = r.id, r.offset; again.resync() == nil {
		t.Error("it goes on although something is in between")
	}
	dial(t, s).want("2", "GET", "a")
}

// cutAOF shortens the last increment in dir to what cut returns.
func cutAOF(t *testing.T, dir string, cut func(text []byte) []byte) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "appendonlydir", "*.incr.aof"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	name := names[len(names)-1]
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, cut(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestReplicaGoesOnByAOF: a replica with an AOF goes on after its end, and after a kill -9, wherever in its
// writing that comes.
func TestReplicaGoesOnByAOF(t *testing.T) {
	p := startServer(t, append(quickSync, "repl-ping-replica-period", "3600")...)
	c := dial(t, p)
	host, port, _ := strings.Cut(p.Addrs()[0].String(), ":")
	dir := t.TempDir()
	var r *Server
	level := func() {
		t.Helper()
		rc := dial(t, r)
		eventually(t, "the replica has everything", func() bool {
			return rc.infoField("master_link_status") == "up" && rc.infoInt("aof_rewrite_in_progress") == 0 &&
				rc.infoInt("slave_repl_offset") == c.infoInt("master_repl_offset")
		})
	}
	write := func() {
		t.Helper()
		c.want("OK", "SELECT", "0")
		for range 40 {
			c.do("INCR", "n")
		}
		c.want("OK", "SELECT", "7")
		c.do("APPEND", "text", "x")
		c.send(encode("MULTI") + encode("RPUSH", "list", "a") + encode("LPOP", "list") + encode("RPUSH", "list", "b") + encode("EXEC"))
		for range 5 {
			c.reply()
		}
	}
	write()
	var end func()
	run := func() {
		t.Helper()
		r, end = runAOF(t, dir, "replicaof", host+" "+port)
	}
	run()
	for i, how := range []string{"ended", "killed", "ended", "killed, rewritten", "killed within a record", "killed behind a record"} {
		level()
		write()
		level()
		if how == "killed, rewritten" {
			dial(t, r).rewrites()
		}
		if how != "ended" {
			dir = killedCopy(t, dir)
		}
		switch how {
		case "killed within a record":
			cutAOF(t, dir, func(text []byte) []byte { return text[:bytes.LastIndex(text, []byte("RPUSH"))+3] })
		case "killed behind a record":
			cutAOF(t, dir, func(text []byte) []byte { return text[:bytes.LastIndex(text, []byte("#REPL:"))] })
		}
		end()
		write()
		run()
		level()
		if full, partial := c.infoInt("sync_full"), c.infoInt("sync_partial_ok"); full != 1 || partial != int64(i)+1 {
			t.Fatalf("%s: %d full copies, %d partial ones", how, full, partial)
		}
		if want, got := c.dump(), dial(t, r).dump(); got != want {
			t.Fatalf("%s: the replica has\n%s\nwant\n%s", how, got, want)
		}
	}
}
