package persistence

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestRecordsAreLoaded(t *testing.T) {
	for _, policy := range []Policy{FsyncAlways, FsyncEverySecond, FsyncNo} {
		for _, stamps := range []bool{false, true} {
			f, o := newMemFS(), newOwner(policy)
			o.stamps.Store(stamps)
			m := start(t, f, o)
			for i := range 3000 {
				m.do(i%3, []string{"APPEND", fmt.Sprint("k", i%50), fmt.Sprint(i, ",")})
				if i%10 == 0 {
					m.do(i%2, []string{"SET", "a", fmt.Sprint(i)}, []string{"DEL", "b"}, []string{"SET", "c", strings.Repeat("v", i)})
				}
			}
			if err := m.a.Close(); err != nil {
				t.Fatal(err)
			}
			f.powerLoss()
			again := start(t, f, o)
			same(t, again.data, m.data)
			again.do(1, []string{"SET", "x", "y"})
			if err := again.a.Close(); err != nil {
				t.Fatal(err)
			}
			again.reloads(t, f, o)
			if (o.synced.Load() > 0) != (policy == FsyncAlways) {
				t.Errorf("policy %d: Took told of %d syncs under always", policy, o.synced.Load())
			}
		}
	}
}

func TestManyAppenders(t *testing.T) {
	f, o := newMemFS(), newOwner(FsyncAlways)
	m := start(t, f, o)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 200 {
				if err := m.await(o, m.do(0, []string{"APPEND", "k", fmt.Sprint(w, ".", i, " ")})); err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	wg.Wait()
	f.powerLoss() // everything was acknowledged
	m.reloads(t, f, o)
	if err := m.a.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestEverySecondSyncsTheTail(t *testing.T) {
	f, o := newMemFS(), newOwner(FsyncEverySecond)
	m := start(t, f, o)
	lsn := m.do(0, []string{"SET", "a", "1"})
	begin := time.Now()
	for m.a.Durable() < lsn {
		if time.Since(begin) > time.Minute {
			t.Fatal("a tail that nothing follows is not synced")
		}
		time.Sleep(5 * time.Millisecond)
	}
	f.powerLoss()
	m.reloads(t, f, o)
	_ = m.a.Close()
}

func TestRewriteKeepsEverything(t *testing.T) {
	f, o := newMemFS(), newOwner(FsyncAlways)
	m := start(t, f, o)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					lsn := m.do(w%2, []string{"APPEND", fmt.Sprint("k", i%100), fmt.Sprint(w)})
					if i%20 == 0 {
						if err := m.await(o, lsn); err != nil {
							t.Error(err)
							return
						}
					}
				}
			}
		}()
	}
	for range 10 {
		time.Sleep(2 * time.Millisecond)
		if err := m.a.Rewrite(&source{m: m, step: func(int) { time.Sleep(100 * time.Microsecond) }}, nil); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	wg.Wait()
	if err := m.a.Close(); err != nil {
		t.Fatal(err)
	}
	f.powerLoss()
	m.reloads(t, f, o)
	if n := len(f.names); n != 3 {
		t.Errorf("%d files: %v", n, f.names)
	}
}

func TestStoppedRewriteChangesNothing(t *testing.T) {
	f, o := newMemFS(), newOwner(FsyncAlways)
	m := start(t, f, o)
	for i := range 100 {
		m.do(0, []string{"SET", fmt.Sprint("k", i), "v"})
	}
	stop := make(chan struct{})
	err := m.a.Rewrite(&source{m: m, step: func(n int) {
		m.do(0, []string{"APPEND", "k1", "+"})
		if n == 2 {
			close(stop)
		}
	}}, stop)
	if !errors.Is(err, errStopped) {
		t.Fatal(err)
	}
	m.do(0, []string{"APPEND", "k2", "+"})
	if err := m.a.Close(); err != nil {
		t.Fatal(err)
	}
	m.reloads(t, f, o)
}

