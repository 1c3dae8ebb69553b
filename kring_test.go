package kring

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kringdb/kring/internal/raceflag"
	"github.com/kringdb/kring/store/arena"
)

// noLeaks fails the test if goroutines or descriptors are left at its end that were not
// there before, or pages of the arena.
func noLeaks(t *testing.T) {
	t.Helper()
	before, old := descriptors(t), goleak.IgnoreCurrent()
	pages := arena.InUse()
	t.Cleanup(func() {
		if err := goleak.Find(old); err != nil {
			t.Error(err)
		}
		if now := descriptors(t); now != before {
			t.Errorf("%d descriptors are open, there were %d", now, before)
		}
		if now := arena.InUse(); now != pages {
			t.Errorf("%d bytes of pages are in use, there were %d", now, pages)
		}
	})
}

// descriptors counts the open descriptors of the process, where the system tells them.
func descriptors(t *testing.T) int {
	t.Helper()
	d, err := os.ReadDir("/proc/self/fd")
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return len(d)
}

// virtualBytes returns the address space of the process and how many mappings it has.
func virtualBytes(t *testing.T) (size int64, mappings int) {
	t.Helper()
	b, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.Lines(string(b)) {
		var from, to int64
		if _, err := fmt.Sscanf(line, "%x-%x", &from, &to); err != nil {
			continue // vsyscall, above what an int64 holds
		}
		size, mappings = size+to-from, mappings+1
	}
	return size, mappings
}

