package stats

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kringdb/kring/command"
)

func TestBuckets(t *testing.T) {
	last := -1
	for ns := int64(0); ns < 1<<44; ns += ns/50 + 1 {
		b := bucketOf(ns)
		if b < last {
			t.Fatalf("%d ns falls into bucket %d after %d", ns, b, last)
		}
		ticks := uint64(ns) << tickShift / 1000
		if b < numBuckets-1 && ticks > upperTicks(b) || b > 0 && b < numBuckets-1 && ticks <= upperTicks(b-1) {
			t.Fatalf("%d ns, %d ticks: bucket %d ends at %d", ns, ticks, b, upperTicks(b))
		}
		last = b
	}
	if last != numBuckets-1 {
		t.Errorf("the last bucket is %d of %d", last, numBuckets)
	}
}

func TestPercentiles(t *testing.T) {
	var h Histogram
	for us := int64(1); us <= 1000; us++ {
		h.Record(us * 1000)
	}
	for p, want := range map[float64]float64{50: 500, 99: 990, 99.9: 999, 100: 1000, 0: 1} {
		if got := h.Percentile(p); got < want || got > want*1.14 {
			t.Errorf("p%v is %v, want %v or a little more", p, got, want)
		}
	}
	if (&Histogram{}).Percentile(50) != 0 {
		t.Error("an empty histogram has a percentile")
	}
}

func TestCumulative(t *testing.T) {
	var h Histogram
	for _, us := range []int64{0, 0, 3, 3, 3, 100, 5000} {
		h.Record(us * 1000)
	}
	got := fmt.Sprint(h.Cumulative())
	if got != "[{1 2} {4 5} {128 6} {8192 7}]" {
		t.Error(got)
	}
	h.Record(1 << 50)
	if s := h.Cumulative(); s[len(s)-1].Count != 8 {
		t.Error(s)
	}
}

// TestTableFollow: a copy is equal after each change, also after a reset that leaves as many calls.
func TestTableFollow(t *testing.T) {
	a, b := NewTable(4), NewTable(4)
	steps := []func(){
		func() { a.Call(1, 2000, false, true) }, func() { a.Calls(3, 5, 100, false) }, func() { a.Reject(0) },
		func() { a.Call(1, 3000, true, true) }, func() {}, a.Reset, func() { a.Call(1, 9000, false, true) },
		func() { a.Reset(); a.Call(1, 500, true, false) }, func() { a.Calls(3, 1, 7, true) },
	}
	for i, step := range steps {
		step()
		b.Follow(a)
		if b.Changes() != a.Changes() || b.Nanos() != a.Nanos() || !slices.Equal(a.Used(), b.Used()) {
			t.Errorf("step %d: %+v, want %+v", i, b, a)
		}
		for id := range 4 {
			r, s := *a.Row(id), *b.Row(id)
			var x, y Histogram
			if r.Times != nil {
				x = *r.Times
			}
			if s.Times != nil {
				y = *s.Times
			}
			r.Times, s.Times = nil, nil
			if r != s || x != y {
				t.Errorf("step %d, row %d: %+v, want %+v", i, id, s, r)
			}
		}
	}
	if n := testing.AllocsPerRun(100, func() { a.Call(1, 5, false, true); b.Follow(a); a.Reset() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestTable(t *testing.T) {
	a, b := NewTable(3), NewTable(3)
	a.Call(1, 2000, false, true)
	b.Call(1, 4000, true, true)
	b.Call(2, 1000, false, false)
	b.Reject(0)
	b.Calls(2, 3, 9000, true)
	b.Fail(2)
	if r := b.Row(2); r.Calls != 4 || r.Nanos != 10000 || r.Failed != 1 || r.Times.Count() != 3 {
		t.Errorf("%+v", r)
	}
	a.Add(b)
	if r := a.Row(1); r.Calls != 2 || r.Nanos != 6000 || r.Failed != 1 || r.Times.Count() != 2 {
		t.Errorf("%+v", r)
	}
	if a.Row(0).Rejected != 1 || a.Row(2).Calls != 4 {
		t.Error("rows")
	}
	if n := testing.AllocsPerRun(100, func() { a.Call(1, 5, false, true) }); n != 0 {
		t.Errorf("%v allocations per call", n)
	}
	if a.Reset(); a.Row(1).Calls != 0 {
		t.Error("Reset")
	}
}

func TestSlowLog(t *testing.T) {
	var l SlowLog
	var args [][]byte
	for i := range 40 {
		args = append(args, []byte(strings.Repeat("x", i*10)))
	}
	for i := range 5 {
		l.Add(command.SlowCall{Micros: int64(i)}, args, 3)
	}
	got := l.Latest(-1)
	if len(got) != 3 || got[0].ID != 4 || got[2].ID != 2 || l.Len() != 3 || len(l.Latest(1)) != 1 {
		t.Errorf("%+v", got)
	}
	a := got[0].Args
	if len(a) != 32 || a[31] != "... (9 more arguments)" || a[1] != "xxxxxxxxxx" || !strings.HasSuffix(a[13], "x... (2 more bytes)") {
		t.Errorf("%q", a)
	}
	if l.Reset(); l.Len() != 0 {
		t.Error("Reset")
	}
}

func TestLatency(t *testing.T) {
	var l Latency
	l.Add("command", 10, 5)
	l.Add("command", 10, 9)
	l.Add("command", 10, 7)
	l.Add("fork", 11, 1)
	for i := range int64(200) {
		l.Add("command", 12+i, 2)
	}
	got := l.Latest()
	if len(got) != 2 || got[0].Name != "command" || got[0].WorstMillis != 9 || len(got[0].Samples) != maxSamples || got[0].Last != (Sample{211, 2}) {
		t.Errorf("%+v", got[0])
	}
	if l.Reset("nosuch", "fork") != 1 || l.Reset() != 1 || len(l.Latest()) != 0 {
		t.Error("Reset")
	}
}

func TestErrors(t *testing.T) {
	var e Errors
	for i := range 300 {
		e.Add(fmt.Sprintf("E%d text", i))
	}
	e.Add("E1 other text")
	if got := e.All(); len(got) != maxErrorKinds || got[1] != (ErrorCount{"E1", 2}) {
		t.Error(len(got), got[:2])
	}
	if e.Reset(); len(e.All()) != 0 {
		t.Error("Reset")
	}
	for _, text := range []string{"WORD", "", "ERR x", strings.Repeat("W", mostKindBytes) + " x", "LINE\r\nx", "LINE x"} {
		e.Add(text)
	}
	if got := e.All(); !slices.Equal(got, []ErrorCount{{"ERR", 4}, {"LINE", 2}}) {
		t.Error(got)
	}
}

func TestEachBucket(t *testing.T) {
	var h Histogram
	h.RecordN(1000, 3) // 64 ticks: the first of 64 to 71
	h.Record(100_000)
	var got []float64
	h.Buckets(func(micros float64, count uint64) { got = append(got, micros, float64(count)) })
	if len(got) != 4 || got[0] != 72.0/64 || got[1] != 3 || got[2] < 100 || got[2] > 113 || got[3] != 1 {
		t.Error(got)
	}
}
