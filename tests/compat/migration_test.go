//go:build unix

package compat

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
)

// TestMigrationGuide runs the commands of docs/MIGRATION.md as they stand there: into Kring and
// back again by each of the four ways. Only ports and directories are others.
func TestMigrationGuide(t *testing.T) {
	text, err := os.ReadFile("../../docs/MIGRATION.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := map[string]string{}
	for _, section := range strings.Split(string(text), "\n## ") {
		if m := regexp.MustCompile("(?s)^([^\n]*)\n.*```sh\n(.*?)```").FindStringSubmatch(section); m != nil {
			blocks[m[1]] = m[2]
		}
	}
	if len(blocks) != 8 {
		t.Fatalf("the guide has %d ways, not 8", len(blocks))
	}
	for _, way := range []string{"snapshot", "append only file", "MIGRATE", "replication"} {
		t.Run(way, func(t *testing.T) {
			g := newGuide(t)
			g.start(harness.OracleBin(t), g.redis, g.redisDir)
			if way == "MIGRATE" || way == "replication" {
				g.start(harness.SubjectBin(t), g.kring, g.kringDir)
			}
			g.fill()
			want := g.dump(g.redis)
			if way == "replication" {
				w := g.startWriter()
				defer w.end(g.redis)
			}
			g.run(blocks["By "+way])
			compareDumps(t, "on redis-server, and on Kring", want, g.dump(g.kring))
			if way == "snapshot" {
				g.sh("redis-cli -p " + g.redis + " SHUTDOWN NOSAVE")
				_ = os.Remove(filepath.Join(g.redisDir, "dump.rdb"))
			}
			if way == "append only file" {
				_ = os.RemoveAll(filepath.Join(g.redisDir, aofDir))
			}
			g.run(blocks["Back by "+way])
			compareDumps(t, "on redis-server, and back there", want, g.dump(g.redis))
		})
	}
}

// guide runs commands of the guide.
type guide struct {
	t                  *testing.T
	redis, kring       string // ports
	redisDir, kringDir string
	path               string
	started            []*exec.Cmd
}

func newGuide(t *testing.T) *guide {
	g := &guide{t: t, redisDir: t.TempDir(), kringDir: t.TempDir(), path: t.TempDir()}
	for _, p := range []*string{&g.redis, &g.kring} {
		port, err := harness.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		*p = fmt.Sprint(port)
	}
	if err := os.Symlink(harness.SubjectBin(t), filepath.Join(g.path, "kring-server")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, c := range g.started {
			_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) // with what it has started
		}
		for _, c := range g.started {
			_ = c.Wait()
		}
	})
	return g
}

// command makes a command in a process group of its own.
func (g *guide) command(dir, name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "PATH="+g.path+":"+os.Getenv("PATH"))
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return c
}

func (g *guide) start(bin, port, dir string) {
	g.t.Helper()
	c := g.command(dir, bin, "--port", port, "--bind", "127.0.0.1", "--dir", dir, "--repl-diskless-sync-delay", "0")
	if err := c.Start(); err != nil {
		g.t.Fatal(err)
	}
	g.started = append(g.started, c)
	g.sh("until redis-cli -p " + port + " PING | grep -q PONG; do sleep 0.1; done")
}

// sh runs a script; what it leaves running ends with the test.
func (g *guide) sh(script string) string {
	g.t.Helper()
	var out strings.Builder
	log, err := os.CreateTemp(g.path, "out")
	if err != nil {
		g.t.Fatal(err)
	}
	defer log.Close()
	c := g.command(g.path, "sh", "-e", "-c", script)
	c.Stdout, c.Stderr = log, log // a file: servers in the background keep it open
	if err := c.Start(); err != nil {
		g.t.Fatal(err)
	}
	g.started = append(g.started, c)
	ended := make(chan error, 1)
	go func() {
		state, err := c.Process.Wait()
		if err == nil && !state.Success() {
			err = fmt.Errorf("%v", state)
		}
		ended <- err
	}()
	select {
	case err = <-ended:
	case <-time.After(2 * time.Minute):
		err = fmt.Errorf("it does not end")
	}
	text, _ := os.ReadFile(log.Name())
	out.Write(text)
	if err != nil {
		g.t.Fatalf("%s\n%v\n%s", script, err, out.String())
	}
	return out.String()
}