// TestNoHoleBetweenFiles: when the power goes, a later file may have reached the disk
// although nobody synced it; the one before it must be whole.
func TestNoHoleBetweenFiles(t *testing.T) {
	f, o := newMemFS(), newOwner(FsyncNo)
	m := start(t, f, o)
	m.do(0, []string{"SET", "a", "1"})
	stop := make(chan struct{})
	close(stop)
	if err := m.a.Rewrite(&source{m: m}, stop); !errors.Is(err, errStopped) {
		t.Fatal(err)
	}
	m.do(0, []string{"APPEND", "a", "2"})
	second := filepath.Join(testDir, "appendonly.aof.2.incr.aof")
	for n, _ := f.Size(second); n == 0; n, _ = f.Size(second) {
		time.Sleep(time.Millisecond)
	}
	f.mu.Lock()
	f.names[second].synced = f.names[second].data
	f.mu.Unlock()
	f.powerLoss()
	m.reloads(t, f, o)
	_ = m.a.Close()
}

// TestPowerLossAnywhere lets the machine die at every operation of a run with rewrites.
// What was acknowledged must be there, in the order in which it was written.
func TestPowerLossAnywhere(t *testing.T) {
	for deadAt := 1; ; deadAt++ {
		f, o := newMemFS(), newOwner(FsyncAlways)
		f.deadAt = deadAt
		acked, after, finished := liveAndDie(t, f, o)
		f.powerLoss()
		m, err := load(f, newOwner(FsyncAlways))
		if err != nil {
			t.Fatalf("dead at %d: %v", deadAt, err)
		}
		if !maps.Equal(m.data, acked) && (after == nil || !maps.Equal(m.data, after)) {
			t.Fatalf("dead at %d: loaded %v\nacknowledged %v\nor %v", deadAt, clip(m.data), clip(acked), clip(after))
		}
		if finished {
			if deadAt < 40 {
				t.Fatalf("only %d operations", deadAt)
			}
			return
		}
	}
}

// liveAndDie writes, one acknowledged unit after the other, with two rewrites between
// them. It returns the data after the last acknowledged one, and after the one that was
// under way.
func liveAndDie(t *testing.T, f *memFS, o *owner) (acked, after map[string]string, finished bool) {
	m, err := load(f, o)
	if err != nil {
		return map[string]string{}, nil, false
	}
	if err := m.a.Start(); err != nil {
		return map[string]string{}, nil, false
	}
	defer func() { _ = m.a.Close() }()
	acked = map[string]string{}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 24 {
		k := fmt.Sprint("k", rng.IntN(5))
		cmds := [][]string{{"APPEND", k, fmt.Sprint(i, " ")}}
		if i%3 == 0 {
			cmds = append(cmds, []string{"SET", "last", fmt.Sprint(i)})
		}
		lsn := m.do(i%2, cmds...)
		after = maps.Clone(m.data)
		if m.await(o, lsn) != nil {
			return acked, after, false
		}
		acked = after
		if i%8 == 4 {
			if m.a.Rewrite(&source{m: m}, nil) != nil {
				return acked, nil, false
			}
		}
	}
	return acked, nil, true
}

// TestFaults lets single operations fail: writes must be refused, nothing acknowledged
// lost, and a rewrite must heal it.
func TestFaults(t *testing.T) {
	for _, policy := range []Policy{FsyncAlways, FsyncEverySecond} {
		for _, op := range []string{"write", "sync"} {
			t.Run(fmt.Sprint(policy, op), func(t *testing.T) { testFault(t, policy, op) })
		}
	}
}

func testFault(t *testing.T, policy Policy, op string) {
	t.Parallel() // everysec takes its time
	f, o := newMemFS(), newOwner(policy)
	m := start(t, f, o)
	if err := m.await(o, m.do(0, []string{"SET", "safe", "1"})); err != nil {
		t.Fatal(err)
	}
	broken := true
	f.setFail(func(what, path string) error {
		if broken && what == op {
			return &fs.PathError{Op: what, Path: path, Err: syscall.EIO}
		}
		return nil
	})
	if err := m.await(o, m.do(0, []string{"SET", "lost", "1"})); !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); o.failed.Load() == 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	if o.failed.Load() == 0 || m.a.State() != Broken || Reason(m.a.Failure()) != "Input/output error" {
		t.Fatal(o.failed.Load(), m.a.State(), m.a.Failure())
	}
	if err := m.a.Rewrite(&source{m: m}, nil); err == nil {
		t.Fatal("a rewrite without a disk")
	}
	if m.a.WantsRewrite(time.Now(), 0, 0) || !m.a.WantsRewrite(time.Now().Add(retryMost), 0, 0) {
		t.Error("the retry is not put off")
	}
	again, err := load(f, newOwner(policy))
	if err != nil {
		t.Fatal(err)
	}
	if again.data["0/safe"] != "1" {
		t.Fatal(again.data)
	}
	f.setFail(nil)
	if err := m.await(o, m.do(0, []string{"SET", "later", "1"})); !errors.Is(err, syscall.EIO) {
		t.Fatalf("healed without a rewrite: %v", err)
	}
	if err := m.a.Rewrite(&source{m: m}, nil); err != nil {
		t.Fatal(err)
	}
	if err := m.await(o, m.do(0, []string{"SET", "healed", "1"})); err != nil {
		t.Fatal(err)
	}
	f.powerLoss()
	if again, err = load(f, newOwner(policy)); err != nil {
		t.Fatal(err)
	}
	same(t, again.data, m.data)
	_ = m.a.Close()
}

