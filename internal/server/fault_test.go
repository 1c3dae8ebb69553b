package server

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/server/durable"
	"github.com/kringdb/kring/internal/server/exec"
	"github.com/kringdb/kring/persistence"
)

// faultFS is the real file system with an ear for every operation.
type faultFS struct {
	persistence.OS
	on     atomic.Pointer[func(op string) error]
	memory bool // as if it were one: it is never synced
}

func (f *faultFS) set(on func(op string) error) {
	if on == nil {
		f.on.Store(nil)
		return
	}
	f.on.Store(&on)
}

func (f *faultFS) ask(op string) error {
	if on := f.on.Load(); on != nil {
		return (*on)(op)
	}
	return nil
}

func (f *faultFS) Open(path string) (io.ReadCloser, error) {
	if err := f.ask("open"); err != nil {
		return nil, err
	}
	return f.OS.Open(path)
}

func (f *faultFS) Create(path string) (persistence.File, error) {
	if err := f.ask("create"); err != nil {
		return nil, err
	}
	file, err := f.OS.Create(path)
	return faultFile{file, f, path}, err
}

func (f *faultFS) Append(path string) (persistence.File, error) {
	file, err := f.OS.Append(path)
	return faultFile{file, f, path}, err
}

func (f *faultFS) Rename(from, to string) error {
	if err := f.ask("rename"); err != nil {
		return err
	}
	return f.OS.Rename(from, to)
}

func (f *faultFS) Remove(path string) error {
	if err := f.ask("remove"); err != nil {
		return err
	}
	return f.OS.Remove(path)
}

type faultFile struct {
	persistence.File
	f    *faultFS
	path string
}

func (f faultFile) Sync() error {
	if err := f.f.ask("sync"); err != nil {
		return err
	}
	if f.f.memory {
		return nil
	}
	return f.File.Sync()
}

func (f faultFile) Write(b []byte) (int, error) {
	op := "write"
	if strings.HasSuffix(f.path, ".side") {
		op = "write beside"
	}
	if err := f.f.ask(op); err != nil {
		n, _ := f.File.Write(b[:len(b)/2])
		return n, err
	}
	return f.File.Write(b)
}

// runFault is runAOF on a file system with faults. With wait false it does not wait until
// the data is loaded.
func runFault(t *testing.T, dir string, f *faultFS, wait bool, directives ...string) (*Server, func()) {
	t.Helper()
	s, end := launch(t, func(s *Server) { s.disk.FS = f }, append([]string{"dir", dir, "appendonly", "yes"}, directives...)...)
	if wait {
		s.awaitReady(t)
	}
	return s, end
}

// silent fails the test if a reply comes soon.
func (c *testClient) silent() {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if b, err := c.r.Peek(1); err == nil {
		c.t.Errorf("a reply that was to wait came: %q", b)
	}
	_ = c.SetReadDeadline(time.Now().Add(patience))
}

func TestAlwaysRepliesAfterTheSync(t *testing.T) {
	for who := range syncers {
		t.Run(who, func(t *testing.T) { testAlways(t, who) })
	}
}

// syncers are who may sync under always, with a file system that brings it about, and whether that takes clients' writes.
var syncers = map[string]func() (f *faultFS, quick bool){
	"the writer's goroutine": func() (*faultFS, bool) {
		f := &faultFS{memory: true}
		f.set(func(op string) error {
			if op == "sync" {
				time.Sleep(2 * time.Millisecond)
			}
			return nil
		})
		return f, false
	},
	"one of several reactors":      func() (*faultFS, bool) { return &faultFS{memory: true}, false },
	"the writing client's reactor": func() (*faultFS, bool) { return &faultFS{memory: true}, true },
}

