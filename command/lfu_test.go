package command

import (
	"math"
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
}

// TestLFUGrowth compares the mean counter of many entries after so many hits with what it should be, within six standard
// errors: one run in 500 million is further away. The documentation's table, which is of one entry each, says about 10, 18 and 142.
func TestLFUGrowth(t *testing.T) {
	l := &LFU{LogFactor: 10, DecayMinutes: 1}
	now := LFUClock(1_000_000 * 60)
	for _, c := range []struct {
		hits, entries int
		documented    float64
	}{{100, 2000, 10}, {1000, 1000, 18}, {100_000, 30, 142}} {
		sum := 0
		for range c.entries {
			clock := now
			for range c.hits {
				clock = l.Access(clock, now)
			}
			if clock>>8 != now>>8 {
				t.Fatal("the minutes changed")
			}
			sum += int(clock & 0xff)
		}
		mean, deviation := lfuGrowth(c.hits, 10)
		got := float64(sum) / float64(c.entries)
		if most := 6 * deviation / math.Sqrt(float64(c.entries)); math.Abs(got-mean) > most {
			t.Errorf("%d hits give %.2f on average, want %.2f within %.2f", c.hits, got, mean, most)
		}
		if math.Abs(mean-c.documented) > 0.1*c.documented {
			t.Errorf("%d hits should give %.2f, the documentation says %.0f", c.hits, mean, c.documented)
		}
	}
}

// lfuGrowth is the mean and the standard deviation of a new entry's counter after so many hits: a counter that is c
// grows with probability 1/((c-5)*factor+1).
func lfuGrowth(hits int, factor float64) (mean, deviation float64) {
	var chance [257]float64
	chance[lfuInitial] = 1
	for range hits {
		for c := 254; c >= lfuInitial; c-- {
			grows := chance[c] / (float64(c-lfuInitial)*factor + 1)
			chance[c] -= grows
			chance[c+1] += grows
		}
	}
	square := 0.0
	for c, p := range chance {
		mean += p * float64(c)
		square += p * float64(c) * float64(c)
	}
	return mean, math.Sqrt(square - mean*mean)
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