// TestFullDisk fills the disk: whole records stay in the file, and when there is room
// again a rewrite heals it.
func TestFullDisk(t *testing.T) {
	for room := range 120 {
		f, o := newMemFS(), newOwner(FsyncAlways)
		m := start(t, f, o)
		f.mu.Lock()
		f.room = room
		f.mu.Unlock()
		acked := map[string]string{}
		for i := range 10 {
			lsn := m.do(0, []string{"APPEND", "k", fmt.Sprint(i)})
			if err := m.await(o, lsn); err != nil {
				if !errors.Is(err, syscall.ENOSPC) {
					t.Fatal(err)
				}
				break
			}
			acked = maps.Clone(m.data)
		}
		strict := newOwner(FsyncAlways)
		strict.refuse.Store(true)
		again, err := load(f, strict) // the tail was cut off already
		if err != nil {
			t.Fatal(room, err)
		}
		same(t, again.data, acked)
		if err := m.a.Rewrite(&source{m: m}, nil); err == nil {
			t.Fatal("a rewrite on a full disk")
		}
		f.mu.Lock()
		f.room = -1
		f.mu.Unlock()
		if err := m.a.Rewrite(&source{m: m}, nil); err != nil {
			t.Fatal(err)
		}
		if err := m.await(o, m.do(0, []string{"SET", "x", "1"})); err != nil {
			t.Fatal(err)
		}
		f.powerLoss()
		if again, err = load(f, strict); err != nil {
			t.Fatal(err)
		}
		same(t, again.data, m.data)
		_ = m.a.Close()
		if n := len(f.names); n != 3 {
			t.Errorf("%d files are left: %v", n, f.names)
		}
	}
}

// TestFaultsInRewrite fails every single operation of a rewrite in turn: the data is as
// good as before, and the next rewrite succeeds.
func TestFaultsInRewrite(t *testing.T) {
	for nth := 0; ; nth++ {
		f, o := newMemFS(), newOwner(FsyncAlways)
		m := start(t, f, o)
		for i := range 30 {
			m.do(0, []string{"SET", fmt.Sprint("k", i), "v"})
		}
		if err := m.await(o, m.log.End()); err != nil {
			t.Fatal(err)
		}
		n := 0
		f.setFail(func(op, path string) error {
			if n++; n-1 == nth {
				return &fs.PathError{Op: op, Path: path, Err: syscall.EIO}
			}
			return nil
		})
		err := m.a.Rewrite(&source{m: m, step: func(int) { m.do(0, []string{"APPEND", "k1", "+"}) }}, nil)
		_ = m.await(o, m.log.End())
		f.setFail(nil)
		if m.a.State() == Broken || err != nil {
			if err := m.a.Rewrite(&source{m: m}, nil); err != nil {
				t.Fatal(nth, err)
			}
		}
		if err := m.await(o, m.do(0, []string{"SET", "x", "1"})); err != nil {
			t.Fatal(nth, err)
		}
		f.powerLoss()
		again, lerr := load(f, newOwner(FsyncAlways))
		if lerr != nil {
			t.Fatal(nth, lerr)
		}
		same(t, again.data, m.data)
		_ = m.a.Close()
		if n <= nth { // nothing failed
			if nth < 15 {
				t.Fatalf("only %d operations", nth)
			}
			return
		}
	}
}

