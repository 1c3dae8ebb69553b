package command

import (
	"strconv"
	"strings"
	"testing"
)

func TestLFU(t *testing.T) {
	l := &LFU{LogFactor: 10, DecayMinutes: 1}
	now := LFUClock(1_000_000 * 60)
	if got := now & 0xff; got != lfuInitial {
		t.Fatalf("a new entry counts %d", got)
	}
	if got := l.Decayed(now, LFUClock(1_000_003*60)); got != lfuInitial-3 {
		t.Errorf("after three minutes the counter is %d", got)
	}
	if got := l.Decayed(now, LFUClock(1_000_300*60)); got != 0 {
		t.Errorf("after five hours the counter is %d", got)
	}
	never := &LFU{LogFactor: 10}
	if got := never.Decayed(now, LFUClock(1_000_300*60)); got != lfuInitial {
		t.Errorf("without decay the counter is %d", got)
	}
	// The documentation's table: factor 10, 1,000 hits give about 18, 100,000 about 142.
	for _, c := range []struct{ hits, low, high int }{{100, 7, 16}, {1000, 13, 25}, {100_000, 120, 165}} {
		clock := now
		for range c.hits {
			clock = l.Access(clock, now)
		}
		if got := int(clock & 0xff); got < c.low || got > c.high {
			t.Errorf("%d hits give %d, want %d to %d", c.hits, got, c.low, c.high)
		}
		if clock>>8 != now>>8 {
			t.Errorf("the minutes changed")
		}
	}
}

// TestLFUCountsAtOnce reads a new key within the minute of its making: the counter grows.
func TestLFUCountsAtOnce(t *testing.T) {
	r := newRig(t)
	r.c.LFU = &LFU{LogFactor: 10, DecayMinutes: 1}
	r.c.Clock = LFUClock(r.c.Now / 1000)
	r.st.SetAccessClock(r.c.Clock, true)
	r.do("SET k v")
	for range 200 {
		r.do("GET k")
	}
	freq := r.do("OBJECT FREQ k")
	if n, _ := strconv.Atoi(strings.Trim(freq, ":\r\n")); n <= lfuInitial || n > 30 {
		t.Errorf("after 200 reads: %q", freq)
	}
	r.do("SET k other")
	if got := r.do("OBJECT FREQ k"); got != freq {
		t.Errorf("after SET %q, before %q", got, freq)
	}
}
