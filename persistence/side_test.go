package persistence

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// stand lets writes and syncs of increments stand still. It returns what one of them is told by
// that does, and what ends that.
func (m *memFS) stand(ops string) (stands <-chan struct{}, let func()) {
	c, some := make(chan struct{}), make(chan struct{}, 1)
	m.before.Store(new(func(op, path string) {
		if strings.Contains(ops, op) && strings.Contains(path, ".incr.") {
			ring(some)
			<-c
		}
	}))
	return some, func() {
		m.before.Store(nil)
		close(c)
	}
}

// startWithSide is start, with a second's sync just done and a side file.
func startWithSide(t *testing.T, f FS, o *owner) *model {
	t.Helper()
	m := start(t, f, o)
	if err := m.await(o, m.do(0, []string{"SET", "first", "1"})); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); !m.a.writer.side.ready.Load(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("there is no side file")
		}
	}
	return m
}

// written appends as a reactor does, and fails if that has to wait.
func (m *model) written(t *testing.T, cmds ...[]string) {
	t.Helper()
	lsn := m.do(0, cmds...)
	for end := time.Now().Add(time.Minute); m.a.Wrote() < lsn; m.a.Kick() {
		if time.Now().After(end) {
			t.Fatal("what was appended waits for the disk")
		}
		if !m.a.Write() {
			time.Sleep(time.Millisecond)
		}
	}
}

// TestNobodyWaitsForTheDisk appends while the file is being synced, while a write to it does not
// come back, and across a rewrite's cut meanwhile: what was appended counts as written, and a process that is
// killed then leaves all of it.
func TestNobodyWaitsForTheDisk(t *testing.T) {
	for _, ops := range []string{"sync", "write", "write sync"} {
		t.Run(ops, func(t *testing.T) {
			f, o := newMemFS(), newOwner(FsyncEverySecond)
			m := startWithSide(t, f, o)
			stands, let := f.stand(ops)
			go func() { // as a reactor that finds the file free
				m.do(0, []string{"SET", "stuck", "x"})
				m.a.Write()
			}()
			<-stands
			for i := range 100 {
				m.written(t, []string{"APPEND", fmt.Sprint("k", i%7), strings.Repeat("v", i)}, []string{"SET", "n", fmt.Sprint(i)})
			}
			m.written(t, []string{"SET", "large", strings.Repeat("x", 3*chunkBytes)})
			m.reloads(t, f.killed(), o)
			rewritten := make(chan error, 1)
			if !strings.Contains(ops, "sync") { // else the new increment cannot be made
				go func() { rewritten <- m.a.Rewrite(&source{m: m}, nil) }()
				for i := range 100 {
					m.written(t, []string{"APPEND", "across", fmt.Sprint(i)})
					time.Sleep(100 * time.Microsecond)
				}
				m.reloads(t, f.killed(), o)
			} else {
				rewritten <- nil
			}
			let()
			if err := <-rewritten; err != nil {
				t.Fatal(err)
			}
			m.written(t, []string{"SET", "last", "1"})
			if err := m.a.Flush(); err != nil {
				t.Fatal(err)
			}
			m.reloads(t, f.killed(), o) // the side file says nothing that is not so any more
			f.powerLoss()
			m.reloads(t, f, o)
		})
	}
}

// TestSideBehindAHole lets a loss of power take the end of an increment, but not the side file, which goes
// on behind that end: nothing of it is put back, nor of what follows it in the next increment.
func TestSideBehindAHole(t *testing.T) {
	f, o := newMemFS(), newOwner(FsyncEverySecond)
	m := startWithSide(t, f, o)
	want := m.data
	m.data = map[string]string{"0/first": "1"}
	s := side{a: m.a}
	s.file, _ = f.Create(m.a.sidePath())
	a, b := &target{part: m.a.mu.m.incr[0]}, &target{part: part{"appendonly.aof.2.incr.aof", 2}}
	size, _ := f.Size(m.a.path(a.part))
	second := m.a.mu.m.clone()
	second.incr = append(second.incr, b.part)
	if err := m.a.save(second); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Create(m.a.path(b.part)); err != nil {
		t.Fatal(err)
	}
	for _, at := range []int64{size + 1, size} {
		s.to, s.at = a, at
		_ = s.file.Truncate(0)
		for _, seg := range []segment{{buf: encode("SET", "second", "2")}, {to: b}, {buf: encode("SET", "third", "3")}} {
			if err := s.put(seg); err != nil {
				t.Fatal(err)
			}
		}
		if at == size {
			want["0/second"], want["0/third"] = "2", "3"
		}
		again, err := load(f.killed(), o)
		if err != nil {
			t.Fatal(err)
		}
		same(t, again.data, want)
	}
}

// TestSideHasAllThatIsBehind takes records for the file after others, or nothing, were put beside; then
// the write does not come back, and what follows is put beside: so must be what was taken for the file,
// which counts as written from then on.
func TestSideHasAllThatIsBehind(t *testing.T) {
	for name, take := range map[string]func(m *model, w *writer){
		"by who has appended, after nothing": func(m *model, w *writer) {
			w.putBeside()
			m.do(0, []string{"SET", "taken", "1"})
			w.tryLocked(nobody)
		},
		"by the goroutine, behind others": func(m *model, w *writer) {
			m.do(0, []string{"SET", "beside", "1"})
			w.putBeside()
			m.do(0, []string{"SET", "taken", "1"})
			w.takeLocked(false)
			w.drain(false, false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, o := newMemFS(), newOwner(FsyncEverySecond)
			m := startWithSide(t, f, o)
			stands, let := f.stand("write")
			defer let()
			go func() {
				w := &m.a.writer
				w.mu.Lock()
				take(m, w)
				w.mu.Unlock()
			}()
			<-stands
			m.written(t, []string{"SET", "after", "1"})
			m.reloads(t, f.killed(), o)
		})
	}
}
