package netio

import (
	"testing"
	"time"
)

// TestAlarm: never early, on time although the tick is far away, once per SetAlarm, and
// the last SetAlarm counts.
func TestAlarm(t *testing.T) {
	rang := make(chan time.Time, 10)
	g, _ := serve(t, Config{Reactors: 1, TickMs: 60_000}, &hooks{alarm: func(*Reactor) { rang <- time.Now() }})
	r := g.Reactors()[0]
	late := time.Hour
	for end := time.Now().Add(patience); late > 5*time.Millisecond; { // as it may be, on a busy machine
		var want time.Time
		on(t, r, func() {
			want = time.Now().Add(7 * time.Millisecond).Truncate(time.Millisecond)
			r.SetAlarm(time.Now().Add(time.Hour).UnixMilli())
			r.SetAlarm(want.UnixMilli())
		})
		got := receive(t, rang, "the alarm")
		if got.Before(want) {
			t.Fatalf("%v early", want.Sub(got))
		}
		if late = got.Sub(want); got.After(end) {
			t.Fatalf("still %v late", late)
		}
	}
	on(t, r, func() {
		r.SetAlarm(r.Now() + 1)
		r.SetAlarm(0)
	})
	on(t, r, func() { r.SetAlarm(r.Now() - 1000) }) // the past: at once
	receive(t, rang, "an alarm in the past")
	on(t, r, func() { r.SetAlarm(r.Now() + 10) })
	receive(t, rang, "a later alarm")
	if len(rang) != 0 {
		t.Error("an alarm that was taken back rang, or one rang twice")
	}
	on(t, r, func() { r.SetAlarm(1 << 62) })
}

// TestAlarmRearmed: Alarm itself sets the next one.
func TestAlarmRearmed(t *testing.T) {
	n, done := 0, make(chan struct{})
	g, _ := serve(t, Config{Reactors: 1}, &hooks{alarm: func(r *Reactor) {
		if n++; n == 20 {
			close(done)
			return
		}
		r.SetAlarm(r.Now() + 1)
	}})
	r := g.Reactors()[0]
	on(t, r, func() { r.SetAlarm(r.Now()) })
	receive(t, done, "the twentieth alarm")
}
