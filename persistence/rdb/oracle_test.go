package rdb

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// oracle is a redis-server of this machine and a connection to it.
type oracle struct {
	t    testing.TB
	dir  string
	conn net.Conn
	r    *bufio.Reader
}

const oracleWait = time.Minute // for what must happen

// startOracle starts redis-server in dir, on a socket there, or skips the test.
func startOracle(t testing.TB, dir string, args ...string) *oracle {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a redis-server")
	}
	path := os.Getenv("REDIS_BIN")
	if path == "" {
		var err error
		if path, err = exec.LookPath("redis-server"); err != nil {
			t.Skip("no redis-server on this machine")
		}
	}
	socketDir, err := os.MkdirTemp("", "rdb") // t.TempDir() can be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(socketDir, "s")
	all := append([]string{"--port", "0", "--unixsocket", socket, "--dir", dir, "--save", "", "--enable-debug-command", "yes",
		"--sanitize-dump-payload", "yes"}, args...)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, path, all...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended; os.RemoveAll(socketDir) })
	o := &oracle{t: t, dir: dir}
	for end := time.Now().Add(oracleWait); ; time.Sleep(5 * time.Millisecond) {
		select {
		case <-ended:
			t.Fatalf("redis-server ended: %s", out.String())
		default:
		}
		if o.conn, err = net.Dial("unix", socket); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("redis-server does not answer: %v", err)
		}
	}
	t.Cleanup(func() { o.conn.Close() })
	o.r = bufio.NewReader(o.conn)
	for end := time.Now().Add(oracleWait); ; time.Sleep(5 * time.Millisecond) {
		_, err := o.try("PING")
		if err == nil {
			return o
		}
		if time.Now().After(end) || !strings.HasPrefix(err.Error(), "LOADING") {
			t.Fatalf("redis-server: %v: %s", err, out.String())
		}
	}
}

func (o *oracle) send(args ...string) {
	b := fmt.Appendf(nil, "*%d\r\n", len(args))
	for _, a := range args {
		b = fmt.Appendf(b, "$%d\r\n%s\r\n", len(a), a)
	}
	if _, err := o.conn.Write(b); err != nil {
		o.t.Fatal(err)
	}
}

// try sends a command and returns its reply as text, those of an array in lines.
func (o *oracle) try(args ...string) (string, error) {
	o.send(args...)
	return o.reply()
}

func (o *oracle) do(args ...string) string {
	o.t.Helper()
	s, err := o.try(args...)
	if err != nil {
		o.t.Fatalf("%.200q: %v", args, err)
	}
	return s
}

func (o *oracle) reply() (string, error) {
	line, err := o.r.ReadString('\n')
	if err != nil {
		return "", err
	}
	line = strings.TrimSuffix(line, "\r\n")
	n, _ := strconv.Atoi(line[1:])
	switch line[0] {
	case '-':
		return "", errors.New(line[1:])
	case '$':
		if n < 0 {
			return "(nil)", nil
		}
		p := make([]byte, n+2)
		_, err := io.ReadFull(o.r, p)
		return string(p[:n]), err
	case '*':
		var all []string
		for range n {
			s, err := o.reply()
			if err != nil {
				return "", err
			}
			all = append(all, s)
		}
		return strings.Join(all, "\n"), nil
	}
	return line[1:], nil
}

// put writes a record by commands.
func (o *oracle) put(r *record) {
	o.t.Helper()
	o.do("SELECT", strconv.Itoa(r.DB))
	const batch = 500
	for i := 0; i < len(r.Elems); i += batch {
		args := []string{map[Kind]string{String: "SET", List: "RPUSH", Set: "SADD", ZSet: "ZADD", Hash: "HSET"}[r.Kind], r.Key}
		for _, x := range r.Elems[i:min(i+batch, len(r.Elems))] {
			switch r.Kind {
			case ZSet:
				args = append(args, strconv.FormatFloat(x.Score, 'g', 17, 64))
			}
			args = append(args, x.Elem)
			if r.Kind == Hash {
				args = append(args, x.Value)
			}
		}
		o.do(args...)
	}
	if r.Kind == Stream {
		for _, e := range r.Stream.Entries {
			o.do(append([]string{"XADD", r.Key, fmt.Sprintf("%d-%d", e.ID.Ms, e.ID.Seq)}, e.Items...)...)
		}
	}
	if r.Deadline != 0 {
		o.do("PEXPIREAT", r.Key, strconv.FormatInt(r.Deadline, 10))
	}
}

// file is what SAVE writes.
func (o *oracle) file() []byte {
	o.t.Helper()
	o.do("SAVE")
	p, err := os.ReadFile(filepath.Join(o.dir, "dump.rdb"))
	if err != nil {
		o.t.Fatal(err)
	}
	return p
}

