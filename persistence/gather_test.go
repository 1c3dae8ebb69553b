package persistence

import (
	"errors"
	"testing"
	"time"
)

// brief makes an AOF without goroutines, under always, whose syncs are brief, and before the next one of which so
// many records are awaited.
func brief(t *testing.T, want uint64) *fate {
	l := newFate(t, 0)
	l.f.before.Store(nil)
	l.o.policy.Store(int32(FsyncAlways))
	l.w.syncMean = 2 * gatherLeast
	l.w.brief.Store(true)
	l.w.gather.want = want
	l.w.gather.since = time.Now().Add(time.Hour) // nobody waits for long, however slow the test is
	return l
}

// writeBy has one of several reactors write, and fails the test if not that comes of it.
func (l *fate) writeBy(by int, done, again bool) {
	l.t.Helper()
	if d, a := l.m.a.WriteBy(by); d != done || a != again {
		l.t.Fatalf("WriteBy(%d) says %t, %t, not %t, %t", by, d, a, done, again)
	}
	if end := l.m.log.End(); (l.m.a.Durable() == end) != done {
		l.t.Fatalf("%d of %d is durable, and done is %t", l.m.a.Durable(), end, done)
	}
	if len(l.m.a.stream.urgent) > 0 {
		l.t.Fatal("the goroutine was woken")
	}
}

// TestSyncsAreShared: of two who sync by themselves each waits until as many have appended as before; then there is one sync for
// both, and the next time as many are awaited.
func TestSyncsAreShared(t *testing.T) {
	l := brief(t, 3)
	before := l.m.a.counts.syncs.Load()
	l.append()
	l.writeBy(0, false, true)
	l.append()
	l.writeBy(1, false, true)
	l.writeBy(2, false, false) // two look, whom he is not in the way of
	l.w.gather.vain = 0
	l.writeBy(0, false, true)
	l.append()
	l.writeBy(2, true, false)
	if n := l.m.a.counts.syncs.Load() - before; n != 1 {
		t.Errorf("%d syncs", n)
	}
	if l.w.gather.want != 2 { // of three all but one in sixteen
		t.Errorf("%d are awaited after three", l.w.gather.want)
	}
	if l.m.a.Quick() {
		t.Error("two of them count as one who is alone")
	}
	l.f.powerLoss()
	l.m.reloads(t, l.f, l.o)
}

// TestAwaitedInVain: nobody is waited for who does not come, nor for long, nor by whom does not try again; nor
// when nothing is to be synced, syncs take long, or one is alone.
func TestAwaitedInVain(t *testing.T) {
	for name, c := range map[string]struct {
		than func(l *fate)
		by   int
	}{
		"nobody has come": {func(l *fate) {
			l.w.gather.vain, l.w.gather.grown = gatherLooks, time.Now().Add(-time.Hour)
		}, 0},
		"for long":   {func(l *fate) { l.w.gather.since = time.Now().Add(-time.Hour) }, 0},
		"no reactor": {func(*fate) {}, nobody},
		"alone":      {func(l *fate) { l.w.quick.Store(true) }, 0},
		"slow":       {func(l *fate) { l.w.brief.Store(false) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			l := brief(t, 100)
			l.writeBy(0, true, false) // nothing
			l.append()
			l.writeBy(0, false, true)
			c.than(l)
			l.writeBy(c.by, true, false)
			l.f.powerLoss()
			l.m.reloads(t, l.f, l.o)
		})
	}
}

// TestAwaitedWhenThePolicyChanges: who waits under always writes when it is not the policy any more, and what
// was written is not called durable before it is.
func TestAwaitedWhenThePolicyChanges(t *testing.T) {
	l := brief(t, 100)
	l.append()
	l.writeBy(0, false, true)
	l.o.policy.Store(int32(FsyncNo))
	l.w.gather.since = time.Now().Add(-time.Hour)
	if done, _ := l.m.a.WriteBy(0); !done || l.m.a.Wrote() != l.m.log.End() || l.m.a.Durable() == l.m.log.End() {
		t.Errorf("%t, %d of %d is written, %d durable", done, l.m.a.Wrote(), l.m.log.End(), l.m.a.Durable())
	}
	l.append()
	if done, again := l.m.a.WriteBy(0); !done || again {
		t.Error("others are awaited without always")
	}
}

// TestAwaitedWhenTheFileChanges: where the stream goes on in another file it is the goroutine that writes, at once, whoever waits.
func TestAwaitedWhenTheFileChanges(t *testing.T) {
	l := brief(t, 100)
	l.append()
	l.writeBy(0, false, true)
	next, err := l.m.a.newIncrement(7)
	if err != nil {
		t.Fatal(err)
	}
	l.m.log.At(func(pos uint64) { l.m.a.stream.cut(next, pos) })
	l.w.gather.since = time.Now().Add(-time.Hour)
	if done, again := l.m.a.WriteBy(0); done || again || len(l.m.a.stream.urgent) != 1 {
		t.Fatalf("%t, %t, and the goroutine was not woken", done, again)
	}
	<-l.m.a.stream.urgent
	l.w.round(false)
	l.writeBy(0, true, false)
	if l.w.to != next {
		t.Error("the file is the old one")
	}
}

// TestAwaitedAcrossAChange: who appends when the file has changed, with all in it that was awaited, does not wait for those who looked
// before: they do not come again.
func TestAwaitedAcrossAChange(t *testing.T) {
	l := brief(t, 100)
	for by := range 2 {
		l.append()
		l.writeBy(by, false, true)
	}
	next, err := l.m.a.newIncrement(7)
	if err != nil {
		t.Fatal(err)
	}
	l.m.log.At(func(pos uint64) { l.m.a.stream.cut(next, pos) })
	l.w.round(false)
	for by := range 2 {
		l.writeBy(by, true, false)
	}
	l.append()
	l.writeBy(2, true, false)
}

// TestSharedSyncFails: nothing of what waited for a sync that fails becomes durable, and nobody is waited for then.
func TestSharedSyncFails(t *testing.T) {
	l := brief(t, 2)
	was := l.m.a.Durable()
	l.append()
	l.writeBy(0, false, true)
	l.append()
	l.failing[2].Store(1)
	_, again := l.m.a.WriteBy(1)
	if again || l.m.a.Durable() != was || l.m.a.State() != Broken || l.o.failed.Load() != 1 {
		t.Errorf("%t, %d is durable, the state is %d", again, l.m.a.Durable(), l.m.a.State())
	}
	if err := l.m.a.Failure(); err == nil || errors.Unwrap(err) != nil {
		t.Error(err)
	}
	l.append()
	if _, again := l.m.a.WriteBy(0); again || l.m.a.Durable() != was {
		t.Error("what cannot be synced is awaited")
	}
}
