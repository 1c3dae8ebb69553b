//go:build unix

package repl

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
)

const (
	// stormTime is how long the storm of TestStorm lasts by default.
	stormTime = 2 * time.Second
	// stormCalls is how many calls there are in it at least.
	stormCalls = 1000
)

// TestStorm has replicas follow a primary while clients do what is worst for them: FLUSHALL, SWAPDB, transactions, large
// keys, keys that expire at once, and more data than maxmemory allows. One replica is killed again and again while it
// loads, one stands still until the backlog has nothing for it any more, and the primary is killed while it sends, and comes back. In
// the end all have the same: Kring, Kring that follows Kring, and redis-server. STORM_SECONDS makes it longer.
func TestStorm(t *testing.T) {
	duration := stormTime
	if text := os.Getenv("STORM_SECONDS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		duration = time.Duration(n) * time.Second
	}
	s := newStorm(t)
	load := s.startLoad()
	begin := time.Now()
	for i := 0; time.Since(begin) < duration || load.count() < stormCalls && time.Since(begin) < 2*time.Minute; i++ { // a busy machine may take longer
		s.kill(s.swaps) // where in its loading does not matter
		if i%8 == 3 {
			_ = s.slow.Signal(syscall.SIGSTOP)
		}
		time.Sleep(100 * time.Millisecond)
		if i%8 == 5 {
			s.kill(s.primary)
		}
		if i%8 == 7 {
			_ = s.slow.Signal(syscall.SIGCONT)
		}
	}
	_ = s.slow.Signal(syscall.SIGCONT)
	load.end()
	s.refill()
	want := ""
	await(t, func() string {
		if left, err := ask(s.primary.Server, "INFO", "keyspace"); err != nil || strings.Count(left.Str, ",expires=") != strings.Count(left.Str, ",expires=0,") {
			return fmt.Sprint("keys do not expire: ", left.Str, err)
		}
		var err error
		if want, err = contents(s.primary.Server); err != nil {
			return err.Error()
		}
		return ""
	})
	for _, r := range s.all[1:] {
		await(t, func() string {
			got, err := contents(r.Server)
			if err != nil || got != want {
				return fmt.Sprintf("%s has %d bytes, the primary %d: %v\n%s\nits log:\n%s\nthe primary's:\n%s", r.name, len(got), len(want), err, differing(want, got),
					r.Output(), s.primary.Output())
			}
			return ""
		})
		v, err := ask(r.Server, "INFO", "stats")
		if err != nil || !strings.Contains(v.Str, "unexpected_error_replies:0\r\n") {
			t.Errorf("%s has not done all calls of the stream: %v\n%s", r.name, err, r.Output())
		}
	}
	t.Logf("%d calls, %d bytes in the end", load.calls, len(want))
	if load.calls < stormCalls || len(want) < 1000 {
		t.Errorf("%d calls have left %d bytes", load.calls, len(want))
	}
}

// place is a server that may be killed and started again.
type place struct {
	*harness.Server
	name      string
	bin, port string
	dir       string
	args      []string
}

// storm is a primary, all[0], and those who follow it.
type storm struct {
	t                    *testing.T
	all                  []*place
	primary, swaps, slow *place
}

func newStorm(t *testing.T) *storm {
	s := &storm{t: t}
	t.Cleanup(func() {
		for _, p := range s.all {
			_ = p.Signal(syscall.SIGCONT)
			_ = p.Kill()
			harness.CheckOutput(t, p.Server)
		}
	})
	kring, redis := harness.SubjectBin(t), harness.OracleBin(t)
	s.primary = s.add("the primary", kring, "--appendonly", "yes", "--maxmemory", "64mb", "--maxmemory-policy", "allkeys-random",
		"--repl-diskless-sync-delay", "0", "--repl-backlog-size", "1mb", "--client-output-buffer-limit", "replica 8mb 0 0")
	follow := func(p *place) []string { return []string{"--replicaof", "127.0.0.1", p.port} }
	s.swaps = s.add("Kring with swapdb", kring, append(follow(s.primary), "--repl-diskless-load", "swapdb", "--appendonly", "yes")...)
	s.slow = s.add("Kring", kring, append(follow(s.primary), "--repl-diskless-sync-delay", "0")...)
	s.add("Kring that follows Kring", kring, follow(s.slow)...)
	s.add("redis-server", redis, follow(s.primary)...)
	return s
}

func (s *storm) add(name, bin string, args ...string) *place {
	s.t.Helper()
	p := &place{name: name, bin: bin, port: freePort(s.t), dir: s.t.TempDir()}
	p.args = append([]string{"--port", p.port, "--bind", "127.0.0.1", "--save", "", "--dir", p.dir}, args...)
	s.start(p)
	s.all = append(s.all, p)
	return p
}

func (s *storm) start(p *place) {
	s.t.Helper()
	srv, err := harness.Launch(harness.Config{Bin: p.bin, Bare: true, Args: p.args, Dir: p.dir, Network: "tcp", Addr: net.JoinHostPort("127.0.0.1", p.port)})
	if err != nil {
		s.t.Fatal(err)
	}
	p.Server = srv
}

// kill kills a server and starts it again.
func (s *storm) kill(p *place) {
	s.t.Helper()
	_ = p.Kill()
	s.start(p)
}

// stormLoad is clients of the primary.
type stormLoad struct {
	stop  chan struct{}
	done  sync.WaitGroup
	mu    sync.Mutex
	calls int
}