// run runs a block of the guide.
func (g *guide) run(block string) {
	g.t.Helper()
	script := strings.NewReplacer("6379", g.redis, "6380", g.kring, "/var/lib/redis", g.redisDir, "/var/lib/kring", g.kringDir,
		"kring-server --port", "kring-server --bind 127.0.0.1 --port", "redis-server --port", "redis-server --bind 127.0.0.1 --port").Replace(block)
	if out := g.sh(script); strings.Contains(out, "ERR ") {
		g.t.Errorf("%s\n%s", script, out)
	}
}

// fill makes keys of all types.
func (g *guide) fill() {
	var b strings.Builder
	for i := range 20 {
		fmt.Fprintf(&b, "SET s%d %s\nRPUSH l%d a %d b\nHSET h f%d v%d\nSADD set%d %d x\nZADD z %d.5 m%d\nXADD x %d-1 f v\n", i, strings.Repeat("v", i+1), i%9, i, i, i, i%7, i, i, i, i+1)
	}
	b.WriteString("PEXPIREAT s7 99999999990000\nSET n 12345\nSETRANGE raw 10000 x\nXGROUP CREATE x g 0\nXREADGROUP GROUP g c COUNT 3 STREAMS x >\n")
	c := g.command(g.path, "redis-cli", "-p", g.redis)
	c.Stdin = strings.NewReader(b.String())
	if out, err := c.CombinedOutput(); err != nil || strings.Contains(string(out), "ERR") {
		g.t.Fatal(err, string(out))
	}
}

// dump is what a server has, with deadlines as points in time; but for what a writer writes meanwhile.
func (g *guide) dump(port string) keyspace {
	g.t.Helper()
	side := &Side{Server: &harness.Server{Network: "tcp", Addr: "127.0.0.1:" + port}}
	defer side.dropAll()
	all := dumpOf(g.t, side)
	now := time.Now().UnixMilli()
	for k, st := range all {
		if strings.HasPrefix(k, writerDB+"/") {
			delete(all, k)
		} else if st.pttl >= 0 {
			st.pttl += now
			all[k] = st
		}
	}
	return all
}

// writerDB is the database that guideWriter writes to.
const writerDB = "9"

// guideWriter writes all the time to whichever of the two servers takes it, and notes what is acknowledged.
type guideWriter struct {
	g     *guide
	stop  chan struct{}
	ended chan struct{}
	acked []string
	count atomic.Int64 // of acked, for others
}

// guideWrites is how many writes a writer makes at least.
const guideWrites = 100

func (g *guide) startWriter() *guideWriter {
	w := &guideWriter{g: g, stop: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(w.ended)
		for n, port := 0, g.redis; ; {
			select {
			case <-w.stop:
				return
			default:
			}
			n = w.write(port, n)
			if port = g.kring; n%2 == 0 {
				port = g.redis
			}
			n++
			time.Sleep(time.Millisecond)
		}
	}()
	return w
}

// write writes keys from number n on until it is refused, and returns the number after the last one.
func (w *guideWriter) write(port string, n int) int {
	c, err := rawclient.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		return n
	}
	defer c.Close()
	go func() {
		<-w.stop
		c.Close()
	}()
	if _, err := c.Do("SELECT", writerDB); err != nil {
		return n
	}
	for {
		n++
		key := fmt.Sprint("w", n)
		if v, err := c.Do("SET", key, key); err != nil || v.IsError() {
			return n
		}
		w.acked = append(w.acked, key)
		w.count.Add(1)
		time.Sleep(time.Millisecond)
	}
}

// end stops writing: all that was acknowledged is at the server with that port.
func (w *guideWriter) end(port string) {
	for end := time.Now().Add(time.Minute); w.count.Load() < guideWrites && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	close(w.stop)
	<-w.ended
	t := w.g.t
	c, err := rawclient.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	c.Queue("SELECT", writerDB)
	c.Queue(append([]string{"EXISTS"}, w.acked...)...)
	replies, err := c.Exchange(2)
	if err != nil || replies[1].Int != int64(len(w.acked)) || len(w.acked) < guideWrites {
		t.Errorf("of %d writes that were acknowledged there are %v, %v", len(w.acked), replies, err)
	}
}
