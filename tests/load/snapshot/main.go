// Command snapshot compares snapshots of Kring and redis-server over the same data in the same
// run: BGSAVE by wall and CPU, alone and beside writers, with memory and the slowest GET;
// loading; file sizes; DUMP and RESTORE; the rewrite of an append only file with an RDB base.
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

// The bounds: Kring over redis-server, but for growth (of resident memory) and slowest.
const (
	saveBound    = 0.5
	growthBound  = 0.15
	slowestBound = 10 * time.Millisecond
	slowestShare = 0.1
	loadBound    = 0.4
	sizeBound    = 1.02
	dumpBound    = 0.6
	rewriteBound = 0.5

	valueBytes  = 64
	bigElements = 200_000 // of the large hash, sorted set and list
	getters     = 10
	writers     = 4
	setsPerSec  = 100_000
	jobTimeout  = 10 * time.Minute
)

type options struct {
	keys, requests int
	strict         bool
	parts          string
}

// has tells whether a part is to be measured: several runs can share what takes long.
func (o *options) has(part string) bool { return strings.Contains(","+o.parts+",", ","+part+",") }

func main() {
	var o options
	flag.IntVar(&o.keys, "keys", 5_000_000, "keys, nine in ten of them strings")
	flag.IntVar(&o.requests, "requests", 1_000_000, "requests of DUMP and RESTORE")
	flag.StringVar(&o.parts, "parts", "save,beside,rewrite,dumps,load", "what to measure")
	flag.BoolVar(&o.strict, "strict", false, "exit with 1 when a bound is missed")
	flag.Parse()
	kit.Run(func(s *kit.Servers) error { return run(s, o) })
}

// figures are what is measured of one server.
type figures struct {
	saveWall, saveCPU         float64 // seconds
	besideWall, growth        float64
	slowest, slowestAlone     time.Duration // of GETs, during a save and before it
	fileBytes                 int64
	loadWall                  float64
	dumpString, dumpHash      float64 // CPU, us per call
	restoreString, restHash   float64
	rewriteWall, rewriteCPU   float64
	besideStatus, machineNote string
}

func run(s *kit.Servers, o options) error {
	args := []string{"--save", "", "--auto-aof-rewrite-percentage", "0", "--enable-debug-command", "yes"}
	redis, err := s.Redis(args...)
	if err != nil {
		return err
	}
	kring, err := s.Kring(append(args, "--rdb-version", "10")...)
	if err != nil {
		return err
	}
	kit.Banner(redis, kring)
	var f [2]figures
	for i, srv := range []*harness.Server{redis, kring} {
		if err := f[i].measure(srv, o); err != nil {
			return fmt.Errorf("%s: %w", srv.Name, err)
		}
		_ = srv.Kill()
	}
	if missed := report(&f[0], &f[1], &o); o.strict && missed > 0 {
		return fmt.Errorf("%d bounds missed", missed)
	}
	return nil
}

// fill makes keys strings and small hashes, and one large value of each other type.
func fill(srv *harness.Server, keys int) error {
	value := []byte(strings.Repeat("x", valueBytes-12))
	rng := rand.New(rand.NewPCG(1, 2))
	err := kit.Pipe(srv, kit.PipeSpec{Count: keys, Command: func(dst []byte, i int) []byte {
		if i%10 == 9 {
			return kit.AppendCommand(dst, []byte("HSET"), kit.Padded(nil, "hash:", i), []byte("name"), kit.Padded(nil, "n", i), []byte("age"), strconv.AppendInt(nil, int64(i%90), 10),
				[]byte("mail"), kit.Padded(nil, "m", i))
		}
		return kit.AppendCommand(dst, []byte("SET"), kit.BenchKey(nil, i), kit.Padded(value[:len(value):len(value)], "", int(rng.Uint32())))
	}})
	if err != nil {
		return err
	}
	return kit.Pipe(srv, kit.PipeSpec{Count: 3 * bigElements, Command: func(dst []byte, i int) []byte {
		n := kit.Padded(nil, "member", i/3)
		switch i % 3 {
		case 0:
			return kit.AppendCommand(dst, []byte("HSET"), []byte("bighash"), n, n)
		case 1:
			return kit.AppendCommand(dst, []byte("ZADD"), []byte("bigzset"), strconv.AppendInt(nil, int64(rng.IntN(1e6)), 10), n)
		}
		return kit.AppendCommand(dst, []byte("RPUSH"), []byte("biglist"), n)
	}})
}

// cpu is what the server has used, its children that have ended included.
func cpu(srv *harness.Server) (sum float64) {
	for _, name := range []string{"used_cpu_user", "used_cpu_sys", "used_cpu_user_children", "used_cpu_sys_children"} {
		n, _ := kit.Number(srv, name)
		sum += n
	}
	return sum
}

// job runs a command that begins something in the background, and waits for the end.
func job(srv *harness.Server, command, running string) (wall, used float64, err error) {
	c, err := srv.Dial()
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	before, begin := cpu(srv), time.Now()
	if v, err := c.Do(command); err != nil || v.IsError() {
		return 0, 0, fmt.Errorf("%s: %v %v", command, v, err)
	}
	for time.Since(begin) < jobTimeout {
		text, err := harness.Info(c, running)
		if err != nil {
			return 0, 0, err
		}
		if text == "0" {
			return time.Since(begin).Seconds(), cpu(srv) - before, nil
		}
		time.Sleep(2 * time.Millisecond)
	}
	return 0, 0, fmt.Errorf("%s does not end", command)
}

