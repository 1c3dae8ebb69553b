package server

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/kringdb/kring/internal/server/durable"
	"github.com/kringdb/kring/persistence/rdb"
)

const ownLibrary = "#!lua name=own\nredis.register_function('one', function() return 1 end)"

// unmakeable are snapshots that are whole, and yet cannot be made data, by why.
func unmakeable(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for why, put := range map[string]func(e *rdb.Encoder){
		"a key twice": func(e *rdb.Encoder) {
			for i := range 1000 {
				e.String(&rdb.Meta{Key: []byte("new" + strconv.Itoa(i%999)), Idle: -1, Freq: -1}, []byte("v"))
			}
		},
		"no library":      func(e *rdb.Encoder) { e.Function([]byte("#!lua name=bad\nno lua")) },
		"a library twice": func(e *rdb.Encoder) { e.Function([]byte(ownLibrary)); e.Function([]byte(ownLibrary)) },
	} {
		var file bytes.Buffer
		w := rdb.NewWriter(&file, rdb.Format{Limits: rdb.DefaultLimits, Checksum: true})
		w.Select(0)
		w.String(&rdb.Meta{Key: []byte("other"), Idle: -1, Freq: -1}, []byte("v"))
		put(&w.Encoder)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		all[why] = file.Bytes()
	}
	return all
}

// keepsAll calls DEBUG, which is to fail, and holds that nothing is gone and that what is there is used as before.
func (c *testClient) keepsAll(why, refusal string, debug ...string) {
	c.t.Helper()
	data, libraries := c.do("DEBUG", "DIGEST"), c.do("FUNCTION", "LIST", "WITHCODE")
	if got := c.do(append([]string{"DEBUG"}, debug...)...); got != refusal {
		c.t.Fatalf("%s: %v gave %s", why, debug, got)
	}
	if got := c.do("DEBUG", "DIGEST"); got != data {
		c.t.Fatalf("%s: the data is other than before", why)
	}
	if got := c.do("FUNCTION", "LIST", "WITHCODE"); got != libraries {
		c.t.Fatalf("%s: libraries were\n%s\nand are\n%s", why, libraries, got)
	}
	c.want("1", "FCALL", "one", "0")
	c.want("OK", "SET", "written", why)
}

// TestReloadOfWhatCannotBeMade: DEBUG RELOAD NOSAVE of a file that can be read, but not be made data, leaves the data as they
// are, with what is to expire; and the AOF goes on.
func TestReloadOfWhatCannotBeMade(t *testing.T) {
	dir := t.TempDir()
	s, end := runAOF(t, dir)
	c := dial(t, s)
	fill(c)
	c.want("own", "FUNCTION", "LOAD", ownLibrary)
	c.want("OK", "SET", "soon", "1", "PX", "1500")
	path := filepath.Join(dir, "dump.rdb")
	for why, file := range unmakeable(t) {
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		until(t, "the key that expires soon is gone", func() bool { return c.do("EXISTS", "soon") == "0" })
		c.keepsAll(why, "ERR Error trying to load the RDB dump, check server logs.", "RELOAD", "NOSAVE")
		c.want("OK", "SET", "soon", "1", "PX", "1")
	}
	until(t, "what expires does", func() bool { return c.do("EXISTS", "soon") == "0" })
	want := c.do("DEBUG", "DIGEST")
	end()
	s, _ = runAOF(t, dir)
	c = dial(t, s)
	c.want(want, "DEBUG", "DIGEST")
	c.want("OK", "SAVE")
	c.want("OK", "DEBUG", "RELOAD", "NOSAVE")
	c.want(want, "DEBUG", "DIGEST")
	c.want("1", "FCALL", "one", "0")
}

// TestLoadAOFOfWhatCannotBeMade is the same for DEBUG LOADAOF, with records that give an error as well.
func TestLoadAOFOfWhatCannotBeMade(t *testing.T) {
	for _, on := range []string{"no", "yes"} {
		for _, preamble := range []string{"no", "yes"} {
			t.Run(on+" "+preamble, func(t *testing.T) {
				dir := t.TempDir()
				s, _ := runAOF(t, dir, "aof-use-rdb-preamble", preamble, "auto-aof-rewrite-percentage", "0")
				c := dial(t, s)
				fill(c)
				c.want("own", "FUNCTION", "LOAD", ownLibrary)
				c.rewrites()
				c.want("OK", "CONFIG", "SET", "appendonly", on)
				c.want("OK", "SET", "later", "1")
				names, err := filepath.Glob(filepath.Join(dir, "appendonlydir", "*.base.*"))
				if err != nil || len(names) != 1 {
					t.Fatal(names, err)
				}
				whole, err := os.ReadFile(names[0])
				if err != nil {
					t.Fatal(err)
				}
				bad := map[string][]byte{}
				if preamble == "yes" {
					bad = unmakeable(t)
				}
				for why, record := range map[string]string{
					"a list where a string is": encode("FLUSHALL") + encode("SET", "new", "1") + encode("LPUSH", "new", "x"),
					"no library at the end":    encode("FUNCTION", "FLUSH") + encode("FUNCTION", "LOAD", "#!lua name=bad\nno lua"),
				} {
					bad[why] = []byte(string(whole) + record)
				}
				for why, file := range bad {
					if err := os.WriteFile(names[0], file, 0o600); err != nil {
						t.Fatal(err)
					}
					c.keepsAll(why, "ERR Error trying to load the AOF files, check server logs.", "LOADAOF")
				}
				if err := os.WriteFile(names[0], whole, 0o600); err != nil {
					t.Fatal(err)
				}
				c.want("OK", "DEBUG", "LOADAOF")
				c.want("299", "STRLEN", "s299")
				c.want("1", "FCALL", "one", "0")
			})
		}
	}
}