// TestSwitchedOn begins to record data that is there already.
func TestSwitchedOn(t *testing.T) {
	f, o := newMemFS(), newOwner(FsyncAlways)
	f.write(filepath.Join(testDir, "appendonly.aof.7.incr.aof"), encode("SET", "stale", "1"))
	f.write(filepath.Join(testDir, "appendonly.aof.manifest"), []byte("file appendonly.aof.7.incr.aof seq 7 type i\n"))
	m := newModel()
	m.do(0, []string{"SET", "a", "1"})
	a, err := openAOF(f, o, m)
	if err != nil {
		t.Fatal(err)
	}
	a.StartFresh()
	src := &source{m: m, step: func(n int) {
		if n == 0 {
			m.a = a
			m.do(0, []string{"SET", "b", "1"})
		}
	}}
	if old, err := load(f, o); err != nil || old.data["0/stale"] != "1" {
		t.Error("the old data is gone before the new is complete", err)
	}
	if err := a.Rewrite(src, nil); err != nil {
		t.Fatal(err)
	}
	if err := m.await(o, m.do(0, []string{"SET", "c", "1"})); err != nil {
		t.Fatal(err)
	}
	f.powerLoss()
	m.reloads(t, f, o)
	_ = a.Close()
	if _, err := f.Size(filepath.Join(testDir, "appendonly.aof.7.incr.aof")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the old file is still there", err)
	}
}

func TestUpgradeFromOneFile(t *testing.T) {
	for deadAt := 0; deadAt < 12; deadAt++ {
		f, o := newMemFS(), newOwner(FsyncAlways)
		f.write("/data/appendonly.aof", append(encode("SELECT", "0"), encode("SET", "a", "1")...))
		f.deadAt = deadAt
		if m, err := load(f, o); err == nil && m.a.Start() == nil {
			m.do(0, []string{"SET", "b", "1"})
			_ = m.a.Close()
		}
		f.powerLoss()
		m, err := load(f, o)
		if err != nil {
			t.Fatal(deadAt, err)
		}
		if m.data["0/a"] != "1" || deadAt == 0 && m.data["0/b"] != "1" {
			t.Fatal(deadAt, m.data)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	f, o := newMemFS(), newOwner(FsyncNo)
	m, err := load(f, o)
	if err != nil {
		b.Fatal(err)
	}
	f.setFail(nil)
	if err := m.a.Start(); err != nil {
		b.Fatal(err)
	}
	rec := encode("SET", "key:000000012345", strings.Repeat("x", 64))
	b.SetBytes(int64(len(rec)))
	for b.Loop() {
		m.log.Append(0, 0, rec, false)
		if m.a.Pending() > MaxPendingBytes {
			b.StopTimer()
			_ = m.a.Flush()
			for _, n := range f.names {
				n.data, n.synced = nil, nil
			}
			b.StartTimer()
		}
	}
	_ = m.a.Close()
}

// TestQuickSyncs: under always, who has appended alone syncs by himself after a while, when syncs are quick: Write
// returns when that is done. Somebody else does not wait for him, and from then on the writer's
// goroutine syncs for all. What was acknowledged survives a loss of power.
func TestQuickSyncs(t *testing.T) {
	f, o := newMemFS(), newOwner(FsyncAlways)
	m := start(t, f, o)
	w := &m.a.writer
	alone := func() { // until Write is to be called
		for i, end := 0, time.Now().Add(2*time.Minute); !m.a.Quick(); i++ {
			if err := m.await(o, m.do(0, []string{"SET", "n", fmt.Sprint(i)})); err != nil {
				t.Fatal(err)
			}
			if time.Now().After(end) {
				t.Fatal("syncs in memory are not quick")
			}
		}
	}
	for last := false; !last; {
		alone()
		stands, let := f.stand("sync")
		first := m.do(0, []string{"APPEND", "a", "x"})
		done := make(chan bool)
		go func() { done <- m.a.Write() }()
		<-stands
		w.mu.Lock()
		last = !w.slowly // else the writer's goroutine was at it, which looks around now and then
		w.mu.Unlock()
		second := m.do(0, []string{"APPEND", "a", "y"})
		if m.a.Write() || m.a.Durable() >= first {
			t.Error("what is not synced is called durable")
		}
		let()
		if wrote := <-done; last && (!wrote || m.a.Durable() < first) {
			t.Errorf("Write is back, %t, and %d is durable, not %d", wrote, m.a.Durable(), first)
		}
		if last && m.a.Quick() {
			t.Error("two of them go on taking turns")
		}
		if err := m.await(o, second); err != nil {
			t.Fatal(err)
		}
	}
	alone()
	f.powerLoss()
	m.reloads(t, f, o)
}
