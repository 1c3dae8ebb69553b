package kit

import (
	"testing"
	"time"
)

func TestKeys(t *testing.T) {
	if got := string(BenchKey(nil, 42)); got != "key:000000000042" {
		t.Error(got)
	}
	if got := string(CounterKey([]byte("x"), 123456789012)); got != "xcounter:123456789012" {
		t.Error(got)
	}
}

func TestSamples(t *testing.T) {
	var s Samples
	for i := 1000; i > 0; i-- {
		s = append(s, time.Duration(i))
	}
	s.Sort()
	if s.At(50) != 501 || s.At(99.9) != 1000 || s.Max() != 1000 || s.Over(990) != 10 || Samples(nil).Max() != 0 {
		t.Error(s.At(50), s.At(99.9), s.Max(), s.Over(990))
	}
	if Median([]float64{3, 1, 2}) != 2 || Median([]float64{4, 1, 2, 3}) != 2.5 || Median(nil) != 0 {
		t.Error("median")
	}
}

func TestParseCSV(t *testing.T) {
	r, err := parseCSV("\"test\",\"rps\",\"avg\",\"min\",\"p50\",\"p95\",\"p99\",\"max\"\n\"GET\",\"1000.5\",\"1\",\"1\",\"1\",\"1\",\"2.5\",\"3\"\n")
	if err != nil || r.PerSecond != 1000.5 || r.P99Millis != 2.5 {
		t.Error(r, err)
	}
	if _, err := parseCSV("x"); err == nil {
		t.Error("no error")
	}
}

func TestParseText(t *testing.T) {
	const text = "GET: rps=1 (overall: 1)\r====== GET ======\n  20000 requests completed in 0.05 seconds\n\n" +
		"Latency by percentile distribution:\n0.000% <= 0.183 milliseconds (cumulative count 16)\n" +
		"50.000% <= 0.815 milliseconds (cumulative count 10192)\n98.438% <= 6.191 milliseconds (cumulative count 19760)\n" +
		"99.219% <= 6.207 milliseconds (cumulative count 19856)\n99.902% <= 7.687 milliseconds (cumulative count 19984)\n" +
		"100.000% <= 7.711 milliseconds (cumulative count 20000)\n\nCumulative distribution of latencies:\n" +
		"0.000% <= 0.103 milliseconds (cumulative count 0)\n\nSummary:\n  throughput summary: 384615.38 requests per second\n"
	var r Result
	p, err := parseText(text, &r)
	if err != nil || p != (Percentiles{0.815, 6.207, 7.687}) || r.PerSecond != 384615.38 {
		t.Error(p, r, err)
	}
	if _, err := parseText("x", &r); err == nil {
		t.Error("no error")
	}
}