// TestReloadEvictsNothing: what DEBUG RELOAD and LOADAOF give up, be it the data or the half of a file, counts to maxmemory no more when
// calls are served again.
func TestReloadEvictsNothing(t *testing.T) {
	const keys = 200_000
	dir := t.TempDir()
	s, _ := runAOF(t, dir, "maxmemory-policy", "allkeys-random", "save", "", "auto-aof-rewrite-percentage", "0")
	c := dial(t, s)
	c.want("OK", "DEBUG", "POPULATE", strconv.Itoa(keys))
	used := s.Store.PublishAll()
	c.want("OK", "CONFIG", "SET", "maxmemory", strconv.FormatInt(used*5/4, 10))
	holds := func(what string) {
		t.Helper()
		if now := s.Store.Usage(); now > used*11/10 {
			t.Errorf("%s: %d bytes are used, it were %d", what, now, used)
		}
		c.want("OK", "SET", "key:0", "value:0")
		c.want(strconv.Itoa(keys), "DBSIZE")
		c.want("0", "EXISTS", "other")
		if n := c.infoInt("evicted_keys"); n != 0 {
			t.Errorf("%s: %d keys were evicted", what, n)
		}
	}
	c.want("OK", "SAVE")
	path := filepath.Join(dir, "dump.rdb")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c.want("OK", "DEBUG", "RELOAD")
	holds("a reload")
	c.rewritten()
	c.want("OK", "DEBUG", "LOADAOF")
	holds("an AOF")
	if err := os.WriteFile(path, whole[:len(whole)-9], 0o600); err != nil { // without its end
		t.Fatal(err)
	}
	c.want("ERR Error trying to load the RDB dump, check server logs.", "DEBUG", "RELOAD", "NOSAVE")
	holds("half of a file")
}

// TestLoadAOFAndARewrite: a rewrite that was asked for before DEBUG LOADAOF has begun to load is called off: what it would write is
// no more served, or half of the file.
func TestLoadAOFAndARewrite(t *testing.T) {
	f := &faultFS{}
	s, _ := runFault(t, t.TempDir(), f, true, "save", "", "auto-aof-rewrite-percentage", "0")
	c, loads := dial(t, s), dial(t, s)
	fill(c)
	holdUp := func() (_, _ chan struct{}) {
		begun, let := make(chan struct{}, 100), make(chan struct{})
		f.set(func(op string) error {
			if op == "create" {
				begun <- struct{}{}
				<-let
			}
			return nil
		})
		return begun, let
	}
	s.role.changes.Lock() // it has to wait, as while FAILOVER is at it
	begun, let := holdUp()
	c.want("Background append only file rewriting started", "BGREWRITEAOF")
	<-begun
	loads.send(encode("DEBUG", "LOADAOF"))
	until(t, "LOADAOF is at work, which ends it", func() bool { return strings.Contains(c.do("CLIENT", "LIST"), "cmd=debug") })
	close(let)
	rewrite := func() bool { return s.disk.Jobs.Runs(durable.RewriteAOF) }
	until(t, "the rewrite has ended", func() bool { return !rewrite() })
	begun, let = holdUp()
	c.want("Background saving started", "BGSAVE")
	<-begun
	c.want("Background append only file rewriting scheduled", "BGREWRITEAOF")
	before := s.disk.AOF.Rewrites.Load()
	s.role.changes.Unlock()
	until(t, "the rewrite that waits is called off", func() bool { return !s.disk.Jobs.Waits(durable.RewriteAOF) })
	close(let)
	loads.gets("OK")
	if n := s.disk.AOF.Rewrites.Load() - before; n != 0 || rewrite() {
		t.Errorf("%d rewrites have begun meanwhile", n)
	}
	c.want("299", "STRLEN", "s299")
}

