package persistence

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// fate has a writer do what its goroutine and reactors have it do, one step after the other, in an order
// that is drawn by lot, also while a write to the increment is under way. After each step, and in the middle of
// each write, it may look at what a process would find that is started after a kill -9.
type fate struct {
	t   *testing.T
	rnd *rand.Rand
	f   *memFS
	o   *owner
	m   *model
	w   *writer

	ends    []uint64            // the position behind each unit
	states  []map[string]string // what the data were after so many units
	told    int                 // so many units have counted as written while the AOF was whole
	within  bool                // a write to the increment
	slowly  bool                // and it is the goroutine's
	log     []string
	rewrite chan error // nil: none runs

	failing [3]atomic.Int32 // so many writes to the increment, to the side file, syncs of the increment fail
	let     chan struct{}   // ends the sync in the background
}

func newFate(t *testing.T, seed uint64) *fate {
	l := &fate{t: t, rnd: rand.New(rand.NewPCG(seed, 1)), f: newMemFS(), o: newOwner(FsyncEverySecond), let: make(chan struct{})}
	var err error
	if l.m, err = load(l.f, l.o); err != nil {
		t.Fatal(err)
	}
	a := l.m.a
	file, err := a.lastIncrement()
	if err != nil {
		t.Fatal(err)
	}
	a.mu.current = file
	close(file.open)
	l.w = &a.writer
	l.w.file, l.w.to = file.file, file
	a.stream.log.At(func(pos uint64) { a.stream.subscribe(pos) })
	a.state.Store(int32(On))
	l.w.ready(a)
	l.w.begun = time.Now().Add(-time.Hour) // so that a write can be made to look old
	l.states = []map[string]string{maps.Clone(l.m.data)}
	l.f.fail = l.fails
	l.f.before.Store(new(l.before))
	go func() {
		for o := range l.w.sync.work {
			select {
			case <-l.let:
			case <-time.After(2 * time.Millisecond): // somebody may wait for it
			}
			l.w.obey(o)
		}
	}()
	t.Cleanup(func() { close(l.w.sync.work) })
	return l
}

// fails makes writes and syncs fail.
func (l *fate) fails(op, path string) error {
	var n *atomic.Int32
	switch {
	case op == "write" && strings.Contains(path, ".incr."):
		n = &l.failing[0]
	case op == "write" && strings.HasSuffix(path, sideEnding):
		n = &l.failing[1]
	case op == "sync" && strings.Contains(path, ".incr."):
		n = &l.failing[2]
	default:
		return nil
	}
	if n.Load() > 0 && n.Add(-1) >= 0 {
		return errors.New("the disk is bad")
	}
	return nil
}

// before has steps come while a write to the increment is under way, which only this goroutine makes.
func (l *fate) before(op, path string) {
	if op != "write" || !strings.Contains(path, ".incr.") || l.within {
		return
	}
	l.within = true
	for range l.rnd.IntN(6) {
		if l.rnd.IntN(3) == 0 {
			l.w.writing.Store(1) // for an hour
		}
		l.step()
	}
	l.within = false
}

func (l *fate) note(what string) {
	if l.within {
		what = "<" + what + ">"
	}
	l.log = append(l.log, what)
}

// append records a unit.
func (l *fate) append() {
	n := len(l.ends) + 1
	text := strings.Repeat(fmt.Sprint(n, ","), 1+l.rnd.IntN(4))
	if l.rnd.IntN(40) == 0 {
		text = strings.Repeat("x", 3*chunkBytes)
	}
	l.ends = append(l.ends, l.m.do(l.rnd.IntN(2), []string{"SET", "n", strconv.Itoa(n)}, []string{"APPEND", fmt.Sprint("k", n%5), text}))
	l.states = append(l.states, maps.Clone(l.m.data))
}

// step is one of what may come next.
func (l *fate) step() {
	w := l.w
	mine := !l.within || !l.slowly // the goroutine is not in the write
	switch k := l.rnd.IntN(20); {
	case k < 7:
		l.note("append")
		l.append()
	case k < 11:
		l.note("write")
		was := l.slowly
		l.slowly = l.within && l.slowly
		l.m.a.Write()
		l.slowly = was
	case k < 14 && mine:
		l.note("round")
		was := l.slowly
		l.slowly = l.slowly || !l.within
		w.round(!l.within && l.rnd.IntN(8) == 0)
		l.slowly = was
	case k == 14 && mine:
		l.note("side")
		if l.rnd.IntN(4) == 0 {
			w.mu.Lock()
			w.side.again = time.Time{}
			w.mu.Unlock()
		}
		w.openSide()
	case k == 15:
		l.note("slow")
		w.slowUntil.Store(int64(l.rnd.IntN(2)) * int64(time.Hour*9))
	case k == 16 && !l.within:
		l.note("sync")
		w.mu.Lock()
		w.lastSync = time.Time{}
		w.mu.Unlock()
	case k == 17:
		l.note("synced")
		select {
		case l.let <- struct{}{}:
		default:
		}
	case k == 18:
		l.trouble()
	case k == 19 && l.rewrite == nil && l.rnd.IntN(3) == 0:
		l.note("rewrite")
		l.rewrite = make(chan error, 1)
		go func(c chan error) { c <- l.m.a.Rewrite(&source{m: l.m}, nil) }(l.rewrite)
	}
	l.check()
}

