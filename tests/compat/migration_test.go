//go:build unix

package compat

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
)

// TestMigrationGuide runs the commands of docs/MIGRATION.md as they stand there: into Kring and
// back again by each of the three ways. Only ports and directories are others.
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
	if len(blocks) != 6 {
		t.Fatalf("the guide has %d ways, not 6", len(blocks))
	}
	for _, way := range []string{"snapshot", "append only file", "MIGRATE"} {
		t.Run(way, func(t *testing.T) {
			g := newGuide(t)
			g.start(harness.OracleBin(t), g.redis, g.redisDir)
			if way == "MIGRATE" {
				g.start(harness.SubjectBin(t), g.kring, g.kringDir)
			}
			g.fill()
			want := g.digest(g.redis)
			g.run(blocks["By "+way])
			if got := g.digest(g.kring); got != want {
				t.Errorf("on Kring there is\n%s\nnot\n%s", got, want)
			}
			if way == "snapshot" {
				g.sh("redis-cli -p " + g.redis + " SHUTDOWN NOSAVE")
				_ = os.Remove(filepath.Join(g.redisDir, "dump.rdb"))
			}
			if way == "append only file" {
				_ = os.RemoveAll(filepath.Join(g.redisDir, "appendonlydir"))
			}
			g.run(blocks["Back by "+way])
			if got := g.digest(g.redis); got != want {
				t.Errorf("back on redis-server there is\n%s\nnot\n%s", got, want)
			}
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
	c := g.command(dir, bin, "--port", port, "--bind", "127.0.0.1", "--dir", dir)
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

// digest is what a server has, as far as both show it alike.
func (g *guide) digest(port string) string {
	return g.sh(`redis-cli -p ` + port + ` --scan | sort | while read -r key; do
	case $(redis-cli -p ` + port + ` TYPE "$key") in
	string) redis-cli -p ` + port + ` GET "$key";;
	list) redis-cli -p ` + port + ` LRANGE "$key" 0 -1;;
	set) redis-cli -p ` + port + ` SMEMBERS "$key" | sort;;
	zset) redis-cli -p ` + port + ` ZRANGE "$key" 0 -1 WITHSCORES;;
	hash) redis-cli -p ` + port + ` HGETALL "$key" | paste - - | sort;;
	stream) redis-cli -p ` + port + ` XRANGE "$key" - +; redis-cli -p ` + port + ` XPENDING "$key" g;;
	esac | md5sum
	echo "$key" $(($(redis-cli -p ` + port + ` PEXPIRETIME "$key") / 60000)) # MIGRATE counts from now
done`)
}