func testAlways(t *testing.T, who string) {
	f, quick := syncers[who]()
	s, _ := runFault(t, t.TempDir(), f, true, "appendfsync", "always")
	writer, reader, other, popper, slow := dial(t, s), dial(t, s), dial(t, s), dial(t, s), dial(t, s)
	writer.want("OK", "SET", "a", "1")
	reader.want("1", "GET", "a")
	otherKey := ""
	for i := 0; otherKey == ""; i++ {
		if k := fmt.Sprint("other", i); s.Store.MakeKey([]byte(k)).Shard != s.Store.MakeKey([]byte("a")).Shard &&
			s.Store.MakeKey([]byte(k)).Shard != s.Store.MakeKey([]byte("list")).Shard {
			otherKey = k
		}
	}
	popper.send(encode("BLPOP", "list", "0"))
	if quick {
		writer.untilQuick(s)
		writer.want("1", "DEL", "warm")
	}
	if who == "one of several reactors" {
		writer.untilBrief(s)
	}
	if a := s.disk.AOF.Current(); a.Quick() != quick || a.Brief() != (who != "the writer's goroutine") {
		t.Fatalf("syncs are quick %t, brief %t", a.Quick(), a.Brief())
	}
	let := make(chan struct{})
	f.set(func(op string) error {
		if op == "sync" {
			<-let
		}
		return nil
	})
	writer.send(encode("SET", "a", "2") + encode("RPUSH", "list", "x") + encode("PING"))
	writer.silent()
	reader.send(encode("GET", "a"))
	slow.send(encode("KEYS", "*"))
	reader.silent()
	slow.silent()
	popper.silent()
	other.want("nil", "GET", otherKey) // nobody's promise
	other.want("PONG", "PING")
	close(let)
	for _, want := range []string{"OK", "1", "PONG"} {
		if got := writer.reply(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := reader.reply(); got != "2" {
		t.Error(got)
	}
	if got := slow.reply(); got != "[a]" {
		t.Error(got)
	}
	if got := popper.reply(); got != "[list x]" {
		t.Error(got)
	}
	writer.want("2", "GET", "a")
}

// TestAlwaysManyPipelines pipelines on many connections at once; each gets its own
// replies, in order.
func TestAlwaysManyPipelines(t *testing.T) {
	s, _ := runAOF(t, t.TempDir(), "appendfsync", "always")
	var wg sync.WaitGroup
	for i := range 20 {
		c := dial(t, s)
		wg.Add(1)
		go func() {
			defer wg.Done()
			for round := range 10 {
				raw := ""
				for j := range 100 {
					raw += encode("SET", fmt.Sprint("k", i), fmt.Sprint(round*100+j)) + encode("GET", fmt.Sprint("k", i))
				}
				c.send(raw + encode("DBSIZE"))
				for j := range 100 {
					if ok, got := c.reply(), c.reply(); ok != "OK" || got != fmt.Sprint(round*100+j) {
						t.Error(ok, got)
						return
					}
				}
				c.reply()
			}
		}()
	}
	wg.Wait()
}

func TestFailedAOFRefusesWrites(t *testing.T) {
	for _, policy := range []string{"always", "everysec"} {
		for _, op := range []string{"sync", "write"} {
			t.Run(policy+" "+op, func(t *testing.T) {
				testFailedAOF(t, policy, op, false, policy == "always" && op == "write")
			})
			if policy == "always" {
				t.Run("always, quick, "+op, func(t *testing.T) { testFailedAOF(t, policy, op, true, false) })
			}
		}
	}
}

// testFailedAOF lets op fail and work again: the server recovers by itself, or sooner if
// it is asked to. With quick, the client's reactor syncs by itself.
func testFailedAOF(t *testing.T, policy, op string, quick, byItself bool) {
	f, dir := &faultFS{memory: quick}, t.TempDir()
	s, end := runFault(t, dir, f, true, "appendfsync", policy)
	c := dial(t, s)
	c.want("OK", "SET", "a", "1")
	if quick {
		c.untilQuick(s)
	}
	for begin := time.Now(); s.disk.AOF.Current().Durable() < s.Journal.Log.End(); time.Sleep(time.Millisecond) {
		if time.Since(begin) > time.Minute {
			t.Fatal("what was written is not synced") // it must be before syncs begin to fail
		}
	}
	f.set(func(what string) error {
		if what == op || what == "create" {
			return &fs.PathError{Op: what, Err: syscall.EIO}
		}
		return nil
	})
	c.send(encode("SET", "a", "2"))
	if policy == "always" {
		c.closed()                                                                        // neither acknowledged nor denied
		until(t, "all know", func() bool { return s.Guard.Load()&exec.GuardBroken != 0 }) // a write before that would be of no reply, too
		c = dial(t, s)
	} else if got := c.reply(); got != "OK" {
		t.Error(got)
	}
	const misconf = "MISCONF Errors writing to the AOF file: Input/output error"
	for begin := time.Now(); c.do("SET", "b", "1") != misconf; time.Sleep(5 * time.Millisecond) {
		if time.Since(begin) > time.Minute {
			t.Fatal("writes are not refused")
		}
	}
	c.want(misconf, "PING")
	c.want("2", "GET", "a")
	c.want(misconf, "DEL", "a")
	if info := c.do("INFO", "persistence"); !strings.Contains(info, "aof_last_write_status:err") {
		t.Error(info)
	}
	c.want("Background append only file rewriting started", "BGREWRITEAOF") // in vain
	c.want(misconf, "SET", "b", "1")
	f.set(nil)
	if !byItself {
		for c.do("BGREWRITEAOF") != "Background append only file rewriting started" {
			time.Sleep(time.Millisecond)
		}
	}
	for begin := time.Now(); c.do("SET", "b", "2") != "OK"; time.Sleep(5 * time.Millisecond) {
		if time.Since(begin) > time.Minute {
			t.Fatal("it does not recover by itself")
		}
	}
	c.want("PONG", "PING")
	end()
	s, _ = runAOF(t, dir)
	c = dial(t, s)
	c.want("[2 2]", "MGET", "a", "b")
}

// untilQuick writes until reactors sync by themselves.
func (c *testClient) untilQuick(s *Server) {
	c.t.Helper()
	for end := time.Now().Add(2 * time.Minute); !s.disk.AOF.Current().Quick(); {
		c.want("OK", "SET", "warm", "x")
		if time.Now().After(end) {
			c.t.Fatal("syncs that do nothing are not quick")
		}
	}
}

// untilBrief writes until a reactor that is not alone may sync: who does so is decided when the reply has left. It is not so often that
// the reactor counts as one that is alone.
func (c *testClient) untilBrief(s *Server) {
	c.t.Helper()
	writes := 0
	until(c.t, "syncs that do nothing are brief", func() bool {
		if a := s.disk.AOF.Current(); a.Brief() {
			return true
		}
		if writes++; writes < 10 {
			c.want("OK", "SET", "a", "1")
		}
		return false
	})
}

func TestLoadingIsAnswered(t *testing.T) {
	dir := t.TempDir()
	s, end := runAOF(t, dir)
	dial(t, s).want("OK", "SET", "a", "1")
	end()
	f, let := &faultFS{}, make(chan struct{})
	n := 0
	f.set(func(op string) error {
		if op == "open" {
			if n++; n == 2 { // the manifest is the first
				<-let
			}
		}
		return nil
	})
	s, _ = runFault(t, dir, f, false)
	c := dial(t, s)
	const loading = "LOADING Redis is loading the dataset in memory"
	c.want(loading, "GET", "a")
	c.want(loading, "SET", "a", "2")
	c.want(loading, "PING")
	c.want(loading, "DBSIZE")
	for begin := time.Now(); ; time.Sleep(time.Millisecond) {
		info := c.do("INFO", "persistence")
		if strings.Contains(info, "loading:1") && strings.Contains(info, "loading_total_bytes:") {
			break
		}
		if time.Since(begin) > patience {
			t.Fatal(info)
		}
	}
	close(let)
	<-s.ready
	c.want("1", "GET", "a")
}

func TestDebugLoadAOF(t *testing.T) {
	s, _ := runAOF(t, t.TempDir())
	c := dial(t, s)
	for i := range 500 {
		c.want("OK", "SET", fmt.Sprint("k", i), "v")
	}
	c.want("1", "PEXPIREAT", "k1", "99999999999999")
	c.want("OK", "DEBUG", "LOADAOF")
	c.want("500", "DBSIZE")
	c.want("99999999999999", "PEXPIRETIME", "k1")
	c.want("OK", "SET", "k500", "v")
	c.want("OK", "DEBUG", "LOADAOF")
	c.want("501", "DBSIZE")
}

// TestStuckWrite lets writes stand still, to the file and beside it: those who wrote wait for their
// replies, nobody else does, whichever reactor he is on.
func TestStuckWrite(t *testing.T) {
	f := &faultFS{}
	s, _ := runFault(t, t.TempDir(), f, true)
	w := dial(t, s)
	w.want("OK", "SET", "before", "1")
	let, stuck := make(chan struct{}), make(chan struct{}, 100)
	f.set(func(op string) error {
		if strings.HasPrefix(op, "write") {
			stuck <- struct{}{}
			<-let
		}
		return nil
	})
	w.send(encode("SET", "big", "x") + encode("GET", "before"))
	<-stuck
	w.silent()
	var others []*testClient
	for range 6 { // on all reactors
		c := dial(t, s)
		others = append(others, c)
		c.want("PONG", "PING")
		c.want("1", "GET", "before")
		c.want("1", "EXISTS", "big") // it is there, if not yet in the file
		c.send(encode("INCR", "n"))
	}
	w.silent()
	for _, c := range others {
		c.silent()
	}
	dial(t, s).want("6", "GET", "n")
	f.set(nil)
	close(let)
	if ok, got := w.reply(), w.reply(); ok != "OK" || got != "1" {
		t.Error(ok, got)
	}
	for _, c := range others {
		c.reply()
	}
	w.want("7", "INCR", "n")
}

// TestFullQueueKeepsScripts lets so much wait for the AOF that writes are kept: scripts that may write are, too, those that do
// not say whether they do, but none that says that it does not.
func TestFullQueueKeepsScripts(t *testing.T) {
	f := &faultFS{}
	s, _ := runFault(t, t.TempDir(), f, true)
	dial(t, s).want("OK", "SET", "before", "1")
	let := make(chan struct{})
	f.set(func(op string) error {
		if strings.HasPrefix(op, "write") {
			<-let
		}
		return nil
	})
	value := strings.Repeat("x", 8<<20)
	for i := 0; s.clients.Crowded() == 0; i++ {
		dial(t, s).send(encode("SET", fmt.Sprint("big", i), value))
		if i > 100 {
			t.Fatal("nothing is kept")
		}
	}
	var kept []*testClient
	for _, call := range [][]string{
		{"INCR", "n"}, {"EVAL", "return redis.call('incr',KEYS[1])", "1", "n"}, {"EVAL", "#!lua\nreturn redis.call('incr',KEYS[1])", "1", "n"},
		{"EVAL", "return redis.call('incr','n')", "0"},
	} {
		c := dial(t, s)
		c.send(encode(call...))
		kept = append(kept, c)
	}
	for _, c := range kept {
		c.silent()
	}
	c := dial(t, s)
	c.want("1", "EVAL_RO", "return redis.call('get',KEYS[1])", "1", "before")
	c.want("1", "EVAL", "#!lua flags=no-writes\nreturn redis.call('get',KEYS[1])", "1", "before")
	c.want("nil", "GET", "n")
	f.set(nil)
	close(let)
	for _, c := range kept {
		c.reply()
	}
	c.want("4", "GET", "n")
}

// TestStuckFile lets writes to the file stand still, and its syncs, as a disk that is busy does: nobody
// waits, those who write neither, and nothing of what they were told is lost if the process ends
// then.
func TestStuckFile(t *testing.T) {
	f, dir := &faultFS{}, t.TempDir()
	s, _ := runFault(t, dir, f, true)
	c := dial(t, s)
	c.want("OK", "SET", "n", "0")
	awaitFile(t, filepath.Join(dir, "appendonlydir", "*.side"))
	let := make(chan struct{})
	var stuck atomic.Int64
	f.set(func(op string) error {
		if op == "write" || op == "sync" {
			stuck.Add(1)
			<-let
		}
		return nil
	})
	defer close(let)
	n := 0
	for stuck.Load() == 0 || n < 200 {
		n++
		c.want(fmt.Sprint(n), "INCR", "n") // alone: nobody comes by who might see to it
	}
	for range 50 {
		d := dial(t, s)
		n++
		d.want(fmt.Sprint(n), "INCR", "n")
		d.want(fmt.Sprint(n), "GET", "n")
		d.want("PONG", "PING")
	}
	killed := t.TempDir()
	if err := os.CopyFS(killed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	again, _ := runAOF(t, killed)
	dial(t, again).want(fmt.Sprint(n), "GET", "n")
	if left, _ := filepath.Glob(filepath.Join(killed, "*", "*.side")); len(left) > 0 {
		if info, err := os.Stat(left[0]); err != nil || info.Size() > 0 { // the new server may have made its own
			t.Error(left, info, err)
		}
	}
}

// TestStuckRewrite lets a rewrite stand still at each of the places where it waits for the disk: nobody else
// waits, those who ask for INFO neither.
func TestStuckRewrite(t *testing.T) {
	f := &faultFS{}
	s, _ := runFault(t, t.TempDir(), f, true)
	c := dial(t, s)
	c.want("OK", "SET", "n", "0")
	n := 0
	for _, op := range []string{"create", "sync", "rename", "remove"} {
		let, stuck := make(chan struct{}), make(chan struct{}, 100)
		f.set(func(what string) error {
			if what == op {
				stuck <- struct{}{}
				<-let
			}
			return nil
		})
		c.want("Background append only file rewriting started", "BGREWRITEAOF")
		<-stuck
		for range 20 {
			n++
			c.want(fmt.Sprint(n), "INCR", "n")
			c.want(fmt.Sprint(n), "GET", "n")
			if info := c.do("INFO", "everything"); !strings.Contains(info, "aof_rewrite_in_progress:1") {
				t.Fatalf("no rewrite stands still at %s", op)
			}
		}
		f.set(nil)
		close(let)
		c.rewritten()
	}
}

// awaitFile waits until there is such a file.
func awaitFile(t *testing.T, pattern string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatal("there is no " + pattern)
		}
	}
}

// TestStuckSync lets a background sync stand still: nobody waits for it, those who write neither.
func TestStuckSync(t *testing.T) {
	f := &faultFS{}
	s, _ := runFault(t, t.TempDir(), f, true)
	let, stuck := make(chan struct{}), make(chan struct{}, 100)
	f.set(func(op string) error {
		if op == "sync" {
			stuck <- struct{}{}
			<-let
		}
		return nil
	})
	c := dial(t, s)
	c.want("OK", "SET", "n", "0")
	<-stuck
	for i := range 50 {
		d := dial(t, s)
		d.want(fmt.Sprint(i+1), "INCR", "n")
		d.want(fmt.Sprint(i+1), "GET", "n")
	}
	if a := s.disk.AOF.Current(); a.Wrote() != s.Journal.Log.End() || a.Durable() == a.Wrote() {
		t.Errorf("written up to %d of %d, durable up to %d", a.Wrote(), s.Journal.Log.End(), a.Durable())
	}
	close(let)
}

// TestCutAOF cuts a file that the server wrote at each of its last bytes, as many as
// CUT_BYTES says, and loads what is left into a store.
func TestCutAOF(t *testing.T) {
	cuts := 4096
	if testing.Short() {
		cuts = 512
	}
	if text := os.Getenv("CUT_BYTES"); text != "" {
		var err error
		if cuts, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	s, end := runAOF(t, dir)
	c := dial(t, s)
	ends := []int{0} // by number of keys
	text := len(encode("SELECT", "0"))
	for i := 0; text < cuts+2000; i++ {
		cmd := encode("SET", fmt.Sprint("k", i), strings.Repeat("v", i%50))
		c.send(cmd)
		c.reply()
		text += len(cmd)
		ends = append(ends, text)
	}
	end()
	whole := []byte(increments(t, dir))
	if len(whole) != text {
		t.Fatal(len(whole), text)
	}
	s = startServer(t)
	path := filepath.Join(t.TempDir(), "appendonlydir")
	incr := filepath.Join(path, "appendonly.aof.1.incr.aof")
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path, "appendonly.aof.manifest"), []byte("file appendonly.aof.1.incr.aof seq 1 type i\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	keys := len(ends) - 1
	for n := len(whole); n > len(whole)-cuts; n-- {
		for ends[keys] > n {
			keys--
		}
		if err := os.WriteFile(incr, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		a, err := persistence.Open(persistence.Config{Owner: &s.disk.AOF, Journal: &s.Journal.Log, FS: unsyncedFS{}, Dir: path, Name: "appendonly.aof", Log: s.Log})
		if err != nil {
			t.Fatal(err)
		}
		s.Store.FlushAll()
		if err := a.Load(durable.NewApplier(s.disk, context.Background())); err != nil {
			t.Fatal(n, err)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(incr)
		if err != nil || info.Size() != int64(max(ends[keys], len(encode("SELECT", "0")))) || s.Store.Len(0) != keys {
			t.Fatalf("cut at %d: %d keys of %d, %v bytes of %d, %v", n, s.Store.Len(0), keys, info.Size(), ends[keys], err)
		}
	}
}

// unsyncedFS does not wait for the disk.
type unsyncedFS struct{ persistence.OS }

func (f unsyncedFS) Append(path string) (persistence.File, error) {
	file, err := f.OS.Append(path)
	return unsyncedFile{file}, err
}

type unsyncedFile struct{ persistence.File }

func (unsyncedFile) Sync() error { return nil }

// TestEndWhileLoading: a server that is asked to end while it loads does, without an
// error and without a change to its files.
func TestEndWhileLoading(t *testing.T) {
	dir := t.TempDir()
	s, end := runAOF(t, dir)
	c := dial(t, s)
	for i := range 100 {
		c.want("OK", "SET", fmt.Sprint("k", i), "1")
	}
	end()
	text := increments(t, dir)
	f, let := &faultFS{}, make(chan struct{})
	n := 0
	f.set(func(op string) error {
		if op == "open" {
			if n++; n == 2 {
				<-let
			}
		}
		return nil
	})
	s, end = runFault(t, dir, f, false)
	go func() {
		for !s.disk.Asked() {
			time.Sleep(time.Millisecond)
		}
		close(let)
	}()
	c = dial(t, s)
	c.send(encode("SHUTDOWN", "NOSAVE"))
	c.closed()
	end()
	if increments(t, dir) != text {
		t.Error("the file has changed")
	}
}

// TestSwitchedWhileWriting switches the AOF on and off, and its policy, under clients that
// write: each gets all its replies, and what the last state was is there at the end.
func TestSwitchedWhileWriting(t *testing.T) {
	dir := t.TempDir()
	s, end := runAOF(t, dir, "appendfsync", "always")
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 4 {
		c := dial(t, s)
		wg.Add(1)
		go func() {
			defer wg.Done()
			for n := 1; ; n++ {
				select {
				case <-stop:
					return
				default:
					if got := c.do("INCR", fmt.Sprint("n", i)); got != fmt.Sprint(n) {
						t.Errorf("%d: %s", n, got)
						return
					}
				}
			}
		}()
	}
	c := dial(t, s)
	for _, set := range []string{"appendfsync no", "appendfsync always", "appendonly no", "appendonly yes", "appendfsync everysec", "appendonly no",
		"appendfsync always", "appendonly yes", "appendfsync no", "appendfsync always"} {
		time.Sleep(10 * time.Millisecond)
		c.want("OK", append([]string{"CONFIG", "SET"}, strings.Fields(set)...)...)
	}
	c.rewritten()
	close(stop)
	wg.Wait()
	want := c.do("MGET", "n0", "n1", "n2", "n3")
	end()
	s, _ = runAOF(t, dir)
	dial(t, s).want(want, "MGET", "n0", "n1", "n2", "n3")
}