func (f *figures) measure(srv *harness.Server, o options) (err error) {
	if err = fill(srv, o.keys); err != nil {
		return err
	}
	if o.has("save") || o.has("load") {
		if f.saveWall, f.saveCPU, err = job(srv, "BGSAVE", "rdb_bgsave_in_progress"); err != nil {
			return err
		}
		info, err := os.Stat(filepath.Join(srv.Dir, "dump.rdb"))
		if err != nil {
			return err
		}
		f.fileBytes = info.Size()
	}
	if o.has("beside") {
		if err = f.beside(srv, o.keys); err != nil {
			return err
		}
	}
	if o.has("rewrite") {
		if f.rewriteWall, f.rewriteCPU, err = job(srv, "BGREWRITEAOF", "aof_rewrite_in_progress"); err != nil {
			return err
		}
	}
	if o.has("dumps") {
		if err = f.dumps(srv, o.requests); err != nil {
			return err
		}
	}
	if o.has("load") {
		return f.load(srv)
	}
	return nil
}

// beside saves while clients write and read.
func (f *figures) beside(srv *harness.Server, keys int) error {
	w := kit.NewCrowd()
	load := &kit.Load{Keys: keys, Value: strings.Repeat("y", valueBytes), Writers: writers, Getters: getters, SetsPerSec: setsPerSec}
	load.Join(w, srv)
	time.Sleep(time.Second)
	load.Slowest()
	time.Sleep(time.Second)
	f.slowestAlone = load.Slowest()
	resident := func() float64 { return float64(kit.ResidentWithChildren(srv.PID)) }
	before, most := resident(), 0.0
	canary := kit.NewCanary()
	w.Each(5*time.Millisecond, func() { most = max(most, resident()) })
	var err error
	f.besideWall, _, err = job(srv, "BGSAVE", "rdb_bgsave_in_progress")
	f.slowest = load.Slowest()
	f.machineNote = canary.End().String()
	if werr := w.End(); err == nil {
		err = werr
	}
	f.growth = most/before - 1
	f.besideStatus = "?"
	if c, derr := srv.Dial(); derr == nil {
		f.besideStatus, _ = harness.Info(c, "rdb_last_bgsave_status")
		c.Close()
	}
	return err
}

// dumped is how many different values of a kind are dumped and restored: a processor learns
// by heart what comes again and again, and then a compressor costs a third of what it does.
const dumped = 512

// dumps measures DUMP and RESTORE of strings of 1 KB and of hashes of 100 fields.
func (f *figures) dumps(srv *harness.Server, requests int) error {
	c, err := srv.Dial()
	if err != nil {
		return err
	}
	defer c.Close()
	rng := rand.New(rand.NewPCG(3, 4))
	var dumps [2][]string
	for i := range dumped {
		var text strings.Builder
		for j := i; text.Len() < 1024; j++ {
			text.WriteString(strconv.Itoa(j*j*7919 + i))
		}
		c.Queue("SET", fmt.Sprint("text", i), text.String()[:1024])
		args := []string{"HSET", fmt.Sprint("hash", i)}
		for j := range 100 {
			args = append(args, fmt.Sprint("field", j), fmt.Sprint("value", rng.Uint32N(100_000)))
		}
		c.Queue(args...)
		c.Queue("DUMP", fmt.Sprint("text", i))
		c.Queue("DUMP", fmt.Sprint("hash", i))
		got, err := c.Exchange(4)
		if err != nil {
			return err
		}
		dumps[0], dumps[1] = append(dumps[0], got[2].Str), append(dumps[1], got[3].Str)
	}
	for kind, name := range []string{"text", "hash"} {
		to := [][2]*float64{{&f.dumpString, &f.restoreString}, {&f.dumpHash, &f.restHash}}[kind]
		if *to[0], err = pipeline(srv, requests/10, func(i int) []string { return []string{"DUMP", fmt.Sprint(name, i)} }); err != nil {
			return err
		}
		if *to[1], err = pipeline(srv, requests/10, func(i int) []string {
			return []string{"RESTORE", fmt.Sprint("restored", name, i), "0", dumps[kind][i], "REPLACE"}
		}); err != nil {
			return err
		}
	}
	return nil
}

// pipeline sends what words says, for each value in turn, 64 commands at a time, and returns
// the server's CPU in us per command.
func pipeline(srv *harness.Server, count int, words func(i int) []string) (micros float64, err error) {
	c, err := srv.Dial()
	if err != nil {
		return 0, err
	}
	defer c.Close()
	before := cpu(srv)
	for done := 0; done < count; done += 64 {
		for i := range 64 {
			c.Queue(words((done + i) % dumped)...)
		}
		got, err := c.Exchange(64)
		if err != nil || got[0].IsError() {
			return 0, fmt.Errorf("%s: %v %v", words(0)[0], got, err)
		}
	}
	return (cpu(srv) - before) * 1e6 / float64(count), nil
}

// load ends the server and starts it again on its file.
func (f *figures) load(srv *harness.Server) error {
	dir, err := os.MkdirTemp("", "kring-snapshot-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	text, err := os.ReadFile(filepath.Join(srv.Dir, "dump.rdb"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "dump.rdb"), text, 0o600)
	}
	if err != nil {
		return err
	}
	_ = srv.Kill()
	bin, err := harness.Subject()
	if srv.Name == "redis" {
		bin, err = harness.Oracle()
	}
	if err != nil {
		return err
	}
	begin := time.Now()
	again, err := harness.Spawn(harness.Config{Bin: bin, Dir: dir})
	if err != nil {
		return err
	}
	defer func() { _ = again.Kill() }()
	for time.Since(begin) < jobTimeout && again.Alive() {
		if c, err := again.Dial(); err == nil {
			v, err := c.Do("PING")
			_ = c.Close()
			if err == nil && v.Str == "PONG" {
				f.loadWall = time.Since(begin).Seconds()
				return nil
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
	return fmt.Errorf("the file is not loaded: %s", again.Output())
}