// trouble has something fail, or another policy come.
func (l *fate) trouble() {
	switch k := l.rnd.IntN(12); k {
	case 0, 1, 2:
		l.note(fmt.Sprint("fail ", k))
		l.failing[k].Store(1)
	case 3, 4, 5, 6:
		l.note("fail side")
		l.failing[1].Store(1)
	default:
		l.o.policy.Store(int32([]Policy{FsyncEverySecond, FsyncEverySecond, FsyncNo, FsyncAlways}[l.rnd.IntN(4)]))
		l.note(fmt.Sprint("policy ", l.o.policy.Load()))
	}
}

// check looks at what a kill -9, and a loss of power, would leave at this moment.
func (l *fate) check() {
	if l.rewrite != nil {
		select {
		case <-l.rewrite:
			l.rewrite = nil
		default:
		}
	}
	written := l.m.a.Wrote()
	if l.m.a.State() == On {
		for l.told < len(l.ends) && l.ends[l.told] <= written {
			l.told++
		}
	}
	l.holds("a kill -9", l.f.killed(), l.told)
	if l.rnd.IntN(4) == 0 {
		l.holds("a loss of power", l.f.unplugged(l.rnd.IntN(2) == 0), 0)
	}
}

// holds looks whether the files hold the data as they were after some unit, so many at least.
func (l *fate) holds(after string, f *memFS, least int) {
	var n int
	for range 2 { // the second start finds what the first has put back
		again, err := load(f, l.o)
		if err != nil {
			l.fatal(after, err)
		}
		n = 0
		for _, db := range []string{"0/n", "1/n"} {
			k, _ := strconv.Atoi(again.data[db])
			n = max(n, k)
		}
		if n < least || n >= len(l.states) || !maps.Equal(again.data, l.states[n]) {
			l.fatal(after, fmt.Sprintf("%d units of %d are there, want %d at least; whole: %t", n, len(l.ends), least, n < len(l.states) && maps.Equal(again.data, l.states[n])))
		}
	}
}

func (l *fate) fatal(what ...any) {
	l.t.Helper()
	l.t.Fatal(fmt.Sprintln(what...), strings.Join(l.log, " "))
}

// end lets everything come to its end.
func (l *fate) end() {
	for i := range l.failing {
		l.failing[i].Store(0)
	}
	for end := time.Now().Add(time.Minute); l.rewrite != nil; time.Sleep(100 * time.Microsecond) {
		l.w.round(false)
		l.check()
		if time.Now().After(end) {
			l.fatal("the rewrite does not end")
		}
	}
	l.f.before.Store(nil)
	l.w.round(true)
	if l.check(); l.m.a.State() == On && l.told < len(l.ends) {
		l.fatal("the writer has left something behind")
	}
}

// unplugged returns what a machine finds after a loss of power; of the side file, which is never
// synced, everything or nothing.
func (m *memFS) unplugged(side bool) *memFS {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := newMemFS()
	for path, n := range m.durable {
		c.write(path, bytes.Clone(n.synced))
	}
	for path, n := range m.names {
		if side && strings.HasSuffix(path, sideEnding) {
			c.write(path, bytes.Clone(n.data))
		}
	}
	return c
}

// TestWhatIsWrittenIsThere: whatever comes in whatever order, what has counted as written is there after a
// kill -9, and the data are always those of one moment. AOF_FATES: how many orders.
func TestWhatIsWrittenIsThere(t *testing.T) {
	seeds := uint64(24)
	if testing.Short() {
		seeds = 4
	}
	if n, err := strconv.ParseUint(os.Getenv("AOF_FATES"), 10, 64); err == nil {
		seeds = n
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			l := newFate(t, seed)
			for range 120 {
				l.step()
			}
			l.end()
		})
	}
}

// TestWhoIsInTheWayOfAWriteIsMadeGoodFor: a reactor that does not get the lock because somebody looks after the
// side file has the goroutine write, at once.
func TestWhoIsInTheWayOfAWriteIsMadeGoodFor(t *testing.T) {
	l := newFate(t, 0)
	l.append()
	l.w.mu.Lock()
	l.w.idly.Store(true)
	if l.m.a.Write() || len(l.m.a.stream.urgent) != 1 {
		t.Error("nobody will write before the next tick")
	}
	l.w.idly.Store(false)
	l.w.mu.Unlock()
}
