package persistence

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/kringdb/kring/internal/raceflag"
)

// besideFS returns what a kill -9 leaves while a sync stands still: an increment, another one that a cut
// has begun, and a side file with what both lack, in many chunks. The model has all of it.
func besideFS(t *testing.T, o *owner) (*memFS, *model) {
	t.Helper()
	f := newMemFS()
	m := startWithSide(t, f, o)
	stands, let := f.stand("write")
	defer let()
	go func() {
		m.do(0, []string{"SET", "stuck", "x"})
		m.a.Write()
	}()
	<-stands
	for i := range 50 {
		m.written(t, []string{"APPEND", fmt.Sprint("k", i%7), strings.Repeat("v", i)})
	}
	second, _, err := m.a.begin(true) // a rewrite's cut, without its rewrite
	if err != nil {
		t.Fatal(err)
	}
	m.log.At(func(pos uint64) { m.a.stream.cut(second, pos) })
	for range 50 {
		m.written(t, []string{"APPEND", "across", "y"})
	}
	return f.killed(), m
}

// TestSideStartIsKilled ends a start at each of its operations on files: the next one finds everything, too.
// A start syncs an increment once, however many chunks the side file has for it.
func TestSideStartIsKilled(t *testing.T) {
	o := newOwner(FsyncEverySecond)
	left, m := besideFS(t, o)
	for op := 1; ; op++ {
		f := left.killed()
		syncs := 0
		f.setFail(func(op, _ string) error {
			if op == "sync" {
				syncs++
			}
			return nil
		})
		f.deadAt = op
		_, err := load(f, o)
		if err == nil {
			if f.ops >= op {
				t.Fatal("a failure of the file system was passed over")
			}
			if syncs != 2 {
				t.Errorf("%d syncs for two increments", syncs)
			}
			return
		}
		if !errors.Is(err, errDead) {
			t.Fatal(err)
		}
		m.reloads(t, f.killed(), o)
	}
}

// TestSideStartWithoutRoom has no room for what is put back: the start says so, and one with room
// finds everything.
func TestSideStartWithoutRoom(t *testing.T) {
	o := newOwner(FsyncEverySecond)
	f, m := besideFS(t, o)
	f.room = 100
	if _, err := load(f, o); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	f.room = -1
	m.reloads(t, f, o)
}

// TestSideAndAnotherServer has another program go on with an increment whose end is in the side file
// only: nothing is put behind, or into, what that has written.
func TestSideAndAnotherServer(t *testing.T) {
	o := newOwner(FsyncEverySecond)
	for _, value := range []string{"x", strings.Repeat("x", 700), strings.Repeat("x", 1<<20)} {
		left, m := besideFS(t, o)
		first := m.a.path(part{"appendonly.aof.1.incr.aof", 1})
		left.write(first, append(left.names[first].data, encode("SET", "theirs", value)...))
		got, err := load(left, o)
		if err != nil {
			t.Fatal(err)
		}
		if got.data["0/theirs"] != value || got.data["0/first"] != "1" {
			t.Fatal(clip(got.data))
		}
		if there, _ := exists(left, m.a.sidePath()); there {
			t.Error("the side file is still there")
		}
	}
}

// TestSideOfBrokenAOF fails the increment while the side file alone has what was acknowledged: it is kept
// until a rewrite has healed the AOF.
func TestSideOfBrokenAOF(t *testing.T) {
	f, o := newMemFS(), newOwner(FsyncEverySecond)
	m := startWithSide(t, f, o)
	stands, let := f.stand("write")
	go func() {
		m.do(0, []string{"SET", "stuck", "x"})
		m.a.Write()
	}()
	<-stands
	m.written(t, []string{"SET", "large", strings.Repeat("x", 2*sideTrimBytes)})
	f.setFail(func(op, path string) error {
		if op == "write" && strings.Contains(path, ".incr.") {
			return syscall.ENOSPC
		}
		return nil
	})
	let()
	if err := m.a.Flush(); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	m.a.writer.openSide() // as the writer's goroutine does after a round: it has nothing to do
	m.reloads(t, f.killed(), o)
	_ = m.a.Close()
	m.reloads(t, f.killed(), o)
}

// TestSideWithoutManifest finds a side file whose AOF somebody has deleted: it says nothing about
// the next one.
func TestSideWithoutManifest(t *testing.T) {
	o := newOwner(FsyncEverySecond)
	f, m := besideFS(t, o)
	delete(f.names, m.a.manifestPath())
	if _, err := load(f, o); err != nil {
		t.Fatal(err)
	}
	if there, _ := exists(f, m.a.sidePath()); there {
		t.Error("the side file is still there")
	}
}

// TestCheckSide has a report say what waits in a side file, and count it.
func TestCheckSide(t *testing.T) {
	f, m := besideFS(t, newOwner(FsyncEverySecond))
	dir := t.TempDir()
	for path, n := range f.names {
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), n.data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	first := filepath.Join(dir, "appendonly.aof.1.incr.aof")
	info, err := os.Stat(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(first, info.Size()-1); err == nil { // as a write that was cut off: back to front, it is a hole
		side, err := CheckSide(dir)
		if err != nil || len(side.order) != 0 || !strings.Contains(side.String(), "lack none") {
			t.Fatalf("%v %v", side, err)
		}
	}
	if err := os.WriteFile(first, f.names[m.a.path(part{"appendonly.aof.1.incr.aof", 1})].data, 0o600); err != nil {
		t.Fatal(err)
	}
	reports, err := CheckAOF(dir)
	if err != nil || len(reports) != 2 {
		t.Fatal(reports, err)
	}
	if n := reports[0].Commands["append"] + reports[1].Commands["append"]; n < 51 {
		t.Errorf("%d APPEND", n)
	}
	side, err := CheckSide(filepath.Join(dir, "appendonly.aof.manifest"))
	if err != nil || len(side.order) != 2 || !strings.Contains(side.String(), "bytes are missing in "+first) {
		t.Fatalf("%v %v", side, err)
	}
	theirs := append(f.names[m.a.path(part{"appendonly.aof.1.incr.aof", 1})].data, encode("SET", "theirs", "x")...)
	if err := os.WriteFile(first, theirs, 0o600); err != nil {
		t.Fatal(err)
	}
	// Another server has gone on there: kring-server puts nothing back.
	if side, err := CheckSide(dir); err != nil || len(side.order) != 0 || side.Chunks == 0 {
		t.Fatalf("%v %v", side, err)
	}
}

// nowhere is a file that takes everything.
type nowhere struct{}

func (nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (nowhere) Sync() error                 { return nil }
func (nowhere) Truncate(int64) error        { return nil }
func (nowhere) Close() error                { return nil }

// TestSideAllocatesNothing holds the hot path's promise for what is written beside a sync.
func TestSideAllocatesNothing(t *testing.T) {
	if raceflag.Enabled {
		t.Skip("the race detector allocates")
	}
	s := side{file: nowhere{}, to: &target{part: part{"appendonly.aof.1.incr.aof", 1}}}
	seg := segment{buf: encode("SET", "k", "v")}
	if n := testing.AllocsPerRun(100, func() { _ = s.put(seg) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
