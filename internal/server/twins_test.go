package server

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// twins are two servers that get the same calls: the first one in single writes, the other one call by call. What is replied,
// counted and recorded is the same.
type twins struct {
	dirs    [2]string
	clients [2]*testClient
	ends    [2]func()
}

func newTwins(t *testing.T) *twins {
	t.Helper()
	w := &twins{dirs: [2]string{t.TempDir(), t.TempDir()}}
	for i := range w.clients {
		var s *Server
		s, w.ends[i] = runServer(t, "reactors", "1", "appendonly", "yes", "dir", w.dirs[i], "aof-use-rdb-preamble", "no")
		w.clients[i] = dial(t, s)
	}
	return w
}

// call has both make the calls, and compares the replies.
func (w *twins) call(t *testing.T, calls [][]string) {
	t.Helper()
	text := ""
	for _, call := range calls {
		text += encode(call...)
	}
	w.clients[0].send(text)
	for i, call := range calls {
		whole, single := w.clients[0].reply(), w.clients[1].do(call...)
		if whole != single {
			t.Fatalf("%q: %q of %d: %q in one write, %q alone", calls, call, i, whole, single)
		}
	}
}

// end ends both, and compares what they have counted of commands, those with the names or all, and what their journals hold. There has to
// be a command of each.
func (w *twins) end(t *testing.T, command, recorded string, names ...string) {
	t.Helper()
	var stats, records [2]string
	for i, c := range w.clients {
		wanted := map[string]bool{}
		for _, name := range names {
			wanted["cmdstat_"+name] = true
		}
		for name, text := range c.infoOf("commandstats") {
			calls, _, _ := strings.Cut(text, ",")
			_, failed, _ := strings.Cut(text, ",rejected")
			if len(names) == 0 || wanted[name] {
				stats[i] += fmt.Sprintln(name, calls, failed)
			}
		}
		stats[i] = strings.Join(sortedLines(stats[i]), "\n")
		w.ends[i]()
		files, err := filepath.Glob(filepath.Join(w.dirs[i], "appendonlydir", "*.incr.aof"))
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		b, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		records[i] = string(b)
	}
	if stats[0] != stats[1] || !strings.Contains(stats[0], "cmdstat_"+command) {
		t.Errorf("in one write:\n%s\nalone:\n%s", stats[0], stats[1])
	}
	if records[0] != records[1] || !strings.Contains(records[0], recorded) {
		t.Errorf("the journals differ: %d and %d bytes", len(records[0]), len(records[1]))
	}
}