func (s *storm) startLoad() *stormLoad {
	l := &stormLoad{stop: make(chan struct{})}
	addr := net.JoinHostPort("127.0.0.1", s.primary.port)
	for n := range 4 {
		rng := rand.New(rand.NewPCG(uint64(n), 15))
		l.done.Go(func() {
			for l.goesOn() {
				c, err := rawclient.Dial("tcp", addr)
				if err != nil {
					time.Sleep(10 * time.Millisecond)
					continue
				}
				for l.goesOn() && l.some(c, rng) == nil {
				}
				c.Close()
			}
		})
	}
	s.t.Cleanup(l.end)
	return l
}

func (l *stormLoad) goesOn() bool {
	select {
	case <-l.stop:
		return false
	default:
		return true
	}
}

// count is how many calls have been replied to.
func (l *stormLoad) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls
}

func (l *stormLoad) end() {
	if l.goesOn() {
		close(l.stop)
	}
	l.done.Wait()
}

// refill writes a little more at the primary, without FLUSHALL: the storm may have ended with one.
func (s *storm) refill() {
	s.t.Helper()
	c, err := s.primary.Dial()
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	n := 0
	do := func(args ...string) {
		if args[0] != "FLUSHALL" {
			c.Queue(args...)
			n++
		}
	}
	rng := rand.New(rand.NewPCG(4, 15))
	for range 200 {
		stormCall(do, rng)
	}
	if _, err := c.Exchange(n); err != nil {
		s.t.Fatal(err)
	}
}

// some sends a pipeline.
func (l *stormLoad) some(c *rawclient.Client, rng *rand.Rand) error {
	n := 0
	do := func(args ...string) {
		c.Queue(args...)
		n++
	}
	for range 20 {
		stormCall(do, rng)
	}
	replies, err := c.Exchange(n)
	l.mu.Lock()
	l.calls += len(replies)
	l.mu.Unlock()
	return err
}

// stormValue is what large values are cut from.
var stormValue = strings.Repeat("0123456789abcdef", 1<<17)

// stormCall makes one or a few calls.
func stormCall(do func(args ...string), rng *rand.Rand) {
	key := func(kind string) string { return fmt.Sprint(kind, rng.IntN(30)) }
	num := func(n int) string { return strconv.Itoa(rng.IntN(n)) }
	switch rng.IntN(16) {
	case 0:
		do("SELECT", num(3))
	case 1:
		if rng.IntN(60) == 0 {
			do("FLUSHALL")
		}
	case 2:
		do("SWAPDB", num(3), num(3))
	case 3:
		do("SET", key("large"), stormValue[:rng.IntN(len(stormValue))])
	case 4:
		do("MULTI")
		do("INCR", key("n"))
		do("SELECT", num(3))
		do("RPUSH", key("list"), num(1000), num(1000))
		do("SPOP", key("set"))
		do("EXEC")
	case 5:
		for range 20 {
			do("SET", fmt.Sprint("short:", rng.IntN(1000)), "x", "PX", num(100)+"1")
		}
	case 6:
		do("LPOP", key("list"), num(3))
	case 7:
		do("HSET", key("hash"), num(500), stormValue[:rng.IntN(200)])
	case 8:
		do("ZADD", key("zset"), num(1000), num(500))
	case 9:
		do("EVAL", "redis.call('INCR', KEYS[1]); return redis.call('SADD', KEYS[2], ARGV[1])", "2", key("n"), key("set"), num(500))
	case 10:
		do("COPY", key("hash"), key("hash"), "REPLACE")
	case 11:
		do("RENAME", key("zset"), key("zset"))
	case 12:
		do("APPEND", key("large"), stormValue[:rng.IntN(5000)])
	case 13:
		do("PEXPIRE", key("zset"), num(400))
	default:
		do("SADD", key("set"), num(500), num(500))
	}
}

// contents is all that a server has, as text: one line for each key.
func contents(s *harness.Server) (string, error) {
	c, err := s.Dial()
	if err != nil {
		return "", err
	}
	defer c.Close()
	var lines []string
	for db := range 3 {
		c.Queue("SELECT", strconv.Itoa(db))
		c.Queue("KEYS", "*")
		replies, err := c.Exchange(2)
		if err != nil || replies[1].IsError() {
			return "", fmt.Errorf("%v %w", replies, err)
		}
		for _, k := range replies[1].Elems {
			line, err := valueOf(c, k.Str)
			if err != nil {
				return "", err
			}
			lines = append(lines, fmt.Sprintf("%d %s %s\n", db, k.Str, line))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, ""), nil
}

// valueOf is the value of a key, as text.
func valueOf(c *rawclient.Client, key string) (string, error) {
	name := strings.TrimRight(key, "0123456789")
	args := map[string][]string{
		"list": {"LRANGE", key, "0", "-1"}, "hash": {"HGETALL", key}, "zset": {"ZRANGE", key, "0", "-1", "WITHSCORES"}, "set": {"SMEMBERS", key},
	}[name]
	if args == nil {
		args = []string{"GET", key}
	}
	v, err := c.Do(args...)
	if err != nil || v.IsError() {
		return "", fmt.Errorf("%s: %v %w", key, v, err)
	}
	if len(v.Elems) == 0 {
		return v.Str, nil
	}
	var parts []string
	for i := 0; i < len(v.Elems); i++ {
		part := v.Elems[i].Str
		if name == "hash" || name == "zset" {
			i++
			part += "=" + v.Elems[i].Str
		}
		parts = append(parts, part)
	}
	if name != "list" {
		slices.Sort(parts)
	}
	return strings.Join(parts, " "), nil
}

// differing is the first lines in which two contents differ, shortened.
func differing(a, b string) string {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(as), len(bs)) {
		if as[i] != bs[i] {
			return fmt.Sprintf("%.200s\n%.200s", as[i], bs[i])
		}
	}
	return ""
}
