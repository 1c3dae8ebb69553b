package server

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/kringdb/kring/internal/server/replication"
)

// watches has a client each watch a key, and tells afterwards whose EXEC is refused.
func watches(t *testing.T, s *Server, keys ...string) (broken func() string) {
	t.Helper()
	var clients []*testClient
	for _, key := range keys {
		c := dial(t, s)
		c.want("OK", "WATCH", key)
		clients = append(clients, c)
	}
	return func() string {
		t.Helper()
		var names []string
		for i, c := range clients {
			c.want("OK", "MULTI")
			c.want("QUEUED", "PING")
			if c.do("EXEC") == "nil" {
				names = append(names, keys[i])
			}
		}
		return strings.Join(names, " ")
	}
}

// TestReloadBreaksWatches: what replaces the data has changed all keys that were there, or are there now; a file that cannot be loaded
// has changed none. Clients that wait for a key that has come are served.
func TestReloadBreaksWatches(t *testing.T) {
	dir := t.TempDir()
	s, _ := runAOF(t, dir, "auto-aof-rewrite-percentage", "0")
	c := dial(t, s)
	keys := []string{"stays", "comes", "goes", "never"}
	path := filepath.Join(dir, "dump.rdb")
	for _, try := range []struct {
		call   string
		broken string
	}{
		{"DEBUG RELOAD", "stays goes"},
		{"DEBUG RELOAD NOSAVE", "stays comes goes"},
		{"DEBUG RELOAD NOSAVE NOFLUSH MERGE", "stays comes goes"}, // nothing goes: as if all that is there were of the file
		{"DEBUG LOADAOF", "stays comes goes"},                     // which makes it, and deletes it
	} {
		c.want("OK", "FLUSHALL")
		c.want("OK", "MSET", "stays", "1", "comes", "1")
		c.want("OK", "SAVE")
		c.want("1", "DEL", "comes")
		c.want("OK", "SET", "goes", "1")
		broken := watches(t, s, keys...)
		c.want("OK", strings.Fields(try.call)...)
		if got := broken(); got != try.broken {
			t.Errorf("%s has broken the watches of %q, want %q", try.call, got, try.broken)
		}
	}
	c.want("OK", "FLUSHALL")
	c.want("1-1", "XADD", "stream", "1-1", "f", "v")
	c.want("OK", "SAVE")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c.want("1", "DEL", "stream")
	c.want("OK", "SET", "stays", "1")
	broken := watches(t, s, keys...)
	reader := dial(t, s)
	reader.block(s, 1, "XREAD", "BLOCK", "0", "STREAMS", "stream", "0")
	if err := os.WriteFile(path, whole[:len(whole)-9], 0o600); err != nil { // without its end
		t.Fatal(err)
	}
	c.want("ERR Error trying to load the RDB dump, check server logs.", "DEBUG", "RELOAD", "NOSAVE")
	if got := broken(); got != "" {
		t.Errorf("a file that cannot be loaded has broken the watches of %q", got)
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	c.want("OK", "DEBUG", "RELOAD", "NOSAVE")
	reader.gets("[[stream [[1-1 [f v]]]]]")
}

// TestCopyBreaksWatches is the same for a replica's full copy.
func TestCopyBreaksWatches(t *testing.T) {
	for _, load := range []string{"disabled", "swapdb"} {
		from, s := startServer(t, quickSync...), startServer(t, append(quickSync, "repl-diskless-load", load)...)
		fc, c := dial(t, from), dial(t, s)
		fc.want("OK", "MSET", "stays", "1", "comes", "1")
		c.want("OK", "MSET", "stays", "1", "goes", "1")
		broken := watches(t, s, "stays", "comes", "goes", "never")
		port := strconv.Itoa(from.Addrs()[0].(*net.TCPAddr).Port)
		c.want("OK", "REPLICAOF", "127.0.0.1", port)
		until(t, "the link is up", func() bool { return c.infoField("master_link_status") == "up" })
		if got := broken(); got != "stays comes goes" {
			t.Errorf("%s: the watches of %q are broken", load, got)
		}
	}
}

// TestBrokenCopyBreaksWatches: a full copy that turns out to be broken when it is loaded has replaced the data by none, which those learn at once who
// watch a key that was there, as CLIENT LIST tells.
func TestBrokenCopyBreaksWatches(t *testing.T) {
	from, s := startServer(t, quickSync...), startServer(t)
	dial(t, from).want("OK", "MSET", "stays", "1", "comes", "1")
	data := string(attach(t, from, "capa", "eof").resync())
	c := dial(t, s)
	c.want("OK", "MSET", "stays", "1", "goes", "1")
	var ids []string
	keys := []string{"stays", "comes", "goes", "never"}
	for _, key := range keys {
		w := dial(t, s)
		w.want("OK", "WATCH", key)
		ids = append(ids, w.do("CLIENT", "ID"))
	}
	g := newCopyGiver(t)
	c.want("OK", "REPLICAOF", "127.0.0.1", g.port())
	g.asked()
	g.send(fmt.Sprintf("+FULLRESYNC %s 100\r\n$%d\r\n%swrongsum", replication.NewID(), len(data), data[:len(data)-8]))
	g.asked() // for another one
	c.want("0", "DBSIZE")
	for i, id := range ids {
		flags := regexp.MustCompile(`flags=\w+`).FindString(c.do("CLIENT", "LIST", "ID", id))
		if told, want := strings.Contains(flags[len("flags="):], "d"), keys[i] == "stays" || keys[i] == "goes"; told != want {
			t.Errorf("who watches %q has %s", keys[i], flags)
		}
	}
}