// TestReloadLongStrings: proto-max-bulk-len bounds what calls make, and not what a file has, as in Redis: else a server whose option was lowered
// could not start again.
func TestReloadLongStrings(t *testing.T) {
	c := dial(t, startServer(t))
	c.want("2097153", "SETRANGE", "long", "2097152", "x")
	c.want("OK", "CONFIG", "SET", "proto-max-bulk-len", "1mb")
	c.want("OK", "DEBUG", "RELOAD")
	c.want("2097153", "STRLEN", "long")
	c.want("ERR string exceeds maximum allowed size (proto-max-bulk-len)", "APPEND", "long", "y")
}

// TestSaveWhileReloading: a save that is asked for by who was let in just before the data are replaced has what is there afterwards, and not
// the half of it.
func TestSaveWhileReloading(t *testing.T) {
	f := &faultFS{}
	dir := t.TempDir()
	s, _ := runFault(t, dir, f, true, "save", "")
	c, loads := dial(t, s), dial(t, s)
	fill(c)
	want := c.do("DEBUG", "DIGEST")
	c.want("OK", "SAVE")
	reads, let := make(chan struct{}), make(chan struct{})
	f.set(func(op string) error {
		if op == "open" {
			close(reads)
			<-let
		}
		return nil
	})
	loads.send(encode("DEBUG", "RELOAD", "NOSAVE"))
	<-reads
	f.set(nil)
	saves := s.disk.Saves().Saves
	if waits, errText := s.disk.Host().BeginSave(false); !waits || errText != "" {
		t.Errorf("the save waits: %v %s", waits, errText)
	}
	close(let)
	loads.gets("OK")
	until(t, "it is saved", func() bool { return s.disk.Saves().Saves > saves })
	c.want("OK", "DEBUG", "RELOAD", "NOSAVE")
	c.want(want, "DEBUG", "DIGEST")
}

// TestReloadAddsAPart: what DEBUG RELOAD NOFLUSH has added before it fails stays, for the AOF and for those who watch keys, too.
func TestReloadAddsAPart(t *testing.T) {
	dir := t.TempDir()
	s, end := runAOF(t, dir, "auto-aof-rewrite-percentage", "0", "save", "")
	c, watcher := dial(t, s), dial(t, s)
	if err := os.WriteFile(filepath.Join(dir, "dump.rdb"), unmakeable(t)["no library"], 0o600); err != nil {
		t.Fatal(err)
	}
	watcher.want("OK", "WATCH", "other")
	c.want("ERR Error trying to load the RDB dump, check server logs.", "DEBUG", "RELOAD", "NOSAVE", "NOFLUSH")
	c.want("v", "GET", "other")
	watcher.want("OK", "MULTI")
	watcher.want("QUEUED", "PING")
	watcher.want("nil", "EXEC")
	until(t, "the AOF is rewritten", func() bool { return s.disk.AOF.Rewrites.Load() > 0 && !s.disk.Jobs.Busy() })
	end()
	s, _ = runAOF(t, dir)
	dial(t, s).want("v", "GET", "other")
}

// TestReloadAddsLibraries: DEBUG RELOAD NOFLUSH adds the libraries of the file to those that are there. One that is there already is
// an error, as a key is, unless MERGE lets it be replaced.
func TestReloadAddsLibraries(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	load := func(name, gives string) {
		t.Helper()
		c.want(name, "FUNCTION", "LOAD", "#!lua name="+name+"\nredis.register_function('f"+name+"', function() return '"+gives+"' end)")
	}
	load("a", "saved")
	load("b", "saved")
	c.want("OK", "SAVE")
	c.want("OK", "FUNCTION", "FLUSH")
	load("c", "stays")
	c.want("OK", "DEBUG", "RELOAD", "NOSAVE", "NOFLUSH")
	for _, call := range []string{"fa", "fb"} {
		c.want("saved", "FCALL", call, "0")
	}
	c.want("stays", "FCALL", "fc", "0")
	c.want("OK", "FUNCTION", "DELETE", "a")
	c.want("ERR Error trying to load the RDB dump, check server logs.", "DEBUG", "RELOAD", "NOSAVE", "NOFLUSH")
	c.want("saved", "FCALL", "fb", "0")
	c.want("OK", "FUNCTION", "DELETE", "b")
	load("b", "later")
	c.want("OK", "DEBUG", "RELOAD", "NOSAVE", "NOFLUSH", "MERGE")
	c.want("saved", "FCALL", "fa", "0")
	c.want("saved", "FCALL", "fb", "0")
	c.want("stays", "FCALL", "fc", "0")
	c.want("OK", "DEBUG", "RELOAD", "NOSAVE")
	c.want("ERR Function not found", "FCALL", "fc", "0")
}