// thresholds are sets of options under which redis-server keeps values differently.
var thresholds = [][]string{
	nil,
	{"--rdbcompression", "no", "--list-max-listpack-size", "5", "--stream-node-max-entries", "3"},
	{"--hash-max-listpack-entries", "0", "--zset-max-listpack-entries", "0", "--set-max-intset-entries", "0",
		"--list-max-listpack-size", "-5", "--list-compress-depth", "1", "--stream-node-max-bytes", "0"},
	{"--hash-max-listpack-entries", "5000", "--hash-max-listpack-value", "10000", "--zset-max-listpack-entries", "5000",
		"--zset-max-listpack-value", "10000", "--set-max-intset-entries", "5000", "--list-max-listpack-size", "100000", "--rdbchecksum", "no"},
	{"--maxmemory-policy", "allkeys-lfu"},
	{"--maxmemory-policy", "allkeys-lru", "--maxmemory", "1gb"},
}

// TestReadsRedis: what redis-server saves is read, whatever its options.
func TestReadsRedis(t *testing.T) {
	for i, args := range thresholds {
		o := startOracle(t, t.TempDir(), args...)
		c := newGenerator(uint64(100 + i)).contents(30)
		for j := range c.Records {
			r := &c.Records[j]
			r.Idle, r.Freq = -1, -1
			if r.Kind == Stream {
				s := r.Stream
				s.Groups, s.Info = nil, StreamInfo{Length: s.Info.Length, Last: s.Info.Last, First: s.Info.First, Added: s.Info.Length}
			}
			o.put(r)
		}
		const code = "#!lua name=mylib\nredis.register_function('myfunc', function(keys, args) return 'a rather long answer' end)"
		o.do("FUNCTION", "LOAD", code)
		got, err := readAll(bytes.NewReader(o.file()), 700)
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		for j := range got.Records {
			r := &got.Records[j]
			if lfu := strings.Contains(strings.Join(args, " "), "lfu"); lfu != (r.Freq >= 0) {
				t.Fatalf("%v: frequency %d", args, r.Freq)
			}
			if lru := strings.Contains(strings.Join(args, " "), "lru"); lru != (r.Idle >= 0) {
				t.Fatalf("%v: idle time %d", args, r.Idle)
			}
			r.Idle, r.Freq = -1, -1
		}
		if len(got.Functions) != 1 || got.Functions[0] != code {
			t.Errorf("functions %q", got.Functions)
		}
		if !strings.HasPrefix(got.Aux["redis-ver"], "7.") || got.Aux["aof-base"] != "0" {
			t.Errorf("aux %v", got.Aux)
		}
		compare(t, got, c)
		readDumps(t, o, c)
	}
}

// readDumps compares what DUMP returns.
func readDumps(t *testing.T, o *oracle, c *contents) {
	t.Helper()
	var d Decoder
	for i := range c.Records {
		r := c.Records[i]
		o.do("SELECT", strconv.Itoa(r.DB))
		v, err := ParseDump([]byte(o.do("DUMP", r.Key)))
		if err == nil {
			err = d.validate(&v)
		}
		if err != nil {
			t.Fatalf("%q: %v", r.Key, err)
		}
		got := record{DB: r.DB, Key: r.Key, Deadline: r.Deadline, Idle: r.Idle, Freq: r.Freq, Kind: v.KindOf()}
		if err := readPart(&d, &v, true, true, &got); err != nil {
			t.Fatalf("%q: %v", r.Key, err)
		}
		compare(t, &contents{Records: []record{got}}, &contents{Records: []record{r}})
	}
	var codes []string
	err := ParseFunctions([]byte(o.do("FUNCTION", "DUMP")), func(code []byte) error {
		codes = append(codes, string(code))
		return nil
	})
	if err != nil || len(codes) != 1 {
		t.Fatalf("functions %q: %v", codes, err)
	}
}