// liveHeap returns what of the Go heap is in use, but for what pools keep.
func liveHeap() int64 {
	for range 3 { // a pool forgets in two
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// want runs a command by Do and compares its reply.
func (s *Server) want(t *testing.T, want string, args ...any) {
	t.Helper()
	got, err := s.Do(context.Background(), args...)
	if err != nil {
		got = err
	}
	if text := fmt.Sprint(got); text != want {
		t.Errorf("%q: got %q, want %q", args, text, want)
	}
}

// ioModels are the values of io-model.
var ioModels = []string{"reactor", "goroutine"}

func TestStartAndClose(t *testing.T) {
	rounds := 50
	if raceflag.Enabled {
		rounds = 15
	}
	for _, model := range ioModels {
		t.Run(model, func(t *testing.T) {
			noLeaks(t)
			var size, heap int64
			var mappings int
			for i := range rounds {
				e, err := Start(t.Context(), Options{Config: "io-model " + model})
				if err != nil {
					t.Fatal(err)
				}
				e.want(t, "OK", "SET", "k", strings.Repeat("v", 1<<20))
				e.want(t, "1048576", "STRLEN", "k")
				if err := e.Close(); err != nil {
					t.Fatal(err)
				}
				if i == 4 {
					size, mappings = virtualBytes(t)
					heap = liveHeap()
				}
			}
			// The Go runtime takes address space in steps of 64 MB.
			nowSize, nowMappings := virtualBytes(t)
			if nowSize > size+256<<20 || nowMappings > mappings+32 {
				t.Errorf("%d bytes in %d mappings, after five rounds it were %d in %d", nowSize, nowMappings, size, mappings)
			}
			if now := liveHeap(); now > heap+1<<20 {
				t.Errorf("%d bytes live in the Go heap, after five rounds it were %d", now, heap)
			}
		})
	}
}

func TestCloseTwiceAndAfterwards(t *testing.T) {
	noLeaks(t)
	e, err := Start(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	e.want(t, "PONG", "PING")
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	select {
	case <-e.Done():
	default:
		t.Error("closed, but not done")
	}
	if _, err := e.Do(t.Context(), "PING"); !errors.Is(err, errClosed) {
		t.Error(err)
	}
	if c, err := net.Dial("tcp", e.Addr()); err == nil {
		c.Close()
		t.Error("it still listens")
	}
}

func TestContextEndsServer(t *testing.T) {
	noLeaks(t)
	ctx, cancel := context.WithCancel(t.Context())
	e, err := Start(ctx, Options{})
	if err != nil {
		t.Fatal(err)
	}
	e.want(t, "PONG", "PING")
	cancel()
	<-e.Done()
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Start(ctx, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a server in a context that has ended: %v", err)
	}
}

func TestShutdownEndsServer(t *testing.T) {
	noLeaks(t)
	e := StartT(t, Options{})
	_, _ = e.Do(t.Context(), "SHUTDOWN", "NOSAVE")
	<-e.Done()
}

func TestStartErrors(t *testing.T) {
	noLeaks(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := t.TempDir()
	if err := os.MkdirAll(dir+"/appendonlydir", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/appendonlydir/appendonly.aof.manifest", []byte("nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		o    Options
		want string
		is   error
	}{
		{Options{Addr: l.Addr().String()}, "address already in use", syscall.EADDRINUSE},
		{Options{Addr: l.Addr().String(), Config: "io-model goroutine"}, "address already in use", syscall.EADDRINUSE},
		{Options{Config: "tls-port 1\ntls-cert-file /none"}, "TLS", nil},
		{Options{Addr: "nonsense"}, "missing port", nil},
		{Options{Addr: "127.0.0.1:99999"}, "port 99999", nil},
		{Options{Config: "maxmemory 1mb\nnosuch 1"}, "Config, line 2: 'nosuch 1': Bad directive", nil},
		{Options{Config: "logfile /tmp/x"}, "logfile is for the program", nil},
		{Options{Config: "appendonly yes\ndir " + dir}, "manifest", nil},
		{Options{Config: "rename-command nosuch x"}, "No such command", nil},
		{Options{Config: "aclfile " + dir + "/none"}, "none", os.ErrNotExist},
	} {
		e, err := Start(t.Context(), c.o)
		switch {
		case err == nil:
			t.Errorf("%+v: started", c.o)
			_ = e.Close()
		case !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is):
			t.Errorf("%+v: %v", c.o, err)
		}
	}
}

// TestContextEndsLoading: a long AOF does not hold up the end.
func TestContextEndsLoading(t *testing.T) {
	noLeaks(t)
	dir := t.TempDir()
	config := "appendonly yes\ndir " + dir
	e, err := Start(t.Context(), Options{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	e.want(t, "OK", "SET", "k", "v")
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(dir+"/appendonlydir/appendonly.aof.1.incr.aof", os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const records = 1_000_000
	if _, err := f.WriteString(strings.Repeat(string(appendCommand(nil, []any{"RPUSH", "l", "v"})), records)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	enough := errors.New("enough")
	// What the log tells last before the file is loaded, it tells within the call that loads.
	log := slog.New(onMessage{slog.DiscardHandler, "window is open", func(slog.Record) { cancel(enough) }})
	e, err = Start(ctx, Options{Config: config + "\nhttp-address 127.0.0.1:0", Logger: log})
	if err == nil {
		_ = e.Close()
		t.Fatal("it was loaded to its end")
	}
	if !errors.Is(err, enough) {
		t.Error(err)
	}
}

// onMessage is a log that calls a function when a message has a word.
type onMessage struct {
	slog.Handler
	word string
	call func(slog.Record)
}

func (o onMessage) Enabled(context.Context, slog.Level) bool { return true }

func (o onMessage) Handle(_ context.Context, r slog.Record) error {
	if strings.Contains(r.Message, o.word) {
		o.call(r)
	}
	return nil
}

// TestCloseUnderLoad closes the server while clients write, block, listen and wait for the
// disk.
func TestCloseUnderLoad(t *testing.T) {
	for _, model := range ioModels {
		t.Run(model, func(t *testing.T) {
			noLeaks(t)
			e, err := Start(t.Context(), Options{Config: "appendonly yes\nappendfsync always\nio-model " + model + "\ndir " + t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			var replies atomic.Int64
			for i := range 20 {
				c := dial(t, e)
				wg.Go(func() {
					defer c.Close()
					line := []any{"SET", fmt.Sprint("k", i), strings.Repeat("v", 5000)}
					switch i {
					case 0:
						line = []any{"BLPOP", "l", 0}
					case 1:
						line = []any{"SUBSCRIBE", "c"}
					case 2:
						line = []any{"KEYS", "*"}
					}
					buf := make([]byte, 64<<10)
					for {
						if _, err := c.Write(appendCommand(nil, line)); err != nil {
							return
						}
						if _, err := c.Read(buf); err != nil {
							return
						}
						replies.Add(1)
					}
				})
			}
			for end := time.Now().Add(deadline); replies.Load() < 2000; time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("%d replies within a minute", replies.Load())
				}
			}
			if err := e.Close(); err != nil {
				t.Error(err)
			}
			wg.Wait()
		})
	}
}

func TestEmbeddedKeepsData(t *testing.T) {
	noLeaks(t)
	o := Options{Config: "appendonly yes\nrequirepass secret\ndir " + t.TempDir()}
	for i := range 3 {
		e, err := Start(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		e.want(t, fmt.Sprint(i+1), "INCR", "starts")
		e.want(t, "[starts]", "KEYS", []byte("*"))
		e.want(t, "WRONGTYPE Operation against a key holding the wrong kind of value", "LPUSH", "starts", 1)
		e.want(t, "<nil>", "GET", "none")
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWindowIsClosed: so is whoever still has a connection to it.
func TestWindowIsClosed(t *testing.T) {
	noLeaks(t)
	at := ""
	log := slog.New(onMessage{slog.DiscardHandler, "window is open", func(r slog.Record) {
		r.Attrs(func(a slog.Attr) bool {
			at = a.Value.String()
			return false
		})
	}})
	e, err := Start(t.Context(), Options{Config: "http-address 127.0.0.1:0", Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	r, err := (&http.Client{Transport: tr}).Get(at + "api/state")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil || r.StatusCode != http.StatusOK {
		t.Error(r.StatusCode, err)
	}
	r.Body.Close()
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

func TestDoGivesUp(t *testing.T) {
	e := StartT(t, Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := e.Do(ctx, "BLPOP", "none", 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	e.want(t, "PONG", "PING")
}

// TestDoWaitsForItsTurn: a call waits for another one only as long as its own context says,
// and one without arguments is refused.
func TestDoWaitsForItsTurn(t *testing.T) {
	e := StartT(t, Options{})
	blocked := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, err := e.Do(ctx, "BLPOP", "none", 0)
		blocked <- err
	}()
	for c := dial(t, e); ; runtime.Gosched() {
		c.send("INFO", "clients")
		if strings.Contains(c.reply(), "blocked_clients:1") {
			break
		}
	}
	mine, cancelMine := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancelMine()
	if _, err := e.Do(mine, "PING"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a call behind one that blocks: %v", err)
	}
	if _, err := e.Do(t.Context()); err == nil {
		t.Error("a call of no command is taken")
	}
	cancel()
	if err := <-blocked; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	e.want(t, "PONG", "PING")
}

// TestDoAfterLateCancel: a context that ends just when the reply has come does not harm the
// next call.
func TestDoAfterLateCancel(t *testing.T) {
	e := StartT(t, Options{})
	for i := range 3000 {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for range i % 50 {
				runtime.Gosched()
			}
			cancel()
		}()
		if _, err := e.Do(ctx, "PING"); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("call %d: %v", i, err)
		}
		if v, err := e.Do(t.Context(), "ECHO", i); err != nil || v != strconv.Itoa(i) {
			t.Fatalf("the call after call %d: %v, %v", i, v, err)
		}
		cancel()
	}
}

// oomScore returns the process's OOM score, where the system has one.
func oomScore() (string, error) {
	b, err := os.ReadFile("/proc/self/oom_score_adj")
	return string(b), err
}

// TestProcessIsLeftAlone: importing and running a server registers nothing with others.
func TestProcessIsLeftAlone(t *testing.T) {
	e := StartT(t, Options{Config: "enable-protected-configs yes"})
	before, err := oomScore()
	e.want(t, "OK", "CONFIG", "SET", "oom-score-adj", "absolute", "oom-score-adj-values", "500 500 500")
	if now, _ := oomScore(); err == nil && now != before {
		t.Errorf("the OOM score of the process is %s, it was %s", now, before)
	}
	wd, _ := os.Getwd()
	e.want(t, "OK", "CONFIG", "SET", "dir", t.TempDir())
	if now, _ := os.Getwd(); now != wd {
		t.Errorf("the working directory is %s now", now)
	}
	r, err := http.NewRequest("GET", "http://x/debug/pprof/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, pattern := http.DefaultServeMux.Handler(r); pattern != "" {
		t.Errorf("http.DefaultServeMux has got %s", pattern)
	}
}

// BenchmarkStart measures from Start to the first reply.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		e, err := Start(b.Context(), Options{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := e.Do(b.Context(), "PING"); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		_ = e.Close()
		b.StartTimer()
	}
}

// TestSnapshotsAreAskedFor: a server keeps a snapshot only if Config says so, and loads none
// that lies around.
func TestSnapshotsAreAskedFor(t *testing.T) {
	dir := t.TempDir()
	for i, config := range []string{"", "save 3600 1\n", "", "dbfilename dump.rdb\nsave 3600 1\n"} {
		e, err := Start(t.Context(), Options{Config: "dir " + dir + "\n" + config})
		if err != nil {
			t.Fatal(err)
		}
		there, err := e.Do(t.Context(), "EXISTS", "a")
		if err != nil {
			t.Fatal(err)
		}
		if want := int64(i / 3); there != want { // the last one finds what the second has saved
			t.Errorf("server %d: the key exists: %v, want %d", i, there, want)
		}
		if _, err := e.Do(t.Context(), "SET", "a", "1"); err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		_, err = os.Stat(filepath.Join(dir, "dump.rdb"))
		if saved := err == nil; saved != (i > 0) {
			t.Errorf("server %d: there is a snapshot: %v", i, saved)
		}
	}
}
