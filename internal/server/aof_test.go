package server

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// runAOF runs a server with an AOF in dir and returns it with what ends it.
func runAOF(t testing.TB, dir string, directives ...string) (*Server, func()) {
	t.Helper()
	return runServer(t, append([]string{"dir", dir, "appendonly", "yes"}, directives...)...)
}

func TestAOFSurvivesRestart(t *testing.T) {
	for _, policy := range []string{"always", "everysec", "no"} {
		t.Run(policy, func(t *testing.T) {
			dir := t.TempDir()
			s, end := runAOF(t, dir, "appendfsync", policy)
			c := dial(t, s)
			c.want("OK", "SET", "a", "1")
			c.want("OK", "SELECT", "3")
			c.want("2", "APPEND", "b", "xy")
			c.want("OK", "SETEX", "t", "1000", "v")
			c.want("1", "EXPIRE", "b", "500")
			c.want("0.5", "INCRBYFLOAT", "f", "0.5")
			c.want("OK", "SET", "gone", "v", "PX", "20")
			time.Sleep(30 * time.Millisecond)
			c.want("nil", "GET", "gone")
			end()
			s, _ = runAOF(t, dir, "appendfsync", policy)
			c = dial(t, s)
			c.want("1", "GET", "a")
			c.want("1", "DBSIZE")
			c.want("OK", "SELECT", "3")
			c.want("xy", "GET", "b")
			c.want("0.5", "GET", "f")
			c.want("3", "DBSIZE")
			if ttl := c.do("TTL", "t"); len(ttl) < 3 {
				t.Error("TTL", ttl)
			}
		})
	}
}

// incr returns the text of the only increment.
func increments(t *testing.T, dir string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "appendonlydir", "*.incr.aof"))
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		all += string(b)
	}
	return all
}

func TestAOFRewrite(t *testing.T) {
	dir := t.TempDir()
	s, end := runAOF(t, dir)
	c := dial(t, s)
	for i := range 2000 {
		c.send(encode("SET", fmt.Sprint("k", i), fmt.Sprint("v", i)))
	}
	for range 2000 {
		c.reply()
	}
	stop, wg := make(chan struct{}), sync.WaitGroup{}
	for w := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			wc := dial(t, s)
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					wc.do("INCR", "counter")
					wc.do("APPEND", fmt.Sprint("k", (i*7+w)%2000), "x")
				}
			}
		}()
	}
	for range 5 {
		c.want("Background append only file rewriting started", "BGREWRITEAOF")
		c.rewritten()
	}
	if info := c.do("INFO", "persistence"); !strings.Contains(info, "aof_last_bgrewrite_status:ok") {
		t.Error(info)
	}
	close(stop)
	wg.Wait()
	want := map[string]string{}
	for i := range 2000 {
		k := fmt.Sprint("k", i)
		want[k] = c.do("GET", k)
	}
	want["counter"] = c.do("GET", "counter")
	end()
	entries, err := os.ReadDir(filepath.Join(dir, "appendonlydir"))
	if err != nil || len(entries) != 3 {
		t.Errorf("%v %v", entries, err)
	}
	s, _ = runAOF(t, dir)
	c = dial(t, s)
	for k, v := range want {
		c.want(v, "GET", k)
	}
	c.want("2001", "DBSIZE")
}

func TestAOFSwitchedOnAndOff(t *testing.T) {
	dir := t.TempDir()
	s, end := runAOF(t, dir, "appendonly", "no")
	c := dial(t, s)
	c.want("OK", "SET", "before", "1")
	c.want("OK", "CONFIG", "SET", "appendonly", "yes")
	c.want("OK", "SET", "during", "1")
	c.rewritten()
	c.want("OK", "SET", "after", "1")
	c.want("OK", "CONFIG", "SET", "appendonly", "no")
	c.want("OK", "SET", "late", "1")
	end()
	s, _ = runAOF(t, dir)
	c = dial(t, s)
	c.want("3", "EXISTS", "before", "during", "after")
	c.want("nil", "GET", "late")
}

func TestAOFRecords(t *testing.T) {
	dir := t.TempDir()
	s, end := runAOF(t, dir)
	c := dial(t, s)
	c.want("OK", "SET", "a", "1", "PXAT", "33333333333333")
	c.want("1", "PEXPIREAT", "a", "33333333333334")
	c.want("0", "SETNX", "a", "2")
	c.want("nil", "GET", "none")
	c.want("1", "DEL", "a")
	c.want("OK", "FLUSHALL")
	end()
	want := encode("SELECT", "0") + encode("SET", "a", "1", "PXAT", "33333333333333") + encode("PEXPIREAT", "a", "33333333333334") +
		encode("DEL", "a") + encode("FLUSHALL")
	if got := increments(t, dir); got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
}

// TestMigrateIsRecorded: keys that have moved to another server are not there again after a restart, alone or
// within a transaction; copied ones are.
func TestMigrateIsRecorded(t *testing.T) {
	host, port, err := net.SplitHostPort(startServer(t).Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s, end := runAOF(t, dir, "appendfsync", "always")
	c := dial(t, s)
	c.want("OK", "MSET", "a", "1", "b", "2", "c", "3", "d", "4", "e", "5")
	c.want("OK", "MIGRATE", host, port, "a", "0", "60000")
	c.want("OK", "MIGRATE", host, port, "", "0", "60000", "KEYS", "b", "nosuch")
	c.want("OK", "MULTI")
	c.want("QUEUED", "MIGRATE", host, port, "c", "0", "60000")
	c.want("[OK]", "EXEC")
	c.want("OK", "MIGRATE", host, port, "d", "0", "60000", "COPY")
	end()
	if got := strings.Count(increments(t, dir), "MIGRATE"); got != 0 {
		t.Errorf("MIGRATE stands in the AOF %d times", got)
	}
	s, _ = runAOF(t, dir)
	dial(t, s).want("2", "EXISTS", "a", "b", "c", "d", "e")
}
