package server

import (
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/kringdb/kring/internal/server/options"
)

func TestRenameCommand(t *testing.T) {
	dir := t.TempDir()
	s := startServer(t, "rename-command", "get holen", "rename-command", "INCR EMPTY", "rename-command", "config Admin",
		"rename-command", "DEL EMPTY", "rename-command", "unlink DEL", "dir", dir, "appendonly", "yes")
	c := dial(t, s)
	for _, x := range [][2]string{
		{"SET a 1", "OK"},
		{"GET a", "ERR unknown command 'GET', with args beginning with: 'a' "},
		{"HOLEN a", "1"},
		{"holen", "ERR wrong number of arguments for 'get' command"},
		{"INCR a", "ERR unknown command 'INCR', with args beginning with: 'a' "},
		{"admin GET port", "[port 0]"},
		{"CONFIG GET port", "ERR unknown command 'CONFIG', with args beginning with: 'GET' 'port' "},
		{"UNLINK a", "ERR unknown command 'UNLINK', with args beginning with: 'a' "},
		{"DEL a", "1"},
		{"INCRBY n 2", "2"},
		{"SET p 1 PX 1", "OK"},
		{"COMMAND INFO get", "[nil]"},
		{"COMMAND GETKEYS holen k", "[k]"},
		{"ACL SETUSER u on nopass ~* +get +@connection", "OK"},
		{"AUTH u x", "OK"},
		{"HOLEN n", "2"},
		{"SET n 1", "NOPERM User u has no permissions to run the 'set' command"},
	} {
		if got := c.do(strings.Fields(x[0])...); got != x[1] {
			t.Errorf("%s: got %q, want %q", x[0], got, x[1])
		}
	}
	d := dial(t, s)
	if got := d.do("INFO", "commandstats"); !strings.Contains(got, "cmdstat_get:calls=2") || strings.Contains(got, "holen") {
		t.Error(got)
	}
	d.want("OK", "DEBUG", "LOADAOF") // what is recorded under either name is known
	d.want("2", "HOLEN", "n")
	if got := d.do("COMMAND", "LIST"); strings.Contains(" "+got+" ", " incr ") || !strings.Contains(got, " get ") {
		t.Error(got)
	}
}

func TestRenameCommandErrors(t *testing.T) {
	for _, x := range [][2]string{
		{"nosuch a", "No such command in rename-command"},
		{"get set", "Target command name already exists"},
		{"get a b", "wrong number of arguments"},
		{"get", "wrong number of arguments"},
	} {
		o := options.New()
		if err := o.Assign("rename-command", strings.Fields(x[0])...); err != nil {
			t.Fatal(err)
		}
		_ = o.Assign("port", "0")
		_, err := New(o, slog.New(slog.NewTextHandler(io.Discard, nil)))
		if err == nil || !strings.Contains(err.Error(), x[1]) {
			t.Errorf("%s: %v", x[0], err)
		}
	}
}

// TestTwoServers: servers of one process do not share what they rename, nor their data.
func TestTwoServers(t *testing.T) {
	for name, words := range map[string][2]string{"one": {"holen", "abholen"}, "two": {"abholen", "holen"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, "rename-command", "get "+words[0])
			c := dial(t, s)
			for range 100 {
				c.want("OK", "SET", "k", name)
				c.want(name, words[0], "k")
				c.want("ERR unknown command '"+words[1]+"', with args beginning with: 'k' ", words[1], "k")
				c.want("1", "DEL", "k")
			}
		})
	}
}

// TestRenameCommandToCome: the lines that harden a Redis do not keep a server from starting
// because it has no such command yet.
func TestRenameCommandToCome(t *testing.T) {
	tb := startServer(t).Table
	for _, x := range [][3]string{
		{"BGSAVE", "", ""},
		{"BGSAVE", "", "No such command in rename-command"}, // it has no name any more
		{"MIGRATE", "secret-migrate", ""},
		{"GET", "secret-migrate", "Target command name already exists"},
		{"GET", "psync", "Target command name already exists"},
		{"secret-migrate", "other", ""},
		{"GET", "bgsave", ""},
	} {
		got := ""
		if err := tb.Rename(x[0], x[1]); err != nil {
			got = err.Error()
		}
		if got != x[2] {
			t.Errorf("rename-command %s %q: %q, want %q", x[0], x[1], got, x[2])
		}
	}
}