// TestRedisReads: redis-server loads our files, checking every listpack, and then has what
// was written; redis-check-rdb accepts them; they are not larger than its own.
func TestRedisReads(t *testing.T) {
	for seed := range uint64(8) {
		f := Format{Version: OldestVersion, Compress: seed%2 == 0, Checksum: seed%3 != 0, Limits: DefaultLimits}
		c := newGenerator(200 + seed).contents(60)
		forgetActive(c)
		const code = "#!lua name=other\nredis.register_function('f', function() return 1 end)"
		c.Functions = []string{code}
		dir := t.TempDir()
		ours := writeAll(t, f, c, seed%4 < 2)
		name := filepath.Join(dir, "dump.rdb")
		if err := os.WriteFile(name, ours, 0o600); err != nil {
			t.Fatal(err)
		}
		checkRDB(t, name)
		compression := "no"
		if f.Compress {
			compression = "yes"
		}
		o := startOracle(t, dir, "--rdbcompression", compression)
		if s := o.do("FUNCTION", "DUMP"); !strings.Contains(s, "register_function") {
			t.Errorf("functions %q", s)
		}
		theirs := o.file()
		got, err := readAll(bytes.NewReader(theirs), 0)
		if err != nil {
			t.Fatal(err)
		}
		for i := range c.Records {
			c.Records[i].Idle, c.Records[i].Freq = -1, -1
		}
		compare(t, got, c)
		t.Logf("seed %d: %d bytes, %d of redis-server", seed, len(ours), len(theirs))
		if extra := 40 * len(c.Records); len(ours) > len(theirs)*102/100+extra {
			// Idle times and frequencies, which redis-server leaves out by default, are the extra.
			t.Errorf("our file has %d bytes, that of redis-server %d", len(ours), len(theirs))
		}
		restoreDumps(t, o, f, c)
	}
}

// checkRDB lets redis-check-rdb look at a file.
func checkRDB(t *testing.T, name string) {
	t.Helper()
	path, err := exec.LookPath("redis-check-rdb")
	if err != nil {
		t.Log("no redis-check-rdb on this machine")
		return
	}
	if out, err := exec.Command(path, name).CombinedOutput(); err != nil {
		t.Fatalf("redis-check-rdb: %v: %s", err, out)
	}
}

// restoreDumps lets redis-server RESTORE our payloads, and compares what it then has.
func restoreDumps(t *testing.T, o *oracle, f Format, c *contents) {
	t.Helper()
	o.do("FLUSHALL")
	e := NewEncoder(f)
	for i := range c.Records {
		r := &c.Records[i]
		e.BeginDump()
		writeRecord(e, r, i%2 == 0)
		p, err := e.EndDump()
		if err != nil {
			t.Fatal(err)
		}
		o.do("SELECT", strconv.Itoa(r.DB))
		o.do("RESTORE", r.Key, strconv.FormatInt(r.Deadline, 10), string(p), "ABSTTL")
	}
	got, err := readAll(bytes.NewReader(o.file()), 0)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, got, c)
	e.BeginDump()
	e.Function([]byte(c.Functions[0]))
	p, err := e.EndDump()
	if err != nil {
		t.Fatal(err)
	}
	o.do("FUNCTION", "FLUSH")
	o.do("FUNCTION", "RESTORE", string(p))
}

// TestDamagedOnRedis: a damaged payload that is taken is one that redis-server takes, with
// the same value. (The other way round redis-server takes more: scores with garbage behind
// them, ids of streams that do not rise, bytes behind the value.)
func TestDamagedOnRedis(t *testing.T) {
	o := startOracle(t, t.TempDir())
	var all [][]byte
	for _, p := range payloads(t, 60) {
		if len(p) < 600 && p[0] <= byte(typeStream2) {
			all = append(all, p)
		}
	}
	n, g := damageRounds(t)
	taken := 0
	for i := range n {
		p := seal(damage(g, all[g.IntN(len(all))]), OldestVersion)
		v, err := ParseDump(p)
		var d Decoder
		if err == nil {
			err = d.validate(&v)
		}
		if err != nil || v.Type > typeStream2 { // which redis-server 7.0 does not know
			continue
		}
		taken++
		if _, err := o.try("RESTORE", "k", "0", string(p), "REPLACE"); err != nil {
			t.Fatalf("round %d: redis-server says %v to %q", i, err, p)
		}
		w, err := ParseDump([]byte(o.do("DUMP", "k")))
		if err != nil {
			t.Fatal(err)
		}
		ours, theirs := rec("k", v.KindOf()), rec("k", w.KindOf())
		if err := errors.Join(readPart(&d, &v, true, true, &ours), readPart(&d, &w, true, true, &theirs)); err != nil {
			t.Fatal(err)
		}
		if ours.Stream != nil { // redis-server keeps claims as they are, and settles what old formats leave open
			ours.Stream.Info, theirs.Stream.Info = StreamInfo{}, StreamInfo{}
			for _, r := range []record{ours, theirs} {
				for i := range r.Stream.Groups {
					r.Stream.Groups[i].Read = 0
				}
			}
		}
		compare(t, &contents{Records: []record{ours}}, &contents{Records: []record{theirs}})
	}
	if taken < n/50 {
		t.Errorf("only %d payloads were taken: too few to compare", taken)
	}
}
